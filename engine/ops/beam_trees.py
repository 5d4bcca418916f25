"""Full sequences of beams from the steps that a beam search kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import int32
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor, make
from engine.shapes import ShapeError, merge, with_rank


class GatherTree(Op):
    """The symbols on the way from each last beam to the root.

    inputs: symbols and parents, int32 [time, batch, beams], longest lengths [batch], end token.
    """

    def infer(self, steps: Spec, parents: Spec, lengths: Spec, end: Spec) -> Spec:
        for given in (steps, parents, lengths, end):
            if given.dtype is not int32:
                raise TypeError(f"GatherTree takes int32, not {given.dtype.name}")
        dims = merge(with_rank(steps.dims, 3), with_rank(parents.dims, 3))
        merge(None if dims is None else dims[1:2], with_rank(lengths.dims, 1))
        if end.dims not in (None, ()):
            raise ShapeError("end_token must be a scalar")
        return Spec(int32, dims)

    def numpy(self, steps: Array, parents: Array, lengths: Array, end: Array) -> Array:
        result = np.full(steps.shape, end, np.int32)
        time, batch, beams = steps.shape
        longest = np.minimum(lengths, time)
        rows = np.arange(batch)[:, None]
        at = np.broadcast_to(np.arange(beams), (batch, beams))
        for step in range(time - 1, -1, -1):
            here = (step < longest)[:, None]
            if (here & ((at < 0) | (at >= beams))).any():
                raise ValueError(f"Saw invalid parent id at (batch, time, beam) beyond {beams}")
            inside = np.where(here, at, 0)
            result[step] = np.where(here, steps[step, rows, inside], result[step])
            at = np.where(here, parents[step, rows, inside], at)
        # What follows the first end token of a sequence is the end token too.
        ended = np.cumsum(result == end, axis=0) > 0
        result[ended] = end
        return result

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return (None, None, None, None)


def gather_tree(
    step_ids: Any,
    parent_ids: Any,
    max_sequence_lengths: Any,
    end_token: Any,
    name: str | None = None,
) -> Tensor:
    """int32 [time, batch, beams]: the whole sequence of each beam, read back from its last step.

    step_ids and parent_ids: int32 [time, batch, beams], the symbol of each beam and the beam that
    it continues; max_sequence_lengths: int32 [batch]; end_token: int32 []. Beyond the length, and
    behind the first end token, there are end tokens.

    Raises:
        TypeError: a type is not int32.
        InvalidArgumentError: in the run, a parent that is no beam.

    Source: ``tf.contrib.seq2seq.gather_tree``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     steps, parents = [[[1, 2]], [[3, 4]]], [[[0, 0]], [[1, 0]]]
    ...     sess.run(tf.contrib.seq2seq.gather_tree(steps, parents, [2], 9)).tolist()
    [[[2, 1]], [[3, 4]]]
    """
    inputs = (
        convert_to_tensor(step_ids, name="step_ids"),
        convert_to_tensor(parent_ids, name="parent_ids"),
        convert_to_tensor(max_sequence_lengths, name="max_sequence_lengths"),
        convert_to_tensor(end_token, name="end_token"),
    )
    return make(GatherTree(), inputs, name or "GatherTree")


OPS = (GatherTree,)
