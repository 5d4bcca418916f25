"""A run's results: what `define_metric` says of them, and the summary that holds them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from summaries.checks import shown
from summaries.config import StoredDict

RULES = ("min", "max", "mean", "last", "first", "best", "copy", "none")


@dataclass(frozen=True)
class MetricRule:
    """What `define_metric` was told of one name or glob."""

    name: str
    step_metric: str | None = None
    step_sync: bool = True
    hidden: bool = False
    summary: tuple[str, ...] = ()
    goal: str | None = None

    def as_record(self) -> dict[str, Any]:
        """What the run's record keeps of it."""
        found: dict[str, Any] = {}
        if self.step_metric is not None:
            found["step_metric"] = self.step_metric
        if self.hidden:
            found["hidden"] = True
        if self.summary:
            found["summary"] = ",".join(self.summary)
        if self.goal is not None:
            found["goal"] = self.goal
        return found


def as_rules(summary: str | None) -> tuple[str, ...]:
    """The rules of a text such as ``"min,mean"``.

    Raises:
        ValueError: it names an unknown rule.
    """
    rules = tuple(part.strip() for part in (summary or "").split(",") if part.strip())
    for rule in rules:
        if rule not in RULES:
            raise ValueError(f"define_metric: summary must be of {RULES}\n  got {shown(summary)}")
    return rules


class Metrics:
    """The metrics of one run as they are logged: last values, and the aggregates asked for."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}
        self._rules: list[MetricRule] = []
        self._of_tag: dict[str, MetricRule | None] = {}
        self._aggregates: dict[str, _Aggregate] = {}

    def define(self, rule: MetricRule) -> None:
        """Hold to the rule from here on; one of that name before is replaced."""
        self._rules = [known for known in self._rules if known.name != rule.name] + [rule]
        self._of_tag.clear()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def rule(self, tag: str) -> MetricRule | None:
        """The tag's rule: of its own name, or else of the glob defined last that fits it."""
        try:
            return self._of_tag[tag]
        except KeyError:
            own = [known for known in self._rules if known.name == tag]
            fitting = [known for known in self._rules if fnmatchcase(tag, known.name)]
            found = next(reversed(own or fitting), None)
            self._of_tag[tag] = found
            return found

    def add(self, tag: str, value: float) -> None:
        """Take a value into its aggregates."""
        rule = self.rule(tag)
        if rule is None or not rule.summary:
            return
        try:
            self._aggregates[tag].add(value)
        except KeyError:
            self._aggregates[tag] = _Aggregate(value)

    def summary(self) -> dict[str, Any]:
        """The aggregates: a number where there is one rule, else numbers by rule."""
        found: dict[str, Any] = {}
        for tag, aggregate in self._aggregates.items():
            rule = self.rule(tag)
            if rule is None or "none" in rule.summary:
                continue
            parts = {name: aggregate.of(name, rule.goal) for name in rule.summary}
            found[tag] = next(iter(parts.values())) if len(parts) == 1 else parts
        return found

    def without(self) -> set[str]:
        """Tags that the summary leaves out."""
        return {tag for tag in self.last if (rule := self.rule(tag)) and "none" in rule.summary}

    def missing_axes(self, logged: Mapping[str, Any]) -> dict[str, float]:
        """Own x metrics that the logged values need and that were not logged with them."""
        found: dict[str, float] = {}
        for tag in logged:
            rule = self.rule(tag)
            axis = rule.step_metric if rule is not None and rule.step_sync else None
            if axis is not None and axis not in logged and axis in self.last:
                found[axis] = self.last[axis]
        return found


class _Aggregate:
    """Minimum, maximum, mean, first and last of what came; NaN counts for the last only."""

    __slots__ = ("first", "last", "max", "min", "n", "total")

    def __init__(self, value: float) -> None:
        self.first = value
        self.min, self.max, self.total, self.n = math.inf, -math.inf, 0.0, 0
        self.add(value)

    def add(self, value: float) -> None:
        self.last = value
        if value == value:
            self.n += 1
            self.total += value
            self.min = min(self.min, value)
            self.max = max(self.max, value)

    def of(self, rule: str, goal: str | None) -> float:
        if rule == "best":
            rule = "max" if goal == "maximize" else "min"
        if rule == "mean":
            return self.total / self.n if self.n else math.nan
        if rule in ("min", "max") and not self.n:
            return math.nan
        return float(getattr(self, {"copy": "last"}.get(rule, rule)))


class Summary(MutableMapping[str, Any]):
    """The run's results by name: what the script put here, else aggregates, else last values.

    What the script puts here is stored at once; names are attributes as well.
    """

    __slots__ = ("_given", "_metrics")

    _given: StoredDict
    _metrics: Metrics

    def __init__(self, given: StoredDict, metrics: Metrics) -> None:
        object.__setattr__(self, "_given", given)
        object.__setattr__(self, "_metrics", metrics)

    def as_dict(self) -> dict[str, Any]:
        """A plain copy of all of it."""
        hidden = self._metrics.without()
        last = {tag: value for tag, value in self._metrics.last.items() if tag not in hidden}
        return {**last, **self._metrics.summary(), **self._given.as_dict()}

    def __getitem__(self, name: str) -> Any:
        return self._given[name] if name in self._given else self.as_dict()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._given[name] = value

    def __delitem__(self, name: str) -> None:
        del self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def __len__(self) -> int:
        return len(self.as_dict())

    def update(self, *values: Any, **named: Any) -> None:
        """Put in a mapping or pairs, in one go."""
        self._given.update(*values, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"summary has no '{name}'") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        return f"Summary({self.as_dict()!r})"
