"""The rows of the misuse suite as cases: the class of the error, and whether the words are there."""

from __future__ import annotations

import importlib
import re
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
            # Of our messages the first lines, of theirs all: a trace of the graph stands above.
            said = re.search(row.phrase, str(error), re.MULTILINE) is not None
            return {"class": _SAME.get(kind, kind), "words": said}
        return {"class": "no error", "words": False}

    return run
