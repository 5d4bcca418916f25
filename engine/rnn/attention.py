"""Attention over a memory: scores by Bahdanau and by Luong, masks beyond the lengths."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.dtypes import as_dtype, float32
from engine.graph import Tensor, get_default_graph
from engine.initializers import constant_initializer, ones_initializer, zeros_initializer
from engine.layers.base import Layer
from engine.layers.core import Dense
from engine.ops.activations import softmax, tanh
from engine.ops.casting import identity
from engine.ops.checks import assert_positive
from engine.ops.choosing import where
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import rsqrt, square, zeros_like
from engine.ops.filling import one_hot, zeros
from engine.ops.grids import sequence_mask
from engine.ops.linear import matmul
from engine.ops.positions import argmax
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import expand_dims, reshape, squeeze
from engine.ops.sizes import shape
from engine.rnn.cells import batch_of
from engine.variable_scope import get_variable, variable_scope

Probabilities = Callable[[Any], Tensor]


class AttentionMechanism:
    """What an `AttentionWrapper` takes: from a query and a state to alignments and a state."""

    @property
    def alignments_size(self) -> Any:
        """The length of the memory: a number, or a tensor where it is known in the run."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        raise NotImplementedError


class _BaseAttentionMechanism(AttentionMechanism):
    """A memory with its keys; a subclass scores a query against them.

    memory: float [batch, length, n], or a longer rank; memory_sequence_length: integers [batch],
    beyond which the memory counts as zero and gets no attention.

    Raises:
        TypeError: a layer is none, or `probability_fn` cannot be called.
        ValueError: sizes of the memory beyond its length are not known.
    """

    def __init__(
        self,
        query_layer: Layer | None,
        memory: Any,
        probability_fn: Callable[[Any, Any], Tensor],
        memory_sequence_length: Any = None,
        memory_layer: Layer | None = None,
        check_inner_dims_defined: bool = True,
        score_mask_value: Any = None,
        name: str | None = None,
    ):
        for label, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(f"{label} is not a Layer: {type(layer).__name__}")
        if not callable(probability_fn):
            raise TypeError(
                f"probability_fn must be callable, saw type: {type(probability_fn).__name__}"
            )
        self._query_layer = query_layer
        self._memory_layer = memory_layer
        self.dtype = as_dtype((None if memory_layer is None else memory_layer.dtype) or float32)
        self._mask: Tensor | None = None
        self._score_mask_value = -np.inf if score_mask_value is None else score_mask_value
        self._probability_fn: Callable[[Tensor, Any], Tensor] = lambda score, before: (
            probability_fn(self._masked(score), before)
        )
        given = convert_to_tensor(memory, name="memory")
        with given.graph.name_scope(name or "BaseAttentionMechanismInit"):
            if check_inner_dims_defined:
                _check_inner_sizes(given)
            self._values = self._prepared(given, memory_sequence_length)
            self._keys = self._values if memory_layer is None else memory_layer(self._values)
            self._batch_size = batch_of(self._keys, 0)
            self._alignments_size = batch_of(self._keys, 1)

    def _prepared(self, memory: Tensor, sequence_length: Any) -> Tensor:
        """The memory, zero beyond its lengths, whose mask is kept for the scores."""
        if sequence_length is None:
            return memory
        lengths = convert_to_tensor(sequence_length, name="memory_sequence_length")
        checked = assert_positive(
            lengths, message="All values in memory_sequence_length must greater than zero."
        )
        # Here, and not in every step as in TensorFlow: the lengths stay what they are.
        with get_default_graph().control_dependencies([checked]):
            lengths = identity(lengths)
        self._mask = sequence_mask(lengths, batch_of(memory, 1))
        mask = sequence_mask(lengths, batch_of(memory, 1), dtype=memory.dtype.base_dtype)
        rank = len(memory.spec.dims or (0, 0, 0))
        return memory * reshape(mask, [shape(mask)[0], shape(mask)[1], *[1] * (rank - 2)])

    def _masked(self, score: Tensor) -> Tensor:
        """The score, or the mask value beyond the lengths."""
        if self._mask is None:
            return score
        return where(self._mask, score, zeros_like(score) + self._score_mask_value)

    @property
    def memory_layer(self) -> Layer | None:
        return self._memory_layer

    @property
    def query_layer(self) -> Layer | None:
        return self._query_layer

    @property
    def values(self) -> Tensor:
        """The memory, zero beyond its lengths."""
        return self._values

    @property
    def keys(self) -> Tensor:
        """What queries are held against: the memory through `memory_layer`."""
        found: Tensor = self._keys
        return found

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """Zeros [batch_size, length]."""
        return zeros([batch_size, self._alignments_size], dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        return self.initial_alignments(batch_size, dtype)

    def __call__(self, query: Any, state: Any) -> tuple[Tensor, Any]:
        """Alignments [batch, length] for a query [batch, n], and the next state."""
        raise NotImplementedError("Abstract method")


def _check_inner_sizes(memory: Tensor) -> None:
    dims = memory.spec.dims
    if dims is None or None in dims[2:]:
        raise ValueError(
            f"Expected memory {memory.name} to have fully defined inner dims, but saw shape: "
            f"{memory.get_shape()}"
        )


class LuongAttention(_BaseAttentionMechanism):
    """score = query . (memory @ kernel), with `scale` times a learned number.

    Variables: ``memory_layer/kernel`` [n, num_units] where it is made, and with `scale`
    ``luong_attention/attention_g`` [] where it is called. The query has `num_units` too.

    Raises:
        ValueError: on a call, the query has another width.

    Source: Luong et al., *Effective Approaches to Attention-based Neural Machine Translation*,
    2015; ``tf.contrib.seq2seq.LuongAttention``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     attention = tf.contrib.seq2seq.LuongAttention(4, tf.ones([2, 3, 5]), [3, 1])
    ...     alignments, _ = attention(tf.zeros([2, 4]), state=None)
    ...     sess.run(tf.global_variables_initializer())
    ...     print(sess.run(alignments).round(2).tolist())
    [[0.33000001311302185, 0.33000001311302185, 0.33000001311302185], [1.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Probabilities | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: str = "LuongAttention",
    ):
        chosen = softmax if probability_fn is None else probability_fn
        kind = float32 if dtype is None else as_dtype(dtype)
        super().__init__(
            None,
            memory,
            lambda score, _: chosen(score),
            memory_sequence_length,
            Dense(num_units, use_bias=False, name="memory_layer", dtype=kind),
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units = num_units
        self._scale = scale
        self._name = name

    def __call__(self, query: Any, state: Any) -> tuple[Tensor, Any]:
        asked = convert_to_tensor(query)
        with variable_scope(None, "luong_attention", [asked]):
            score = _luong_score(asked, self.keys)
            if self._scale:
                dtype = asked.dtype.base_dtype
                score = get_variable("attention_g", [], dtype, ones_initializer()) * score
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def _luong_score(query: Tensor, keys: Tensor) -> Tensor:
    depth, units = query.get_shape()[-1], keys.get_shape()[-1]
    if depth.value != units.value:
        raise ValueError(
            "Incompatible or unknown inner dimensions between query and keys.  "
            f"Query ({query}) has units: {depth}.  Keys ({keys}) have units: {units}.  "
            f"Perhaps you need to set num_units to the keys' dimension ({units})?"
        )
    return squeeze(matmul(expand_dims(query, 1), keys, transpose_b=True), [1])


class BahdanauAttention(_BaseAttentionMechanism):
    """score = sum of v * tanh(memory @ kernel + query @ kernel'); with `normalize` weight-normed.

    Normalized it is sum of g * v / |v| * tanh(memory @ kernel + query @ kernel' + b).

    Variables: ``memory_layer/kernel`` [n, num_units] where it is made; where it is called
    ``bahdanau_attention/query_layer/kernel`` [m, num_units], ``.../attention_v`` [num_units], and
    with `normalize` ``.../attention_g`` [], ``.../attention_b`` [num_units].

    Source: Bahdanau et al., *Neural Machine Translation by Jointly Learning to Align and
    Translate*, 2015; Salimans and Kingma, *Weight Normalization*, 2016;
    ``tf.contrib.seq2seq.BahdanauAttention``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     attention = tf.contrib.seq2seq.BahdanauAttention(4, tf.ones([2, 3, 5]))
    ...     alignments, _ = attention(tf.zeros([2, 6]), state=None)
    ...     print(alignments.get_shape(), [v.op.name for v in tf.trainable_variables()][1:])
    (2, 3) ['bahdanau_attention/query_layer/kernel', 'bahdanau_attention/attention_v']
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Probabilities | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: str = "BahdanauAttention",
    ):
        chosen = softmax if probability_fn is None else probability_fn
        kind = float32 if dtype is None else as_dtype(dtype)
        super().__init__(
            Dense(num_units, use_bias=False, name="query_layer", dtype=kind),
            memory,
            lambda score, _: chosen(score),
            memory_sequence_length,
            Dense(num_units, use_bias=False, name="memory_layer", dtype=kind),
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units = num_units
        self._normalize = normalize
        self._name = name

    def __call__(self, query: Any, state: Any) -> tuple[Tensor, Any]:
        asked = convert_to_tensor(query)
        with variable_scope(None, "bahdanau_attention", [asked]):
            layer, dtype = self._query_layer, asked.dtype.base_dtype
            asked = asked if layer is None else layer(asked)
            v = get_variable("attention_v", [self._num_units], dtype)
            inner = self.keys + expand_dims(asked, 1)
            if self._normalize:
                start = constant_initializer(math.sqrt(1.0 / self._num_units))
                g = get_variable("attention_g", [], dtype, start)
                inner = inner + get_variable(
                    "attention_b", [self._num_units], dtype, zeros_initializer()
                )
                v = g * v * rsqrt(reduce_sum(square(v)))
            score = reduce_sum(v * tanh(inner), [2])
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def hardmax(logits: Any, name: str | None = None) -> Tensor:
    """1 at the largest of each row [..., classes] and 0 elsewhere, in the dtype of the logits.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.contrib.seq2seq.hardmax([[1.0, 3.0, 2.0]])))
    [[0. 1. 0.]]
    """
    x = convert_to_tensor(logits, name="logits")
    with x.graph.name_scope(name or "Hardmax"):
        return one_hot(argmax(x, -1), batch_of(x, -1), dtype=x.dtype.base_dtype)
