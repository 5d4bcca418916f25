"""`SummaryWriter` and `init`: what is logged is what is read, from threads and processes alike."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import summaries
from summaries import SummaryWriter, init, open_logdir


def test_a_writer_logs_every_kind_into_its_directory(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).random((3, 8, 9))
    with SummaryWriter(tmp_path / "runs" / "first") as writer:
        writer.add_scalar("train/loss", 0.25, 3)
        writer.add_scalars("acc", {"train": 0.5, "val": 0.4}, 3)
        writer.add_histogram("w", np.arange(100.0), 3)
        writer.add_text("note", "# hello", 1)
        writer.add_image("sample", pixels, 2)
        writer.add_graph({"nodes": [{"name": "a/b", "op": "Const", "inputs": ["^c"]}]})
        writer.add_hparams({"lr": 0.1, "act": "relu"}, {"best/acc": 0.9})
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["events.db"]
    with open_logdir(tmp_path / "runs") as reader:
        (info,) = reader.runs()
        assert (info.name, info.status) == ("first", "finished")
        assert info.hparams == {"lr": 0.1, "act": "relu"}
        assert info.tags["scalar"] == ("acc/train", "acc/val", "best/acc", "train/loss")
        assert reader.scalars("first", "train/loss").step.tolist() == [3]
        assert reader.histograms("first", "w")[0].counts.sum() == 100
        assert reader.texts("first", "note")[0].text == "# hello"
        image = reader.images("first", "sample")[0]
        assert (image.width, image.height) == (9, 8)
        assert reader.blob(image.sha256)[0].startswith(b"\x89PNG")
        graph = reader.graph("first")
        assert graph is not None
        assert graph.nodes[0].inputs == ("^c",)
        assert reader.hparams() == {"first": {"lr": 0.1, "act": "relu"}}


def test_the_same_image_is_stored_once(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for step in range(5):
            writer.add_image("same", np.zeros((4, 4)), step, dataformats="HW")
    with open_logdir(tmp_path) as reader:
        assert len({image.sha256 for image in reader.images(".", "same")}) == 1
        assert [image.step for image in reader.images(".", "same")] == [0, 1, 2, 3, 4]


def test_image_pixels_come_back(tmp_path: Path) -> None:
    import io

    from PIL import Image

    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    with SummaryWriter(tmp_path) as writer:
        writer.add_image("a", pixels, 0, dataformats="HWC")
    with open_logdir(tmp_path) as reader:
        content, media_type = reader.blob(reader.images(".", "a")[0].sha256)
    assert media_type == "image/png"
    assert (np.asarray(Image.open(io.BytesIO(content))) == pixels).all()


def test_a_step_of_none_counts_up_for_each_tag(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for value in (1.0, 2.0):
            writer.add_scalar("a", value)
        writer.add_scalar("b", 1.0)
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").step.tolist() == [0, 1]
        assert reader.scalars(".", "b").step.tolist() == [0]


def test_repeated_and_decreasing_steps_are_kept_in_logging_order(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for step in (5, 5, 3, 9, 0, -2):
            writer.add_scalar("a", float(step), step)
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").step.tolist() == [5, 5, 3, 9, 0, -2]


def test_numbers_of_every_library_are_taken(tmp_path: Path) -> None:
    values = [1, True, np.float32(1), np.int64(1), np.array([1.0]), np.array(1), np.float64(1)]
    with SummaryWriter(tmp_path) as writer:
        for step, value in enumerate(values):
            writer.add_scalar("a", value, np.int32(step))
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").value.tolist() == [1.0] * len(values)


def test_a_walltime_of_ones_own_is_kept(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("a", 1.0, 0, walltime=1234567.890123)
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").wall_time.tolist() == [1234567.890123]


def test_flush_makes_all_visible_and_no_call_waits_longer_than_the_period(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path)
    with open_logdir(tmp_path) as reader:
        writer.add_scalar("a", 1.0, 0)
        writer.flush()
        assert len(reader.scalars(".", "a")) == 1
        writer.add_scalar("a", 2.0, 1)
        deadline = time.monotonic() + 5
        while len(reader.scalars(".", "a")) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(reader.scalars(".", "a")) == 2
        assert reader.runs()[0].status == "running"
    writer.close()


def test_a_second_writer_on_the_directory_goes_on_with_the_run(tmp_path: Path) -> None:
    for step in range(3):
        with SummaryWriter(tmp_path) as writer:
            writer.add_scalar("a", float(step), step)
    with open_logdir(tmp_path) as reader:
        assert len(reader.runs()) == 1
        assert reader.scalars(".", "a").step.tolist() == [0, 1, 2]


def test_an_error_in_the_block_marks_the_run_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), SummaryWriter(tmp_path) as writer:
        writer.add_scalar("a", 1.0, 0)
        raise RuntimeError("diverged")
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].status == "failed"
        assert len(reader.scalars(".", "a")) == 1


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path)

    def log(tag: str) -> None:
        for step in range(20_000):
            writer.add_scalar(tag, float(step), step)

    threads = [threading.Thread(target=log, args=(f"t{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    with open_logdir(tmp_path) as reader:
        for k in range(4):
            assert reader.scalars(".", f"t{k}").step.tolist() == list(range(20_000))


def test_a_full_buffer_makes_the_call_wait_and_loses_nothing(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path, max_queue=10_000)
    for step in range(200_000):
        writer.add_scalar("a", 0.0, step)
    assert len(writer._points) <= 10_001
    writer.close()
    with open_logdir(tmp_path) as reader:
        assert len(reader.scalars(".", "a")) == 200_000


def test_logging_after_close_says_so(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path)
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.add_scalar("a", 1.0, 0)
    with pytest.raises(ValueError, match="closed"):
        writer.add_text("a", "b")
    run = init(tmp_path, name="r")
    run.finish()
    with pytest.raises(ValueError, match="finished"):
        run.log({"a": 1.0})


def test_the_default_directory_is_a_new_one_below_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with SummaryWriter(comment="_lr1") as writer:
        writer.add_scalar("a", 1.0, 0)
        assert writer.get_logdir() == writer.log_dir
    (made,) = (tmp_path / "runs").iterdir()
    assert made.name.endswith("_lr1")


# -- init and Run -------------------------------------------------------------------------------


def test_runs_share_one_database_and_keep_their_names(tmp_path: Path) -> None:
    for lr in (0.1, 0.01):
        with init(tmp_path, name=f"lr={lr}/seed=3", config={"lr": lr, "net": {"depth": 2}}) as run:
            run.log({"train": {"loss": 0.5, "acc": 0.1}}, step=7)
    assert [p.name for p in tmp_path.iterdir()] == ["events.db"]
    with open_logdir(tmp_path) as reader:
        assert [info.name for info in reader.runs()] == ["lr=0.1/seed=3", "lr=0.01/seed=3"]
        assert reader.runs()[1].config == {"lr": 0.01, "net": {"depth": 2}}
        assert reader.runs()[0].tags == {"scalar": ("train/acc", "train/loss")}


def test_log_takes_numbers_arrays_texts_and_images(logdir: str | Path) -> None:
    with init(logdir, name="a") as run:
        run.log(
            {
                "loss": 0.5,
                "n": 3,
                "one": np.array([2.5]),
                "weights": np.arange(10.0),
                "listed": [1, 2, 3],
                "note": "hello",
                "sample": summaries.Image(np.zeros((4, 5, 3))),
                "grey": summaries.Image(np.zeros((4, 5))),
                "single": summaries.Histogram([7.0]),
            }
        )
    with open_logdir(logdir) as reader:
        assert reader.runs()[0].tags == {
            "histogram": ("listed", "single", "weights"),
            "image": ("grey", "sample"),
            "scalar": ("loss", "n", "one"),
            "text": ("note",),
        }


def test_steps_go_on_from_the_last_one(logdir: str | Path) -> None:
    with init(logdir, name="a") as run:
        run.log({"x": 1.0})
        run.log({"x": 2.0}, step=10)
        run.log({"x": 3.0})
    with open_logdir(logdir) as reader:
        assert reader.scalars("a", "x").step.tolist() == [0, 10, 11]


def test_a_taken_name_gets_a_number_unless_resumed(
    logdir: str | Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = []
    for _ in range(2):
        with init(logdir, name="a") as run:
            run.log({"x": 1.0}, step=0)
            names.append(run.name)
    assert names == ["a", "a-2"]
    assert "'a' is taken" in caplog.text
    with init(logdir, name="a", resume=True) as run:
        run.log({"x": 2.0}, step=1)
    with open_logdir(logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == [1.0, 2.0]


def test_a_name_is_made_up_where_none_is_given(logdir: str | Path) -> None:
    names = []
    for _ in range(2):
        with init(logdir) as run:
            names.append(run.name)
    assert len(set(names)) == 2


def test_config_may_be_added_to_later(tmp_path: Path) -> None:
    with init(tmp_path, name="a", config={"lr": 0.1, "path": Path("x")}) as run:
        run.update_config({"lr": 0.2, "steps": np.int64(5)})
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].config == {"lr": 0.2, "path": "x", "steps": 5}


# -- processes ----------------------------------------------------------------------------------

LOG_MANY = """
import sys
from summaries import SummaryWriter, init
logdir, name, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
run = SummaryWriter(f"{logdir}/{name}") if name.startswith("own") else init(logdir, name=name)
for step in range(n):
    if name.startswith("own"):
        run.add_scalar("x", step * 0.5, step)
    else:
        run.log({"x": step * 0.5}, step=step)
getattr(run, "close", None) and run.close()
getattr(run, "finish", None) and run.finish()
"""


def test_eight_processes_log_into_one_logdir_at_once(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    names = [f"run{k}" for k in range(6)] + ["own1", "own2"]
    processes = [start_script(LOG_MANY, tmp_path, name, 20_000) for name in names]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
    with open_logdir(tmp_path) as reader:
        assert {info.name for info in reader.runs()} == set(names)
        for name in names:
            assert reader.scalars(name, "x").step.tolist() == list(range(20_000))


def test_the_end_of_the_interpreter_flushes_and_marks_the_run(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "import sys; from summaries import init\n"
        "run = init(sys.argv[1], name=sys.argv[2])\n"
        "run.log({'x': 1.0})\n"
        "if sys.argv[2] == 'bad': raise SystemError('out of luck')\n"
    )
    for name in ("good", "bad"):
        start_script(code, tmp_path, name).communicate(timeout=60)
    with open_logdir(tmp_path) as reader:
        assert {info.name: info.status for info in reader.runs()} == {
            "good": "finished",
            "bad": "failed",
        }
        assert len(reader.scalars("bad", "x")) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_logs_on_without_repeating_the_parents_points(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
import os, sys
from summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1])
for step in range(1000):
    writer.add_scalar("parent", 1.0, step)
child = os.fork()
if child == 0:
    for step in range(500):
        writer.add_scalar("child", 2.0, step)
    writer.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
for step in range(1000, 1500):
    writer.add_scalar("parent", 1.0, step)
writer.close()
"""
    process = start_script(code, tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "parent").step.tolist() == list(range(1500))
        assert reader.scalars(".", "child").step.tolist() == list(range(500))


def test_a_failing_store_is_told_once_and_nothing_is_lost_when_it_recovers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SummaryWriter(tmp_path)
    store = writer._pipeline._store
    works = store.append

    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    with caplog.at_level(logging.WARNING, logger="summaries"):
        monkeypatch.setattr(store, "append", fails)
        for step in range(10):
            writer.add_scalar("a", float(step), step)
            writer.flush()
        monkeypatch.setattr(store, "append", works)
        writer.flush()
    assert caplog.text.count("no space left") == 1
    assert "works again" in caplog.text
    writer.close()
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").step.tolist() == list(range(10))
