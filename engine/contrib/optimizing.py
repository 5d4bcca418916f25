"""``tf.contrib.layers.optimize_loss``: an optimizer by name, with clipped gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import train
from engine.errors import compose
from engine.graph import Tensor
from engine.initializers import Constant
from engine.ops.casting import identity
from engine.ops.clipping import clip_by_global_norm
from engine.ops.constants import is_graph_value
from engine.optimizers.base import Optimizer
from engine.summary import scalar
from engine.variable_scope import get_variable, variable_scope
from engine.variables import GraphKeys, Variable, trainable_variables

OPTIMIZER_CLS_NAMES: dict[str, Callable[[Any], Optimizer]] = {
    "Adagrad": train.AdagradOptimizer,
    "Adam": train.AdamOptimizer,
    "Ftrl": train.FtrlOptimizer,
    "Momentum": lambda rate: train.MomentumOptimizer(rate, momentum=0.9),
    "RMSProp": train.RMSPropOptimizer,
    "SGD": train.GradientDescentOptimizer,
}
"""Optimizers by the names that `optimize_loss` takes."""


def optimize_loss(
    loss: Tensor,
    global_step: Variable | None,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Any = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable[[Any, Any], Any] | None = None,
    update_ops: Any = None,
    variables: Any = None,
    name: str | None = None,
    summaries: Any = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Tensor:
    """A tensor that, run, changes the variables once and gives the loss from before.

    optimizer: a name (``"Adam"``), a class, an `Optimizer`, or a function of the learning rate.
    The operations in ``GraphKeys.UPDATE_OPS`` run first. `clip_gradients` is the largest norm of
    all gradients together, or a function of (gradient, variable) pairs.

    Raises:
        ValueError: an unknown optimizer, or an option that is not there.
    """
    if gradient_noise_scale is not None:
        raise ValueError(compose("optimize_loss: gradient_noise_scale is not supported"))
    graph = loss.graph
    with variable_scope(name, "OptimizeLoss", [loss, global_step]):
        before = graph.get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
        if before:
            with graph.control_dependencies(list(before)):
                loss = identity(loss)
        rate = learning_rate
        if rate is not None and not is_graph_value(rate):
            rate = get_variable(
                "learning_rate", [], trainable=False, initializer=Constant(learning_rate)
            )
        if rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError("global_step is required for learning_rate_decay_fn.")
            rate = learning_rate_decay_fn(rate, global_step)
        made = _optimizer(optimizer, rate)
        pairs = made.compute_gradients(
            loss,
            trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        pairs = _clipped(_multiplied(pairs, gradient_multipliers), clip_gradients)
        if "loss" in (["loss"] if summaries is None else summaries):
            scalar("loss", loss)
        step = global_step if increment_global_step else None
        update = made.apply_gradients(pairs, step, name="train")
        with graph.control_dependencies([update]):
            return identity(loss)


def _optimizer(given: Any, rate: Any) -> Optimizer:
    if isinstance(given, str):
        if given not in OPTIMIZER_CLS_NAMES:
            raise ValueError(
                compose(
                    f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], you "
                    f"provided {given}."
                )
            )
        given = OPTIMIZER_CLS_NAMES[given]
    if isinstance(given, Optimizer):
        return given
    if not callable(given):
        raise ValueError(f"Unrecognized optimizer: {given!r}.")
    found = given() if rate is None else given(rate)
    if not isinstance(found, Optimizer):
        raise ValueError(f"Object returned by optimizer function should be an Optimizer: {found!r}")
    return found


def _multiplied(pairs: Any, multipliers: Any) -> list[Any]:
    factors = multipliers or {}
    found = []
    for grad, variable in pairs:
        factor = factors.get(variable, factors.get(variable.name))
        found.append((grad if factor is None or grad is None else grad * factor, variable))
    return found


def _clipped(pairs: list[Any], clip: Any) -> list[Any]:
    if clip is None:
        return pairs
    if callable(clip):
        return list(clip(pairs))
    clipped, _ = clip_by_global_norm([grad for grad, _ in pairs], float(clip))
    return list(zip(clipped, [variable for _, variable in pairs], strict=True))
