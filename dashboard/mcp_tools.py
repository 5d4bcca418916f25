"""What an agent can ask about a logdir: each method of `Tools` is one tool, and only reads."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dashboard import mcp_answers as answers
from dashboard.comparing import compare_runs as compared
from dashboard.comparing import metric_of, metrics_of
from dashboard.console_lines import Chosen, ConsoleLines, plain
from dashboard.feed import flattened
from dashboard.run_query import runs_that_fit
from summaries.kinds import KINDS

if TYPE_CHECKING:
    from summaries.reader import Reader
    from summaries.records import AlertRecord, ConsoleLine, RunInfo, SeriesInfo

MOST_BINS = 500
MOST_RUNS = 200
MOST_COMPARED = 30
MOST_METRICS = 100
MOST_LINES = 500
MOST_ALERTS = 50
LONGEST_LINE = 500
LONGEST_TEXT = 4000
LONGEST_SETTING = 300
LONGEST_LIST = 200


class Tools:
    """What an agent can ask; a method's docstring is what the agent is told of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._output = ConsoleLines(reader)

    def all(self) -> tuple[Any, ...]:
        """Every tool."""
        return (
            self.list_runs,
            self.run_config,
            self.list_metrics,
            self.read_series,
            self.compare_runs,
            self.run_health,
            self.read_console,
            self.read_values,
        )

    def list_runs(
        self,
        match: str = "*",
        where: Sequence[str] = (),
        sort: str | None = None,
        descending: bool = False,
        limit: int = 20,
        offset: int = 0,
    ) -> answers.RunList:
        """Find runs, newest first or in the order asked for; times are seconds since 1970.

        match: glob on the run's name, as "lr=0.1/*". where: conditions that must all hold, as
        "lr<=0.1", "opt.name=adam*", "status=running", "val/loss<0.5". sort: a setting or a metric;
        of a metric the last value counts, or min:TAG, max:TAG: the best runs of a loss are
        sort="min:val/loss", of an accuracy sort="max:val/acc" with descending=true. limit: at most
        200; total tells how many runs fit.
        """
        found = runs_that_fit(
            self._reader, match=match, where=where, sort=sort, descending=descending
        )
        if sort is None and not descending:
            found.reverse()
        page = found[_within("offset", offset, 0) :][: _within("limit", limit, 1, MOST_RUNS)]
        common, own = _apart([_settings(one.run) for one in page])
        rows = [
            answers.RunRow(
                one.run.name,
                one.run.status,
                one.run.created,
                one.run.updated,
                settings,
                list(one.run.labels),
                len(one.run.tags.get("scalar", ())),
                one.value,
            )
            for one, settings in zip(page, own, strict=True)
        ]
        return answers.RunList(len(found), common, rows)

    def run_config(self, run: str) -> answers.RunDetail:
        """Tell all about one run but its points: settings, results, notes, git, machine."""
        info = self._reader.run(run)
        surroundings = {k: v for k, v in info.environment.items() if k != "packages"}
        others = {kind: list(tags) for kind, tags in info.tags.items() if kind != "scalar"}
        return answers.RunDetail(
            run,
            info.status,
            info.created,
            info.updated,
            _cut(info.notes),
            list(info.labels),
            info.group,
            info.parent,
            info.fork_step,
            _cut(dict(info.config)),
            _cut(dict(info.hparams)),
            _cut(dict(info.summary)),
            _cut(surroundings),
            len(info.tags.get("scalar", ())),
            _cut(others),
        )

    def list_metrics(
        self, run: str, match: str = "*", limit: int = MOST_METRICS, offset: int = 0
    ) -> answers.MetricList:
        """List a run's metrics with count, last value and extremes; match is a glob on tags."""
        rows = list(metrics_of(self._reader, [run], match).items())
        page = rows[_within("offset", offset, 0) :][: _within("limit", limit, 1, MOST_METRICS)]
        metrics = {tag: answers.Metric(**row[0]) for tag, row in page}
        return answers.MetricList(run, len(rows), metrics)

    def read_series(
        self,
        run: str,
        tag: str,
        bins: int = 50,
        first_step: int | None = None,
        last_step: int | None = None,
        smoothing: float = 0.0,
    ) -> answers.Series:
        """Read one metric over a range of steps (both ends included; all of them if left out).

        Few points come as they are; many in about as many bins as asked for (500 at most), whose
        min and max are those of ALL points in them, so that no spike is hidden: ask again for a
        narrower range to see its points. smoothing: weight in [0, 1) of a debiased exponential
        moving average over every point.
        """
        steps = None
        if first_step is not None or last_step is not None:
            low = first_step if first_step is not None else -(2**62)
            steps = (low, last_step if last_step is not None else 2**62)
            if steps[0] > steps[1]:
                raise ValueError(f"first_step {steps[0]} is behind last_step {steps[1]}")
        wanted = _within("bins", bins, 1, MOST_BINS)
        found = self._reader.envelope(run, tag, wanted, steps, smoothing or None)
        points = binned = None
        if found.is_raw:
            points = answers.Points(found.step_max.tolist(), found.mean.tolist())
        else:
            binned = answers.Bins(
                found.step_min.tolist(),
                found.step_max.tolist(),
                found.mean.tolist(),
                found.min.tolist(),
                found.max.tolist(),
                found.count.tolist(),
                found.nonfinite.tolist(),
            )
        smoothed = None if found.smoothed is None else found.smoothed.tolist()
        return answers.Series(run, tag, found.n, points, binned, smoothed)

    def compare_runs(self, runs: list[str], tags: str = "*") -> answers.Comparison:
        """Compare runs (30 at most): settings that differ, and each metric's last and extremes.

        Rows are lists in the order of runs; null where a run has none. tags is a glob on metrics.
        """
        if not 1 <= len(runs) <= MOST_COMPARED:
            raise ValueError(f"compare 1 to {MOST_COMPARED} runs, not {len(runs)}")
        found = compared(self._reader, runs, tags=tags)
        metrics = list(found["metrics"].items())
        shown = {
            tag: [None if one is None else answers.Metric(**one) for one in row]
            for tag, row in metrics[:MOST_METRICS]
        }
        settings = _cut(found["settings"], LONGEST_SETTING)
        return answers.Comparison(
            found["runs"], found["status"], settings, shown, len(metrics) - len(shown)
        )

    def run_health(self, run: str, lines: int = 20) -> answers.Health:
        """Tell how a run is doing: status, progress, alerts (NaN, spikes, a dead process), output.

        lines: so many of the last lines that it printed, where its output was kept.
        """
        info = self._reader.run(run)
        series = [s for s in self._reader.series(run, "scalar") if not s.tag.startswith("system/")]
        alerts = self._reader.alerts(run)
        now = time.time()
        return answers.Health(
            run,
            info.status,
            max((one.last_step for one in series), default=None),
            round(now - info.updated, 1),
            round(now - info.heartbeat, 1),
            [_alert(one) for one in alerts[-MOST_ALERTS:]],
            len(alerts),
            {one.tag: _metric(one) for one in series if not _is_finite(one)},
            self._last_lines(run, _within("lines", lines, 0, MOST_LINES))[0],
        )

    def read_console(self, run: str, contains: str = "", lines: int = 50) -> answers.Console:
        """Read the last lines that a run printed to stdout and stderr, oldest first (500 at most).

        contains: only lines with this text in them, whatever its case; total_lines counts all.
        """
        most = _within("lines", lines, 0, MOST_LINES)
        found, total = self._last_lines(run, most)
        if contains:
            text = contains.casefold()
            fitting = (
                line
                for line in self._output.lines(run, Chosen())
                if text in plain(line.text).casefold()
            )
            found = [_line(line) for line in deque(fitting, maxlen=most)]
        return answers.Console(run, total, found)

    def read_values(
        self, run: str, tag: str, kind: str = "text", limit: int = 5, start: int | None = None
    ) -> answers.Values:
        """Read what a run logged besides metrics: texts, tables, histograms; the newest ones.

        run_config tells the kinds and tags there are. start: sequence number to begin with instead.
        Long texts and lists are cut; images and other files are told of, not sent.
        """
        if kind not in KINDS:
            raise ValueError(f"kind '{kind}': is none of {', '.join(KINDS)}")
        n = len(self._reader.steps(run, tag, kind))
        most = _within("limit", limit, 1, 50)
        begin = max(0, n - most) if start is None else _within("start", start, 0)
        records = self._reader.records(run, tag, kind, begin, begin + most)
        values = [_cut(asdict(record)) for record in records]
        return answers.Values(run, tag, kind, n, begin, values)

    def _last_lines(self, run: str, most: int) -> tuple[list[answers.Line], int]:
        """The last lines, and how many there are in all."""
        found = self._output.window(run, Chosen(), -most if most else 2**62, most)
        return [_line(one.line) for one in found.lines], found.total


def _line(line: ConsoleLine) -> answers.Line:
    return answers.Line(line.wall_time, line.stream, _cut(plain(line.text), LONGEST_LINE))


def _within(name: str, value: int, least: int, most: int | None = None) -> int:
    if value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")
    return value if most is None else min(value, most)


def _alert(alert: AlertRecord) -> answers.Alert:
    title, text = _cut(alert.title), _cut(alert.text)
    return answers.Alert(
        alert.wall_time, alert.step, alert.level, title, text, alert.source, alert.about
    )


def _metric(series: SeriesInfo) -> answers.Metric:
    return answers.Metric(**metric_of(series))


def _is_finite(series: SeriesInfo) -> bool:
    return series.last_value is None or math.isfinite(series.last_value)


def _settings(run: RunInfo) -> dict[str, Any]:
    settings: dict[str, Any] = _cut(flattened({**run.config, **run.hparams}), LONGEST_SETTING)
    return settings


def _apart(settings: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Settings that all have alike, where there are several; and each one's others."""
    first = settings[0] if len(settings) > 1 else {}
    common = {
        name: value
        for name, value in first.items()
        if all(name in own and repr(own[name]) == repr(value) for own in settings)
    }
    others = [{k: v for k, v in own.items() if k not in common} for own in settings]
    return common, others


def _cut(value: Any, most: int = LONGEST_TEXT) -> Any:
    """The value with texts and lists no longer than an agent should be made to read."""
    if isinstance(value, dict):
        return {key: _cut(item, most) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        cut = [_cut(item, most) for item in value[:LONGEST_LIST]]
        return cut if len(value) <= LONGEST_LIST else [*cut, f"… ({len(value)} in all)"]
    if isinstance(value, str) and len(value) > most:
        return f"{value[:most]}… ({len(value)} characters)"
    return value
