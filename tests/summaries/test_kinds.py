"""The contract of every kind: what is logged is read back exactly, the refused names its tag."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from PIL import Image

from summaries import SummaryWriter, open_logdir
from summaries.kinds import KINDS
from summaries.reader import Reader

matplotlib.use("Agg")
RNG = np.random.default_rng(0)
GREY = (RNG.random((1, 3, 1, 8, 6)) * 255).astype(np.uint8)
PIXELS = RNG.integers(0, 256, (3, 5, 7)).astype(np.uint8)
BATCH = RNG.integers(0, 256, (10, 3, 4, 4)).astype(np.uint8)
SOUND = np.linspace(-1.0, 1.0, 100, dtype=np.float32)
VERTICES = RNG.standard_normal((1, 4, 3)).astype(np.float32)
COLORS = RNG.integers(0, 256, (1, 4, 3)).astype(np.uint8)
FACES = np.array([[[0, 1, 2], [1, 2, 3]]], dtype=np.int32)
LABELS = np.array([0, 1, 1, 0, 1])
PREDICTIONS = np.array([0.1, 0.9, 0.4, 0.6, 1.0])
MATRIX = RNG.standard_normal((3, 2)).astype(np.float32)
LAYOUT = {"losses": {"loss": ["Multiline", ["a", "b"]], "band": ["Margin", ["a", "b", "c"]]}}
COMPLEX = RNG.standard_normal((2, 3)) + 1j

Log = Callable[[SummaryWriter, str], None]


def wav(samples: np.ndarray[Any, Any], rate: int = 8000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def pixels_of(reader: Reader, record: Any) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(reader.blob(record.sha256)[0])))


def samples_of(reader: Reader, record: Any) -> np.ndarray[Any, Any]:
    with wave.open(io.BytesIO(reader.blob(record.sha256)[0])) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return raw.reshape(-1, file.getnchannels())


def frames_of(reader: Reader, record: Any) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(reader.blob(record.sha256)[0])) as film:
        found = []
        for at in range(film.n_frames):
            film.seek(at)
            found.append(np.asarray(film.convert("RGB")))
    return np.stack(found)


def grid_of_ten() -> np.ndarray[Any, Any]:
    sheet = np.zeros((8, 32, 3), np.uint8)
    for at, picture in enumerate(BATCH):
        row, column = divmod(at, 8)
        place = slice(row * 4, row * 4 + 4), slice(column * 4, column * 4 + 4)
        sheet[place] = picture.transpose(1, 2, 0)
    return sheet


@dataclass(frozen=True)
class Row:
    """One thing that is logged, what is read of it, and what is refused."""

    kind: str
    name: str
    log: Log
    read: Callable[[Reader, Any], Any]
    expected: Any
    refused: Log | None = None


ROWS = [
    Row(
        "histogram",
        "histogram",
        lambda w, t: w.add_histogram(t, [1.0, 2.0, np.nan], 3),
        lambda r, x: (x.num, x.counts.sum(), x.sum, x.nan_count),
        (3, 2.0, 3.0, 1),
        lambda w, t: w.add_histogram(t, ["a"], 3),
    ),
    Row(
        "histogram",
        "histogram in bins of one's own",
        lambda w, t: w.add_histogram(t, [0.5, 1.5, 1.6, 9.0], 3, bins=[0, 1, 2, 3]),
        lambda r, x: (x.edges.tolist(), x.counts.tolist(), x.num),
        ([0.0, 1.0, 2.0], [1.0, 2.0], 4),
        lambda w, t: w.add_histogram(t, [1.0], 3, bins="no rule"),
    ),
    Row(
        "histogram",
        "counted histogram",
        lambda w, t: w.add_histogram_raw(t, 0.5, 2.5, 6, 9.0, 15.0, [1.0, 2.0, 3.0], [1, 2, 3], 3),
        lambda r, x: (x.edges.tolist(), x.counts.tolist(), x.num, x.sum, x.sum_squares),
        ([0.5, 1.0, 2.0, 2.5], [1.0, 2.0, 3.0], 6, 9.0, 15.0),
        lambda w, t: w.add_histogram_raw(t, 0, 1, 1, 1, 1, [1.0, 2.0], [1], 3),
    ),
    Row(
        "text",
        "text",
        lambda w, t: w.add_text(t, "größe", 3),
        lambda r, x: x.text,
        "größe",
        lambda w, t: w.add_text(t, 7, 3),  # type: ignore[arg-type]
    ),
    Row(
        "image",
        "image",
        lambda w, t: w.add_image(t, PIXELS, 3),
        pixels_of,
        PIXELS.transpose(1, 2, 0),
        lambda w, t: w.add_image(t, np.zeros(3), 3),
    ),
    Row(
        "image",
        "PIL image",
        lambda w, t: w.add_image(t, Image.fromarray(PIXELS.transpose(1, 2, 0)), 3),
        pixels_of,
        PIXELS.transpose(1, 2, 0),
        None,
    ),
    Row(
        "image",
        "images",
        lambda w, t: w.add_images(t, BATCH, 3),
        pixels_of,
        grid_of_ten(),
        lambda w, t: w.add_images(t, [np.zeros((3, 4, 4)), np.zeros((3, 5, 4))], 3),
    ),
    Row(
        "image",
        "list of images",
        lambda w, t: w.add_images(t, list(BATCH), 3, dataformats="CHW"),
        pixels_of,
        grid_of_ten(),
        None,
    ),
    Row(
        "image",
        "image with boxes",
        lambda w, t: w.add_image_with_boxes(t, np.zeros((3, 20, 30)), [[2, 3, 12, 9]], 3),
        lambda r, x: pixels_of(r, x)[[3, 9, 15], [6, 2, 25]].tolist(),
        [[255, 0, 0], [255, 0, 0], [0, 0, 0]],
        lambda w, t: w.add_image_with_boxes(t, PIXELS, [[1, 2, 3]], 3),
    ),
    Row(
        "audio",
        "audio",
        lambda w, t: w.add_audio(t, SOUND, 3, sample_rate=8000),
        lambda r, x: (samples_of(r, x).tolist(), x.sample_rate, x.n_frames, x.channels),
        ([[int(s * np.float32(32767))] for s in SOUND], 8000, 100, 1),
        lambda w, t: w.add_audio(t, np.zeros((2, 3, 4)), 3),
    ),
    Row(
        "audio",
        "stereo audio",
        lambda w, t: w.add_audio(t, np.array([[1, -2], [3, 4]], dtype=np.int16), 3),
        samples_of,
        np.array([[1, -2], [3, 4]], dtype=np.int16),
        lambda w, t: w.add_audio(t, SOUND, 3, sample_rate=-1),
    ),
    Row(
        "audio",
        "audio file",
        lambda w, t: w.add_audio_file(t, wav(np.arange(9)), 3),
        lambda r, x: (r.blob(x.sha256), x.sample_rate, x.n_frames),
        ((wav(np.arange(9)), "audio/wav"), 8000, 9),
        lambda w, t: w.add_audio_file(t, b"no sound", 3),
    ),
    Row(
        "video",
        "video",
        lambda w, t: w.add_video(t, GREY, 3, fps=10),
        lambda r, x: (frames_of(r, x)[..., 0].tolist(), x.width, x.height, x.n_frames, x.fps),
        (GREY[0, :, 0].tolist(), 6, 8, 3, 10.0),
        lambda w, t: w.add_video(t, np.zeros((3, 4)), 3),
    ),
    Row(
        "video",
        "several clips side by side",
        lambda w, t: w.add_video(t, np.concatenate([GREY, 255 - GREY, GREY]), 3),
        lambda r, x: (x.width, x.height, frames_of(r, x)[:, :, 6:12, 0].tolist()),
        (24, 8, (255 - GREY)[0, :, 0].tolist()),
        lambda w, t: w.add_video(t, GREY, 3, fps=0),
    ),
    Row(
        "video",
        "video file",
        lambda w, t: w.add_video_file(t, b"\0\0\0\x18ftypmp42rest", 3, fps=30),
        lambda r, x: (r.blob(x.sha256), x.fps),
        ((b"\0\0\0\x18ftypmp42rest", "video/mp4"), 30.0),
        lambda w, t: w.add_video_file(t, png(PIXELS[0]), 3),
    ),
    Row(
        "pr_curve",
        "precision-recall curve",
        lambda w, t: w.add_pr_curve(t, LABELS, PREDICTIONS, 3, num_thresholds=3),
        lambda r, x: (
            x.thresholds.tolist(),
            x.true_positive_counts.tolist(),
            x.false_positive_counts.tolist(),
            x.true_negative_counts.tolist(),
            x.false_negative_counts.tolist(),
            x.precision.tolist(),
            x.recall.tolist(),
        ),
        (
            [0.0, 0.5, 1.0],
            [3.0, 2.0, 1.0],
            [2.0, 1.0, 0.0],
            [0.0, 1.0, 2.0],
            [0.0, 1.0, 2.0],
            [3 / 5, 2 / 3, 1.0],
            [1.0, 2 / 3, 1 / 3],
        ),
        lambda w, t: w.add_pr_curve(t, LABELS, PREDICTIONS + 1, 3),
    ),
    Row(
        "pr_curve",
        "computed precision-recall curve",
        lambda w, t: w.add_pr_curve_raw(t, *np.arange(12.0).reshape(6, 2), 3),
        lambda r, x: (x.true_positive_counts.tolist(), x.recall.tolist()),
        ([0.0, 1.0], [10.0, 11.0]),
        lambda w, t: w.add_pr_curve_raw(t, [1], [1, 2], [1], [1], [1], [1], 3),
    ),
    Row(
        "mesh",
        "mesh",
        lambda w, t: w.add_mesh(t, VERTICES, COLORS, FACES, {"camera": {"cls": "x"}}, 3),
        lambda r, x: (x.vertices, x.colors, x.faces, dict(x.config)),
        (VERTICES, COLORS, FACES, {"camera": {"cls": "x"}}),
        lambda w, t: w.add_mesh(t, VERTICES, faces=FACES + 9, global_step=3),
    ),
    Row(
        "mesh",
        "point cloud",
        lambda w, t: w.add_mesh(t, VERTICES[0], global_step=3),
        lambda r, x: (x.vertices, x.colors, x.faces),
        (VERTICES, None, None),
        lambda w, t: w.add_mesh(t, np.zeros((4, 2)), global_step=3),
    ),
    Row(
        "embedding",
        "embedding",
        lambda w, t: w.add_embedding(
            MATRIX, [["a", 1], ["b", 2], ["c", 3]], BATCH[:3], 3, t, ["name", "n"]
        ),
        lambda r, x: (
            x.mat,
            x.metadata,
            x.header,
            x.sprite_size,
            np.asarray(Image.open(io.BytesIO(r.blob(x.sprite)[0])))[4:, :4],
        ),
        (
            MATRIX,
            (("a", "1"), ("b", "2"), ("c", "3")),
            ("name", "n"),
            (4, 4),
            BATCH[2].transpose(1, 2, 0),
        ),
        lambda w, t: w.add_embedding(MATRIX, ["only one"], tag=t),
    ),
    Row(
        "embedding",
        "embedding without labels",
        lambda w, t: w.add_embedding(MATRIX.astype(np.float64), global_step=3, tag=t),
        lambda r, x: (x.mat.dtype.name, x.metadata, x.sprite),
        ("float64", None, None),
        lambda w, t: w.add_embedding(MATRIX, label_img=np.zeros((2, 3, 4, 4)), tag=t),
    ),
    *(
        Row(
            "tensor",
            f"tensor of {array.dtype} {array.shape}",
            lambda w, t, a=array: w.add_tensor(t, a, 3),  # type: ignore[misc]
            lambda r, x: (x.values, x.values.dtype.name),
            (array, array.dtype.name),
            lambda w, t: w.add_tensor(t, "no array", 3),
        )
        for array in [
            np.array([[np.nan, -0.0, np.inf]], dtype=np.float32),
            RNG.standard_normal((20, 30)),
            np.array(2**63, dtype=np.uint64),
            np.array([True, False]),
            np.arange(1000, dtype=np.int32).reshape(10, 100),
            RNG.integers(0, 2**31, 5000).astype(np.int32),
            np.float16([0.5, 1.5]),
            np.zeros((0, 3), dtype=np.int64),
            COMPLEX,
        ]
    ),
    Row(
        "table",
        "table",
        lambda w, t: w.add_table(t, [[1, "x"], [2.5, None]], 3, columns=["n", "s"]),
        lambda r, x: (x.columns, x.rows),
        (("n", "s"), ((1, "x"), (2.5, None))),
        lambda w, t: w.add_table(t, [[1, 2], [3]], 3, columns=["a", "b"]),
    ),
    Row(
        "table",
        "table of columns",
        lambda w, t: w.add_table(t, {"n": np.arange(2), "nan": [float("inf"), True]}, 3),
        lambda r, x: (x.columns, x.rows),
        (("n", "nan"), ((0, float("inf")), (1, True))),
        lambda w, t: w.add_table(t, 5, 3),
    ),
    Row(
        "table",
        "table of mappings",
        lambda w, t: w.add_table(t, [{"a": 1}, {"b": 2}], 3),
        lambda r, x: (x.columns, x.rows),
        (("a", "b"), ((1, None), (None, 2))),
        lambda w, t: w.add_table(t, [5, 6], 3),
    ),
]
READS = {
    "histogram": Reader.histograms,
    "text": Reader.texts,
    "image": Reader.images,
    "audio": Reader.audios,
    "video": Reader.videos,
    "pr_curve": Reader.pr_curves,
    "mesh": Reader.meshes,
    "embedding": Reader.embeddings,
    "tensor": Reader.tensors,
    "table": Reader.tables,
}


def test_every_kind_has_a_row() -> None:
    # A run has one graph and one layout, which have no tag to read them by: see below. The others
    # are no SummaryWriter's: test_run.py, test_health.py and test_console.py.
    others = {"graph", "layout", "alert", "console", "html"}
    assert {row.kind for row in ROWS} == set(KINDS) - others == set(READS)


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.tobytes() == expected.tobytes()  # -0.0 and NaN's bits as well
    else:
        assert found == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_logged_is_read_back_exactly(row: Row, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        row.log(writer, "group/tag")
    with open_logdir(tmp_path) as reader:
        (record,) = READS[row.kind](reader, ".", "group/tag")
        assert record.step == 3
        assert_same(row.read(reader, record), row.expected)


@pytest.mark.parametrize("row", [r for r in ROWS if r.refused], ids=lambda row: row.name)
def test_what_is_refused_names_its_tag_and_loses_nothing(row: Row, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss", 0.5, 0)
        row.log(writer, "group/tag")
        assert row.refused is not None
        with pytest.raises((TypeError, ValueError), match="group/tag"):
            row.refused(writer, "group/tag")
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "loss").value.tolist() == [0.5]
        assert len(READS[row.kind](reader, ".", "group/tag")) == 1


@pytest.mark.parametrize("name", [n for n in READS if n not in ("image", "audio", "video", "text")])
def test_a_damaged_record_is_told_as_one(name: str, tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.kind == name)
    with SummaryWriter(tmp_path) as writer:
        events: list[Any] = []
        writer._pipeline.log_event = events.append  # type: ignore[method-assign]
        row.log(writer, "tag")
    data = events[0].data
    for cut in (3, len(data) // 2, len(data) - 1):
        with pytest.raises(Exception) as caught:
            KINDS[name](0, 0.0, data[:cut])
        assert not isinstance(caught.value, (SystemError, MemoryError))


def test_layouts_of_several_calls_are_one(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_custom_scalars(LAYOUT)
        writer.add_custom_scalars_multilinechart(["x", "y"], "more", "both")
        writer.add_custom_scalars_marginchart(["x", "y", "z"], "more", "band")
        with pytest.raises(ValueError, match="three tags"):
            writer.add_custom_scalars_marginchart(["x"], title="broken")
        with pytest.raises(TypeError, match="add_custom_scalars"):
            writer.add_custom_scalars({"category": ["no charts"]})
    with open_logdir(tmp_path) as reader:
        layout = reader.layout(".")
    assert layout is not None
    assert layout.categories == {
        **LAYOUT,
        "more": {"both": ["Multiline", ["x", "y"]], "band": ["Margin", ["x", "y", "z"]]},
    }


def test_a_run_without_a_layout_has_none(tmp_path: Path) -> None:
    SummaryWriter(tmp_path).close()
    with open_logdir(tmp_path) as reader:
        assert reader.layout(".") is None


def test_figures_are_images_and_are_closed(tmp_path: Path) -> None:
    from matplotlib import pyplot

    figures = [pyplot.figure(figsize=(1, 1), dpi=50) for _ in range(2)]
    with SummaryWriter(tmp_path) as writer:
        writer.add_figure("one", figures[0], 3, close=False)
        assert pyplot.fignum_exists(figures[0].number)
        writer.add_figure("two", figures, 3)
        with pytest.raises(TypeError, match="'none'"):
            writer.add_figure("none", np.zeros((3, 3)), 3)
    assert not pyplot.get_fignums()
    with open_logdir(tmp_path) as reader:
        sizes = [(i.width, i.height) for tag in ("one", "two") for i in reader.images(".", tag)]
    assert sizes == [(50, 50), (100, 50)]


def test_a_frame_is_a_table(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"name": ["a", "b"], "when": pd.to_datetime(["2026-01-01"] * 2)})
    with SummaryWriter(tmp_path) as writer:
        writer.add_table("frame", frame)
    with open_logdir(tmp_path) as reader:
        (table,) = reader.tables(".", "frame")
    assert table.rows == (("a", "2026-01-01 00:00:00"), ("b", "2026-01-01 00:00:00"))


def test_pictures_of_many_colours_become_a_gif_of_256(tmp_path: Path) -> None:
    film = RNG.random((1, 2, 3, 40, 40))
    with SummaryWriter(tmp_path) as writer:
        writer.add_video("film", film, 0)
    with open_logdir(tmp_path) as reader:
        (record,) = reader.videos(".", "film")
        frames = frames_of(reader, record)
    assert frames.shape == (2, 40, 40, 3)
    assert np.abs(frames[0] - film[0, 0].transpose(1, 2, 0) * 255).mean() < 20


EXTREMES = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 0.5])


def test_extreme_numbers_are_kept_or_clipped_without_a_warning(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_image("image", EXTREMES.reshape(1, 2, 3))
        writer.add_audio("audio", EXTREMES)
        writer.add_video("video", EXTREMES.reshape(1, 1, 1, 2, 3))
        writer.add_mesh("mesh", EXTREMES.reshape(2, 3))
        writer.add_histogram("histogram", EXTREMES, bins=4)
        writer.add_tensor("tensor", EXTREMES)
        writer.add_embedding(EXTREMES.reshape(3, 2), tag="embedding")
        with pytest.raises(ValueError, match="'faces'"):
            writer.add_mesh("faces", VERTICES, faces=EXTREMES.reshape(2, 3))
        with pytest.raises(ValueError, match="'curve'"):
            writer.add_pr_curve("curve", LABELS, EXTREMES[:5])
    with open_logdir(tmp_path) as reader:
        pixels = pixels_of(reader, reader.images(".", "image")[0])
        samples = samples_of(reader, reader.audios(".", "audio")[0])
        (histogram,) = reader.histograms(".", "histogram")
        (tensor,) = reader.tensors(".", "tensor")
    assert pixels.tolist() == [[0, 255, 0], [255, 0, 128]]
    assert samples[:, 0].tolist() == [0, 32767, -32767, 32767, -32767, 16383]
    assert (histogram.num, histogram.nan_count, histogram.counts.sum()) == (6, 1, 3)
    assert tensor.values.tobytes() == EXTREMES.tobytes()


@pytest.mark.parametrize(
    ("bins", "expected"),
    [
        (3, [2, 1, 2]),
        (np.array([0.0, 2.0, 4.0]), [2, 3]),
        ("sqrt", [2, 1, 2]),
    ],
)
def test_bins_of_ones_own_are_numpys(bins: Any, expected: list[int], tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram("h", [0.0, 1.0, 2.0, 3.0, 4.0], bins=bins)
        writer.add_histogram("merged", np.arange(100.0), bins=100, max_bins=10)
    with open_logdir(tmp_path) as reader:
        assert reader.histograms(".", "h")[0].counts.tolist() == expected
        assert reader.histograms(".", "merged")[0].counts.tolist() == [10.0] * 10


def test_our_png_is_what_pillow_reads() -> None:
    from summaries.png import encode_png

    for channels in (1, 3, 4):
        for height, width in ((1, 1), (1, 300), (300, 1), (70, 90)):
            smooth = np.add.outer(np.arange(height), np.arange(width)).astype(np.uint8)
            noisy = RNG.integers(0, 256, (height, width, channels)).astype(np.uint8)
            for pixels in (noisy, np.repeat(smooth[:, :, None], channels, axis=2)):
                found = np.asarray(Image.open(io.BytesIO(encode_png(pixels))))
                assert np.array_equal(found.reshape(pixels.shape), pixels)
