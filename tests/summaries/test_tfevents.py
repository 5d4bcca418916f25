"""Event files: read, with damage skipped, and written so that they read the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from summaries import SummaryWriter, export_tfevents, import_tfevents, open_logdir
from summaries.store.writing import StoreWriter
from summaries.tfevents import frame_records, masked_crc32c
from summaries.wire import SummaryValue, encode_summary, field_bytes, field_double, field_varint


def test_the_checksum_is_masked_crc32c() -> None:
    # The check value of CRC-32C of "123456789" is 0xE3069283; masked as TensorFlow masks it.
    crc = 0xE3069283
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    for n in (1, 20):
        assert masked_crc32c([b"123456789"] * n) == [masked] * n


@pytest.mark.parametrize("length", [0, 1, 8191, 8192, 8193, 50_000])
def test_a_long_record_has_the_checksum_that_it_has_byte_by_byte(length: int) -> None:
    content = np.random.default_rng(length).integers(0, 256, length).astype(np.uint8).tobytes()
    # Twenty of one length are summed side by side, one of them in stripes.
    assert masked_crc32c([content]) == masked_crc32c([content] * 20)[:1]


def test_a_record_is_framed_as_tensorflow_frames_it() -> None:
    # The first record of every event file up to its time: Event{file_version: "brain.Event:2"}.
    record = bytes.fromhex("090000000000000000") + b"\x1a\x0dbrain.Event:2"
    framed = frame_records([record])
    assert framed[:8] == (24).to_bytes(8, "little")
    assert len(framed) == 8 + 4 + 24 + 4
    assert framed[8:12] == bytes.fromhex("a37f4b22")


def make_logdir(path: Path) -> None:
    with SummaryWriter(path / "a" / "b") as writer:
        for step in range(50):
            writer.add_scalar("loss", 1.0 / (step + 3), step, walltime=1e9 + step)
        writer.add_scalar("odd", float("nan"), 5)
        writer.add_histogram("w", np.arange(100.0), 3)
        writer.add_text("note", "hello", 2)
        writer.add_image("im", np.zeros((2, 3)), 1, dataformats="HW")
    with SummaryWriter(path / "c") as writer:
        writer.add_scalar("loss", 5.0, -3)


def test_what_is_exported_is_imported_the_same(tmp_path: Path) -> None:
    make_logdir(tmp_path / "ours")
    files = export_tfevents(tmp_path / "ours", tmp_path / "theirs")
    assert sorted(str(f.parent.relative_to(tmp_path / "theirs")) for f in files) == ["a/b", "c"]
    report = import_tfevents(tmp_path / "theirs", tmp_path / "back")
    assert (report.files, report.runs, report.damaged) == (2, 2, 0)
    with open_logdir(tmp_path / "ours") as ours, open_logdir(tmp_path / "back") as back:
        assert {i.name for i in back.runs()} == {"a/b", "c"}
        for name, tag in (("a/b", "loss"), ("a/b", "odd"), ("c", "loss")):
            first, second = ours.scalars(name, tag), back.scalars(name, tag)
            np.testing.assert_array_equal(first.value, second.value)
            np.testing.assert_array_equal(first.step, second.step)
            np.testing.assert_allclose(first.wall_time, second.wall_time, atol=1e-6, rtol=0)
        assert back.histograms("a/b", "w")[0].counts.sum() == 100
        assert back.texts("a/b", "note")[0].text == "hello"
        assert back.images("a/b", "im")[0].sha256 == ours.images("a/b", "im")[0].sha256


def test_damaged_records_are_skipped_and_counted(tmp_path: Path) -> None:
    make_logdir(tmp_path / "ours")
    (path,) = export_tfevents(tmp_path / "ours" / "a", tmp_path / "theirs")
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(bytes(content[:-7]))
    report = import_tfevents(tmp_path / "theirs", tmp_path / "back")
    assert report.damaged == 2
    with open_logdir(tmp_path / "back") as reader:
        assert len(reader.scalars("b", "loss")) >= 48


def test_a_place_without_event_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no event files"):
        import_tfevents(tmp_path, tmp_path / "out")


def test_a_length_that_lies_is_no_reason_to_read_so_much(tmp_path: Path) -> None:
    length = (1 << 60).to_bytes(8, "little")
    crc = masked_crc32c([length])[0].to_bytes(4, "little")
    (tmp_path / "events.out.tfevents.1.host").write_bytes(frame_records([b""]) + length + crc)
    assert import_tfevents(tmp_path, tmp_path / "out").damaged == 1


def test_a_record_of_nonsense_is_counted_and_the_rest_is_imported(tmp_path: Path) -> None:
    def event(summary: bytes) -> bytes:
        return field_double(1, 1e9) + field_bytes(5, summary)

    bad = [
        field_bytes(1, field_varint(1, 5)),  # a tag that is a number
        field_bytes(1, field_bytes(5, field_varint(7, 1))),  # counts that are one number
        field_bytes(1, field_bytes(1, b"h") + field_bytes(5, field_double(3, 1e300))),
        field_bytes(1, field_bytes(1, b"i") + field_bytes(4, field_bytes(4, b"\x89PNG\r\n\x1a\n"))),
        field_varint(1, 7),
    ]
    good = encode_summary([SummaryValue("x", simple_value=0.5)])
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(frame_records([event(summary) for summary in [*bad, good]]))
    report = import_tfevents(tmp_path, tmp_path / "out")
    assert (report.damaged, report.values) == (len(bad), 1)
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars(".", "x").value.tolist() == [0.5]


@pytest.mark.parametrize("name", ["../../away", "/away", ".."])
def test_a_database_with_names_that_lead_away_is_exported_below_the_directory(
    tmp_path: Path, name: str
) -> None:
    store = StoreWriter(tmp_path / "ours" / "events.db")
    store.start_run(name, {})
    store.close()
    (path,) = export_tfevents(tmp_path / "ours", tmp_path / "deep" / "theirs")
    assert path.resolve().is_relative_to(tmp_path / "deep" / "theirs")
