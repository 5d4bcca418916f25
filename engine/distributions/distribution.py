"""What all distributions share: names, shapes, sampling, and what follows from a log density."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, float32
from engine.errors import compose
from engine.graph import Tensor
from engine.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from engine.ops.casting import identity
from engine.ops.checks import assert_positive
from engine.ops.constants import (
    const_node,
    convert_to_tensor,
    graph_of,
    integers,
    is_graph_value,
)
from engine.ops.elementwise import exp, log, sqrt, square
from engine.ops.joining import concat
from engine.ops.shaping import reshape
from engine.ops.sizes import shape
from engine.scopes import control_dependencies
from engine.shapes import TensorShape


class Distribution:
    """One or a batch of distributions: of each set of parameters that they are broadcast to.

    A sample has the shape ``sample_shape + batch_shape + event_shape``. A subclass gives its
    parameters to `__init__` and defines `_draw`, `_log_prob` and what else it has in closed form.
    """

    def __init__(
        self, parameters: dict[str, Tensor], dtype: Any, scope: str, event_rank: int = 0
    ) -> None:
        self._parameters = parameters
        self._dtype = as_dtype(dtype)
        self._scope = scope
        self._event_rank = event_rank

    @property
    def name(self) -> str:
        """The name scope it was made in, with a slash at the end."""
        return self._scope

    @property
    def dtype(self) -> DType:
        """The dtype of samples."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Tensor]:
        """The parameters by name."""
        return dict(self._parameters)

    @property
    def batch_shape(self) -> TensorShape:
        """The shape of the batch of distributions, as far as it is known."""
        found = TensorShape([])
        for value in self._batched():
            found = broadcast_static_shape(found, value)
        return found

    @property
    def event_shape(self) -> TensorShape:
        """The shape of a single event, as far as it is known; [] for a number."""
        if not self._event_rank:
            return TensorShape([])
        dims = next(iter(self._parameters.values())).get_shape()
        return TensorShape(None) if dims.ndims is None else dims[-self._event_rank :]

    def _batched(self) -> list[TensorShape]:
        shapes = [value.get_shape() for value in self._parameters.values()]
        rank = self._event_rank
        return [dims[: dims.ndims - rank] if rank and dims.ndims else dims for dims in shapes]

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """The shape of the batch of distributions, int32 [rank]."""
        with self._method(name):
            return self._batch_sizes()

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Tensor:
        """The shape of a single event, int32 [rank]."""
        with self._method(name):
            return self._event_sizes()

    def _batch_sizes(self) -> Tensor:
        known = self.batch_shape
        if known.is_fully_defined():
            return const_node(np.array(known.as_list(), np.int32))
        found: Tensor | None = None
        for value in self._parameters.values():
            sizes = shape(value)
            sizes = sizes[: -self._event_rank] if self._event_rank else sizes
            found = sizes if found is None else broadcast_dynamic_shape(found, sizes)
        assert found is not None
        return found

    def _event_sizes(self) -> Tensor:
        if not self._event_rank:
            return const_node(np.zeros([0], np.int32))
        return shape(next(iter(self._parameters.values())))[-self._event_rank :]

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Any:
        """Values drawn anew in every run, ``sample_shape + batch_shape + event_shape``.

        `sample_shape` is an int or a list of them.
        """
        with self._method(name):
            sizes = reshape(integers(sample_shape), [-1])
            drawn = self._draw(sizes, seed)
            given = sizes.spec.value
            if given is not None:
                leading = TensorShape([int(n) for n in given])
                drawn.set_shape(leading.concatenate(self.batch_shape).concatenate(self.event_shape))
            return drawn

    def log_prob(self, value: Any, name: str = "log_prob") -> Tensor:
        """The logarithm of the density, or of the probability, at `value`."""
        with self._method(name):
            return self._log_prob(self._event(value))

    def prob(self, value: Any, name: str = "prob") -> Tensor:
        """The density, or the probability, at `value`."""
        with self._method(name):
            return self._prob(self._event(value))

    def cdf(self, value: Any, name: str = "cdf") -> Tensor:
        """The probability of at most `value`."""
        with self._method(name):
            return self._cdf(self._event(value))

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Tensor:
        """The logarithm of the probability of at most `value`."""
        with self._method(name):
            return log(self._cdf(self._event(value)))

    def survival_function(self, value: Any, name: str = "survival_function") -> Tensor:
        """The probability of more than `value`."""
        with self._method(name):
            return 1.0 - self._cdf(self._event(value))

    def entropy(self, name: str = "entropy") -> Tensor:
        """The Shannon entropy in nats, of the shape of the batch."""
        with self._method(name):
            return self._entropy()

    def mean(self, name: str = "mean") -> Tensor:
        """The mean."""
        with self._method(name):
            return self._mean()

    def mode(self, name: str = "mode") -> Tensor:
        """The most likely value."""
        with self._method(name):
            return self._mode()

    def variance(self, name: str = "variance") -> Tensor:
        """The mean square of the distance from the mean."""
        with self._method(name):
            return self._variance()

    def stddev(self, name: str = "stddev") -> Tensor:
        """The standard deviation."""
        with self._method(name):
            return self._stddev()

    def cross_entropy(self, other: Distribution, name: str = "cross_entropy") -> Tensor:
        """The mean of ``-other.log_prob(x)`` over x of this distribution."""
        with self._method(name):
            return self._entropy() + kl_divergence(self, other)

    def kl_divergence(self, other: Distribution, name: str = "kl_divergence") -> Tensor:
        """The Kullback-Leibler divergence to another distribution; see `kl_divergence`."""
        with self._method(name):
            return kl_divergence(self, other)

    def _event(self, value: Any) -> Tensor:
        return convert_to_tensor(value, None if is_graph_value(value) else self._dtype, "value")

    def _full(self, sample_sizes: Tensor) -> Tensor:
        """The sizes of a sample: those asked for and those of the batch."""
        return concat([sample_sizes, self._batch_sizes(), self._event_sizes()], 0)

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        raise self._lacks("sample")

    def _log_prob(self, x: Tensor) -> Tensor:
        raise self._lacks("log_prob")

    def _prob(self, x: Tensor) -> Tensor:
        return exp(self._log_prob(x))

    def _cdf(self, x: Tensor) -> Tensor:
        raise self._lacks("cdf")

    def _entropy(self) -> Tensor:
        raise self._lacks("entropy")

    def _mean(self) -> Tensor:
        raise self._lacks("mean")

    def _mode(self) -> Tensor:
        raise self._lacks("mode")

    def _variance(self) -> Tensor:
        return square(self._stddev())

    def _stddev(self) -> Tensor:
        if type(self)._variance is Distribution._variance:
            raise self._lacks("stddev")
        return sqrt(self._variance())

    def _kl(self, other: Any) -> Tensor:
        raise self._lacks("kl_divergence")

    def _lacks(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"{method} is not implemented: {type(self).__name__}")

    @contextmanager
    def _method(self, name: str) -> Iterator[None]:
        graph = graph_of(*self._parameters.values())
        with graph.as_default(), graph.name_scope(self._scope), graph.name_scope(name):
            yield

    def _facts(self) -> str:
        return (
            f"'{self._scope}' batch_shape={self.batch_shape} event_shape={self.event_shape} "
            f"dtype={self._dtype.name}"
        )

    def __repr__(self) -> str:
        return f"<tf.distributions.{type(self).__name__} {self._facts()}>"


def kl_divergence(
    distribution_a: Distribution,
    distribution_b: Distribution,
    allow_nan_stats: bool = True,
    name: str | None = None,
) -> Tensor:
    """The mean of log(a(x) / b(x)) over x of a, in nats, of the shape of the batch.

    Raises:
        NotImplementedError: the two are not of one kind, or there is no closed form for it.

    Source: Kullback & Leibler, 1951; ``tf.distributions.kl_divergence``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     a, b = tf.distributions.Normal(0.0, 1.0), tf.distributions.Normal(1.0, 1.0)
    ...     print(sess.run(tf.distributions.kl_divergence(a, b)))
    0.5
    """
    del allow_nan_stats  # NaN where a statistic is not defined; nothing looks at it.
    kind = type(distribution_a)
    if not isinstance(distribution_b, kind):
        raise NotImplementedError(
            compose(
                "No KL(distribution_a || distribution_b) registered for distribution_a type "
                f"{kind.__name__} and distribution_b type {type(distribution_b).__name__}",
                (),
                "tf.reduce_mean(a.log_prob(x) - b.log_prob(x)) over x = a.sample(1000)",
            )
        )
    graph = graph_of(*distribution_a.parameters.values())
    with graph.as_default(), graph.name_scope(name or "KullbackLeibler"):
        return distribution_a._kl(distribution_b)


@contextmanager
def parameters_of(
    name: str, given: dict[str, Any], positive: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """The name scope of a new distribution, with its parameters as tensors of one dtype.

    That is the dtype of the first tensor or array among them, float32 if there are only Python
    numbers. Those in `positive` are checked in every run.
    """
    typed = [value for value in given.values() if hasattr(value, "dtype")]
    target = as_dtype(typed[0].dtype).base_dtype if typed else float32
    graph = graph_of(*given.values())
    with graph.as_default(), graph.name_scope(name) as scope:
        tensors = {key: convert_to_tensor(value, target, key) for key, value in given.items()}
        checks = [assert_positive(tensors[key]) for key in positive]
        with control_dependencies(checks):
            yield scope, {key: identity(value, name=key) for key, value in tensors.items()}
