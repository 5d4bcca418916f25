"""A graph as the columns that the graph page's scripts read."""

from __future__ import annotations

import json
from typing import Any

from summaries.records import GraphRecord

MAX_ATTRIBUTE_CHARACTERS = 1000
"""Longer attributes are cut: a constant of a million values would weigh more than the graph."""


def graph_columns(record: GraphRecord) -> dict[str, Any]:
    """JSON-able columns with one entry an operation, in the order of the record.

    ``names``, ``ops``, ``devices``: str; ``inputs``: list of str as logged; ``outputs``: list of
    ``[dtype, shape]``, a shape None or a list with None for unknown dimensions; ``attrs``: dict.
    Of a traced graph also ``traced``, what the run is called, and ``stats``:
    ``[microseconds, bytes, device, note]``, or None for an operation that was no part of it.
    """
    nodes = record.nodes
    columns: dict[str, Any] = {
        "step": record.step,
        "wall_time": record.wall_time,
        "names": [node.name for node in nodes],
        "ops": [node.op for node in nodes],
        "devices": [node.device for node in nodes],
        "inputs": [list(node.inputs) for node in nodes],
        "outputs": [
            [[dtype, None if shape is None else list(shape)] for dtype, shape in node.outputs]
            for node in nodes
        ],
        "attrs": [{str(k): short_attribute(v) for k, v in node.attrs.items()} for node in nodes],
    }
    if record.traced:
        columns["traced"] = record.traced
        columns["stats"] = [
            node.stats
            and [node.stats.time_us, node.stats.bytes, node.stats.device, node.stats.note]
            for node in nodes
        ]
    return columns


def short_attribute(value: Any) -> Any:
    """The value itself, or the start of its text and how long it is where that is too long."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) <= MAX_ATTRIBUTE_CHARACTERS:
        return value
    return f"{text[:MAX_ATTRIBUTE_CHARACTERS]}… ({len(text)} characters)"
