"""A store that an older trainboard wrote: read as it is, brought up to date by who logs to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from summaries import init, open_logdir
from summaries.reader import Reader

FIRST = Path(__file__).parent / "data" / "store_v1.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A logdir of schema version 1."""
    connection = sqlite3.connect(tmp_path / "events.db")
    connection.executescript(FIRST.read_text(encoding="utf-8"))
    connection.close()
    return tmp_path


def version(logdir: Path) -> int:
    connection = sqlite3.connect(logdir / "events.db")
    found = connection.execute("SELECT max(version) FROM schema_version").fetchone()[0]
    connection.close()
    return int(found)


def check(reader: Reader) -> None:
    loss = reader.scalars("old", "loss")
    assert loss.value.tolist() == [float(step % 7) for step in range(5000)]
    (image,) = reader.images("old", "img")
    assert reader.blob(image.sha256)[0].startswith(b"\x89PNG")
    assert reader.texts("old", "note")[0].text == "hello"
    assert reader.histograms("old", "h")[0].num == 10
    (info,) = (info for info in reader.runs() if info.name == "old")
    assert (info.status, info.config, info.ranks) == ("finished", {"lr": 0.1}, (0,))
    assert info.key


def test_an_older_store_is_read_and_left_as_it_is(old: Path) -> None:
    before = (old / "events.db").read_bytes()
    with open_logdir(old) as reader:
        check(reader)
        assert reader.problems() == []
    assert version(old) == 1
    assert (old / "events.db").read_bytes() == before


def test_who_logs_to_an_older_store_brings_it_up_to_date(old: Path) -> None:
    with open_logdir(old) as reader:
        check(reader)
        with init(old, name="new") as run:
            run.log({"x": 1.0})
        check(reader)
        assert reader.scalars("new", "x").value.tolist() == [1.0]
    assert version(old) == 3
