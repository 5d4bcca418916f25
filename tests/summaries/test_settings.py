"""Config, hyperparameters, names and surroundings of a run: kept as plain data, or refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summaries import LogdirError, SummaryWriter, init, open_logdir
from summaries.replicate import copy_runs


def test_settings_of_every_kind_come_back_as_plain_data(logdir: str | Path) -> None:
    config = {
        1: {("a", 2): np.float32(0.5)},
        "array": np.arange(3),
        "nan": float("nan"),
        "path": Path("x"),
        "set": {3, 1},
        "broken": "\ud800",
    }
    run = init(logdir, name="r", config=config)
    run.update_config({"later": np.int64(3), "flag": np.bool_(True)})
    run.finish()
    with open_logdir(logdir) as reader:
        found = dict(reader.runs()[0].config)
    assert np.isnan(found.pop("nan"))
    assert found == {
        "1": {"('a', 2)": 0.5},
        "array": [0, 1, 2],
        "path": "x",
        "set": [1, 3],
        "broken": "\ud800",
        "later": 3,
        "flag": True,
    }


def cyclic() -> dict[str, object]:
    found: dict[str, object] = {}
    found["self"] = found
    return found


@pytest.mark.parametrize("config", [cyclic(), {"n": 10**5000}, [("lr", 0.1)]])
def test_settings_that_are_no_json_are_refused_before_a_run_is_made(
    tmp_path: Path, config: Any
) -> None:
    with pytest.raises(TypeError, match=r"init: config .*\n.*\n  try: "):
        init(tmp_path, name="r", config=config)
    assert list(tmp_path.iterdir()) == []
    with init(tmp_path, name="r") as run, pytest.raises(TypeError, match="update_config: values"):
        run.update_config(config)
    with SummaryWriter(tmp_path / "w") as writer, pytest.raises(TypeError, match="add_hparams"):
        writer.add_hparams(config)


def test_a_number_of_five_thousand_digits_is_refused_by_name(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path)
    with pytest.raises(TypeError, match="add_scalar 'loss': expects one number"):
        writer.add_scalar("loss", 10**5000, 0)
    with pytest.raises(TypeError, match="got str: 'a few'"):
        writer.add_scalar("loss", "a few", 0)
    with pytest.raises(ValueError, match="add_scalar 'loss': global_step does not fit"):
        writer.add_scalar("loss", 1.0, 10**5000)
    writer.close()


def test_a_run_name_that_is_no_utf8_is_kept_as_far_as_it_is(logdir: str | Path) -> None:
    with init(logdir, name="a\udcff") as run:
        run.log({"x": 1.0})
    with open_logdir(logdir) as reader:
        assert [info.name for info in reader.runs()] == ["a?"]


def test_a_working_directory_that_is_gone_does_not_matter(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "import os, sys, numpy, summaries, summaries.store.writing\n"
        "os.mkdir(sys.argv[1] + '/here'); os.chdir(sys.argv[1] + '/here')\n"
        "os.rmdir(sys.argv[1] + '/here')\n"
        "summaries.init(sys.argv[1], name='r').log({'x': 1.0})\n"
    )
    process = start_script(code, tmp_path)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_numbers_of_numpy_in_a_graph_stay_numbers(tmp_path: Path) -> None:
    outputs = [{"dtype": np.dtype("float32"), "shape": [np.int64(3), None]}]
    node = {
        "name": "a",
        "op": "Add",
        "outputs": outputs,
        "attrs": {"v": np.float32(0.5), ("t",): 1},
    }
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph({"nodes": [node]})
    with open_logdir(tmp_path) as reader:
        graph = reader.graph(".")
    assert graph is not None
    assert graph.nodes[0].outputs == (("float32", (3, None)),)
    assert graph.nodes[0].attrs == {"v": 0.5, "('t',)": 1}


def test_runs_have_a_database_each_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (1.0, 2.0):
        with init(tmp_path, name="a/b", store="per-run") as run:
            run.log({"x": value})
    monkeypatch.setenv("TRAINBOARD_STORE", "per-run")
    with init(tmp_path, name="c") as run:
        run.log({"x": 3.0})
    with init(tmp_path, name="a/b", resume=True) as run:
        run.log({"x": 4.0})
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("events.db")) == [
        "a/b-2/events.db",
        "a/b/events.db",
        "c/events.db",
    ]
    with open_logdir(tmp_path) as reader:
        found = {i.name: reader.scalars(i.name, "x").value.tolist() for i in reader.runs()}
        assert found == {"a/b": [1.0, 4.0], "a/b-2": [2.0], "c": [3.0]}
    monkeypatch.setenv("TRAINBOARD_STORE", "nonsense")
    with pytest.raises(LogdirError, match="store 'nonsense'"):
        init(tmp_path, name="d")


def test_runs_are_pulled_into_a_database_each(tmp_path: Path) -> None:
    for place, value in (("one", 1.0), ("two", 2.0)):
        with init(tmp_path / place, name="a/b") as run:
            run.log({"x": value})
        for sent in (1, 0):
            copied = copy_runs(tmp_path / place, tmp_path / "all", store="per-run")
            assert copied.values == sent
    with open_logdir(tmp_path / "all") as reader:
        found = {i.name: reader.scalars(i.name, "x").value.tolist() for i in reader.runs()}
        assert found == {"a/b": [1.0], "a/b-2": [2.0]}
