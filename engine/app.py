"""``tf.app``: run a script's main function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from engine import flags

__all__ = ["flags", "run"]


def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Parse the flags, call ``main(argv)`` with what is left, and exit with its result."""
    given = list(sys.argv if argv is None else argv)
    rest = flags.FLAGS.parse(given[1:])
    function = main or sys.modules["__main__"].main
    sys.exit(function([given[0], *rest]))
