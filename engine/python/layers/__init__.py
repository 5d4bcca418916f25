"""``tensorflow.python.layers``: the layers by the modules they were in."""
