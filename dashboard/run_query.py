"""Runs asked for by their settings and metrics: conditions such as ``lr<=0.1``, and an order."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from dashboard.feed import flattened

if TYPE_CHECKING:
    from summaries.reader import Reader
    from summaries.records import RunInfo, SeriesInfo

FACTS = ("name", "status", "group", "job_type", "host", "created", "updated", "labels")
"""What is known of every run; a setting or a result of the same name goes before it."""
MOST_NAMED = 20

_FORM = re.compile(r"\s*(?P<key>.+?)\s*(?P<sign><=|>=|!=|==|=|<|>)\s*(?P<value>.*?)\s*", re.DOTALL)
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXTREMES = ("last", "min", "max")
_MISSING = object()


@dataclass(frozen=True)
class Condition:
    """One thing that a run must have."""

    key: str
    sign: str
    """One of = != < <= > >=."""
    value: Any
    """A number, a bool, None, or a text, in which ``*`` stands for anything."""

    def fits(self, value: Any) -> bool:
        """Whether it holds for this value; a run without one fits ``!=`` only."""
        if self.sign == "!=":
            return not self._same(value)
        if self.sign == "=":
            return self._same(value)
        if value is _MISSING or not _comparable(value, self.value):
            return False
        return bool(_ORDERS[self.sign](value, self.value))

    def _same(self, value: Any) -> bool:
        if isinstance(value, list | tuple):
            return any(self._same(item) for item in value)
        if isinstance(value, str) and isinstance(self.value, str):
            return value == self.value or fnmatchcase(value, self.value)
        if isinstance(value, bool) or isinstance(self.value, bool):
            return value is self.value
        if isinstance(value, float) and isinstance(self.value, float) and math.isnan(value):
            return math.isnan(self.value)
        return bool(value == self.value)


@dataclass(frozen=True)
class Found:
    """A run that fits, and its value of what the runs are sorted by; None: it has none."""

    run: RunInfo
    value: Any = None


def condition(text: str) -> Condition:
    """The condition that a text says.

    Example:
        >>> condition("opt.name != ad*")
        Condition(key='opt.name', sign='!=', value='ad*')

    Raises:
        ValueError: it says none.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f"condition '{text}': says nothing\n  try: lr<=0.1, or opt.name=adam")
    sign = "=" if form["sign"] == "==" else form["sign"]
    return Condition(form["key"], sign, _value(form["value"]))


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)
    # A text in quotes is a text, whatever it looks like; a list is compared as it is written.
    return value if not isinstance(value, list | dict) else text


def _comparable(a: Any, b: Any) -> bool:
    def is_number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    return (is_number(a) and is_number(b)) or (isinstance(a, str) and isinstance(b, str))


def runs_that_fit(
    reader: Reader,
    *,
    match: str | None = None,
    where: Sequence[str] = (),
    sort: str | None = None,
    descending: bool = False,
) -> list[Found]:
    """The runs for which all conditions hold, in the order asked for, else oldest first.

    A key is a setting's dotted name, a result's (`Run.summary`), one of `FACTS`, or a metric: its
    last value, or ``min:TAG`` and ``max:TAG``. Runs without a value, or with NaN, come last.

    Raises:
        ValueError: a condition says nothing, or no run has such a key.
    """
    runs = reader.runs(match)
    conditions = [condition(text) for text in where]
    keys = dict.fromkeys(one.key for one in conditions)
    if sort is not None:
        keys[sort] = None
    settings = {run.name: _settings(run) for run in runs} if keys else {}
    values = {key: _values(reader, runs, settings, key) for key in keys} if runs else {}
    fitting = [
        run
        for run in runs
        if all(one.fits(values[one.key].get(run.name, _MISSING)) for one in conditions)
    ]
    if sort is None:
        return [Found(run) for run in fitting]
    by = values.get(sort, {})
    found = [Found(run, by.get(run.name)) for run in fitting]
    known = [one for one in found if _rank(one.value) is not None]
    known.sort(key=lambda one: _rank(one.value) or (), reverse=descending)
    return known + [one for one in found if _rank(one.value) is None]


def _rank(value: Any) -> tuple[Any, ...] | None:
    """What values are sorted by, numbers before texts; None: it has no place."""
    if isinstance(value, int | float):
        return None if math.isnan(value) else (0, value)
    return (1, value) if isinstance(value, str) else None


def _values(
    reader: Reader, runs: Sequence[RunInfo], settings: Mapping[str, dict[str, Any]], key: str
) -> dict[str, Any]:
    """Run -> its value of the key."""
    found = {name: own[key] for name, own in settings.items() if key in own}
    if not found and key in FACTS:
        found = {run.name: getattr(run, key) for run in runs}
    if not found:
        found = _of_metric(reader, key)
    if not found:
        names = {name: None for own in settings.values() for name in own}
        raise ValueError(
            f"'{key}': no run has a setting, a result or a metric of that name\n"
            f"  settings and results: {_some(list(names))}\n"
            f"  metrics: {_some(reader.tags(most=MOST_NAMED + 1))}"
        )
    return found


def _settings(run: RunInfo) -> dict[str, Any]:
    return flattened({**run.summary, **run.config, **run.hparams})


def _of_metric(reader: Reader, key: str) -> dict[str, Any]:
    which, colon, tag = key.partition(":")
    if not colon or which not in _EXTREMES:
        which, tag = "last", key

    def value(series: SeriesInfo) -> Any:
        return getattr(series, f"{which}_value")

    series = reader.series_of_tags([tag])
    return {one.run: value(one) for one in series if value(one) is not None}


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:MOST_NAMED])
    return (shown + (", …" if len(names) > MOST_NAMED else "")) or "none"
