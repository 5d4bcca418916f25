"""Plain gradient descent."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.optimizers.base import Optimizer, Update


class GradientDescentOptimizer(Optimizer):
    """w -= learning_rate * gradient.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable(1.0)
    ...     step = tf.train.GradientDescentOptimizer(0.25).minimize(w * w)
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(step)
    ...     print(sess.run(w))
    0.5
    """

    kind = "GradientDescent"

    def __init__(
        self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def scalars(self) -> dict[str, Any]:
        return {"learning_rate": self._learning_rate}

    def update(self, grad: Tensor, *, learning_rate: Tensor) -> Update:
        return -(learning_rate * grad), {}
