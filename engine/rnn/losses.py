"""Losses of sequences: weighted cross entropy of class numbers, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.graph import Tensor
from engine.ops.arithmetic import add_n
from engine.ops.casting import cast
from engine.ops.comparisons import not_equal
from engine.ops.constants import convert_to_tensor
from engine.ops.division import div_no_nan
from engine.ops.elementwise import zeros_like
from engine.ops.losses import sparse_softmax_cross_entropy_with_logits
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import reshape
from engine.ops.sizes import shape

_NEVER_ZERO = 1e-12
"""Keeps the average over no weight at all from being 0 / 0, as in TensorFlow."""


def _cross_entropy(function: Callable[..., Any] | None, labels: Tensor, logits: Tensor) -> Tensor:
    if function is None:
        return sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    found: Tensor = function(labels=labels, logits=logits)
    return found


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
) -> Tensor:
    """The weighted cross entropy of logits [batch, time, classes] and class numbers [batch, time].

    `weights` [batch, time] are 0 where a sequence has ended. The averages are over the weights; a
    scalar, or [batch], [time] or [batch, time] with fewer averages. ``sum_over_...``, instead of
    the average along that axis, divides by how many weights are not 0.

    Raises:
        ValueError: a rank is another one; along one axis both the average and the sum are asked.

    Source: ``tf.contrib.seq2seq.sequence_loss``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     loss = tf.contrib.seq2seq.sequence_loss(tf.zeros([2, 3, 4]), tf.zeros([2, 3], tf.int32),
    ...                                             tf.ones([2, 3]))
    ...     print(f"{sess.run(loss):.4f}")
    1.3863
    """
    scores, wanted = convert_to_tensor(logits), convert_to_tensor(targets)
    factors = convert_to_tensor(weights)
    for tensor, rank, words in (
        (scores, 3, "Logits must be a [batch_size x sequence_length x logits] tensor"),
        (wanted, 2, "Targets must be a [batch_size x sequence_length] tensor"),
        (factors, 2, "Weights must be a [batch_size x sequence_length] tensor"),
    ):
        if tensor.spec.dims is not None and len(tensor.spec.dims) != rank:
            raise ValueError(words)
    for label, averaged, summed in (
        ("timesteps", average_across_timesteps, sum_over_timesteps),
        ("batch", average_across_batch, sum_over_batch),
    ):
        if averaged and summed:
            raise ValueError(
                f"average_across_{label} and sum_over_{label} cannot be set to True at same time."
            )
    with scores.graph.name_scope(name or "sequence_loss"):
        sizes = shape(scores)
        entropy = _cross_entropy(
            softmax_loss_function, reshape(wanted, [-1]), reshape(scores, [-1, sizes[2]])
        )
        entropy = reshape(entropy * reshape(factors, [-1]), sizes[:2])
        if scores.spec.dims is not None:
            entropy.set_shape(scores.spec.dims[:2])
        axes = [
            axis
            for axis, averaged in ((0, average_across_batch), (1, average_across_timesteps))
            if averaged
        ]
        if axes:
            return reduce_sum(entropy, axes) / (reduce_sum(factors, axes) + _NEVER_ZERO)
        axes = [axis for axis, summed in ((0, sum_over_batch), (1, sum_over_timesteps)) if summed]
        if not axes:
            return entropy
        counted = cast(not_equal(factors, zeros_like(factors)), entropy.dtype.base_dtype)
        return div_no_nan(reduce_sum(entropy, axes), reduce_sum(counted, axes))


def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Tensor:
    """[batch]: the weighted cross entropy of each example, from lists with one item a step.

    Raises:
        ValueError: the lists have different lengths.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            "Lengths of logits, weights, and targets must be the same "
            f"{len(logits)}, {len(weights)}, {len(targets)}."
        )
    scores = [convert_to_tensor(x) for x in logits]
    factors = [convert_to_tensor(x) for x in weights]
    with scores[0].graph.name_scope(name or "sequence_loss_by_example"):
        steps = [
            _cross_entropy(softmax_loss_function, reshape(target, [-1]), score) * factor
            for score, target, factor in zip(scores, targets, factors, strict=True)
        ]
        total = add_n(steps)
        if average_across_timesteps:
            total = total / (add_n(factors) + _NEVER_ZERO)
        return total


def listed_sequence_loss(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Tensor:
    """The sum, or the average over the batch, of `sequence_loss_by_example`."""
    first = convert_to_tensor(logits[0])
    with first.graph.name_scope(name or "sequence_loss"):
        losses = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function
        )
        total = reduce_sum(losses)
        if average_across_batch:
            total = total / cast(shape(convert_to_tensor(targets[0]))[0], total.dtype)
        return total
