"""The terminal's commands, run as a person runs them."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from pathlib import Path

import pytest

from dashboard.cli import main
from dashboard.commands import COMMANDS
from dashboard.commands.choosing import sized
from dashboard.commands.drawing import ago, duration, number, sparkline
from dashboard.feed import flattened
from summaries import Histogram, SummaryWriter, init, open_logdir


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of a known width."""
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def filled(logdir: Path | str) -> str:
    """A logdir with three runs of a sweep and one that failed."""
    for k, lr in enumerate((0.1, 0.03, 0.01)):
        config = {"lr": lr, "optimizer": {"name": "adam"}, "layers": [64, 64]}
        with init(logdir, name=f"lr={lr}/seed={k}", config=config) as run:
            for step in range(1000):
                run.log({"train/loss": math.exp(-step * lr / 20), "acc": step / 999}, step=step)
            run.log({"weights": Histogram([1.0, 2.0])})
    run = init(logdir, name="broken")
    run.log({"train/loss": float("nan")})
    run.finish("failed")
    return str(logdir)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main(arguments) == status
    return capsys.readouterr().out


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command.NAME, "--help"])
        assert ended.value.code == 0
        assert command.HELP in re.sub(r"\s+", " ", capsys.readouterr().out)


def test_ls_lists_runs_with_their_last_values(
    filled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "ls", filled)
    lines = [line.split() for line in text.splitlines() if "seed=" in line or "broken" in line]
    assert [line[0] for line in lines] == ["lr=0.1/seed=0", "lr=0.03/seed=1", "lr=0.01/seed=2",
                                           "broken"]  # fmt: skip
    assert "failed" in lines[3]
    assert "0.0067719" in lines[0][-1] or lines[0][-1] == "0.0067717"
    best = said(
        capsys, "ls", filled, "--sort", "train/loss", "--reverse", "--metric", "train/loss", "lr=*"
    )
    assert next(x.split()[0] for x in best.splitlines() if "seed" in x) == "lr=0.01/seed=2"


def test_ls_gives_scripts_json(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = {row["name"]: row for row in json.loads(said(capsys, "ls", filled, "--json"))}
    assert found["broken"]["status"] == "failed"
    loss = found["lr=0.1/seed=0"]["metrics"]["train/loss"]
    assert (loss["n"], loss["last_step"], loss["max"], loss["max_step"]) == (1000, 999, 1.0, 0)
    assert found["lr=0.1/seed=0"]["config"]["optimizer"] == {"name": "adam"}


def test_show_draws_the_curves_of_a_run(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "show", filled, "lr=0.1/seed=0")
    assert re.search(r"config\.optimizer\.name\s+adam", text)
    (line,) = (line for line in text.splitlines() if line.startswith("acc"))
    curve = re.findall("[▁▂▃▄▅▆▇█]+", line)[0]
    assert curve[0] == "▁"
    assert curve[-1] == "█"
    assert list(curve) == sorted(curve)
    assert "also: 1 histogram" in text
    with open_logdir(filled) as reader:
        key = reader.runs()[0].key
    assert said(capsys, "show", filled, key).split("\n")[0] == text.split("\n")[0]
    broken = said(capsys, "show", filled, "broken")
    assert "×" in broken
    assert re.search("(warn|error): .*train/loss", broken)


def test_compare_shows_what_differs(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "compare", filled, "lr=*")
    assert re.search(r"lr\s+0\.1\s+0\.03\s+0\.01", text)
    assert "adam" not in text
    assert "adam" in said(capsys, "compare", filled, "lr=*", "--all")
    assert re.search(r"train/loss\s+1\s+1\s+1\s", said(
        capsys, "compare", filled, "lr=*", "--value", "max"))  # fmt: skip
    assert re.search(r"lr\s+0\.1\s+–", said(capsys, "compare", filled, "lr=0.1/*", "broken"))


def test_a_run_that_is_none_is_named_with_those_there_are(
    filled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (("show", filled, "x"), ("compare", filled, "x"), ("rm", "-y", filled, "x")):
        assert main(command) == 2
        assert "run 'x': there is none\n  runs: 'lr=0.1/seed=0'" in capsys.readouterr().err


def test_runs_are_archived_moved_and_removed(
    filled: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "2 runs archived" in said(capsys, "archive", filled, "lr=0.1/*", "broken")
    listed = said(capsys, "ls", filled)
    assert "lr=0.1/" not in listed
    assert "lr=0.03/" in listed
    assert "lr=0.1/" in said(capsys, "ls", filled, "--archived")
    assert "2 runs taken back" in said(capsys, "archive", "--undo", filled, "lr=0.1/*", "broken")
    said(capsys, "mv", filled, "broken", "attic/broken")
    assert "attic/broken" in said(capsys, "ls", filled)
    # Without a terminal there is nobody to ask.
    assert "nothing was deleted" in said(capsys, "rm", filled, "attic/*", status=1)
    assert "1 run deleted" in said(capsys, "rm", "--yes", filled, "attic/*")
    assert "attic" not in said(capsys, "ls", filled)


def test_runs_go_to_the_trash_and_come_back(
    filled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "2 runs put in the trash" in said(capsys, "trash", filled, "lr=0.1/*", "broken")
    listed = said(capsys, "ls", filled)
    assert "lr=0.1/" not in listed
    assert "2 runs in the trash: dashboard ls --deleted" in listed
    assert "lr=0.1/" in said(capsys, "ls", "--deleted", filled)
    assert "1 run taken back" in said(capsys, "trash", "--undo", filled, "broken")
    assert "1 run deleted for good" in said(capsys, "trash", "--empty", filled)
    assert "the trash is empty" in said(capsys, "ls", "--deleted", filled)
    assert "broken" in said(capsys, "ls", filled)
    assert main(["trash", filled]) == 2
    assert "no run is named" in capsys.readouterr().err


def test_doctor_and_compact_say_what_they_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(9000):
            writer.add_scalar("x", float(step), step)
    assert "in order" in said(capsys, "doctor", str(tmp_path))
    connection = sqlite3.connect(tmp_path / "a" / "events.db")
    connection.execute("UPDATE series SET n = 5")
    connection.commit()
    connection.close()
    assert "another n than its points" in said(capsys, "doctor", str(tmp_path), status=1)
    assert "mended" in said(capsys, "doctor", "--mend", str(tmp_path))
    assert "in order" in said(capsys, "doctor", str(tmp_path))
    assert "events.db: " in said(capsys, "compact", str(tmp_path))
    (tmp_path / "empty").mkdir()
    assert "no event store" in said(capsys, "doctor", str(tmp_path / "empty"))


def test_runs_are_pushed_and_pulled(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a/1", "a/2", "b"):
        with init(tmp_path / "here", name=name) as run:
            run.log({"x": 1.0})
    text = said(capsys, "push", str(tmp_path / "here"), postgres_url, "--runs", "a/*")
    assert "2 new values of 2 runs" in text
    assert "0 new values" in said(capsys, "push", str(tmp_path / "here"), postgres_url,
                                  "--runs", "a/*")  # fmt: skip
    assert "2 new values of 2 runs" in said(capsys, "pull", postgres_url, str(tmp_path / "back"))
    with open_logdir(tmp_path / "back") as reader:
        assert [info.name for info in reader.runs()] == ["a/1", "a/2"]


# -- drawing --------------------------------------------------------------------------------------


def test_a_sparkline_is_as_high_as_its_values() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5.0, 5.0]) == "▄▄"
    assert sparkline([-1.7e308, 1.7e308, math.inf]) == "▁█×"
    assert sparkline([]) == ""


def test_numbers_times_and_sizes_are_short() -> None:
    assert [number(v) for v in (0.123456789, 1e-9, 12345, math.nan, True, None, [1, 2.5], "a")] == [
        "0.12346", "1e-09", "12,345", "nan", "true", "", "[1, 2.5]", "a"]  # fmt: skip
    assert [duration(s) for s in (3, 90, 7200, 400_000)] == ["3 s", "2 min", "2.0 h", "5 d"]
    assert ago(0).endswith("ago")
    assert [sized(n) for n in (5, 1500, 2.5e6, 3e12)] == ["5 B", "1.5 kB", "2.5 MB", "3,000.0 GB"]
    assert flattened({"a": {"b": 1, "c": {}}, "d": 2}) == {"a.b": 1, "a.c": {}, "d": 2}
