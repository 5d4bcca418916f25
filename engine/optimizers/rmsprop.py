"""RMSProp."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update


class RMSPropOptimizer(Optimizer):
    """w -= learning_rate * gradient / sqrt(rms + epsilon), with momentum; rms: a running mean.

    With `centered`, the running mean of the gradient, squared, is taken off under the root: the
    variance stands there in place of the second moment.

    Source: Hinton, *Neural Networks for Machine Learning*, lecture 6e, in the form of
    ``tf.train.RMSPropOptimizer`` (epsilon inside the root, rms starting at 1).
    """

    kind = "RMSProp"
    slots: tuple[str, ...] = ("rms", "momentum")

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
        super().__init__(use_locking, name)
        self._learning_rate, self._decay = learning_rate, decay
        self._momentum, self._epsilon = momentum, epsilon
        if centered:
            self.kind, self.slots = "CenteredRMSProp", ("rms", "mg", "momentum")

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
        mg: Tensor | None = None,
    ) -> Update:
        rms = rms + (grad * grad - rms) * (1.0 - decay)
        changed = {"rms": rms}
        spread = rms
        if mg is not None:
            changed["mg"] = mg = mg + (grad - mg) * (1.0 - decay)
            spread = rms - mg * mg
        momentum = rate * momentum + learning_rate * grad / sqrt(spread + epsilon)
        return -momentum, {**changed, "momentum": momentum}
