"""What a case gave under one API, and how two of them compare."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

RELATIVE, ABSOLUTE = 1e-5, 1e-6


@dataclass(frozen=True)
class Case:
    """A function of an API that builds and runs something and gives facts about it."""

    name: str
    run: Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """A static shape; ours may know more than theirs, never something else."""

    dims: list[int | None] | None

    def finer_than(self, other: Sizes) -> bool:
        """Whether it says all that the other does."""
        if other.dims is None or self.dims is None:
            return other.dims is None
        return len(self.dims) == len(other.dims) and all(
            b is None or a == b for a, b in zip(self.dims, other.dims, strict=True)
        )


@dataclass
class Outcome:
    """The facts, or the error it ended with."""

    facts: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None


def outcome_of(run: Callable[[Any], Mapping[str, Any]], tf: Any) -> Outcome:
    """What the case gives in a graph of its own."""
    try:
        with tf.Graph().as_default(), np.errstate(all="ignore"):
            return Outcome(dict(run(tf)))
    except Exception as error:
        return Outcome(error=error)


def differences(mine: Outcome, other: Outcome) -> dict[str, str]:
    """The facts that differ, each with both values in words; empty where all agree."""
    if mine.error is not None or other.error is not None:
        if mine.error is not None and other.error is not None:
            return {}
        fact = "refused there" if mine.error is None else "error"
        return {fact: f"{_told(mine)} | {_told(other)}"}
    found = {}
    for fact in {**mine.facts, **other.facts}:
        a, b = mine.facts.get(fact), other.facts.get(fact)
        if not alike(a, b):
            found[fact] = f"{_short(a)} | {_short(b)}"
    return found


def alike(a: Any, b: Any) -> bool:
    """Whether two facts are the same, numbers within the tolerance."""
    if isinstance(a, Sizes) and isinstance(b, Sizes):
        return a.finer_than(b)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray | np.generic | float) and isinstance(
        b, np.ndarray | np.generic | float
    ):
        x, y = np.asarray(a), np.asarray(b)
        if x.shape != y.shape or x.dtype != y.dtype:
            return False
        if x.dtype.kind in "fc":
            # In single precision an element of a large sum that cancels is as exact as the sum.
            finite = np.abs(y[np.isfinite(y)])
            around = float(finite.max(initial=0.0)) if x.dtype == np.float32 else 0.0
            least = max(ABSOLUTE, RELATIVE * around)
            return bool(np.allclose(x, y, RELATIVE, least, equal_nan=True))
        return bool(np.array_equal(x, y))
    return type(a) is type(b) and bool(a == b)


def _told(outcome: Outcome) -> str:
    if outcome.error is None:
        return "no error"
    line = re.sub(r"\s+", " ", str(outcome.error))[:120]
    return f"{type(outcome.error).__name__}: {line}"


def _short(fact: Any) -> str:
    text = re.sub(r"\s+", " ", repr(fact))
    return text if len(text) <= 110 else f"{text[:107]}..."
