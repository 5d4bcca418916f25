"""Where in the user's script something happens: the innermost frame outside this package."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

_OWN_FILES = (str(Path(__file__).parent), contextlib.__file__)
_OWN: dict[str, bool] = {}
"""Of files met so far, whether they are of this package: asked several times an operation."""
_LAST: tuple[Any, int, tuple[str, int, str]] = (None, 0, ("", 0, ""))
"""The code and line found last, and the answer: a line often makes several operations."""


def user_frame(above: int = 1) -> tuple[str, int, str]:
    """File, line and function of the user's innermost frame, looked for from `above` callers up."""
    frame = sys._getframe(above)
    file = frame.f_code.co_filename
    while (_OWN[file] if file in _OWN else _is_own(file)) and frame.f_back is not None:
        frame = frame.f_back
        file = frame.f_code.co_filename
    global _LAST
    code, line = frame.f_code, frame.f_lineno
    before = _LAST
    if before[0] is code and before[1] == line:
        return before[2]
    found = (file, line, code.co_name)
    _LAST = (code, line, found)
    return found


def _is_own(file: str) -> bool:
    own = _OWN[file] = file.startswith(_OWN_FILES)
    return own


def user_line() -> str:
    """The user's line that is being run now: ``train.py:12``."""
    file, line, _ = user_frame(2)
    return f"{Path(file).name}:{line}"
