"""Clipping by norm: graph code over the elementwise and reduction families."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.graph import Tensor
from engine.ops.arithmetic import add_n, maximum, minimum, truediv
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import sqrt
from engine.ops.losses import l2_loss
from engine.ops.reductions import reduce_sum


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """`t` scaled down so that its L2 norm (over `axes`) is at most `clip_norm`."""
    x = convert_to_tensor(t)
    with x.graph.name_scope(name or "clip_by_norm"):
        norm = sqrt(reduce_sum(x * x, axes, keep_dims=True))
        # Dividing by the larger of both leaves small tensors as they are, zeros included.
        return truediv(x * clip_norm, maximum(norm, clip_norm))


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Tensor:
    """The L2 norm of all tensors together, None items left out.

    Raises:
        ValueError: there is none.
    """
    tensors = [convert_to_tensor(item) for item in t_list if item is not None]
    if not tensors:
        raise ValueError("global_norm needs at least one tensor")
    with tensors[0].graph.name_scope(name or "global_norm") as scope:
        return sqrt(add_n([l2_loss(tensor) for tensor in tensors]) * 2.0, name=scope)


def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Tensor | None], Tensor]:
    """The tensors scaled by one factor so that `global_norm` is at most `clip_norm`; the norm."""
    norm = global_norm(t_list) if use_norm is None else convert_to_tensor(use_norm)
    with norm.graph.name_scope(name or "clip_by_global_norm"):
        scale = minimum(clip_norm / norm, 1.0)
        clipped = [None if item is None else convert_to_tensor(item) * scale for item in t_list]
    return clipped, norm
