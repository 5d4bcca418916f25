"""Runs edited after they were logged, put in the trash and taken back; views that are saved."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from summaries import (
    LogdirError,
    NotFoundError,
    StoreWriteError,
    SummaryWriter,
    init,
    open_logdir,
)
from summaries.editing import (
    Change,
    change_runs,
    delete_view,
    edit_run,
    empty_trash,
    not_editable,
    restore_runs,
    save_view,
    trash_runs,
    why_not_editable,
)
from summaries.reader import Reader
from summaries.upkeep import remove_runs, rename_run


def fill(logdir: str | Path, *names: str) -> None:
    for name in names:
        with init(logdir, name=name) as run:
            for step in range(3):
                run.log({"loss": 1.0 / (step + 1)}, step=step)


def names(reader: Reader) -> list[str]:
    return [info.name for info in reader.runs()]


@pytest.fixture
def refuses_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this user might not write: root, who runs some tests, always may."""
    access = os.access

    def refused(path: Any, mode: int) -> bool:
        return mode != os.W_OK and access(path, mode)

    monkeypatch.setattr("summaries.editing.os.access", refused)


def test_what_is_said_of_a_run_is_changed_and_the_rest_stays(logdir: str | Path) -> None:
    fill(logdir, "a", "b")
    edit_run(logdir, "a", display_name="First", notes="**good**", labels=["x", "y", "x"])
    edit_run(logdir, "a", colour="#1F77B4", archived=True)
    with open_logdir(logdir) as reader:
        info = reader.run("a")
        assert (info.name, info.display_name, info.notes) == ("a", "First", "**good**")
        assert (info.labels, info.colour, info.archived) == (("x", "y"), "#1f77b4", True)
        assert reader.run("b").display_name is None
        edit_run(reader, "a", display_name="", colour="", labels=[], archived=False)
        info = reader.run("a")
        assert (info.display_name, info.colour, info.labels) == (None, None, ())
        assert (info.archived, info.notes) == (False, "**good**")


def test_labels_are_added_to_what_each_run_has(logdir: str | Path) -> None:
    fill(logdir, "a", "b")
    edit_run(logdir, "a", labels=["old", "kept"])
    with open_logdir(logdir) as reader:
        refused = change_runs(reader, ["a", "b"], Change(add_labels=["new"], drop_labels=["old"]))
        assert refused == {}
        assert [reader.run(name).labels for name in "ab"] == [("kept", "new"), ("new",)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red; background: url(x)"}, "colour 'red"),
        ({"labels": ["  "]}, "label"),
        ({"labels": ["two\nlines"]}, "label"),
        ({"display_name": "two\nlines"}, "name: at most"),
        ({"notes": "x" * (1 << 21)}, "notes: 2,097,152 characters"),
    ],
)
def test_what_no_record_can_hold_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Change(**change)


def test_a_run_in_the_trash_is_in_no_list_and_comes_back_whole(logdir: str | Path) -> None:
    fill(logdir, "a", "b")
    with open_logdir(logdir) as reader:
        token = reader.changes_since(None).token
        trash_runs(logdir, ["a"])
        gone = reader.changes_since(token)
        assert gone.removed == ("a",)
        assert (gone.runs, gone.series) == ((), ())
        assert names(reader) == ["b"]
        assert [info.name for info in reader.runs(deleted=True)] == ["a"]
        assert {one.run for one in reader.series()} == {"b"}
        assert {one.run for one in reader.changes_since(None).series} == {"b"}
        # Who knows its name can still look.
        assert reader.run("a").deleted is not None
        assert len(reader.scalars("a", "loss")) == 3
        restore_runs(logdir, ["a"])
        back = reader.changes_since(gone.token)
        assert (back.runs, [one.run for one in back.series]) == (("a",), ["a"])
        assert names(reader) == ["a", "b"]
        assert reader.run("a").deleted is None


def test_the_trash_is_emptied_for_good_but_not_of_what_is_being_logged(
    logdir: str | Path,
) -> None:
    fill(logdir, "a", "b", "c")
    with init(logdir, name="live") as run:
        run.log({"loss": 1.0}, step=0)
        run.flush()
        trash_runs(logdir, ["a", "b", "live"])
        with pytest.raises(NotFoundError, match="'c': is not in the trash"):
            empty_trash(logdir, ["a", "c"])
        with pytest.raises(LogdirError, match="is being logged"):
            empty_trash(logdir, ["live"])
        assert empty_trash(logdir, ["a"]) == ["a"]
        assert empty_trash(logdir) == ["b"]
    with open_logdir(logdir) as reader:
        assert names(reader) == ["c"]
        assert [info.name for info in reader.runs(deleted=True)] == ["live"]


def test_who_logs_to_a_run_in_the_trash_takes_it_out(logdir: str | Path) -> None:
    with init(logdir, name="a", id="one") as run:
        run.log({"loss": 1.0}, step=0)
    with open_logdir(logdir) as reader:
        trash_runs(logdir, ["a"])
        token = reader.changes_since(None).token
        with init(logdir, id="one", resume="must") as run:
            run.log({"loss": 0.5}, step=1)
        assert names(reader) == ["a"]
        assert [one.n for one in reader.changes_since(token).series] == [2]


def test_a_new_run_does_not_take_the_name_of_one_in_the_trash(logdir: str | Path) -> None:
    fill(logdir, "a", "b")
    trash_runs(logdir, ["a"])
    fill(logdir, "a")
    with pytest.raises(LogdirError, match="one already in the trash"):
        rename_run(logdir, "b", "a")
    restore_runs(logdir, ["a"])
    with open_logdir(logdir) as reader:
        assert names(reader) == ["a", "b", "a-2"]


def test_runs_of_event_files_are_shown_and_never_edited(tmp_path: Path) -> None:
    from summaries import export_tfevents

    fill(tmp_path / "ours", "a")
    export_tfevents(tmp_path / "ours", tmp_path / "logs" / "theirs")
    fill(tmp_path / "logs", "b")
    with open_logdir(tmp_path / "logs") as reader:
        (theirs,) = [name for name in names(reader) if name != "b"]
        assert why_not_editable(reader, "b") is None
        assert list(not_editable(reader)) == [theirs]
        for act in (
            lambda: edit_run(reader, theirs, notes="x"),
            lambda: trash_runs(reader, ["b", theirs]),
        ):
            with pytest.raises(LogdirError, match="of TensorBoard's event files"):
                act()
        assert len(reader.runs(deleted=True)) == 0
        refused = change_runs(reader, ["b", theirs, "c"], Change(notes="x"))
        assert sorted(refused) == sorted(["c", theirs])
        assert reader.run("b").notes == "x"


def test_a_logdir_that_cannot_be_written_says_so(tmp_path: Path, refuses_writing: None) -> None:
    fill(tmp_path, "a")
    with pytest.raises(LogdirError, match="this user may not write to"):
        edit_run(tmp_path, "a", notes="x")
    with pytest.raises(StoreWriteError, match="this user may not write to"):
        save_view(tmp_path, "mine", {})
    with open_logdir(tmp_path) as reader:
        assert reader.run("a").notes == ""


def test_a_database_that_cannot_be_written_now_refuses_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "x", "a")
    fill(tmp_path / "y", "b")
    monkeypatch.setattr("summaries.store.connect.BUSY_TIMEOUT_S", 0.1)
    busy = sqlite3.connect(tmp_path / "x" / "events.db", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    with open_logdir(tmp_path) as reader:
        refused = change_runs(reader, ["x/a", "y/b"], Change(notes="new"))
        assert list(refused) == ["x/a"]
        assert "locked" in refused["x/a"]
        busy.close()
        assert [reader.run(name).notes for name in ("x/a", "y/b")] == ["", "new"]


def test_views_are_kept_replaced_and_forgotten(logdir: str | Path) -> None:
    fill(logdir, "a")
    save_view(logdir, " mine ", {"tags": "loss", "zoom": {"x": [0, 1]}})
    save_view(logdir, "another", {})
    with open_logdir(logdir) as reader:
        first = reader.views()
        assert [view.name for view in first] == ["another", "mine"]
        assert first[1].state == {"tags": "loss", "zoom": {"x": [0, 1]}}
        save_view(reader, "mine", {"tags": "acc"})
        again = reader.views()[1]
        assert (again.state, again.created) == ({"tags": "acc"}, first[1].created)
        assert again.updated >= first[1].updated
        delete_view(reader, "mine")
        assert [view.name for view in reader.views()] == ["another"]
        with pytest.raises(NotFoundError, match="views: another"):
            delete_view(reader, "mine")


def test_a_view_is_saved_where_no_run_of_ours_is_and_outlives_runs(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "logs" / "a") as writer:
        writer.add_scalar("x", 1.0, 0)
    save_view(tmp_path / "logs", "mine", {"k": 1})
    with SummaryWriter(tmp_path / "logs") as writer:
        writer.add_scalar("x", 1.0, 0)
    with open_logdir(tmp_path / "logs") as reader:
        assert names(reader) == ["a", "."]
    remove_runs(tmp_path / "logs", ["."])
    with open_logdir(tmp_path / "logs") as reader:
        assert names(reader) == ["a"]
        assert [view.name for view in reader.views()] == ["mine"]


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 501])
def test_a_view_needs_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name of a view"):
        save_view(tmp_path, name, {})


def test_the_first_view_of_a_logdir_is_there_at_once(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalar("loss", 1.0, 0)
    with open_logdir(tmp_path) as reader:
        assert reader.views() == []
        save_view(reader, "mine", {"tags": "loss"})
        assert [view.name for view in reader.views()] == ["mine"]
        delete_view(reader, "mine")
        assert reader.views() == []
