"""Rows of boxes in images, of resizing by curves and areas, of edges and likeness."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import flat, smooth

RNG = np.random.default_rng(5)
PIXELS = RNG.normal(size=(2, 5, 6, 3))
LINE = np.array([0.0, 1.0, 4.0, 9.0]).reshape(1, 1, 4, 1)
SINGLE: dict[str, Any] = {"step": 0.05, "tolerance": 2e-4}
"""They give float32 always; but they are linear, so that wide steps are exact."""
PARTS = np.array([[0.1, 0.2, 0.75, 0.9], [0.9, 0.1, 0.25, 0.5], [-0.3, 0.3, 0.6, 1.4]], np.float32)
WHICH = np.array([1, 0, 1], np.int32)
BOXES = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [1, 11, 0, 10],
                  [0, 10.1, 1, 11.1], [0, 100, 1, 101], [0, 0, 0, 0]], np.float32)  # fmt: skip
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.2], np.float32)
FRAMES = np.array([[[0.1, 0.2, 0.9, 0.7], [-0.5, 0.5, 0.5, 1.5]],
                   [[0.8, 0.1, 0.2, 0.4], [0.0, 0.0, 1.0, 1.0]]], np.float32)  # fmt: skip
CANVAS = np.zeros((2, 8, 9, 3), np.float32)
ALIKE = np.clip(RNG.normal(size=(2, 12, 13, 2)) / 4 + 0.5, 0, 1)


def crop(boxes: Any, which: Any, **more: Any) -> Any:
    size = more.pop("size", [3, 4])
    return lambda x: tf.image.crop_and_resize(x, boxes, which, size, **more)


def keep(**more: Any) -> Any:
    return lambda boxes, scores: tf.image.non_max_suppression(boxes, scores, 3, **more)


ROWS = [
    smooth("resize_bicubic", lambda x: tf.image.resize_bicubic(x, [7, 4]), PIXELS,
           kinds="ResizeBicubic ResizeBicubicGrad", **SINGLE),
    smooth("resize_bicubic_corners", lambda x: tf.image.resize_bicubic(
           x, [3, 9], align_corners=True), PIXELS, kinds="ResizeBicubic", **SINGLE),
    smooth("resize_bicubic_centers", lambda x: tf.image.resize_bicubic(
           x, [8, 4], half_pixel_centers=True), PIXELS, kinds="ResizeBicubic", **SINGLE),
    smooth("resize_bicubic_half", lambda x: tf.image.resize_bicubic(x, [1, 8])[0, 0, ::2, 0], LINE,
           kinds="ResizeBicubic", **SINGLE, expected=lambda x: x.ravel()),
    flat("resize_area", lambda x: tf.image.resize_area(x, [3, 4]), PIXELS, kinds="ResizeArea"),
    flat("resize_area_larger", lambda x: tf.image.resize_area(x, [7, 9]), PIXELS,
         kinds="ResizeArea"),
    flat("resize_area_corners", lambda x: tf.image.resize_area(x, [3, 4], align_corners=True),
         PIXELS, kinds="ResizeArea"),
    flat("resize_area_half", lambda x: tf.image.resize_area(x, [1, 2]), LINE, kinds="ResizeArea",
         expected=lambda x: np.float32([[[[0.5], [6.5]]]])),
    smooth("resize_images_bicubic", lambda x: tf.image.resize_images(
           x[0], [7, 4], tf.image.ResizeMethod.BICUBIC), PIXELS, kinds="ResizeBicubic", **SINGLE),
    flat("resize_images_area", lambda x: tf.image.resize_images(x, [2, 3], 3), PIXELS,
         kinds="ResizeArea"),
    smooth("crop_and_resize", crop(PARTS, WHICH), PIXELS, kinds="GatherNd", **SINGLE),
    smooth("crop_and_resize_nearest", crop(PARTS, WHICH, method="nearest"), PIXELS,
           kinds="GatherNd", **SINGLE),
    smooth("crop_and_resize_outside", crop(PARTS, WHICH, extrapolation_value=2.5), PIXELS,
           kinds="GatherNd", **SINGLE),
    smooth("crop_and_resize_point", crop(PARTS, WHICH, size=[1, 1]), PIXELS, kinds="GatherNd",
           **SINGLE),
    smooth("crop_and_resize_whole", crop([[0.0, 0.0, 1.0, 1.0]] * 2, [0, 1], size=[5, 6]), PIXELS,
           kinds="GatherNd", **SINGLE, expected=lambda x: np.float32(x)),
    flat("non_max_suppression", keep(), BOXES, SCORES, kinds="NonMaxSuppressionV3",
         open_shape=True, expected=lambda b, s: [3, 0, 5]),
    flat("non_max_suppression_loose", keep(iou_threshold=0.85), BOXES, SCORES,
         kinds="NonMaxSuppressionV3", open_shape=True, expected=lambda b, s: [3, 0, 1]),
    flat("non_max_suppression_by_score", keep(score_threshold=0.4), BOXES, SCORES,
         kinds="NonMaxSuppressionV3", open_shape=True, expected=lambda b, s: [3, 0]),
    flat("draw_bounding_boxes", tf.image.draw_bounding_boxes, CANVAS, FRAMES,
         kinds="DrawBoundingBoxes"),
    flat("draw_bounding_boxes_in_grey", tf.image.draw_bounding_boxes, CANVAS[..., :1], FRAMES,
         kinds="DrawBoundingBoxes"),
    smooth("image_gradients_down", lambda x: tf.image.image_gradients(x)[0], PIXELS, kinds="Pad",
           expected=lambda x: np.diff(x, axis=1, append=x[:, -1:])),
    smooth("image_gradients_right", lambda x: tf.image.image_gradients(x)[1], PIXELS, kinds="Pad",
           expected=lambda x: np.diff(x, axis=2, append=x[:, :, -1:])),
    smooth("sobel_edges", tf.image.sobel_edges, PIXELS, kinds="MirrorPad"),
    flat("ssim", lambda x, y: tf.image.ssim(x, y, 1.0), ALIKE, ALIKE[:, ::-1].copy(),
         kinds="DepthwiseConv2dNative"),
    flat("ssim_small", lambda x: tf.image.ssim(x, x * 0.5, 1.0, filter_size=5), ALIKE[0],
         kinds="DepthwiseConv2dNative"),
]  # fmt: skip
