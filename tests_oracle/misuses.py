"""The rows of the misuse suite as cases: the class of the error.

The words are not compared: ours are those of TensorFlow 1, and version 2 rephrased a third of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests_oracle.apis import under
from tests_oracle.outcome import Case

_SAME = {"OperatorNotAllowedInGraphError": "TypeError", "NoSuchNameError": "KeyError"}


def cases(mine: Any, other: Any) -> list[tuple[Case, Case]]:
    """Each misuse under both APIs."""
    with under(mine):
        subjects = importlib.import_module("misuse_rows").SUBJECTS
    found = []
    for subject, rows in subjects.items():
        for row in rows:
            if "grpc://" in row.script:
                continue  # TensorFlow waits for the cluster for ever.
            case = Case(f"{subject}/{row.name}", _runner(row))
            found.append((case, case))
    return found


def _runner(row: Any) -> Any:
    def run(tf: Any) -> Mapping[str, Any]:
        script = row.script
        try:
            exec(compile(script, "train.py", "exec"), {"tf": tf, "np": np})
        except Exception as error:
            kind = type(error).__name__
            return {"class": _SAME.get(kind, kind)}
        return {"class": "no error"}

    return run
