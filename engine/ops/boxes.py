"""Boxes in images: cut out, chosen without overlaps, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import float16, float32, int32
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.broadcasting import broadcast_to
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.clipping import clip_by_value
from engine.ops.comparisons import greater_equal, less_equal, logical_and
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.dtype_rules import allow
from engine.ops.elementwise import ceil as ceil_
from engine.ops.elementwise import floor, zeros_like
from engine.ops.filling import range as range_
from engine.ops.gathering import gather_nd
from engine.ops.joining import stack
from engine.ops.shaping import expand_dims, reshape
from engine.ops.sizes import shape
from engine.shapes import ShapeError, merge_size, with_rank


class NonMaxSuppressionV3(Op):
    """The boxes that go first in the order of their scores, none over one that was taken.

    inputs: boxes [n, 4], scores [n], how many at most, the overlap and the score to stay below
    and above. The result has only as many as there are.
    """

    def infer(self, boxes: Spec, scores: Spec, *limits: Spec) -> Spec:
        allow(boxes, "boxes", (float16, float32))
        allow(scores, "scores", (float16, float32))
        count, four = with_rank(boxes.dims, 2)
        if four not in (4, None):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        merge_size(count, with_rank(scores.dims, 1)[0])
        for limit in limits:
            with_rank(limit.dims, 0)
        return Spec(int32, (None,))

    def numpy(
        self, boxes: Array, scores: Array, most: Array, overlap: Array, least: Array
    ) -> Array:
        if not 0 <= overlap <= 1:
            raise ValueError("iou_threshold must be in [0, 1]")
        low = np.minimum(boxes[:, :2], boxes[:, 2:])
        high = np.maximum(boxes[:, :2], boxes[:, 2:])
        areas = np.prod(high - low, axis=1)
        taken: list[int] = []
        for place in np.argsort(-scores, kind="stable"):
            if len(taken) >= most or not scores[place] > least:
                break
            inner = np.minimum(high[taken], high[place]) - np.maximum(low[taken], low[place])
            shared = np.prod(np.maximum(inner, 0), axis=1)
            together = areas[taken] + areas[place] - shared
            solid = (areas[taken] > 0) & (areas[place] > 0)
            share = np.divide(shared, together, out=np.zeros_like(shared), where=solid)
            if not (share > overlap).any():
                taken.append(int(place))
        return np.array(taken, np.int32)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return (None,) * len(inputs)


_COLORS = np.array(
    [[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1],
     [0.5, 0, 0, 1], [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32
)  # fmt: skip
"""Yellow, blue, red, lime, purple, olive, maroon, navy, aqua, fuchsia, as TensorFlow has them."""


class DrawBoundingBoxes(Op):
    """Images with lines around boxes; inputs: images, boxes [batch, n, 4], colors [m, depth]."""

    def infer(self, images: Spec, boxes: Spec, colors: Spec) -> Spec:
        allow(images, "images", (float16, float32))
        dims = with_rank(images.dims, 4)
        batch, _, four = with_rank(boxes.dims, 3)
        if four not in (4, None):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        return Spec(images.dtype, (merge_size(dims[0], batch), *dims[1:]))

    def numpy(self, images: Array, boxes: Array, colors: Array) -> Array:
        result = np.array(images)
        _, height, width, depth = images.shape
        table = np.array(colors if len(colors) else _COLORS)
        if depth == 1:
            table[:, 0] = 1
        limits = np.array([height - 1, width - 1] * 2)
        for canvas, wanted in zip(result, boxes, strict=True):
            for number, box in enumerate(np.trunc(wanted * limits).astype(np.int64)):
                color = table[number % len(table), :depth]
                top, left, bottom, right = (int(place) for place in box)
                if top > bottom or left > right or bottom < 0 or right < 0:
                    continue
                rows = slice(max(top, 0), min(bottom, height - 1) + 1)
                columns = slice(max(left, 0), min(right, width - 1) + 1)
                for row in (top, bottom):
                    if 0 <= row < height:
                        canvas[row, columns] = color
                for column in (left, right):
                    if 0 <= column < width:
                        canvas[rows, column] = color
        return result

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None, None


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = -np.inf,
    name: str | None = None,
) -> Tensor:
    """int32 [at most max_output_size]: the numbers of the boxes that are kept, best first.

    boxes: float32 [n, 4] as [y1, x1, y2, x2], any two opposite corners; scores: float32 [n]. A box
    goes if it shares more than `iou_threshold` with a better one, or has no score above
    `score_threshold`.

    Raises:
        InvalidArgumentError: in the run, a threshold of overlap beyond 0 to 1.

    Source: ``tf.image.non_max_suppression``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [0.0, 2.0, 1.0, 3.0]]
    ...     sess.run(tf.image.non_max_suppression(boxes, [0.8, 0.9, 0.7], 3)).tolist()
    [1, 2]
    """
    corners = convert_to_tensor(boxes, name="boxes")
    with corners.graph.name_scope(name or "non_max_suppression"):
        dtype = corners.dtype.base_dtype
        inputs = (
            corners,
            convert_to_tensor(scores, name="scores"),
            integers(max_output_size, "max_output_size"),
            convert_to_tensor(iou_threshold, dtype, "iou_threshold"),
            convert_to_tensor(score_threshold, dtype, "score_threshold"),
        )
        return make(NonMaxSuppressionV3(), inputs, "NonMaxSuppressionV3")


def draw_bounding_boxes(
    images: Any, boxes: Any, name: str | None = None, colors: Any = None
) -> Tensor:
    """Images with a line one pixel wide around each box.

    images: float32 [batch, height, width, depth], depth 1, 3 or 4; boxes: float32 [batch, n, 4] as
    [y_min, x_min, y_max, x_max] between 0 and 1; colors: float32 [m, depth], taken in turn.

    Source: ``tf.image.draw_bounding_boxes``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     y = tf.image.draw_bounding_boxes(tf.zeros([1, 4, 4, 1]), [[[0.0, 0.0, 0.7, 0.7]]])
    ...     print(sess.run(y)[0, :3, :, 0].tolist())
    [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]]
    """
    x = convert_to_tensor(images, name="images")
    given = _COLORS if colors is None else colors
    inputs = (x, convert_to_tensor(boxes, name="boxes"), convert_to_tensor(given, name="colors"))
    with x.graph.name_scope(name or "DrawBoundingBoxes") as scope:
        return make(DrawBoundingBoxes(), inputs, scope)


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
    name: str | None = None,
    box_indices: Any = None,
) -> Tensor:
    """Parts of images in one size, float32 [n, crop_height, crop_width, depth].

    image: [batch, height, width, depth]; boxes: float [n, 4] as [y1, x1, y2, x2], where 0 is the
    first pixel's center and 1 the last's (y1 > y2 turns it over); box_ind: int32 [n], the image of
    each; crop_size: two numbers known while building; method: ``"bilinear"`` or ``"nearest"``.
    What lies outside of the image is `extrapolation_value`. Gradients flow to the images and, if
    bilinear, to the boxes.

    Raises:
        ValueError: the crop size is not known, or the method is another.

    Source: ``tf.image.crop_and_resize``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    ...     y = tf.image.crop_and_resize(x, [[0.0, 0.0, 1.0, 1.0]], [0], [2, 2])
    ...     print(sess.run(y).ravel())
    [ 0.  3. 12. 15.]
    """
    if method not in ("bilinear", "nearest"):
        raise ValueError(f"method must be bilinear or nearest, got {method!r}")
    x = convert_to_tensor(image, name="image")
    size = integers(crop_size, "crop_size").constant_value()
    if size is None or np.shape(size) != (2,):
        raise ValueError(f"crop_size must be two numbers known while building, got {crop_size}")
    with x.graph.name_scope(name or "CropAndResize") as scope:
        pixels = cast(x, float32)
        corners = cast(convert_to_tensor(boxes, name="boxes"), float32)
        numbers = box_indices if box_ind is None else box_ind
        rows = _Line(corners[:, 0], corners[:, 2], int(size[0]), shape(x)[1], method)
        columns = _Line(corners[:, 1], corners[:, 3], int(size[1]), shape(x)[2], method)
        parts = _Corners(pixels, convert_to_tensor(numbers, name="box_ind"), rows, columns)
        across, down = expand_dims(expand_dims(columns.share, 1), 3), rows.share[:, :, None, None]
        above = parts.mixed(rows.low, across)
        found = (
            above
            if method == "nearest"
            else above + (parts.mixed(rows.high, across) - above) * down
        )
        inside = logical_and(rows.inside[:, :, None], columns.inside[:, None, :])
        outside = zeros_like(found) + float(extrapolation_value)
        mask = broadcast_to(expand_dims(inside, 3), shape(found))
        result = where(mask, found, outside)
        depth = None if x.spec.dims is None else x.spec.dims[3]
        count = None if corners.spec.dims is None else corners.spec.dims[0]
        return _told(result, [count, int(size[0]), int(size[1]), depth], scope)


def _told(x: Tensor, dims: list[Any], scope: str) -> Tensor:
    result = reshape(x, shape(x), scope)
    result.set_shape(dims)
    return result


class _Line:
    """Where the pixels of crops lie along one axis: between which two, how far, whether inside."""

    def __init__(self, begin: Tensor, end: Tensor, count: int, size: Tensor, method: str):
        last = cast(size - 1, float32)
        if count > 1:
            step = (end - begin) * last / float(count - 1)
            steps = range_(float(count))
            places = expand_dims(begin * last, 1) + expand_dims(step, 1) * expand_dims(steps, 0)
        else:
            places = expand_dims(0.5 * (begin + end) * last, 1)
        self.inside = logical_and(greater_equal(places, 0.0), less_equal(places, last))
        kept = clip_by_value(places, 0.0, last)
        if method == "nearest":
            # Half a pixel is rounded up, as C's roundf does for what is not negative.
            low = floor(kept + 0.5)
            high = low
        else:
            low, high = floor(kept), ceil_(kept)
        self.share = places - low
        self.low, self.high = cast(low, int32), cast(high, int32)


class _Corners:
    """The pixels of images at rows and columns."""

    def __init__(self, images: Tensor, numbers: Tensor, rows: _Line, columns: _Line):
        self.images = images
        self.numbers = numbers[:, None, None] + 0 * (rows.low[:, :, None] + columns.low[:, None, :])
        self.columns = columns

    def mixed(self, rows: Tensor, across: Tensor) -> Tensor:
        """Between the left and the right pixels of these rows, [n, height, width, depth]."""
        left = self._at(rows, self.columns.low)
        if self.columns.low is self.columns.high:
            return left
        return left + (self._at(rows, self.columns.high) - left) * across

    def _at(self, rows: Tensor, columns: Tensor) -> Tensor:
        zero = 0 * self.numbers
        places = [self.numbers, rows[:, :, None] + zero, columns[:, None, :] + zero]
        return gather_nd(self.images, stack(places, 3))


OPS = (NonMaxSuppressionV3, DrawBoundingBoxes)
