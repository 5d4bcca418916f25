"""``tf.flags``: command line flags with defaults."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any


class Flags:
    """The values of the defined flags as attributes; the command line is read at first use."""

    def __init__(self) -> None:
        self._parser = argparse.ArgumentParser(allow_abbrev=False)
        self._values: dict[str, Any] | None = None

    def define(self, name: str, default: Any, kind: Any, text: str | None) -> None:
        """One more flag ``--name``."""
        # A percent sign is a format to argparse.
        shown = (text or "").replace("%", "%%")
        self._parser.add_argument(f"--{name}", default=default, type=kind, help=shown)
        self._values = None

    def parse(self, arguments: Sequence[str]) -> list[str]:
        """Read the flags from arguments; those that are no flags come back."""
        values, rest = self._parser.parse_known_args(list(arguments))
        self._values = vars(values)
        return rest

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._values is None:
            self.parse(sys.argv[1:])
        assert self._values is not None
        if name not in self._values:
            raise AttributeError(f"no flag --{name} is defined")
        return self._values[name]


FLAGS = Flags()


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "t", "1", "yes", "false", "f", "0", "no"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "t", "1", "yes")


def DEFINE_string(flag_name: str, default_value: str | None, docstring: str) -> None:  # noqa: N802
    """A flag of text."""
    FLAGS.define(flag_name, default_value, str, docstring)


def DEFINE_integer(flag_name: str, default_value: int | None, docstring: str) -> None:  # noqa: N802
    """A flag of a whole number."""
    FLAGS.define(flag_name, default_value, int, docstring)


def DEFINE_float(flag_name: str, default_value: float | None, docstring: str) -> None:  # noqa: N802
    """A flag of a number."""
    FLAGS.define(flag_name, default_value, float, docstring)


def DEFINE_boolean(flag_name: str, default_value: bool | None, docstring: str) -> None:  # noqa: N802
    """A flag of true or false."""
    FLAGS.define(flag_name, default_value, _truth, docstring)


DEFINE_bool = DEFINE_boolean
