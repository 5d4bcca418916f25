"""``tensorflow.python.client``: what scripts import of it."""
