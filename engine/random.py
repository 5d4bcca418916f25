"""``tf.random``: random tensors and their seed."""

from engine.ops.random import categorical, get_seed, multinomial, set_random_seed, truncated_normal
from engine.ops.random import random_gamma as gamma
from engine.ops.random import random_normal as normal
from engine.ops.random import random_poisson as poisson
from engine.ops.random import random_shuffle as shuffle
from engine.ops.random import random_uniform as uniform

__all__ = [
    "categorical",
    "gamma",
    "get_seed",
    "multinomial",
    "normal",
    "poisson",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
