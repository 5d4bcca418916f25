"""``tf.distributions``: random variables with densities, entropies and divergences."""

from engine.distributions.continuous import Beta, Exponential, Gamma, Laplace, Normal, Uniform
from engine.distributions.discrete import Bernoulli, Categorical
from engine.distributions.distribution import Distribution, kl_divergence

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Distribution",
    "Exponential",
    "Gamma",
    "Laplace",
    "Normal",
    "Uniform",
    "kl_divergence",
]
