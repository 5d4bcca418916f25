"""A script for torch's SummaryWriter with only its import changed: the same values arrive."""

from __future__ import annotations

import io
import sys
import warnings
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from summaries import SummaryWriter, import_tfevents, open_logdir
from summaries.reader import Reader

torch: Any = pytest.importorskip("torch", reason="torch is not installed")
peer: Any = pytest.importorskip("torch.utils.tensorboard", reason="torch has no TensorBoard")

# What a script logs, line by line; `SummaryWriter` is the only name that differs.
SCRIPT = """
import numpy as np
import torch
torch.manual_seed(0)
writer = SummaryWriter(directory)
weights = torch.randn(1000, requires_grad=True)
for step in range(3):
    writer.add_scalar("loss", torch.tensor(1.0 / (step + 1)), step)
    writer.add_scalar("new", 0.1 * step, step, new_style=True, double_precision=True)
writer.add_histogram("weights", weights, 1)
writer.add_histogram("edges", weights, 1, bins=np.linspace(-2, 2, 9))
writer.add_histogram("half", weights.to(torch.bfloat16), 1)
counts, limits = np.histogram(weights.detach().numpy(), bins=7)
numbers = weights.detach().numpy().astype(np.float64)
writer.add_histogram_raw("raw", numbers.min(), numbers.max(), 1000, numbers.sum(),
                         numbers.dot(numbers), limits[1:].tolist(), counts.tolist(), 1)
picture = torch.randint(0, 256, (3, 20, 30), dtype=torch.uint8)
writer.add_image("picture", picture, 1)
writer.add_image("grey", torch.rand(1, 9, 8), 1)
writer.add_image("flat", np.random.default_rng(0).random((9, 8)), 1, dataformats="HW")
batch = torch.randint(0, 256, (10, 3, 8, 8), dtype=torch.uint8)
writer.add_images("batch", batch, 1)
writer.add_images("batch last", batch.permute(0, 2, 3, 1), 1, dataformats="NHWC")
boxes = torch.tensor([[2.0, 3.0, 15.0, 12.0], [8.0, 1.0, 25.0, 18.0]])
writer.add_image_with_boxes("boxes", picture, boxes, 1, labels=["a", "b"])
writer.add_image_with_boxes("scaled", picture, boxes, 1, rescale=2)
writer.add_audio("tone", torch.sin(torch.arange(0, 1000) / 20.0).unsqueeze(0), 1, sample_rate=8000)
writer.add_text("note", "the **first** try", 1)
labels, guesses = torch.randint(0, 2, (300,)), torch.rand(300)
writer.add_pr_curve("curve", labels, guesses, 1)
writer.add_pr_curve("weighted", labels.numpy(), guesses.numpy(), 1, 21, weights=np.full(300, 0.5))
vertices = torch.randn(1, 5, 3)
colors = torch.randint(0, 256, (1, 5, 3), dtype=torch.uint8)
faces = torch.randint(0, 5, (1, 4, 3), dtype=torch.int32)
writer.add_mesh("mesh", vertices, colors, faces, {"camera": {"cls": "PerspectiveCamera"}}, 1)
writer.add_tensor("tensor", torch.arange(6.0).reshape(2, 3), 1)
writer.add_tensor("whole", torch.arange(-2, 4), 1)
writer.add_custom_scalars({"all": {"losses": ["Multiline", ["loss", "new"]],
                                   "band": ["Margin", ["loss", "new", "loss"]]}})
writer.add_hparams({"lr": 0.1, "batch": 32, "act": "relu", "nesterov": True},
                   {"best": 0.9}, run_name="trial")
writer.add_embedding(torch.randn(4, 3), ["a", "b", "c", "d"], torch.rand(4, 3, 5, 5), 1)
module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
writer.add_graph(module, torch.zeros(1, 3))
writer.flush()
writer.close()
"""


def run_with(writer: type, directory: Path) -> None:
    with warnings.catch_warnings():
        if writer is not SummaryWriter:
            warnings.simplefilter("ignore")  # torch's own writer calls what torch deprecates
        names = {"SummaryWriter": writer, "directory": str(directory)}
        exec(compile(SCRIPT, "script", "exec"), names)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Reader]]:
    """Ours, and torch's event files read into a logdir of ours."""
    top = tmp_path_factory.mktemp("writers")
    run_with(SummaryWriter, top / "ours" / "run")
    run_with(peer.SummaryWriter, top / "events" / "run")
    import_tfevents(top / "events", top / "theirs")
    with open_logdir(top / "ours") as ours, open_logdir(top / "theirs") as theirs:
        yield ours, theirs


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What TensorBoard's own loader reads of torch's files."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    directory = tmp_path_factory.mktemp("events")
    run_with(peer.SummaryWriter, directory)
    found = EventAccumulator(str(directory), size_guidance={"tensors": 0, "images": 0, "audio": 0})
    found.Reload()
    return found


Accessor = Callable[[Reader, str, str], list[Any]]


def pair(both: tuple[Reader, Reader], read: Accessor, tag: str) -> tuple[Any, Any]:
    (one,), (other,) = (read(reader, "run", tag) for reader in both)
    assert one.step == other.step
    return one, other


def pixels(reader: Reader, record: Any) -> np.ndarray[Any, Any]:
    picture = Image.open(io.BytesIO(reader.blob(record.sha256)[0]))
    return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("tag", ["loss", "new"])
def test_scalars_are_the_same(tag: str, both: tuple[Reader, Reader]) -> None:
    ours, theirs = (reader.scalars("run", tag) for reader in both)
    assert ours.step.tolist() == theirs.step.tolist()
    # Ours keep a float64 where torch's first form keeps a float32.
    np.testing.assert_allclose(ours.value, theirs.value, rtol=1e-7)


@pytest.mark.parametrize("tag", ["edges", "raw"])
def test_histograms_of_given_bins_are_the_same(tag: str, both: tuple[Reader, Reader]) -> None:
    ours, theirs = pair(both, Reader.histograms, tag)
    edges = ours.edges.tolist()
    # torch puts an empty bin in front, whose left edge its files do not tell.
    assert theirs.edges.tolist()[-len(edges) + 1 :] == edges[1:]
    assert theirs.counts[theirs.counts > 0].tolist() == ours.counts[ours.counts > 0].tolist()
    assert (ours.num, ours.min, ours.max) == (theirs.num, theirs.min, theirs.max)


@pytest.mark.parametrize("tag", ["weights", "half"])
def test_histograms_of_our_bins_count_the_same_values(
    tag: str, both: tuple[Reader, Reader]
) -> None:
    ours, theirs = pair(both, Reader.histograms, tag)
    assert ours.counts.sum() == theirs.counts.sum() == ours.num == theirs.num
    assert (ours.min, ours.max) == (theirs.min, theirs.max)
    assert ours.sum == pytest.approx(theirs.sum, abs=1e-3)
    assert ours.sum_squares == pytest.approx(theirs.sum_squares, rel=1e-4)


@pytest.mark.parametrize("tag", ["picture", "batch", "batch last", "boxes", "scaled"])
def test_pictures_are_the_same(tag: str, both: tuple[Reader, Reader]) -> None:
    ours, theirs = pair(both, Reader.images, tag)
    np.testing.assert_array_equal(pixels(both[0], ours), pixels(both[1], theirs))


@pytest.mark.parametrize("tag", ["grey", "flat"])
def test_pictures_of_floats_are_rounded_where_torch_cuts(
    tag: str, both: tuple[Reader, Reader]
) -> None:
    ours, theirs = pair(both, Reader.images, tag)
    difference = pixels(both[0], ours) - pixels(both[1], theirs)
    assert set(np.unique(difference)) <= {0, 1}


def test_sounds_are_the_same_file(both: tuple[Reader, Reader]) -> None:
    ours, theirs = pair(both, Reader.audios, "tone")
    assert ours.sha256 == theirs.sha256
    assert (ours.sample_rate, ours.n_frames, ours.channels) == (8000, 1000, 1)
    with wave.open(io.BytesIO(both[0].blob(ours.sha256)[0])) as file:
        assert file.getnframes() == 1000


@pytest.mark.parametrize("tag", ["curve", "weighted"])
def test_curves_are_the_same(tag: str, both: tuple[Reader, Reader]) -> None:
    ours, theirs = pair(both, Reader.pr_curves, tag)
    for name in ("true_positive_counts", "false_negative_counts", "precision", "recall"):
        one, other = getattr(ours, name), getattr(theirs, name)
        np.testing.assert_array_equal(one.astype(np.float32), other)  # which torch keeps


def test_meshes_are_the_same(both: tuple[Reader, Reader]) -> None:
    ours, theirs = pair(both, Reader.meshes, "mesh")
    for name in ("vertices", "colors", "faces"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.config == theirs.config == {"camera": {"cls": "PerspectiveCamera"}}


@pytest.mark.parametrize("tag", ["tensor", "whole"])
def test_tensors_are_the_same(tag: str, both: tuple[Reader, Reader]) -> None:
    ours, theirs = pair(both, Reader.tensors, tag)
    assert ours.values.dtype == theirs.values.dtype
    np.testing.assert_array_equal(ours.values, theirs.values)


def test_layouts_and_hyperparameters_are_the_same(both: tuple[Reader, Reader]) -> None:
    ours, theirs = (reader.layout("run") for reader in both)
    assert ours is not None
    assert theirs is not None
    assert ours.categories == theirs.categories
    hparams = {"lr": 0.1, "batch": 32, "act": "relu", "nesterov": 1}
    assert both[0].hparams() == both[1].hparams() == {"run/trial": hparams}
    assert both[0].scalars("run/trial", "best").value.tolist() == [0.9]


def test_all_other_kinds_arrive(both: tuple[Reader, Reader]) -> None:
    ours = both[0]
    assert ours.texts("run", "note")[0].text == "the **first** try"
    (embedding,) = ours.embeddings("run", "default")
    assert embedding.mat.shape == (4, 3)
    assert embedding.metadata == (("a",), ("b",), ("c",), ("d",))
    assert embedding.sprite is not None
    graph = ours.graph("run")
    assert graph is not None
    assert "Sequential/0/linear" in {node.name for node in graph.nodes}


def test_tensorboards_own_loader_reads_the_same_numbers(
    events: Any, both: tuple[Reader, Reader]
) -> None:
    from tensorboard.util import tensor_util

    curve = tensor_util.make_ndarray(events.Tensors("curve")[0].tensor_proto)
    (ours,) = both[0].pr_curves("run", "curve")
    np.testing.assert_array_equal(ours.precision.astype(np.float32), curve[4])
    vertices = tensor_util.make_ndarray(events.Tensors("mesh_VERTEX")[0].tensor_proto)
    np.testing.assert_array_equal(both[0].meshes("run", "mesh")[0].vertices, vertices)
    (sound,) = events.Audio("tone")
    (audio,) = both[0].audios("run", "tone")
    assert both[0].blob(audio.sha256)[0] == sound.encoded_audio_string
    (histogram,) = events.Histograms("raw")
    assert histogram.histogram_value.num == both[0].histograms("run", "raw")[0].num


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "bool", "complex64"])
def test_tensors_of_every_type_are_taken(dtype: str, tmp_path: Path) -> None:
    values = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).to(getattr(torch, dtype))
    with SummaryWriter(tmp_path) as writer:
        writer.add_tensor("t", values)
    with open_logdir(tmp_path) as reader:
        (record,) = reader.tensors(".", "t")
    assert record.values.shape == (2, 2)
    assert record.values.astype(complex).real.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_torch_is_not_imported_for_arrays(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys, numpy as np; from summaries import SummaryWriter\n"
        "w = SummaryWriter(sys.argv[1])\n"
        "w.add_histogram('h', np.ones(3)); w.add_tensor('t', np.ones(3)); w.close()\n"
        "sys.exit([m for m in ('torch', 'PIL', 'matplotlib', 'moviepy') if m in sys.modules] or 0)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
