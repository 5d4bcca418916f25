"""TensorBoard's event files: read into a logdir of ours, and written from one."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from summaries.pipeline import logger
from summaries.wire import (
    SummaryValue,
    add_summary,
    encode_summary,
    field_bytes,
    field_double,
    field_varint,
    fields,
    signed,
)
from summaries.writer import SummaryWriter

if TYPE_CHECKING:
    from summaries.reader import Reader

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_BATCH = 20_000


def _crc_table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        # Castagnoli's polynomial, bits reversed.
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table.astype(np.uint32)


_TABLE = _crc_table()
_BYTES_TABLE: list[int] = _TABLE.tolist()
_STRIPE = 1024


@cache
def _behind_zeros() -> list[list[int]]:
    """What `_STRIPE` zero bytes make of a checksum, for each value of each of its four bytes."""
    table = np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], dtype=np.uint32)
    for _ in range(_STRIPE):
        table = _TABLE[table & 0xFF] ^ (table >> np.uint32(8))
    found: list[list[int]] = table.tolist()
    return found


def _crc(content: bytes) -> int:
    """The CRC-32C of the content.

    A long one is cut into stripes that NumPy takes through the table side by side; as the checksum
    is linear, that of two stripes is the first one's behind a stripe of zeros, xor the second's.
    """
    crc = 0xFFFFFFFF
    stripes = len(content) // _STRIPE
    if stripes >= 8:
        rows = np.frombuffer(content, np.uint8, stripes * _STRIPE).reshape(stripes, _STRIPE)
        found = np.zeros(stripes, dtype=np.uint32)
        for column in np.ascontiguousarray(rows.T):
            found = _TABLE[(found ^ column) & 0xFF] ^ (found >> np.uint32(8))
        zeros = _behind_zeros()
        for stripe in found.tolist():
            crc = (
                zeros[0][crc & 0xFF]
                ^ zeros[1][crc >> 8 & 0xFF]
                ^ zeros[2][crc >> 16 & 0xFF]
                ^ zeros[3][crc >> 24]
                ^ stripe
            )
        content = content[stripes * _STRIPE :]
    for byte in content:
        crc = _BYTES_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _crcs_of_rows(rows: NDArray[np.uint8]) -> list[int]:
    """The CRC-32C of each row of uint8 [n, length]; all go through the table together."""
    crc = np.full(len(rows), 0xFFFFFFFF, dtype=np.uint32)
    for column in rows.T:
        crc = _TABLE[(crc ^ column) & 0xFF] ^ (crc >> np.uint32(8))
    found: list[int] = (crc ^ np.uint32(0xFFFFFFFF)).tolist()
    return found


def masked_crc32c(parts: Sequence[bytes]) -> list[int]:
    """The masked CRC-32C of each part.

    Source: the masking of TensorFlow's record files (tensorflow/core/lib/hash/crc32c.h).
    """
    found = [0] * len(parts)
    by_length: dict[int, list[int]] = {}
    for at, part in enumerate(parts):
        by_length.setdefault(len(part), []).append(at)
    for length, places in by_length.items():
        own = [parts[at] for at in places]
        if len(own) < 8:
            crcs = list(map(_crc, own))
        else:
            rows = np.frombuffer(b"".join(own), dtype=np.uint8)
            crcs = _crcs_of_rows(rows.reshape(len(own), length))
        for at, crc in zip(places, crcs, strict=True):
            found[at] = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return found


def frame_records(records: list[bytes]) -> bytes:
    """The records in the framing of event files: length, its CRC, content, its CRC."""
    lengths = [_LENGTH.pack(len(record)) for record in records]
    parts: list[bytes] = []
    for length, first, record, second in zip(
        lengths, masked_crc32c(lengths), records, masked_crc32c(records), strict=True
    ):
        parts += [length, _CRC.pack(first), record, _CRC.pack(second)]
    return b"".join(parts)


@dataclass
class ImportReport:
    """What an import did."""

    files: int = 0
    runs: int = 0
    values: int = 0
    damaged: int = 0
    """Records whose checksum or content was wrong, and files that end inside a record."""


def _records(path: Path, report: ImportReport) -> Iterator[bytes]:
    """The records of an event file; it is left at the first whose length cannot be trusted."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while header := file.read(12):
            if len(header) < 12 or not _is_sum_of(header[8:], header[:8]):
                report.damaged += 1
                return
            (length,) = _LENGTH.unpack(header[:8])
            # Asked for before it is read: a length with a right checksum may still be a lie.
            if length > size - file.tell() - 4:
                report.damaged += 1
                return
            content, crc = file.read(length), file.read(4)
            if _is_sum_of(crc, content):
                yield content
            else:
                report.damaged += 1


def _is_sum_of(crc: bytes, content: bytes) -> bool:
    return crc == _CRC.pack(masked_crc32c([content])[0])


def _import_file(path: Path, writer: SummaryWriter, report: ImportReport) -> None:
    for record in _records(path, report):
        try:
            wall_time, step, summary = 0.0, 0, None
            for key, value in fields(record):
                if key == 1:
                    wall_time = _DOUBLE.unpack(value)[0]
                elif key == 2:
                    step = signed(value)
                elif key == 5:
                    summary = value
            if summary is not None:
                add_summary(writer, summary, step, wall_time)
                report.values += 1
        except (ValueError, TypeError, struct.error) as error:
            logger.warning("event file '%s': a record is skipped: %s", path, error)
            report.damaged += 1


def import_tfevents(source: str | Path, logdir: str | Path) -> ImportReport:
    """Event files below a directory (or one file) logged anew as runs below ``logdir``.

    Scalars, histograms, images and texts of both of TensorBoard's formats are taken, all points of
    them; each directory with event files becomes the run of that path. Damaged records are skipped
    and counted.

    Returns:
        how many files, runs and values there were, and how many records were damaged.

    Raises:
        FileNotFoundError: there is no event file at ``source``.
    """
    top = Path(source)
    files = [top] if top.is_file() else sorted(p for p in top.rglob("*tfevents*") if p.is_file())
    if not files:
        raise FileNotFoundError(
            f"import_tfevents: no event files at '{source}'\n"
            "  try: the directory that tensorboard --logdir was given"
        )
    report = ImportReport()
    by_directory: dict[Path, list[Path]] = {}
    for path in files:
        by_directory.setdefault(path.parent, []).append(path)
    for directory, own in by_directory.items():
        below = Path() if top.is_file() else directory.relative_to(top)
        with SummaryWriter(Path(logdir) / below) as writer:
            report.runs += 1
            for path in own:
                report.files += 1
                _import_file(path, writer, report)
    return report


def _event(wall_time: float, step: int, content: bytes) -> bytes:
    return field_double(1, wall_time) + (field_varint(2, step) if step else b"") + content


def export_tfevents(logdir: str | Path, out: str | Path) -> list[Path]:
    """The scalars, histograms, texts and images of every run below the logdir as event files.

    Returns:
        the files written, one a run, in directories below ``out`` that TensorBoard shows as runs.
    """
    from summaries.reader import Reader  # SQLAlchemy, as in open_logdir

    written: list[Path] = []
    with Reader(logdir) as reader:
        for info in reader.runs():
            directory = Path(out) / _below(info.name)
            directory.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{int(info.created):010d}.{socket.gethostname()}"
            path = directory / f"{name}.{os.getpid()}.{len(written)}"
            with path.open("wb") as file:
                start = _event(info.created or time.time(), 0, field_bytes(3, b"brain.Event:2"))
                file.write(frame_records([start]))
                batch: list[bytes] = []
                for wall_time, step, value in _values(reader, info.name):
                    summary = field_bytes(5, encode_summary([value]))
                    batch.append(_event(wall_time, step, summary))
                    if len(batch) >= _BATCH:
                        file.write(frame_records(batch))
                        batch.clear()
                file.write(frame_records(batch))
            written.append(path)
    return written


def _below(name: str) -> PurePosixPath:
    """The run's name as a path that stays below the directory it is put in."""
    # `init` makes no other names, but anybody can make a database.
    parts = PurePosixPath(name.replace("\0", "")).parts
    return PurePosixPath(*(part for part in parts if part.strip("/") not in ("", "..")))


def _values(reader: Reader, run: str) -> Iterable[tuple[float, int, SummaryValue]]:
    for series in reader.series(run):
        tag = series.tag
        if series.kind == "scalar":
            points = reader.scalars(run, tag)
            for step, wall_time, value in zip(
                points.step.tolist(), points.wall_time.tolist(), points.value.tolist(), strict=True
            ):
                yield wall_time, step, SummaryValue(tag, simple_value=value)
        elif series.kind == "histogram":
            for histogram in reader.histograms(run, tag):
                yield histogram.wall_time, histogram.step, SummaryValue(tag, histogram=histogram)
        elif series.kind == "text":
            for text in reader.texts(run, tag):
                yield text.wall_time, text.step, SummaryValue(tag, text=text.text)
        elif series.kind == "image":
            for image in reader.images(run, tag):
                content = reader.blob(image.sha256)[0]
                yield image.wall_time, image.step, SummaryValue(tag, image=content)
