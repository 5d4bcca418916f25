"""Both APIs under one name, and modules written against one of them loaded against the other."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

SUPPORT = Path(__file__).parent.parent / "tests" / "support"


class AbsentError(Exception):
    """TensorFlow 2's compatibility module has no such name."""


class Absent:
    """What stands for a name that is not there until it is called."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Absent:
        return Absent(f"{self._name}.{name}")

    def __call__(self, *args: Any, **options: Any) -> Any:
        raise AbsentError(f"tf.{self._name}")


class _Namespace(ModuleType):
    """A module whose missing names are `Absent`."""

    def __init__(self, real: Any, path: str = ""):
        super().__init__("engine")
        self.__dict__["_real"] = real
        self.__dict__["_path"] = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self._path}.{name}".lstrip(".")
        found = getattr(self._real, name, None)
        if found is None:
            return Absent(path)
        is_module = isinstance(found, ModuleType) or type(found).__name__.endswith("Wrapper")
        return _Namespace(found, path) if is_module else found


def ours() -> Any:
    """The engine."""
    return importlib.import_module("engine")


def theirs() -> Any:
    """TensorFlow's own graph API."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    tf = importlib.import_module("tensorflow.compat.v1")
    tf.disable_v2_behavior()
    tf.get_logger().setLevel("ERROR")
    return _Namespace(tf)


@contextmanager
def under(api: Any) -> Iterator[None]:
    """Where ``import engine as tf`` gives this API; test modules imported inside are forgotten."""
    before = dict(sys.modules)
    sys.path.insert(0, str(SUPPORT))
    sys.modules["engine"] = api
    try:
        yield
    finally:
        sys.path.remove(str(SUPPORT))
        for name in set(sys.modules) - set(before):
            if name.split(".")[0] in ("op_rows", "misuse_rows"):
                del sys.modules[name]
        sys.modules["engine"] = before["engine"]
