"""Event files read in place: followed while they grow, through replacement, never written."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tensorboardX import SummaryWriter as TheirWriter

from summaries import LogdirError, SummaryWriter, import_runs, init, open_logdir
from summaries.imports import ImportSourceError
from summaries.mirror import Mirror, cache_directory
from summaries.tfevents import frame_records
from summaries.upkeep import archive_runs, remove_runs, rename_run
from summaries.wire import SummaryValue, encode_summary, field_bytes, field_double, field_varint


def version(time: float) -> bytes:
    return field_double(1, time) + field_bytes(3, b"brain.Event:2")


def point(value: float, step: int) -> bytes:
    summary = encode_summary([SummaryValue("loss", simple_value=value)])
    return field_double(1, 1e9) + field_varint(2, step) + field_bytes(5, summary)


def steps(mirror: Mirror) -> list[int]:
    with open_logdir(mirror.path) as reader:
        found: list[int] = reader.scalars(".", "loss").step.tolist()
        return found


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    records = [version(1.0), *(point(0.5, step) for step in range(5))]
    (path / "events.out.tfevents.1.host").write_bytes(frame_records(records))
    return path


def test_a_file_is_followed_while_it_grows_and_when_it_is_opened_again(
    directory: Path, tmp_path: Path
) -> None:
    mirror = Mirror(directory, tmp_path / "cache")
    assert mirror.refresh()
    assert not mirror.refresh()
    more = frame_records([point(0.5, 5), point(0.5, 6)])
    with (directory / "events.out.tfevents.1.host").open("ab") as file:
        file.write(more[:-10])
        file.flush()
        assert mirror.refresh()
        assert steps(mirror) == [0, 1, 2, 3, 4, 5]
        file.write(more[-10:])
    assert mirror.refresh()
    mirror.close()
    again = Mirror(directory, tmp_path / "cache")
    assert not again.refresh()
    (directory / "events.out.tfevents.2.host").write_bytes(
        frame_records([version(2.0), point(0.5, 7)])
    )
    assert again.refresh()
    assert steps(again) == list(range(8))
    again.close()
    assert sorted(path.name for path in directory.iterdir()) == [
        "events.out.tfevents.1.host",
        "events.out.tfevents.2.host",
    ]


@pytest.mark.parametrize("how", ["shorter", "another", "gone"])
def test_what_was_taken_of_a_file_that_was_replaced_is_forgotten(
    directory: Path, tmp_path: Path, how: str
) -> None:
    mirror = Mirror(directory, tmp_path / "cache")
    mirror.refresh()
    path = directory / "events.out.tfevents.1.host"
    if how == "shorter":
        path.write_bytes(frame_records([version(1.0), point(0.5, 0)]))
    elif how == "another":
        path.write_bytes(frame_records([version(9.0), *(point(0.5, 0) for _ in range(20))]))
    else:
        path.unlink()
        other = directory / "events.out.tfevents.3.host"
        other.write_bytes(frame_records([version(3.0), point(0.5, 0)]))
    assert mirror.refresh()
    assert set(steps(mirror)) == {0}
    mirror.close()


def test_of_two_mirrors_one_fills_the_database(directory: Path, tmp_path: Path) -> None:
    first, second = (Mirror(directory, tmp_path / "cache") for _ in range(2))
    assert first.refresh()
    assert not second.refresh()
    assert second.path == first.path
    first.close()
    with (directory / "events.out.tfevents.1.host").open("ab") as file:
        file.write(frame_records([point(0.5, 5)]))
    assert second.refresh()
    assert steps(second) == [0, 1, 2, 3, 4, 5]
    second.close()


def test_a_run_is_running_while_its_files_grow(directory: Path, tmp_path: Path) -> None:
    path = directory / "events.out.tfevents.1.host"
    os.utime(path, (1e9, 1e9))
    mirror = Mirror(directory, tmp_path / "cache")
    mirror.refresh()
    with open_logdir(mirror.path) as reader:
        assert [info.status for info in reader.runs()] == ["finished"]
        with path.open("ab") as file:
            file.write(frame_records([point(0.5, 5)]))
        mirror.refresh()
        assert [info.status for info in reader.runs()] == ["running"]
        mirror.close()
        assert [info.status for info in reader.runs()] == ["finished"]


def test_without_a_cache_the_mirror_is_temporary(directory: Path, tmp_path: Path) -> None:
    for cache in (None, directory / "events.out.tfevents.1.host"):  # a file can hold no cache
        mirror = Mirror(directory, cache)
        assert mirror.refresh()
        mirror.close()
        assert not mirror.path.exists()


def test_the_environment_says_where_mirrors_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAINBOARD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "trainboard"
    monkeypatch.setenv("TRAINBOARD_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"
    monkeypatch.setenv("TRAINBOARD_CACHE", "off")
    assert cache_directory() is None


def test_event_files_below_a_logdir_are_runs_beside_native_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINBOARD_CACHE", str(tmp_path / "cache"))
    logdir = tmp_path / "logs"
    with init(logdir, name="native") as run:
        run.log({"loss": 1.0}, step=0)
    theirs = logdir / "theirs" / "events.out.tfevents.1.host"
    theirs.parent.mkdir()
    theirs.write_bytes(frame_records([version(1.0), point(0.5, 0)]))
    with open_logdir(logdir) as reader:
        assert sorted(info.name for info in reader.runs()) == ["native", "theirs"]
        assert reader.scalars("theirs", "loss").step.tolist() == [0]
        token = reader.changes_since(None).token
        with theirs.open("ab") as file:
            file.write(frame_records([point(0.25, 1)]))
        deadline = time.monotonic() + 20
        changes = reader.changes_since(token)
        while not any(series.run == "theirs" for series in changes.series):
            assert time.monotonic() < deadline
            time.sleep(0.05)
            changes = reader.changes_since(token)
        assert reader.scalars("theirs", "loss").step.tolist() == [0, 1]
    assert [path.name for path in theirs.parent.iterdir()] == [theirs.name]


def test_event_files_beside_a_store_of_ours_are_a_run_of_their_own(tmp_path: Path) -> None:
    with TheirWriter(str(tmp_path / "exp")) as theirs:
        theirs.add_scalar("loss", 1.0, 0)
    with SummaryWriter(tmp_path / "exp") as writer:
        writer.add_scalar("loss", 2.0, 0)
    with open_logdir(tmp_path) as reader:
        found = {i.name: reader.scalars(i.name, "loss").value[0] for i in reader.runs()}
        assert found == {"exp": 2.0, "exp (event files)": 1.0}
        assert reader.is_mirrored("exp (event files)")
        assert reader.databases() == [tmp_path / "exp" / "events.db"]


def test_event_files_are_never_changed(tmp_path: Path) -> None:
    with TheirWriter(str(tmp_path / "exp")) as theirs:
        theirs.add_scalar("loss", 1.0, 0)
    for act in (
        lambda: remove_runs(tmp_path, ["exp"]),
        lambda: archive_runs(tmp_path, ["exp"]),
        lambda: rename_run(tmp_path, "exp", "other"),
    ):
        with pytest.raises(LogdirError, match=r"of event files.*\n.*dashboard import"):
            act()
    with pytest.raises(ImportSourceError, match="would then be twice"):
        import_runs(tmp_path / "exp", tmp_path)
