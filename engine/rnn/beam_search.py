"""Beam search over a cell's outputs: ``tf.contrib.seq2seq.BeamSearchDecoder``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine import nest
from engine.control.branches import cond
from engine.control.tensor_array import TensorArray
from engine.dtypes import bool_, int32, int64
from engine.graph import Tensor, get_default_graph
from engine.ops.activations import log_softmax
from engine.ops.arithmetic import add_n, minimum
from engine.ops.beam_trees import gather_tree
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.comparisons import equal, logical_not, logical_or
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.elementwise import log, ones_like, zeros_like
from engine.ops.filling import fill, one_hot, zeros
from engine.ops.filling import range as range_
from engine.ops.gathering import gather_nd
from engine.ops.grids import sequence_mask
from engine.ops.indexing import gather
from engine.ops.joining import concat, stack, tile
from engine.ops.ranking import top_k
from engine.ops.reductions import reduce_all, reduce_max, reduce_sum
from engine.ops.shaping import expand_dims, reshape, transpose
from engine.ops.sizes import shape
from engine.rnn.attention_wrapper import AttentionWrapperState
from engine.rnn.cells import batch_of
from engine.rnn.decoding import Decoder, check_cell, check_layer, first_dtype
from engine.rnn.feeding import embedder, start_and_end
from engine.shapes import TensorShape


class BeamSearchDecoderState(NamedTuple):
    """What a beam search knows between steps.

    cell_state: each tensor [batch, beams, ...]; log_probs: float [batch, beams]; finished: bool
    [batch, beams]; lengths: int64 [batch, beams]; accumulated_attention_probs: float [batch,
    beams, length] with a coverage penalty, else ().
    """

    cell_state: Any
    log_probs: Any
    finished: Any
    lengths: Any
    accumulated_attention_probs: Any


class BeamSearchDecoderOutput(NamedTuple):
    """What one step gives, each [batch, beams]: scores, symbols, the beams they continue."""

    scores: Any
    predicted_ids: Any
    parent_ids: Any


class FinalBeamSearchDecoderOutput(NamedTuple):
    """Whole sequences, int32 [batch, time, beams], the best first, and what the steps gave."""

    predicted_ids: Any
    beam_search_decoder_output: Any


def tile_batch(t: Any, multiplier: Any, name: str | None = None) -> Any:
    """Each example of the first axis `multiplier` times in a row, [batch * multiplier, ...].

    t: a tensor or a structure of such, as an encoder's outputs and states.

    Raises:
        ValueError: a rank is not known, or 0.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.contrib.seq2seq.tile_batch(tf.constant([[1], [2]]), 2)).ravel().tolist()
    [1, 1, 2, 2]
    """
    with get_default_graph().name_scope(name or "tile_batch"):
        return nest.map_structure(lambda x: _tiled(x, multiplier), t)


def _tiled(t: Any, multiplier: Any) -> Tensor:
    x = convert_to_tensor(t, name="t")
    dims = x.spec.dims
    if not dims:
        raise ValueError("t must have statically known rank")
    rows = tile(expand_dims(x, 1), [1, multiplier, *[1] * (len(dims) - 1)])
    sizes = shape(x)
    result = reshape(rows, concat([[sizes[0] * multiplier], sizes[1:]], 0))
    count = convert_to_tensor(multiplier).constant_value()
    known = None if dims[0] is None or count is None else dims[0] * int(count)
    result.set_shape([known, *dims[1:]])
    return result


class BeamSearchDecoder(Decoder):
    """The likeliest sequences of symbols: in each step the `beam_width` best continuations go on.

    The score of a sequence is its log probability over ``((5 + length) / 6) **
    length_penalty_weight``, plus `coverage_penalty_weight` times the sum of log(min(attention, 1))
    once a beam has ended. `initial_state`, and the memory of an `AttentionWrapper`, are tiled by
    `tile_batch` before; start_tokens: int32 [batch]; embedding: a table [symbols, n] or a function.

    `dynamic_decode` gives a `FinalBeamSearchDecoderOutput` and a `BeamSearchDecoderState`. Leave
    its ``impute_finished`` off.

    Raises:
        TypeError: the cell or the layer is none.
        ValueError: a token has another rank; a coverage penalty without attention.

    Source: Wu et al., *Google's Neural Machine Translation System*, 2016, equation 14;
    ``tf.contrib.seq2seq.BeamSearchDecoder`` of TensorFlow 1.15.

    >>> import engine as tf
    >>> seq2seq = tf.contrib.seq2seq
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     cell = tf.nn.rnn_cell.GRUCell(4)
    ...     state = seq2seq.tile_batch(cell.zero_state(2, tf.float32), 3)
    ...     decoder = seq2seq.BeamSearchDecoder(cell, tf.ones([4, 5]), [1, 1], 0, state, 3)
    ...     outputs, _, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=6)
    ...     sess.run(tf.global_variables_initializer())
    ...     print(outputs.predicted_ids.get_shape(), sess.run(outputs.predicted_ids).shape[::2])
    (2, ?, 3) (2, 3)
    """

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: Any = 0.0,
        coverage_penalty_weight: float = 0.0,
        reorder_tensor_arrays: bool = True,
    ):
        check_cell(cell)
        check_layer(output_layer)
        self._cell = cell
        self._output_layer = output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = embedder(embedding)
        start, self._end_token = start_and_end(start_tokens, end_token)
        self._batch_size = batch_of(start, 0)
        self._static_batch = start.get_shape().as_list()[0]
        self._beam_width = int(beam_width)
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight
        self._initial_cell_state = nest.map_structure(self._split, initial_state)
        self._start_tokens = tile(expand_dims(start, 1), [1, self._beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        # All beams are the same at first, so that only one of them may go on.
        first = zeros([self._batch_size], int32)
        self._finished = one_hot(first, self._beam_width, False, True, dtype=bool_)

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        return True

    @property
    def output_size(self) -> Any:
        size = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(size, size, size)

    @property
    def output_dtype(self) -> Any:
        return BeamSearchDecoderOutput(first_dtype(self._initial_cell_state), int32, int32)

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        dtype = first_dtype(self._initial_cell_state)
        log_probs = one_hot(
            zeros([self._batch_size], int32), self._beam_width, 0.0, -np.inf, dtype=dtype
        )
        seen = self._attention(self._initial_cell_state)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=log_probs,
            finished=self._finished,
            lengths=zeros([self._batch_size, self._beam_width], int64),
            accumulated_attention_probs=() if seen is None else seen,
        )
        return self._finished, self._start_inputs, state

    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        with get_default_graph().name_scope(name or "BeamSearchDecoderStep"):
            merged = nest.map_structure(self._merge, state.cell_state)
            outputs, cell_state = self._cell(nest.map_structure(self._merge, inputs), merged)
            logits = self._split(outputs)
            cell_state = nest.map_structure(self._split, cell_state)
            if self._output_layer is not None:
                logits = self._output_layer(logits)
            output, new_state = self._best(logits, cell_state, state)
            following = cond(
                reduce_all(new_state.finished),
                lambda: self._start_inputs,
                lambda: self._embedding_fn(output.predicted_ids),
            )
        return output, new_state, following, new_state.finished

    def _best(
        self, logits: Tensor, cell_state: Any, before: BeamSearchDecoderState
    ) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
        """The best continuations of all beams; logits [batch, beams, symbols]."""
        symbols = batch_of(logits, -1)
        going = logical_not(before.finished)
        total = expand_dims(before.log_probs, 2) + self._only_the_end(
            log_softmax(logits), before.finished
        )
        # The end token itself does not count.
        longer = one_hot(
            fill([self._batch_size, self._beam_width], self._end_token), symbols, 0, 1, dtype=int64
        ) * expand_dims(cast(going, int64), 2)
        lengths = longer + expand_dims(before.lengths, 2)
        seen = self._attention(cell_state)
        if seen is not None:
            alive = expand_dims(cast(going, seen.dtype), 2)
            seen = before.accumulated_attention_probs + seen * alive
        scores = self._scores(total, lengths, before.finished, seen)
        best, places = top_k(reshape(scores, [self._batch_size, -1]), self._beam_width)
        for tensor in (best, places):
            tensor.set_shape([self._static_batch, self._beam_width])
        log_probs = gather(reshape(total, [self._batch_size, -1]), places, axis=1, batch_dims=1)
        words, parents = places % symbols, places // symbols

        def chosen(x: Tensor) -> Tensor:
            return gather(x, parents, axis=1, batch_dims=1)

        ended = chosen(before.finished)
        state = BeamSearchDecoderState(
            cell_state=nest.map_structure(lambda x: chosen(x) if _has_beams(x) else x, cell_state),
            log_probs=log_probs,
            finished=logical_or(ended, equal(words, self._end_token)),
            lengths=chosen(before.lengths) + cast(logical_not(ended), int64),
            accumulated_attention_probs=() if seen is None else chosen(seen),
        )
        return BeamSearchDecoderOutput(best, words, parents), state

    def _only_the_end(self, log_probs: Tensor, finished: Tensor) -> Tensor:
        """The same, but for beams that have ended: they go on with the end token alone."""
        dtype = log_probs.dtype.base_dtype
        row = one_hot(self._end_token, batch_of(log_probs, -1), 0.0, dtype.min, dtype=dtype)
        ended = tile(expand_dims(finished, 2), [1, 1, batch_of(log_probs, -1)])
        return where(ended, zeros_like(log_probs) + row, log_probs)

    def _scores(
        self, total: Tensor, lengths: Tensor, finished: Tensor, seen: Tensor | None
    ) -> Tensor:
        given, dtype = self._length_penalty_weight, total.dtype.base_dtype
        weight = convert_to_tensor(given, None if is_graph_value(given) else dtype)
        if weight.get_shape().ndims != 0:
            raise ValueError(f"penalty_factor should be a scalar, but saw shape: {weight.shape}")
        scores = total
        known = weight.constant_value()
        if known is None or known != 0:
            scores = total / ((cast(lengths, dtype) + 5.0) / 6.0) ** cast(weight, dtype)
        if seen is None:
            return scores
        # What was never looked at is beyond the memory's length.
        looked = where(equal(seen, zeros_like(seen)), ones_like(seen), seen)
        penalty = reduce_sum(log(minimum(looked, 1.0)), 2) * self._coverage_penalty_weight
        return scores + expand_dims(penalty * cast(finished, penalty.dtype), 2)

    def _attention(self, cell_state: Any) -> Tensor | None:
        """What the beams look at, [batch, beams, length]: the mean of all mechanisms."""
        if self._coverage_penalty_weight == 0.0:
            return None
        states = [cell_state] if isinstance(cell_state, AttentionWrapperState) else cell_state
        found = [
            _mean(nest.flatten(state.alignments))
            for state in (states if isinstance(states, list | tuple) else ())
            if isinstance(state, AttentionWrapperState)
        ]
        if not found:
            raise ValueError(
                "coverage_penalty_weight must be 0.0 if no cell is attentional.\n"
                f"  coverage_penalty_weight: {self._coverage_penalty_weight}\n"
                "  try: an AttentionWrapper around the cell"
            )
        return _mean(found)

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        longest = cast(reduce_max(final_state.lengths, 1), int32)
        predicted = gather_tree(outputs.predicted_ids, outputs.parent_ids, longest, self._end_token)
        if self._reorder_tensor_arrays:
            ordered = nest.map_structure(
                lambda x: self._in_order(x, outputs.parent_ids, final_state.lengths),
                final_state.cell_state,
            )
            final_state = final_state._replace(cell_state=ordered)
        return FinalBeamSearchDecoderOutput(predicted, outputs), final_state

    def _in_order(self, x: Any, parent_ids: Tensor, lengths: Tensor) -> Any:
        """What a `TensorArray` of the cell kept, [time, batch * beams, ...], by whole sequences."""
        if not isinstance(x, TensorArray):
            return x
        kept = x.stack()
        rows = reshape(kept, [-1, self._batch_size, self._beam_width, *_inner_sizes(kept, 2)])
        # A step writes before its beams change places: what a beam saw lies at its parent's place.
        # TensorFlow leaves this out, so that its alignments are those of a neighbour now and then.
        rows = gather(rows, parent_ids, axis=2, batch_dims=2)
        result = reshape(gather_tree_from_array(rows, parent_ids, lengths), shape(kept))
        result.set_shape(kept.get_shape())
        return result

    def _split(self, x: Any) -> Any:
        """[batch * beams, ...] as [batch, beams, ...]; scalars and arrays as they are."""
        if isinstance(x, TensorArray):
            return x
        tensor = convert_to_tensor(x)
        if not tensor.spec.dims:
            return tensor
        result = reshape(tensor, [self._batch_size, self._beam_width, *_inner_sizes(tensor, 1)])
        result.set_shape([self._static_batch, self._beam_width, *tensor.spec.dims[1:]])
        return result

    def _merge(self, x: Any) -> Any:
        """[batch, beams, ...] as [batch * beams, ...]; scalars and arrays as they are."""
        if not _has_beams(x):
            return x
        result = reshape(x, [self._batch_size * self._beam_width, *_inner_sizes(x, 2)])
        known = None if self._static_batch is None else self._static_batch * self._beam_width
        result.set_shape([known, *x.spec.dims[2:]])
        return result


def _mean(tensors: list[Any]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else add_n(tensors) / float(len(tensors))


def _has_beams(x: Any) -> bool:
    return not isinstance(x, TensorArray) and len(x.spec.dims or ()) >= 2


def _inner_sizes(x: Tensor, axis: int) -> list[Any]:
    """The sizes from an axis on: numbers where they are known."""
    return [batch_of(x, k) for k in range(axis, len(x.spec.dims or ()))]


def gather_tree_from_array(t: Any, parent_ids: Any, sequence_length: Any) -> Tensor:
    """What was kept in each step, [time, batch, beams, ...], put in the order of whole sequences.

    parent_ids: int32 [time, batch, beams]; sequence_length: integers [batch, beams], beyond which
    a beam's own values stay.

    Source: ``tf.contrib.seq2seq.gather_tree_from_array``.
    """
    kept, parents = convert_to_tensor(t), convert_to_tensor(parent_ids)
    lengths = convert_to_tensor(sequence_length)
    sizes = shape(parents)
    time, batch, beams = sizes[0], sizes[1], sizes[2]
    own = zeros_like(parents) + reshape(range_(beams), [1, 1, -1])
    longest = cast(reduce_max(lengths, 1), int32)
    ordered = gather_tree(own, parents, longest, beams + 1)
    inside = transpose(sequence_mask(lengths, time), [2, 0, 1])
    ordered = where(inside, ordered, own)
    steps = zeros_like(parents) + reshape(range_(time), [-1, 1, 1])
    rows = zeros_like(parents) + reshape(range_(batch), [1, -1, 1])
    result = gather_nd(kept, stack([steps, rows, ordered], -1))
    result.set_shape(kept.get_shape())
    return result
