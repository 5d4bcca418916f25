"""Event files that torch wrote: point for point what TensorBoard's own reader gives."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from summaries import import_tfevents, open_logdir

tensorboard = pytest.importorskip("torch.utils.tensorboard", reason="needs torch and tensorboard")
accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


@pytest.mark.parametrize("new_style", [False, True])
def test_scalars_of_both_forms_come_in(tmp_path: Path, new_style: bool) -> None:
    writer = tensorboard.SummaryWriter(str(tmp_path / "theirs"))
    rng = np.random.default_rng(0)
    for step in range(400):
        for tag in ("train/loss", "train/acc", "lr"):
            writer.add_scalar(tag, float(rng.normal()), step, new_style=new_style)
    writer.close()
    report = import_tfevents(tmp_path / "theirs", tmp_path / "out")
    assert (report.values, report.damaged) == (1200, 0)
    found = accumulator.EventAccumulator(
        str(tmp_path / "theirs"), size_guidance={"scalars": 0, "tensors": 0}
    )
    found.Reload()
    with open_logdir(tmp_path / "out") as reader:
        for tag in ("train/loss", "train/acc", "lr"):
            points = reader.scalars(".", tag)
            if new_style:
                expected = [e.tensor_proto.float_val[0] for e in found.Tensors(tag)]
            else:
                expected = [e.value for e in found.Scalars(tag)]
            assert points.value.tolist() == expected
            assert points.step.tolist() == list(range(400))


def test_a_run_that_was_taken_up_again_shows_what_tensorboard_shows(tmp_path: Path) -> None:
    for purge_step, value in ((None, 1.0), (6, 2.0)):
        writer = tensorboard.SummaryWriter(
            str(tmp_path / "theirs"), purge_step=purge_step, filename_suffix=f".{value}"
        )
        for step in range(purge_step or 0, 10):
            writer.add_scalar("loss", value, step)
        writer.close()
    import_tfevents(tmp_path / "theirs", tmp_path / "out")
    found = accumulator.EventAccumulator(str(tmp_path / "theirs"))
    found.Reload()
    with open_logdir(tmp_path / "out") as reader:
        points = reader.scalars(".", "loss")
        assert points.value.tolist() == [e.value for e in found.Scalars("loss")]
        assert points.value.tolist() == [1.0] * 6 + [2.0] * 4
        assert sum(len(r.scalars) for r in reader.replaced(".") if r.scalars is not None) == 4


def test_every_kind_that_torch_writes_comes_in(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    rng = np.random.default_rng(0)
    writer = tensorboard.SummaryWriter(str(tmp_path / "theirs"))
    writer.add_audio("sound", torch.rand(1, 800) - 0.5, 1, sample_rate=8000)
    writer.add_pr_curve("curve", rng.integers(0, 2, 100), rng.random(100), 2)
    writer.add_mesh("mesh", torch.rand(1, 4, 3), global_step=3)
    writer.add_histogram("w", rng.normal(size=1000), 4)
    writer.add_image("im", rng.random((3, 4, 5)), 5)
    writer.add_text("note", "hello", 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls what it has deprecated
        writer.add_graph(torch.nn.Linear(2, 3), torch.rand(1, 2))
    writer.add_hparams({"lr": 0.1, "act": "relu"}, {"hparam/loss": 0.5}, run_name="trial")
    writer.close()
    assert import_tfevents(tmp_path / "theirs", tmp_path / "out").damaged == 0
    with open_logdir(tmp_path / "out") as reader:
        assert reader.hparams()["trial"] == {"lr": 0.1, "act": "relu"}
        assert reader.scalars("trial", "hparam/loss").value.tolist() == [0.5]
        assert reader.audios(".", "sound")[0].sample_rate == 8000
        assert len(reader.pr_curves(".", "curve")[0].precision) == 127
        assert reader.meshes(".", "mesh")[0].vertices.shape == (1, 4, 3)
        assert reader.histograms(".", "w")[0].counts.sum() == 1000
        assert reader.images(".", "im")[0].height == 4
        assert reader.texts(".", "note/text_summary")[0].text == "hello"
        graph = reader.graph(".")
        assert graph is not None
        assert any("Linear" in node.name for node in graph.nodes)
