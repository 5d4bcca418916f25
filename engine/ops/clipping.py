"""Clipping by value and by norm, of tensors and of rows with indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.graph import Tensor
from engine.ops.arithmetic import add_n, maximum, minimum, multiply, truediv
from engine.ops.casting import cast, identity
from engine.ops.choosing import where
from engine.ops.comparisons import greater
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.elementwise import ones_like, rsqrt, sqrt
from engine.ops.indexed_slices import IndexedSlices
from engine.ops.losses import l2_loss
from engine.ops.reductions import reduce_sum
from engine.ops.sizes import size


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """`t` with elements outside [clip_value_min, clip_value_max] set to the bound.

    `IndexedSlices` stay such, with their rows clipped; likewise below.
    """
    values = _values(t)
    with values.graph.name_scope(name or "clip_by_value") as scope:
        below = minimum(values, clip_value_max)
        return _like(t, maximum(below, clip_value_min, name=scope))


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """`t` scaled down so that its L2 norm (over `axes`) is at most `clip_norm`."""
    values = _values(t)
    with values.graph.name_scope(name or "clip_by_norm") as scope:
        total = reduce_sum(values * values, axes, keep_dims=True)
        # The root of 0 has an infinite slope, which would make NaN of the gradient of zeros.
        positive = greater(total, 0.0)
        norm = where(positive, sqrt(where(positive, total, ones_like(total))), total)
        # Dividing by the larger of both leaves small tensors as they are, zeros included.
        scaled = truediv(values * clip_norm, maximum(norm, clip_norm))
        return _like(t, identity(scaled, name=scope))


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """`t` scaled down so that its L2 norm by its number of elements is at most `clip_norm`."""
    values = _values(t)
    with values.graph.name_scope(name or "clip_by_average_norm") as scope:
        dtype = values.dtype.base_dtype
        limit = convert_to_tensor(clip_norm, None if is_graph_value(clip_norm) else dtype)
        inverse = cast(size(values), dtype) * rsqrt(reduce_sum(values * values))
        return _like(t, multiply(values, minimum(inverse * limit, 1.0), name=scope))


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Tensor:
    """The L2 norm of all tensors together, None items left out.

    Raises:
        TypeError: it is no list.
        ValueError: there is no tensor in it.
    """
    tensors = [_values(item) for item in _sequence(t_list) if item is not None]
    if not tensors:
        raise ValueError("global_norm needs at least one tensor")
    with tensors[0].graph.name_scope(name or "global_norm") as scope:
        return sqrt(add_n([l2_loss(tensor) for tensor in tensors]) * 2.0, name=scope)


def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """The tensors scaled by one factor so that `global_norm` is at most `clip_norm`; the norm.

    With a norm that is infinite or NaN all elements become NaN, so that the damage shows.
    """
    items = list(_sequence(t_list))
    if use_norm is None:
        norm = global_norm(items)
    elif is_graph_value(use_norm):
        norm = convert_to_tensor(use_norm)
    else:
        dtypes = [_values(item).dtype.base_dtype for item in items if item is not None]
        norm = convert_to_tensor(use_norm, dtypes[0] if dtypes else None)
    with norm.graph.name_scope(name or "clip_by_global_norm"):
        # x - x is 0, but NaN for what is not finite.
        scale = minimum(clip_norm / norm, 1.0) + (norm - norm)
        clipped = [None if item is None else _like(item, _values(item) * scale) for item in items]
    return clipped, norm


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """`scalar` times x, which may be `IndexedSlices`.

    Raises:
        ValueError: `scalar` is not of rank 0.
    """
    values = _values(x)
    factor = convert_to_tensor(scalar, values.dtype.base_dtype)
    if factor.spec.dims not in (None, ()):
        raise ValueError(f"Only scalar multiply works, got shape {factor.shape}")
    return _like(x, factor * values)


def _values(item: Any) -> Tensor:
    return item.values if isinstance(item, IndexedSlices) else convert_to_tensor(item)


def _like(item: Any, values: Tensor) -> Any:
    return item.with_values(values) if isinstance(item, IndexedSlices) else values


def _sequence(t_list: Any) -> Sequence[Any]:
    if isinstance(t_list, str) or not isinstance(t_list, Sequence):
        raise TypeError("t_list should be a sequence")
    return t_list
