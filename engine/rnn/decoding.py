"""Decoding step by step until every sequence has ended: ``tf.contrib.seq2seq.dynamic_decode``."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine import nest
from engine.control.loops import while_loop
from engine.control.tensor_array import TensorArray
from engine.dtypes import int32
from engine.graph import Tensor, get_default_graph
from engine.layers.base import Layer
from engine.ops.choosing import where
from engine.ops.comparisons import greater_equal, logical_not, logical_or
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.elementwise import zeros_like
from engine.ops.filling import fill, zeros
from engine.ops.reductions import reduce_all
from engine.ops.shaping import transpose
from engine.ops.sizes import shape
from engine.rnn.feeding import Helper
from engine.shapes import TensorShape, as_dims, compatible
from engine.variable_scope import variable_scope


class Decoder:
    """What `dynamic_decode` runs: the first inputs and state, and one step.

    Source: ``tf.contrib.seq2seq.Decoder``.
    """

    @property
    def batch_size(self) -> Any:
        """How many sequences there are: a number, or an int32 tensor []."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """A structure of the sizes of one sequence's outputs in one step."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The same structure of dtypes."""
        raise NotImplementedError

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        """What is finished, bool [batch], the first inputs, the first state."""
        raise NotImplementedError

    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        """The outputs, the next state, the next inputs, and what is finished, bool [batch]."""
        raise NotImplementedError

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        """The outputs and the state that `dynamic_decode` gives, from those of all steps."""
        return outputs, final_state

    @property
    def tracks_own_finished(self) -> bool:
        """Whether `step` itself knows what had finished before, as when beams change places."""
        return False


class BasicDecoderOutput(NamedTuple):
    """What a `BasicDecoder` gives: the cell's outputs and the samples of them."""

    rnn_output: Any
    sample_id: Any


class BasicDecoder(Decoder):
    """A cell, read by a `Helper`, from a state; its outputs through `output_layer` if there is one.

    Raises:
        TypeError: the cell, the helper or the layer is none.

    Source: ``tf.contrib.seq2seq.BasicDecoder``.
    """

    def __init__(self, cell: Any, helper: Helper, initial_state: Any, output_layer: Any = None):
        check_cell(cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        check_layer(output_layer)
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        return self._helper.batch_size

    @property
    def output_size(self) -> Any:
        return BasicDecoderOutput(
            output_size_of(self._cell, self._output_layer), self._helper.sample_ids_shape
        )

    @property
    def output_dtype(self) -> Any:
        dtype = first_dtype(self._initial_state)
        sizes = self.output_size.rnn_output
        return BasicDecoderOutput(
            nest.map_structure(lambda _: dtype, sizes), self._helper.sample_ids_dtype
        )

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        finished, inputs = self._helper.initialize()
        return finished, inputs, self._initial_state

    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        with get_default_graph().name_scope(name or "BasicDecoderStep"):
            outputs, new_state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            samples = self._helper.sample(time=time, outputs=outputs, state=new_state)
            finished, following, new_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=new_state, sample_ids=samples
            )
        return BasicDecoderOutput(outputs, samples), new_state, following, finished


def check_cell(cell: Any) -> None:
    """Nothing, if it is a cell.

    Raises:
        TypeError: it is none.
    """
    if not callable(cell) or not hasattr(cell, "state_size") or not hasattr(cell, "output_size"):
        raise TypeError(f"The argument 'cell' ({cell!r}) is not an RNNCell")


def check_layer(output_layer: Any) -> None:
    """Nothing, if it is a layer or None.

    Raises:
        TypeError: it is something else.
    """
    if output_layer is not None and not isinstance(output_layer, Layer):
        raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")


def output_size_of(cell: Any, output_layer: Any) -> Any:
    """The size of one sequence's output in one step, behind the layer if there is one."""
    if output_layer is None:
        return cell.output_size
    return output_layer.compute_output_shape([None, *_dims(cell.output_size)])[1:]


def first_dtype(structure: Any) -> Any:
    """The dtype of the first tensor of a structure."""
    return nest.flatten(structure)[0].dtype.base_dtype


def _dims(size: Any) -> tuple[int | None, ...]:
    """A size as sizes: of a number, of a shape, of a tensor that holds no number yet."""
    if isinstance(size, Tensor):
        return (None,)
    found = as_dims(size) if isinstance(size, TensorShape | list | tuple) else (int(size),)
    return () if found is None else found


def dynamic_decode(
    decoder: Decoder,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Tensor]:
    """The outputs of all steps, the last state, and the sequences' lengths, int32 [batch].

    Steps go on until every sequence is finished, or for `maximum_iterations` of them (int []). The
    outputs have the decoder's structure, each [batch, time, ...], with `output_time_major` [time,
    batch, ...]. With `impute_finished` a finished sequence gives zeros and keeps its state, so
    that the last state is that of each sequence's end. Variables are below the scope ``decoder``.

    Raises:
        TypeError: `decoder` is none.
        ValueError: `maximum_iterations` is no scalar; a step gives another structure or shape.

    Source: ``tf.contrib.seq2seq.dynamic_decode`` of TensorFlow 1.15.

    >>> import engine as tf
    >>> seq2seq = tf.contrib.seq2seq
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     cell = tf.nn.rnn_cell.GRUCell(4)
    ...     helper = seq2seq.TrainingHelper(tf.ones([2, 3, 5]), [3, 1])
    ...     decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    ...     outputs, state, lengths = seq2seq.dynamic_decode(decoder, impute_finished=True)
    ...     sess.run(tf.global_variables_initializer())
    ...     print(sess.run(outputs.rnn_output).shape, sess.run(lengths))
    (2, 3, 4) [3 1]
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}")
    with variable_scope(scope, "decoder"):
        limit = None
        if maximum_iterations is not None:
            limit = convert_to_tensor(maximum_iterations, name="maximum_iterations")
            if limit.get_shape().ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        finished, inputs, state = decoder.initialize()
        if limit is not None:
            finished = logical_or(finished, greater_equal(0, limit))
        steps = _Steps(decoder, impute_finished)
        finished = convert_to_tensor(finished)
        result = while_loop(
            lambda time, arrays, state, inputs, finished, lengths: logical_not(
                reduce_all(finished)
            ),
            steps.step,
            (
                constant(0, int32),
                steps.arrays,
                state,
                nest.map_structure(convert_to_tensor, inputs),
                finished,
                zeros_like(finished, dtype=int32),
            ),
            parallel_iterations=parallel_iterations,
            swap_memory=swap_memory,
            maximum_iterations=limit,
        )
        _, arrays, last, _, _, lengths = result
        outputs = nest.map_structure(steps.stacked, arrays, decoder.output_size)
        outputs, last = decoder.finalize(outputs, last, lengths)
        if not output_time_major:
            outputs = nest.map_structure(_batch_first, outputs)
    return outputs, last, lengths


class _Steps:
    """The body of a decoding loop, and the arrays it writes the outputs to."""

    def __init__(self, decoder: Decoder, impute_finished: bool):
        self.decoder = decoder
        self.impute = impute_finished
        self.batch = decoder.batch_size
        known = convert_to_tensor(self.batch).constant_value()
        self.static_batch = None if known is None else int(known)
        sizes, dtypes = decoder.output_size, decoder.output_dtype
        self.arrays = nest.map_structure(self._array, sizes, dtypes)
        self.zeros = None
        if impute_finished:
            self.zeros = nest.map_structure(
                lambda size, dtype: zeros([self.batch, *_dims(size)], dtype), sizes, dtypes
            )

    def _array(self, size: Any, dtype: Any) -> TensorArray:
        element = [self.static_batch, *_dims(size)]
        return TensorArray(dtype, size=0, dynamic_size=True, element_shape=element)

    def step(
        self, time: Any, arrays: Any, state: Any, inputs: Any, finished: Any, lengths: Any
    ) -> Any:
        outputs, new_state, following, over = self.decoder.step(time, inputs, state)
        if not self.decoder.tracks_own_finished:
            over = logical_or(over, finished)
        reached = where(logical_not(finished), fill(shape(lengths), time + 1), lengths)
        nest.assert_same_structure(state, new_state)
        nest.assert_same_structure(arrays, outputs)
        nest.assert_same_structure(inputs, following)
        if self.impute:
            outputs = nest.map_structure(
                lambda new, zero: where(finished, zero, new), outputs, self.zeros
            )
            new_state = nest.map_structure(
                lambda new, old: self._kept(finished, new, old), new_state, state
            )
        written = nest.map_structure(lambda array, x: array.write(time, x), arrays, outputs)
        return (
            time + 1,
            written,
            nest.map_structure(_as_before, new_state, state),
            nest.map_structure(_as_before, following, inputs),
            _as_before(over, finished),
            _as_before(reached, lengths),
        )

    def _kept(self, finished: Tensor, new: Any, old: Any) -> Any:
        if isinstance(old, TensorArray):
            return new
        new.set_shape(old.get_shape())
        return new if new.get_shape().ndims == 0 else where(finished, old, new)

    def stacked(self, array: TensorArray, size: Any) -> Tensor:
        found = array.stack()
        found.set_shape([None, self.static_batch, *_dims(size)])
        return found


def _as_before(new: Any, old: Any) -> Any:
    """The new value of a loop variable, told what is known of the old one's shape."""
    if isinstance(old, TensorArray):
        return new
    tensor = convert_to_tensor(new)
    if compatible(tensor.spec.dims, old.spec.dims):
        tensor.set_shape(old.get_shape())
    return tensor


def _batch_first(x: Any) -> Any:
    if isinstance(x, TensorArray) or (x.get_shape().ndims or 0) < 2:
        return x
    return transpose(x, [1, 0, *range(2, x.get_shape().ndims)])
