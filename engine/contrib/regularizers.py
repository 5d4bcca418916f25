"""Regularizers: functions of a variable that give a loss."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

from engine.graph import Tensor, get_default_graph
from engine.ops.arithmetic import add_n, multiply
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.elementwise import abs as absolute
from engine.ops.losses import l2_loss
from engine.ops.reductions import reduce_sum
from engine.variables import GraphKeys

Regularizer = Callable[[Any], Any]


def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A regularizer: scale * sum(|w|); with scale 0 one that gives None.

    Raises:
        ValueError: the scale is an integer or below 0.
    """
    return _scaled(scale, scope or "l1_regularizer", lambda w: reduce_sum(absolute(w)))


def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A regularizer: scale * sum(w * w) / 2; with scale 0 one that gives None.

    Raises:
        ValueError: the scale is an integer or below 0.
    """
    return _scaled(scale, scope or "l2_regularizer", l2_loss)


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: str | None = None
) -> Regularizer | None:
    """A regularizer: the sum of `l1_regularizer` and `l2_regularizer`."""
    name = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, name)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, name)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], name)


def sum_regularizer(
    regularizer_list: Sequence[Regularizer | None], scope: str | None = None
) -> Regularizer | None:
    """A regularizer: the sum of these, None if there are none."""
    given = [regularizer for regularizer in regularizer_list if regularizer is not None]
    if not given:
        return None

    def summed(weights: Any) -> Any:
        w = convert_to_tensor(weights)
        with w.graph.name_scope(scope or "sum_regularizer") as name:
            losses = [regularizer(weights) for regularizer in given]
            known = [loss for loss in losses if loss is not None]
            if len(known) < 2:
                return known[0] if known else None
            return add_n(known, name=name)

    return summed


def apply_regularization(regularizer: Regularizer, weights_list: Any = None) -> Tensor:
    """The sum of the regularizer over variables, by default those in ``GraphKeys.WEIGHTS``.

    It also goes to the collection of regularization losses.

    Raises:
        ValueError: the regularizer gives no scalar, or there are no variables.
    """
    graph = get_default_graph()
    weights = list(weights_list) if weights_list else graph.get_collection(GraphKeys.WEIGHTS)
    if not weights:
        raise ValueError("No weights to regularize.")
    with graph.name_scope("get_regularization_penalty"):
        penalties = [regularizer(w) for w in weights]
        penalties = [constant(0.0) if p is None else p for p in penalties]
        for penalty in penalties:
            if penalty.get_shape().ndims != 0:
                raise ValueError(
                    "regularizer must return a scalar Tensor instead of a Tensor with rank "
                    f"{penalty.get_shape().ndims}."
                )
        total = add_n(penalties)
    graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
    return total


def _scaled(scale: Any, scope: str, norm: Callable[[Any], Tensor]) -> Regularizer:
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real) and float(scale) < 0:
        raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale}.")
    if isinstance(scale, numbers.Real) and float(scale) == 0:
        return lambda _: None

    def regularizer(weights: Any, name: str | None = None) -> Tensor:
        w = convert_to_tensor(weights)
        with w.graph.name_scope(name or scope) as inner:
            factor = convert_to_tensor(scale, w.dtype.base_dtype, "scale")
            return multiply(factor, norm(w), name=inner)

    return regularizer
