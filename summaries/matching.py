"""Names chosen by a glob, a regular expression or as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

Pattern = str | re.Pattern[str]
"""A name, a glob (``lr=0.1/*``; ``*`` stands for slashes too), or a compiled expression."""


def matcher(pattern: Pattern | None) -> Callable[[str], bool]:
    """Whether a name is meant: by a compiled expression found anywhere in it, by a glob as a whole.

    A name with the signs of a glob in it is also meant by itself.

    Example:
        >>> [matcher(p)("lr=0.1/seed=3") for p in (None, "lr=0.1/*", re.compile("seed=[12]"))]
        [True, True, False]
    """
    if pattern is None:
        return lambda name: True
    if isinstance(pattern, re.Pattern):
        return lambda name: pattern.search(name) is not None
    return lambda name: name == pattern or fnmatchcase(name, pattern)


def is_glob(pattern: Pattern | None) -> bool:
    """Whether it may mean several names."""
    return not isinstance(pattern, str) or any(sign in pattern for sign in "*?[")
