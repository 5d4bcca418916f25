"""Rows of blocks as examples, repeated elements, places of flat arrays, Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import A, T, flat, smooth

IMAGES = np.arange(48.0).reshape(1, 4, 6, 2) / 7 - 1
BATCH = np.arange(48.0).reshape(8, 2, 3, 1) / 7 - 1
ROWED = np.arange(24.0).reshape(2, 3, 4) / 5
EDGES = np.array([[1, 1], [0, 2]], np.int32)
CUT = np.array([[1, 0], [0, 2]], np.int32)
COUNTS = np.array([2, 0, 3], np.int32)
PLACES = np.array([5, 0, 11], np.int32)
SIZES = np.array([3, 4], np.int32)
PICKED = np.array([[2, 0], [1, 1]], np.int32)
WAVES = (np.random.default_rng(1).normal(size=(2, 3, 4, 6))
         + 1j * np.random.default_rng(2).normal(size=(2, 3, 4, 6)))  # fmt: skip


def blocks(x: Any) -> Any:
    """The definition, for blocks of two by three without padding."""
    return np.concatenate([x[:, i::2, j::3] for i in range(2) for j in range(3)])


def transformed(kind: str, axes: tuple[int, ...]) -> Any:
    function = getattr(np.fft, kind)
    return lambda x: function(x, axes=axes)


ROWS = [
    smooth("space_to_batch", lambda x: tf.space_to_batch_nd(x, [2, 3], [[0, 0], [0, 0]]), IMAGES,
           kinds="Transpose", expected=blocks),
    smooth("space_to_batch_padded", lambda x: tf.space_to_batch(x, EDGES, 2), IMAGES, kinds="Pad"),
    flat("space_to_batch_by_tensor", lambda x, p: tf.space_to_batch_nd(x, [2, 2], p), IMAGES, EDGES,
         kinds="Pad", open_shape=True),
    smooth("space_to_batch_line", lambda x: tf.space_to_batch_nd(x, [2], [[1, 0]]), ROWED,
           kinds="Pad"),
    smooth("batch_to_space", lambda x: tf.batch_to_space_nd(x, [2, 2], CUT), BATCH, kinds="Slice"),
    smooth("batch_to_space_back", lambda x: tf.batch_to_space(
           tf.space_to_batch(x, EDGES, 2), EDGES, 2), IMAGES, kinds="Slice",
           expected=lambda x: x),
    flat("batch_to_space_by_tensor", lambda x, c: tf.batch_to_space_nd(x, [2, 2], c), BATCH, CUT,
         kinds="Slice", open_shape=True),
    smooth("repeat", lambda x: tf.repeat(x, 2) * x[0, 0], A, kinds="RepeatedPlaces",
           expected=lambda x: np.repeat(x, 2) * x[0, 0]),
    smooth("repeat_each", lambda x: tf.repeat(x, COUNTS, axis=-1), A, kinds="RepeatedPlaces",
           expected=lambda x: np.repeat(x, COUNTS, -1)),
    flat("repeat_by_tensor", lambda x, n: tf.repeat(x, n, axis=1), A, COUNTS,
         kinds="RepeatedPlaces", open_shape=True, expected=lambda x, n: np.repeat(x, n, 1)),
    smooth("batch_gather", lambda x: tf.batch_gather(x, PICKED), T, kinds="GatherV2",
           expected=lambda x: x[[[0], [1]], PICKED]),
    smooth("batch_gather_rows", lambda x: tf.batch_gather(x, [1, 0]) * 2.0, A, kinds="Gather",
           expected=lambda x: 2 * x[::-1]),
    flat("unravel_index", tf.unravel_index, PLACES, SIZES, kinds="UnravelIndex",
         expected=lambda p, s: np.unravel_index(p, s)),
    flat("unravel_index_of_one", lambda s: tf.unravel_index(7, s), SIZES, kinds="UnravelIndex",
         expected=lambda s: [1, 3]),
    flat("saturate_cast", lambda x: tf.saturate_cast(x * 200.0, tf.uint8), A, kinds="Cast",
         expected=lambda x: np.clip(x * 200, 0, 255).astype(np.uint8)),
    flat("saturate_cast_up", lambda x: tf.saturate_cast(x, tf.float64), PLACES, kinds="Cast",
         expected=np.float64),
    flat("fft", tf.fft, WAVES, kinds="FFT", expected=transformed("fftn", (-1,))),
    flat("ifft", tf.ifft, WAVES, kinds="IFFT", expected=transformed("ifftn", (-1,))),
    flat("fft2d", tf.fft2d, WAVES, kinds="FFT2D", expected=transformed("fftn", (-2, -1))),
    flat("ifft2d", tf.ifft2d, WAVES, kinds="IFFT2D", expected=transformed("ifftn", (-2, -1))),
    flat("fft3d", tf.fft3d, WAVES, kinds="FFT3D", expected=transformed("fftn", (-3, -2, -1))),
    flat("ifft3d", tf.ifft3d, WAVES, kinds="IFFT3D", expected=transformed("ifftn", (-3, -2, -1))),
    flat("rfft", tf.spectral.rfft, ROWED, kinds="RFFT", expected=np.fft.rfft),
    flat("rfft_longer", lambda x: tf.spectral.rfft(x, [7]), ROWED, kinds="RFFT",
         expected=lambda x: np.fft.rfft(x, 7)),
    flat("irfft", tf.spectral.irfft, WAVES[0], kinds="IRFFT", expected=np.fft.irfft),
    flat("irfft_odd", lambda x: tf.spectral.irfft(x, [5]), WAVES[0], kinds="IRFFT",
         expected=lambda x: np.fft.irfft(x, 5)),
]  # fmt: skip
