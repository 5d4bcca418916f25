"""``tf.compat.v1``: all names of the engine, which are those of 1.x."""

from __future__ import annotations

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    # Not imported: the engine is still being imported itself when this module is.
    return getattr(sys.modules["engine"], name)


def __dir__() -> list[str]:
    return dir(sys.modules["engine"])
