"""``tensorflow.python.training.moving_averages``: what scripts import of it."""

from engine.moving_averages import ExponentialMovingAverage, assign_moving_average

__all__ = ["ExponentialMovingAverage", "assign_moving_average"]
