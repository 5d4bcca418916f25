"""The steps that make other elements of elements, or put them in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from engine.data.rows import Order, Rows, sharded, shuffled, shuffled_rows, skipped, taken
from engine.data.running import Element, Function, Run, as_elements
from engine.data.steps import Step, spec_of
from engine.data.structure import flatten, mapped, matched, pack, same_structure
from engine.dtypes import bool_
from engine.graph import Tensor, get_default_graph
from engine.op import Array, Spec
from engine.ops.constants import as_array, convert_to_tensor, is_graph_value
from engine.shapes import as_dims
from engine.state import seeds


def number_of(value: Any, name: str) -> Any:
    """A whole number, or the tensor that will give it.

    Raises:
        TypeError: it is neither.
    """
    if is_graph_value(value):
        return convert_to_tensor(value)
    if isinstance(value, float) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number or a tensor of one, got {value!r}")
    return int(value)


class Reordering(Step):
    """Elements of one dataset in another order or number; works on rows as on elements."""

    def __init__(self, parent: Step, *numbers: Any):
        super().__init__(parent.structure, [parent], numbers)
        self.parent = parent


class Repeat(Reordering):
    """The elements `count` times over; without end for None or -1."""

    def __init__(self, parent: Step, count: Any = None):
        self._count = -1 if count is None else number_of(count, "count")
        super().__init__(parent, self._count)

    def start(self, run: Run) -> Iterator[Element]:
        return self._over(run, lambda: self.parent.start(run))

    def rows(self, run: Run) -> Rows | None:
        rows = self.parent.rows(run)
        if rows is None:
            return None
        blocks = rows.blocks
        return Rows(rows.arrays, lambda: self._over(run, blocks))

    def _over(self, run: Run, again: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        left = run.number(self._count)
        while left:
            found = False
            for item in again():
                found = True
                yield item
            if not found:
                return
            left -= 1


class Take(Reordering):
    """The first `count` elements; all for -1."""

    def __init__(self, parent: Step, count: Any):
        self._count = number_of(count, "count")
        super().__init__(parent, self._count)

    def start(self, run: Run) -> Iterator[Element]:
        count = run.number(self._count)
        elements = self.parent.start(run)
        return elements if count < 0 else islice(elements, count)

    def rows(self, run: Run) -> Rows | None:
        rows, count = self.parent.rows(run), run.number(self._count)
        if rows is None or count < 0:
            return rows
        if rows.in_order:
            return Rows.whole([array[:count] for array in rows.arrays])
        return rows.reordered(lambda blocks: taken(blocks, count))


class Skip(Reordering):
    """All but the first `count` elements; none for -1."""

    def __init__(self, parent: Step, count: Any):
        self._count = number_of(count, "count")
        super().__init__(parent, self._count)

    def start(self, run: Run) -> Iterator[Element]:
        count = run.number(self._count)
        return islice(self.parent.start(run), count, None) if count >= 0 else iter(())

    def rows(self, run: Run) -> Rows | None:
        rows, count = self.parent.rows(run), run.number(self._count)
        if rows is None or count < 0:
            return None
        if rows.in_order:
            return Rows.whole([array[count:] for array in rows.arrays])
        return rows.reordered(lambda blocks: skipped(blocks, count))


class Shard(Reordering):
    """Every `shards`-th element, from number `index` on."""

    def __init__(self, parent: Step, shards: Any, index: Any):
        self._shards = number_of(shards, "num_shards")
        self._index = number_of(index, "index")
        known = isinstance(self._shards, int) and isinstance(self._index, int)
        if known and not 0 <= self._index < self._shards:
            raise ValueError(f"index must be between 0 and num_shards - 1, got {index} of {shards}")
        super().__init__(parent, self._shards, self._index)

    def start(self, run: Run) -> Iterator[Element]:
        shards, index = run.number(self._shards), run.number(self._index)
        return islice(self.parent.start(run), index, None, shards)

    def rows(self, run: Run) -> Rows | None:
        rows = self.parent.rows(run)
        if rows is None:
            return None
        shards, index = run.number(self._shards), run.number(self._index)
        return rows.reordered(lambda blocks: sharded(blocks, shards, index))


class Shuffle(Reordering):
    """The elements through a buffer from which one at random goes out for each that comes in."""

    def __init__(self, parent: Step, buffer_size: Any, seed: Any, again: bool | None):
        self._size = number_of(buffer_size, "buffer_size")
        if isinstance(self._size, int) and self._size < 1:
            raise ValueError(f"buffer_size must be greater than zero, got {buffer_size}")
        graph = get_default_graph()
        self._seed = seeds(graph.seed, seed, graph.version)
        self._again = again is not False
        super().__init__(parent, self._size)

    def start(self, run: Run) -> Iterator[Element]:
        return shuffled(self.parent.start(run), run.number(self._size), self._order(run))

    def rows(self, run: Run) -> Rows | None:
        rows = self.parent.rows(run)
        if rows is None:
            return None
        size = run.number(self._size)
        # A generator begins its pass when its first block is asked for.
        return Rows(rows.arrays, lambda: shuffled_rows(rows.blocks(), size, self._order(run)))

    def _order(self, run: Run) -> Order:
        if self not in run.kept:
            drawn = np.random.SeedSequence().generate_state(2).tolist()
            run.kept[self] = drawn if self._seed is None else [s % 2**64 for s in self._seed]
        number = run.passes.get(self, 0)
        run.passes[self] = number + 1
        return Order([*run.kept[self], number if self._again else 0])


class Concatenate(Step):
    """The elements of one dataset, then those of another."""

    def __init__(self, first: Step, second: Step):
        same = same_structure(first.structure, second.structure)
        if not same or [s.dtype for s in first.specs] != [s.dtype for s in second.specs]:
            one, other = (mapped(lambda s: s.dtype, x.structure) for x in (first, second))
            raise TypeError(f"Two datasets to concatenate have different types {one} and {other}")
        specs = [
            Spec(a.dtype, common_dims(a.dims, b.dims))
            for a, b in zip(first.specs, second.specs, strict=True)
        ]
        super().__init__(pack(first.structure, specs), [first, second])

    def start(self, run: Run) -> Iterator[Element]:
        for parent in self.parents:
            yield from parent.start(run)


def common_dims(a: Any, b: Any) -> Any:
    """What two shapes have in common."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


class Cache(Step):
    """The elements of the first pass, kept for the later ones."""

    def __init__(self, parent: Step):
        super().__init__(parent.structure, [parent])

    def start(self, run: Run) -> Iterator[Element]:
        if self in run.kept:
            yield from run.kept[self]
            return
        held = []
        for element in self.parents[0].start(run):
            held.append(element)
            yield element
        run.kept[self] = held

    def rows(self, run: Run) -> Rows | None:
        rows = self.parents[0].rows(run)
        # A shuffle below the cache is drawn once, which the elements' way sees to.
        return rows if rows is not None and rows.in_order else None


class Batch(Step):
    """`size` elements stacked into one."""

    def __init__(self, parent: Step, batch_size: Any, drop_remainder: Any):
        self._size = number_of(batch_size, "batch_size")
        if isinstance(self._size, int) and self._size < 1:
            raise ValueError(f"batch_size must be greater than zero, got {batch_size}")
        self._drop = bool(drop_remainder)
        count = self._size if self._drop and isinstance(self._size, int) else None
        structure = mapped(
            lambda spec: Spec(spec.dtype, None if spec.dims is None else (count, *spec.dims)),
            parent.structure,
        )
        super().__init__(structure, [parent], [self._size])

    def start(self, run: Run) -> Iterator[Element]:
        size = run.number(self._size)
        rows = self.parents[0].rows(run)
        if rows is not None:
            return rows.batches(size, self._drop)
        return self._stacked(self.parents[0].start(run), size)

    def _stacked(self, elements: Iterator[Element], size: int) -> Iterator[Element]:
        while held := list(islice(elements, size)):
            if len(held) < size and self._drop:
                return
            columns = zip(*held, strict=True)
            yield tuple([stacked(column, index) for index, column in enumerate(columns)])


def stacked(column: tuple[Array, ...], index: int) -> Array:
    """One leaf of several elements as one array; ValueError where their shapes differ."""
    for number, array in enumerate(column):
        if array.shape != column[0].shape:
            raise ValueError(
                f"Cannot batch tensors with different shapes in component {index}. First element "
                f"had shape {list(column[0].shape)} and element {number} had shape "
                f"{list(array.shape)}."
            )
    return np.stack(column)


class PaddedBatch(Step):
    """Elements stacked into one after each was filled up to the largest, or to a given shape."""

    def __init__(
        self, parent: Step, batch_size: Any, padded_shapes: Any, padding_values: Any, drop: Any
    ):
        self._size = number_of(batch_size, "batch_size")
        self._drop = bool(drop)
        specs = parent.specs
        shapes = _flat_shapes(parent.structure, padded_shapes)
        self._shapes = [
            _padded_dims(shape, spec) for shape, spec in zip(shapes, specs, strict=True)
        ]
        fills = (
            [None] * len(specs)
            if padding_values is None
            else matched(parent.structure, padding_values, "padding_values")
        )
        self._fills = [
            _fill(spec) if value is None else as_array(value, spec.dtype)
            for value, spec in zip(fills, specs, strict=True)
        ]
        count = self._size if self._drop and isinstance(self._size, int) else None
        leaves = [
            Spec(spec.dtype, (count, *dims)) for spec, dims in zip(specs, self._shapes, strict=True)
        ]
        super().__init__(pack(parent.structure, leaves), [parent], [self._size])

    def start(self, run: Run) -> Iterator[Element]:
        size = run.number(self._size)
        elements = self.parents[0].start(run)
        while held := list(islice(elements, size)):
            if len(held) < size and self._drop:
                return
            yield tuple(
                [
                    _padded(column, dims, fill)
                    for column, dims, fill in zip(
                        zip(*held, strict=True), self._shapes, self._fills, strict=True
                    )
                ]
            )


def _flat_shapes(structure: Any, shapes: Any) -> list[Any]:
    if not isinstance(structure, tuple | dict):
        return [shapes]
    keys: Any = sorted(structure) if isinstance(structure, dict) else range(len(structure))
    return [leaf for key in keys for leaf in _flat_shapes(structure[key], shapes[key])]


def _padded_dims(shape: Any, spec: Spec) -> tuple[int | None, ...]:
    sizes = shape if isinstance(shape, list | tuple) else as_dims(shape)
    if sizes is None:
        raise ValueError("padded_shapes must have a known rank, as [None] for rows of any length")
    dims = as_dims([None if size in (-1, None) else size for size in sizes])
    assert dims is not None
    if spec.dims is not None and len(spec.dims) != len(dims):
        raise ValueError(f"The padded shape {list(dims)} is not compatible with {spec!r}")
    return dims


def _fill(spec: Spec) -> Array:
    return as_array(b"", spec.dtype) if spec.dtype.np.kind == "O" else np.zeros((), spec.dtype.np)


def _padded(column: tuple[Array, ...], dims: tuple[int | None, ...], fill: Array) -> Array:
    largest = [
        max(array.shape[axis] for array in column) if size is None else size
        for axis, size in enumerate(dims)
    ]
    result = np.empty((len(column), *largest), column[0].dtype)
    result[...] = fill[()]
    for number, array in enumerate(column):
        if any(have > room for have, room in zip(array.shape, largest, strict=True)):
            raise ValueError(
                "Attempted to pad to a smaller size than the input element: "
                f"{list(array.shape)} into {largest}"
            )
        place: tuple[Any, ...] = (number, *[slice(0, have) for have in array.shape])
        result[place] = array
    return result


class Map(Step):
    """A function of each element."""

    def __init__(self, parent: Step, function: Callable[..., Any]):
        self._function = Function(function, parent.structure)
        tensors = self._function.tensors()
        self._outputs: list[Tensor] = flatten(tensors)
        super().__init__(mapped(spec_of, tensors), [parent], self._function.captured)

    def start(self, run: Run) -> Iterator[Element]:
        call, specs = self._function.bound(self._outputs, run), self.specs
        for element in self.parents[0].start(run):
            yield as_elements(call(*element), specs)


class Filter(Step):
    """The elements for which a function gives true."""

    def __init__(self, parent: Step, predicate: Callable[..., Any]):
        self._function = Function(predicate, parent.structure)
        self._test = self._function.tensors()
        if not isinstance(self._test, Tensor) or self._test.dtype.base_dtype is not bool_:
            raise ValueError("`predicate` must return a scalar boolean tensor.")
        super().__init__(parent.structure, [parent], self._function.captured)

    def start(self, run: Run) -> Iterator[Element]:
        call = self._function.bound([self._test], run)
        for element in self.parents[0].start(run):
            if call(*element)[0]:
                yield element


class Interleave(Step):
    """A dataset for each element; `cycle` of them are open, `block` elements are taken in turn."""

    def __init__(self, parent: Step, function: Callable[..., Any], cycle: Any, block: Any):
        self._cycle, self._block = (
            number_of(cycle, "cycle_length"),
            number_of(block, "block_length"),
        )
        self._function = Function(function, parent.structure)
        inner = getattr(self._function.result, "step", None)
        if not isinstance(inner, Step):
            raise TypeError(
                f"`map_func` must return a `Dataset` object. Got {type(self._function.result)}"
            )
        self._inner = inner
        numbers = [self._cycle, self._block]
        super().__init__(inner.structure, [parent], [*numbers, *self._function.captured])

    def start(self, run: Run) -> Iterator[Element]:
        cycle, block = run.number(self._cycle), run.number(self._block)
        inner = self._inner
        call = self._function.bound(list(inner.sources), run)

        def begun(element: Element) -> Iterator[Element]:
            values = as_elements(call(*element), [t.spec for t in inner.sources])
            return inner.start(Run(dict(zip(inner.sources, values, strict=True))))

        waiting = self.parents[0].start(run)
        opened = [begun(element) for element in islice(waiting, cycle)]
        place = 0
        while opened:
            taken_now = 0
            for item in islice(opened[place], block):
                taken_now += 1
                yield item
            if taken_now == block:
                place = (place + 1) % len(opened)
                continue
            following = next(waiting, None)
            if following is not None:
                opened[place] = begun(following)
                place = (place + 1) % len(opened) if taken_now else place
            else:
                del opened[place]
                place = place % len(opened) if opened else 0


class Unbatch(Step):
    """The rows of each element, one after the other."""

    def __init__(self, parent: Step):
        super().__init__(
            mapped(
                lambda s: Spec(s.dtype, None if s.dims is None else s.dims[1:]), parent.structure
            ),
            [parent],
        )

    def start(self, run: Run) -> Iterator[Element]:
        for element in self.parents[0].start(run):
            for number in range(len(element[0])):
                yield tuple([leaf[number, ...] for leaf in element])
