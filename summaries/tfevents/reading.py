"""An event file as columns: read in blocks, damage skipped and counted, restarts told."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from summaries.checks import as_tag
from summaries.event import Event
from summaries.records import Int64, Scalars
from summaries.tfevents.columns import Column, read_scalars
from summaries.tfevents.decoding import Plugins, Point, Record, decode_record
from summaries.tfevents.framing import FRAME, HEADER, find_frames, masked_crc32c, next_headers

logger = logging.getLogger("summaries")

_BLOCK = 4 << 20
_LATEST_S = 9e12
"""Whole microseconds of later times do not fit 64 bits."""


@dataclass
class Part:
    """What follows in an event file, up to the next restart or the end of a block."""

    scalars: dict[str, Scalars] = field(default_factory=dict)
    """The points of each tag in the order of the file."""
    events: list[Event] = field(default_factory=list)
    hparams: dict[str, Any] = field(default_factory=dict)
    offset: int = 0
    """Byte of the file up to which all is told once this part is taken."""
    restart: int | None = None
    """Behind all this a session started, at that step. It is told again from ``offset`` on."""


class EventFile:
    """An event file read from a byte on.

    Example:
        >>> import tempfile
        >>> from summaries.tfevents.framing import frame_records
        >>> path = Path(tempfile.mkdtemp()) / "events.out.tfevents.1.host"
        >>> _ = path.write_bytes(frame_records([b""]) + b"cut off")
        >>> file = EventFile(path)
        >>> [part.offset for part in file.parts()], file.damaged
        ([16], 1)
    """

    def __init__(
        self,
        path: Path,
        offset: int = 0,
        *,
        is_growing: bool = False,
        plugins: Plugins | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            path: the file.
            offset: where a record begins; that of a `Part` taken before.
            is_growing: what is cut off at the end may yet come: it is left for the next time, and
                is no damage.
            plugins: what is known of each tag from what was read before; added to.
        """
        self.path = path
        self.offset = offset
        """Where the next record begins that was not read."""
        self.damaged = 0
        """Records whose checksum or content is wrong, and one that is cut off at the end."""
        self.plugins: Plugins = {} if plugins is None else plugins
        """Tag to TensorBoard's plugin, of what is no plain scalar."""
        self._is_growing = is_growing

    def parts(self) -> Iterator[Part]:
        """What the file holds from the offset on, some MiB at a time.

        Raises:
            OSError: the file cannot be read.
        """
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            held, wanted = b"", 0
            while True:
                file.seek(self.offset + len(held))
                held += file.read(max(_BLOCK, wanted - len(held)))
                if len(held) < max(wanted, HEADER):
                    break  # it became shorter meanwhile, or ends inside a header
                frames = find_frames(held)
                at, self.offset = self.offset, self.offset + frames.end
                if len(frames.start):
                    self.damaged += int((~frames.is_whole).sum())
                    own = frames.start[frames.is_whole], frames.length[frames.is_whole]
                    yield from self._parts_of(held, at, *own)
                held, wanted = held[frames.end :], frames.wanted
                if frames.is_lost or self.offset + wanted > size:
                    following = self._following(file, size)
                    if self._is_growing and following == size:
                        return
                    self.damaged += 1
                    self.offset, held, wanted = following, b"", 0
        if not self._is_growing and held:
            self.damaged += 1

    def _following(self, file: BinaryIO, size: int) -> int:
        """Where the next record begins whose checksums both hold, behind one that is damaged."""
        at = self.offset + 1
        while at + FRAME <= size:
            file.seek(at)
            block = file.read(_BLOCK)
            for place in next_headers(block, 0).tolist():
                length = int.from_bytes(block[place : place + 8], "little")
                if at + place + FRAME + length > size:
                    continue
                file.seek(at + place + HEADER)
                content = file.read(length)
                if file.read(4) == masked_crc32c([content])[0].to_bytes(4, "little"):
                    return int(at + place)
            at += max(1, len(block) - HEADER + 1)
        return size

    def _parts_of(self, block: bytes, at: int, start: Int64, length: Int64) -> Iterator[Part]:
        """What the records of a block hold; the block lies at byte ``at`` of the file."""
        columns, left = read_scalars(block, start, length)
        records = self._decoded(block, start, length, left)
        # Tensors of one number whose tag turns out to be no scalar's are read again as what it is.
        other = [c for c in columns if c.is_bare and not self._is_scalar(c.tag)]
        if other:
            columns = [c for c in columns if not c.is_bare or self._is_scalar(c.tag)]
            again = np.sort(np.concatenate([column.place for column in other]))
            records |= self._decoded(block, start, length, again)
            records = dict(sorted(records.items()))
        storable = [c for c in map(self._storable, columns) if len(c.place)]
        by_tag = _by_tag(storable + _columns(records))
        first = 0
        for place, record in records.items():
            if record.restart is not None:
                begin = at + int(start[place]) - HEADER
                part = Part(offset=begin, restart=record.restart)
                yield _between(by_tag, records, first, place, part)
                first = place
        yield _between(by_tag, records, first, len(start), Part(offset=self.offset))

    def _is_scalar(self, tag: str) -> bool:
        return self.plugins.get(tag, ("",))[0] in ("", "scalars")

    def _decoded(
        self, block: bytes, start: Int64, length: Int64, which: Int64
    ) -> dict[int, Record]:
        """The records of these numbers, read field by field; damaged ones are counted."""
        found = {}
        for place in which.tolist():
            begin = int(start[place])
            try:
                data = block[begin : begin + int(length[place])]
                found[place] = decode_record(data, self.plugins)
            except ValueError as error:
                self.damaged += 1
                logger.warning("event file '%s': a record is skipped: %s", self.path, error)
        return found

    def _storable(self, column: Column) -> Column:
        tag = as_tag("event", column.tag)
        good = np.abs(column.wall_time) <= _LATEST_S
        if good.all():
            return Column(tag, column.place, column.step, column.wall_time, column.value)
        self.damaged += int((~good).sum())
        return Column(
            tag, column.place[good], column.step[good], column.wall_time[good], column.value[good]
        )


def _columns(records: Mapping[int, Record]) -> list[Column]:
    """The points that were read one by one as columns."""
    rows: dict[str, list[tuple[int, Point]]] = {}
    for place, record in records.items():
        for point in record.points:
            rows.setdefault(point[0], []).append((place, point))
    return [
        Column(
            tag,
            np.array([place for place, _ in own], dtype=np.int64),
            np.array([step for _, (_, step, _, _) in own], dtype=np.int64),
            np.array([wall_time for _, (_, _, wall_time, _) in own], dtype=np.float64),
            np.array([value for _, (_, _, _, value) in own], dtype=np.float64),
        )
        for tag, own in rows.items()
    ]


def _by_tag(columns: Sequence[Column]) -> list[Column]:
    """One column a tag, in the order of the file."""
    parts: dict[str, list[Column]] = {}
    for column in columns:
        parts.setdefault(column.tag, []).append(column)
    result = []
    for tag, own in parts.items():
        if len(own) == 1:
            result.append(own[0])
            continue
        place = np.concatenate([c.place for c in own])
        order = np.argsort(place, kind="stable")
        result.append(
            Column(
                tag,
                place[order],
                np.concatenate([c.step for c in own])[order],
                np.concatenate([c.wall_time for c in own])[order],
                np.concatenate([c.value for c in own])[order],
            )
        )
    return result


def _between(
    columns: Sequence[Column],
    records: Mapping[int, Record],
    first: int,
    end: int,
    part: Part,
) -> Part:
    """The part, filled with what the records from first to before end hold."""
    for column in columns:
        a, b = np.searchsorted(column.place, (first, end)).tolist()
        if a < b:
            part.scalars[column.tag] = Scalars(
                column.step[a:b], column.wall_time[a:b], column.value[a:b]
            )
    for place, record in records.items():
        if first <= place < end:
            part.events.extend(record.events)
            part.hparams |= record.hparams
    return part
