"""The commands besides `serve` and `demo`: one module each, in the order in which help shows them.

Each has a ``NAME``, a ``HELP``, ``add_arguments(parser)``, and ``run(options)`` that gives the exit
status. A new command is such a module and its place in `COMMANDS`.
"""

from __future__ import annotations

import argparse
from typing import Protocol

from dashboard.commands import (
    archive,
    compact,
    compare,
    doctor,
    export,
    import_,
    ls,
    mcp,
    mv,
    pull,
    push,
    rm,
    show,
    trash,
)


class Command(Protocol):
    """What each module of `COMMANDS` has."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it; the exit status."""


COMMANDS: tuple[Command, ...] = (
    ls,
    show,
    compare,
    import_,
    export,
    push,
    pull,
    mcp,
    doctor,
    compact,
    archive,
    mv,
    trash,
    rm,
)
