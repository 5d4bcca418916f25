"""Where images change: differences of neighbours, Sobel's edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.ops.constants import convert_to_tensor
from engine.ops.depthwise import depthwise_conv2d
from engine.ops.images import checked_image
from engine.ops.joining import tile
from engine.ops.padding import pad
from engine.ops.shaping import reshape
from engine.ops.sizes import shape


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """The differences to the next row and to the next column, each in the images' shape.

    image: [batch, height, width, depth]. The last row, or column, has 0.

    Raises:
        ValueError: the rank is another.

    Source: ``tf.image.image_gradients``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     dy, dx = tf.image.image_gradients(tf.reshape([1.0, 2.0, 5.0, 9.0], [1, 2, 2, 1]))
    ...     print(sess.run(dy).ravel(), sess.run(dx).ravel())
    [4. 7. 0. 0.] [1. 0. 4. 0.]
    """
    x, _ = checked_image(image, 4)
    down, right = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    none = [0, 0]
    sizes = shape(x)
    dy = reshape(pad(down, [none, [0, 1], none, none]), sizes)
    dx = reshape(pad(right, [none, none, [0, 1], none]), sizes)
    for result in (dy, dx):
        result.set_shape(x.get_shape())
    return dy, dx


_SOBEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])


def sobel_edges(image: Any) -> Tensor:
    """[batch, height, width, depth, 2]: how much each pixel's surroundings rise, down and right.

    image: float [batch, height, width, depth], mirrored at its edges.

    Raises:
        ValueError: the rank is another.

    Source: Sobel and Feldman, 1968; ``tf.image.sobel_edges``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     ramp = tf.reshape(tf.range(9.0), [1, 3, 3, 1])
    ...     print(sess.run(tf.image.sobel_edges(ramp))[0, 1, 1, 0])
    [24.  8.]
    """
    x, dims = checked_image(image, 4)
    sizes = shape(x)
    depth = sizes[3] if dims[3] is None else dims[3]
    pair = np.stack([_SOBEL, _SOBEL.T], -1)[:, :, None, :]
    filters = tile(convert_to_tensor(pair, x.dtype.base_dtype), [1, 1, depth, 1])
    around = pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")
    edges = depthwise_conv2d(around, filters, [1, 1, 1, 1], "VALID")
    result = reshape(edges, [*[sizes[axis] for axis in range(3)], depth, 2])
    result.set_shape([*dims, 2])
    return result
