"""Adagrad by dual averaging."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update
from engine.optimizers.thresholds import positive_start, soft_threshold


class AdagradDAOptimizer(Optimizer):
    """Every step starts from zero: w = -rate * sum / (l2 * t * rate + sqrt(sum2)).

    sum and sum2 are the sums of the gradients and of their squares, the former brought l1 * t
    nearer to zero; t is `global_step`, which counts the runs from 0, plus one.

    Raises:
        ValueError: `initial_gradient_squared_accumulator_value` is not positive.

    Source: Duchi et al., *Adaptive Subgradient Methods*, 2011; ``tf.train.AdagradDAOptimizer``.
    """

    kind = "AdagradDA"
    slots = ("gradient_accumulator", "gradient_squared_accumulator")
    sets_variable = True

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ):
        super().__init__(use_locking, name)
        self._learning_rate, self._global_step = learning_rate, global_step
        self._start = positive_start(
            "initial_gradient_squared_accumulator_value", initial_gradient_squared_accumulator_value
        )
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def slot_start(self, slot: str) -> float:
        return 0.0 if slot == "gradient_accumulator" else self._start

    def scalars(self) -> dict[str, Any]:
        return {
            "learning_rate": self._learning_rate,
            "l1": self._l1,
            "l2": self._l2,
            "step": convert_to_tensor(self._global_step) + 1,
        }

    def update(
        self,
        grad: Tensor,
        *,
        variable: Tensor,
        gradient_accumulator: Tensor,
        gradient_squared_accumulator: Tensor,
        learning_rate: Tensor,
        l1: Tensor,
        l2: Tensor,
        step: Tensor,
    ) -> Update:
        total = gradient_accumulator + grad
        squares = gradient_squared_accumulator + grad * grad
        near = soft_threshold(total, l1 * step) if self._l1 else total
        value = -(near * learning_rate / (sqrt(squares) + l2 * step * learning_rate))
        return value, {"gradient_accumulator": total, "gradient_squared_accumulator": squares}
