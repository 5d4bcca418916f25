"""A choice between two ways to build a result, made in Python wherever it can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.control.branches import cond
from engine.ops.constants import convert_to_tensor, is_graph_value


def constant_choice(choice: Any) -> bool | None:
    """The choice as a bool where it is known while the graph is built, else None.

    Raises:
        TypeError: it is neither a bool, 0 or 1, nor a bool tensor.
    """
    if is_graph_value(choice):
        tensor = convert_to_tensor(choice)
        if not tensor.spec.dtype.is_bool:
            raise TypeError(f"pred must be a bool tensor, not {tensor}")
        known = tensor.constant_value()
        return None if known is None else bool(known)
    if isinstance(choice, bool | np.bool_) or choice in (0, 1):
        return bool(choice)
    raise TypeError(f"`pred` must be a Tensor, or a Python bool, or 1 or 0. Found: {choice!r}")


def smart_cond(
    choice: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None
) -> Any:
    """The result of one of two functions; a tensor not known yet chooses it in the run.

    choice: bool, 0, 1 or a bool tensor of rank 0.
    """
    known = constant_choice(choice)
    if known is not None:
        return true_fn() if known else false_fn()
    return cond(choice, true_fn, false_fn, name=name)
