"""Sequences turned round, each within its length, for networks that run backwards."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import make


@declared
class TurnSequences(Op):
    """The first ``lengths[b]`` steps of each example in reverse; inputs: x, lengths [batch]."""

    time_axis: int
    batch_axis: int

    def infer(self, x: Spec, lengths: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, x: Array, lengths: Array) -> Array:
        turned = np.moveaxis(x, (self.time_axis, self.batch_axis), (0, 1))
        steps = np.arange(len(turned))[:, None]
        places = np.where(steps < lengths, lengths - 1 - steps, steps)
        found = turned[places, np.arange(turned.shape[1])]
        back = np.moveaxis(found, (0, 1), (self.time_axis, self.batch_axis))
        return np.ascontiguousarray(back)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, lengths: Tensor) -> tuple[Any, ...]:
        return lambda: make(self, (dy, lengths), None), None


def turn_sequences(x: Tensor, lengths: Tensor, time_axis: int, batch_axis: int) -> Tensor:
    """x with the first ``lengths[b]`` steps of example b in reverse order, the rest as it is."""
    return make(TurnSequences(time_axis, batch_axis), (x, lengths), "ReverseSequence")
