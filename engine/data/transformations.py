"""The steps that make other elements of elements, or put them in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from engine.data.rows import Order, Rows, sharded, shuffled, shuffled_rows, skipped, taken
from engine.data.running import Element, Function, Run, as_elements
from engine.data.steps import Step, spec_of
from engine.data.structure import flatten, mapped, pack, same_structure
from engine.dtypes import bool_
from engine.graph import Tensor, get_default_graph
from engine.op import Spec
from engine.ops.constants import convert_to_tensor, is_graph_value
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
