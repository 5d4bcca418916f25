"""Runs asked for by settings and metrics, as data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.run_query import condition, runs_that_fit
from summaries import init, open_logdir
from summaries.reader import Reader


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    logdir = tmp_path_factory.mktemp("logs")
    rows: tuple[tuple[str, dict[str, Any], list[float]], ...] = (
        ("a", {"lr": 0.1, "opt": {"name": "adam"}, "amp": True, "seed": 1}, [3.0, 1.0, 2.0]),
        ("b", {"lr": 0.2, "opt": {"name": "sgd"}, "amp": False}, [5.0, 4.0]),
        ("c", {"lr": 0.3, "opt": {"name": "adamw"}, "x": math.nan}, [math.nan]),
        ("d", {"note": "no metric"}, []),
    )
    for name, config, losses in rows:
        with init(logdir, name=name, config=config, group="g" if name < "c" else "") as run:
            for step, loss in enumerate(losses):
                run.log({"val/loss": loss}, step=step)
            if name == "b":
                run.summary["score"] = 7
    with open_logdir(logdir) as opened:
        yield opened


def names(reader: Reader, *where: str, **options: Any) -> str:
    return "".join(found.run.name for found in runs_that_fit(reader, where=where, **options))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("lr<=0.2", "ab"),
        ("lr=0.1", "a"),
        ("lr!=0.1", "bcd"),  # a run without the setting differs as well
        ("opt.name=adam*", "ac"),
        ("opt.name = adam", "a"),
        ("amp=true", "a"),
        ("amp=True", "a"),
        ("seed=1", "a"),
        ("seed=true", ""),  # 1 is not True
        ("x=NaN", "c"),
        ("lr<adam", ""),  # texts and numbers have no order
        ("status=finished", "abcd"),
        ("group=g", "ab"),
        ("score>=7", "b"),
        ("val/loss<=2", "a"),
        ("min:val/loss<2", "a"),
        ("max:val/loss>=5", "b"),
        ('opt.name="adam"', "a"),
    ],
)
def test_a_condition_chooses(reader: Reader, where: str, expected: str) -> None:
    assert names(reader, where) == expected


def test_all_conditions_hold_together(reader: Reader) -> None:
    assert names(reader, "lr>0.1", "opt.name=adam*") == "c"
    assert names(reader, "lr>0", match="[ab]") == "ab"


def test_runs_without_a_value_come_last_in_either_order(reader: Reader) -> None:
    assert names(reader, sort="val/loss") == "abcd"
    assert names(reader, sort="val/loss", descending=True) == "bacd"
    assert names(reader, sort="min:val/loss", descending=True)[:2] == "ba"
    assert [one.value for one in runs_that_fit(reader, sort="lr", descending=True)] == [
        0.3,
        0.2,
        0.1,
        None,
    ]


def test_a_key_that_no_run_has_is_answered_with_those_there_are(reader: Reader) -> None:
    with pytest.raises(ValueError, match=r"'lrr'.*(?s:.)*'opt.name'(?s:.)*'val/loss'"):
        runs_that_fit(reader, where=["lrr<1"])
    with pytest.raises(ValueError, match="says nothing"):
        condition("adam")


def test_a_logdir_without_runs_has_none_that_fit(tmp_path: Path) -> None:
    with open_logdir(tmp_path) as empty:
        assert runs_that_fit(empty, where=["lr<1"], sort="val/loss") == []
