"""``tensorflow.python.framework``: what scripts import of it."""
