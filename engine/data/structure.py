"""Nested structures of elements: tuples, named tuples and dicts; anything else is a leaf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; a dict's by its sorted keys, as in TensorFlow."""
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, tuple):
        return [leaf for item in structure for leaf in flatten(item)]
    return [structure]


def pack(structure: Any, leaves: Sequence[Any]) -> Any:
    """The structure with these leaves in place of its own."""
    packed, used = _pack(structure, leaves, 0)
    assert used == len(leaves)
    return packed


def _pack(structure: Any, leaves: Sequence[Any], start: int) -> tuple[Any, int]:
    if isinstance(structure, Mapping):
        found = {}
        for key in sorted(structure):
            found[key], start = _pack(structure[key], leaves, start)
        return {key: found[key] for key in structure}, start
    if isinstance(structure, tuple):
        items = []
        for item in structure:
            packed, start = _pack(item, leaves, start)
            items.append(packed)
        kind: Any = type(structure)
        return (kind(*items) if hasattr(structure, "_fields") else kind(items)), start
    return leaves[start], start + 1


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with `function` of each leaf in its place."""
    return pack(structure, [function(leaf) for leaf in flatten(structure)])


def same_structure(one: Any, other: Any) -> bool:
    """Whether both have the same nesting and keys."""
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and sorted(one) == sorted(other)
            and all(same_structure(one[key], other[key]) for key in one)
        )
    if isinstance(one, tuple):
        return (
            isinstance(other, tuple)
            and len(one) == len(other)
            and all(same_structure(a, b) for a, b in zip(one, other, strict=True))
        )
    return not isinstance(other, Mapping | tuple)


def matched(structure: Any, given: Any, what: str) -> list[Any]:
    """The leaves of `given` in the order of `structure`; ValueError if it is nested otherwise."""
    if not same_structure(structure, given):
        raise ValueError(f"{what} does not have the structure {structure!r}: {given!r}")
    return flatten(given)
