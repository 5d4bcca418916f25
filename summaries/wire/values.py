"""`Summary` messages: one value of each kind to bytes and back.

Source: tensorflow/core/framework/summary.proto; tensorboard/plugins/*/summary_v2.py for the second
form of each kind, a tensor whose metadata names the plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.kinds import audio as audio_kind
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import image as image_kind
from summaries.records import HistogramRecord, MeshRecord, PrCurveRecord
from summaries.wire.plugins import (
    DAMAGE,
    LAYOUT_TAG,
    MeshParts,
    decode_histogram,
    decode_hparams,
    decode_layout,
    encode_histogram,
    encode_layout,
    histogram_of_table,
    hparams_parts,
    mesh_parts,
    pr_curve_columns,
    pr_curve_of,
)
from summaries.wire.proto import (
    FLOAT,
    field_bytes,
    field_float,
    field_text,
    field_varint,
    fields,
    only,
    text_of,
)
from summaries.wire.tensors import decode_tensor, encode_numbers, encode_strings


@dataclass(frozen=True)
class Sound:
    """An encoded sound, and what its summary says of it."""

    content: bytes
    """A WAV, MP3, Ogg or FLAC file."""
    media_type: str = "audio/wav"
    sample_rate: int = 0
    """Frames a second; 0 where it is not known, as are the next two."""
    n_frames: int = 0
    channels: int = 0


@dataclass(frozen=True)
class SummaryValue:
    """One value of a summary; exactly one of the fields after the tag is set."""

    tag: str
    simple_value: float | None = None
    histogram: HistogramRecord | None = None
    text: str | None = None
    image: bytes | None = None
    """An encoded PNG, JPEG, GIF or WebP file."""
    audio: Sound | None = None
    video: bytes | None = None
    """An encoded GIF, MP4 or WebM file: to TensorBoard an image."""
    pr_curve: PrCurveRecord | None = None
    mesh: MeshRecord | None = None
    tensor: NDArray[Any] | None = None
    layout: dict[str, dict[str, list[Any]]] | None = None
    hparams: dict[str, Any] | None = None
    metrics: tuple[str, ...] = ()
    """Beside ``hparams``: the tags that TensorBoard compares by them; written, not read."""


def scalar_value(tag: str, value: float) -> SummaryValue:
    """The summary value of one number."""
    return SummaryValue(tag, simple_value=float(value))


def histogram_value(tag: str, values: Any) -> SummaryValue:
    """The summary value of the distribution of an array of numbers, of any shape.

    Raises:
        TypeError: they are not real numbers.
    """
    array = histogram_kind.as_values(tag, values)
    return SummaryValue(tag, histogram=histogram_kind.record(array, 0, 0.0))


def text_value(tag: str, text: str) -> SummaryValue:
    """The summary value of a text."""
    return SummaryValue(tag, text=text)


def image_value(tag: str, image: Any, dataformats: str = "HWC") -> SummaryValue:
    """The summary value of one image, an array as in `SummaryWriter.add_image`.

    Raises:
        TypeError, ValueError: no such image.
    """
    made = image_kind.event(tag, image, 0, 0.0, dataformats)
    assert made.blob is not None
    return SummaryValue(tag, image=made.blob[1])


def audio_value(tag: str, sound: Any, sample_rate: int) -> SummaryValue:
    """The summary value of one sound, samples as in `SummaryWriter.add_audio`.

    Raises:
        TypeError, ValueError: no such sound.
    """
    made = audio_kind.event(tag, sound, 0, 0.0, sample_rate)
    assert made.blob is not None
    frames, channels = audio_kind.as_samples(tag, sound).shape
    return SummaryValue(tag, audio=Sound(made.blob[1], "audio/wav", sample_rate, frames, channels))


# -- writing ------------------------------------------------------------------------------------


def _metadata(plugin: str, content: bytes = b"") -> bytes:
    data = field_text(1, plugin) + (field_bytes(2, content) if content else b"")
    return field_bytes(9, field_bytes(1, data))


def _tensor(tag: str, tensor: bytes, plugin: str, content: bytes = b"") -> bytes:
    return field_text(1, tag) + field_bytes(8, tensor) + _metadata(plugin, content)


def _encode_scalar(tag: str, number: float) -> bytes:
    with np.errstate(over="ignore"):
        short = float(np.float32(number))
    if short == number or number != number:
        return field_text(1, tag) + field_float(2, number)
    # simple_value is a float32; a float64 travels as a tensor, which TensorBoard reads too.
    return _tensor(tag, encode_numbers(np.array(number)), "scalars")


def _encode_image(tag: str, content: bytes) -> bytes:
    width, height = image_kind.size_of(content)
    picture = field_varint(1, height) + field_varint(2, width)
    picture += field_varint(3, 3) + field_bytes(4, content)
    return field_text(1, tag) + field_bytes(4, picture)


def _encode_audio(tag: str, sound: Sound) -> bytes:
    message = field_float(1, float(sound.sample_rate)) + field_varint(2, sound.channels)
    message += field_varint(3, sound.n_frames) + field_bytes(4, sound.content)
    return field_text(1, tag) + field_bytes(6, message + field_text(5, sound.media_type))


def _encode(value: SummaryValue) -> Iterable[bytes]:
    """The serialized `Value`s of one value: a mesh is up to three, hyperparameters are three."""
    tag = value.tag
    if value.simple_value is not None:
        yield _encode_scalar(tag, value.simple_value)
    elif value.histogram is not None:
        yield field_text(1, tag) + field_bytes(5, encode_histogram(value.histogram))
    elif value.text is not None:
        text = value.text.encode("utf-8", "replace")
        yield _tensor(tag, encode_strings([text], [1]), "text")
    elif value.image is not None or value.video is not None:
        yield _encode_image(tag, value.image or value.video or b"")
    elif value.audio is not None:
        yield _encode_audio(tag, value.audio)
    elif value.pr_curve is not None:
        columns = pr_curve_columns(value.pr_curve)
        k = field_varint(2, columns.shape[1])
        yield _tensor(tag, encode_numbers(columns), "pr_curves", k)
    elif value.mesh is not None:
        for name, content, array in mesh_parts(tag, value.mesh):
            # TensorBoard's viewer asks for floats of all three parts.
            yield _tensor(name, encode_numbers(array.astype(np.float32)), "mesh", content)
    elif value.tensor is not None:
        yield _tensor(tag, encode_numbers(value.tensor), "tensor")
    elif value.layout is not None:
        content = encode_layout(value.layout)
        yield _tensor(LAYOUT_TAG, encode_strings([content], []), "custom_scalars")
    elif value.hparams is not None:
        for name, content in hparams_parts(value.hparams, value.metrics):
            yield field_text(1, name) + _metadata("hparams", content)


def encode_summary(values: Sequence[SummaryValue]) -> bytes:
    """The serialized `Summary` of the values.

    Example:
        >>> decode_summary(encode_summary([scalar_value("loss", 0.5)]))[0].simple_value
        0.5
    """
    return b"".join(field_bytes(1, part) for value in values for part in _encode(value))


# -- reading ------------------------------------------------------------------------------------

Plugins = dict[str, tuple[str, bytes]]
"""Tag to the name and the data of the plugin that its values are for."""


def decode_summary(data: bytes, plugins: Plugins | None = None) -> list[SummaryValue]:
    """The values of a serialized `Summary`; values of kinds we do not know are left out.

    Args:
        data: the message.
        plugins: what is known of each tag from the messages before, and is added to: TensorFlow's
            writers name the plugin only with the first value of a tag.

    Raises:
        ValueError: the message is damaged.
    """
    found: list[SummaryValue] = []
    meshes = MeshParts()
    known: Plugins = {} if plugins is None else plugins
    try:
        for key, value in fields(data):
            if key == 1:
                found += _decode_value(value, known, meshes)
        found += [SummaryValue(tag, mesh=mesh) for tag, mesh in meshes.meshes().items()]
    except DAMAGE as error:
        raise ValueError(f"message of {len(data)} bytes is damaged: {error}") from error
    return found


def _decode_value(data: bytes, plugins: Plugins, meshes: MeshParts) -> list[SummaryValue]:
    tag, plugin = "", None
    made: list[dict[str, Any]] = []
    tensor: bytes | None = None
    for key, value in fields(data):
        if key == 1:
            tag = text_of(value)
        elif key == 2:
            made = [{"simple_value": float(FLOAT.unpack(value)[0])}]
        elif key == 4:
            made = [_of_picture(only(value, 4) or b"")]
        elif key == 5:
            made = [{"histogram": decode_histogram(value)}]
        elif key == 6:
            made = [{"audio": _decode_audio(value)}]
        elif key == 8:
            tensor = value
        elif key == 9 and (part := only(value, 1)) is not None:
            plugin = text_of(only(part, 1)), only(part, 2) or b""
    if plugin is not None and plugin[0]:
        plugins[tag] = plugin
    name, content = plugins.get(tag, ("", b""))
    if name == "hparams":
        hparams = decode_hparams(content) if plugin is not None else None
        return [] if hparams is None else [SummaryValue(tag, hparams=hparams)]
    if tensor is not None:
        array = decode_tensor(tensor)
        if name == "mesh" and isinstance(array, np.ndarray):
            meshes.add(tag, content, array)
            return []
        made = _of_strings(array, name) if isinstance(array, list) else _of_numbers(array, name)
    return [SummaryValue(tag, **one) for one in made]


def _of_picture(content: bytes) -> dict[str, Any]:
    if content[4:8] == b"ftyp" or content.startswith(b"\x1a\x45\xdf\xa3"):
        return {"video": content}
    if content.startswith(b"GIF8") and image_kind.is_animated(content):
        return {"video": content}
    return {"image": content}


def _decode_audio(data: bytes) -> Sound:
    number: dict[int, Any] = dict(fields(data))
    rate = float(FLOAT.unpack(number[1])[0]) if 1 in number else 0.0
    return Sound(
        number.get(4, b""),
        text_of(number.get(5)) or "audio/wav",
        int(rate) if 0 <= rate < 2**32 else 0,
        number.get(3, 0),
        number.get(2, 0),
    )


def _of_strings(strings: list[bytes], plugin: str) -> list[dict[str, Any]]:
    if plugin == "images":
        return [_of_picture(content) for content in strings[2:]]  # width and height come first
    if plugin == "audio":
        # Each sound is followed by its label.
        return [{"audio": Sound(content)} for content in strings[::2] if content]
    if plugin == "custom_scalars":
        return [{"layout": decode_layout(content)} for content in strings]
    return [{"text": "\n\n".join(map(text_of, strings))}] if strings else []


def _of_numbers(array: NDArray[Any] | None, plugin: str) -> list[dict[str, Any]]:
    if array is None:
        return []
    if plugin == "pr_curves":
        return [{"pr_curve": pr_curve_of(array)}]
    real = array.dtype.kind != "c"
    if real and array.ndim == 2 and array.shape[1] == 3 and plugin in ("histograms", ""):
        return [{"histogram": histogram_of_table(array)}]
    if real and array.size == 1 and plugin in ("scalars", ""):
        return [{"simple_value": float(array.reshape(-1)[0])}]
    return [{"tensor": array}]
