"""``tf.contrib.layers``'s initializers: Xavier, and scaling by the number of connections."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.dtypes import as_dtype, float32
from engine.graph import Tensor
from engine.initializers import fans
from engine.ops.random import random_uniform, truncated_normal

Starter = Callable[..., Tensor]


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = float32,
) -> Starter:
    """An initializer: random numbers of variance ``factor / n``, n being inputs, outputs or both.

    mode: ``"FAN_IN"``, ``"FAN_OUT"``, ``"FAN_AVG"``.

    Raises:
        ValueError: an unknown mode.
        TypeError: the dtype is not floating point.

    Source: He et al., *Delving Deep into Rectifiers*, 2015; ``tf.contrib.layers``.
    """
    _floats_only(dtype)
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise ValueError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")

    def starter(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Tensor:
        _floats_only(dtype)
        inputs, outputs = fans(list(shape))
        count = {"FAN_IN": inputs, "FAN_OUT": outputs}.get(mode, (inputs + outputs) / 2.0)
        if uniform:
            limit = math.sqrt(3.0 * factor / count)
            return random_uniform(shape, -limit, limit, dtype, seed=seed)
        # 1.3 makes up for the tails that are cut off.
        deviation = math.sqrt(1.3 * factor / count)
        return truncated_normal(shape, 0.0, deviation, dtype, seed=seed)

    return starter


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = float32
) -> Starter:
    """An initializer: random numbers of variance 2 / (inputs + outputs).

    Source: Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural
    networks*, 2010.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     W = tf.get_variable("W", [784, 10],
    ...                         initializer=tf.contrib.layers.xavier_initializer())
    ...     print(W.get_shape())
    (784, 10)
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer


def _floats_only(dtype: Any) -> None:
    if not as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
