"""``tf.app``: run a script's main function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from engine import flags

__all__ = ["flags", "run"]


def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Read the flags, call ``main(argv)`` with what is left, and exit with its result."""
    given = list(sys.argv if argv is None else argv) or [""]
    try:
        rest = flags.FLAGS(given, known_only=True)
    except flags.Error as error:
        print(f"FATAL Flags parsing error:\n  {error}", file=sys.stderr)
        print("Pass --help to see help on flags.", file=sys.stderr)
        sys.exit(1)
    function = main or sys.modules["__main__"].main
    sys.exit(function(rest))
