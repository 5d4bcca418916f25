"""Static shapes with unknown dimensions: TensorShape, Dimension, the algebra on plain tuples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.errors import misuse

Dims = tuple[int | None, ...]
"""The sizes of a shape of known rank; None is an unknown size."""


class ShapeError(ValueError):
    """Shapes that do not fit; `Graph.create_op` adds which operation and where.

    `in_a_run` is TensorFlow's wording for sizes that only a run shows not to fit, where it differs.
    """

    def __init__(self, problem: str, in_a_run: str = ""):
        super().__init__(problem)
        self.in_a_run = in_a_run


class Dimension:
    """One size of a shape, or unknown (``value`` None).

    Comparing with an unknown dimension gives None.

    >>> Dimension(2) == 2, Dimension(None) == 2
    (True, None)
    """

    __slots__ = ("value",)

    def __init__(self, value: Any):
        if isinstance(value, Dimension):
            value = value.value
        self.value: int | None = None if value is None else int(value)
        if self.value is not None and self.value < 0:
            raise ValueError(
                misuse(
                    f"Dimension {self.value} must be >= 0",
                    (),
                    "None for a size that only the run knows",
                )
            )

    def __repr__(self) -> str:
        return f"Dimension({self.value})"

    def __str__(self) -> str:
        return "?" if self.value is None else str(self.value)

    def __eq__(self, other: object) -> Any:
        try:
            value = Dimension(other).value
        except (TypeError, ValueError):
            return NotImplemented
        return None if self.value is None or value is None else self.value == value

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented or equal is None else not equal

    def __hash__(self) -> int:
        return hash(self.value)

    def __int__(self) -> int:
        if self.value is None:
            raise TypeError("an unknown Dimension has no integer value")
        return self.value

    def __index__(self) -> int:
        return int(self)

    def __add__(self, other: Any) -> Dimension:
        return self._combine(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Dimension:
        return Dimension(self.__add__(other))

    def __sub__(self, other: Any) -> Dimension:
        return self._combine(other, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Dimension:
        return self._combine(other, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Dimension:
        return Dimension(self.__mul__(other))

    def __floordiv__(self, other: Any) -> Dimension:
        return self._combine(other, lambda a, b: a // b)

    def __mod__(self, other: Any) -> Dimension:
        return self._combine(other, lambda a, b: a % b)

    def __lt__(self, other: Any) -> Any:
        value = Dimension(other).value
        return None if self.value is None or value is None else self.value < value

    def __gt__(self, other: Any) -> Any:
        value = Dimension(other).value
        return None if self.value is None or value is None else self.value > value

    def _combine(self, other: Any, rule: Any) -> Dimension:
        value = Dimension(other).value
        return Dimension(None if self.value is None or value is None else rule(self.value, value))

    def is_compatible_with(self, other: Any) -> bool:
        value = Dimension(other).value
        return self.value is None or value is None or self.value == value


_UNKNOWN = "a shape for the placeholder it comes from, as [None, 3]; tf.shape(x) in the run"


class TensorShape:
    """What is known of a tensor's shape before it is computed.

    >>> TensorShape([None, 3])
    TensorShape([Dimension(None), Dimension(3)])
    >>> TensorShape([None, 3]).merge_with([2, None]).as_list()
    [2, 3]
    """

    __slots__ = ("_dims",)

    def __init__(self, dims: Any):
        self._dims: Dims | None = as_dims(dims)

    @property
    def dims(self) -> list[Dimension] | None:
        return None if self._dims is None else [Dimension(size) for size in self._dims]

    @property
    def ndims(self) -> int | None:
        return None if self._dims is None else len(self._dims)

    @property
    def rank(self) -> int | None:
        return self.ndims

    def sizes(self) -> Dims | None:
        """The sizes as a plain tuple, None where unknown."""
        return self._dims

    def as_list(self) -> list[int | None]:
        if self._dims is None:
            raise ValueError(
                misuse("as_list() is not defined on an unknown TensorShape.", (), _UNKNOWN)
            )
        return list(self._dims)

    def is_fully_defined(self) -> bool:
        return fully_defined(self._dims)

    def num_elements(self) -> int | None:
        return count(self._dims)

    def is_compatible_with(self, other: Any) -> bool:
        return compatible(self._dims, as_dims(other))

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        if self._dims is not None and len(self._dims) != rank:
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_is_fully_defined(self) -> None:
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def merge_with(self, other: Any) -> TensorShape:
        """What both shapes know; ValueError where they contradict each other."""
        dims = as_dims(other)
        if not compatible(self._dims, dims):
            raise ValueError(f"Shapes {self} and {in_parentheses(dims)} are not compatible")
        return TensorShape(merge(self._dims, dims))

    def with_rank(self, rank: int) -> TensorShape:
        return self.merge_with((None,) * rank)

    def with_rank_at_least(self, rank: int) -> TensorShape:
        if self._dims is not None and len(self._dims) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def concatenate(self, other: Any) -> TensorShape:
        dims = as_dims(other)
        return TensorShape(None if self._dims is None or dims is None else self._dims + dims)

    def __getitem__(self, key: Any) -> Any:
        if self._dims is None:
            return TensorShape(None) if isinstance(key, slice) else Dimension(None)
        if isinstance(key, slice):
            return TensorShape(self._dims[key])
        return Dimension(self._dims[key])

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError(misuse("Cannot iterate over a shape with unknown rank.", (), _UNKNOWN))
        return iter([Dimension(size) for size in self._dims])

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError(
                misuse("Cannot take the length of Shape with unknown rank.", (), _UNKNOWN)
            )
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_dims(other)
        except TypeError:
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __repr__(self) -> str:
        if self._dims is None:
            return "TensorShape(None)"
        return f"TensorShape([{', '.join(f'Dimension({size})' for size in self._dims)}])"

    def __str__(self) -> str:
        return in_parentheses(self._dims)


def as_dims(value: Any) -> Dims | None:
    """Plain sizes of whatever describes a shape: TensorShape, list, int, array, None.

    Raises:
        TypeError: it does not describe a shape.
    """
    if value is None:
        return None
    if isinstance(value, TensorShape):
        return value._dims
    if type(value) is tuple and all(size is None or type(size) is int for size in value):
        dims = value
    elif hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        dims = tuple(Dimension(size).value for size in value)
    else:
        dims = (Dimension(value).value,)
    if any(size is not None and size < 0 for size in dims):
        least = min(size for size in dims if size is not None)
        raise ValueError(
            misuse(
                f"Dimension {least} must be >= 0",
                [f"in the shape {in_brackets(dims)}"],
                "None for a size that only the run knows",
            )
        )
    return dims


def fully_defined(dims: Dims | None) -> bool:
    return dims is not None and None not in dims


def count(dims: Dims | None) -> int | None:
    """The number of elements, None if not known."""
    if dims is None:
        return None
    total = 1
    for size in dims:
        if size is None:
            return None
        total *= size
    return total


def compatible(a: Dims | None, b: Dims | None) -> bool:
    if a is None or b is None or a == b:
        return True
    if len(a) != len(b):
        return False
    return all(x is None or y is None or x == y for x, y in zip(a, b, strict=True))


def merge(a: Dims | None, b: Dims | None) -> Dims | None:
    """What both shapes know; ShapeError where they contradict each other."""
    if a is None or b is None:
        return b if a is None else a
    if not compatible(a, b):
        raise ShapeError(not_equal(a, b))
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def not_equal(a: Dims, b: Dims) -> str:
    """How TensorFlow tells that two shapes are not the same.

    >>> print(not_equal((2, 3), (2, 4)))
    Dimension 1 in both shapes must be equal, but are 3 and 4. Shapes are [2,3] and [2,4].
    """
    if len(a) != len(b):
        return f"Shapes must be equal rank, but are {len(a)} and {len(b)}"
    pairs = enumerate(zip(a, b, strict=True))
    axis, (x, y) = next((n, (x, y)) for n, (x, y) in pairs if None not in (x, y) and x != y)
    return (
        f"Dimension {axis} in both shapes must be equal, but are {x} and {y}. "
        f"Shapes are {in_brackets(a)} and {in_brackets(b)}."
    )


def merge_size(a: int | None, b: int | None) -> int | None:
    """One size that must agree; ShapeError with TensorFlow's words where it does not."""
    if a is None or b is None:
        return b if a is None else a
    if a != b:
        raise ShapeError(f"Dimensions must be equal, but are {a} and {b}")
    return a


def with_rank(dims: Dims | None, rank: int) -> Dims:
    """The sizes of a shape that must have this rank."""
    if dims is None:
        return (None,) * rank
    if len(dims) != rank:
        raise ShapeError(f"Shape must be rank {rank} but is rank {len(dims)}")
    return dims


def with_rank_at_least(dims: Dims | None, rank: int) -> Dims | None:
    if dims is not None and len(dims) < rank:
        raise ShapeError(f"Shape must be at least rank {rank} but is rank {len(dims)}")
    return dims


def broadcast(a: Dims | None, b: Dims | None) -> Dims | None:
    """The shape two operands give together by NumPy's broadcasting.

    >>> broadcast((None, 3), (3,)), broadcast((2, 1), (1, 5)), broadcast(None, (3,))
    ((None, 3), (2, 5), None)
    """
    if a == b and a is not None:
        return a
    if a is None or b is None:
        return None
    rank = max(len(a), len(b))
    result: list[int | None] = []
    for x, y in zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True):
        if x == 1:
            result.append(y)
        elif y == 1 or x == y:
            result.append(x)
        elif x is None or y is None:
            # The known one is not 1, so the unknown one is either 1 or the same.
            result.append(y if x is None else x)
        else:
            raise ShapeError(
                f"Dimensions must be equal, but are {x} and {y}",
                f"Incompatible shapes: {in_brackets(a)} vs. {in_brackets(b)}",
            )
    return tuple(result)


def normalize_axis(axis: int, rank: int, problem: str = "") -> int:
    """The axis counted from the front; ShapeError where there is no such axis.

    `problem` words it, with ``{axis}`` and ``{rank}``; a reduction's words by default.
    """
    if not -rank <= axis < rank:
        words = problem or "Invalid reduction dimension {axis} for input with {rank} dimensions"
        raise ShapeError(words.format(axis=axis, rank=rank))
    return axis % rank


def normalize_axes(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """The axes counted from the front, in order; ShapeError where one is missing or given twice."""
    found = sorted(normalize_axis(int(axis), rank) for axis in axes)
    if len(set(found)) < len(found):
        twice = next(axis for axis in found if found.count(axis) > 1)
        raise ShapeError(f"Invalid reduction arguments: Axes contains duplicate dimension: {twice}")
    return tuple(found)


def in_parentheses(dims: Dims | None) -> str:
    """``(?, 3)``, as Python prints a tuple; ``<unknown>`` for no known rank."""
    if dims is None:
        return "<unknown>"
    parts = ["?" if size is None else str(size) for size in dims]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def in_brackets(dims: Sequence[int | None] | None) -> str:
    """``[?,3]``, as TensorFlow's run-time messages print a shape."""
    if dims is None:
        return "<unknown>"
    return "[" + ",".join("?" if size is None else str(size) for size in dims) + "]"
