"""``tf.test``: what tests of graphs use."""

from engine.gradient_checker import compute_gradient, compute_gradient_error

__all__ = ["compute_gradient", "compute_gradient_error"]
