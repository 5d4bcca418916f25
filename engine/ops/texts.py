"""Numbers as text, and texts joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import string
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.shapes import Dims, broadcast


@declared
class AsString(Op):
    """Each number as text, as printf writes it."""

    precision: int = -1
    scientific: bool = False
    shortest: bool = False
    width: int = -1
    fill: str = ""

    def infer(self, x: Spec) -> Spec:
        if x.dtype is string:
            raise TypeError("Value passed to parameter 'input' has DataType string, not a number")
        return Spec(string, x.dims)

    def numpy(self, x: Array) -> Array:
        result = np.empty(x.shape, object)
        floating, truth = x.dtype.kind == "f", x.dtype.kind == "b"
        width = f"{self.fill}{self.width}" if self.width > 0 else ""
        digits = f".{self.precision}" if self.precision >= 0 else ""
        kind = "e" if self.scientific else "g" if self.shortest else "f"
        form = f"%{width}{digits}{kind}" if floating else f"%{width}d"
        for place, value in np.ndenumerate(x):
            text = ("true" if value else "false") if truth else form % value
            result[place] = text.encode()
        return result

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


@declared
class StringJoin(Op):
    """Texts of one shape joined place by place; a scalar goes with each."""

    separator: str = ""

    def infer(self, *parts: Spec) -> Spec:
        dims: Dims | None = ()
        for part in parts:
            if part.dtype is not string:
                raise TypeError(
                    f"Input 'inputs' of 'StringJoin' Op has type {part.dtype.name} that does not "
                    "match expected type of string"
                )
            dims = broadcast(dims, part.dims)
        return Spec(string, dims)

    def numpy(self, *parts: Array) -> Array:
        whole: Any = np.broadcast_arrays(*parts)
        result = np.empty(whole[0].shape, object)
        for place in np.ndindex(*result.shape):
            result[place] = self.separator.encode().join(part[place] for part in whole)
        return result

    def grad(self, y: Tensor, dy: Tensor, *parts: Tensor) -> tuple[Any, ...]:
        return (None,) * len(parts)


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Each number as text: ``%d`` or ``%f`` (`scientific` ``%e``, `shortest` ``%g``); bools too.

    Raises:
        ValueError: both `scientific` and `shortest`, or a fill of more than one character.
    """
    if scientific and shortest:
        raise ValueError("Cannot select both scientific and shortest notation")
    if len(fill) > 1:
        raise ValueError(f"Fill string must be one or fewer characters: {fill!r}")
    kind = AsString(precision, scientific, shortest, width, fill)
    return make(kind, (convert_to_tensor(input),), name)


def string_join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """Texts joined place by place with a separator between; scalars go with each place."""
    return make(StringJoin(separator), [convert_to_tensor(item) for item in inputs], name)


OPS = (AsString, StringJoin)
