"""``tensorflow.python.ops``: the modules that scripts import of it."""
