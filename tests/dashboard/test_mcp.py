"""What an agent is answered, through the protocol's own client and a real process."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from summaries import init


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
    return logdir


def ask(logdir: Path, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """What a server process over the logdir answers to these calls of its tools."""
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "dashboard.cli", "mcp", str(logdir)]
    )

    async def talk() -> list[Any]:
        async with Client(command) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(talk())


def data(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content
    found = result.structured_content or json.loads(result.content[0].text)
    return dict(found)


def test_an_agent_lists_reads_and_compares(logdir: Path) -> None:
    listed, read, compared, health = ask(
        logdir,
        ("list_runs", {"match": "*"}),
        ("read_series", {"run": "a", "tag": "train/loss", "bins": 20}),
        ("compare_runs", {"runs": ["a", "b"]}),
        ("run_health", {"run": "b"}),
    )
    assert [run["name"] for run in data(listed)["runs"]] == ["b", "a"]
    assert data(listed)["runs"][1]["settings"]["lr"] == 0.1
    series = data(read)
    assert series["n_points"] == 2000
    assert len(series["bins"]["max"]) <= 20
    assert max(series["bins"]["max"]) == 99.0  # the one spike is in its bin
    assert data(compared)["settings"] == {"lr": [0.1, 0.2]}
    assert data(compared)["metrics"]["train/loss"][0]["max_step"] == 777
    assert "Loss is odd" in [alert["title"] for alert in data(health)["alerts"]]


def test_a_wrong_name_is_answered_with_what_there_is(logdir: Path) -> None:
    (result,) = ask(logdir, ("read_series", {"run": "a", "tag": "loss"}))
    assert result.is_error
    assert "train/loss" in result.content[0].text
