"""``from tensorflow.python.framework import graph_util``, with the package's name changed."""

from engine.graph_util import *  # noqa: F403
from engine.graph_util import __all__  # noqa: F401
