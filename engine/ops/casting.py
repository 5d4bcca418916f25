"""Identity and dtype conversion."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, bool_, float32, float64, int32, int64
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make


class Identity(Op):
    """The same value."""

    takes_slices = True

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, x: Array) -> Array:
        return x

    def simpler(self, x: Spec) -> int:
        return 0

    def xla(self, jnp: Any, x: Any) -> Any:
        return x

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy,)


class StopGradient(Identity):
    """The same value, a constant to differentiation."""

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


@declared
class Cast(Op):
    """The value in another dtype; floats to integers drop the fraction."""

    to: DType

    def infer(self, x: Spec) -> Spec:
        return Spec(self.to, x.dims)

    def numpy(self, x: Array) -> Array:
        return _real(x, self.to).astype(self.to.np)

    def simpler(self, x: Spec) -> int | None:
        return 0 if x.dtype is self.to else None

    def lower(self, b: Any, out: Any, x: Any) -> None:
        b.call(
            _copy_real if x.dtype.kind == "c" and not self.to.is_complex else np.copyto,
            out,
            x,
            "unsafe",
            writes=out,
        )

    def xla(self, jnp: Any, x: Any) -> Any:
        return x.astype(self.to.np)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        if not (x.spec.dtype.is_floating and self.to.is_floating):
            return (None,)
        return (lambda: cast(dy, x.spec.dtype),)


def _real(x: Array, to: DType) -> Array:
    # TensorFlow drops the imaginary part without a word; NumPy warns.
    return x.real if x.dtype.kind == "c" and not to.is_complex else x


def _copy_real(out: Array, x: Array, casting: Any) -> None:
    np.copyto(out, x.real, casting)


def identity(input: Any, name: str | None = None) -> Tensor:
    """A tensor with the same value, shape and dtype."""
    return make(Identity(), (convert_to_tensor(input),), name)


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """The same value, which gradients do not flow through."""
    return make(StopGradient(), (convert_to_tensor(input),), name)


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """`x` in another dtype.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.cast([1.8, 2.2], tf.int32)).tolist()
    [1, 2]
    """
    tensor, target = convert_to_tensor(x), as_dtype(dtype).base_dtype
    return tensor if tensor.dtype is target else make(Cast(target), (tensor,), name)


def to_float(x: Any, name: str = "ToFloat") -> Tensor:
    """`x` as float32."""
    return cast(x, float32, name)


def to_double(x: Any, name: str = "ToDouble") -> Tensor:
    """`x` as float64."""
    return cast(x, float64, name)


def to_int32(x: Any, name: str = "ToInt32") -> Tensor:
    """`x` as int32."""
    return cast(x, int32, name)


def to_int64(x: Any, name: str = "ToInt64") -> Tensor:
    """`x` as int64."""
    return cast(x, int64, name)


def to_bool(x: Any, name: str = "ToBool") -> Tensor:
    """`x` as bool: whether it is not zero."""
    return cast(x, bool_, name)


OPS = (Identity, StopGradient, Cast)
