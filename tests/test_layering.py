"""Imports go one way: summaries knows nobody, engine has one door to it, dashboard reads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "summaries", "dashboard")


def imported_modules(path: Path) -> set[str]:
    """Every module named by an import anywhere in the file, deferred imports included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write it absolute"
            names.add(node.module or "")
    return names


def files_that_import(package: str, target: str) -> set[str]:
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        if any(name == target or name.startswith(f"{target}.") for name in imported_modules(path)):
            found.add(path.relative_to(ROOT).as_posix())
    return found


def test_summaries_imports_neither_of_the_others() -> None:
    assert files_that_import("summaries", "engine") == set()
    assert files_that_import("summaries", "dashboard") == set()


def test_engine_reaches_summaries_by_one_door() -> None:
    assert files_that_import("engine", "summaries") <= {"engine/summary.py"}
    assert files_that_import("engine", "dashboard") == set()


def test_only_the_playground_uses_the_engine() -> None:
    users = files_that_import("dashboard", "engine")
    assert all(user.startswith("dashboard/playground/") for user in users), users


def test_sql_is_written_in_summaries_and_dash_in_dashboard_only() -> None:
    assert (
        files_that_import("engine", "sqlalchemy") | files_that_import("engine", "sqlite3") == set()
    )
    assert files_that_import("dashboard", "sqlalchemy") == set()
    assert files_that_import("dashboard", "sqlite3") == set()
    assert files_that_import("summaries", "dash") | files_that_import("engine", "dash") == set()


@pytest.mark.parametrize("package", ["summaries", "engine"])
def test_import_stays_light(package: str) -> None:
    heavy = "('dash','plotly','jax','torch','pandas','ray','matplotlib','PIL','tensorflow','flask')"
    code = (
        f"import sys, {package}; bad = [m for m in {heavy} if m in sys.modules]; "
        "sys.exit(', '.join(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"import {package} pulled in {done.stderr}"
