"""A whole sequence of plain LSTM steps as one operation, and its gradient as another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.control.loops import while_loop
from engine.control.tensor_array import TensorArray
from engine.dtypes import as_dtype, int32
from engine.gradients import gradients
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.activations import sigmoid, tanh
from engine.ops.casting import cast
from engine.ops.constants import constant
from engine.ops.joining import concat, split
from engine.ops.linear import matmul
from engine.ops.shaping import expand_dims, transpose
from engine.ops.sizes import shape
from engine.rnn.lstm_kernels import GATES, backward, forward, parts
from engine.shapes import Dims, TensorShape, merge_size, with_rank


def _sizes(x: Spec, c: Spec, kernel: Spec) -> tuple[int | None, int | None, int | None, int | None]:
    """Steps, batch, inputs, units."""
    steps, batch, inputs = with_rank(x.dims, 3)
    rows, columns = with_rank(kernel.dims, 2)
    units = with_rank(c.dims, 2)[1]
    if columns is not None:
        units = merge_size(units, columns // GATES)
    if rows is not None and units is not None:
        inputs = merge_size(inputs, rows - units)
    return steps, merge_size(batch, with_rank(c.dims, 2)[0]), inputs, units


@declared
class LSTMSequence(Op):
    """h of every step [time, units, batch], the last h and c [batch, units], then what was kept.

    Inputs: x [time, batch, inputs], c and h to begin with [batch, units], kernel
    [inputs + units, 4 * units], bias [4 * units], and, if there are lengths, int [batch]: beyond
    its length an example's h is given as zeros and its state stays.

    Source: Hochreiter & Schmidhuber, *Long Short-Term Memory*, 1997, with forget gates; gates as in
    ``tf.nn.rnn_cell.BasicLSTMCell``.
    """

    forget_bias: float = 1.0

    def infer(self, x: Spec, c: Spec, h: Spec, kernel: Spec, bias: Spec, *_: Spec) -> Any:
        steps, batch, inputs, units = _sizes(x, c, kernel)
        one_more = None if steps is None else steps + 1
        rows = None if inputs is None or units is None else inputs + units + 1
        gates = None if units is None else GATES * units
        shapes: tuple[Dims, ...] = (
            (steps, units, batch),
            (batch, units),
            (batch, units),
            (one_more, rows, batch),
            (steps, gates, batch),
            (one_more, units, batch),
            (steps, units, batch),
        )
        return tuple(Spec(x.dtype, dims) for dims in shapes)

    def numpy(self, *arrays: Array) -> tuple[Array, ...]:
        specs = self.infer(*[Spec(as_dtype(a.dtype), a.shape) for a in arrays])
        outputs = [np.empty(spec.dims, arrays[0].dtype) for spec in specs]
        _run(forward, arrays, outputs, _scratch(arrays), self.forget_bias)
        return tuple(outputs)

    def lower(self, b: Any, outputs: Any, *inputs: Any) -> None:
        specs = self.infer(*[Spec(None, ref.dims) for ref in inputs])  # type: ignore[arg-type]
        dtype = inputs[0].dtype
        # What is kept for the gradient is needed in the run itself too, some of it for one step.
        given = list(outputs)
        for index, spec in enumerate(specs):
            if index > 2 and outputs[index] is None:
                dims = (1, *spec.dims[1:]) if index in (4, 6) else spec.dims
                given[index] = b.scratch(dims, dtype, "kept")
        scratch = [b.scratch(dims, dtype) for dims in _scratch_sizes(inputs)]
        lengths = inputs[5] if len(inputs) > 5 else None
        b.call(forward, *inputs[:5], lengths, *given, *scratch, self.forget_bias, writes=given[3])

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], *inputs: Tensor
    ) -> tuple[Any, ...]:
        flowing = [dy for dy in dys[:3] if dy is not None]
        if any(dy is not None for dy in dys[3:]):
            raise LookupError("the gradient of an LSTM sequence is taken for its outputs only")
        kind = LSTMSequenceGrad(
            self.forget_bias, len(inputs) > 5, tuple(dy is not None for dy in dys[:3])
        )
        made = ys[0].graph.create_op(kind, (*inputs, *ys[3:], *flowing), None).outputs
        return (*made, *[None] * (len(inputs) - 5))


@declared
class LSTMSequenceGrad(Op):
    """The gradients of an `LSTMSequence` for x, c, h, kernel and bias.

    Inputs: those of the sequence, what it kept (joined, gates, cells, squashed), and the gradients
    of its outputs that there are.
    """

    forget_bias: float
    has_lengths: bool
    flowing: tuple[bool, ...]
    """Which of the gradients of all h, the last h and the last c are among the inputs."""

    def _parts(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """The sequence's inputs with None for no lengths, what it kept, three gradients or None."""
        first = 6 if self.has_lengths else 5
        given = [*inputs[:5], inputs[5] if self.has_lengths else None]
        rest = iter(inputs[first + 4 :])
        return (
            given,
            list(inputs[first : first + 4]),
            [next(rest) if f else None for f in self.flowing],
        )

    def infer(self, *inputs: Spec) -> Any:
        return tuple(Spec(x.dtype, x.dims) for x in inputs[:5])

    def numpy(self, *arrays: Array) -> tuple[Array, ...]:
        outputs = [np.empty_like(array) for array in arrays[:5]]
        given, kept, flowing = self._parts(arrays)
        scratch = _grad_scratch(arrays)
        arguments: list[Any] = [*given, *kept, *flowing, *outputs, *scratch, self.forget_bias]
        backward(*arguments)
        return tuple(outputs)

    def lower(self, b: Any, outputs: Any, *inputs: Any) -> None:
        given, kept, flowing = self._parts(inputs)
        dtype = inputs[0].dtype
        scratch = [b.scratch(dims, dtype) for dims in _grad_scratch_sizes(inputs)]
        arguments = (*given, *kept, *flowing, *outputs, *scratch, self.forget_bias)
        written = next(out for out in (*outputs, scratch[0]) if out is not None)
        b.call(backward, *arguments, writes=written)

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], *inputs: Tensor
    ) -> tuple[Any, ...]:
        """Second order: the same gradient, of the cell applied step by step."""
        given, _, flowing = self._parts(inputs)
        xs = given[:5]
        x, c, h, kernel, bias, lengths = given
        values = steps_one_by_one(x, c, h, kernel, bias, lengths, self.forget_bias)
        present = [dy for dy in flowing if dy is not None]
        ys_of = [y for y, dy in zip(values, flowing, strict=True) if dy is not None]
        # Partial derivatives: what the inputs depend on in turn is not followed here.
        first = gradients(ys_of, xs, present, stop_gradients=xs)
        found = zip(first, dys, strict=True)
        pairs = [(g, dy) for g, dy in found if g is not None and dy is not None]
        sources = [*xs, *present]
        weights = [dy for _, dy in pairs]
        second = gradients([g for g, _ in pairs], sources, weights, stop_gradients=sources)
        kept = [None] * (len(inputs) - len(sources))
        return (*second[:5], *kept, *second[5:])


def steps_one_by_one(
    x: Tensor,
    c: Tensor,
    h: Tensor,
    kernel: Tensor,
    bias: Tensor,
    lengths: Tensor | None,
    forget_bias: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """The outputs of an `LSTMSequence` by a loop of ordinary operations."""
    steps = shape(x)[0]
    inputs = TensorArray(x.spec.dtype, size=steps).unstack(x)
    outputs = TensorArray(x.spec.dtype, size=steps)

    def step(t: Any, c: Any, h: Any, outputs: Any) -> Any:
        write, candidate, forget, output = split(
            matmul(concat([inputs.read(t), h], 1), kernel) + bias, GATES, 1
        )
        new_c = c * sigmoid(forget + forget_bias) + sigmoid(write) * tanh(candidate)
        new_h = tanh(new_c) * sigmoid(output)
        given = new_h
        if lengths is not None:
            alive = expand_dims(cast(t < cast(lengths, int32), x.spec.dtype), 1)
            given = new_h * alive
            new_c, new_h = new_c * alive + c * (1 - alive), given + h * (1 - alive)
        return t + 1, new_c, new_h, outputs.write(t, transpose(given))

    _, c, h, outputs = while_loop(
        lambda t, *_: t < steps,
        step,
        (constant(0), c, h, outputs),
        (TensorShape(()), c.get_shape(), h.get_shape(), TensorShape(None)),
    )
    return outputs.stack(), h, c


def _scratch_sizes(arrays: Sequence[Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The scaled weights with the bias below them, and one block of units."""
    _, c, _, kernel = arrays[:4]
    rows, columns = kernel.dims if hasattr(kernel, "dims") else kernel.shape
    batch, units = c.dims if hasattr(c, "dims") else c.shape
    return (rows + 1, columns), (units, batch)


def _scratch(arrays: Sequence[Array]) -> list[Array]:
    return [np.empty(dims, arrays[0].dtype) for dims in _scratch_sizes(arrays)]


def _run(
    function: Callable[..., None],
    arrays: Sequence[Array],
    outputs: Sequence[Array],
    scratch: Sequence[Array],
    forget_bias: float,
) -> None:
    lengths = arrays[5] if len(arrays) > 5 else None
    function(*arrays[:5], lengths, *outputs, *scratch, forget_bias)


def _grad_scratch_sizes(arrays: Sequence[Any]) -> tuple[tuple[int, ...], ...]:
    (rows, columns), (units, batch) = _scratch_sizes(arrays)
    block = (columns, batch)
    # Weights; for each thread sums of theirs and of one step; two blocks of gates; x and h; four of
    # units.
    return (
        (rows, columns),
        (len(parts(batch)), 2, rows, columns),
        block,
        block,
        (rows - 1, batch),
        *[(units, batch)] * 4,
    )


def _grad_scratch(arrays: Sequence[Array]) -> list[Array]:
    return [np.empty(dims, arrays[0].dtype) for dims in _grad_scratch_sizes(arrays)]
