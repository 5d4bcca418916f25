"""Structures of tensors: lists, tuples, named tuples and dicts, nested as one likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def is_sequence(value: Any) -> bool:
    """Whether it is a structure rather than a leaf."""
    return isinstance(value, list | tuple | Mapping)


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; of a dict in the order of its sorted keys.

    >>> flatten([1, (2, {"b": 4, "a": 3})])
    [1, 2, 3, 4]
    """
    return list(_leaves(structure))


def _leaves(structure: Any) -> Iterator[Any]:
    if isinstance(structure, Mapping):
        for key in _keys(structure):
            yield from _leaves(structure[key])
    elif isinstance(structure, list | tuple):
        for item in structure:
            yield from _leaves(item)
    else:
        yield structure


def _keys(structure: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(structure)
    except TypeError:
        return list(structure)


def pack_sequence_as(structure: Any, flat: Any) -> Any:
    """The leaves `flat` in the form of `structure`.

    Raises:
        ValueError: there are more or fewer leaves than places.

    >>> pack_sequence_as((0, [0, 0]), [1, 2, 3])
    (1, [2, 3])
    """
    items = list(flat)
    expected = len(flatten(structure))
    if len(items) != expected:
        raise ValueError(
            f"Could not pack sequence. Structure had {expected} elements, but flat_sequence had "
            f"{len(items)} elements. Structure: {structure}, flat_sequence: {items}."
        )
    rest = iter(items)
    return _packed(structure, rest)


def _packed(structure: Any, rest: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        found = {key: _packed(structure[key], rest) for key in _keys(structure)}
        ordered = {key: found[key] for key in structure}
        return ordered if type(structure) is dict else type(structure)(ordered)  # type: ignore[call-arg]
    if isinstance(structure, list | tuple):
        parts = [_packed(item, rest) for item in structure]
        if hasattr(structure, "_fields"):
            return type(structure)(*parts)
        return parts if isinstance(structure, list) else tuple(parts)
    return next(rest)


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """`function` of the leaves in the same place of each structure, in the form of the first."""
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    columns = zip(*[flatten(structure) for structure in structures], strict=True)
    return pack_sequence_as(structures[0], [function(*leaves) for leaves in columns])


def assert_same_structure(a: Any, b: Any, check_types: bool = True) -> None:
    """Nothing, if both have their leaves in the same places.

    Raises:
        ValueError: they do not.
        TypeError: one has a list where the other has a tuple (with `check_types`).
    """
    if is_sequence(a) != is_sequence(b) or (is_sequence(a) and len(a) != len(b)):
        raise ValueError(
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: type={type(a).__name__} str={a}\n\n"
            f"Second structure: type={type(b).__name__} str={b}"
        )
    if not is_sequence(a):
        return
    same_kind = type(a) is type(b) or (isinstance(a, Mapping) and isinstance(b, Mapping))
    if check_types and not same_kind:
        raise TypeError(
            "The two structures don't have the same sequence type. First structure has type "
            f"{type(a)}, while second structure has type {type(b)}."
        )
    if isinstance(a, Mapping):
        if set(a) != set(b):
            raise ValueError(
                "The two dictionaries don't have the same set of keys. First structure has keys "
                f"{list(a)}, while second structure has keys {list(b)}."
            )
        pairs = [(a[key], b[key]) for key in a]
    else:
        pairs = list(zip(a, b, strict=True))
    for x, y in pairs:
        assert_same_structure(x, y, check_types)
