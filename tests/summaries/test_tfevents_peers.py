"""Event files of others come in point for point; TensorBoard's own reader shows ours so too."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summaries import SummaryWriter, export_tfevents, import_tfevents, open_logdir

accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", reason="needs tensorboard"
)
plugin_accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.plugin_event_accumulator", reason="needs tensorboard"
)

ALL = dict.fromkeys(("scalars", "tensors", "histograms", "images", "audio", "graph"), 0)


def shown(directory: Path) -> Any:
    """What TensorBoard's reader holds of the directory, nothing thinned out."""
    found = accumulator.EventAccumulator(str(directory), size_guidance=ALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.Reload()
    return found


def log_everything(directory: Path) -> None:
    rng = np.random.default_rng(0)
    with SummaryWriter(directory) as writer:
        for step in range(2_500):  # more than the 1,000 that TensorBoard keeps of a series
            writer.add_scalar("loss", float(np.float32(rng.normal())), step, walltime=1e9 + step)
        for step, value in enumerate([0.1, np.nan, np.inf, -np.inf, 1e300]):
            writer.add_scalar("odd", value, step)
        for step in range(20):
            writer.add_histogram("w", rng.normal(size=100 * (step + 1)), step)
            writer.add_text("note", f"text *{step}*", step)
            writer.add_image("im", rng.random((3, 4, 5)), step)


def test_a_round_trip_keeps_every_scalar_histogram_image_and_text(tmp_path: Path) -> None:
    log_everything(tmp_path / "ours" / "run")
    export_tfevents(tmp_path / "ours", tmp_path / "events")
    report = import_tfevents(tmp_path / "events", tmp_path / "back")
    assert report.damaged == 0
    with open_logdir(tmp_path / "ours") as ours, open_logdir(tmp_path / "back") as back:
        for tag in ("loss", "odd"):
            first, second = ours.scalars("run", tag), back.scalars("run", tag)
            np.testing.assert_array_equal(first.value, second.value)
            np.testing.assert_array_equal(first.step, second.step)
            np.testing.assert_array_equal(first.wall_time, second.wall_time)
        for one, two in zip(ours.histograms("run", "w"), back.histograms("run", "w"), strict=True):
            np.testing.assert_array_equal(one.edges, two.edges)
            np.testing.assert_array_equal(one.counts, two.counts)
            assert (one.step, one.min, one.max, one.sum) == (two.step, two.min, two.max, two.sum)
        assert ours.texts("run", "note") == back.texts("run", "note")
        assert [i.sha256 for i in ours.images("run", "im")] == [
            i.sha256 for i in back.images("run", "im")
        ]


def test_tensorboards_own_reader_shows_all_that_was_exported(tmp_path: Path) -> None:
    log_everything(tmp_path / "ours" / "run")
    export_tfevents(tmp_path / "ours", tmp_path / "events")
    found = shown(tmp_path / "events" / "run")
    with open_logdir(tmp_path / "ours") as ours:
        points = ours.scalars("run", "loss")
        assert [e.step for e in found.Scalars("loss")] == points.step.tolist()
        assert [e.value for e in found.Scalars("loss")] == points.value.tolist()
        assert [e.wall_time for e in found.Scalars("loss")] == points.wall_time.tolist()
        histograms = ours.histograms("run", "w")
        theirs = [e.histogram_value for e in found.Histograms("w")]
        assert [sum(h.bucket) for h in theirs] == [h.counts.sum() for h in histograms]
        assert [h.sum for h in theirs] == [h.sum for h in histograms]
        contents = [ours.blob(i.sha256)[0] for i in ours.images("run", "im")]
        assert [e.encoded_image_string for e in found.Images("im")] == contents
        texts = [t.text.encode() for t in ours.texts("run", "note")]
        tensors = [e.tensor_proto.string_val[0] for e in found.Tensors("note")]
        assert tensors == texts


def test_the_plugins_reader_shows_every_point_too(tmp_path: Path) -> None:
    log_everything(tmp_path / "ours" / "run")
    export_tfevents(tmp_path / "ours", tmp_path / "events")
    found = plugin_accumulator.EventAccumulator(
        str(tmp_path / "events" / "run"), size_guidance={"tensors": 0}
    )
    found.Reload()
    assert len(found.Tensors("loss")) == 2_500
    assert {"loss", "odd", "w", "note", "im"} <= set(found.Tags()["tensors"])


def test_files_of_tensorboardx_come_in_point_for_point(tmp_path: Path) -> None:
    tensorboard_x = pytest.importorskip("tensorboardX")
    writer = tensorboard_x.SummaryWriter(str(tmp_path / "theirs"))
    rng = np.random.default_rng(0)
    for step in range(300):
        writer.add_scalar("loss", float(rng.normal()), step)
        writer.add_scalar("lr", 0.1, step)
    writer.add_histogram("w", rng.normal(size=1000), 3)
    writer.add_text("note", "hello", 4)
    writer.add_image("im", rng.random((3, 4, 5)), 5)
    writer.close()
    assert import_tfevents(tmp_path / "theirs", tmp_path / "out").damaged == 0
    found = shown(tmp_path / "theirs")
    with open_logdir(tmp_path / "out") as reader:
        for tag in ("loss", "lr"):
            points = reader.scalars(".", tag)
            assert points.value.tolist() == [e.value for e in found.Scalars(tag)]
            assert points.step.tolist() == [e.step for e in found.Scalars(tag)]
        assert reader.histograms(".", "w")[0].counts.sum() == 1000
        assert reader.images(".", "im")[0].width == 5
        assert len(reader.texts(".", reader.series(".", "text")[0].tag)) == 1


def log_rare_kinds(directory: Path) -> None:
    rng = np.random.default_rng(0)
    with SummaryWriter(directory) as writer:
        writer.add_scalar("loss", 0.5, 0)
        writer.add_audio("sound", rng.uniform(-1, 1, 800), 1, sample_rate=8000)
        writer.add_pr_curve("curve", rng.integers(0, 2, 100), rng.random(100), 2)
        writer.add_mesh(
            "mesh",
            rng.random((1, 4, 3)),
            colors=rng.integers(0, 256, (1, 4, 3)),
            faces=np.array([[[0, 1, 2], [1, 2, 3]]]),
            config_dict={"camera": {"fov": 60}},
            global_step=3,
        )
        writer.add_tensor("tensor", np.arange(6.0).reshape(2, 3), 4)
        writer.add_hparams({"lr": 0.1, "layers": 3, "act": "relu", "bias": True}, {})
        writer.add_graph(
            {
                "nodes": [
                    {"name": "x", "op": "Placeholder", "inputs": [], "attrs": {"shape": [2, None]}},
                    {"name": "layer/y", "op": "Tanh", "inputs": ["x:0"]},
                ]
            }
        )


def test_sounds_curves_meshes_tensors_hparams_and_graphs_survive_a_round_trip(
    tmp_path: Path,
) -> None:
    log_rare_kinds(tmp_path / "ours" / "run")
    export_tfevents(tmp_path / "ours", tmp_path / "events")
    assert import_tfevents(tmp_path / "events", tmp_path / "back").damaged == 0
    with open_logdir(tmp_path / "ours") as ours, open_logdir(tmp_path / "back") as back:
        assert back.hparams()["run"] == ours.hparams()["run"]
        assert back.audios("run", "sound") == ours.audios("run", "sound")
        one, two = (reader.pr_curves("run", "curve")[0] for reader in (ours, back))
        np.testing.assert_array_equal(one.precision, two.precision)
        np.testing.assert_array_equal(one.true_positive_counts, two.true_positive_counts)
        one, two = (reader.meshes("run", "mesh")[0] for reader in (ours, back))
        np.testing.assert_array_equal(one.vertices, two.vertices)
        np.testing.assert_array_equal(one.colors, two.colors)
        np.testing.assert_array_equal(one.faces, two.faces)
        assert one.config == two.config
        one, two = (reader.tensors("run", "tensor")[0] for reader in (ours, back))
        np.testing.assert_array_equal(one.values, two.values)
        first, second = ours.graph("run"), back.graph("run")
        assert first is not None
        assert second is not None
        assert [(n.name, n.op) for n in first.nodes] == [(n.name, n.op) for n in second.nodes]


def test_tensorboards_own_reader_shows_sounds_and_graphs(tmp_path: Path) -> None:
    log_rare_kinds(tmp_path / "ours" / "run")
    export_tfevents(tmp_path / "ours", tmp_path / "events")
    found = shown(tmp_path / "events" / "run")
    with open_logdir(tmp_path / "ours") as ours:
        (sound,) = found.Audio("sound")
        assert sound.encoded_audio_string == ours.blob(ours.audios("run", "sound")[0].sha256)[0]
        assert sound.sample_rate == 8000
    assert [node.name for node in found.Graph().node] == ["x", "layer/y"]
    plugins = plugin_accumulator.EventAccumulator(str(tmp_path / "events" / "run"))
    plugins.Reload()
    assert plugins.PluginTagToContent("pr_curves").keys() == {"curve"}
    assert len(plugins.PluginTagToContent("mesh")) == 3
    assert "_hparams_/session_start_info" in plugins.PluginTagToContent("hparams")
