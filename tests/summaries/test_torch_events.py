"""Event files that torch wrote: point for point what TensorBoard's own reader gives."""

from __future__ import annotations

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
