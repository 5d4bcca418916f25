"""What an agent is answered, through the protocol's own client and a real process."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from dashboard.mcp_tools import LONGEST_TEXT, Tools
from summaries import SummaryWriter, init, open_logdir
from summaries.kinds import console

MISSING_EXTRA = """
import sys
sys.modules["mcp"] = None  # as if it were not installed
from dashboard.cli import main
sys.exit(main(["mcp", sys.argv[1]]))
"""


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logdir = tmp_path_factory.mktemp("logs")
    for name, lr in (("a", 0.1), ("b", 0.2)):
        with init(logdir, name=name, config={"lr": lr, "layers": 2}) as run:
            for step in range(2000):
                value = 99.0 if (name, step) == ("a", 777) else 1.0 / (step + 1)
                run.log({"train/loss": value}, step=step)
            if name == "b":
                run.alert("Loss is odd", "it went up", level="WARN")
                run.log({"val/loss": math.nan}, step=5)
                lines = [(1.7e9 + n, f"\x1b[31mepoch {n}\x1b[0m") for n in range(1000)]
                run._pipeline.log_event(console.event("stdout", lines, 0))
    with SummaryWriter(logdir / "c") as writer:
        writer.add_text("note", "x" * 9000, 0)
    return logdir


def ask(*arguments: str, calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[Any], list[Any]]:
    """The tools of a server process over these logdirs, and its answers to these calls."""
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "dashboard.cli", "mcp", *arguments]
    )

    async def talk() -> tuple[list[Any], list[Any]]:
        async with Client(command) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(talk())


def data(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content
    # Clients that know no structured answers read the text: it says the same.
    assert json.loads(result.content[0].text) == result.structured_content
    return dict(result.structured_content)


def test_an_agent_lists_reads_and_compares(logdir: Path) -> None:
    tools, answers = ask(
        str(logdir),
        calls=[
            ("list_runs", {"match": "[ab]", "sort": "min:train/loss", "descending": True}),
            ("list_runs", {"where": ["lr<0.2"]}),
            ("read_series", {"run": "a", "tag": "train/loss", "bins": 20}),
            ("read_series", {"run": "a", "tag": "train/loss", "first_step": 776, "last_step": 778}),
            ("compare_runs", {"runs": ["a", "b"]}),
            ("run_health", {"run": "b", "lines": 2}),
            ("read_console", {"run": "b", "contains": "EPOCH 7", "lines": 3}),
            ("read_values", {"run": "c", "tag": "note"}),
            ("read_series", {"run": "a", "tag": "loss"}),
            ("list_runs", {"where": ["momentum>0"]}),
        ],
    )
    assert all(tool.annotations.read_only_hint and tool.output_schema for tool in tools)
    listed, best, read, near, compared, health, said, note, *wrong = answers
    assert data(listed)["common_settings"] == {"layers": 2}
    assert [run["settings"] for run in data(listed)["runs"]] == [{"lr": 0.1}, {"lr": 0.2}]
    assert [run["name"] for run in data(best)["runs"]] == ["a"]
    series = data(read)
    assert series["n_points"] == 2000
    assert len(series["bins"]["max"]) <= 20
    assert max(series["bins"]["max"]) == 99.0  # the one spike is in its bin
    assert data(near)["points"] == {"step": [776, 777, 778], "value": [1 / 777, 99.0, 1 / 779]}
    assert data(compared)["settings"] == {"lr": [0.1, 0.2]}
    assert data(compared)["metrics"]["train/loss"][0]["max_step"] == 777
    assert "Loss is odd" in [alert["title"] for alert in data(health)["alerts"]]
    assert data(health)["not_finite"]["val/loss"]["last"] == "NaN"
    assert [line["text"] for line in data(health)["last_lines"]] == ["epoch 998", "epoch 999"]
    assert data(said)["total_lines"] == 1000
    assert [line["text"] for line in data(said)["lines"]] == [f"epoch {n}" for n in (797, 798, 799)]
    assert len(data(note)["values"][0]["text"]) < LONGEST_TEXT + 50
    # A name that is not there is answered with those that are.
    assert all(result.is_error for result in wrong)
    assert "train/loss" in wrong[0].content[0].text
    assert "layers" in wrong[1].content[0].text


def test_several_logdirs_are_read_as_one(logdir: Path, tmp_path: Path) -> None:
    with init(tmp_path, name="d"):
        pass
    calls = [("list_runs", {}), ("list_metrics", {"run": "mine/a"})]
    _, (listed, metrics) = ask(f"mine={logdir}", f"other={tmp_path}", calls=calls)
    assert {run["name"] for run in data(listed)["runs"]} == {
        "mine/a",
        "mine/b",
        "mine/c",
        "other/d",
    }
    assert data(metrics)["metrics"]["train/loss"]["n"] == 2000


def test_answers_stay_short_however_much_there_is(tmp_path: Path) -> None:
    with init(tmp_path, name="wide", config={"text": "y" * 100_000}) as run:
        run.log({f"metric/{n}": float(n) for n in range(300)}, step=0)
        for n in range(200):
            run.alert(f"alert {n}", "z" * 100)
    with open_logdir(tmp_path) as reader:
        tools = Tools(reader)
        assert tools.list_metrics("wide").total == 300
        assert len(tools.list_metrics("wide", limit=1000, offset=250).metrics) == 50
        assert tools.compare_runs(["wide"]).n_metrics_left_out == 200
        assert len(tools.list_runs().runs[0].settings["text"]) < 400
        assert len(tools.run_config("wide").config["text"]) < LONGEST_TEXT + 50
        health = tools.run_health("wide")
        assert (len(health.alerts), health.n_alerts) == (50, 200)
        with pytest.raises(ValueError, match="1 to 30 runs"):
            tools.compare_runs(["wide"] * 31)
        with pytest.raises(ValueError, match="bins is 0"):
            tools.read_series("wide", "metric/0", bins=0)
        with pytest.raises(ValueError, match="behind last_step"):
            tools.read_series("wide", "metric/0", first_step=2, last_step=1)


def test_without_the_extra_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MISSING_EXTRA, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'trainboard[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr
