"""Optimizers: each is its formula; slots, updates and names are the base class's business."""

from engine.optimizers.adadelta import AdadeltaOptimizer
from engine.optimizers.adagrad import AdagradOptimizer
from engine.optimizers.adagrad_da import AdagradDAOptimizer
from engine.optimizers.adam import AdamOptimizer
from engine.optimizers.base import Optimizer
from engine.optimizers.ftrl import FtrlOptimizer
from engine.optimizers.gradient_descent import GradientDescentOptimizer
from engine.optimizers.momentum import MomentumOptimizer
from engine.optimizers.proximal import ProximalAdagradOptimizer, ProximalGradientDescentOptimizer
from engine.optimizers.rmsprop import RMSPropOptimizer

OPTIMIZERS = (
    GradientDescentOptimizer,
    MomentumOptimizer,
    RMSPropOptimizer,
    AdamOptimizer,
    AdagradOptimizer,
    AdagradDAOptimizer,
    AdadeltaOptimizer,
    FtrlOptimizer,
    ProximalGradientDescentOptimizer,
    ProximalAdagradOptimizer,
)

__all__ = [
    "OPTIMIZERS",
    "AdadeltaOptimizer",
    "AdagradDAOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "FtrlOptimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "Optimizer",
    "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer",
    "RMSPropOptimizer",
]
