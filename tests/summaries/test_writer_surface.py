"""What scripts reach for around the methods: file_writer, defaults of a block, other names."""

from __future__ import annotations

import json
import logging
import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorboardX
from tensorboard.compat.proto import event_pb2, summary_pb2

from summaries import SummaryWriter, open_logdir
from summaries.global_writer import GlobalSummaryWriter
from summaries.wire import encode_graph, encode_summary, scalar_value

GRAPH = {"nodes": [{"name": "x", "op": "Placeholder"}]}


def test_the_file_writer_takes_summaries_events_and_graphs(tmp_path: Path) -> None:
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="a", simple_value=0.5)])
    with SummaryWriter(tmp_path) as writer:
        below = writer.file_writer
        below.add_summary(summary, 1)
        below.add_summary(encode_summary([scalar_value("a", 1.5)]), 2, walltime=5.0)
        below.add_event(event_pb2.Event(summary=summary, step=3, wall_time=6.0))
        below.add_event(event_pb2.Event(summary=summary, step=3), step=4, walltime=7.0)
        below.add_event(event_pb2.Event(graph_def=encode_graph(GRAPH)))
        below.flush()
        with pytest.raises(TypeError, match=r"file_writer\.add_event"):
            below.add_event(5)
        with pytest.raises(ValueError, match=r"damaged|ends inside"):
            below.add_event(b"\x2a\x05ab")
    with open_logdir(tmp_path) as reader:
        points = reader.scalars(".", "a")
        assert points.step.tolist() == [1, 2, 3, 4]
        assert points.wall_time[1:].tolist() == [5.0, 6.0, 7.0]
        graph = reader.graph(".")
    assert graph is not None
    assert graph.nodes[0].name == "x"


def test_a_graph_profile_of_tensorboardx_is_taken(tmp_path: Path) -> None:
    class Message:
        def SerializeToString(self) -> bytes:
            return encode_graph(GRAPH)

    with SummaryWriter(tmp_path) as writer:
        writer.file_writer.add_graph((Message(), None), walltime=9.0)
    with open_logdir(tmp_path) as reader:
        graph = reader.graph(".")
    assert graph is not None
    assert graph.wall_time == 9.0


def test_metadata_holds_for_its_block_only(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        with writer.use_metadata(global_step=7, walltime=3.0):
            writer.add_scalar("a", 0.5)
            writer.add_scalar("a", 0.5, 9)
            writer.add_text("t", "x")
        writer.add_scalar("a", 0.5)
        with pytest.raises(ValueError, match="use_metadata"), writer.use_metadata():
            pass
    with open_logdir(tmp_path) as reader:
        points = reader.scalars(".", "a")
        (text,) = reader.texts(".", "t")
    assert points.step.tolist() == [7, 9, 0]
    assert points.wall_time[:2].tolist() == [3.0, 3.0]
    assert points.wall_time[2] > 1e9
    assert (text.step, text.wall_time) == (7, 3.0)


def test_a_writer_that_writes_nothing_still_checks(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    with SummaryWriter(directory, write_to_disk=False) as writer:
        for step in range(25_000):
            writer.add_scalar("a", 0.5, step)
        writer.add_image("i", np.zeros((3, 4, 4)))
        writer.add_hparams({"lr": 0.1})
        with pytest.raises(TypeError, match="'a'"):
            writer.add_scalar("a", "text")
        writer.flush()
        writer.export_scalars_to_json(tmp_path / "none.json")
    assert not directory.exists()
    with pytest.raises(ValueError, match="closed"):
        writer.add_text("t", "x")


def test_a_closed_writer_can_be_reopened(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path)
    writer.add_scalar("a", 1.0, 0)
    writer.file_writer.reopen()  # open: nothing happens
    writer.close()
    writer.file_writer.reopen()
    writer.add_scalar("a", 2.0, 1)
    writer.add_text("t", "x")
    writer.file_writer.close()
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").value.tolist() == [1.0, 2.0]
        assert reader.runs()[0].status == "finished"


def test_tensorboardx_names_of_the_directory_are_taken(tmp_path: Path) -> None:
    with SummaryWriter(logdir=str(tmp_path / "x")) as writer:
        assert writer.logdir == writer.log_dir == str(tmp_path / "x")


def test_comet_is_told_to_be_unused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        SummaryWriter(tmp_path / "a", comet_config={"disabled": True}).close()
        assert not caplog.records
        SummaryWriter(tmp_path / "b", comet_config={"disabled": False}).close()
    assert "Comet" in caplog.text


def test_exported_scalars_have_tensorboardxs_form(tmp_path: Path) -> None:
    made: dict[str, Any] = {}
    for name, kind in (("ours", SummaryWriter), ("theirs", tensorboardX.SummaryWriter)):
        writer = kind(str(tmp_path / name))
        writer.add_scalar("alone", 1.0, 0)
        for step in range(2):
            values = {"sin": 0.5 * step, "cos": 1.0}
            writer.add_scalars("group", values, step, walltime=5.0 + step)
        writer.export_scalars_to_json(str(tmp_path / f"{name}.json"))
        writer.add_scalars("group", {"sin": 9.0}, 2, walltime=7.0)
        writer.export_scalars_to_json(str(tmp_path / f"{name}-again.json"))
        writer.close()
        for part in (name, f"{name}-again"):
            found = json.loads((tmp_path / f"{part}.json").read_text())
            made[part] = {
                str(Path(k).relative_to(tmp_path / name)): v for k, v in found.items() if v
            }
    assert made["ours"] == made["theirs"]
    assert made["ours-again"] == made["theirs-again"] == {"group/sin": [[7.0, 2, 9.0]]}


def test_each_kind_keeps_the_rank_that_logged_it(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path, rank=2) as writer:
        writer.add_tensor("x", np.arange(3))
        writer.add_table("t", {"a": [1]})
        writer.add_pr_curve("p", [0, 1], [0.1, 0.9])
    with open_logdir(tmp_path) as reader:
        found = reader.tensors(".", "x") + reader.tables(".", "t") + reader.pr_curves(".", "p")
    assert [record.rank for record in found] == [2, 2, 2]


@pytest.mark.parametrize(
    ("address", "below"),
    [
        ("runs/a", "runs/a/hparams-2"),
        ("postgresql+psycopg://me@host/team/a", "postgresql+psycopg://me@host/team/a/hparams-2"),
        ("postgresql:///team?host=/tmp&run=a", "postgresql:///team?host=/tmp&run=a/hparams-2"),
        ("http://host:6006/a?token=x", "http://host:6006/?token=x&run=a/hparams-2"),
    ],
)
def test_a_run_below_one_at_an_address_is_at_that_address(address: str, below: str) -> None:
    from summaries.destination import is_http_url, is_url, split_http_url, split_postgres_url

    writer = SummaryWriter(address, write_to_disk=False)
    writer._pipeline.name = "a"
    found = writer._address("hparams-2")
    if not is_url(address):
        assert found == below
    elif is_http_url(address):
        assert split_http_url(found) == split_http_url(below)
    else:
        assert split_postgres_url(found) == split_postgres_url(below)


# -- hyperparameters ----------------------------------------------------------------------------


def test_hyperparameters_of_a_sweep_are_runs_of_their_own(tmp_path: Path) -> None:
    """The loop of torch's documentation: one writer, several sets."""
    with SummaryWriter(tmp_path) as writer:
        for at in range(3):
            writer.add_hparams({"lr": 0.1 * at, "bsize": at}, {"hparam/loss": 10.0 * at})
        writer.add_hparams({"more": 1})
    with open_logdir(tmp_path) as reader:
        assert reader.hparams() == {
            ".": {"lr": 0.0, "bsize": 0, "more": 1},
            "hparams-2": {"lr": 0.1, "bsize": 1},
            "hparams-3": {"lr": 0.2, "bsize": 2},
        }
        assert reader.scalars("hparams-3", "hparam/loss").value.tolist() == [20.0]


@pytest.mark.parametrize("keyword", ["run_name", "name"])
def test_hyperparameters_with_a_name_are_a_run_of_that_name(keyword: str, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_hparams({"lr": np.float32(0.5)}, {"loss": 1.0}, **{keyword: "a/b"})
    with open_logdir(tmp_path) as reader:
        assert reader.hparams() == {"a/b": {"lr": 0.5}}


def test_a_domain_of_an_unknown_hyperparameter_is_refused(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_hparams({"lr": 0.1}, {}, {"lr": [0.1, 0.2]})
        with pytest.raises(TypeError, match="hparam_domain_discrete"):
            writer.add_hparams({"lr": 0.1}, {}, {"momentum": [0.1]})


# -- the global writer --------------------------------------------------------------------------


def log_from_a_process(writer: GlobalSummaryWriter, at: int) -> None:
    for _ in range(5):
        writer.add_scalar("shared", at)
        time.sleep(0.001)
    writer.smw.flush()


def test_processes_that_share_the_writer_count_one_sequence_of_steps(tmp_path: Path) -> None:
    writer = GlobalSummaryWriter(str(tmp_path))
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=log_from_a_process, args=(writer, at)) for at in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    writer.add_text("t", "x")
    writer.add_image("i", np.zeros((3, 4, 4)))
    assert writer.file_writer.get_logdir() == str(tmp_path)
    writer.close()
    with open_logdir(tmp_path) as reader:
        assert sorted(reader.scalars(".", "shared").step.tolist()) == list(range(15))
        assert len(reader.texts(".", "t")) == len(reader.images(".", "i")) == 1


def test_the_global_writer_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = GlobalSummaryWriter.getSummaryWriter()
    try:
        assert GlobalSummaryWriter.getSummaryWriter() is one
    finally:
        one.close()
