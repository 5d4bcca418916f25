"""``tf.contrib.crf``: linear-chain conditional random fields over sequences of tags.

Unary scores are float [batch, length, tags], tags int32 [batch, length], lengths int32 [batch], and
``transitions[i, j]`` is the score of tag j after tag i. A sequence of length 0 counts nothing.

Source: Lafferty, McCallum & Pereira, *Conditional Random Fields*, 2001.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.control.functional import scan
from engine.dtypes import int32
from engine.graph import Tensor
from engine.ops.arithmetic import maximum
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.comparisons import greater, less
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import zeros_like
from engine.ops.filling import one_hot
from engine.ops.filling import range as range_
from engine.ops.grids import sequence_mask
from engine.ops.indexing import gather
from engine.ops.joining import concat
from engine.ops.positions import argmax
from engine.ops.reductions import reduce_logsumexp, reduce_max, reduce_sum
from engine.ops.shaping import expand_dims, reshape, transpose
from engine.ops.sizes import shape
from engine.variable_scope import get_variable


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Tensor, Any]:
    """The logarithm of the probability of each sequence of tags, [batch], and the transitions.

    Without `transition_params` they are a new variable ``transitions`` [tags, tags].

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     likelihood, _ = tf.contrib.crf.crf_log_likelihood(
    ...         tf.zeros([1, 3, 2]), [[0, 1, 0]], [3], tf.zeros([2, 2])
    ...     )
    ...     print(sess.run(tf.exp(likelihood)))
    [0.125]
    """
    scores = convert_to_tensor(inputs)
    if transition_params is None:
        tags = scores.get_shape()[2].value
        transition_params = get_variable("transitions", [tags, tags])
    total = crf_sequence_score(scores, tag_indices, sequence_lengths, transition_params)
    return total - crf_log_norm(scores, sequence_lengths, transition_params), transition_params


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> Tensor:
    """The score of each sequence of tags, [batch]: the sum of its unary and binary scores."""
    unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
    return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)


def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Tensor:
    """The sum of the unary scores of each sequence's tags, [batch]."""
    scores = convert_to_tensor(inputs)
    sizes = shape(scores)
    chosen = one_hot(convert_to_tensor(tag_indices), sizes[2], dtype=scores.dtype.base_dtype)
    each = reduce_sum(scores * chosen, 2)
    return reduce_sum(each * sequence_mask(sequence_lengths, sizes[1], dtype=each.dtype), 1)


def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """The sum of the transition scores along each sequence of tags, [batch]."""
    tags = convert_to_tensor(tag_indices)
    transitions = convert_to_tensor(transition_params)
    pairs = tags[:, :-1] * cast(shape(transitions)[1], tags.dtype) + tags[:, 1:]
    each = gather(reshape(transitions, [-1]), pairs)
    steps = maximum(_lengths(sequence_lengths) - 1, 0)
    return reduce_sum(each * sequence_mask(steps, shape(tags)[1] - 1, dtype=each.dtype), 1)


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """The logarithm of the sum of ``exp(score)`` over all sequences of tags, [batch]."""
    scores, lengths = convert_to_tensor(inputs), _lengths(sequence_lengths)
    transitions = expand_dims(convert_to_tensor(transition_params), 0)

    def step(alphas: Tensor, given: Any) -> Tensor:
        unary, time = given
        following = reduce_logsumexp(expand_dims(alphas, 2) + transitions, 1) + unary
        return where(less(time, lengths), following, alphas)

    last = _last(step, scores)
    found = reduce_logsumexp(last, 1)
    return where(greater(lengths, 0), found, zeros_like(found))


def crf_decode(
    potentials: Any, transition_params: Any, sequence_length: Any
) -> tuple[Tensor, Tensor]:
    """The best sequences of tags, int32 [batch, length], and their scores, [batch].

    Beyond a sequence's length its tags are 0.

    Source: Viterbi, 1967.
    """
    scores, lengths = convert_to_tensor(potentials), _lengths(sequence_length)
    transitions = expand_dims(convert_to_tensor(transition_params), 0)
    count = shape(scores)[1]
    tags = range_(shape(scores)[2])

    def step(before: Any, given: Any) -> Any:
        alphas, _ = before
        unary, time = given
        reached = expand_dims(alphas, 2) + transitions
        running = less(time, lengths)
        best = where(running, reduce_max(reached, 1) + unary, alphas)
        # A sequence that has ended stays with its tag, so that the way back passes through.
        stays = zeros_like(best) + cast(expand_dims(tags, 0), best.dtype)
        came = where(running, cast(argmax(reached, 1), best.dtype), stays)
        return best, cast(came, int32)

    first = scores[:, 0]
    rest = transpose(scores[:, 1:], [1, 0, 2])
    start = (first, cast(zeros_like(first), int32))
    alphas, pointers = scan(step, (rest, range_(1, count)), initializer=start)
    last = concat([expand_dims(first, 0), alphas], 0)[-1]
    end = cast(argmax(last, 1), int32)

    def back(tag: Tensor, pointer: Tensor) -> Tensor:
        return reduce_sum(pointer * one_hot(tag, shape(pointer)[1], dtype=int32), 1)

    path = scan(back, pointers[::-1], initializer=end)
    whole = transpose(concat([path[::-1], expand_dims(end, 0)], 0))
    return whole * sequence_mask(lengths, count, dtype=int32), reduce_max(last, 1)


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """The best tags of one sequence and their score, outside of the graph.

    score: NumPy float [length, tags]; transition_params: NumPy float [tags, tags].

    >>> viterbi_decode(np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([[0.0, -5.0], [0.0, 0.0]]))
    ([1, 1], np.float64(3.0))
    """
    best = np.array(score[0])
    pointers = []
    for unary in score[1:]:
        reached = best[:, None] + transition_params
        pointers.append(np.argmax(reached, 0))
        best = unary + np.max(reached, 0)
    tags = [int(np.argmax(best))]
    for pointer in reversed(pointers):
        tags.append(int(pointer[tags[-1]]))
    return tags[::-1], np.max(best)


def _lengths(given: Any) -> Tensor:
    return cast(convert_to_tensor(given), int32)


def _last(step: Any, scores: Tensor) -> Tensor:
    """What `step` leads to from the first scores over all the others, [batch, tags]."""
    first = scores[:, 0]
    rest = transpose(scores[:, 1:], [1, 0, 2])
    found = scan(step, (rest, range_(1, shape(scores)[1])), initializer=first)
    return concat([expand_dims(first, 0), found], 0)[-1]


__all__ = [
    "crf_binary_score",
    "crf_decode",
    "crf_log_likelihood",
    "crf_log_norm",
    "crf_sequence_score",
    "crf_unary_score",
    "viterbi_decode",
]
