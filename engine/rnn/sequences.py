"""What runs a cell over a sequence: ``static_rnn``, ``dynamic_rnn`` and their relatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine import nest
from engine.control.loops import while_loop
from engine.control.tensor_array import TensorArray
from engine.dtypes import as_dtype, int32
from engine.graph import Tensor
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.elementwise import zeros_like
from engine.ops.filling import zeros
from engine.ops.joining import concat, stack, unstack
from engine.ops.reductions import reduce_all
from engine.ops.reversing import reverse_sequence
from engine.ops.shaping import transpose
from engine.rnn.cells import RNNCell, batch_of
from engine.rnn.fused import is_fused, run_fused
from engine.shapes import TensorShape
from engine.variable_scope import variable_scope


def _check_cell(cell: Any) -> None:
    if not callable(cell) or not hasattr(cell, "state_size") or not hasattr(cell, "output_size"):
        raise TypeError(f"The argument 'cell' ({cell!r}) is not an RNNCell")


def _start(cell: Any, initial_state: Any, batch: Any, dtype: Any) -> Any:
    if initial_state is not None:
        return nest.map_structure(convert_to_tensor, initial_state)
    if not dtype:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    return cell.zero_state(batch, as_dtype(dtype))


def _lengths(sequence_length: Any, batch: Any) -> Tensor | None:
    if sequence_length is None:
        return None
    lengths = convert_to_tensor(sequence_length)
    if lengths.spec.dims is not None and len(lengths.spec.dims) != 1:
        raise ValueError(
            "sequence_length must be a vector of length batch_size, but saw shape: "
            f"{lengths.get_shape()}"
        )
    if isinstance(batch, int) and lengths.spec.dims not in (None, (None,), (batch,)):
        raise ValueError(
            f"sequence_length must be a vector of length batch_size ({batch}), but saw shape: "
            f"{lengths.get_shape()}"
        )
    return cast(lengths, int32)


def _chosen(alive: Tensor, new: Any, old: Any) -> Any:
    """Row by row the new value where `alive` [batch] is true, else the old one."""

    def choose(a: Tensor, b: Tensor) -> Tensor:
        if a.spec.dims == ():
            return a
        result = where(alive, a, b)
        result.set_shape(a.spec.dims)
        return result

    return nest.map_structure(choose, new, old)


def static_rnn(
    cell: RNNCell,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """The outputs of a cell for each of a list of inputs [batch, n], and the last state.

    Beyond `sequence_length` (int [batch]) outputs are zero and the state stays. A plain LSTM runs
    as one operation over all steps.

    Raises:
        TypeError: `cell` is none, or `inputs` is no list.
        ValueError: there are no inputs, or neither an initial state nor a dtype.

    Source: ``tf.nn.static_rnn``, in 0.x ``tf.nn.rnn``.
    """
    _check_cell(cell)
    if not isinstance(inputs, list | tuple):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")
    steps = [nest.map_structure(convert_to_tensor, item) for item in inputs]
    with variable_scope(scope or "rnn") as entered:
        first = nest.flatten(steps[0])[0]
        batch = batch_of(first, 0)
        lengths = _lengths(sequence_length, batch)
        state = _start(cell, initial_state, batch, dtype)
        if not nest.is_sequence(steps[0]):
            joined = stack(steps)
            if is_fused(cell, joined):
                outputs, last, state = run_fused(cell, joined, state, lengths)
                each = unstack(outputs, len(steps))
                if lengths is None:
                    # It is the last state too, which costs nothing to hand out.
                    each[-1] = last
                return each, state
        return _unrolled(cell, steps, state, lengths, entered)


def _unrolled(
    cell: Any, steps: list[Any], state: Any, lengths: Tensor | None, scope: Any
) -> tuple[list[Any], Any]:
    outputs: list[Any] = []
    for time, item in enumerate(steps):
        if time:
            scope.reuse_variables()
        output, new_state = cell(item, state)
        if lengths is not None:
            alive = constant(time) < lengths
            output = _chosen(alive, output, nest.map_structure(zeros_like, output))
            new_state = _chosen(alive, new_state, state)
        outputs.append(output)
        state = new_state
    return outputs, state


def dynamic_rnn(
    cell: RNNCell,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """The outputs [batch, time, units] of a cell over inputs [batch, time, n], and the last state.

    With `time_major` time comes before batch in both. Beyond `sequence_length` (int [batch])
    outputs are zero and the state stays. A plain LSTM runs as one operation over all steps; every
    other cell in a `tf.while_loop`.

    Raises:
        TypeError: `cell` is none.
        ValueError: the inputs' last size is not known, or neither a state nor a dtype is given.

    Source: ``tf.nn.dynamic_rnn``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    ...     outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 5, 3]), dtype=tf.float32)
    ...     print(outputs.get_shape(), state.h.get_shape())
    (2, 5, 4) (2, 4)
    """
    del swap_memory
    _check_cell(cell)
    with variable_scope(scope or "rnn"):
        given = nest.map_structure(convert_to_tensor, inputs)
        x = given if time_major else nest.map_structure(swapped, given)
        first = nest.flatten(x)[0]
        batch = batch_of(first, 1)
        lengths = _lengths(sequence_length, batch)
        state = _start(cell, initial_state, batch, dtype)
        if not nest.is_sequence(x) and is_fused(cell, x):
            outputs, _, last = run_fused(cell, x, state, lengths)
        else:
            outputs, last = _looped(cell, x, state, lengths, parallel_iterations or 32)
        return (outputs if time_major else nest.map_structure(swapped, outputs)), last


def swapped(x: Tensor) -> Tensor:
    """Batch and time exchanged."""
    if x.spec.dims is None:
        raise ValueError(
            f"Expected input tensor {x.name} to have rank at least 2, but it is unknown"
        )
    if len(x.spec.dims) < 2:
        raise ValueError(
            f"Expected input tensor {x.name} to have rank at least 2, but saw shape: "
            f"{x.get_shape()}"
        )
    return transpose(x, [1, 0, *range(2, len(x.spec.dims))])


def _looped(
    cell: Any, x: Any, state: Any, lengths: Tensor | None, parallel_iterations: int
) -> tuple[Any, Any]:
    leaves = nest.flatten(x)
    for leaf in leaves:
        if leaf.spec.dims is not None and leaf.spec.dims[-1] is None:
            raise ValueError(
                "Input size (depth of inputs) must be accessible via shape inference, but saw "
                "value None."
            )
    steps = batch_of(leaves[0], 0)
    batch = batch_of(leaves[0], 1)
    arrays = [TensorArray(leaf.spec.dtype, size=steps).unstack(leaf) for leaf in leaves]
    dtype = nest.flatten(state)[0].dtype.base_dtype
    sizes = nest.flatten(cell.output_size)
    outputs = [TensorArray(dtype, size=steps) for _ in sizes]
    limit = steps
    if lengths is not None:
        # Beyond the longest example there is nothing left but zeros.
        zero_outputs = [zeros([batch, size], dtype) for size in sizes]

    def step(time: Tensor, outputs: Any, state: Any) -> Any:
        item = nest.pack_sequence_as(x, [array.read(time) for array in arrays])
        output, new_state = cell(item, state)
        flat = nest.flatten(output)
        if lengths is not None:
            alive = time < lengths
            flat = [_chosen(alive, new, old) for new, old in zip(flat, zero_outputs, strict=True)]
            new_state = _chosen(alive, new_state, state)
        written = [array.write(time, value) for array, value in zip(outputs, flat, strict=True)]
        return time + 1, written, nest.pack_sequence_as(state, nest.flatten(new_state))

    _, outputs, last = while_loop(
        lambda time, *_: time < limit,
        step,
        (constant(0, int32, name="time"), outputs, state),
        parallel_iterations=parallel_iterations,
    )
    stacked = [array.stack() for array in outputs]
    for tensor, size in zip(stacked, sizes, strict=True):
        known = leaves[0].spec.dims
        if known is not None and not nest.is_sequence(size):
            tensor.set_shape([known[0], known[1], *TensorShape([size]).as_list()])
    return nest.pack_sequence_as(cell.output_size, stacked), last


def static_bidirectional_rnn(
    cell_fw: RNNCell,
    cell_bw: RNNCell,
    inputs: Sequence[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """The outputs of two cells side by side, one of which goes backwards, and their last states.

    Source: ``tf.nn.static_bidirectional_rnn``, in 0.x ``tf.nn.bidirectional_rnn``.
    """
    _check_cell(cell_fw)
    _check_cell(cell_bw)
    if not isinstance(inputs, list | tuple):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")
    with variable_scope(scope or "bidirectional_rnn"):
        forward, state_fw = static_rnn(
            cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope="fw"
        )
        turned = _turned(list(inputs), sequence_length)
        backward, state_bw = static_rnn(
            cell_bw, turned, initial_state_bw, dtype, sequence_length, scope="bw"
        )
    backward = _turned(backward, sequence_length)
    return [concat([f, b], 1) for f, b in zip(forward, backward, strict=True)], state_fw, state_bw


def _turned(items: list[Any], sequence_length: Any) -> list[Any]:
    """A list of steps from the last to the first, each example within its length."""
    if sequence_length is None:
        return items[::-1]
    joined = reverse_sequence(stack(items), sequence_length, 0, 1)
    return unstack(joined, len(items))


def bidirectional_dynamic_rnn(
    cell_fw: RNNCell,
    cell_bw: RNNCell,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Pairs of the outputs and of the last states of two cells, one of which goes backwards.

    Source: ``tf.nn.bidirectional_dynamic_rnn``.
    """
    _check_cell(cell_fw)
    _check_cell(cell_bw)
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def turn(x: Tensor) -> Tensor:
        if sequence_length is not None:
            return reverse_sequence(x, sequence_length, time_axis, batch_axis)
        return x[::-1] if time_axis == 0 else x[:, ::-1]

    given = nest.map_structure(convert_to_tensor, inputs)
    more = {
        "sequence_length": sequence_length,
        "dtype": dtype,
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "time_major": time_major,
    }
    with variable_scope(scope or "bidirectional_rnn"):
        forward, state_fw = dynamic_rnn(
            cell_fw, given, initial_state=initial_state_fw, scope="fw", **more
        )
        turned = nest.map_structure(turn, given)
        backward, state_bw = dynamic_rnn(
            cell_bw, turned, initial_state=initial_state_bw, scope="bw", **more
        )
    return (forward, nest.map_structure(turn, backward)), (state_fw, state_bw)


def raw_rnn(
    cell: RNNCell,
    loop_fn: Callable[[Any, Any, Any, Any], Any],
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[TensorArray, Any, Any]:
    """What a cell emits, as a `TensorArray`, the last state, and the last loop state.

    ``loop_fn(time, cell_output, cell_state, loop_state)`` gives what is finished (bool [batch]),
    the next inputs and state, what to emit, and the next loop state.

    Source: ``tf.nn.raw_rnn``.
    """
    del swap_memory
    _check_cell(cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with variable_scope(scope or "rnn"):
        time = constant(0, int32, name="time")
        finished, inputs, state, emitted, loop_state = loop_fn(time, None, None, None)
        flat = [convert_to_tensor(x) for x in nest.flatten(inputs)]
        batch = batch_of(flat[0], 0)
        dtype = nest.flatten(state)[0].dtype.base_dtype
        shape_of = cell.output_size if emitted is None else emitted
        empty = [
            zeros([batch, int(like)], dtype)
            if emitted is None
            else zeros([batch, *[int(n) for n in like.get_shape()]], like.dtype.base_dtype)
            for like in nest.flatten(shape_of)
        ]
        arrays = [TensorArray(z.dtype, size=0, dynamic_size=True) for z in empty]
        has_loop_state = loop_state is not None
        carried = loop_state if has_loop_state else constant(0)

        def step(
            time: Tensor, finished: Tensor, inputs: Any, arrays: Any, state: Any, carried: Any
        ) -> Any:
            output, new_state = cell(inputs, state)
            given = carried if has_loop_state else None
            over, inputs, new_state, emit, after = loop_fn(time + 1, output, new_state, given)
            emit = output if emitted is None or emit is None else emit
            alive = ~finished
            flat = [_chosen(alive, x, z) for x, z in zip(nest.flatten(emit), empty, strict=True)]
            new_state = _chosen(alive, nest.pack_sequence_as(state, nest.flatten(new_state)), state)
            written = [a.write(time, x) for a, x in zip(arrays, flat, strict=True)]
            kept = after if has_loop_state and after is not None else carried
            return time + 1, finished | over, inputs, written, new_state, kept

        _, _, _, arrays, state, carried = while_loop(
            lambda time, finished, *_: ~reduce_all(finished),
            step,
            (time, convert_to_tensor(finished), inputs, arrays, state, carried),
            parallel_iterations=parallel_iterations or 32,
        )
    packed = nest.pack_sequence_as(cell.output_size if emitted is None else emitted, arrays)
    return packed, state, (carried if has_loop_state else None)
