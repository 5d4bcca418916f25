"""What a reader gives of the kinds besides scalars: a method each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from summaries.kinds import KINDS, layout
from summaries.kinds.alert import gone
from summaries.kinds.console import lines_of
from summaries.records import (
    AlertRecord,
    AudioRecord,
    ConsoleLine,
    EmbeddingRecord,
    GraphRecord,
    HistogramRecord,
    HtmlRecord,
    ImageRecord,
    LayoutRecord,
    MeshRecord,
    PrCurveRecord,
    RunInfo,
    SeriesInfo,
    Steps,
    TableRecord,
    TensorRecord,
    TextRecord,
    VideoRecord,
)
from summaries.store.reading import StoredEvent, StoreReader


def record_of(kind: str, stored: StoredEvent) -> Any:
    """The record of a stored value."""
    record = KINDS[kind](stored.step, stored.wall_time, stored.data)
    return replace(record, rank=stored.rank) if stored.rank else record


class KindReading(ABC):
    """The accessors of the kinds, over the few methods of `Reader` that they need."""

    @abstractmethod
    def run(self, name: str) -> RunInfo:
        """One run's record."""

    @abstractmethod
    def series(self, run: str | None = None, kind: str | None = None) -> list[SeriesInfo]:
        """What lists need of every series."""

    @abstractmethod
    def _stored(
        self, run: str, tag: str, kind: str, start: int = 0, every: int = 1
    ) -> list[Any] | None:
        """The records of the series, None if there is no such series."""

    @abstractmethod
    def store_of(self, run: str) -> tuple[StoreReader, str]:
        """The database that holds the run, and the run's name in it."""

    @abstractmethod
    def _no_such_tag(self, run: str, tag: str, kind: str) -> Exception:
        """The error that names the tags there are."""

    def _decoded(self, run: str, tag: str, kind: str, start: int, every: int = 1) -> list[Any]:
        found = self._stored(run, tag, kind, start, every)
        if found is None:
            raise self._no_such_tag(run, tag, kind)
        return found

    def steps(self, run: str, tag: str, kind: str, start: int = 0) -> Steps:
        """Where the values of a series that is no scalar stand, without reading the values.

        Args:
            run: the run's name.
            tag: the series' name.
            kind: one of `summaries.kinds.KINDS`.
            start: sequence number to begin with.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        store, name = self.store_of(run)
        found = store.steps(name, tag, kind, int(start))
        if found is None:
            raise self._no_such_tag(run, tag, kind)
        return found

    def records(self, run: str, tag: str, kind: str, start: int, stop: int) -> list[Any]:
        """The records of any kind but scalars, from sequence number ``start`` to before ``stop``.

        Of a long series of large values only those that are looked at are read; the accessors of
        the kinds (`images`, `texts`, ...) give all from a number on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        store, name = self.store_of(run)
        rows = store.events_between(name, tag, kind, int(start), int(stop))
        if rows is None:
            raise self._no_such_tag(run, tag, kind)
        return [record_of(kind, row) for row in rows]

    def histograms(
        self, run: str, tag: str, start: int = 0, every: int = 1
    ) -> list[HistogramRecord]:
        """The histograms in logging order, from sequence number ``start`` on.

        Args:
            run: the run's name.
            tag: the series' name.
            start: sequence number to begin with.
            every: 1 for all; n for each n-th from there, and the newest: what a drawing needs.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "histogram", start, every)

    def texts(self, run: str, tag: str, start: int = 0) -> list[TextRecord]:
        """The texts in logging order, from sequence number ``start`` on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "text", start)

    def images(self, run: str, tag: str, start: int = 0) -> list[ImageRecord]:
        """The images in logging order, from ``start`` on; their bytes come from `blob`.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "image", start)

    def audios(self, run: str, tag: str, start: int = 0) -> list[AudioRecord]:
        """The sounds in logging order, from ``start`` on; their bytes come from `blob`.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "audio", start)

    def videos(self, run: str, tag: str, start: int = 0) -> list[VideoRecord]:
        """The videos in logging order, from ``start`` on; their bytes come from `blob`.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "video", start)

    def pr_curves(self, run: str, tag: str, start: int = 0) -> list[PrCurveRecord]:
        """The precision-recall curves in logging order, from ``start`` on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "pr_curve", start)

    def meshes(self, run: str, tag: str, start: int = 0) -> list[MeshRecord]:
        """The meshes in logging order, from ``start`` on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "mesh", start)

    def embeddings(self, run: str, tag: str, start: int = 0) -> list[EmbeddingRecord]:
        """The embeddings in logging order, from ``start`` on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "embedding", start)

    def tensors(self, run: str, tag: str, start: int = 0) -> list[TensorRecord]:
        """The tensors in logging order, from ``start`` on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "tensor", start)

    def tables(self, run: str, tag: str, start: int = 0) -> list[TableRecord]:
        """The tables in logging order, from ``start`` on.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "table", start)

    def layout(self, run: str) -> LayoutRecord | None:
        """The run's charts of several scalars, all it logged as one, None if it logged none.

        Raises:
            NotFoundError: there is no such run.
        """
        return layout.merged(self._stored(run, layout.TAG, layout.NAME) or ())

    def graph(self, run: str) -> GraphRecord | None:
        """The graph the run logged last, None if it logged none.

        Raises:
            NotFoundError: there is no such run.
        """
        found = self._stored(run, "graph", "graph")
        return found[-1] if found else None

    def html(self, run: str, tag: str, start: int = 0) -> list[HtmlRecord]:
        """The pages in logging order, from ``start`` on; their content comes from `blob`.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        return self._decoded(run, tag, "html", start)

    def alerts(self, run: str) -> list[AlertRecord]:
        """The run's alerts by time: its health's, the script's, and that its process is gone.

        Raises:
            NotFoundError: there is no such run.
        """
        found = [alert for tag in self._tags(run, "alert") for alert in self._alerts(run, tag)]
        info = self.run(run)
        if info.status == "crashed":
            found.append(gone(info))
        return sorted(found, key=lambda alert: alert.wall_time)

    def _alerts(self, run: str, tag: str) -> list[AlertRecord]:
        return self._decoded(run, tag, "alert", 0)

    def console(self, run: str, newest: int | None = None) -> list[ConsoleLine]:
        """What the run's process wrote to stdout and stderr, by time.

        Args:
            run: the run's name.
            newest: only the last so many lines; no more than that is read.

        Raises:
            NotFoundError: there is no such run.
        """
        found: list[ConsoleLine] = []
        for one in self.series(run, "console"):
            # A record has one line at least.
            start = 0 if newest is None else max(0, one.n - newest)
            for record in self._decoded(run, one.tag, "console", start):
                found += lines_of(record)
        found.sort(key=lambda line: line.wall_time)
        return found if newest is None else found[max(0, len(found) - newest) :]

    def _tags(self, run: str, kind: str) -> list[str]:
        return [series.tag for series in self.series(run, kind)]
