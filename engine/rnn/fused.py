"""Which cells run over a whole sequence as one operation, and how."""

from __future__ import annotations

from typing import Any

from engine import nest
from engine.dtypes import float32, float64
from engine.graph import Tensor
from engine.ops.activations import tanh
from engine.ops.joining import concat, split
from engine.ops.shaping import transpose
from engine.rnn.cells import BasicLSTMCell, LSTMCell, LSTMStateTuple
from engine.rnn.lstm_sequence import LSTMSequence
from engine.rnn.wrappers import MultiRNNCell
from engine.variable_scope import variable_scope


def is_fused(cell: Any, x: Tensor) -> bool:
    """Whether `run_fused` can run this cell over inputs x [time, batch, n]."""
    dims = x.spec.dims
    if dims is None or len(dims) != 3 or dims[2] is None:
        return False
    if x.spec.dtype not in (float32, float64):
        return False
    if type(cell) is MultiRNNCell:
        return cell._state_is_tuple and all(_is_plain(inner) for inner in cell.cells)
    return _is_plain(cell)


def _is_plain(cell: Any) -> bool:
    # Exactly these classes: a subclass may compute something else.
    if type(cell) is LSTMCell and (
        cell._use_peepholes or cell._cell_clip is not None or cell._num_proj is not None
    ):
        return False
    return type(cell) in (BasicLSTMCell, LSTMCell) and cell._activation is tanh


def run_fused(
    cell: Any, x: Tensor, state: Any, lengths: Tensor | None
) -> tuple[Tensor, Tensor, Any]:
    """The outputs [time, batch, units], the last of them, and the last state."""
    if type(cell) is not MultiRNNCell:
        with cell.opened(x[0]):
            return _sequence(cell, x, state, lengths)
    states = []
    last = x
    with cell.opened(x[0]):
        for number, (inner, own) in enumerate(zip(cell.cells, state, strict=True)):
            with variable_scope(f"cell_{number}"), inner.opened(x[0]):
                x, last, changed = _sequence(inner, x, own, lengths)
            states.append(changed)
    return x, last, tuple(states)


def _sequence(
    cell: Any, x: Tensor, state: Any, lengths: Tensor | None
) -> tuple[Tensor, Tensor, Any]:
    tuples = cell._state_is_tuple
    c, h = state if tuples else split(state, 2, 1)
    given = (x, c, h, cell._kernel.as_tensor(), cell._bias.as_tensor())
    kind = LSTMSequence(float(cell._forget_bias))
    inputs = given if lengths is None else (*given, lengths)
    hs, last_h, last_c = x.graph.create_op(kind, inputs).outputs[:3]
    outputs = transpose(hs, [0, 2, 1])
    return (
        outputs,
        last_h,
        (LSTMStateTuple(last_c, last_h) if tuples else concat([last_c, last_h], 1)),
    )


def same_state(cell: Any, state: Any) -> Any:
    """The state given by the user in the structure of the cell's own.

    Raises:
        ValueError: it has another number of parts.
    """
    return nest.pack_sequence_as(cell.state_size, nest.flatten(state))
