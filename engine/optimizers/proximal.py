"""Steps followed by a pull towards zero: proximal gradient descent and proximal Adagrad."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.elementwise import sqrt
from engine.optimizers.base import Optimizer, Update
from engine.optimizers.thresholds import positive_start, soft_threshold


class ProximalGradientDescentOptimizer(Optimizer):
    """A step of gradient descent, brought l1 * learning_rate nearer to zero, then shrunk by l2.

    Source: Duchi & Singer, *Efficient Learning using Forward-Backward Splitting*, 2009;
    ``tf.train.ProximalGradientDescentOptimizer``.
    """

    kind = "ProximalGradientDescent"
    sets_variable = True

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def scalars(self) -> dict[str, Any]:
        return {"learning_rate": self._learning_rate, "l1": self._l1, "l2": self._l2}

    def update(
        self, grad: Tensor, *, variable: Tensor, learning_rate: Tensor, l1: Tensor, l2: Tensor
    ) -> Update:
        return _proximal(variable, grad, learning_rate, l1, l2), {}


class ProximalAdagradOptimizer(Optimizer):
    """A step of Adagrad, brought l1 * its rate nearer to zero, then shrunk by l2.

    Raises:
        ValueError: `initial_accumulator_value` is not positive.

    Source: Duchi & Singer, *Efficient Learning using Forward-Backward Splitting*, 2009;
    ``tf.train.ProximalAdagradOptimizer``.
    """

    kind = "ProximalAdagrad"
    slots = ("accumulator",)
    sets_variable = True

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._start = positive_start("initial_accumulator_value", initial_accumulator_value)
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def slot_start(self, slot: str) -> float:
        return self._start

    def scalars(self) -> dict[str, Any]:
        return {"learning_rate": self._learning_rate, "l1": self._l1, "l2": self._l2}

    def update(
        self,
        grad: Tensor,
        *,
        variable: Tensor,
        accumulator: Tensor,
        learning_rate: Tensor,
        l1: Tensor,
        l2: Tensor,
    ) -> Update:
        accumulator = accumulator + grad * grad
        rate = learning_rate / sqrt(accumulator)
        return _proximal(variable, grad, rate, l1, l2), {"accumulator": accumulator}


def _proximal(variable: Tensor, grad: Tensor, rate: Tensor, l1: Tensor, l2: Tensor) -> Tensor:
    return soft_threshold(variable - rate * grad, rate * l1) / (1.0 + rate * l2)
