"""Where in the user's script something happens: the innermost frame outside this package."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

_OWN_FILES = (str(Path(__file__).parent), contextlib.__file__)


def user_frame(above: int = 1) -> tuple[str, int, str]:
    """File, line and function of the user's innermost frame, looked for from `above` callers up."""
    frame = sys._getframe(above)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OWN_FILES):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def user_line() -> str:
    """The user's line that is being run now: ``train.py:12``."""
    file, line, _ = user_frame(2)
    return f"{Path(file).name}:{line}"
