"""Distributions of whole numbers: coins and classes."""

from __future__ import annotations

from typing import Any

from engine.distributions.distribution import Distribution, parameters_of
from engine.dtypes import int32
from engine.errors import misuse
from engine.graph import Tensor
from engine.ops.activations import log_softmax, sigmoid, softmax, softplus
from engine.ops.casting import cast
from engine.ops.comparisons import greater, less
from engine.ops.elementwise import log, log1p, ones_like
from engine.ops.joining import concat
from engine.ops.losses import sigmoid_cross_entropy_with_logits
from engine.ops.losses import sparse_softmax_cross_entropy_with_logits as class_cross_entropy
from engine.ops.positions import argmax
from engine.ops.random import multinomial, random_uniform
from engine.ops.reductions import reduce_prod, reduce_sum
from engine.ops.shaping import expand_dims, reshape, transpose
from engine.ops.sizes import shape
from engine.shapes import TensorShape


def _one_of(logits: Any, probs: Any) -> dict[str, Any]:
    if (logits is None) == (probs is None):
        raise ValueError(
            misuse("Must pass probs or logits, but not both.", (), "probs=..., or logits=...")
        )
    return {"probs": probs} if logits is None else {"logits": logits}


class Bernoulli(Distribution):
    """1 with probability `probs`, which is the sigmoid of `logits`, else 0."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Bernoulli",
    ):
        del validate_args, allow_nan_stats
        with parameters_of(name, _one_of(logits, probs)) as (scope, found):
            super().__init__(found, dtype, scope)
            if logits is None:
                self.probs = found["probs"]
                self.logits = log(self.probs) - log1p(-self.probs)
            else:
                self.logits = found["logits"]
                self.probs = sigmoid(self.logits)

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        drawn = random_uniform(self._full(sizes), dtype=self.probs.dtype, seed=seed)
        return cast(less(drawn, self.probs), self.dtype)

    def _log_prob(self, x: Tensor) -> Tensor:
        events = cast(x, self.logits.dtype)
        events, logits = events * ones_like(self.logits), self.logits * ones_like(events)
        return -sigmoid_cross_entropy_with_logits(labels=events, logits=logits)

    def _entropy(self) -> Tensor:
        return -self.logits * (sigmoid(self.logits) - 1.0) + softplus(-self.logits)

    def _mean(self) -> Tensor:
        return 1.0 * self.probs

    def _mode(self) -> Tensor:
        return cast(greater(self.probs, 0.5), self.dtype)

    def _variance(self) -> Tensor:
        return self.probs * (1.0 - self.probs)

    def _kl(self, other: Bernoulli) -> Tensor:
        zero = softplus(other.logits) - softplus(self.logits)
        one = softplus(-other.logits) - softplus(-self.logits)
        return self.probs * one + sigmoid(-self.logits) * zero


class Categorical(Distribution):
    """The classes 0 to k - 1, of probabilities `probs` or the softmax of `logits`, [..., k].

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     policy = tf.distributions.Categorical(logits=[[0.0, 1.0], [100.0, 0.0]])
    ...     print(sess.run(policy.mode()))
    [1 0]
    """

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Categorical",
    ):
        del validate_args, allow_nan_stats
        with parameters_of(name, _one_of(logits, probs)) as (scope, found):
            super().__init__(found, dtype, scope)
            if logits is None:
                self.probs = found["probs"]
                self.logits = log(self.probs)
            else:
                self.logits = found["logits"]
                self.probs = softmax(self.logits)

    @property
    def event_size(self) -> Tensor:
        """The number of classes."""
        with self._method("event_size"):
            return shape(self.logits)[-1]

    def _batched(self) -> list[TensorShape]:
        dims = self.logits.get_shape()
        return [dims if dims.ndims is None else dims[:-1]]

    def _batch_sizes(self) -> Tensor:
        return shape(self.logits)[:-1]

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        rows = reshape(self.logits, concat([[-1], [self.event_size]], 0))
        drawn = transpose(multinomial(rows, reduce_prod(sizes), seed))
        return cast(reshape(drawn, concat([sizes, self._batch_sizes()], 0)), self.dtype)

    def _log_prob(self, x: Tensor) -> Tensor:
        classes = x if x.dtype.is_integer else cast(x, int32)
        logits = self.logits
        if not (self.batch_shape.is_fully_defined() and classes.get_shape() == self.batch_shape):
            # Both are broadcast, as for the classes that sample(1) draws: [1, *batch_shape].
            logits = logits * ones_like(expand_dims(cast(classes, logits.dtype), -1))
            classes = classes * cast(ones_like(logits[..., 0]), classes.dtype)
        return -class_cross_entropy(labels=classes, logits=logits)

    def _entropy(self) -> Tensor:
        return -reduce_sum(log_softmax(self.logits) * self.probs, -1)

    def _mode(self) -> Tensor:
        return cast(argmax(self.logits, -1), self.dtype)

    def _kl(self, other: Categorical) -> Tensor:
        return reduce_sum(self.probs * (log_softmax(self.logits) - log_softmax(other.logits)), -1)
