"""What differs between two texts: by lines, and by words within lines that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST_CHARACTERS = 400_000
MOST_LINES = 6000
"""Of both texts together: more would keep a core busy for long."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# Below it a line is another one, not the old one changed.
_ALIKE = 0.3
# From there on difflib leaves very frequent lines out of its search, or takes quadratic time.
_LONG = 400

Part = tuple[str, bool]
"""Text, and whether it is only on this side."""


@dataclass(frozen=True)
class Row:
    """One line of the two texts beside each other; None where a side has no such line."""

    kind: Literal["same", "changed", "removed", "added"]
    a: tuple[Part, ...] | None
    b: tuple[Part, ...] | None


def diff_rows(a: str, b: str) -> list[Row]:
    """The lines of both texts, each line of one beside what it is in the other.

    Raises:
        ValueError: the texts are too long.

    Example:
        >>> [row.kind for row in diff_rows("x\\ny", "x\\nz\\ny")]
        ['same', 'added', 'same']
    """
    if len(a) + len(b) > MOST_CHARACTERS:
        raise ValueError(f"the texts have {len(a) + len(b):,} characters: too many to compare")
    old, new = a.splitlines(), b.splitlines()
    if len(old) + len(new) > MOST_LINES:
        raise ValueError(f"the texts have {len(old) + len(new):,} lines: too many to compare")
    rows: list[Row] = []
    for kind, i, i2, j, j2 in _opcodes(old, new):
        if kind == "equal":
            rows += [Row("same", ((line, False),), ((line, False),)) for line in old[i:i2]]
        else:
            rows += _replaced(old[i:i2], new[j:j2])
    return rows


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    long = max(len(old), len(new)) > _LONG
    return SequenceMatcher(None, old, new, autojunk=long).get_opcodes()


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """Lines that took the place of others, paired one to one as long as they are alike."""
    paired = min(len(old), len(new))
    for line, other in zip(old[:paired], new[:paired], strict=True):
        parts = _words(line, other)
        if parts is None:
            yield Row("removed", ((line, True),), None)
            yield Row("added", None, ((other, True),))
        else:
            yield Row("changed", *parts)
    for line in old[paired:]:
        yield Row("removed", ((line, True),), None)
    for line in new[paired:]:
        yield Row("added", None, ((line, True),))


def _words(a: str, b: str) -> tuple[tuple[Part, ...], tuple[Part, ...]] | None:
    """Both lines in parts; None if they have next to nothing in common."""
    old, new = _WORDS.findall(a), _WORDS.findall(b)
    left: list[Part] = []
    right: list[Part] = []
    shared = 0
    for kind, i, i2, j, j2 in _opcodes(old, new):
        own, other = "".join(old[i:i2]), "".join(new[j:j2])
        if kind == "equal":
            shared += len(own.strip())
        if own:
            left.append((own, kind != "equal"))
        if other:
            right.append((other, kind != "equal"))
    if 2 * shared < _ALIKE * (len(a.strip()) + len(b.strip())):
        return None
    return tuple(left), tuple(right)
