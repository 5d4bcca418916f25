"""``tf.contrib``: what scripts of the 0.x and 1.x years took from TensorFlow's side packages."""

from engine.contrib import framework, layers, metrics, slim

__all__ = ["framework", "layers", "metrics", "slim"]
