"""`Reader`: every run below a logdir, whichever database it lies in, as numpy arrays."""

from __future__ import annotations

import base64
import heapq
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from summaries.envelopes import as_envelope
from summaries.errors import NotFoundError
from summaries.imports.sink import BOOKMARK
from summaries.kind_reading import KindReading, record_of
from summaries.matching import Pattern, is_glob, matcher
from summaries.places import Logdirs, Place, Places, Source, below, joined
from summaries.records import (
    Changes,
    Envelope,
    Float64,
    Problem,
    Replaced,
    RunInfo,
    SavedView,
    Scalars,
    SeriesInfo,
)
from summaries.restarts import last_before_restart, smoothed_by_part
from summaries.smoothing import SmoothingKind, checked_amount, smoothed_at
from summaries.store.pyramid import Bins, fit
from summaries.store.reading import StoreReader

if TYPE_CHECKING:
    import pandas as pd


class Reader(KindReading):
    """A read-only view of a logdir; made by `open_logdir`. Thread-safe.

    Lists are read anew only where a database changed; nothing that was read stays in memory but
    the runs' records.
    """

    def __init__(self, logdir: Logdirs) -> None:
        """See `open_logdir`."""
        self._places = Places(logdir)
        self.logdir = self._places.label

    def close(self) -> None:
        """Give the files back."""
        self._places.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- lists --------------------------------------------------------------------------------

    def runs(self, match: Pattern | None = None, *, deleted: bool = False) -> list[RunInfo]:
        """Every run's record, oldest first.

        Args:
            match: only runs whose name fits this glob or compiled regular expression.
            deleted: those in the trash instead, which no other list has.
        """
        fits = matcher(match)
        found = [
            place.info(row)
            for place in self._places.fresh()
            for row in place.runs()
            if row.is_deleted == deleted
        ]
        found = [info for info in found if fits(info.name)]
        return sorted(found, key=lambda info: (info.created, info.name))

    def run(self, name: str) -> RunInfo:
        """One run's record, be it in the trash.

        Raises:
            NotFoundError: there is no such run.
        """
        self._places.fresh()
        place, own = self._locate(name)
        return place.info(place.rows[place.ids[own]])

    def views(self) -> list[SavedView]:
        """The saved views, by name; of several of one name that of the logdir's own database."""
        found: dict[str, SavedView] = {}
        for _, views in self._views():
            for view in views:
                found.setdefault(view.name, view)
        return sorted(found.values(), key=lambda view: view.name)

    def look_again(self) -> None:
        """Have the next question look for new databases, which else waits up to a second."""
        self._places.look_again()

    def databases_with_view(self, name: str) -> list[Path | str]:
        """The databases that hold a view of that name."""
        return [where for where, views in self._views() if any(v.name == name for v in views)]

    def _views(self) -> Iterator[tuple[Path | str, list[SavedView]]]:
        for place in self._places.fresh():
            store = None if place.source.is_mirror else self._places.store(place)
            if store is not None:
                nothing: list[SavedView] = []
                yield place.source.where, self._places.guarded(place, store.views, nothing)

    def series(self, run: str | None = None, kind: str | None = None) -> list[SeriesInfo]:
        """What lists need of every series, without its points; of no run in the trash.

        Args:
            run: only of this run, be it in the trash.
            kind: only of this kind: "scalar", or one of `summaries.kinds.KINDS`.

        Raises:
            NotFoundError: there is no such run.
        """
        wanted: list[tuple[Place, str | None]] = (
            [self._locate(run)]
            if run is not None
            else [(place, None) for place in self._places.fresh()]
        )
        found: list[SeriesInfo] = []
        for place, name in wanted:
            store = self._places.store(place)
            if store is not None:
                read = partial(store.series, run=name)
                nothing: list[SeriesInfo] = []
                series = self._places.guarded(place, read, nothing)
                if run is None:
                    series = _not_of(place.deleted(), series)
                found += self._named(place, series)
        # A series whose values were all replaced by a rewind has none to show.
        return [s for s in found if (kind is None or s.kind == kind) and s.n > 0]

    def tags(
        self, match: Pattern | None = None, kind: str = "scalar", most: int = 200
    ) -> list[str]:
        """The first tags of a kind, sorted, over all runs; cheap however many there are.

        Args:
            match: only tags that fit this glob or in which this compiled expression is found.
            kind: "scalar", or one of `summaries.kinds.KINDS`.
            most: so many at most.
        """
        fits = match.search if isinstance(match, re.Pattern) else matcher(match)
        found: set[str] = set()
        for place in self._places.fresh():
            for tags in list(place.tags.values()):
                found.update(tag for tag in list(tags.get(kind, ())) if fits(tag))
        return heapq.nsmallest(most, found)

    def series_of_tags(self, tags: Sequence[str], kind: str = "scalar") -> list[SeriesInfo]:
        """What lists need of the series of these tags, of every run that has them."""
        found: list[SeriesInfo] = []
        for place in self._places.fresh():
            store = self._places.store(place)
            if store is not None and tags:
                read = partial(store.series_of_tags, kind, tags)
                nothing: list[SeriesInfo] = []
                found += self._named(place, self._places.guarded(place, read, nothing))
        return [s for s in found if s.n > 0]

    def replaced(self, run: str) -> list[Replaced]:
        """What rewinds of the run took out of sight, in the order in which they did.

        Raises:
            NotFoundError: there is no such run.
        """
        place, name = self._locate(run)
        return [
            Replaced(run, tag, kind, rewound, step, scalars=found)
            if isinstance(found, Scalars)
            else Replaced(run, tag, kind, rewound, step, record=record_of(kind, found))
            for tag, kind, rewound, step, found in self._places.open(place).replaced(name)
        ]

    def hparams(self) -> dict[str, dict[str, Any]]:
        """The hyperparameters of each run that recorded some."""
        return {info.name: dict(info.hparams) for info in self.runs() if info.hparams}

    def problems(self) -> list[Problem]:
        """Databases below the logdir that cannot be read; all others are."""
        self._places.fresh()
        return [
            Problem(place.source.label, place.problem)
            for place in self._places.known().values()
            if place.problem is not None
        ]

    # -- scalars ------------------------------------------------------------------------------

    def scalars(self, run: str, tag: str, start: int = 0, *, rank: int | None = None) -> Scalars:
        """The series' points in logging order, exact.

        Args:
            run: the run's name.
            tag: the series' name.
            start: sequence number to begin with: what was read before need not be read again.
            rank: only the points of this process of the run; None: of all, in the order in which
                they arrived.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        place, name = self._locate(run)
        points = self._places.open(place).scalars(name, tag, _number(start))
        if points is None:
            raise self._no_such_tag(run, tag, "scalar")
        return points if rank is None else points.of_rank(rank)

    def envelope(
        self,
        run: str,
        tag: str,
        pixels: int = 1000,
        step_range: tuple[int, int] | None = None,
        smoothing: float | None = None,
        partition: bool = False,
        smoothing_kind: SmoothingKind = "ema",
    ) -> Envelope:
        """The series in about ``pixels`` bins of min, max and mean; few points come as they are.

        Args:
            run: the run's name.
            tag: the series' name.
            pixels: bins asked for; a chart's width.
            step_range: (low, high), both included: only bins that touch these steps, the finer.
            smoothing: computed on the whole series: the weight in [0, 1) of `debiased_ema`, the
                sigma of `gaussian_mean`, or the window of `running_mean`, in points.
            partition: whether smoothing starts anew where the step falls back.
            smoothing_kind: which of these: "ema", "gaussian" or "mean".

        Raises:
            NotFoundError: there is no such run or tag.
            ValueError: pixels is not positive, or smoothing not one of that kind.
        """
        asked = (pixels, step_range, smoothing, partition, smoothing_kind)
        found = self.envelopes([run], tag, *asked)
        if run not in found:
            self._locate(run)
            raise self._no_such_tag(run, tag, "scalar")
        return found[run]

    def envelopes(
        self,
        runs: Sequence[str],
        tag: str,
        pixels: int = 1000,
        step_range: tuple[int, int] | None = None,
        smoothing: float | None = None,
        partition: bool = False,
        smoothing_kind: SmoothingKind = "ema",
    ) -> dict[str, Envelope]:
        """`envelope` of many runs at once; runs without that tag are left out.

        Raises:
            ValueError: pixels is not positive, or smoothing not one of that kind.
        """
        if pixels < 1:
            raise ValueError(f"envelope: pixels must be at least 1, got {pixels}")
        if smoothing is not None:
            try:
                checked_amount(smoothing_kind, smoothing)
            except ValueError as error:
                raise ValueError(f"envelope: {error}") from None
        if step_range is not None:
            # Up to the next whole step, and down to it: bins that touch the range are all there.
            step_range = _number(step_range[0]), _number(step_range[1])
        by_place: dict[str, tuple[Place, list[str]]] = {}
        names: dict[str, str] = {}
        for run in runs:
            try:
                place, name = self._locate(run)
            except NotFoundError:
                continue
            by_place.setdefault(place.prefix, (place, []))[1].append(name)
            names[joined(place.prefix, name)] = run
        result: dict[str, Envelope] = {}
        for place, own in by_place.values():
            store = self._places.open(place)
            for name, (bins, n) in store.bins(tag, own, pixels, step_range).items():
                run = names[joined(place.prefix, name)]
                smoothed = None
                fitted = fit(bins, pixels)
                if smoothing:
                    points = store.scalars(name, tag)
                    how = (smoothing_kind, smoothing, partition)
                    smoothed = _smoothed_at(points, fitted, *how)
                result[run] = as_envelope(fitted, n, smoothed)
        return {run: result[run] for run in runs if run in result}

    # -- files and frames ---------------------------------------------------------------------

    def blob(self, sha256: str) -> tuple[bytes, str]:
        """Content and media type of a stored file, by the digest in its record.

        Raises:
            NotFoundError: there is none.
        """
        for place in self._places.all():
            store = self._places.store(place)
            if store is None:
                continue
            found = self._places.guarded(place, partial(store.blob, sha256), None)
            if found is not None:
                return found
        raise NotFoundError(f"blob '{sha256}': there is none in '{self.logdir}'")

    def to_pandas(self, run: Pattern | None = None, tag: Pattern | None = None) -> pd.DataFrame:
        """Every scalar point as a long frame: run, tag, step, wall_time (UTC), value.

        A column ``rank`` is added where several processes logged.

        Args:
            run: only these runs: a name, a glob or a compiled regular expression.
            tag: only these tags, likewise.

        Raises:
            ImportError: pandas is not installed.
            NotFoundError: there is no such run.
        """
        from summaries.frames import frame_of

        if isinstance(run, str) and not is_glob(run):
            self._locate(run)
        fits_run, fits_tag = matcher(run), matcher(tag)
        wanted = [s for s in self.series(kind="scalar") if fits_run(s.run) and fits_tag(s.tag)]
        return frame_of((s.run, s.tag, self.scalars(s.run, s.tag)) for s in wanted)

    # -- changes ------------------------------------------------------------------------------

    def changes_since(self, token: str | None, most: int | None = None) -> Changes:
        """What is new since the token was handed out; costs what changed, not what there is.

        Args:
            token: of an earlier `Changes`; None, or one of another logdir: everything is new.
            most: so many series at most; how many more there are is ``n_left_out``.
        """
        before = _decode_token(token)
        after: dict[str, list[Any]] = {}
        runs: list[str] = []
        series: list[SeriesInfo] = []
        removed: list[str] = []
        left_out = 0
        for place in self._places.fresh():
            if place.problem is not None:
                # Unreadable for now is not gone: what was known of it holds until it can be read.
                if place.prefix in before:
                    after[place.prefix] = before[place.prefix]
                continue
            # First: another thread may refresh the place at any moment, and what it reads from
            # here on is then handed out twice rather than never.
            now, uuid = place.revision, place.uuid
            uuid_before, revision, running = before.get(place.prefix, ["", -1, []])
            deleted = place.deleted()
            rows = [row for row in place.runs() if not row.is_deleted]
            if uuid_before != uuid:
                if uuid_before:
                    removed += self._places.gone.get(place.prefix, ())
                revision, running = -1, []
            alive = [row.info.name for row in rows if place.status(row) == "running"]
            if now > revision:
                store = self._places.store(place)
                room = None if most is None else max(0, most - len(series))
                read = partial(_read_changes, store, revision, room) if store is not None else None
                changed = None if read is None else self._places.guarded(place, read, None)
                if changed is None:
                    # Not read: it comes with the next changes.
                    if place.prefix in before:
                        after[place.prefix] = before[place.prefix]
                    continue
                series += self._named(place, _not_of(deleted, changed[0]))
                left_out += changed[2]
                if revision >= 0:
                    removed += [joined(place.prefix, name) for name in changed[1]]
            for row in rows:
                name = row.info.name
                if row.record_revision > revision or (name in running and name not in alive):
                    runs.append(joined(place.prefix, name))
            after[place.prefix] = [uuid, now, alive]
        gone = [prefix for prefix in before if prefix not in self._places.known()]
        removed += [name for prefix in gone for name in self._places.gone.get(prefix, ())]
        return Changes(_encode_token(after), tuple(runs), tuple(series), tuple(removed), left_out)

    # -- parts ---------------------------------------------------------------------------------

    @property
    def home(self) -> Path | str:
        """The database of what belongs to the logdir as a whole; a file need not be there yet."""
        return self._places.home

    def databases(self) -> list[Path | str]:
        """The databases below the logdir: files, or the URL of the one on a server.

        Those of TensorBoard's event files are none of them.
        """
        places = self._places.fresh()
        return [place.source.where for place in places if not place.source.is_mirror]

    def is_mirrored(self, run: str) -> bool:
        """Whether the run is one of TensorBoard's event files, which are shown and never changed.

        Raises:
            NotFoundError: there is no such run.
        """
        return self._locate(run)[0].source.is_mirror

    def sources(self) -> list[tuple[Source, list[str]]]:
        """Each database below the logdir, and the runs in it; none needs to be opened."""
        return [
            (place.source, [joined(place.prefix, row.info.name) for row in place.runs()])
            for place in self._places.fresh()
        ]

    def source_of(self, run: str) -> Source:
        """The database that holds the run, which need not be opened.

        Raises:
            NotFoundError: there is no such run.
        """
        return self._locate(run)[0].source

    def prefix_of(self, run: str) -> str:
        """What the names of all runs in the run's database begin with, "" if nothing.

        Raises:
            NotFoundError: there is no such run.
        """
        return self._locate(run)[0].prefix

    def store_of(self, run: str) -> tuple[StoreReader, str]:
        """The database that holds the run, and the run's name in it.

        Raises:
            NotFoundError: there is no such run.
        """
        place, name = self._locate(run)
        return self._places.open(place), name

    def _named(self, place: Place, series: list[SeriesInfo]) -> list[SeriesInfo]:
        shown = [s for s in series if s.kind != BOOKMARK]
        if not place.prefix:
            return shown
        return [replace(s, run=joined(place.prefix, s.run)) for s in shown]

    def _locate(self, run: str) -> tuple[Place, str]:
        """Where the run lies, and its name there.

        Raises:
            NotFoundError: there is no such run.
        """
        for again in (False, True):
            places = self._places.fresh() if again else list(self._places.known().values())
            for place in places:
                name = below(place.prefix, run)
                if name is not None and name in place.ids:
                    return place, name
        names = [info.name for info in self.runs()]
        shown = ", ".join(f"'{name}'" for name in names[:8]) + (", …" if len(names) > 8 else "")
        raise NotFoundError(
            f"run '{run}': there is none of that name in '{self.logdir}'\n"
            f"  runs: {shown or 'none yet'}"
        )

    def _no_such_tag(self, run: str, tag: str, kind: str) -> NotFoundError:
        tags = next((info.tags.get(kind, ()) for info in self.runs() if info.name == run), ())
        shown = ", ".join(f"'{name}'" for name in tags[:8]) + (", …" if len(tags) > 8 else "")
        return NotFoundError(
            f"{kind} '{tag}': run '{run}' has none of that tag\n  its tags: {shown or 'none'}"
        )

    def _stored(
        self, run: str, tag: str, kind: str, start: int = 0, every: int = 1
    ) -> list[Any] | None:
        place, name = self._locate(run)
        if every < 1:
            raise ValueError(f"{kind} '{tag}': every must be at least 1, got {every}")
        read = self._places.open(place).events
        rows = read(name, tag, kind, _number(start), _number(every))
        return None if rows is None else [record_of(kind, row) for row in rows]


# -- parts ------------------------------------------------------------------------------------


def _not_of(runs: set[str], series: list[SeriesInfo]) -> list[SeriesInfo]:
    return [one for one in series if one.run not in runs] if runs else series


def _smoothed_at(
    points: Scalars | None, bins: Bins, kind: SmoothingKind, amount: float, partition: bool
) -> Float64:
    """The smoothed series at the last point of each bin."""
    if points is None:
        return np.full(len(bins), np.nan)
    if points.rank is None or (points.rank == points.rank[0]).all():
        if partition:
            last = last_before_restart(points.step, bins.end - bins.count, bins.end)
            return smoothed_by_part(points.step, points.value, last, kind, amount)
        return smoothed_at(points.value, bins.end - 1, kind, amount)
    # Ranks log side by side: their points in the order of steps, as the bins are.
    order = np.argsort(points.step, kind="stable")
    last = np.searchsorted(points.step[order], bins.step_max, side="right") - 1
    return smoothed_at(points.value[order], last, kind, amount)


def _read_changes(
    store: StoreReader, revision: int, most: int | None
) -> tuple[list[SeriesInfo], list[str], int]:
    series = store.series(revision, most=most)
    left_out = 0
    if most is not None and len(series) >= most:
        left_out = max(0, store.n_series(revision) - len(series))
    return series, store.removed_names(revision), left_out


def _number(value: float) -> int:
    """The number as one that a database takes: whole, of 64 bits, and no NumPy scalar.

    To SQLite a NumPy integer is a BLOB, which compares as larger than every number.
    """
    ends = np.iinfo(np.int64)
    return int(min(max(value, int(ends.min)), int(ends.max)))


def _encode_token(state: dict[str, list[Any]]) -> str:
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 1)
    return base64.urlsafe_b64encode(packed).decode("ascii")


def _decode_token(token: str | None) -> dict[str, list[Any]]:
    if not token:
        return {}
    try:
        state = json.loads(zlib.decompress(base64.urlsafe_b64decode(token)))
        # It comes from outside: what has not the form of ours counts as none.
        return {
            str(prefix): [str(uuid), int(revision), [str(name) for name in running]]
            for prefix, (uuid, revision, running) in state.items()
        }
    except (ValueError, TypeError, AttributeError, zlib.error):
        return {}
