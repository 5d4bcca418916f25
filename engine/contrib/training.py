"""``tf.contrib.training``: hyperparameters under one name, and a tensor that trains a step."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.contrib.learning import create_train_op

__all__ = ["HParams", "create_train_op"]

_ASSIGNMENT = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?P<value>\[[^\]]*\]|[^,\[]*)\s*(?:,|$)")


class HParams:
    """Hyperparameters by name, as attributes; each keeps the type of its first value.

    >>> settings = HParams(learning_rate=0.1, layers=[64, 32], name="plain")
    >>> settings.parse("learning_rate=0.5,layers=[16]").values()
    {'learning_rate': 0.5, 'layers': [16], 'name': 'plain'}
    """

    def __init__(self, **kwargs: Any):
        self._values: dict[str, Any] = {}
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """A new hyperparameter.

        Raises:
            ValueError: the name is taken, or the value is an empty list.
        """
        if name in self._values or hasattr(type(self), name):
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        if isinstance(value, list | tuple) and not value:
            raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
        self._values[name] = list(value) if isinstance(value, list | tuple) else value

    def set_hparam(self, name: str, value: Any) -> None:
        """Another value for one that there is.

        Raises:
            KeyError: there is none of this name.
            ValueError: the value has another type, or is a list for a single value or the reverse.
        """
        if name not in self._values:
            raise KeyError(f"Hyperparameter {name} does not exist")
        known = self._values[name]
        if isinstance(known, list) != isinstance(value, list | tuple):
            wanted = "a list" if isinstance(known, list) else "a single value"
            raise ValueError(f"Must pass {wanted} for hyperparameter {name}, not {value!r}")
        if isinstance(known, list):
            self._values[name] = [_as(type(known[0]), item, name) for item in value]
        else:
            self._values[name] = value if known is None else _as(type(known), value, name)

    def del_hparam(self, name: str) -> None:
        """Nothing of this name any more."""
        self._values.pop(name, None)

    def parse(self, values: str) -> HParams:
        """Itself with the values of ``name=value,name=[value,value]``.

        Raises:
            ValueError: the text is none such, or a name or a value does not fit.
        """
        position = 0
        while position < len(values):
            found = _ASSIGNMENT.match(values, position)
            if found is None:
                raise ValueError(f"Malformed hyperparameter value: {values[position:]}")
            position = found.end()
            name, text = found["name"], found["value"].strip()
            if name not in self._values:
                raise ValueError(f"Unknown hyperparameter type for {name}")
            known = self._values[name]
            if isinstance(known, list):
                items = [item.strip() for item in text.strip("[]").split(",")]
                self._values[name] = [_as(type(known[0]), item, name) for item in items]
            else:
                self._values[name] = text if known is None else _as(type(known), text, name)
        return self

    def override_from_dict(self, values_dict: dict[str, Any]) -> HParams:
        """Itself with the values of a dict."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def values(self) -> dict[str, Any]:
        """All of them by name."""
        return dict(self._values)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or `default`."""
        return self._values.get(key, default)

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """All of them as JSON."""
        return json.dumps(self._values, indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Itself with the values of a JSON object."""
        return self.override_from_dict(json.loads(values_json))

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is no attribute of its own.
        values = self.__dict__.get("_values", {})
        if name not in values:
            raise AttributeError(f"'HParams' object has no attribute {name!r}")
        return values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_values" and name in self._values:
            self._values[name] = value
        else:
            super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"HParams({sorted(self._values.items())})"


def _as(kind: type, value: Any, name: str) -> Any:
    """The value as one of this type, read from text where it is given as one."""
    problem = ValueError(
        f"Could not cast hyperparameter {name!r} of type {kind.__name__} from {value!r}"
    )
    if kind is bool:
        known = {"true": True, "1": True, "false": False, "0": False}
        if isinstance(value, bool):
            return value
        if not isinstance(value, str) or value.lower() not in known:
            raise problem
        return known[value.lower()]
    if isinstance(value, bool) or (isinstance(value, float) and kind is int):
        raise problem
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise problem from None
