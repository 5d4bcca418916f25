"""A run's config and summary: dictionaries whose every change is stored."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from summaries.checks import as_json

_ABSENT = object()

Changed = Callable[["StoredDict", Collection[str] | None], None]
"""Called after a change with the dict and the names that changed in it; None if any was removed."""


def as_settings(method: str, what: str, values: Any) -> dict[str, Any]:
    """Settings as plain JSON data: of a mapping, an argparse.Namespace or a dataclass.

    Raises:
        TypeError: something else, or what JSON cannot hold.
    """
    if isinstance(values, argparse.Namespace):
        values = vars(values)
    elif dataclasses.is_dataclass(values) and not isinstance(values, type):
        values = dataclasses.asdict(values)
    return as_json(method, what, values)


class StoredDict(dict[str, Any]):
    """A dict of JSON data, its names attributes as well; what changes is handed to be stored.

    Nested mappings are such dicts too, so ``config.model.width = 64`` is stored as well.
    """

    __slots__ = ("_changed", "_label")

    _changed: Changed
    _label: str

    def __init__(
        self,
        values: Mapping[str, Any],
        changed: Changed,
        label: str = "config",
    ) -> None:
        """Hold values that are plain already.

        Args:
            values: what is in it.
            changed: stores what changed.
            label: what errors call it.
        """
        super().__init__()
        object.__setattr__(self, "_changed", changed)
        object.__setattr__(self, "_label", label)
        for name, value in values.items():
            super().__setitem__(name, self._nested(name, value))

    def _nested(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return type(self)(
                value, lambda *_: self._changed(self, (name,)), f"{self._label}.{name}"
            )
        return value

    def _put(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            super().__setitem__(name, self._nested(name, value))
        if values:
            self._changed(self, tuple(values))

    # -- what a dict does, and is stored ----------------------------------------------------------

    def __setitem__(self, name: str, value: Any) -> None:
        self._put(as_json(self._label, "values", {name: value}))

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._changed(self, None)

    def update(self, *values: Any, allow_val_change: bool | None = None, **named: Any) -> None:
        """Take in a mapping, an argparse.Namespace, a dataclass, or pairs.

        Args:
            values: at most one of these.
            allow_val_change: False refuses to change a value that is there; None and True allow it.
            named: further entries.

        Raises:
            TypeError: what cannot be stored as JSON.
            ValueError: allow_val_change is False and a value would change.
        """
        given: Any = values[0] if values else {}
        if isinstance(given, Iterable) and not isinstance(given, Mapping):
            given = dict(given)
        plain = {
            **as_settings(self._label, "values", given),
            **as_json(self._label, "values", named),
        }
        if allow_val_change is False:
            for name, value in plain.items():
                if self.get(name, value) != value:
                    raise ValueError(
                        f"{self._label} '{name}': is {self[name]!r:.100} already\n"
                        f"  got {value!r:.100}\n  try: allow_val_change=True"
                    )
        self._put(plain)

    def setdefaults(self, values: Any) -> None:
        """Take in what is not there yet."""
        plain = as_settings(self._label, "values", values)
        self._put({name: value for name, value in plain.items() if name not in self})

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The value of that name, put there first if there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: str, default: Any = _ABSENT) -> Any:
        """The value of that name, taken out."""
        if name not in self and default is not _ABSENT:
            return default
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        """The last entry, taken out."""
        found = super().popitem()
        self._changed(self, None)
        return found

    def clear(self) -> None:
        """Take everything out."""
        super().clear()
        self._changed(self, None)

    def __ior__(self, values: Any) -> StoredDict:  # type: ignore[override, misc]
        self.update(values)
        return self

    def as_dict(self) -> dict[str, Any]:
        """A plain copy, nested dicts as well."""
        return {
            name: value.as_dict() if isinstance(value, StoredDict) else value
            for name, value in self.items()
        }

    def __reduce__(self) -> Any:
        return dict, (self.as_dict(),)  # what is sent to another process is data

    # -- names as attributes ----------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(f"'{key}'" for key in list(self)[:10]) or "none"
            raise AttributeError(f"{self._label} has no '{name}'\n  there are: {known}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]
