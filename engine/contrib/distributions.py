"""``tf.contrib.distributions``: where `tf.distributions` was before 1.4, and vectors."""

from engine.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    Distribution,
    Exponential,
    Gamma,
    Laplace,
    Normal,
    Uniform,
    kl_divergence,
)
from engine.distributions.continuous import MultivariateNormalDiag

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Distribution",
    "Exponential",
    "Gamma",
    "Laplace",
    "MultivariateNormalDiag",
    "Normal",
    "Uniform",
    "kl_divergence",
]
