"""Optimizers: each is its formula; slots, updates and names are the base class's business."""

from engine.optimizers.adam import AdamOptimizer
from engine.optimizers.base import Optimizer
from engine.optimizers.gradient_descent import GradientDescentOptimizer
from engine.optimizers.momentum import MomentumOptimizer
from engine.optimizers.rmsprop import RMSPropOptimizer

OPTIMIZERS = (GradientDescentOptimizer, MomentumOptimizer, RMSPropOptimizer, AdamOptimizer)

__all__ = [
    "OPTIMIZERS",
    "AdamOptimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "Optimizer",
    "RMSPropOptimizer",
]
