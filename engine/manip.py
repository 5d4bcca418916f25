"""``tf.manip``: what moves elements about."""

from engine.ops.gathering import gather_nd, scatter_nd
from engine.ops.joining import tile
from engine.ops.reversing import reverse, roll
from engine.ops.shaping import reshape

__all__ = ["gather_nd", "reshape", "reverse", "roll", "scatter_nd", "tile"]
