"""Losses over many classes that look at the true ones and a sample of the others."""

from __future__ import annotations

from typing import Any

from engine.dtypes import float32, int64
from engine.graph import Tensor
from engine.ops.candidates import hit_mask, log_uniform_candidate_sampler
from engine.ops.casting import cast, stop_gradient
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import log, ones_like, zeros_like
from engine.ops.embeddings import embedding_lookup
from engine.ops.joining import concat, split
from engine.ops.linear import matmul
from engine.ops.losses import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
)
from engine.ops.reductions import reduce_any, reduce_sum
from engine.ops.shaping import expand_dims, reshape
from engine.ops.sizes import shape, size


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """Noise-contrastive estimation: a loss [batch] that tells true classes from drawn ones.

    `weights` [num_classes, dim] (or tables in parts) and `biases` [num_classes] are of the classes;
    `labels` are integers [batch, num_true], `inputs` [batch, dim]. The order of 0.x, inputs before
    labels, is told by the dtypes. `sampled_values` is what a candidate sampler gives, by default
    `log_uniform_candidate_sampler`, for classes ordered from frequent to rare.

    Source: Gutmann & Hyvärinen, *Noise-contrastive estimation*, 2010; ``tf.nn.nce_loss``.
    """
    with _graph_of(weights).name_scope(name or "nce_loss"):
        logits, truth = _sampled_logits(
            weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
            remove_accidental_hits, partition_strategy, None,
        )  # fmt: skip
        losses = sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
        return reduce_sum(losses, 1)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """The softmax cross entropy [batch] over the true classes and a sample of the others.

    Arguments as of `nce_loss`. It is for training alone: it is below the loss over all classes.

    Source: Jean et al., *On Using Very Large Target Vocabulary for Neural Machine Translation*,
    2014; ``tf.nn.sampled_softmax_loss``.
    """
    with _graph_of(weights).name_scope(name or "sampled_softmax_loss"):
        logits, truth = _sampled_logits(
            weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
            remove_accidental_hits, partition_strategy, seed,
        )  # fmt: skip
        return softmax_cross_entropy_with_logits_v2(labels=stop_gradient(truth), logits=logits)


def _graph_of(weights: Any) -> Any:
    first = weights[0] if isinstance(weights, list | tuple) else weights
    return convert_to_tensor(first).graph


def _sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_accidental_hits: bool,
    partition_strategy: str,
    seed: int | None,
) -> tuple[Tensor, Tensor]:
    """Logits and labels [batch, num_true + num_sampled], corrected for how often one is drawn."""
    inputs, labels = convert_to_tensor(inputs), convert_to_tensor(labels)
    if inputs.dtype.base_dtype.is_integer and labels.dtype.base_dtype.is_floating:
        inputs, labels = labels, inputs
    labels = cast(labels, int64)
    flat = reshape(labels, [-1])
    by_row = reshape(labels, [-1, num_true])
    if sampled_values is None:
        sampled_values = log_uniform_candidate_sampler(
            by_row, num_true, num_sampled, True, num_classes, seed
        )
    sampled, true_count, sampled_count = (stop_gradient(value) for value in sampled_values)
    sampled = cast(sampled, int64)
    ids = concat([flat, sampled], 0)
    rows = embedding_lookup(weights, ids, partition_strategy)
    offsets = embedding_lookup(biases, ids, partition_strategy)
    true_rows, sampled_rows = _parted(rows, flat, num_sampled)
    true_offsets, sampled_offsets = _parted(offsets, flat, num_sampled)
    sampled_logits = matmul(inputs, sampled_rows, transpose_b=True) + sampled_offsets
    width = shape(true_rows)[1:]
    true_rows = reshape(true_rows, concat([[-1, num_true], width], 0))
    true_logits = reduce_sum(expand_dims(inputs, 1) * true_rows, 2)
    true_logits = reshape(true_logits, [-1, num_true]) + reshape(true_offsets, [-1, num_true])
    if remove_accidental_hits:
        hits = cast(reduce_any(hit_mask(by_row, sampled), 1), sampled_logits.dtype.base_dtype)
        sampled_logits = sampled_logits + hits * float32.min
    dtype = sampled_logits.dtype.base_dtype
    true_logits = true_logits - log(cast(true_count, dtype))
    sampled_logits = sampled_logits - log(cast(sampled_count, dtype))
    truth = [ones_like(true_logits) / float(num_true), zeros_like(sampled_logits)]
    return concat([true_logits, sampled_logits], 1), concat(truth, 1)


def _parted(rows: Tensor, labels: Tensor, num_sampled: int) -> tuple[Tensor, Tensor]:
    """The rows of the labels, and those of the sample."""
    count = labels.shape[0].value
    if count is None:
        return rows[: size(labels)], rows[size(labels) :]
    # Put together again in one piece by the gradient, where slices make a whole table each.
    true_rows, sampled_rows = split(rows, [count, num_sampled], 0)
    return true_rows, sampled_rows
