"""Sequence to sequence networks over lists of steps, as TensorFlow 0.x and early 1.x had them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from engine import nest
from engine.dtypes import as_dtype, bool_, float32
from engine.graph import Tensor
from engine.ops.activations import softmax, tanh
from engine.ops.biases import xw_plus_b
from engine.ops.casting import stop_gradient
from engine.ops.constants import convert_to_tensor
from engine.ops.embeddings import embedding_lookup
from engine.ops.filling import zeros
from engine.ops.joining import concat, stack
from engine.ops.linear import matmul
from engine.ops.positions import argmax
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import reshape
from engine.rnn.cells import RNNCell, batch_of
from engine.rnn.sequences import static_rnn
from engine.rnn.wrappers import EmbeddingWrapper, OutputProjectionWrapper, linear
from engine.variable_scope import get_variable, get_variable_scope, variable_scope

Loop = Callable[[Any, int], Any]


def rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: RNNCell,
    loop_function: Loop | None = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """The outputs of a cell for a list of inputs [batch, n] from a state, and the last state.

    With ``loop_function(output, step)`` an output makes the next input, all but the first.
    """
    with variable_scope(scope or "rnn_decoder") as entered:
        state, outputs, before = initial_state, [], None
        for step, given in enumerate(decoder_inputs):
            if loop_function is not None and before is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(before, step)
            if step:
                entered.reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            if loop_function is not None:
                before = output
    return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    dtype: Any = float32,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """The decoder's outputs and last state; it starts from the encoder's last state.

    Source: Sutskever et al., *Sequence to Sequence Learning with Neural Networks*, 2014.
    """
    with variable_scope(scope or "basic_rnn_seq2seq"):
        encoder = copy.deepcopy(cell)
        _, state = static_rnn(encoder, encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def _fed_back(embedding: Any, projection: Any, update: bool) -> Loop:
    """What turns an output into the embedding of the most likely symbol."""

    def loop_function(before: Any, _: int) -> Any:
        if projection is not None:
            before = xw_plus_b(before, projection[0], projection[1])
        found = embedding_lookup(embedding, argmax(before, 1))
        return found if update else stop_gradient(found)

    return loop_function


def embedding_rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: RNNCell,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`rnn_decoder` over symbols [batch], looked up in a table.

    With `feed_previous` only the first input is used; from then on, the most likely symbol.
    """
    with variable_scope(scope or "embedding_rnn_decoder"):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = None
        if feed_previous:
            loop = _fed_back(table, output_projection, update_embedding_for_previous)
        given = [embedding_lookup(table, item) for item in decoder_inputs]
        return rnn_decoder(given, initial_state, cell, loop)


def embedding_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`basic_rnn_seq2seq` over symbols [batch]; the outputs are scores of every symbol.

    With `output_projection` (weights, biases) they are the cell's outputs, not projected yet.

    Raises:
        TypeError: `feed_previous` is a tensor; build two models that share variables.
    """
    _check_feed_previous(feed_previous)
    with variable_scope(scope or "embedding_rnn_seq2seq"):
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=dtype or float32)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
        return embedding_rnn_decoder(
            decoder_inputs,
            state,
            cell,
            num_decoder_symbols,
            embedding_size,
            output_projection,
            feed_previous,
        )


def _check_feed_previous(flag: Any) -> None:
    if not isinstance(flag, bool):
        kind = "a bool tensor" if getattr(flag, "dtype", None) is bool_ else type(flag).__name__
        raise TypeError(
            f"feed_previous must be True or False, not {kind}\n"
            "  try: one model with False to train, one with True under reuse=True to run"
        )


def attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: RNNCell,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: Loop | None = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list[Any], Any]:
    """`rnn_decoder` that looks at `attention_states` [batch, length, n] by the state of each step.

    Raises:
        ValueError: there are no inputs, no heads, or states of unknown sizes.

    Source: Vinyals et al., *Grammar as a Foreign Language*, 2014.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    states = convert_to_tensor(attention_states)
    dims = states.get_shape().as_list()
    if dims[2] is None or dims[1] is None:
        raise ValueError(f"Shape[1] and [2] of attention_states must be known: {dims}")
    kind = as_dtype(dtype or states.dtype.base_dtype)
    units = cell.output_size if output_size is None else output_size
    with variable_scope(scope or "attention_decoder", dtype=kind) as entered:
        attend = _attention(states, dims[1], dims[2], num_heads)
        batch = batch_of(convert_to_tensor(decoder_inputs[0]), 0)
        glimpses: list[Any] = [zeros([batch, dims[2]], kind) for _ in range(num_heads)]
        state, outputs, before = initial_state, [], None
        if initial_state_attention:
            glimpses = attend(initial_state)
        for step, given in enumerate(decoder_inputs):
            if step:
                entered.reuse_variables()
            if loop_function is not None and before is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(before, step)
            given = convert_to_tensor(given)
            x = linear([given, *glimpses], int(given.get_shape()[1]))
            cell_output, state = cell(x, state)
            seen = True if step or initial_state_attention else None
            with variable_scope(get_variable_scope(), reuse=seen):
                glimpses = attend(state)
            with variable_scope("AttnOutputProjection"):
                output = linear([cell_output, *glimpses], units)
            outputs.append(output)
            if loop_function is not None:
                before = output
    return outputs, state


def _attention(states: Tensor, length: int, size: int, heads: int) -> Callable[[Any], list[Tensor]]:
    """What a state sees of the attention states: one [batch, size] a head."""
    flat = reshape(states, [-1, size])
    features, vectors = [], []
    for head in range(heads):
        weights = get_variable(f"AttnW_{head}", [1, 1, size, size])
        features.append(reshape(matmul(flat, reshape(weights, [size, size])), [-1, length, size]))
        vectors.append(get_variable(f"AttnV_{head}", [size]))

    def attend(query: Any) -> list[Tensor]:
        parts = nest.flatten(query)
        joined = concat(parts, 1) if len(parts) > 1 else parts[0]
        glimpses = []
        for head in range(heads):
            with variable_scope(f"Attention_{head}"):
                asked = reshape(linear(joined, size), [-1, 1, size])
            scores = reduce_sum(vectors[head] * tanh(features[head] + asked), 2)
            shares = reshape(softmax(scores), [-1, length, 1])
            glimpses.append(reshape(reduce_sum(shares * states, 1), [-1, size]))
        return glimpses

    return attend


def embedding_attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: RNNCell,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list[Any], Any]:
    """`attention_decoder` over symbols [batch], looked up in a table."""
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = None
        if feed_previous:
            loop = _fed_back(table, output_projection, update_embedding_for_previous)
        return attention_decoder(
            [embedding_lookup(table, item) for item in decoder_inputs],
            initial_state,
            attention_states,
            cell,
            cell.output_size if output_size is None else output_size,
            num_heads,
            loop,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: bool = False,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list[Any], Any]:
    """`embedding_rnn_seq2seq` whose decoder looks at the encoder's outputs."""
    _check_feed_previous(feed_previous)
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype):
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        encoded, state = static_rnn(encoder, encoder_inputs, dtype=dtype or float32)
        output_size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols
        return embedding_attention_decoder(
            decoder_inputs,
            state,
            stack(encoded, axis=1),
            cell,
            num_decoder_symbols,
            embedding_size,
            num_heads,
            output_size,
            output_projection,
            feed_previous,
            initial_state_attention=initial_state_attention,
        )
