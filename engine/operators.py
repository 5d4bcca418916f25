"""Python's operators on tensors and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.graph import Tensor


def _math() -> Any:
    # Operations build on tensors and a tensor's operators build on operations: the one circle the
    # API has. It is closed here, when an operator is used, so that no module imports in a circle.
    import engine.ops.overloads

    return engine.ops.overloads


class Operators:
    """``a + b``, ``a[0]`` and the rest; operation names are lower case, as in TensorFlow."""

    __slots__ = ()
    # NumPy must leave `array * tensor` to __rmul__.
    __array_priority__ = 100

    def __add__(self, other: Any) -> Tensor:
        return _math().add(self, other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Tensor:
        return _math().add(other, self)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Tensor:
        return _math().sub(self, other)  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Tensor:
        return _math().sub(other, self)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Tensor:
        return _math().mul(self, other)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Tensor:
        return _math().mul(other, self)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Tensor:
        return _math().truediv(self, other)  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> Tensor:
        return _math().truediv(other, self)  # type: ignore[no-any-return]

    def __floordiv__(self, other: Any) -> Tensor:
        return _math().floordiv(self, other)  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _math().floordiv(other, self)  # type: ignore[no-any-return]

    def __mod__(self, other: Any) -> Tensor:
        return _math().mod(self, other)  # type: ignore[no-any-return]

    def __rmod__(self, other: Any) -> Tensor:
        return _math().mod(other, self)  # type: ignore[no-any-return]

    def __pow__(self, other: Any) -> Tensor:
        return _math().pow(self, other)  # type: ignore[no-any-return]

    def __rpow__(self, other: Any) -> Tensor:
        return _math().pow(other, self)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Tensor:
        return _math().matmul(self, other)  # type: ignore[no-any-return]

    def __rmatmul__(self, other: Any) -> Tensor:
        return _math().matmul(other, self)  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Tensor:
        return _math().less(self, other)  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> Tensor:
        return _math().less_equal(self, other)  # type: ignore[no-any-return]

    def __gt__(self, other: Any) -> Tensor:
        return _math().greater(self, other)  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> Tensor:
        return _math().greater_equal(self, other)  # type: ignore[no-any-return]

    def __and__(self, other: Any) -> Tensor:
        return _math().logical_and(self, other)  # type: ignore[no-any-return]

    def __or__(self, other: Any) -> Tensor:
        return _math().logical_or(self, other)  # type: ignore[no-any-return]

    def __xor__(self, other: Any) -> Tensor:
        return _math().logical_xor(self, other)  # type: ignore[no-any-return]

    def __invert__(self) -> Tensor:
        return _math().logical_not(self)  # type: ignore[no-any-return]

    def __neg__(self) -> Tensor:
        return _math().negative(self)  # type: ignore[no-any-return]

    def __abs__(self) -> Tensor:
        return _math().absolute(self)  # type: ignore[no-any-return]

    def __getitem__(self, key: Any) -> Tensor:
        return _math().getitem(self, key)  # type: ignore[no-any-return]
