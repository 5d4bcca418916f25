"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.dtype_rules import INDICES, allow, need_numbers
from engine.shapes import ShapeError


@declared
class Cumulative(Op):
    """A running reduction; inputs: x, axis. `exclusive` leaves the element itself out."""

    exclusive: bool = False
    reverse: bool = False

    function: ClassVar[str] = "cumsum"
    start: ClassVar[int] = 0

    def infer(self, x: Spec, axis: Spec) -> Spec:
        need_numbers(x, "x")
        allow(axis, "axis", INDICES)
        if axis.dims not in (None, ()):
            raise ShapeError(f"Shape must be rank 0 but is rank {len(axis.dims)}")
        if x.dims is not None and axis.value is not None:
            self._axis(int(axis.value), len(x.dims), ShapeError)
        return Spec(x.dtype, x.dims)

    def _axis(self, axis: int, rank: int, error: type[ValueError] = ValueError) -> int:
        if not -rank <= axis < rank:
            raise error(f"scan: Expected scan axis in the range [{-rank}, {rank}), but got {axis}")
        return axis % rank

    def numpy(self, x: Array, axis: Array) -> Array:
        return self._scan(np, x, int(axis))

    def xla(self, jnp: Any, x: Any, axis: Any) -> Any:
        return self._scan(jnp, x, int(axis))

    def _scan(self, xp: Any, x: Any, axis: int) -> Any:
        where = self._axis(axis, x.ndim)
        if self.reverse:
            x = xp.flip(x, where)
        result = getattr(xp, self.function)(x, axis=where, dtype=x.dtype)
        if self.exclusive:
            before = (slice(None),) * where
            first = xp.full_like(x[(*before, slice(0, 1))], self.start)
            result = xp.concatenate([first, result[(*before, slice(None, -1))]], axis=where)
        return xp.flip(result, where) if self.reverse else result


class Cumsum(Cumulative):
    """The sum of all elements up to each one."""

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axis: Tensor) -> tuple[Any, ...]:
        back = Cumsum(self.exclusive, not self.reverse)
        return lambda: make(back, (dy, axis), None), None


class Cumprod(Cumulative):
    """The product of all elements up to each one; its gradient is NaN at a zero."""

    function: ClassVar[str] = "cumprod"
    start: ClassVar[int] = 1

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axis: Tensor) -> tuple[Any, ...]:
        back = Cumsum(self.exclusive, not self.reverse)
        return lambda: make(back, (y * dy, axis), None) / x, None


def _running(definition: Op, x: Any, axis: Any, name: str | None) -> Tensor:
    tensor = convert_to_tensor(x, name="x")
    with tensor.graph.name_scope(name or definition.type) as scope:
        return make(definition, (tensor, integers(axis, "axis")), scope)


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The sums of `x` along `axis` up to each element, without it if `exclusive`.

    With `reverse` they count from the end.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.cumsum([1, 2, 3], exclusive=True)).tolist()
    [0, 1, 3]
    """
    return _running(Cumsum(exclusive, reverse), x, axis, name)


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The products of `x` along `axis` up to each element, without it if `exclusive`."""
    return _running(Cumprod(exclusive, reverse), x, axis, name)


OPS = (Cumsum, Cumprod)
