"""Every kind as a summary: TensorBoard's own classes read it, and it comes back as it was."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.mesh import metadata as mesh_metadata
from tensorboard.util import tensor_util

from summaries import SummaryWriter, open_logdir
from summaries.kinds.image import event as image_event
from summaries.kinds.video import event as video_event
from summaries.records import MeshRecord, PrCurveRecord
from summaries.tfevents import frame_records
from summaries.wire import (
    Sound,
    SummaryValue,
    decode_summary,
    encode_summary,
    field_bytes,
    field_double,
    field_varint,
    histogram_value,
    image_value,
    scalar_value,
    text_value,
)

RNG = np.random.default_rng(0)
CURVE = PrCurveRecord(0, 0.0, *RNG.random((6, 5)))
MESH = MeshRecord(
    0,
    0.0,
    RNG.standard_normal((1, 4, 3)).astype(np.float32),
    RNG.integers(0, 256, (1, 4, 3)).astype(np.uint8),
    np.array([[[0, 1, 2]]], dtype=np.int32),
    {"camera": 1},
)
LAYOUT: dict[str, dict[str, list[Any]]] = {
    "a": {"lines": ["Multiline", ["x", "y"]], "band": ["Margin", ["x", "y", "z"]]}
}
FILM = video_event("v", (RNG.random((1, 3, 1, 8, 8)) * 255).astype(np.uint8), 0, 0.0).blob
TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16"]
HPARAMS = {"lr": 0.1, "batch": 32, "act": "relu", "nesterov": True}
assert FILM is not None
VALUES = [
    scalar_value("short", 0.5),
    scalar_value("long", 0.1),
    histogram_value("h", RNG.standard_normal(100)),
    text_value("t", "größe"),
    image_value("i", RNG.integers(0, 256, (3, 4, 3)).astype(np.uint8)),
    SummaryValue("v", video=FILM[1]),
    SummaryValue("s", audio=Sound(b"RIFF....WAVE", "audio/wav", 8000, 9, 2)),
    SummaryValue("p", pr_curve=CURVE),
    SummaryValue("x", tensor=np.arange(6, dtype=np.int16).reshape(2, 3)),
    SummaryValue("custom_scalars__config__", layout=LAYOUT),
    SummaryValue("_hparams_/session_start_info", hparams=HPARAMS),
    SummaryValue("m", mesh=MESH),
]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, k), getattr(other, k)) for k in one.__dataclass_fields__)
    return bool(one == other)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.tag)
def test_a_value_comes_back_as_it_was(value: SummaryValue) -> None:
    (found,) = decode_summary(encode_summary([value]))
    assert same(found, value)


def test_many_values_of_one_message_come_back_in_order() -> None:
    found = decode_summary(encode_summary(VALUES))
    assert [value.tag for value in found] == [value.tag for value in VALUES]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> EventAccumulator:
    """What TensorBoard's loader makes of the values."""
    directory = tmp_path_factory.mktemp("events")
    head = field_double(1, 1.0) + field_bytes(3, b"brain.Event:2")
    body = field_double(1, 2.0) + field_varint(2, 7) + field_bytes(5, encode_summary(VALUES))
    (directory / "events.out.tfevents.1.host").write_bytes(frame_records([head, body]))
    found = EventAccumulator(str(directory))
    found.Reload()
    return found


def array_of(events: EventAccumulator, tag: str) -> np.ndarray[Any, Any]:
    (event,) = events.Tensors(tag)
    assert event.step == 7
    return np.asarray(tensor_util.make_ndarray(event.tensor_proto))


def test_tensorboard_reads_scalars_images_audio_and_histograms(events: EventAccumulator) -> None:
    assert events.Scalars("short")[0].value == 0.5
    assert array_of(events, "long") == 0.1
    assert events.Histograms("h")[0].histogram_value.num == 100
    assert (events.Images("i")[0].width, events.Images("i")[0].height) == (4, 3)
    assert events.Images("v")[0].encoded_image_string == FILM[1]  # type: ignore[index]
    sound = events.Audio("s")[0]
    assert (sound.sample_rate, sound.length_frames, sound.content_type) == (8000, 9, "audio/wav")


def test_tensorboard_reads_texts_curves_and_tensors(events: EventAccumulator) -> None:
    assert array_of(events, "t").tolist() == ["größe".encode()]
    curve = array_of(events, "p")
    np.testing.assert_array_equal(curve[4], CURVE.precision)
    assert events.SummaryMetadata("p").plugin_data.plugin_name == "pr_curves"
    assert array_of(events, "x").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_tensorboard_reads_meshes(events: EventAccumulator) -> None:
    for part, array in (("VERTEX", MESH.vertices), ("FACE", MESH.faces), ("COLOR", MESH.colors)):
        np.testing.assert_array_equal(array_of(events, f"m_{part}"), array)
        content = events.SummaryMetadata(f"m_{part}").plugin_data.content
        data = mesh_metadata.parse_plugin_metadata(content)
        assert (data.name, list(data.shape)) == ("m", list(np.shape(array)))
        assert data.components == 0b1110
        assert data.json_config == '{"camera": 1}'


def test_tensorboard_reads_layouts_and_hyperparameters(events: EventAccumulator) -> None:
    layout = layout_pb2.Layout.FromString(array_of(events, "custom_scalars__config__").item())
    assert layout.category[0].chart[0].multiline.tag == ["x", "y"]
    assert layout.category[0].chart[1].margin.series[0].upper == "z"
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    assert start.hparams["lr"].number_value == 0.1
    assert start.hparams["act"].string_value == "relu"
    assert start.hparams["nesterov"].bool_value is True


def test_the_hparams_tab_lists_the_run_with_its_metric(tmp_path: Path) -> None:
    """TensorBoard's own HParams plugin, over a file of ours."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import backend_context

    (tmp_path / "run").mkdir()
    values = [SummaryValue("", hparams=HPARAMS, metrics=("best",)), scalar_value("best", 0.5)]
    body = field_double(1, 2.0) + field_bytes(5, encode_summary(values))
    (tmp_path / "run" / "events.out.tfevents.1.host").write_bytes(frame_records([body]))
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = backend_context.Context(
        base_plugin.TBContext(data_provider=provider, logdir=str(tmp_path))
    )
    from tensorboard import context as request

    metadata = context.hparams_metadata(request.RequestContext(), "")
    experiment = context.experiment_from_metadata(request.RequestContext(), "", True, metadata, {})
    assert {info.name for info in experiment.hparam_infos} == set(HPARAMS)
    assert [info.name.tag for info in experiment.metric_infos] == ["best"]


# -- what TensorFlow 2 and torch write ----------------------------------------------------------


def second_form(tag: str, plugin: str, array: Any, content: bytes = b"") -> bytes:
    value = summary_pb2.Summary.Value(
        tag=tag,
        tensor=tensor_util.make_tensor_proto(array),
        metadata=summary_pb2.SummaryMetadata(
            plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
        ),
    )
    return bytes(summary_pb2.Summary(value=[value]).SerializeToString())


def test_several_images_of_one_event_are_several() -> None:
    blob = image_event("i", np.zeros((2, 3, 3), np.uint8), 0, 0.0, "HWC").blob
    assert blob is not None
    found = decode_summary(second_form("i", "images", [b"3", b"2", blob[1], blob[1]]))
    assert [value.image for value in found] == [blob[1]] * 2


def test_sounds_of_the_second_form_lose_their_labels_only() -> None:
    found = decode_summary(second_form("s", "audio", [[b"RIFF1", b"label"], [b"RIFF2", b""]]))
    assert [value.audio.content for value in found if value.audio] == [b"RIFF1", b"RIFF2"]


def test_histograms_and_scalars_of_the_second_form() -> None:
    table = np.array([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    (found,) = decode_summary(second_form("h", "histograms", table))
    assert found.histogram is not None
    assert found.histogram.counts.tolist() == [2.0, 3.0]
    (scalar,) = decode_summary(second_form("x", "scalars", np.float32(0.25)))
    assert scalar.simple_value == 0.25


def test_a_plugin_named_once_holds_for_the_tag() -> None:
    """TensorFlow's writers leave the metadata out after a tag's first value."""
    first = second_form("p", "pr_curves", np.ones((6, 4), np.float32))
    message = summary_pb2.Summary.FromString(first)
    message.value[0].ClearField("metadata")
    plugins: dict[str, tuple[str, bytes]] = {}
    assert decode_summary(first, plugins)[0].pr_curve is not None
    assert decode_summary(message.SerializeToString(), plugins)[0].pr_curve is not None
    assert decode_summary(message.SerializeToString())[0].tensor is not None


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("listed", [False, True], ids=["content", "listed"])
def test_tensors_of_every_type(dtype: str, listed: bool) -> None:
    array = np.array([[0, 1, 2], [3, 4, 1]]).astype(np.dtype(dtype))
    proto = tensor_util.make_tensor_proto(array)
    if listed and array.dtype.kind in "fiu" and array.dtype.itemsize in (4, 8):
        name = {"f4": "float", "f8": "double", "i4": "int", "i8": "int64", "u4": "uint32"}
        if dtype in name:
            proto.ClearField("tensor_content")
            getattr(proto, f"{name[dtype]}_val").extend(array.reshape(-1).tolist())
    value = summary_pb2.Summary.Value(tag="x", tensor=proto)
    message = summary_pb2.Summary(value=[value]).SerializeToString()
    (found,) = decode_summary(message, {"x": ("tensor", b"")})
    assert found.tensor is not None
    assert found.tensor.dtype == array.dtype
    np.testing.assert_array_equal(found.tensor, array)


def test_bfloat16_comes_as_float32() -> None:
    bits = (np.float32([1.5, -2.0]).view(np.uint32) >> 16).astype("<u2").tobytes()
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_BFLOAT16, tensor_content=bits)
    proto.tensor_shape.dim.add(size=2)
    value = summary_pb2.Summary.Value(tag="x", tensor=proto)
    (found,) = decode_summary(summary_pb2.Summary(value=[value]).SerializeToString())
    assert found.tensor is not None
    assert found.tensor.tolist() == [1.5, -2.0]


def test_a_value_that_stands_for_all_fills_the_shape() -> None:
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[2.0])
    proto.tensor_shape.dim.add(size=4)
    value = summary_pb2.Summary.Value(tag="x", tensor=proto)
    (found,) = decode_summary(summary_pb2.Summary(value=[value]).SerializeToString())
    assert found.tensor is not None
    assert found.tensor.tolist() == [2.0] * 4


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_message_is_a_value_error_or_another_message(seed: int) -> None:
    chooser = random.Random(seed)
    data = bytearray(encode_summary(VALUES))
    for _ in range(30):
        broken = bytearray(data)
        for _ in range(chooser.randint(1, 4)):
            broken[chooser.randrange(len(broken))] = chooser.randrange(256)
        cut = bytes(broken[: chooser.randrange(len(broken))])
        for message in (bytes(broken), cut):
            try:
                decode_summary(message)
            except ValueError:
                continue


def test_what_one_writer_logs_another_gets_through_a_summary(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_summary(encode_summary(VALUES), 7)
    with open_logdir(tmp_path) as reader:
        assert reader.hparams() == {".": HPARAMS}
        assert reader.layout(".").categories == LAYOUT  # type: ignore[union-attr]
        assert same(reader.pr_curves(".", "p")[0].recall, CURVE.recall)
        (mesh,) = reader.meshes(".", "m")
        assert same(mesh.faces, MESH.faces)
        assert reader.blob(reader.videos(".", "v")[0].sha256) == (FILM[1], "image/gif")  # type: ignore[index]
        (sound,) = reader.audios(".", "s")
        assert (sound.sample_rate, sound.n_frames, sound.channels) == (8000, 9, 2)
        assert {s.last_step for s in reader.series(".")} == {7, 0}
