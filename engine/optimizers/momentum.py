"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.optimizers.base import Optimizer, Update


class MomentumOptimizer(Optimizer):
    """velocity = momentum * velocity + gradient; w -= learning_rate * velocity.

    With `use_nesterov`, w -= learning_rate * (gradient + momentum * velocity).

    Source: Sutskever et al., *On the importance of initialization and momentum*, 2013, in the
    form of ``tf.train.MomentumOptimizer``.
    """

    kind = "Momentum"
    slots = ("momentum",)

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._nesterov = use_nesterov

    def scalars(self) -> dict[str, Any]:
        return {"learning_rate": self._learning_rate, "rate": self._momentum}

    def update(
        self, grad: Tensor, *, momentum: Tensor, learning_rate: Tensor, rate: Tensor
    ) -> Update:
        velocity = rate * momentum + grad
        step = grad + rate * velocity if self._nesterov else velocity
        return -(learning_rate * step), {"momentum": velocity}
