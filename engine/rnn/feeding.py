"""What a decoder reads next: a helper's contract, and those that read what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.control.branches import cond
from engine.dtypes import as_dtype, int32
from engine.graph import Tensor, get_default_graph
from engine.ops.casting import cast
from engine.ops.comparisons import equal
from engine.ops.constants import convert_to_tensor
from engine.ops.embeddings import embedding_lookup
from engine.ops.filling import fill
from engine.ops.positions import argmax
from engine.ops.random import multinomial
from engine.ops.reductions import reduce_all
from engine.ops.shaping import reshape
from engine.rnn.cells import batch_of
from engine.shapes import TensorShape


class Helper:
    """What gives a `BasicDecoder` its first inputs, samples from outputs, and the next inputs.

    Source: ``tf.contrib.seq2seq.Helper``.
    """

    @property
    def batch_size(self) -> Any:
        """How many sequences there are: a number, or an int32 tensor []."""
        raise NotImplementedError("batch_size has not been implemented")

    @property
    def sample_ids_shape(self) -> Any:
        """The shape of one sequence's sample in one step."""
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        return int32

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """What is finished before the first step, bool [batch], and the first inputs."""
        raise NotImplementedError("initialize has not been implemented")

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The samples for the outputs of a step, int32 [batch]."""
        raise NotImplementedError("sample has not been implemented")

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        """What is finished, bool [batch], the next inputs, the next state."""
        raise NotImplementedError("next_inputs has not been implemented")


def embedder(embedding: Any) -> Callable[[Any], Any]:
    """The function that looks symbols up; a table stands for its rows."""
    if callable(embedding):
        found: Callable[[Any], Any] = embedding
        return found
    return lambda ids: embedding_lookup(embedding, ids)


def start_and_end(start_tokens: Any, end_token: Any) -> tuple[Tensor, Tensor]:
    """Both as int32 tensors, [batch] and [].

    Raises:
        ValueError: one has another rank.
    """
    start = convert_to_tensor(start_tokens, name="start_tokens")
    start = start if start.dtype.base_dtype is int32 else cast(start, int32)
    end = convert_to_tensor(end_token, name="end_token")
    end = end if end.dtype.base_dtype is int32 else cast(end, int32)
    if start.get_shape().ndims != 1:
        raise ValueError("start_tokens must be a vector")
    if end.get_shape().ndims != 0:
        raise ValueError("end_token must be a scalar")
    return start, end


def drawn(logits: Any, seed: int | None) -> Tensor:
    """int32 [batch]: a symbol from each row of logits [batch, symbols]."""
    return reshape(cast(multinomial(logits, 1, seed=seed), int32), [-1])


class GreedyEmbeddingHelper(Helper):
    """The decoder reads the embedding of its most likely symbol, until that is `end_token`.

    embedding: a table [symbols, n], or a function of symbols [batch]; start_tokens: int32 [batch];
    end_token: int32 [].

    Raises:
        ValueError: `start_tokens` is no vector, `end_token` no scalar.

    Source: ``tf.contrib.seq2seq.GreedyEmbeddingHelper``.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any):
        self._embedding_fn = embedder(embedding)
        self._start_tokens, self._end_token = start_and_end(start_tokens, end_token)
        self._batch_size = batch_of(self._start_tokens, 0)
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        return fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return argmax(_one_tensor(outputs), -1, output_type=int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        finished = equal(sample_ids, self._end_token)
        following = cond(
            reduce_all(finished),
            lambda: self._start_inputs,
            lambda: self._embedding_fn(sample_ids),
        )
        return finished, following, state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """`GreedyEmbeddingHelper` that draws the symbol from softmax(outputs / temperature).

    softmax_temperature: above 1 it is bolder, below 1 more careful; None for 1.
    """

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: int | None = None,
    ):
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        logits = _one_tensor(outputs)
        if self._softmax_temperature is not None:
            logits = logits / self._softmax_temperature
        return drawn(logits, self._seed)


def _one_tensor(outputs: Any) -> Tensor:
    if not isinstance(outputs, Tensor):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")
    return outputs


class CustomHelper(Helper):
    """A `Helper` made of three functions.

    ``initialize_fn()`` gives (finished, inputs); ``sample_fn(time=, outputs=, state=)`` samples;
    ``next_inputs_fn(time=, outputs=, state=, sample_ids=)`` gives (finished, inputs, state).
    """

    def __init__(
        self,
        initialize_fn: Callable[[], Any],
        sample_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any],
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ):
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape(() if sample_ids_shape is None else sample_ids_shape)
        self._sample_ids_dtype = as_dtype(sample_ids_dtype or int32)

    @property
    def batch_size(self) -> Any:
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        with get_default_graph().name_scope(name or "CustomHelperInitialize"):
            finished, inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = batch_of(convert_to_tensor(finished), 0)
            return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        with get_default_graph().name_scope(name or "CustomHelperSample"):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        with get_default_graph().name_scope(name or "CustomHelperNextInputs"):
            found: tuple[Any, Any, Any] = self._next_inputs_fn(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )
            return found


class InferenceHelper(Helper):
    """The decoder reads its own samples, whatever they are, until `end_fn` of them is true.

    sample_fn: from outputs to samples of `sample_shape` and `sample_dtype` a sequence;
    start_inputs: the first inputs, [batch, ...]; end_fn: from samples to bool [batch];
    next_inputs_fn: from samples to inputs, where they differ in form.
    """

    def __init__(
        self,
        sample_fn: Callable[[Any], Any],
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Any,
        end_fn: Callable[[Any], Any],
        next_inputs_fn: Callable[[Any], Any] | None = None,
    ):
        self._sample_fn = sample_fn
        self._sample_shape = TensorShape(sample_shape)
        self._sample_dtype = as_dtype(sample_dtype)
        self._start_inputs = convert_to_tensor(start_inputs, name="start_inputs")
        self._end_fn = end_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size = batch_of(self._start_inputs, 0)

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        return fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return self._sample_fn(outputs)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        following = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), following, state
