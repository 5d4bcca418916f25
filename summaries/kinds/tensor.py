"""Tensors: arrays of numbers of any shape, their dtype and shape kept."""

from __future__ import annotations

from typing import Any

from summaries.arrays import as_numpy, pack_array, unpack_array
from summaries.event import Event
from summaries.records import TensorRecord

NAME = "tensor"


def event(tag: str, tensor: Any, step: int, wall_time: float) -> Event:
    """The event of one tensor: booleans, integers, floats or complex numbers.

    bfloat16, which NumPy has not, is kept as float32, which holds its values exactly.

    Raises:
        TypeError: no array of numbers.
    """
    array = as_numpy("add_tensor", tag, tensor, kinds="biufc")
    return Event(NAME, tag, step, wall_time, pack_array(array))


def decode(step: int, wall_time: float, data: bytes) -> TensorRecord:
    """The record of a stored tensor."""
    return TensorRecord(step, wall_time, unpack_array(data))
