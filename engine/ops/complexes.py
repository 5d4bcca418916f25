"""Complex numbers: made of two parts, and taken apart. No gradient flows through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, complex64, complex128, float32, float64
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.broadcasting import check_same_dtype
from engine.ops.constants import convert_to_tensor, is_graph_value, make
from engine.ops.dtype_rules import allow
from engine.shapes import broadcast

_PARTS: dict[DType, DType] = {complex64: float32, complex128: float64}
_WHOLES: dict[DType, DType] = {part: whole for whole, part in _PARTS.items()}


class Complex(Op):
    """A complex number of a real and an imaginary part, broadcast."""

    def infer(self, real: Spec, imag: Spec) -> Spec:
        allow(real, "real", (float32, float64))
        check_same_dtype(self, real, imag)
        return Spec(_WHOLES[real.dtype], broadcast(real.dims, imag.dims))

    def numpy(self, real: Array, imag: Array) -> Array:
        return (real + 1j * imag).astype(np.complex64 if real.dtype == np.float32 else complex)

    def xla(self, jnp: Any, real: Any, imag: Any) -> Any:
        return self.numpy(real, imag)

    def grad(self, y: Tensor, dy: Tensor, real: Tensor, imag: Tensor) -> tuple[Any, ...]:
        return None, None


class Part(Op):
    """A real number of each complex one."""

    def infer(self, x: Spec) -> Spec:
        allow(x, "input", (complex64, complex128))
        return Spec(_PARTS[x.dtype], x.dims)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class Real(Part):
    """The real part."""

    def numpy(self, x: Array) -> Array:
        return np.real(x).copy()

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.real(x)


class Imag(Part):
    """The imaginary part."""

    def numpy(self, x: Array) -> Array:
        return np.imag(x).copy()

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.imag(x)


class Angle(Part):
    """The angle in radians from the real axis."""

    def numpy(self, x: Array) -> Array:
        return np.angle(x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.angle(x)


class ComplexAbs(Part):
    """The distance from zero."""

    ufunc = np.absolute


class Conj(Op):
    """The complex conjugate."""

    def infer(self, x: Spec) -> Spec:
        allow(x, "input", (complex64, complex128))
        return Spec(x.dtype, x.dims)

    ufunc = np.conjugate

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


def complex_(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """complex64 or complex128 numbers of real and imaginary parts in float32 or float64."""
    x = convert_to_tensor(real, name="real")
    y = convert_to_tensor(imag, None if is_graph_value(imag) else x.dtype.base_dtype, "imag")
    return make(Complex(), (x, y), name)


def real(input: Any, name: str | None = None) -> Tensor:
    """The real parts; real numbers as they are."""
    x = convert_to_tensor(input)
    return make(Real(), (x,), name) if x.dtype.is_complex else x


def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary parts of complex numbers."""
    return make(Imag(), (convert_to_tensor(input),), name)


def angle(input: Any, name: str | None = None) -> Tensor:
    """The angles of complex numbers from the real axis, in radians."""
    return make(Angle(), (convert_to_tensor(input),), name)


def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugates; real numbers as they are."""
    tensor = convert_to_tensor(x)
    return make(Conj(), (tensor,), name) if tensor.dtype.is_complex else tensor


def complex_abs(x: Any, name: str | None = None) -> Tensor:
    """The distances of complex numbers from zero."""
    return make(ComplexAbs(), (convert_to_tensor(x),), name)


OPS = (Complex, Real, Imag, Angle, ComplexAbs, Conj)
