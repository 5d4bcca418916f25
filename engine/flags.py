"""``tf.flags``: command line flags with defaults."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Error(Exception):
    """Something is wrong with a flag."""


class UnrecognizedFlagError(Error, AttributeError):
    """A flag that nobody defined."""


class IllegalFlagValueError(Error, ValueError):
    """A value that a flag cannot have."""


@dataclass
class Flag:
    """One flag: its name, its value now, and how text becomes a value."""

    name: str
    default: Any
    help: str
    parse: Callable[[str], Any]
    kind: str = "string"
    required: bool = False
    value: Any = None

    def take(self, text: str) -> None:
        """Take the value that this text stands for; IllegalFlagValueError if it is none."""
        try:
            self.value = self.parse(text)
        except ValueError as error:
            raise IllegalFlagValueError(f"flag --{self.name}={text}: {error}") from None


class FlagValues:
    """The values of the defined flags as attributes; the command line is read at first use.

    Called with a command line, ``FLAGS(sys.argv)``, it reads that and gives what is left.
    """

    def __init__(self) -> None:
        # Past `__setattr__`, which sets flags.
        self.__dict__.update(_flags={}, _parsed=False)

    def define(
        self, name: str, default: Any, parse: Callable[[str], Any], text: str | None, kind: str
    ) -> None:
        """One more flag ``--name``; defined again, as when a notebook's cell runs again, anew."""
        if isinstance(default, str) and kind not in ("string", "enum"):
            default = parse(default)
        self._flags[name] = Flag(name, default, text or "", parse, kind, value=default)
        self.__dict__["_parsed"] = False

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Read a command line, program name first; what is no flag comes back.

        Raises:
            UnrecognizedFlagError: a flag that nobody defined, unless `known_only`.
            IllegalFlagValueError: a value that does not fit its flag, or a required one missing.
        """
        if isinstance(argv, str) or not argv:
            raise TypeError(f"argv should be a non-empty list of strings, got {argv!r}")
        rest = [argv[0], *self._read(list(argv[1:]), known_only)]
        for flag in self._flags.values():
            if flag.required and flag.value is None:
                raise IllegalFlagValueError(
                    f"flag --{flag.name}=None: Flag --{flag.name} must have a value other than "
                    "None."
                )
        self.__dict__["_parsed"] = True
        return rest

    def parse(self, arguments: Sequence[str]) -> list[str]:
        """Read flags from arguments without a program name; those that are no flags come back."""
        return self(["", *arguments], known_only=True)[1:]

    def _parse_flags(self, args: Sequence[str] | None = None) -> None:
        self.parse(sys.argv[1:] if args is None else args)

    def _read(self, arguments: list[str], known_only: bool) -> list[str]:
        rest: list[str] = []
        while arguments:
            argument = arguments.pop(0)
            if argument == "--":
                return rest + arguments
            name, equals, text = argument.lstrip("-").partition("=")
            if argument[:1] != "-" or not name:
                rest.append(argument)
            elif name in ("help", "helpfull", "helpshort") and name not in self._flags:
                print(self.main_module_help())
                sys.exit(1)
            elif name in self._flags:
                self._set(self._flags[name], text if equals else None, arguments)
            elif name[:2] == "no" and self._is_bool(name[2:]) and not equals:
                self._flags[name[2:]].value = False
            elif known_only:
                rest.append(argument)
            else:
                raise UnrecognizedFlagError(f"Unknown command line flag '{name}'")
        return rest

    def _is_bool(self, name: str) -> bool:
        return name in self._flags and self._flags[name].kind == "bool"

    def _set(self, flag: Flag, text: str | None, arguments: list[str]) -> None:
        if text is None and flag.kind == "bool":
            # `--train` alone is true; `--train False` is how scripts of 0.x are called.
            stated = bool(arguments) and arguments[0].lower() in ("true", "false")
            text = arguments.pop(0) if stated else "true"
        elif text is None:
            if not arguments:
                raise IllegalFlagValueError(f"Missing value for flag --{flag.name}")
            text = arguments.pop(0)
        flag.take(text)

    def _now(self) -> dict[str, Flag]:
        if not self._parsed:
            # Not strict: a notebook's kernel has arguments of its own.
            self(sys.argv or [""], known_only=True)
        flags: dict[str, Flag] = self._flags
        return flags

    def __getattr__(self, name: str) -> Any:
        if name == "__flags":
            return self.flag_values_dict()
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._flags:
            known = ", ".join(f"--{flag}" for flag in sorted(self._flags)) or "none"
            raise AttributeError(f"no flag --{name} is defined; there are: {known}")
        return self._now()[name].value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._flags:
            raise AttributeError(f"no flag --{name} is defined, so it cannot be set")
        self._now()[name].value = value

    def __getitem__(self, name: str) -> Flag:
        flag: Flag = self._flags[name]
        return flag

    def __contains__(self, name: str) -> bool:
        return name in self._flags

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags)

    def __len__(self) -> int:
        return len(self._flags)

    def __delattr__(self, name: str) -> None:
        if name not in self._flags:
            raise AttributeError(name)
        del self._flags[name]

    def flag_values_dict(self) -> dict[str, Any]:
        """Names and values."""
        return {name: flag.value for name, flag in self._now().items()}

    def is_parsed(self) -> bool:
        """Whether a command line has been read."""
        return bool(self._parsed)

    def mark_as_parsed(self) -> None:
        """Read no command line: the defaults hold."""
        self.__dict__["_parsed"] = True

    def unparse_flags(self) -> None:
        """Read the command line again at next use."""
        self.__dict__["_parsed"] = False

    def main_module_help(self) -> str:
        """What ``--help`` prints."""
        lines = [f"flags of {Path(sys.argv[0] if sys.argv else '').name}:"]
        for name, flag in sorted(self._flags.items()):
            shown = f"--[no]{name}" if flag.kind == "bool" else f"--{name}"
            lines += [f"  {shown}: {flag.help}", f"    (default: {flag.default!r})"]
            if flag.kind not in ("string", "bool"):
                lines.append(f"    ({flag.kind})")
        return "\n".join(lines)


FLAGS = FlagValues()


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "t", "1", "yes", "false", "f", "0", "no"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "t", "1", "yes")


def _whole(text: str) -> int:
    return int(text, 0)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def DEFINE_string(name: str, default: str | None, help: str | None = None) -> None:  # noqa: N802
    """A flag of text."""
    FLAGS.define(name, default, str, help, "string")


def DEFINE_integer(name: str, default: int | None, help: str | None = None) -> None:  # noqa: N802
    """A flag of a whole number."""
    FLAGS.define(name, default, _whole, help, "an integer")


def DEFINE_float(name: str, default: float | None, help: str | None = None) -> None:  # noqa: N802
    """A flag of a number."""
    FLAGS.define(name, default, float, help, "a number")


def DEFINE_boolean(name: str, default: Any, help: str | None = None) -> None:  # noqa: N802
    """A flag of true or false: ``--name``, ``--noname`` or ``--name=false``."""
    FLAGS.define(name, None if default is None else _truth(str(default)), _truth, help, "bool")


DEFINE_bool = DEFINE_boolean


def DEFINE_enum(  # noqa: N802
    name: str, default: str | None, enum_values: Sequence[str], help: str | None = None
) -> None:
    """A flag of one of these texts."""

    def chosen(text: str) -> str:
        if text not in enum_values:
            raise ValueError(f"value should be one of <{'|'.join(enum_values)}>")
        return text

    if default is not None:
        chosen(default)
    FLAGS.define(name, default, chosen, help, "enum")


def DEFINE_list(name: str, default: Any, help: str | None = None) -> None:  # noqa: N802
    """A flag of texts with commas between them."""
    FLAGS.define(name, default, _listed, help, "a comma separated list")


def DEFINE_multi_string(name: str, default: Any, help: str | None = None) -> None:  # noqa: N802
    """A flag that may be given several times, for a list of texts."""
    _define_multi(name, default, str, help)


def DEFINE_multi_integer(name: str, default: Any, help: str | None = None) -> None:  # noqa: N802
    """A flag that may be given several times, for a list of whole numbers."""
    _define_multi(name, default, _whole, help)


def _define_multi(name: str, default: Any, parse: Callable[[str], Any], text: str | None) -> None:
    first = default if default is None or isinstance(default, list) else [default]

    def added(given: str) -> list[Any]:
        before = FLAGS[name].value
        return [*([] if before is first else before), parse(given)]

    FLAGS.define(name, first, added, text, "repeated")


def mark_flag_as_required(flag_name: str) -> None:
    """Refuse a command line that leaves this flag None."""
    FLAGS[flag_name].required = True


def mark_flags_as_required(flag_names: Sequence[str]) -> None:
    """Refuse a command line that leaves one of these flags None."""
    for name in flag_names:
        mark_flag_as_required(name)


__all__ = [
    "FLAGS",
    "DEFINE_bool",
    "DEFINE_boolean",
    "DEFINE_enum",
    "DEFINE_float",
    "DEFINE_integer",
    "DEFINE_list",
    "DEFINE_multi_integer",
    "DEFINE_multi_string",
    "DEFINE_string",
    "Error",
    "Flag",
    "FlagValues",
    "IllegalFlagValueError",
    "UnrecognizedFlagError",
    "mark_flag_as_required",
    "mark_flags_as_required",
]
