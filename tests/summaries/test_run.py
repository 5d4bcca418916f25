"""`init` and `Run`: steps, config, summary, resuming, rewinding, forking, alerts, values."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from PIL import Image as PilImage

from summaries import (
    Audio,
    Histogram,
    Html,
    Image,
    Object3D,
    Plotly,
    Table,
    Video,
    init,
    open_logdir,
)
from summaries.config import StoredDict
from summaries.errors import LogdirError, NotFoundError
from summaries.records import RunInfo

matplotlib.use("Agg")
Start = Callable[..., "subprocess.Popen[str]"]


def info_of(logdir: str | Path, name: str = "r") -> RunInfo:
    with open_logdir(logdir) as reader:
        return next(info for info in reader.runs() if info.name == name)


# -- steps ----------------------------------------------------------------------------------------


def test_what_is_not_committed_goes_to_the_same_step(logdir: str | Path) -> None:
    with init(logdir, name="r") as run:
        run.log({"a": 1.0}, commit=False)
        run.log({"b": 2.0})
        run.log({"a": 3.0})
        run.log({"a": 4.0}, step=10, commit=False)
        run.log({"b": 5.0})
        run.log({"a": 6.0}, step=3)
        assert run.step == 4
    with open_logdir(logdir) as reader:
        assert reader.scalars("r", "a").step.tolist() == [0, 1, 10, 3]
        assert reader.scalars("r", "b").step.tolist() == [0, 10]


def test_a_step_no_metric_needs_is_its_own_axis_and_logged_along(tmp_path: Path) -> None:
    with init(tmp_path, name="r") as run:
        run.define_metric("val/*", step_metric="epoch", summary="min,mean")
        run.define_metric("val/secret", hidden=True, summary="none")
        run.log({"epoch": 1, "val/loss": 3.0})
        run.log({"val/loss": 1.0, "val/secret": 1.0})
        assert run.summary["val/loss"] == {"min": 1.0, "mean": 2.0}
        assert "val/secret" not in run.summary
        with pytest.raises(ValueError, match="define_metric: summary must be of"):
            run.define_metric("x", summary="median")
    with open_logdir(tmp_path) as reader:
        assert reader.scalars("r", "epoch").step.tolist() == [0, 1]
        assert reader.scalars("r", "epoch").value.tolist() == [1.0, 1.0]
    found = info_of(tmp_path)
    assert found.axes == {
        "val/*": {"step_metric": "epoch", "summary": "min,mean"},
        "val/secret": {"hidden": True, "summary": "none"},
    }
    assert found.summary == {"val/loss": {"min": 1.0, "mean": 2.0}}


# -- config and summary ---------------------------------------------------------------------------


@dataclasses.dataclass
class Settings:
    lr: float = 0.1
    sizes: tuple[int, ...] = (3, 4)


@pytest.mark.parametrize(
    "config",
    [argparse.Namespace(lr=0.1, sizes=[3, 4]), Settings(), {"lr": 0.1, "sizes": (3, 4)}],
    ids=["namespace", "dataclass", "dict"],
)
def test_a_config_may_come_in_any_of_these_forms(tmp_path: Path, config: Any) -> None:
    init(tmp_path, name="r", config=config).finish()
    assert info_of(tmp_path).config == {"lr": 0.1, "sizes": [3, 4]}


def test_every_change_of_the_config_is_stored(logdir: str | Path) -> None:
    with init(logdir, name="r", config={"model": {"width": 32, "deep": {"x": 1}}, "old": 1}) as run:
        run.config.model.deep.x = 2
        run.config["model"]["height"] = 8
        run.config.update({"lr": np.float32(0.5)}, allow_val_change=True)
        run.config.setdefaults({"lr": 9, "seed": 3})
        del run.config["old"]
        assert run.config.pop("absent", None) is None
        run.config |= {"late": (1, 2)}
        with pytest.raises(ValueError, match=r"config 'lr': is 0.5 already"):
            run.config.update(lr=1.0, allow_val_change=False)
        with pytest.raises(AttributeError, match="config has no 'nothing'"):
            run.config.nothing  # noqa: B018
        assert isinstance(run.config, dict)
        expected = {
            "model": {"width": 32, "deep": {"x": 2}, "height": 8},
            "lr": 0.5,
            "seed": 3,
            "late": [1, 2],
        }
        assert run.config.as_dict() == expected
        assert type(run.config.as_dict()["model"]) is dict
    assert info_of(logdir).config == expected


def test_a_stored_dict_can_be_copied_and_sent(tmp_path: Path) -> None:
    import copy
    import pickle

    held = StoredDict({"a": {"b": 1}}, lambda *_: None)
    for other in (copy.deepcopy(held), pickle.loads(pickle.dumps(held))):
        assert type(other) is dict
        assert other == {"a": {"b": 1}}


def test_the_summary_holds_what_is_put_there_before_last_values(tmp_path: Path) -> None:
    with init(tmp_path, name="r") as run:
        run.log({"loss": 2.0, "acc": 0.5})
        run.log({"loss": 1.0})
        run.summary["best"] = 0.9
        run.summary.update({"acc": 0.7})
        assert dict(run.summary) == {"loss": 1.0, "acc": 0.7, "best": 0.9}
        assert run.summary.get("none") is None
        assert run.summary.best == 0.9
    assert info_of(tmp_path).summary == {"best": 0.9, "acc": 0.7}


def test_group_tags_and_notes_are_the_runs(logdir: str | Path) -> None:
    with init(logdir, name="r", group="seeds", job_type="train", tags=["a"], notes="first") as run:
        run.tags = (*run.tags, "b")
        run.notes = "second"
    found = info_of(logdir)
    assert (found.group, found.job_type, found.labels) == ("seeds", "train", ("a", "b"))
    assert found.notes == "second"


# -- resuming -------------------------------------------------------------------------------------


def test_a_run_is_resumed_by_its_id_and_goes_on_with_its_steps(logdir: str | Path) -> None:
    with init(logdir, name="r", id="one", config={"lr": 1}) as run:
        assert (run.id, run.resumed) == ("one", False)
        run.log({"a": 1.0}, step=7)
    with init(logdir, name="other", id="one", resume="must", config={"more": 2}) as run:
        assert (run.name, run.resumed, run.config.lr) == ("r", True, 1)
        run.log({"a": 2.0})
    with open_logdir(logdir) as reader:
        assert reader.scalars("r", "a").step.tolist() == [7, 8]
        assert reader.runs()[0].config == {"lr": 1, "more": 2}


def test_what_may_not_be_resumed_is_refused(logdir: str | Path) -> None:
    with pytest.raises(NotFoundError, match="run 'one': there is none to resume"):
        init(logdir, id="one", resume="must")
    init(logdir, id="one").finish()
    for resume in (False, "never"):
        with pytest.raises(LogdirError, match="run 'one': there is one already"):
            init(logdir, id="one", resume=resume)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="resume must be one of"):
        init(logdir, resume="perhaps")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rewind_step is for a run that is resumed"):
        init(logdir, rewind_step=3)


def test_auto_goes_on_with_a_killed_run_and_not_with_a_finished_one(
    tmp_path: Path, start_script: Start
) -> None:
    code = (
        "import sys, time; from summaries import init\n"
        "run = init(sys.argv[1], name='r', resume='auto'); run.log({'a': 1.0}); run.flush()\n"
        "print('up', flush=True); time.sleep(60)\n"
    )
    process = start_script(code, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert info_of(tmp_path).status == "crashed"
    with init(tmp_path, resume="auto") as run:
        assert (run.name, run.step) == ("r", 1)
    with init(tmp_path, resume="auto") as run:
        assert run.name != "r"


def test_a_resumed_run_may_replace_what_it_had_from_a_step_on(logdir: str | Path) -> None:
    with init(logdir, name="r", id="one") as run:
        for step in range(10):
            run.log({"a": float(step)})
    with init(logdir, id="one", resume="must", rewind_step=6) as run:
        run.log({"a": -6.0})
    with open_logdir(logdir) as reader:
        assert reader.scalars("r", "a").value.tolist() == [0, 1, 2, 3, 4, 5, -6]
        (gone,) = reader.replaced("r")
        assert gone.scalars is not None
        assert gone.scalars.value.tolist() == [6, 7, 8, 9]


def test_a_fork_begins_with_what_its_parent_had(logdir: str | Path) -> None:
    with init(logdir, name="parent", id="p", config={"lr": 1, "seed": 2}) as run:
        for step in range(10):
            run.log({"a": float(step)})
    with init(logdir, name="child", fork_from="p", fork_step=5, config={"lr": 3}) as run:
        assert run.config == {"lr": 3, "seed": 2}
        run.log({"a": -5.0})
    with open_logdir(logdir) as reader:
        assert reader.scalars("child", "a").value.tolist() == [0, 1, 2, 3, 4, -5]
        assert reader.scalars("child", "a").step.tolist() == [0, 1, 2, 3, 4, 5]
        child = next(info for info in reader.runs() if info.name == "child")
        assert (child.parent, child.fork_step) == ("parent", 5)
    with pytest.raises(NotFoundError, match="run 'nobody': there is none of that id or name"):
        init(logdir, fork_from="nobody", fork_step=1)
    with pytest.raises(ValueError, match="fork_from and fork_step belong together"):
        init(logdir, fork_from="p")


def test_ranks_log_into_one_run(tmp_path: Path, start_script: Start) -> None:
    code = (
        "import sys; from summaries import init\n"
        "rank = int(sys.argv[2])\n"
        "with init(sys.argv[1], name='ddp', id='job', rank=rank) as run:\n"
        "    for step in range(500): run.log({'loss': step + rank / 10}, step=step)\n"
    )
    processes = [start_script(code, tmp_path, rank) for rank in range(3)]
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
    with open_logdir(tmp_path) as reader:
        (info,) = reader.runs()
        assert (info.name, info.ranks, info.status) == ("ddp", (0, 1, 2), "finished")
        for rank in range(3):
            own = reader.scalars("ddp", "loss", rank=rank)
            assert own.value.tolist() == [step + rank / 10 for step in range(500)]


# -- alerts and endings ---------------------------------------------------------------------------


def test_alerts_are_kept_and_repeated_ones_are_not(logdir: str | Path) -> None:
    with init(logdir, name="r") as run:
        run.log({"train/loss": 1.0})
        for _ in range(3):
            run.alert("slow", "an epoch took an hour", level="WARN", wait_duration=30)
        run.alert("other")
        run.log({"train/loss": float("nan")})
        with pytest.raises(ValueError, match="alert 'x': level must be one of"):
            run.alert("x", level="loud")
    with open_logdir(logdir) as reader:
        found = reader.alerts("r")
    assert [(a.title, a.level, a.source, a.step) for a in found] == [
        ("slow", "warn", "user", 1),
        ("other", "info", "user", 1),
        ("'train/loss' is NaN", "error", "health", 1),
    ]


def test_a_run_whose_health_is_not_watched_raises_nothing(tmp_path: Path) -> None:
    with init(tmp_path, name="r", health=False) as run:
        run.log({"train/loss": float("nan")})
    with open_logdir(tmp_path) as reader:
        assert reader.alerts("r") == []


def test_a_killed_process_is_an_alert_that_nobody_stored(
    tmp_path: Path, start_script: Start
) -> None:
    code = (
        "import sys, time; from summaries import init\n"
        "run = init(sys.argv[1], name='r'); run.log({'a': 1.0}); run.flush()\n"
        "print('up', flush=True); time.sleep(60)\n"
    )
    process = start_script(code, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    with open_logdir(tmp_path) as reader:
        assert reader.alerts("r") == []
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        (found,) = reader.alerts("r")
    assert (found.level, found.title) == ("error", "the run's process is gone")
    assert str(process.pid) in found.text


@pytest.mark.parametrize(
    ("code", "status"), [(None, "finished"), (0, "finished"), (1, "failed"), ("failed", "failed")]
)
def test_the_exit_code_says_how_the_run_ended(
    tmp_path: Path, code: int | str | None, status: str
) -> None:
    run = init(tmp_path, name="r")
    run.finish(code)
    run.finish()
    assert info_of(tmp_path).status == status


# -- values ---------------------------------------------------------------------------------------


class Figure:
    """What plotly's figures have."""

    def to_plotly_json(self) -> dict[str, Any]:
        return {"data": []}

    def to_json(self) -> str:
        return '{"data": []}'


def test_values_of_every_kind_arrive(logdir: str | Path, tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (4, 5, 3)).astype(np.uint8)
    PilImage.fromarray(pixels).save(tmp_path / "own.png")
    (tmp_path / "page.html").write_text("<p>file</p>", encoding="utf-8")
    figure, _ = plt.subplots()
    table = Table(columns=["word", "picture"])
    table.add_data("the", Image(pixels))
    with init(logdir, name="r") as run:
        run.log(
            {
                "array": Image(pixels, caption="of noise"),
                "pil": PilImage.fromarray(pixels),
                "file": Image(tmp_path / "own.png"),
                "figure": figure,
                "several": [Image(pixels), Image(pixels[:, :, 0])],
                "sound": Audio(np.zeros(100), sample_rate=8000),
                "video": Video(np.zeros((3, 1, 8, 8), dtype=np.uint8), fps=2),
                "table": table,
                "html": Html("<b>bold</b>"),
                "page": Html(tmp_path / "page.html"),
                "plotly": Figure(),
                "points": Object3D(random.standard_normal((7, 6))),
                "counted": Histogram(np_histogram=np.histogram([1.0, 2.0, 2.0], bins=2)),
                "weights": random.standard_normal(100),
                "group": {"loss": 1, "note": "a text"},
            }
        )
    plt.close(figure)
    with open_logdir(logdir) as reader:
        for tag in ("array", "pil", "file", "several/0", "table/picture/0"):
            (image,) = reader.images("r", tag)
            assert (image.width, image.height) == (5, 4)
        assert reader.images("r", "figure")[0].width > 100
        assert reader.texts("r", "array/caption")[0].text == "of noise"
        assert reader.audios("r", "sound")[0].sample_rate == 8000
        assert reader.videos("r", "video")[0].fps == 2
        assert reader.tables("r", "table")[0].rows == (("the", "→ table/picture/0"),)
        pages = [reader.html("r", tag)[0] for tag in ("html", "page", "plotly")]
        assert [reader.blob(page.sha256) for page in pages] == [
            (b"<b>bold</b>", "text/html"),
            (b"<p>file</p>", "text/html"),
            (b'{"data": []}', "application/vnd.plotly.v1+json"),
        ]
        assert len(reader.meshes("r", "points")) == 1
        assert reader.histograms("r", "counted")[0].counts.tolist() == [1, 2]
        assert reader.histograms("r", "weights")[0].num == 100
        assert reader.scalars("r", "group/loss").value.tolist() == [1.0]
        assert reader.texts("r", "group/note")[0].text == "a text"


def test_values_that_are_wrong_are_refused_by_name(tmp_path: Path) -> None:
    with init(tmp_path, name="r") as run:
        with pytest.raises(TypeError, match="log 'names': expects a number"):
            run.log({"names": ["a", "b"]})
        with pytest.raises(TypeError, match="html 'h'"):
            run.log({"h": Html(5)})
    with pytest.raises(ValueError, match="either values or np_histogram"):
        Histogram()
    with pytest.raises(ValueError, match="k counts and k \\+ 1 edges"):
        Histogram(np_histogram=([1], [1]))._event("h", 0, 0.0)
    with pytest.raises(ValueError, match="Table: a row must have a cell for each column"):
        Table(columns=["a"]).add_data(1, 2)
    with pytest.raises(ValueError, match="column 'b' must have a cell for each row"):
        Table(columns=["a"], data=[[1]]).add_column("b", [1, 2])
    with pytest.raises(ValueError, match="Object3D: expects points"):
        Object3D(np.zeros((3, 5)))
    with pytest.raises(TypeError, match="Plotly: expects a plotly figure"):
        Plotly(5)
