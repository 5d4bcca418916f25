"""Scripts written for W&B run unchanged but for their import, and what cannot be is said."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summaries import open_logdir
from summaries.compat import wandb
from summaries.compat.notices import notice
from summaries.compat.wandb import settings
from summaries.records import RunInfo

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("WANDB_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    notice.cache_clear()
    yield
    wandb.finish()


def only_run(logdir: str = "logs") -> RunInfo:
    with open_logdir(logdir) as reader:
        (info,) = reader.runs()
    return info


SCRIPT = """
import wandb
import numpy as np

with wandb.init(
    project="digits", name="base line", config={"lr": 0.1, "model": {"width": 32}},
    tags=["a", "b"], notes="first", group="seeds", job_type="train",
) as run:
    wandb.watch(None, log="all")
    wandb.config.update({"epochs": 3}, allow_val_change=True)
    wandb.define_metric("val/*", step_metric="epoch", summary="min")
    for epoch in range(wandb.config.epochs):
        for batch in range(4):
            run.log({"train/loss": 1.0 / (1 + 4 * epoch + batch)})
        wandb.log({"epoch": epoch, "val/loss": 1.0 / (1 + epoch)}, commit=False)
        wandb.log({"samples": [wandb.Image(np.zeros((8, 8, 3), np.uint8), caption="zeros")]})
    table = wandb.Table(columns=["id", "label"])
    table.add_data(1, "seven")
    run.log({"predictions": table, "weights": wandb.Histogram(np.arange(100.0))})
    wandb.run.summary["final"] = 0.25
    artifact = wandb.Artifact("model", type="model", metadata={"a": 1})
    with artifact.new_file("weights.txt") as file:
        file.write("0.5")
    run.log_artifact(artifact)
    wandb.alert(title="done", text="all of it", level=wandb.AlertLevel.INFO)
print(wandb.run is None)
"""


def test_a_script_runs_with_one_import_changed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        SCRIPT.replace("import wandb\n", "from summaries.compat import wandb\n"), encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "train.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "True\n")
    assert "wandb.watch does nothing here" in done.stderr
    assert "the content is not copied" in done.stderr
    info = only_run()
    assert (info.name, info.status, info.group) == ("digits/base line", "finished", "seeds")
    assert info.config == {"lr": 0.1, "model": {"width": 32}, "epochs": 3}
    assert (info.labels, info.notes, info.job_type) == (("a", "b"), "first", "train")
    assert info.summary == {"final": 0.25, "val/loss": 1 / 3}
    with open_logdir("logs") as reader:
        assert reader.scalars(info.name, "train/loss").step.tolist() == [
            0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13,
        ]  # fmt: skip
        assert reader.scalars(info.name, "val/loss").step.tolist() == [4, 9, 14]
        assert len(reader.images(info.name, "samples/0")) == 3
        assert reader.tables(info.name, "predictions")[0].rows == ((1, "seven"),)
        assert reader.histograms(info.name, "weights")[0].num == 100
        ((name, size, digest),) = reader.tables(info.name, "artifact/model")[0].rows
        assert (name, size) == ("weights.txt", 3)
        assert re.fullmatch("[0-9a-f]{64}", digest)
        assert [alert.title for alert in reader.alerts(info.name)] == ["done"]


def test_nothing_can_be_logged_before_init() -> None:
    assert wandb.run is None
    for act in (
        lambda: wandb.log({"a": 1}),
        lambda: wandb.config.update({}),
        lambda: wandb.summary["a"],
    ):
        with pytest.raises(wandb.Error, match=r"You must call wandb.init\(\) before wandb\."):
            act()
    wandb.finish()


def test_a_step_of_its_own_stays_open_and_lower_ones_are_kept() -> None:
    run = wandb.init(project="p", name="r")
    wandb.log({"a": 1.0}, step=5)
    wandb.log({"b": 2.0})
    wandb.log({"a": 3.0}, step=2)
    wandb.log({"b": 4.0})
    assert run.step == 7
    wandb.finish()
    with open_logdir("logs") as reader:
        assert reader.scalars("p/r", "a").step.tolist() == [5, 2]
        assert reader.scalars("p/r", "b").step.tolist() == [5, 6]


@pytest.mark.parametrize("how", ["parameter", "mode", "disabled", "settings"])
def test_disabled_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str) -> None:
    given: dict[str, Any] = {}
    if how == "mode":
        monkeypatch.setenv("WANDB_MODE", "disabled")
    elif how == "disabled":
        monkeypatch.setenv("WANDB_DISABLED", "true")
    elif how == "settings":
        given["settings"] = wandb.Settings(mode="disabled")
    else:
        given["mode"] = "disabled"
    run = wandb.init(project="p", config={"lr": 1}, **given)
    wandb.log({"a": 1.0})
    wandb.summary["x"] = 1
    wandb.alert("a", "b")
    wandb.define_metric("a")
    assert (run.disabled, wandb.config.lr, run.step) == (True, 1, 1)
    wandb.finish()
    assert list(tmp_path.iterdir()) == []


def test_the_environment_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PROJECT": "p", "NAME": "n", "RUN_GROUP": "g", "TAGS": "x, y", "NOTES": "note",
        "RUN_ID": "id1", "DIR": "elsewhere", "RESUME": "allow",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"WANDB_{name}", value)
    run = wandb.init()
    assert (run.id, run.project, run.dir, run.resumed) == ("id1", "p", "elsewhere", False)
    wandb.log({"a": 1})
    wandb.finish()
    info = only_run("elsewhere")
    assert (info.name, info.group, info.labels, info.notes) == ("p/n", "g", ("x", "y"), "note")
    run = wandb.init(name="ignored")
    assert (run.resumed, run.step) == (True, 1)


def test_a_run_is_rewound_and_forked_by_w_and_bs_words() -> None:
    with wandb.init(project="p", name="one", id="one") as run:
        for step in range(10):
            run.log({"a": float(step)})
    with wandb.init(project="p", resume_from="one?_step=7") as run:
        run.log({"a": -7.0})
    with wandb.init(project="p", name="two", fork_from="one?_step=3") as run:
        run.log({"a": -3.0}, step=3)
    with open_logdir("logs") as reader:
        assert reader.scalars("p/one", "a").value.tolist() == [0, 1, 2, 3, 4, 5, 6, -7]
        assert reader.scalars("p/two", "a").value.tolist() == [0, 1, 2, -3]
    for wrong in ("one", "one?_step=x", "?_step=3"):
        with pytest.raises(wandb.UsageError, match="resume_from must be a run's id and a step"):
            wandb.init(resume_from=wrong)
    with pytest.raises(wandb.UsageError, match="at most only one of resume"):
        wandb.init(resume="must", id="one", fork_from="one?_step=3")
    with pytest.raises(wandb.UsageError, match="resume='must' needs the run's id"):
        wandb.init(resume="must")


def test_an_id_that_is_taken_overwrites_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for value in (1.0, 2.0):
        with wandb.init(project="p", name="r", id="same") as run:
            run.log({"a": value})
    assert "there is a run of the id 'same' already" in caplog.text
    with open_logdir("logs") as reader:
        assert [reader.scalars(n, "a").value.tolist() for n in ("p/r", "p/r-2")] == [[1.0], [2.0]]


def test_a_second_init_goes_on_with_the_run_unless_told_otherwise() -> None:
    first = wandb.init(project="p")
    assert wandb.init(project="p") is first
    second = wandb.init(project="p", reinit=True)
    assert second is not first
    second.finish()
    assert wandb.run is None
    with pytest.raises(wandb.UsageError, match="is finished"):
        second.log({"a": 1})


def test_values_that_we_have_no_kind_for_are_kept_as_text(caplog: pytest.LogCaptureFixture) -> None:
    wandb.init(project="p", name="r")
    wandb.log({"none": None, "words": ["a", "b"], "set": {1}, "deep": {"x": 1, "none": None}})
    wandb.log({"flag": True, "array": np.arange(5), "one": np.float32(0.5)})
    wandb.finish()
    with open_logdir("logs") as reader:
        assert reader.texts("p/r", "words")[0].text == "a\nb"
        assert reader.texts("p/r", "set")[0].text == "{1}"
        assert reader.scalars("p/r", "deep/x").value.tolist() == [1.0]
        assert reader.scalars("p/r", "flag").value.tolist() == [1.0]
        assert reader.runs()[0].tags["scalar"] == ("deep/x", "flag", "one")
    assert "values that are None are left out" in caplog.text


def test_images_come_in_w_and_bs_ranges() -> None:
    picture = np.zeros((4, 6, 3), dtype=np.float32)
    picture[0, 0] = 1.0
    wandb.init(project="p", name="r")
    wandb.log(
        {
            "unit": wandb.Image(picture),
            "bytes": wandb.Image(picture * 255.0),
            "signed": wandb.Image(picture * 2.0 - 1.0),
            "grey": wandb.Image(picture[:, :, :1]),
            "again": wandb.Image(wandb.Image(picture)),
            "mask": wandb.Image(picture[:, :, 0] > 0.5),
        }
    )
    wandb.finish()
    with open_logdir("logs") as reader:
        same = {reader.images("p/r", tag)[0].sha256 for tag in ("unit", "bytes", "signed", "again")}
        assert len(same) == 1
        assert reader.images("p/r", "grey")[0].width == 6
        assert reader.images("p/r", "mask")[0].sha256 == reader.images("p/r", "grey")[0].sha256


def test_charts_are_their_tables() -> None:
    table = wandb.Table(columns=["x", "y"], data=[[1, 2], [3, 4]])
    assert wandb.plot.line(table, "y", "x", title="t").data == [[2, 1], [4, 3]]
    matrix = wandb.plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 0, 1], class_names=["a", "b"])
    assert matrix.data == [["a", "a", 1], ["a", "b", 0], ["b", "a", 1], ["b", "b", 1]]
    series = wandb.plot.line_series([0, 1], [[5, 6], [7, 8]], keys=["p", "q"])
    assert series.data == [["p", 0, 5], ["p", 1, 6], ["q", 0, 7], ["q", 1, 8]]


def test_what_only_the_server_can_do_says_so() -> None:
    for act in (wandb.Api, wandb.sweep, wandb.agent):
        with pytest.raises(wandb.Error, match=r"wandb\.\w+: .*\n  try: "):
            act()
    with pytest.raises(AttributeError, match=r"has no 'Molecule'\n  try"):
        wandb.Molecule  # noqa: B018
    wandb.init(project="p")
    with pytest.raises(wandb.Error, match="files are not kept"):
        wandb.use_artifact("model:latest")
    assert wandb.login() is True


def test_files_that_are_saved_are_listed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("a", encoding="utf-8")
    wandb.init(project="p", name="r")
    assert wandb.save("out/*.txt", base_path="out") == ["out/a.txt"]
    wandb.log_artifact(str(tmp_path / "out"), name="folder", type="dataset")
    with pytest.raises(ValueError, match="artifact 'x': there is no file 'absent'"):
        wandb.Artifact("x", "y").add_file("absent")
    wandb.finish()
    with open_logdir("logs") as reader:
        assert reader.tables("p/r", "files")[0].rows[0][:2] == ("a.txt", 1)
        assert reader.tables("p/r", "artifact/folder")[0].rows[0][:2] == ("a.txt", 1)


@pytest.mark.parametrize("name", ["/abs/path", "a/../b", "..", "x" * 900, "ok name: 1"])
def test_any_name_is_a_run_below_the_project(name: str) -> None:
    found = settings.as_path_of_run("p", name)
    assert found is not None
    assert found.startswith("p")
    assert ".." not in found.split("/")


def test_config_files_and_choices_of_keys(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"lr": 1, "seed": 2}', encoding="utf-8")
    run = wandb.init(project="p", config="c.json", config_exclude_keys=["seed"])
    assert run.config == {"lr": 1}
    wandb.finish()
    with pytest.raises(wandb.UsageError, match="give only one of"):
        wandb.init(config={}, config_exclude_keys=["a"], config_include_keys=["b"])


def test_init_takes_every_parameter_of_w_and_bs() -> None:
    import inspect

    names = (
        "entity project dir id name notes tags config config_exclude_keys config_include_keys "
        "allow_val_change group job_type mode force reinit resume resume_from fork_from save_code "
        "tensorboard sync_tensorboard monitor_gym settings anonymous"
    )
    assert list(inspect.signature(wandb.init).parameters) == names.split()


def test_the_module_is_light_to_import() -> None:
    assert importlib.util.find_spec("summaries.compat.wandb") is not None
    code = (
        "import sys; from summaries.compat import wandb\n"
        "sys.exit(', '.join(m for m in ('PIL', 'pandas', 'sqlalchemy', 'torch', 'matplotlib')"
        " if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
