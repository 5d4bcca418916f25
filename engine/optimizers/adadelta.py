"""Adadelta."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update


class AdadeltaOptimizer(Optimizer):
    """w -= learning_rate * step; step = gradient * rms(steps before) / rms(gradients).

    Both rms are running means of squares, with epsilon added under the root.

    Source: Zeiler, *ADADELTA*, 2012, algorithm 1; ``tf.train.AdadeltaOptimizer``.
    """

    kind = "Adadelta"
    slots = ("accum", "accum_update")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ):
        super().__init__(use_locking, name)
        self._learning_rate, self._rho, self._epsilon = learning_rate, rho, epsilon

    def scalars(self) -> dict[str, Any]:
        return {"lr": self._learning_rate, "rho": self._rho, "epsilon": self._epsilon}

    def update(
        self,
        grad: Tensor,
        *,
        accum: Tensor,
        accum_update: Tensor,
        lr: Tensor,
        rho: Tensor,
        epsilon: Tensor,
    ) -> Update:
        accum = accum + (grad * grad - accum) * (1.0 - rho)
        step = grad * sqrt((accum_update + epsilon) / (accum + epsilon))
        accum_update = accum_update + (step * step - accum_update) * (1.0 - rho)
        return -(step * lr), {"accum": accum, "accum_update": accum_update}
