"""Fourier transforms. As through all complex numbers here, no gradient flows through them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.dtypes import complex64, complex128, float32, float64
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.dtype_rules import allow
from engine.ops.sizes import shape
from engine.shapes import with_rank_at_least


class FFT(Op):
    """The transform of complex numbers along the last axis."""

    axes: ClassVar[int] = 1
    function: ClassVar[Any] = staticmethod(np.fft.fftn)

    def infer(self, x: Spec) -> Spec:
        allow(x, "input", (complex64, complex128))
        return Spec(x.dtype, with_rank_at_least(x.dims, self.axes))

    def numpy(self, x: Array) -> Array:
        return type(self).function(x, axes=tuple(range(-self.axes, 0))).astype(x.dtype, copy=False)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class IFFT(FFT):
    """The inverse transform along the last axis."""

    function = staticmethod(np.fft.ifftn)


class FFT2D(FFT):
    """The transform along the last two axes."""

    axes = 2


class IFFT2D(IFFT):
    """The inverse transform along the last two axes."""

    axes = 2


class FFT3D(FFT):
    """The transform along the last three axes."""

    axes = 3


class IFFT3D(IFFT):
    """The inverse transform along the last three axes."""

    axes = 3


class RFFT(Op):
    """The first half of the transform of real numbers along the last axis; inputs: x, length."""

    def infer(self, x: Spec, length: Spec) -> Spec:
        allow(x, "input", (float32, float64))
        dims = with_rank_at_least(x.dims, 1)
        if dims is None:
            return Spec(complex64 if x.dtype is float32 else complex128, None)
        known = length.value
        count = None if known is None else int(known[0]) // 2 + 1
        return Spec(complex64 if x.dtype is float32 else complex128, (*dims[:-1], count))

    def numpy(self, x: Array, length: Array) -> Array:
        found = np.fft.rfft(x, int(length[0]))
        return found.astype(np.complex64 if x.dtype == np.float32 else np.complex128, copy=False)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None


class IRFFT(Op):
    """Real numbers from the first half of their transform; inputs: x, length."""

    def infer(self, x: Spec, length: Spec) -> Spec:
        allow(x, "input", (complex64, complex128))
        dims = with_rank_at_least(x.dims, 1)
        dtype = float32 if x.dtype is complex64 else float64
        if dims is None:
            return Spec(dtype, None)
        known = length.value
        return Spec(dtype, (*dims[:-1], None if known is None else int(known[0])))

    def numpy(self, x: Array, length: Array) -> Array:
        found = np.fft.irfft(x, int(length[0]))
        return found.astype(np.float32 if x.dtype == np.complex64 else np.float64, copy=False)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None


def _made(kind: Op, x: Any, name: str | None) -> Tensor:
    return make(kind, (convert_to_tensor(x, name="input"),), name)


def fft(input: Any, name: str | None = None) -> Tensor:
    """The discrete Fourier transform of complex [..., n] along the last axis.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.abs(tf.fft(tf.complex([1.0, 0.0, 0.0, 0.0], [0.0] * 4)))))
    [1. 1. 1. 1.]
    """
    return _made(FFT(), input, name)


def ifft(input: Any, name: str | None = None) -> Tensor:
    """The inverse of `fft`."""
    return _made(IFFT(), input, name)


def fft2d(input: Any, name: str | None = None) -> Tensor:
    """The discrete Fourier transform of complex [..., m, n] along the last two axes."""
    return _made(FFT2D(), input, name)


def ifft2d(input: Any, name: str | None = None) -> Tensor:
    """The inverse of `fft2d`."""
    return _made(IFFT2D(), input, name)


def fft3d(input: Any, name: str | None = None) -> Tensor:
    """The discrete Fourier transform of complex [..., k, m, n] along the last three axes."""
    return _made(FFT3D(), input, name)


def ifft3d(input: Any, name: str | None = None) -> Tensor:
    """The inverse of `fft3d`."""
    return _made(IFFT3D(), input, name)


def rfft(input: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The half of the transform of real numbers [..., n] that is not mirrored, complex [..., k].

    fft_length: integers [1], to which the last axis is cut or filled up with zeros; k is half of it
    and one.

    Source: ``tf.spectral.rfft``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.abs(tf.spectral.rfft([1.0, 1.0, 1.0, 1.0]))))
    [4. 0. 0.]
    """
    x = convert_to_tensor(input, name="input")
    with x.graph.name_scope(name or "rfft") as scope:
        length = shape(x)[-1:] if fft_length is None else integers(fft_length, "fft_length")
        return make(RFFT(), (x, length), scope)


def irfft(input: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Real numbers [..., n] from the half of their transform, complex [..., k].

    fft_length: integers [1], n; without it ``2 * (k - 1)``.

    Source: ``tf.spectral.irfft``.
    """
    x = convert_to_tensor(input, name="input")
    with x.graph.name_scope(name or "irfft") as scope:
        given = fft_length is not None
        length = integers(fft_length, "fft_length") if given else 2 * (shape(x)[-1:] - 1)
        return make(IRFFT(), (x, length), scope)


OPS = (FFT, IFFT, FFT2D, IFFT2D, FFT3D, IFFT3D, RFFT, IRFFT)
