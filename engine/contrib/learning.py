"""``tf.contrib.slim.learning``: one tensor that trains a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine import summary
from engine.global_step import get_or_create_global_step
from engine.graph import Tensor
from engine.ops.casting import identity
from engine.ops.checking import check_numerics as checked
from engine.ops.clipping import clip_by_norm, global_norm
from engine.ops.indexed_slices import IndexedSlices
from engine.optimizers.base import Optimizer
from engine.variables import GraphKeys, trainable_variables

_USE_GLOBAL_STEP = 0


def create_train_op(
    total_loss: Tensor,
    optimizer: Optimizer,
    global_step: Any = _USE_GLOBAL_STEP,
    update_ops: Any = None,
    variables_to_train: Any = None,
    transform_grads_fn: Callable[[Any], Any] | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    check_numerics: bool = True,
    clip_gradient_norm: float = 0,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
) -> Tensor:
    """A tensor that, run, changes the variables once and gives the loss from before.

    The operations in ``GraphKeys.UPDATE_OPS`` (or `update_ops`) run first. With `check_numerics`
    a loss that is no number ends the run. `gradient_multipliers`: a factor by variable or name.
    With `clip_gradient_norm` no gradient is longer than that; `summarize_gradients` makes a
    histogram of each and a scalar of its norm.

    Source: ``tf.contrib.slim.learning.create_train_op``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable(3.0)
    ...     adam = tf.train.GradientDescentOptimizer(0.5)
    ...     step = tf.contrib.slim.learning.create_train_op(w * w, adam)
    ...     sess.run(tf.global_variables_initializer())
    ...     print(sess.run(step), sess.run(w))
    9.0 0.0
    """
    graph = total_loss.graph
    if global_step is _USE_GLOBAL_STEP:
        global_step = get_or_create_global_step()
    before = graph.get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else list(update_ops)
    if before:
        with graph.control_dependencies(before):
            total_loss = identity(total_loss)
    variables = trainable_variables() if variables_to_train is None else variables_to_train
    pairs: list[Any] = optimizer.compute_gradients(
        total_loss, variables, gate_gradients, aggregation_method, colocate_gradients_with_ops
    )
    if transform_grads_fn is not None:
        pairs = transform_grads_fn(pairs)
    if gradient_multipliers:
        pairs = [
            (g * gradient_multipliers.get(v, gradient_multipliers.get(v.op.name, 1.0)), v)
            for g, v in pairs
            if g is not None
        ]
    if clip_gradient_norm > 0:
        with graph.name_scope("clip_grads"):
            pairs = [(_clipped(g, clip_gradient_norm), v) for g, v in pairs]
    if summarize_gradients:
        with graph.name_scope("summarize_grads"):
            for gradient, variable in pairs:
                if gradient is not None:
                    summary.histogram(f"{variable.op.name}/gradient", _values(gradient))
                    norm = global_norm([_values(gradient)])
                    summary.scalar(f"{variable.op.name}/gradient_norm", norm)
    update = optimizer.apply_gradients(pairs, global_step)
    if check_numerics:
        total_loss = checked(total_loss, "LossTensor is inf or nan")
    with graph.control_dependencies([update]):
        return identity(total_loss, name="train_op")


def _values(gradient: Any) -> Tensor:
    return gradient.values if isinstance(gradient, IndexedSlices) else gradient


def _clipped(gradient: Any, norm: float) -> Any:
    if gradient is None:
        return None
    values = clip_by_norm(_values(gradient), norm)
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(values, gradient.indices, gradient.dense_shape)
    return values


__all__ = ["create_train_op"]
