"""Adagrad: each element's steps shrink by what its gradients have summed up to."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update
from engine.optimizers.thresholds import positive_start


class AdagradOptimizer(Optimizer):
    """w -= learning_rate * gradient / sqrt(accumulator); accumulator: the sum of squared gradients.

    Raises:
        ValueError: `initial_accumulator_value` is not positive.

    Source: Duchi et al., *Adaptive Subgradient Methods*, 2011; ``tf.train.AdagradOptimizer``.
    """

    kind = "Adagrad"
    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._start = positive_start("initial_accumulator_value", initial_accumulator_value)

    def slot_start(self, slot: str) -> float:
        return self._start

    def scalars(self) -> dict[str, Any]:
        return {"learning_rate": self._learning_rate}

    def update(self, grad: Tensor, *, accumulator: Tensor, learning_rate: Tensor) -> Update:
        accumulator = accumulator + grad * grad
        return -(learning_rate * grad / sqrt(accumulator)), {"accumulator": accumulator}
