"""``tensorflow.python.util.nest``: structures of tensors."""

from engine.nest import (
    assert_same_structure,
    flatten,
    is_sequence,
    map_structure,
    pack_sequence_as,
)

__all__ = [
    "assert_same_structure",
    "flatten",
    "is_sequence",
    "map_structure",
    "pack_sequence_as",
]
