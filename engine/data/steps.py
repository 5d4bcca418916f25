"""The steps a dataset is made of: the contract, and the steps that elements come from."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from engine.data.rows import Rows
from engine.data.running import Element, Run, Running
from engine.data.structure import flatten, mapped, matched, pack
from engine.dtypes import as_dtype, int64, string
from engine.errors import compose
from engine.graph import Graph, Tensor, get_default_graph
from engine.op import Array, Spec
from engine.ops.constants import as_array, convert_to_tensor
from engine.session import BaseSession
from engine.shapes import as_dims, compatible, in_parentheses, merge_size

_LARGEST_RANGE = 1 << 22
"""Numbers of a range that are laid out in memory."""


class Step:
    """A sequence of elements. A subclass gives ``start``, ``rows``, or both, which then agree.

    ``rows`` tells the elements as rows of arrays in memory; they are batched without a Python loop.
    """

    def __init__(self, structure: Any, parents: Sequence[Step] = (), tensors: Sequence[Any] = ()):
        self.structure = structure
        """What an element is like: a `Spec` for each leaf."""
        self.parents = tuple(parents)
        own = [value for value in tensors if isinstance(value, Tensor)]
        inherited = [tensor for parent in parents for tensor in parent.sources]
        self.sources: tuple[Tensor, ...] = tuple(dict.fromkeys([*inherited, *own]))
        """The tensors of the graph that it is made of."""

    @property
    def graph(self) -> Graph:
        return self.sources[0].graph if self.sources else get_default_graph()

    @property
    def specs(self) -> list[Spec]:
        """The leaves of an element."""
        return flatten(self.structure)

    def start(self, run: Run) -> Iterator[Element]:
        """The elements of one pass."""
        rows = self.rows(run)
        assert rows is not None, f"{type(self).__name__} gives no elements"
        return rows.elements()

    def rows(self, run: Run) -> Rows | None:
        """The elements as rows of arrays, None where they are not."""
        del run
        return None

    def begin(self, values: Sequence[Array]) -> Running:
        """An iteration, given the values of `sources`."""
        return Running(self.start(Run(dict(zip(self.sources, values, strict=True)))))

    def begin_from_constants(self) -> Running:
        """An iteration whose sources follow from constants."""
        known: dict[Tensor, Array] = {}
        for tensor in self.sources:
            if tensor.op.type == "Const":
                known[tensor] = tensor.op.definition.numpy()
        computed = [tensor for tensor in self.sources if tensor not in known]
        if computed:
            with BaseSession(graph=self.graph).as_default() as sess:
                known.update(zip(computed, map(np.asarray, sess.run(computed)), strict=True))
        return self.begin([known[tensor] for tensor in self.sources])


def tensors_of(structure: Any) -> Any:
    """The structure with its leaves as tensors of the default graph; lists are leaves."""
    leaves = [convert_to_tensor(leaf, name="component") for leaf in flatten(structure)]
    return pack(structure, leaves)


def spec_of(tensor: Tensor) -> Spec:
    """What a tensor's value is like."""
    return Spec(tensor.spec.dtype, tensor.spec.dims)


class FromTensors(Step):
    """One element."""

    def __init__(self, tensors: Any):
        given = tensors_of(tensors)
        self._tensors = flatten(given)
        super().__init__(
            mapped(lambda t: Spec(t.spec.dtype, t.spec.dims), given), (), self._tensors
        )

    def start(self, run: Run) -> Iterator[Element]:
        yield tuple([run.values[tensor] for tensor in self._tensors])


class FromTensorSlices(Step):
    """An element for each index of the first axis."""

    def __init__(self, tensors: Any):
        given = tensors_of(tensors)
        self._tensors = flatten(given)
        count: int | None = None
        for tensor in self._tensors:
            dims = tensor.spec.dims
            if dims == ():
                raise ValueError(
                    compose(
                        "Slicing a tensor is only supported for rank >= 1",
                        [f"a scalar: {tensor}, made at {tensor.op.origin}"],
                        "tf.data.Dataset.from_tensors for one element",
                    )
                )
            size = None if dims is None else dims[0]
            if None not in (size, count) and size != count:
                raise ValueError(
                    compose(
                        f"Dimensions {count} and {size} are not compatible",
                        [f"{t}: made at {t.op.origin}" for t in self._tensors],
                        "tensors with as many rows each",
                    )
                )
            count = merge_size(count, size)
        super().__init__(mapped(_slice_spec, given), (), self._tensors)

    def rows(self, run: Run) -> Rows:
        arrays = [np.asarray(run.values[tensor]) for tensor in self._tensors]
        sizes = {array.shape[0] if array.ndim else None for array in arrays}
        if None in sizes or len(sizes) != 1:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise ValueError(f"from_tensor_slices needs tensors of one first size, got {shapes}")
        return Rows.whole(arrays)


def _slice_spec(tensor: Tensor) -> Spec:
    dims = tensor.spec.dims
    return Spec(tensor.spec.dtype, None if dims is None else dims[1:])


class Range(Step):
    """int64 numbers."""

    def __init__(self, *args: Any):
        if not 1 <= len(args) <= 3:
            raise ValueError(f"Dataset.range takes one to three numbers, got {len(args)}")
        self._args = args
        super().__init__(Spec(int64, ()), (), args)

    def _range(self, run: Run) -> range:
        return builtins.range(*[run.number(value) for value in self._args])

    def start(self, run: Run) -> Iterator[Element]:
        for number in self._range(run):
            yield (np.asarray(number, np.int64),)

    def rows(self, run: Run) -> Rows | None:
        numbers = self._range(run)
        if len(numbers) > _LARGEST_RANGE:
            return None
        return Rows.whole([np.arange(numbers.start, numbers.stop, numbers.step, dtype=np.int64)])


class Zip(Step):
    """Elements side by side, up to the end of the shortest."""

    def __init__(self, steps: Any):
        parts = flatten(steps)
        self._structure = steps
        super().__init__(pack(steps, [part.structure for part in parts]), parts)

    def start(self, run: Run) -> Iterator[Element]:
        for elements in zip(*[part.start(run) for part in self.parents], strict=False):
            yield tuple([leaf for element in elements for leaf in element])

    def rows(self, run: Run) -> Rows | None:
        found = [part.rows(run) for part in self.parents]
        if not found or any(rows is None or not rows.in_order for rows in found):
            return None
        arrays = [array for rows in found if rows is not None for array in rows.arrays]
        shortest = min(len(array) for array in arrays)
        return Rows.whole([array[:shortest] for array in arrays])


class FromGenerator(Step):
    """What a Python generator yields."""

    def __init__(
        self, generator: Callable[..., Any], output_types: Any, output_shapes: Any, args: Any
    ):
        if not callable(generator):
            raise TypeError("`generator` must be callable.")
        types = mapped(as_dtype, output_types)
        shapes: list[Any] = [None] * len(flatten(types))
        if output_shapes is not None:
            shapes = _shapes_like(types, output_shapes)
        self._generator = generator
        self._args = [convert_to_tensor(value) for value in args or ()]
        specs = [
            Spec(dtype, as_dims(shape)) for dtype, shape in zip(flatten(types), shapes, strict=True)
        ]
        super().__init__(pack(types, specs), (), self._args)

    def start(self, run: Run) -> Iterator[Element]:
        for value in self._generator(*[run.values[tensor][()] for tensor in self._args]):
            yield self._element(value)

    def _element(self, value: Any) -> Element:
        # A list stands for a tuple here, as generators yield either.
        if isinstance(self.structure, tuple) and isinstance(value, list):
            value = tuple(value)
        try:
            leaves = matched(self.structure, value, "element")
        except ValueError:
            raise TypeError(
                "`generator` yielded an element that did not match the expected structure. The "
                f"expected structure was {mapped(lambda s: s.dtype, self.structure)}, but the "
                f"yielded element was {value}."
            ) from None
        return tuple([_leaf(spec, leaf) for spec, leaf in zip(self.specs, leaves, strict=True)])


def _leaf(spec: Spec, value: Any) -> Array:
    try:
        array = as_array(value, spec.dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            "`generator` yielded an element that could not be converted to the expected type. "
            f"The expected type was {spec.dtype.name}, but the yielded element was {value}."
        ) from error
    if not compatible(spec.dims, array.shape):
        raise ValueError(
            f"`generator` yielded an element of shape {array.shape} where an element of shape "
            f"{in_parentheses(spec.dims)} was expected."
        )
    return array


def _shapes_like(types: Any, shapes: Any) -> list[Any]:
    """Shapes in the order of the types' leaves; a shape may be a tuple, which is nesting too."""
    if not isinstance(types, tuple | dict):
        return [shapes]
    keys: Any = sorted(types) if isinstance(types, dict) else builtins.range(len(types))
    if len(types) != len(shapes):
        raise ValueError(f"output_shapes {shapes!r} do not fit output_types {types!r}")
    return [leaf for key in keys for leaf in _shapes_like(types[key], shapes[key])]


class TextLines(Step):
    """The lines of text files, without their ends."""

    def __init__(self, filenames: Any):
        self._filenames = convert_to_tensor(filenames, string, "filenames")
        super().__init__(Spec(string, ()), (), [self._filenames])

    def start(self, run: Run) -> Iterator[Element]:
        for name in np.ravel(run.values[self._filenames]):
            with open(name, "rb") as file:  # noqa: PTH123 - the name is bytes
                for line in file:
                    text = np.empty((), object)
                    text[()] = line.removesuffix(b"\n").removesuffix(b"\r")
                    yield (text,)
