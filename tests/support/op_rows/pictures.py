"""Rows of images: resizing, flips, crops, colours."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np

import engine as tf
from op_rows.row import flat, smooth

PIXELS = np.arange(24.0).reshape(1, 3, 4, 2) / 7 - 1.1
LINE = np.array([0.0, 1.0, 4.0, 9.0]).reshape(1, 1, 4, 1)
RGB = np.arange(18.0).reshape(2, 3, 3) / 20
COLORS = np.array([[[0.2, 0.5, 0.7], [0.9, 0.1, 0.3]], [[0.4, 0.8, 0.6], [0.5, 0.5, 0.5]]])
BYTES = np.array([[[0], [100]], [[200], [255]]], np.uint8)


def _bilinear(kind: str) -> list[float]:
    """LINE in six pixels, by hand."""
    places = {
        "left": [0, 2 / 3, 4 / 3, 2, 8 / 3, 10 / 3],
        "corners": [0, 0.6, 1.2, 1.8, 2.4, 3],
        "centers": [-1 / 6, 0.5, 7 / 6, 11 / 6, 2.5, 19 / 6],
    }
    return list(np.interp(places[kind], [0, 1, 2, 3], LINE.ravel()))


SINGLE: dict[str, Any] = {"step": 0.05, "tolerance": 1e-5}
"""Bilinear resizing gives float32 always; but it is linear, so that wide steps are exact."""


def _hsv(x: np.ndarray) -> list[Any]:
    return [[colorsys.rgb_to_hsv(*pixel) for pixel in line] for line in x.tolist()]


ROWS = [
    flat("rgb_to_hsv", tf.image.rgb_to_hsv, COLORS, kinds="RGBToHSV", expected=_hsv),
    flat("hsv_to_rgb", lambda x: tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(x)), COLORS,
         kinds="HSVToRGB", expected=lambda x: x),
    flat("adjust_hue", lambda x: tf.image.adjust_hue(x, 1 / 3), COLORS, kinds="RGBToHSV HSVToRGB",
         expected=lambda x: x[..., [2, 0, 1]]),
    flat("adjust_saturation", lambda x: tf.image.adjust_saturation(x, 0.0), COLORS,
         kinds="RGBToHSV HSVToRGB", expected=lambda x: np.repeat(x.max(-1, keepdims=True), 3, -1)),
    smooth("adjust_gamma", lambda x: tf.image.adjust_gamma(x + 0.1, 2.0, 3.0), RGB, kinds="Pow",
           expected=lambda x: 3 * (x + 0.1) ** 2),
    smooth("total_variation", tf.image.total_variation, PIXELS, kinds="Abs",
           expected=lambda x: [sum(np.abs(np.diff(x, axis=axis)).sum() for axis in (1, 2))]),
    flat("psnr", lambda x: tf.image.psnr(x, x * 0.5, 1.0), RGB, kinds="Log",
         expected=lambda x: -10 * np.log10(np.square(x / 2).mean())),
    smooth("resize_bilinear", lambda x: tf.image.resize_bilinear(x, [5, 3]), PIXELS,
           kinds="ResizeBilinear ResizeBilinearGrad", **SINGLE),
    smooth("resize_bilinear_left", lambda x: tf.image.resize_bilinear(x, [1, 6])[0, 0, :, 0], LINE,
           kinds="ResizeBilinear", **SINGLE, expected=lambda x: _bilinear("left")),
    smooth("resize_bilinear_corners", lambda x: tf.image.resize_bilinear(
           x, [1, 6], align_corners=True)[0, 0, :, 0], LINE, kinds="ResizeBilinear", **SINGLE,
           expected=lambda x: _bilinear("corners")),
    smooth("resize_bilinear_centers", lambda x: tf.image.resize_bilinear(
           x, [1, 6], half_pixel_centers=True)[0, 0, :, 0], LINE, kinds="ResizeBilinear", **SINGLE,
           expected=lambda x: _bilinear("centers")),
    smooth("resize_bilinear_smaller", lambda x: tf.image.resize_bilinear(x, [2, 2]), PIXELS,
           kinds="ResizeBilinear", **SINGLE,
           expected=lambda x: np.stack([x[:, 0, ::2], (x[:, 1, ::2] + x[:, 2, ::2]) / 2], 1)),
    smooth("resize_nearest", lambda x: tf.image.resize_nearest_neighbor(x, [5, 2]), PIXELS,
           kinds="ResizeNearestNeighbor ResizeNearestNeighborGrad",
           expected=lambda x: x[:, [0, 0, 1, 1, 2]][:, :, [0, 2]]),
    smooth("resize_nearest_corners", lambda x: tf.image.resize_nearest_neighbor(
           x, [4, 3], align_corners=True), PIXELS, kinds="ResizeNearestNeighbor",
           expected=lambda x: x[:, [0, 1, 1, 2]][:, :, [0, 2, 3]]),
    smooth("resize_images", lambda x: tf.image.resize_images(x[0], [3, 8]), PIXELS,
           kinds="ResizeBilinear", **SINGLE),
    smooth("resize_images_0x", lambda x: tf.image.resize_images(x, 3, 8, 1), PIXELS,
           kinds="ResizeNearestNeighbor", expected=lambda x: np.repeat(x, 2, 2)),
    flat("resize_bytes", lambda x: tf.image.resize_images(x, [1, 1]), BYTES,
         kinds="ResizeBilinear", expected=lambda x: np.float32(x[:1, :1])),
    smooth("flip_left_right", lambda x: tf.image.flip_left_right(x) * 2.0, PIXELS,
           kinds="ReverseV2", expected=lambda x: 2 * x[:, :, ::-1]),
    smooth("flip_up_down", lambda x: tf.image.flip_up_down(x[0]) * 2.0, PIXELS, kinds="ReverseV2",
           expected=lambda x: 2 * x[0, ::-1]),
    smooth("transpose_image", lambda x: tf.image.transpose_image(x) * 2.0, PIXELS,
           kinds="Transpose", expected=lambda x: 2 * x.transpose(0, 2, 1, 3)),
    *[smooth(f"rot90_{k}", lambda x, k=k: tf.image.rot90(x, k) * 2.0, PIXELS, kinds="ReverseV2",
             expected=lambda x, k=k: 2 * np.rot90(x, k, (1, 2))) for k in range(5)],
    smooth("crop_to_bounding_box", lambda x: tf.image.crop_to_bounding_box(x, 1, 0, 2, 3) * 2.0,
           PIXELS, kinds="Slice", expected=lambda x: 2 * x[:, 1:3, :3]),
    smooth("pad_to_bounding_box", lambda x: tf.image.pad_to_bounding_box(x, 1, 0, 5, 6), PIXELS,
           kinds="Pad", expected=lambda x: np.pad(x, [[0, 0], [1, 1], [0, 2], [0, 0]])),
    smooth("crop_and_pad", lambda x: tf.image.resize_image_with_crop_or_pad(x, 2, 7), PIXELS,
           kinds="Slice Pad",
           expected=lambda x: np.pad(x[:, :2], [[0, 0], [0, 0], [1, 2], [0, 0]])),
    smooth("central_crop", lambda x: tf.image.central_crop(x, 0.5) * 2.0, PIXELS, kinds="Slice",
           expected=lambda x: 2 * x[:, 0:3, 1:3]),
    smooth("adjust_brightness", lambda x: tf.image.adjust_brightness(x, 0.25), RGB, kinds="Add",
           expected=lambda x: x + 0.25),
    flat("adjust_brightness_bytes", lambda x: tf.image.adjust_brightness(x, 0.25), BYTES,
         kinds="Add", expected=lambda x: [[[63], [164]], [[255], [255]]]),
    smooth("adjust_contrast", lambda x: tf.image.adjust_contrast(x, 2.0), RGB, kinds="Mean",
           expected=lambda x: (x - x.mean((0, 1))) * 2 + x.mean((0, 1))),
    flat("per_image_standardization", tf.image.per_image_standardization, RGB, kinds="Mean",
         expected=lambda x: np.float32((x - x.mean()) / x.std())),
    flat("per_image_standardization_of_one_colour",
         lambda x: tf.image.per_image_whitening(tf.ones_like(x)), RGB, kinds="Maximum",
         expected=lambda x: np.zeros(x.shape)),
    smooth("rgb_to_grayscale", tf.image.rgb_to_grayscale, RGB, kinds="Sum",
           expected=lambda x: x @ [[0.2989], [0.587], [0.114]]),
    smooth("grayscale_to_rgb", lambda x: tf.image.grayscale_to_rgb(x[..., :1]), RGB, kinds="Tile",
           expected=lambda x: np.repeat(x[..., :1], 3, -1)),
    flat("image_to_floats", lambda x: tf.image.convert_image_dtype(x, tf.float32), BYTES,
         kinds="Cast", expected=lambda x: np.float32(x / 255)),
    flat("image_to_wider_integers", lambda x: tf.image.convert_image_dtype(x, tf.int16), BYTES,
         kinds="Cast", expected=lambda x: np.int16(x) * 128),
    flat("image_to_bytes", lambda x: tf.image.convert_image_dtype(x, tf.uint8, saturate=True),
         RGB * 2 - 0.2, kinds="Cast",
         expected=lambda x: np.floor(np.clip(x * 255.5, 0, 255))),
]  # fmt: skip
