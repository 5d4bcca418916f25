"""Event files read as columns: the same as field by field, whatever is cut off or damaged."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from summaries import import_tfevents, open_logdir
from summaries.records import Scalars
from summaries.tfevents import frame_records
from summaries.tfevents.columns import read_scalars
from summaries.tfevents.decoding import decode_record
from summaries.tfevents.reading import EventFile
from summaries.wire import SummaryValue, encode_summary, field_bytes, field_double, field_varint

START = field_bytes(7, field_varint(1, 1))
VERSION = field_double(1, 1e9) + field_bytes(3, b"brain.Event:2")


def event(step: int, content: bytes, wall_time: float = 1e9) -> bytes:
    return field_double(1, wall_time) + (field_varint(2, step) if step else b"") + content


def point(tag: str, value: float, step: int, wall_time: float = 1e9) -> bytes:
    summary = encode_summary([SummaryValue(tag, simple_value=value)])
    return event(step, field_bytes(5, summary), wall_time)


def tensor_point(tag: str, value: float, step: int, kind: int = 1, content: bool = False) -> bytes:
    """TensorBoard's second form, as its own writers and torch's make it."""
    packed = np.array([value], dtype="<f4" if kind == 1 else "<f8").tobytes()
    tensor = field_varint(1, kind) + (field_bytes(2, b"") if content else b"")
    tensor += field_bytes(4 if content else {1: 5, 2: 6}[kind], packed)
    metadata = field_bytes(1, field_bytes(1, b"scalars"))
    value_ = field_bytes(1, tag.encode()) + field_bytes(8, tensor) + field_bytes(9, metadata)
    return event(step, field_bytes(5, field_bytes(1, value_)))


def write(path: Path, records: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(frame_records(records))
    return path


def read_all(path: Path) -> dict[str, Scalars]:
    file = EventFile(path)
    parts: dict[str, list[Scalars]] = {}
    for part in file.parts():
        for tag, points in part.scalars.items():
            parts.setdefault(tag, []).append(points)
    assert file.damaged == 0
    return {
        tag: Scalars(
            np.concatenate([p.step for p in own]),
            np.concatenate([p.wall_time for p in own]),
            np.concatenate([p.value for p in own]),
        )
        for tag, own in parts.items()
    }


def mixed_records(seed: int, n: int) -> Iterator[bytes]:
    chooser = random.Random(seed)
    tags = ["a", "b", "loss/train", "größe", "loss/valid", "x" * 140, "lr"]
    steps = [0, 1, 127, 128, 16_383, 16_384, 2**31, -1, -(2**63), 2**63 - 1]
    for _ in range(n):
        tag, step = chooser.choice(tags), chooser.choice(steps)
        value = chooser.choice([0.1, 0.5, float("nan"), float("inf"), -1e300, 3.0])
        wall_time = 1e9 + chooser.random()
        kind = chooser.randrange(5)
        if kind < 2:
            yield point(tag, value, step, wall_time)
        elif kind == 2:
            with np.errstate(over="ignore"):
                yield tensor_point(tag, value, step, 1, chooser.random() < 0.5)
        elif kind == 3:
            yield tensor_point(tag, value, step, 2, chooser.random() < 0.5)
        else:
            both = [SummaryValue(tag, simple_value=0.25), SummaryValue("t", text="hello")]
            yield event(step, field_bytes(5, encode_summary(both)), wall_time)


@pytest.mark.parametrize("seed", range(5))
def test_columns_hold_what_reading_field_by_field_gives_in_the_same_order(
    tmp_path: Path, seed: int
) -> None:
    records = list(mixed_records(seed, 3000))
    found = read_all(write(tmp_path / "events.out.tfevents.1.host", records))
    expected: dict[str, list[tuple[int, float, float]]] = {}
    for record in records:
        for tag, step, wall_time, value in decode_record(record).points:
            expected.setdefault(tag, []).append((step, wall_time, value))
    assert found.keys() == expected.keys()
    for tag, rows in expected.items():
        steps, walls, values = zip(*rows, strict=True)
        assert found[tag].step.tolist() == list(steps)
        assert found[tag].wall_time.tolist() == list(walls)
        np.testing.assert_array_equal(found[tag].value, values)


def test_scalars_of_both_forms_are_all_read_as_columns() -> None:
    records = [make("loss", 0.1 * s, s) for s in range(200) for make in (point, tensor_point)]
    block = b"".join(records)
    length = np.array([len(record) for record in records])
    start = np.cumsum(length) - length
    columns, left = read_scalars(block, start, length)
    # float64 of the first form that no float32 holds travel as tensors of another layout.
    assert len(left) <= 8
    assert sum(len(column.place) for column in columns) == len(records) - len(left)


@pytest.mark.parametrize("kind", ["scalar", "text"])
def test_a_file_cut_anywhere_in_its_last_record_keeps_the_others(tmp_path: Path, kind: str) -> None:
    last = point("loss", 0.5, 9)
    if kind == "text":
        last = event(9, field_bytes(5, encode_summary([SummaryValue("t", text="hello")])))
    before = [VERSION, *(point("loss", 0.5, step) for step in range(8))]
    path, whole = tmp_path / "events.out.tfevents.1.host", frame_records([*before, last])
    start = len(frame_records(before))
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        file = EventFile(path)
        assert sum(len(p.scalars["loss"]) for p in file.parts() if p.scalars) == 8
        assert (file.damaged, file.offset) == (
            int(end > start),
            start if end - start < 12 else len(whole[:end]),
        )


def test_what_a_flipped_bit_hits_is_one_record_wherever_it_is(tmp_path: Path) -> None:
    records = [VERSION, *(point("loss", 0.5, step) for step in range(200))]
    whole = frame_records(records)
    path = tmp_path / "events.out.tfevents.1.host"
    chooser = random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chooser.randrange(40, len(whole) - 60)] ^= 1 << chooser.randrange(8)
        path.write_bytes(bytes(damaged))
        file = EventFile(path)
        assert sum(len(p.scalars.get("loss", ())) for p in file.parts()) == 199
        assert file.damaged == 1


def test_behind_zeros_and_rubbish_the_next_whole_record_is_found(tmp_path: Path) -> None:
    first, second = [point("loss", 1.0, 0)] * 5, [point("loss", 2.0, 1)] * 5
    rubbish = bytes(100_000) + random.Random(1).randbytes(100_000)
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(frame_records(first) + rubbish + frame_records(second))
    report = import_tfevents(path, tmp_path / "out")
    assert (report.values, report.damaged) == (10, 1)


def test_a_second_import_adds_only_what_the_files_have_grown_by(tmp_path: Path) -> None:
    records = [VERSION, *(point("loss", step, step) for step in range(100))]
    whole = frame_records(records)
    path = tmp_path / "in" / "events.out.tfevents.1.host"
    path.parent.mkdir()
    for n in (90, 90, 101, 101):
        path.write_bytes(frame_records(records[:n]))
        import_tfevents(tmp_path / "in", tmp_path / "out")
    path.write_bytes(whole[:-3])
    import_tfevents(tmp_path / "in", tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        assert [info.name for info in reader.runs()] == ["."]
        assert reader.scalars(".", "loss").step.tolist() == list(range(100))


def test_a_run_of_the_same_name_from_elsewhere_becomes_another_run(tmp_path: Path) -> None:
    for name, value in (("one", 1.0), ("two", 2.0)):
        records = [VERSION + field_varint(2, int(value)), point("loss", value, 0)]
        write(tmp_path / name / "run" / "events.out.tfevents.1.host", records)
        import_tfevents(tmp_path / name, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        assert sorted(info.name for info in reader.runs()) == ["run", "run-2"]
        assert reader.scalars("run-2", "loss").value.tolist() == [2.0]


def test_a_restart_replaces_what_was_logged_from_its_step_on_and_keeps_it(tmp_path: Path) -> None:
    first = [VERSION, event(0, START), *(point("loss", 1.0, step) for step in range(10))]
    second = [VERSION, event(6, START), *(point("loss", 2.0, step) for step in range(6, 12))]
    write(tmp_path / "in" / "events.out.tfevents.1.host", first)
    write(tmp_path / "in" / "events.out.tfevents.2.host", second)
    for _ in range(2):
        report = import_tfevents(tmp_path / "in", tmp_path / "out")
    assert report.values == 0
    with open_logdir(tmp_path / "out") as reader:
        points = reader.scalars(".", "loss")
        assert points.step.tolist() == list(range(12))
        assert points.value.tolist() == [1.0] * 6 + [2.0] * 6
        (replaced,) = reader.replaced(".")
        assert replaced.tag == "loss"


def test_a_tensor_of_one_number_is_what_its_tags_first_record_said(tmp_path: Path) -> None:
    # TensorFlow's writers name the plugin only with the first value of a tag.
    tensor = field_varint(1, 1) + field_bytes(5, np.array([0.5], dtype="<f4").tobytes())
    metadata = field_bytes(9, field_bytes(1, field_bytes(1, b"tensor")))

    def bare(tag: bytes, step: int, more: bytes = b"") -> bytes:
        value = field_bytes(1, tag) + field_bytes(8, tensor) + more
        return event(step, field_bytes(5, field_bytes(1, value)))

    first = [bare(b"a", 0, metadata), *(bare(b"a", step) for step in range(1, 9))]
    path = write(
        tmp_path / "in" / "events.out.tfevents.1.host",
        [VERSION, *first, *(bare(b"b", step) for step in range(9))],
    )
    import_tfevents(tmp_path / "in", tmp_path / "out")
    with path.open("ab") as file:
        file.write(
            frame_records([bare(tag, step) for step in range(9, 18) for tag in (b"a", b"b")])
        )
    import_tfevents(tmp_path / "in", tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars(".", "b").step.tolist() == list(range(18))
        assert [t.step for t in reader.tensors(".", "a")] == list(range(18))


def test_times_that_are_none_are_counted_as_damage(tmp_path: Path) -> None:
    records = [point("loss", 1.0, step, 1e9) for step in range(8)]
    records += [point("loss", 1.0, step, float("nan")) for step in range(8)]
    write(tmp_path / "events.out.tfevents.1.host", records)
    report = import_tfevents(tmp_path, tmp_path / "out")
    assert (report.values, report.damaged) == (8, 8)


MEASURE = """
import sys
from pathlib import Path
from summaries.tfevents.reading import EventFile
n = sum(len(p) for part in EventFile(Path(sys.argv[1])).parts() for p in part.scalars.values())
# Not getrusage's peak: that of the process which started this one counts in it.
print(n, Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    block = frame_records([point("loss", 0.5, step) for step in range(50_000)])
    peaks = []
    for times in (5, 40):
        path = tmp_path / f"events.out.tfevents.{times}.host"
        with path.open("wb") as file:
            for _ in range(times):
                file.write(block)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
        )
        n, peak = map(int, done.stdout.split())
        assert n == 50_000 * times
        peaks.append(peak)
    assert peaks[1] < peaks[0] * 1.2
