"""Follow the regularized leader, proximal."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.ops.powers import pow as power
from engine.optimizers.base import Optimizer, Update
from engine.optimizers.thresholds import soft_threshold


class FtrlOptimizer(Optimizer):
    """Sparse weights: w is exactly zero where the accumulated `linear` stays within l1.

    Else w = -(linear brought l1 nearer to zero) / (accum ** -power / learning_rate + 2 * l2), where
    accum is the sum of squared gradients and `linear` that of gradients, corrected for the steps
    taken. `l2_shrinkage_regularization_strength` adds 2 * strength * w to the gradient in `linear`.

    Raises:
        ValueError: a strength or the initial accumulator is negative, or the power is positive.

    Source: McMahan et al., *Ad Click Prediction: a View from the Trenches*, 2013, algorithm 1, in
    the form of ``tf.train.FtrlOptimizer``.
    """

    kind = "Ftrl"
    slots = ("accum", "linear")
    sets_variable = True

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ):
        super().__init__(use_locking, name)
        for what, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0.0:
                raise ValueError(f"{what} {value} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power} needs to be negative or zero"
            )
        self._learning_rate, self._power = learning_rate, learning_rate_power
        self._start = initial_accumulator_value
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength
        self._shrinkage = l2_shrinkage_regularization_strength
        self._names = {"accum": accum_name, "linear": linear_name}

    def slot_start(self, slot: str) -> float:
        return self._start if slot == "accum" else 0.0

    def slot_name(self, slot: str) -> str:
        return self._names[slot] or self._name

    def scalars(self) -> dict[str, Any]:
        return {
            "learning_rate": self._learning_rate,
            "l1_regularization_strength": self._l1,
            "l2_regularization_strength": self._l2,
            "l2_shrinkage_regularization_strength": self._shrinkage,
        }

    def update(
        self,
        grad: Tensor,
        *,
        variable: Tensor,
        accum: Tensor,
        linear: Tensor,
        learning_rate: Tensor,
        l1_regularization_strength: Tensor,
        l2_regularization_strength: Tensor,
        l2_shrinkage_regularization_strength: Tensor,
    ) -> Update:
        before = self._powered(accum)
        accum = accum + grad * grad
        after = self._powered(accum)
        if self._shrinkage:
            grad = grad + 2.0 * l2_shrinkage_regularization_strength * variable
        linear = linear + grad - (after - before) / learning_rate * variable
        near = soft_threshold(linear, l1_regularization_strength) if self._l1 else linear
        value = -(near / (after / learning_rate + 2.0 * l2_regularization_strength))
        return value, {"accum": accum, "linear": linear}

    def _powered(self, accum: Tensor) -> Tensor:
        # The root is many times cheaper than the power, and is what nearly everybody uses.
        return sqrt(accum) if self._power == -0.5 else power(accum, -self._power)
