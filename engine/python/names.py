"""How the modules of TensorFlow's own packages find their names: in the engine's namespaces."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def names_of(module: str, *namespaces: str) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that looks in the engine and its `namespaces`, as ``nn``.

    TensorFlow's own modules have no interface that it keeps; scripts take functions from them that
    ``tf`` and ``tf.nn`` have too. So those are what there is.
    """

    def find(name: str) -> Any:
        if not name.startswith("__"):
            for namespace in (*namespaces, ""):
                place = importlib.import_module(f"engine.{namespace}".rstrip("."))
                if hasattr(place, name):
                    return getattr(place, name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return find
