"""``tensorflow.python.layers.core``: dense layers, as decoders take them for their outputs."""

from engine.layers.core import Dense, Dropout, Flatten, dense, dropout, flatten

__all__ = ["Dense", "Dropout", "Flatten", "dense", "dropout", "flatten"]
