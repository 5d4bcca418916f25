"""``tf.losses``: weighted losses, kept in a collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.dtypes import float32
from engine.graph import Tensor, get_default_graph
from engine.ops.activations import relu
from engine.ops.arithmetic import add_n, maximum, minimum, multiply, squared_difference, truediv
from engine.ops.casting import cast, stop_gradient
from engine.ops.choosing import where
from engine.ops.comparisons import equal
from engine.ops.constants import constant, convert_to_tensor, is_graph_value
from engine.ops.division import div_no_nan
from engine.ops.elementwise import abs as absolute
from engine.ops.elementwise import log, ones_like, square, zeros_like
from engine.ops.losses import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from engine.ops.reductions import reduce_sum
from engine.ops.sizes import shape, size
from engine.ops.weights import broadcast_weights, checked_weights, squeeze_to
from engine.variables import GraphKeys


class Reduction:
    """How the losses of a batch become one number."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Every way there is."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """ValueError if there is no such way."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}. Must be one of: {cls.all()}")


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The losses times their weights, reduced to one number, which goes to the collection.

    weights: a number, or numbers that broadcast against the losses, such as [n, 1]. By default
    the sum is divided by the number of losses whose weight is not 0.

    Raises:
        ValueError: weights that do not fit the losses, or an unknown reduction.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.losses.compute_weighted_loss([1.0, 2.0, 6.0], [1.0, 1.0, 0.0])))
    1.5
    """
    Reduction.validate(reduction)
    given = convert_to_tensor(losses)
    with given.graph.name_scope(scope or "weighted_loss"):
        values = cast(given, float32)
        # The usual weight, 1, is not worth a multiplication.
        plain = not is_graph_value(weights) and isinstance(weights, int | float) and weights == 1
        factors = cast(convert_to_tensor(weights), float32)
        if not plain:
            factors = checked_weights(factors, values)
            values = multiply(values, factors)
        if reduction == Reduction.NONE:
            loss = values
        else:
            loss = _reduced(values, factors, plain, reduction)
        loss = cast(loss, given.dtype)
        add_loss(loss, loss_collection)
        return loss


def _reduced(values: Tensor, weights: Tensor, plain: bool, reduction: str) -> Tensor:
    total = reduce_sum(values)
    if reduction == Reduction.SUM:
        return total
    if reduction == Reduction.MEAN:
        return div_no_nan(total, reduce_sum(ones_like(values) * weights), "value")
    if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS and not plain:
        count = reduce_sum(_present(values, weights), name="num_present")
    else:
        count = cast(size(values), float32)
    # A whole number; where it is 0 the sum is so too.
    return truediv(total, maximum(count, ones_like(count)), name="value")


def _present(values: Tensor, weights: Tensor) -> Tensor:
    """1 for every value whose weight is not 0."""
    zeros = zeros_like(weights)
    return broadcast_weights(where(equal(weights, zeros), zeros, ones_like(weights)), values)


def _pair(labels: Any, predictions: Any, what: str = "predictions") -> tuple[Tensor, Tensor]:
    for value, name in ((labels, "labels"), (predictions, what)):
        if value is None:
            raise ValueError(f"{name} must not be None.")
    p = cast(convert_to_tensor(predictions), float32)
    z = cast(convert_to_tensor(labels), float32)
    p.get_shape().assert_is_compatible_with(z.get_shape())
    return z, p


def _of_pair(
    name: str,
    formula: Callable[[Tensor, Tensor], Tensor],
    labels: Any,
    predictions: Any,
    weights: Any,
    scope: str | None,
    loss_collection: str | None,
    reduction: str,
    what: str = "predictions",
) -> Tensor:
    graph = next((x.graph for x in (predictions, labels) if is_graph_value(x)), get_default_graph())
    with graph.as_default(), graph.name_scope(scope or name) as inner:
        losses = formula(*_pair(labels, predictions, what))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of (predictions - labels) ** 2.

    Raises:
        ValueError: shapes differ, or weights do not fit.
    """
    return _of_pair(
        "mean_squared_error", lambda z, p: squared_difference(p, z), labels, predictions, weights,
        scope, loss_collection, reduction,
    )  # fmt: skip


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of |predictions - labels|."""
    return _of_pair(
        "absolute_difference", lambda z, p: absolute(p - z), labels, predictions, weights, scope,
        loss_collection, reduction,
    )  # fmt: skip


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: int | None = None,
) -> Tensor:
    """The mean of 1 - the sum of predictions * labels along `axis`; both of length 1 along it.

    Raises:
        ValueError: no axis.
    """
    along = dim if axis is None else axis
    if along is None:
        raise ValueError("You must specify 'axis'.")

    def distance(z: Tensor, p: Tensor) -> Tensor:
        return 1.0 - reduce_sum(p * z, [along], keep_dims=True)

    return _of_pair(
        "cosine_distance_loss", distance, labels, predictions, weights, scope, loss_collection,
        reduction,
    )  # fmt: skip


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of max(0, 1 - (2 * labels - 1) * logits), for labels 0 and 1."""

    def hinge(z: Tensor, x: Tensor) -> Tensor:
        return relu(1.0 - (2.0 * z - 1.0) * x)

    return _of_pair(
        "hinge_loss", hinge, labels, logits, weights, scope, loss_collection, reduction, "logits"
    )


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of errors squared / 2 up to `delta`, and growing straight from there.

    Source: Huber, *Robust Estimation of a Location Parameter*, 1964.
    """

    def huber(z: Tensor, p: Tensor) -> Tensor:
        error = absolute(p - z)
        near = minimum(error, delta)
        return 0.5 * near * near + delta * (error - near)

    return _of_pair(
        "huber_loss", huber, labels, predictions, weights, scope, loss_collection, reduction
    )


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean cross entropy of labels 0..1 and probabilities; `epsilon` keeps from log(0)."""

    def entropy(z: Tensor, p: Tensor) -> Tensor:
        return -z * log(p + epsilon) - (1.0 - z) * log(1.0 - p + epsilon)

    return _of_pair(
        "log_loss", entropy, labels, predictions, weights, scope, loss_collection, reduction
    )


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """The mean, over pairs of elements of a sample, of how much their difference is mistaken."""
    graph = next((x.graph for x in (predictions, labels) if is_graph_value(x)), get_default_graph())
    with graph.as_default(), graph.name_scope(scope or "mean_pairwise_squared_error"):
        z, p = _pair(labels, predictions)
        factors = checked_weights(cast(convert_to_tensor(weights), float32), z)
        error = p - z
        if error.spec.dims is None:
            raise ValueError("mean_pairwise_squared_error needs predictions of known rank")
        axes = list(range(1, len(error.spec.dims)))
        count = reduce_sum(_present(error, factors), axes, keep_dims=True)
        squares = reduce_sum(square(error), axes, keep_dims=True)
        total = square(reduce_sum(error, axes, keep_dims=True))
        none = zeros_like(count)
        first = 2.0 * div_no_nan(squares, maximum(count - 1.0, none), "value")
        second = 2.0 * div_no_nan(total, maximum(count * (count - 1.0), none), "value")
        summed = reduce_sum((first - second) * factors)
        loss = where(reduce_sum(count) > 0.0, summed, zeros_like(summed), "value")
        add_loss(loss, loss_collection)
        return loss


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean sigmoid cross entropy; `label_smoothing` moves labels towards 1/2.

    Raises:
        ValueError: shapes differ, or weights do not fit.
    """
    x = _given(logits, "logits")
    with x.graph.name_scope(scope or "sigmoid_cross_entropy_loss") as inner:
        z = cast(_given(multi_class_labels, "multi_class_labels"), x.dtype)
        x.get_shape().assert_is_compatible_with(z.get_shape())
        if label_smoothing > 0:
            z = z * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=z, logits=x, name="xentropy")
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean softmax cross entropy of rows; `label_smoothing` moves labels towards 1/classes.

    onehot_labels, logits: [n, classes]; weights: a number or [n].

    Raises:
        ValueError: shapes differ, or weights do not fit.
    """
    x = _given(logits, "logits")
    with x.graph.name_scope(scope or "softmax_cross_entropy_loss") as inner:
        z = cast(_given(onehot_labels, "onehot_labels"), x.dtype)
        x.get_shape().assert_is_compatible_with(z.get_shape())
        if label_smoothing > 0:
            classes = cast(shape(z)[1], x.dtype)
            z = z * (1.0 - label_smoothing) + label_smoothing / classes
        losses = softmax_cross_entropy_with_logits_v2(
            labels=stop_gradient(z), logits=x, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean softmax cross entropy of rows with class numbers for labels.

    labels: int [n] or [n, 1]; logits: [n, classes]; weights: a number, [n] or [n, 1].

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     loss = tf.losses.sparse_softmax_cross_entropy([0, 1], [[0.0, 0.0], [0.0, 0.0]])
    ...     print(loss.name, sess.run(loss))
    sparse_softmax_cross_entropy_loss/value:0 0.6931472
    """
    x = _given(logits, "logits")
    with x.graph.name_scope(scope or "sparse_softmax_cross_entropy_loss") as inner:
        rank = None if x.spec.dims is None else len(x.spec.dims) - 1
        z = squeeze_to(_given(labels, "labels"), rank)
        losses = sparse_softmax_cross_entropy_with_logits(labels=z, logits=x, name="xentropy")
        if is_graph_value(weights) or not isinstance(weights, int | float):
            weights = squeeze_to(convert_to_tensor(weights), rank)
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def _given(value: Any, name: str) -> Tensor:
    if value is None:
        raise ValueError(f"{name} must not be None.")
    return convert_to_tensor(value)


def add_loss(loss: Any, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Keep a loss of one's own in the collection; None keeps it nowhere."""
    if loss_collection:
        loss.graph.add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Tensor]:
    """The losses in the collection."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Tensor]:
    """The losses that regularizers of variables gave."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Tensor:
    """The sum of the regularizers' losses, 0 if there are none."""
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Tensor:
    """The sum of all losses, by default with those of regularizers.

    Raises:
        ValueError: there are none.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses = losses + get_regularization_losses(scope)
    return add_n(losses, name=name)


__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]
