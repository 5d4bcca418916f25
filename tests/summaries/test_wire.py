"""Summary messages: what a summary op returns is what TensorBoard and we read."""

from __future__ import annotations

import contextlib
import random

import numpy as np
import pytest

from summaries import SummaryWriter, open_logdir
from summaries.kinds.histogram import event_of_record
from summaries.wire import (
    decode_summary,
    encode_summary,
    field_bytes,
    field_double,
    field_varint,
    fields,
    histogram_value,
    image_value,
    scalar_value,
    signed,
    text_value,
    varint,
)

# Written by hand from the public .proto files: Value{tag: "loss", simple_value: 0.5}.
LOSS = bytes.fromhex("0a0b0a046c6f7373150000003f")


def test_a_float32_scalar_is_the_message_tensorflow_writes() -> None:
    assert encode_summary([scalar_value("loss", 0.5)]) == LOSS
    (value,) = decode_summary(LOSS)
    assert (value.tag, value.simple_value) == ("loss", 0.5)


@pytest.mark.parametrize(
    "number", [0.1, 1e300, -1e-300, np.inf, -np.inf, 0.0, float(np.float32(0.1))]
)
def test_scalars_keep_their_float64(number: float) -> None:
    (value,) = decode_summary(encode_summary([scalar_value("x", number)]))
    assert value.simple_value == number


def test_nan_stays_nan() -> None:
    (value,) = decode_summary(encode_summary([scalar_value("x", float("nan"))]))
    assert value.simple_value is not None
    assert np.isnan(value.simple_value)


def test_a_histogram_survives_with_its_non_finite_counts() -> None:
    values = np.append(np.random.default_rng(0).standard_normal(1000), [np.nan, np.inf, -np.inf])
    made = histogram_value("w", values)
    (value,) = decode_summary(encode_summary([made]))
    assert value.histogram is not None
    assert made.histogram is not None
    np.testing.assert_array_equal(value.histogram.counts, made.histogram.counts)
    np.testing.assert_array_equal(value.histogram.edges, made.histogram.edges)
    assert value.histogram.nan_count == value.histogram.pos_inf_count == 1
    assert value.histogram.num == 1003


def test_a_histogram_of_tensorflow_is_trimmed_to_its_values() -> None:
    limits = np.array([-1e308, -1.0, 0.0, 1.0, 2.0, 1.797e308])
    counts = np.array([0.0, 0.0, 3.0, 5.0, 1.0, 0.0])
    message = field_double(1, -0.5) + field_double(2, 1.5) + field_double(3, 9.0)
    message += field_bytes(6, limits.tobytes()) + field_bytes(7, counts.tobytes())
    data = field_bytes(1, field_bytes(1, b"w") + field_bytes(5, message))
    (value,) = decode_summary(data)
    assert value.histogram is not None
    assert value.histogram.edges.tolist() == [-0.5, 0.0, 1.0, 1.5]
    assert value.histogram.counts.tolist() == [3.0, 5.0, 1.0]


def test_texts_and_images_survive() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    text, image = decode_summary(
        encode_summary([text_value("note", "größe"), image_value("im", pixels)])
    )
    assert text.text == "größe"
    assert image.image is not None
    assert image.image.startswith(b"\x89PNG")


def test_a_writer_stores_each_value_under_its_kind(tmp_path: object) -> None:
    data = encode_summary(
        [scalar_value("loss", 0.1), histogram_value("w", [1.0, 2.0]), text_value("t", "hello")]
    )
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_summary(data, 7)
        with pytest.raises(TypeError, match="serialized Summary"):
            writer.add_summary("text", 8)
        with pytest.raises(ValueError, match="message"):
            writer.add_summary(data[:-3], 8)
    with open_logdir(str(tmp_path)) as reader:
        assert reader.scalars(".", "loss").value.tolist() == [0.1]
        assert reader.histograms(".", "w")[0].step == 7
        assert reader.texts(".", "t")[0].text == "hello"


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31, 2**63 - 1, -1, -(2**63)])
def test_numbers_of_any_length_survive(number: int) -> None:
    assert [signed(v) for _, v in fields(field_varint(3, number))] == [number]
    assert len(varint(number)) <= 10


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x0b", b"\xff" * 12, b"\x09\x00\x00"])
def test_a_damaged_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"message|number"):
        list(fields(data))


def test_no_damage_raises_anything_but_a_value_error() -> None:
    whole = encode_summary(
        [
            scalar_value("a", 0.1),
            histogram_value("h", np.arange(100.0)),
            text_value("t", "hello"),
            image_value("i", np.zeros((2, 2, 3))),
        ]
    )
    chooser = random.Random(3)
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(chooser.randint(1, 5)):
            data[chooser.randrange(len(data))] = chooser.randrange(256)
        with contextlib.suppress(ValueError):
            for value in decode_summary(bytes(data[: chooser.randint(1, len(data))])):
                encode_summary([value])
                if value.histogram is not None:
                    event_of_record("h", value.histogram)
