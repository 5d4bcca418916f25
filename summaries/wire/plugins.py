"""What TensorBoard's plugins put into a summary: histograms, curves, meshes, hparams, layouts.

Source: tensorflow/core/framework/histogram.proto and, in TensorBoard, plugins/*/plugin_data.proto,
plugins/hparams/api.proto, plugins/custom_scalar/layout.proto.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.kinds.buckets import of_limits
from summaries.records import Float64, HistogramRecord, MeshRecord, PrCurveRecord
from summaries.wire.proto import (
    DOUBLE,
    field_bytes,
    field_double,
    field_text,
    field_varint,
    fields,
    only,
    text_of,
)

# -- histograms ---------------------------------------------------------------------------------


def encode_histogram(h: HistogramRecord) -> bytes:
    """The `HistogramProto` of a histogram."""
    parts = [
        field_double(1, h.min if len(h.counts) else 0.0),
        field_double(2, h.max if len(h.counts) else 0.0),
        field_double(3, float(h.num)),
        field_double(4, h.sum),
        field_double(5, h.sum_squares),
        field_bytes(6, h.edges[1:].astype("<f8").tobytes()),
        field_bytes(7, h.counts.astype("<f8").tobytes()),
    ]
    # Fields of our own, which other readers skip: what the message has no place for.
    if len(h.counts):
        parts.append(field_double(1000, float(h.edges[0])))
    for number, count in ((1001, h.nan_count), (1002, h.pos_inf_count), (1003, h.neg_inf_count)):
        if count:
            parts.append(field_varint(number, count))
    return b"".join(parts)


def decode_histogram(data: bytes) -> HistogramRecord:
    """The histogram of a `HistogramProto`.

    Raises:
        ValueError: it is damaged.
    """
    number: dict[int, float] = {}
    limits: list[Float64] = []
    counts: list[Float64] = []
    for key, value in fields(data):
        if key in (6, 7):
            (limits if key == 6 else counts).append(
                np.frombuffer(value, dtype="<f8").astype(np.float64)
            )
        else:
            number[key] = value if isinstance(value, int) else DOUBLE.unpack(value)[0]
    right = np.concatenate(limits) if limits else np.empty(0)
    count = np.concatenate(counts) if counts else np.empty(0)
    low, high, num, total, squares = (float(number.get(key, 0.0)) for key in (1, 2, 3, 4, 5))
    apart = [number.get(key, 0) for key in (1001, 1002, 1003)]
    if not all(0 <= n < 2**63 for n in (num, *apart)):
        raise ValueError(f"histogram of {num} values: its counts are no numbers")
    made = of_limits(low, high, int(num), total, squares, right, count)
    if 1000 not in number or not len(made.counts):
        return _with(made, made.edges, made.counts, apart)
    return _with(made, np.concatenate([[number[1000]], right]), count, apart)


def _with(
    made: HistogramRecord, edges: Float64, counts: Float64, apart: Sequence[float]
) -> HistogramRecord:
    nan, pos, neg = (int(n) for n in apart)
    return HistogramRecord(
        0, 0.0, edges, counts, made.min, made.max, made.num, made.sum, made.sum_squares,
        nan, pos, neg,
    )  # fmt: skip


def histogram_of_table(table: NDArray[Any]) -> HistogramRecord:
    """TensorBoard's second form: rows of (left, right, count)."""
    rows = table.astype(np.float64)
    rows = rows[rows[:, 2] > 0]
    if not len(rows):
        empty = np.empty(0)
        return HistogramRecord(0, 0.0, empty, empty, np.nan, np.nan, 0, 0.0, 0.0)
    low, high, count = rows[0, 0], rows[-1, 1], rows[:, 2]
    middle = (rows[:, 0] + rows[:, 1]) / 2
    edges = np.append(rows[:, 0], high)
    if low == high:
        edges, count = np.array([low - 0.5, high + 0.5]), np.array([count.sum()])
    total, squares = float((middle * rows[:, 2]).sum()), float((middle**2 * rows[:, 2]).sum())
    return HistogramRecord(
        0, 0.0, edges, count, float(low), float(high), int(rows[:, 2].sum()), total, squares
    )


# -- precision-recall curves --------------------------------------------------------------------


def pr_curve_columns(curve: PrCurveRecord) -> NDArray[Any]:
    """The curve as TensorBoard has it, [6, k]: float32, or float64 where that loses something."""
    columns = np.stack(
        [
            curve.true_positive_counts,
            curve.false_positive_counts,
            curve.true_negative_counts,
            curve.false_negative_counts,
            curve.precision,
            curve.recall,
        ]
    )
    with np.errstate(over="ignore"):
        short = columns.astype(np.float32)
    return short if np.array_equal(short, columns, equal_nan=True) else columns


def pr_curve_of(columns: NDArray[Any]) -> PrCurveRecord:
    """The curve of such columns.

    Raises:
        ValueError: they are not six.
    """
    if columns.ndim != 2 or columns.shape[0] != 6 or columns.dtype.kind == "c":
        raise ValueError(f"precision-recall curve of shape {columns.shape}, not [6, thresholds]")
    return PrCurveRecord(0, 0.0, *columns.astype(np.float64))


# -- meshes -------------------------------------------------------------------------------------

_COMPONENTS = {1: "VERTEX", 2: "FACE", 3: "COLOR"}


def mesh_parts(tag: str, mesh: MeshRecord) -> Iterable[tuple[str, bytes, NDArray[Any]]]:
    """(tag, plugin data, array) of each of the summary values that TensorBoard has of a mesh."""
    arrays = {1: mesh.vertices, 2: mesh.faces, 3: mesh.colors}
    components = sum(1 << kind for kind, array in arrays.items() if array is not None)
    config = json.dumps(dict(mesh.config), sort_keys=True)
    for kind, array in arrays.items():
        if array is None:
            continue
        data = field_text(2, tag) + field_varint(3, kind) + field_text(5, config)
        data += b"".join(field_varint(6, size) for size in array.shape)
        yield f"{tag}_{_COMPONENTS[kind]}", data + field_varint(7, components), array


class MeshParts:
    """Gathers the values of a mesh, which come one a part, into one."""

    def __init__(self) -> None:
        self._arrays: dict[str, dict[int, NDArray[Any]]] = {}
        self._config: dict[str, dict[str, Any]] = {}

    def add(self, tag: str, content: bytes, array: NDArray[Any]) -> None:
        """Take a value: its tag, plugin data and array."""
        name = text_of(only(content, 2)) or tag.rsplit("_", 1)[0]
        kind = only(content, 3) or 0
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype.kind == "c":
            raise ValueError(f"mesh of shape {array.shape}, not [batch, n, 3]")
        self._arrays.setdefault(name, {})[kind] = array
        try:
            config = json.loads(text_of(only(content, 5)) or "{}")
        except ValueError:
            config = {}
        self._config[name] = config if isinstance(config, dict) else {}

    def meshes(self) -> dict[str, MeshRecord]:
        """The meshes by tag."""
        found = {}
        for name, arrays in self._arrays.items():
            points = arrays.get(1, np.zeros((1, 0, 3)))
            colors, faces = arrays.get(3), arrays.get(2)
            found[name] = MeshRecord(
                0,
                0.0,
                points.astype(np.float32),
                None if colors is None else _as_shades(colors),
                None if faces is None else faces.astype(np.int32),
                self._config[name],
            )
        return found


def _as_shades(colors: NDArray[Any]) -> NDArray[np.uint8]:
    shades: NDArray[np.uint8] = np.clip(np.rint(np.nan_to_num(colors)), 0, 255).astype(np.uint8)
    return shades


# -- hyperparameters ----------------------------------------------------------------------------

HPARAMS_TAGS = (
    "_hparams_/experiment",
    "_hparams_/session_start_info",
    "_hparams_/session_end_info",
)
_TEXT, _BOOL, _FLOAT = 1, 2, 3


def hparams_parts(
    hparams: Mapping[str, Any], metrics: Iterable[str]
) -> Iterable[tuple[str, bytes]]:
    """(tag, plugin data) of the three values that TensorBoard's HParams tab reads."""
    infos, start = [], []
    for name, value in hparams.items():
        kind, encoded = _encode_hparam(value)
        infos.append(field_bytes(4, field_text(1, name) + field_varint(4, kind)))
        start.append(field_bytes(1, field_text(1, name) + field_bytes(2, encoded)))
    found = [field_bytes(5, field_bytes(1, field_text(2, tag))) for tag in metrics]
    yield HPARAMS_TAGS[0], field_bytes(2, b"".join(infos + found))
    yield HPARAMS_TAGS[1], field_bytes(3, b"".join(start))
    yield HPARAMS_TAGS[2], field_bytes(4, field_varint(1, 1))


def _encode_hparam(value: Any) -> tuple[int, bytes]:
    """Its type, and the value as a `google.protobuf.Value`."""
    if isinstance(value, bool):
        return _BOOL, field_varint(4, int(value))
    if isinstance(value, (int, float)):
        return _FLOAT, field_double(2, float(value))
    if value is None:
        return _TEXT, field_varint(1, 0)
    text = value if isinstance(value, str) else json.dumps(value)
    return _TEXT, field_text(3, text)


def decode_hparams(content: bytes) -> dict[str, Any] | None:
    """The hyperparameters of a session's start; None of the other values."""
    start = only(content, 3)
    if start is None:
        return None
    found: dict[str, Any] = {}
    for key, entry in fields(start):
        if key == 1:
            found[text_of(only(entry, 1))] = _decode_hparam(only(entry, 2) or b"")
    return found


def _decode_hparam(data: bytes) -> Any:
    for key, value in fields(data):
        if key == 2:
            number = DOUBLE.unpack(value)[0]
            # TensorBoard has no whole numbers: a batch size of 32 comes as 32.0.
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        if key == 3:
            return text_of(value)
        if key == 4:
            return bool(value)
        if key == 6:
            return [_decode_hparam(part) for name, part in fields(value) if name == 1]
    return None


# -- layouts ------------------------------------------------------------------------------------

LAYOUT_TAG = "custom_scalars__config__"


def encode_layout(categories: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The `Layout` of charts of several scalars."""
    parts = []
    for category, charts in categories.items():
        inner = field_text(1, category)
        for title, (kind, tags) in charts.items():
            chart = field_text(1, title)
            if kind == "Margin":
                series = b"".join(field_text(at, tag) for at, tag in enumerate(tags, 1))
                chart += field_bytes(3, field_bytes(1, series))
            else:
                chart += field_bytes(2, b"".join(field_text(1, tag) for tag in tags))
            inner += field_bytes(2, chart)
        parts.append(field_bytes(2, inner))
    return b"".join(parts)


def decode_layout(data: bytes) -> dict[str, dict[str, list[Any]]]:
    """The charts of a `Layout`."""
    found: dict[str, dict[str, list[Any]]] = {}
    for key, category in fields(data):
        if key != 2:
            continue
        charts = found.setdefault(text_of(only(category, 1)), {})
        for name, chart in fields(category):
            if name == 2:
                charts.update(_decode_chart(chart))
    return found


def _decode_chart(chart: bytes) -> dict[str, list[Any]]:
    title, lines, margin = (only(chart, key) for key in (1, 2, 3))
    if lines is not None:
        return {text_of(title): ["Multiline", [text_of(v) for k, v in fields(lines) if k == 1]]}
    made = {}
    series = [v for k, v in fields(margin or b"") if k == 1]
    for at, part in enumerate(series):
        name = text_of(title) if len(series) == 1 else f"{text_of(title)} {at + 1}"
        made[name] = ["Margin", [text_of(only(part, key)) for key in (1, 2, 3)]]
    return made


DAMAGE = (TypeError, AttributeError, struct.error, OverflowError, IndexError)
"""What a field of another wire type than its definition gives makes of the code that reads it."""
