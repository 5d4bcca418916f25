"""Distributions of real numbers."""

from __future__ import annotations

import math
from typing import Any

from engine.distributions.distribution import Distribution, parameters_of
from engine.graph import Tensor
from engine.ops.arithmetic import squared_difference
from engine.ops.choosing import where
from engine.ops.comparisons import greater_equal, less, logical_or
from engine.ops.elementwise import abs as abs_
from engine.ops.elementwise import exp, log, log1p, ones_like, sign, square, zeros_like
from engine.ops.random import random_gamma, random_normal, random_uniform
from engine.ops.reductions import reduce_sum
from engine.ops.special import digamma, erf, lgamma


class Normal(Distribution):
    """The normal distribution of mean `loc` and standard deviation `scale`.

    Samples are differentiable in both.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.distributions.Normal(loc=0.0, scale=1.0).log_prob(0.0)))
    -0.9189385
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Normal",
    ):
        del allow_nan_stats
        checked = ("scale",) if validate_args else ()
        with parameters_of(name, {"loc": loc, "scale": scale}, checked) as (scope, found):
            super().__init__(found, found["loc"].dtype, scope)
        self.loc, self.scale = found["loc"], found["scale"]

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        drawn = random_normal(self._full(sizes), dtype=self.dtype, seed=seed)
        return drawn * self.scale + self.loc

    def _standardized(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale

    def _log_prob(self, x: Tensor) -> Tensor:
        normalization = 0.5 * math.log(2 * math.pi) + log(self.scale)
        return -0.5 * square(self._standardized(x)) - normalization

    def _cdf(self, x: Tensor) -> Tensor:
        return 0.5 * (1.0 + erf(self._standardized(x) * math.sqrt(0.5)))

    def _entropy(self) -> Tensor:
        # The sum with zeros broadcasts to the shape of the batch.
        return 0.5 * math.log(2 * math.pi * math.e) + log(self.scale) + zeros_like(self.loc)

    def _mean(self) -> Tensor:
        return self.loc * ones_like(self.scale)

    _mode = _mean

    def _stddev(self) -> Tensor:
        return self.scale * ones_like(self.loc)

    def _kl(self, other: Normal) -> Tensor:
        own, others = square(self.scale), square(other.scale)
        ratio = own / others
        distance = squared_difference(self.loc, other.loc) / (2.0 * others)
        return distance + 0.5 * (ratio - 1.0 - log(ratio))


class MultivariateNormalDiag(Distribution):
    """Vectors of independent normal numbers: `loc` and `scale_diag` are [..., k].

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     vectors = tf.contrib.distributions.MultivariateNormalDiag([0.0, 0.0], [1.0, 1.0])
    ...     print(sess.run(vectors.log_prob([0.0, 0.0])))
    -1.837877
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ):
        del allow_nan_stats
        if loc is None and scale_diag is None:
            raise ValueError("MultivariateNormalDiag needs loc or scale_diag")
        with parameters_of(
            name,
            {
                "loc": zeros_like(scale_diag) if loc is None else loc,
                "scale_diag": ones_like(loc) if scale_diag is None else scale_diag,
            },
            ("scale_diag",) if validate_args else (),
        ) as (scope, found):
            super().__init__(found, found["loc"].dtype, scope, event_rank=1)
        self.loc, self.scale_diag = found["loc"], found["scale_diag"]

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        drawn = random_normal(self._full(sizes), dtype=self.dtype, seed=seed)
        return drawn * self.scale_diag + self.loc

    def _log_prob(self, x: Tensor) -> Tensor:
        each = -0.5 * square((x - self.loc) / self.scale_diag) - log(self.scale_diag)
        return reduce_sum(each - 0.5 * math.log(2 * math.pi), -1)

    def _entropy(self) -> Tensor:
        each = 0.5 * math.log(2 * math.pi * math.e) + log(self.scale_diag) + zeros_like(self.loc)
        return reduce_sum(each, -1)

    def _mean(self) -> Tensor:
        return self.loc * ones_like(self.scale_diag)

    _mode = _mean

    def _stddev(self) -> Tensor:
        return self.scale_diag * ones_like(self.loc)

    def _kl(self, other: MultivariateNormalDiag) -> Tensor:
        own, others = square(self.scale_diag), square(other.scale_diag)
        ratio = own / others
        distance = squared_difference(self.loc, other.loc) / others
        return 0.5 * reduce_sum(distance + ratio - 1.0 - log(ratio), -1)


class Uniform(Distribution):
    """The uniform distribution over ``[low, high)``. Samples are differentiable in both."""

    def __init__(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Uniform",
    ):
        del validate_args, allow_nan_stats
        with parameters_of(name, {"low": low, "high": high}) as (scope, found):
            super().__init__(found, found["low"].dtype, scope)
        self.low, self.high = found["low"], found["high"]

    def range(self, name: str = "range") -> Tensor:
        """``high - low``."""
        with self._method(name):
            return self.high - self.low

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        drawn = random_uniform(self._full(sizes), dtype=self.dtype, seed=seed)
        return self.low + (self.high - self.low) * drawn

    def _log_prob(self, x: Tensor) -> Tensor:
        return log(self._prob(x))

    def _prob(self, x: Tensor) -> Tensor:
        density = ones_like(x) / (self.high - self.low)
        spread = x + zeros_like(density)
        outside = logical_or(less(spread, self.low), greater_equal(spread, self.high))
        return where(outside, zeros_like(density), density)

    def _cdf(self, x: Tensor) -> Tensor:
        share = (x - self.low) / (self.high - self.low)
        share = where(less(share, 0.0), zeros_like(share), share)
        return where(greater_equal(share, 1.0), ones_like(share), share)

    def _entropy(self) -> Tensor:
        return log(self.high - self.low)

    def _mean(self) -> Tensor:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Tensor:
        return square(self.high - self.low) / 12.0


class Exponential(Distribution):
    """The exponential distribution of mean ``1 / rate``. Samples are differentiable in rate."""

    def __init__(
        self,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Exponential",
    ):
        del allow_nan_stats
        checked = ("rate",) if validate_args else ()
        with parameters_of(name, {"rate": rate}, checked) as (scope, found):
            super().__init__(found, found["rate"].dtype, scope)
        self.rate = found["rate"]

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        # random_uniform gives 0 but never 1, and log(0) would be infinite.
        drawn = 1.0 - random_uniform(self._full(sizes), dtype=self.dtype, seed=seed)
        return -log(drawn) / self.rate

    def _log_prob(self, x: Tensor) -> Tensor:
        return log(self.rate) - self.rate * x

    def _cdf(self, x: Tensor) -> Tensor:
        return 1.0 - exp(-self.rate * x)

    def _entropy(self) -> Tensor:
        return 1.0 - log(self.rate)

    def _mean(self) -> Tensor:
        return 1.0 / self.rate

    def _mode(self) -> Tensor:
        return zeros_like(self.rate)

    _stddev = _mean


class Laplace(Distribution):
    """The density ``exp(-|x - loc| / scale) / (2 scale)``. Samples are differentiable."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Laplace",
    ):
        del allow_nan_stats
        checked = ("scale",) if validate_args else ()
        with parameters_of(name, {"loc": loc, "scale": scale}, checked) as (scope, found):
            super().__init__(found, found["loc"].dtype, scope)
        self.loc, self.scale = found["loc"], found["scale"]

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        # In (-1, 1): at -1 the logarithm would be infinite.
        drawn = 1.0 - random_uniform(self._full(sizes), 0.0, 2.0, self.dtype, seed)
        side = where(less(drawn, 1.0), drawn, zeros_like(drawn))
        return self.loc - self.scale * sign(side) * log1p(-abs_(side))

    def _log_prob(self, x: Tensor) -> Tensor:
        return -abs_((x - self.loc) / self.scale) - math.log(2.0) - log(self.scale)

    def _cdf(self, x: Tensor) -> Tensor:
        z = (x - self.loc) / self.scale
        return 0.5 - 0.5 * sign(z) * (exp(-abs_(z)) - 1.0)

    def _entropy(self) -> Tensor:
        return math.log(2.0) + 1.0 + log(self.scale) + zeros_like(self.loc)

    def _mean(self) -> Tensor:
        return self.loc * ones_like(self.scale)

    _mode = _mean

    def _stddev(self) -> Tensor:
        return math.sqrt(2.0) * self.scale * ones_like(self.loc)


class Gamma(Distribution):
    """The gamma distribution of shape `concentration` and mean ``concentration / rate``.

    No gradient flows from samples to the concentration.
    """

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gamma",
    ):
        del allow_nan_stats
        given = {"concentration": concentration, "rate": rate}
        with parameters_of(name, given, tuple(given) if validate_args else ()) as (scope, found):
            super().__init__(found, found["rate"].dtype, scope)
        self.concentration, self.rate = found["concentration"], found["rate"]

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        return random_gamma(sizes, self.concentration, self.rate, self.dtype, seed)

    def _log_prob(self, x: Tensor) -> Tensor:
        a, b = self.concentration, self.rate
        return (a - 1.0) * log(x) - b * x - lgamma(a) + a * log(b)

    def _entropy(self) -> Tensor:
        a = self.concentration
        return a - log(self.rate) + lgamma(a) + (1.0 - a) * digamma(a)

    def _mean(self) -> Tensor:
        return self.concentration / self.rate

    def _variance(self) -> Tensor:
        return self.concentration / square(self.rate)

    def _kl(self, other: Gamma) -> Tensor:
        a, b = self.concentration, self.rate
        c, d = other.concentration, other.rate
        shapes = (a - c) * digamma(a) + lgamma(c) - lgamma(a)
        return shapes + c * log(b) - c * log(d) + a * (d / b - 1.0)


class Beta(Distribution):
    """The density ``x ** (concentration1 - 1) * (1 - x) ** (concentration0 - 1)``, normalized.

    No gradient flows from samples to the concentrations.
    """

    def __init__(
        self,
        concentration1: Any = None,
        concentration0: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Beta",
    ):
        del allow_nan_stats
        given = {"concentration1": concentration1, "concentration0": concentration0}
        with parameters_of(name, given, tuple(given) if validate_args else ()) as (scope, found):
            super().__init__(found, found["concentration1"].dtype, scope)
        self.concentration1, self.concentration0 = found.values()

    @property
    def total_concentration(self) -> Tensor:
        """The sum of both concentrations."""
        with self._method("total_concentration"):
            return self.concentration1 + self.concentration0

    def _draw(self, sizes: Tensor, seed: int | None) -> Tensor:
        ones = ones_like(self.concentration1 + self.concentration0)
        # A second seed for the second gamma: with the same one both would be alike.
        second = None if seed is None else seed + 1
        a = random_gamma(sizes, self.concentration1 * ones, None, self.dtype, seed)
        b = random_gamma(sizes, self.concentration0 * ones, None, self.dtype, second)
        return a / (a + b)

    def _log_normalization(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    def _log_prob(self, x: Tensor) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return (a - 1.0) * log(x) + (b - 1.0) * log1p(-x) - self._log_normalization()

    def _entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        slopes = (a - 1.0) * digamma(a) + (b - 1.0) * digamma(b)
        return self._log_normalization() - slopes + (a + b - 2.0) * digamma(a + b)

    def _mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    def _variance(self) -> Tensor:
        mean, total = self._mean(), self.concentration1 + self.concentration0
        return mean * (1.0 - mean) / (1.0 + total)

    def _kl(self, other: Beta) -> Tensor:
        a, b = self.concentration1, self.concentration0
        c, d = other.concentration1, other.concentration0
        slopes = (a - c) * digamma(a) + (b - d) * digamma(b)
        both = (c + d - a - b) * digamma(a + b)
        return other._log_normalization() - self._log_normalization() + slopes + both
