"""Decoders in training: they read the target sequence, or by chance what they said themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import nest
from engine.control.branches import cond
from engine.control.tensor_array import TensorArray
from engine.dtypes import int32
from engine.graph import Tensor, get_default_graph
from engine.ops.arithmetic import maximum
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.comparisons import equal, greater, greater_equal
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import zeros_like
from engine.ops.filling import fill
from engine.ops.positions import argmax
from engine.ops.random import random_uniform
from engine.ops.reductions import reduce_all
from engine.ops.sizes import shape
from engine.rnn.cells import batch_of
from engine.rnn.feeding import Helper, drawn, embedder
from engine.rnn.sequences import swapped


class TrainingHelper(Helper):
    """The decoder reads the given inputs; its samples are the most likely symbols.

    inputs: float [batch, time, n], or [time, batch, n] with `time_major`, or a structure of such;
    sequence_length: integers [batch].

    Raises:
        ValueError: the lengths are no vector.

    Source: ``tf.contrib.seq2seq.TrainingHelper``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     helper = tf.contrib.seq2seq.TrainingHelper(tf.ones([2, 3, 5]), [3, 0])
    ...     finished, inputs = helper.initialize()
    ...     print(sess.run(finished), inputs.get_shape())
    [False  True] (2, 5)
    """

    def __init__(
        self, inputs: Any, sequence_length: Any, time_major: bool = False, name: str | None = None
    ):
        with get_default_graph().name_scope(name or "TrainingHelper"):
            given = nest.map_structure(convert_to_tensor, inputs)
            self._inputs = given
            turned = given if time_major else nest.map_structure(swapped, given)
            self._steps = nest.map_structure(_array_of, turned)
            self._sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            lengths = self._sequence_length.get_shape()
            if lengths.ndims != 1:
                raise ValueError(
                    f"Expected sequence_length to be a vector, but received shape: {lengths}"
                )
            self._zero_inputs = nest.map_structure(lambda x: zeros_like(x[0]), turned)
            self._batch_size = batch_of(self._sequence_length, 0)

    @property
    def inputs(self) -> Any:
        return self._inputs

    @property
    def sequence_length(self) -> Tensor:
        return self._sequence_length

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        with get_default_graph().name_scope(name or "TrainingHelperInitialize"):
            finished = equal(self._sequence_length, 0)
            return finished, self._read(finished, 0)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        with get_default_graph().name_scope(name or "TrainingHelperSample"):
            return argmax(outputs, -1, output_type=int32)

    def next_inputs(
        self,
        time: Any,
        outputs: Any,
        state: Any,
        sample_ids: Any = None,
        name: str | None = None,
    ) -> tuple[Any, Any, Any]:
        with get_default_graph().name_scope(name or "TrainingHelperNextInputs"):
            after = cast(time + 1, self._sequence_length.dtype.base_dtype)
            finished = greater_equal(after, self._sequence_length)
            return finished, self._read(finished, time + 1), state

    def _read(self, finished: Tensor, time: Any) -> Any:
        """The inputs of a step; zeros once nobody reads on, as there may be no such step."""
        return cond(
            reduce_all(finished),
            lambda: self._zero_inputs,
            lambda: nest.map_structure(lambda steps: steps.read(time), self._steps),
        )


def _array_of(x: Tensor) -> TensorArray:
    return TensorArray(x.spec.dtype, size=shape(x)[0]).unstack(x)


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """`TrainingHelper` that with a probability reads a sample of the outputs instead.

    embedding: a table [symbols, n], or a function of symbols [batch]; sampling_probability: float
    [] or [batch]. Where nothing was sampled the sample is -1.

    Raises:
        ValueError: the probability is neither a scalar nor a vector.

    Source: Bengio et al., *Scheduled Sampling for Sequence Prediction with Recurrent Neural
    Networks*, 2015.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ):
        self._embedding_fn = embedder(embedding)
        self._probability = _probability(sampling_probability)
        self._seed = seed
        self._scheduling_seed = scheduling_seed
        super().__init__(
            inputs, sequence_length, time_major, name or "ScheduledEmbeddingSamplingWrapper"
        )

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        with get_default_graph().name_scope(name or "ScheduledEmbeddingTrainingHelperSample"):
            chosen = _chance(self._probability, self._batch_size, self._scheduling_seed)
            symbols = drawn(outputs, self._seed)
            return where(chosen, symbols, fill([self._batch_size], -1))

    def next_inputs(
        self,
        time: Any,
        outputs: Any,
        state: Any,
        sample_ids: Any = None,
        name: str | None = None,
    ) -> tuple[Any, Any, Any]:
        with get_default_graph().name_scope(name or "ScheduledEmbeddingTrainingHelperNextInputs"):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids)
            own = self._embedding_fn(maximum(sample_ids, 0))
            return finished, where(greater(sample_ids, -1), own, given), state


class ScheduledOutputTrainingHelper(TrainingHelper):
    """`TrainingHelper` that with a probability reads the outputs themselves instead.

    sampling_probability: float [] or [batch]; next_inputs_fn: from outputs to inputs, where they
    differ in form. The sample is int32 [batch], 1 where the outputs are read.

    Raises:
        ValueError: the probability is neither a scalar nor a vector.

    Source: Bengio et al., 2015; ``tf.contrib.seq2seq.ScheduledOutputTrainingHelper``, whose
    auxiliary inputs are not there.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable[[Any], Any] | None = None,
        name: str | None = None,
    ):
        self._probability = _probability(sampling_probability)
        self._seed = seed
        self._next_inputs_fn = next_inputs_fn or (lambda outputs: outputs)
        super().__init__(inputs, sequence_length, time_major, name or "ScheduledOutputWrapper")

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        with get_default_graph().name_scope(name or "ScheduledOutputTrainingHelperSample"):
            return cast(_chance(self._probability, self._batch_size, self._seed), int32)

    def next_inputs(
        self,
        time: Any,
        outputs: Any,
        state: Any,
        sample_ids: Any = None,
        name: str | None = None,
    ) -> tuple[Any, Any, Any]:
        with get_default_graph().name_scope(name or "ScheduledOutputTrainingHelperNextInputs"):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids)
            own = self._next_inputs_fn(outputs)
            return finished, where(greater(sample_ids, 0), own, given), state


def _probability(given: Any) -> Tensor:
    found = convert_to_tensor(given, name="sampling_probability")
    if found.get_shape().ndims not in (0, 1):
        raise ValueError(
            "sampling_probability must be either a scalar or a vector. "
            f"saw shape: {found.get_shape()}"
        )
    return found


def _chance(probability: Tensor, batch_size: Any, seed: int | None) -> Tensor:
    """bool [batch]: true with this probability."""
    return random_uniform([batch_size], dtype=probability.dtype.base_dtype, seed=seed) < probability
