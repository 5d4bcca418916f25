"""The kinds besides scalars: one module each, from what a user logs to what a reader gets.

Each module has a function that makes an `Event` of what was logged and a `decode` that makes the
record of it. A new kind is such a module and one line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from summaries.kinds import (
    alert,
    audio,
    console,
    embedding,
    graph,
    histogram,
    html,
    image,
    layout,
    mesh,
    pr_curve,
    table,
    tensor,
    text,
    video,
)

Decode = Callable[[int, float, bytes], Any]
"""``(step, wall_time, data)`` to the kind's record."""

KINDS: Mapping[str, Decode] = {
    histogram.NAME: histogram.decode,
    text.NAME: text.decode,
    image.NAME: image.decode,
    audio.NAME: audio.decode,
    video.NAME: video.decode,
    pr_curve.NAME: pr_curve.decode,
    mesh.NAME: mesh.decode,
    embedding.NAME: embedding.decode,
    tensor.NAME: tensor.decode,
    table.NAME: table.decode,
    layout.NAME: layout.decode,
    graph.NAME: graph.decode,
    alert.NAME: alert.decode,
    console.NAME: console.decode,
    html.NAME: html.decode,
}
