"""Adam."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update


class AdamOptimizer(Optimizer):
    """m, v: running means of the gradient and its square; w -= step * m / (sqrt(v) + epsilon).

    The bias correction is in step = learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t); epsilon
    stands outside of it, which makes small differences to other libraries.

    Source: Kingma & Ba, *Adam*, 2015, the form before section 2.1; ``tf.train.AdamOptimizer``.
    """

    kind = "Adam"
    slots = ("m", "v")
    every_row = True  # m and v of rows without a gradient fall too, and move their weights.

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon

    def powers(self) -> dict[str, Any]:
        return {"beta1_power": self._beta1, "beta2_power": self._beta2}

    def scalars(self) -> dict[str, Any]:
        return {
            "learning_rate": self._learning_rate,
            "beta1": self._beta1,
            "beta2": self._beta2,
            "epsilon": self._epsilon,
        }

    def update(
        self,
        grad: Tensor,
        *,
        m: Tensor,
        v: Tensor,
        learning_rate: Tensor,
        beta1: Tensor,
        beta2: Tensor,
        epsilon: Tensor,
        beta1_power: Tensor,
        beta2_power: Tensor,
    ) -> Update:
        step = learning_rate * sqrt(1.0 - beta2_power) / (1.0 - beta1_power)
        # m + (1 - b) * (g - m) is b * m + (1 - b) * g with one multiplication less.
        m = m + (grad - m) * (1.0 - beta1)
        v = v + (grad * grad - v) * (1.0 - beta2)
        return -(m / (sqrt(v) + epsilon) * step), {"m": m, "v": v}
