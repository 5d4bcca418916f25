"""The rows of the operations' contract suite: one module a family, found by its name here."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from op_rows.row import Row


def _modules() -> list[Any]:
    return [
        importlib.import_module(f"op_rows.{found.name}")
        for found in pkgutil.iter_modules(__path__)
        if found.name != "row"
    ]


def all_rows() -> list[Row]:
    """Every row of every module."""
    rows = [row for module in _modules() for row in module.ROWS]
    names = [row.name for row in rows]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"two rows have one name: {twice}"
    return rows


def kinds_tested_elsewhere() -> set[str]:
    """Kinds without a row, each with tests of its own: they draw, keep state or give nothing."""
    return {kind for module in _modules() for kind in getattr(module, "ELSEWHERE", ())}
