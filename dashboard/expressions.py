"""Arithmetic over scalar series as the page sends it: nested JSON lists, evaluated by NumPy.

The page parses what a person types (``components/expressions.js``); what crosses the wire is
``["-", ["tag", "train/loss"], ["tag", "val/loss"]]``. Numbers stand for themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.smoothing import debiased_ema

Float64 = NDArray[np.float64]
Node = float | tuple[Any, ...]

# Far more than anybody types; a nest that is deeper would end Python's own stack.
MAX_NODES = 200
MAX_DEPTH = 40


@dataclass(frozen=True)
class Function:
    """What an expression may call: how many arguments it takes, and what it does to arrays."""

    call: Callable[..., Float64]
    fewest: int = 1
    most: int = 1


def _running(accumulate: Callable[[Float64], Any], nothing: float) -> Callable[[Float64], Float64]:
    """The best value so far; one that is NaN is passed over."""

    def best(values: Float64) -> Float64:
        found = np.asarray(accumulate(np.where(np.isnan(values), nothing, values)))
        return np.where(found == nothing, np.nan, found)

    return best


def _ema(values: Float64, weight: Float64) -> Float64:
    """The debiased moving average; the weight has to be one number in [0, 1)."""
    chosen = float(weight.flat[0]) if weight.size else 0.0
    if not 0.0 <= chosen < 1.0 or (weight != chosen).any():
        raise ValueError("ema(x, w): the weight w must be one number, at least 0 and below 1")
    return debiased_ema(np.ascontiguousarray(values), chosen)


def _difference(values: Float64) -> Float64:
    return np.diff(values, prepend=np.nan)


def _extreme(ufunc: np.ufunc) -> Callable[..., Float64]:
    def of_all(*columns: Float64) -> Float64:
        found = columns[0]
        for column in columns[1:]:
            found = ufunc(found, column)
        return found

    return of_all


FUNCTIONS: Mapping[str, Function] = {
    "+": Function(np.add, 2, 2),
    "-": Function(np.subtract, 2, 2),
    "*": Function(np.multiply, 2, 2),
    "/": Function(np.divide, 2, 2),
    "%": Function(np.mod, 2, 2),
    "^": Function(np.power, 2, 2),
    "neg": Function(np.negative),
    "abs": Function(np.abs),
    "sqrt": Function(np.sqrt),
    "exp": Function(np.exp),
    "log": Function(np.log),
    "log2": Function(np.log2),
    "log10": Function(np.log10),
    "min": Function(_extreme(np.minimum), 2, 20),
    "max": Function(_extreme(np.maximum), 2, 20),
    "ema": Function(_ema, 2, 2),
    "running_min": Function(_running(np.minimum.accumulate, np.inf)),
    "running_max": Function(_running(np.maximum.accumulate, -np.inf)),
    "diff": Function(_difference),
    "cumsum": Function(np.cumsum),
}
"""Every name an expression may call; the same list is in ``components/expressions.js``."""


def expression_of(value: Any) -> Node:
    """The expression that this JSON is, as nested tuples.

    Raises:
        ValueError: it is none, or longer than any that a person types.
    """
    left = [MAX_NODES]
    return _checked(value, 0, left)


def _checked(value: Any, depth: int, left: list[int]) -> Node:
    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        raise ValueError(f"the expression is too long: at most {MAX_NODES} parts")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise ValueError(f"not a part of an expression: {value!r:.80}")
    name, arguments = value[0], value[1:]
    if name == "step" and not arguments:
        return ("step",)
    if name == "tag" and len(arguments) == 1 and isinstance(arguments[0], str):
        return ("tag", arguments[0])
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(f"there is no function '{name}'\n  try: one of {', '.join(FUNCTIONS)}")
    if not function.fewest <= len(arguments) <= function.most:
        raise ValueError(f"'{name}' takes {function.fewest} arguments, got {len(arguments)}")
    return (name, *(_checked(argument, depth + 1, left) for argument in arguments))


def tags_of(node: Node) -> tuple[str, ...]:
    """The tags that the expression reads, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(_tags(node)))


def _tags(node: Node) -> Iterator[str]:
    if isinstance(node, tuple):
        if node[0] == "tag":
            yield node[1]
        else:
            for argument in node[1:]:
                yield from _tags(argument)


def evaluate(node: Node, columns: Mapping[str, Float64], step: NDArray[np.int64]) -> Float64:
    """The expression's values, float64 [n]: infinite or NaN where it is not defined.

    Args:
        node: as `expression_of` made it.
        columns: float64 [n] of each tag.
        step: int64 [n], what ``step`` stands for.

    Example:
        >>> evaluate(("-", ("tag", "a"), 1.0), {"a": np.array([3.0])}, np.array([0]))
        array([2.])
    """
    with np.errstate(all="ignore"):
        found = _evaluate(node, columns, step)
    return np.broadcast_to(found, step.shape).astype(np.float64)


def _evaluate(node: Node, columns: Mapping[str, Float64], step: NDArray[np.int64]) -> Float64:
    if isinstance(node, float):
        return np.full(step.shape, node)
    if node[0] == "tag":
        return columns[node[1]]
    if node[0] == "step":
        return step.astype(np.float64)
    arguments = [_evaluate(argument, columns, step) for argument in node[1:]]
    return FUNCTIONS[node[0]].call(*arguments)
