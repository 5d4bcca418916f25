"""``tf.test.compute_gradient``: gradients of the graph against differences of its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.defaults import default_session
from engine.errors import misuse
from engine.gradients import gradients
from engine.graph import Operation, Tensor
from engine.op import Array
from engine.ops.casting import identity
from engine.ops.constants import constant

Jacobians = tuple[Array, Array]
"""The derivatives as the graph gives them and as differences do, [elements of x, of y] each."""


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Tensor,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Sequence[Operation] | None = None,
    extra_feed_dict: Mapping[Any, Any] | None = None,
) -> Any:
    """The derivatives of `y` for `x` twice: as the graph gives them, and as differences.

    x: a tensor or a list of tensors, y: a tensor; `x_shape` and `y_shape` their full shapes. The
    place is `x_init_value`, by default drawn from [0, 1); differences are taken `delta` to both
    sides. `init_targets` are run first. Gives a pair of arrays float64 [elements of x, elements of
    y], or a list of pairs for a list.

    Raises:
        ValueError: no session is registered, or no gradient reaches x.

    Source: ``tf.test.compute_gradient`` of TensorFlow 1.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session():
    ...     x = tf.constant([1.0, 2.0], tf.float64)
    ...     theory, numeric = compute_gradient(x, [2], x * x, [2], np.array([1.0, 2.0]))
    >>> theory.tolist(), np.abs(theory - numeric).max() < 1e-8
    ([[2.0, 0.0], [0.0, 4.0]], np.True_)
    """
    session = default_session()
    if session is None:
        raise ValueError(
            misuse(
                "Cannot compute gradients: No default session is registered.",
                [f"{y!r} was made at {y.op.origin}"],
                "`with tf.Session():` around it",
            )
        )
    for op in init_targets or ():
        session.run(op)
    xs = list(x) if isinstance(x, list) else [x]
    shapes = list(x_shape) if isinstance(x, list) else [x_shape]
    starts = list(x_init_value) if isinstance(x, list) and x_init_value is not None else [
        x_init_value
    ] * len(xs)  # fmt: skip
    places = {
        tensor: _place(tensor, shape, start)
        for tensor, shape, start in zip(xs, shapes, starts, strict=True)
    }
    feeds = {**(extra_feed_dict or {}), **places}
    found = [_jacobians(session, tensor, y, y_shape, feeds, delta) for tensor in xs]
    return found if isinstance(x, list) else found[0]


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Tensor,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Sequence[Operation] | None = None,
    extra_feed_dict: Mapping[Any, Any] | None = None,
) -> float:
    """The largest difference between both of what `compute_gradient` gives.

    Source: ``tf.test.compute_gradient_error`` of TensorFlow 1.
    """
    pairs = compute_gradient(
        x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict
    )
    pairs = pairs if isinstance(pairs, list) else [pairs]
    return max(float(np.abs(theory - numeric).max(initial=0.0)) for theory, numeric in pairs)


def _place(x: Tensor, shape: Any, start: Any) -> Array:
    sizes = tuple(int(size) for size in shape)
    if start is None:
        return np.random.random_sample(sizes).astype(x.spec.dtype.np)
    return np.array(start, x.spec.dtype.np).reshape(sizes)


def _jacobians(
    session: Any, x: Tensor, y: Tensor, y_shape: Any, feeds: dict[Any, Any], delta: float
) -> Jacobians:
    sizes = tuple(int(size) for size in y_shape)
    with y.graph.as_default():
        weights = constant(1.0, y.spec.dtype, sizes)
        # An operation of its own: the weights themselves are fed.
        (dx,) = gradients(y, x, identity(weights))
    if dx is None:
        raise ValueError(
            misuse(
                f"No gradient of {y!r} reaches {x!r}.",
                [f"{item.name!r} was made at {item.op.origin}" for item in (y, x)],
                "y computed from x by differentiable operations",
            )
        )
    place, count = feeds[x], int(np.prod(sizes, dtype=np.int64))
    theory = np.zeros((place.size, count))
    for column in range(count):
        one = np.zeros(sizes, y.spec.dtype.np)
        one.flat[column] = 1.0
        theory[:, column] = np.ravel(session.run(dx, {**feeds, weights: one}))
    numeric = np.zeros_like(theory)
    for row in range(place.size):
        sides = []
        for step in (delta, -delta):
            moved = place.copy()
            moved.flat[row] += step
            sides.append(np.ravel(session.run(y, {**feeds, x: moved})).astype(np.float64))
        numeric[row] = (sides[0] - sides[1]) / (2 * delta)
    return theory, numeric
