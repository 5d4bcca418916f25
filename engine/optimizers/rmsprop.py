"""RMSProp."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update


class RMSPropOptimizer(Optimizer):
    """w -= learning_rate * gradient / sqrt(rms + epsilon), with momentum; rms: a running mean.

    Source: Hinton, *Neural Networks for Machine Learning*, lecture 6e, in the form of
    ``tf.train.RMSPropOptimizer`` (epsilon inside the root, rms starting at 1).
    """

    kind = "RMSProp"
    slots = ("rms", "momentum")

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ):
        super().__init__(name)
        if centered:
            raise NotImplementedError("RMSPropOptimizer(centered=True) is not here yet")
        self._learning_rate, self._decay = learning_rate, decay
        self._momentum, self._epsilon = momentum, epsilon
        del use_locking  # Updates of one session never run at the same time.

    def slot_start(self, slot: str) -> float:
        return 1.0 if slot == "rms" else 0.0

    def scalars(self) -> dict[str, Any]:
        return {
            "learning_rate": self._learning_rate,
            "decay": self._decay,
            "rate": self._momentum,
            "epsilon": self._epsilon,
        }

    def update(
        self,
        grad: Tensor,
        *,
        rms: Tensor,
        momentum: Tensor,
        learning_rate: Tensor,
        decay: Tensor,
        rate: Tensor,
        epsilon: Tensor,
    ) -> Update:
        rms = rms + (grad * grad - rms) * (1.0 - decay)
        momentum = rate * momentum + learning_rate * grad / sqrt(rms + epsilon)
        return -momentum, {"rms": rms, "momentum": momentum}
