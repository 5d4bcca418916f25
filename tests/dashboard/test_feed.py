"""The listing in memory: what changed since a version, and a store that goes away."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from dashboard.feed import Feed
from summaries import SummaryWriter, init, open_logdir
from summaries.errors import DamagedStoreError
from summaries.records import Changes


def write(path: Path, tag: str, steps: range) -> None:
    with SummaryWriter(path) as writer:
        for step in steps:
            writer.add_scalar(tag, float(step), step)


def test_the_first_listing_holds_everything(tmp_path: Path) -> None:
    write(tmp_path / "a", "loss", range(5))

    async def listing() -> dict[str, Any]:
        feed = Feed(open_logdir(tmp_path))
        await feed.refresh()
        return feed.delta(0)

    delta = asyncio.run(listing())
    assert delta["reset"] is True
    assert [run["name"] for run in delta["runs"]] == ["a"]
    assert delta["series"] == {"scalar": {"loss": [[0, 5, 0, 4, 4.0, 0, 1, 0.0, 0, 4.0, 4]]}}


def test_a_later_version_holds_only_what_changed(tmp_path: Path) -> None:
    write(tmp_path / "a", "loss", range(5))

    async def growth() -> dict[str, Any]:
        feed = Feed(open_logdir(tmp_path))
        await feed.refresh()
        seen = feed.version
        assert feed.delta(seen, feed.epoch)["series"] == {}
        await asyncio.to_thread(write, tmp_path / "b", "acc", range(3))
        async with feed:
            while not feed.delta(seen, feed.epoch)["series"]:
                assert await feed.news(seen, timeout=5)
        return feed.delta(seen, feed.epoch)

    delta = asyncio.run(growth())
    assert delta["reset"] is False
    assert [run["name"] for run in delta["runs"]] == ["b"]
    assert delta["series"] == {"scalar": {"acc": [[1, 3, 0, 2, 2.0, 0, 1, 0.0, 0, 2.0, 2]]}}


def test_a_version_of_another_process_gets_everything(tmp_path: Path) -> None:
    write(tmp_path / "a", "loss", range(5))

    async def listing() -> dict[str, Any]:
        feed = Feed(open_logdir(tmp_path))
        await feed.refresh()
        return feed.delta(feed.version, "another")

    assert len(asyncio.run(listing())["runs"]) == 1


class Vanishing:
    """A reader whose store is away while ``away`` is set."""

    def __init__(self) -> None:
        self.away = False

    def changes_since(self, token: str | None, most: int | None = None) -> Changes:
        if self.away:
            raise DamagedStoreError("the disk is gone")
        return Changes("t", (), ())

    def runs(self) -> list[Any]:
        return []

    def problems(self) -> list[Any]:
        return []


def test_a_store_that_vanishes_is_told_and_comes_back() -> None:
    async def story() -> list[str | None]:
        reader = Vanishing()
        feed = Feed(reader)  # type: ignore[arg-type]
        errors = []
        for reader.away in (False, True, True, False):
            version = feed.version
            await feed.refresh(max_age=0)
            errors.append(feed.error)
            changed = errors[-1] != (errors[-2] if len(errors) > 1 else None)
            assert (feed.version > version) == changed
        return errors

    assert asyncio.run(story()) == [None, "the disk is gone", "the disk is gone", None]


def test_a_name_that_was_given_to_another_run_is_forgotten_first(tmp_path: Path) -> None:
    from summaries.upkeep import remove_runs

    async def watch() -> Any:
        reader = open_logdir(tmp_path)
        feed = Feed(reader)
        with init(tmp_path, name="a") as run:
            run.log({"old": 1.0})
        await feed.refresh(max_age=0)
        seen = feed.version
        remove_runs(tmp_path, ["a"])
        with init(tmp_path, name="a") as run:
            run.log({"new": 1.0})
        await feed.refresh(max_age=0)
        reader.close()
        return feed.delta(seen, feed.epoch)

    delta = asyncio.run(watch())
    assert [run["name"] for run in delta["removed"]] == ["a"]
    assert [run["name"] for run in delta["runs"]] == ["a"]
    assert list(delta["series"]["scalar"]) == ["new"]


def test_records_tell_what_runs_are_about_and_later_only_those_that_changed(tmp_path: Path) -> None:
    with init(tmp_path, name="a", config={"lr": 0.1, "opt": {"name": "adam"}}) as run:
        run.log({"loss": 1.0}, step=0)

    async def reading() -> tuple[dict[str, Any], dict[str, Any]]:
        feed = Feed(open_logdir(tmp_path))
        await feed.refresh()
        first = feed.records(0)
        await asyncio.to_thread(init(tmp_path, name="b", config={"lr": 0.2}).finish)
        await feed.refresh(max_age=0.0)
        return first, feed.records(first["version"], feed.epoch)

    first, later = asyncio.run(reading())
    assert first["records"]["a"]["config"] == {"lr": 0.1, "opt.name": "adam"}
    assert first["reset"] is True
    assert later["reset"] is False
    assert list(later["records"]) == ["b"]


def test_what_the_list_has_no_room_for_is_counted_and_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.feed.MOST_SERIES", 3)
    with init(tmp_path, name="a") as run:
        run.log({f"unit{number}/loss": float(number) for number in range(8)}, step=0)

    async def listing() -> list[Any]:
        feed = Feed(open_logdir(tmp_path))
        await feed.refresh()
        before = feed.delta(0)
        tags = await feed.find(re.compile("UNIT7", re.IGNORECASE))
        found = feed.delta(before["version"], feed.epoch)
        with init(tmp_path, name="a", resume=True) as run:
            run.log({"unit6/loss": 1.0, "unit7/loss": 1.0}, step=1)
        await feed.refresh(max_age=0.0)
        return [before, tags, found, feed.delta(found["version"], feed.epoch)]

    before, tags, found, later = asyncio.run(listing())
    assert sorted(before["series"]["scalar"]) == ["unit0/loss", "unit1/loss", "unit2/loss"]
    assert before["unlisted"] == 5
    assert tags == ["unit7/loss"]
    assert list(found["series"]["scalar"]) == ["unit7/loss"]
    assert list(later["series"]["scalar"]) == ["unit7/loss"]
