"""Losses: cross entropies and the L2 norm."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.activations import log_softmax, relu, softmax
from engine.ops.arithmetic import add
from engine.ops.casting import stop_gradient
from engine.ops.choosing import where
from engine.ops.comparisons import logical_and
from engine.ops.constants import convert_to_tensor, make
from engine.ops.elementwise import exp, log, log1p, ones_like, zeros_like
from engine.ops.reductions import reduce_sum
from engine.ops.rowwise import BY_ROWS, lower_row_maximum, lower_row_sum
from engine.ops.shaping import expand_dims, reshape, transpose
from engine.ops.sizes import shape
from engine.shapes import ShapeError, broadcast, merge, normalize_axis, with_rank


class SoftmaxCrossEntropyWithLogits(Op):
    """Outputs: -sum(labels * log_softmax(logits)) by row, and its gradient for the logits."""

    def infer(self, logits: Spec, labels: Spec) -> tuple[Spec, Spec]:
        if logits.dtype is not labels.dtype:
            raise TypeError(
                f"Input 'labels' of '{self.type}' Op has type {labels.dtype.name} that does "
                f"not match type {logits.dtype.name} of argument 'features'."
            )
        dims = with_rank(broadcast(logits.dims, labels.dims), 2)
        return Spec(logits.dtype, dims[:1]), Spec(logits.dtype, dims)

    def numpy(self, logits: Array, labels: Array) -> tuple[Array, Array]:
        shifted = logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)
        powers = np.exp(shifted)
        total = powers.sum(axis=-1, keepdims=True, dtype=logits.dtype)
        # A label of 0 must hide a logit of -inf.
        terms = np.where(labels == 0, logits.dtype.type(0), labels * (np.log(total) - shifted))
        return terms.sum(axis=-1, dtype=logits.dtype), powers / total - labels

    def lower(self, b: Any, out: Any, logits: Any, labels: Any) -> None:
        loss, gradient = out
        dims = (*logits.dims[:-1], 1)
        row = b.scratch(dims, logits.dtype, "row")
        work = gradient or b.scratch(logits.dims, logits.dtype)
        lower_row_maximum(b, logits, row)
        b.ufunc(np.subtract, logits, row, work)
        if loss is not None:
            shifted = b.scratch(logits.dims, logits.dtype, "shifted")
            b.call(np.copyto, shifted, work, writes=shifted)
        b.ufunc(np.exp, work, work)
        lower_row_sum(b, work, row)
        if gradient is not None:
            b.ufunc(np.true_divide, work, row, gradient)
            b.ufunc(np.subtract, gradient, labels, gradient)
        if loss is not None:
            b.ufunc(np.log, row, row)
            b.ufunc(np.subtract, row, shifted, shifted)
            b.call(weighted_row_sum, shifted, labels, loss, writes=loss)

    def xla(self, jnp: Any, logits: Any, labels: Any) -> Any:
        shifted = logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)
        total = jnp.exp(shifted).sum(axis=-1, keepdims=True)
        terms = jnp.where(labels == 0, 0, labels * (jnp.log(total) - shifted))
        return terms.sum(axis=-1), jnp.exp(shifted) / total - labels

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], logits: Tensor, labels: Tensor
    ) -> tuple[Any, ...]:
        # Output 1 already is the gradient; only a second derivative reaches dys[1].
        dloss, dgradient = dys

        def for_logits() -> Tensor:
            total = expand_dims(dloss, -1) * ys[1] if dloss is not None else None
            if dgradient is None:
                assert total is not None
                return total
            p = softmax(logits)
            extra = (dgradient - reduce_sum(dgradient * p, -1, keep_dims=True)) * p
            return extra if total is None else total + extra

        def for_labels() -> Tensor | None:
            if dloss is None:
                return None
            return expand_dims(dloss, -1) * -log_softmax(logits)

        return for_logits, for_labels


def weighted_row_sum(terms: Array, weights: Array, out: Array) -> None:
    """sum(weights * terms) by row into `out`, where a weight of 0 hides an infinity."""
    np.einsum("ij,ij->i", terms, weights, out=out)
    if not np.isfinite(out).all():
        np.add.reduce(np.where(weights == 0, terms.dtype.type(0), weights * terms), -1, None, out)


class SparseSoftmaxCrossEntropyWithLogits(Op):
    """The same with class numbers for labels; outputs: loss by row, gradient for the logits."""

    def infer(self, logits: Spec, labels: Spec) -> tuple[Spec, Spec]:
        if not labels.dtype.is_integer:
            raise TypeError(
                f"Value passed to parameter 'labels' has DataType {labels.dtype.name} not in "
                "list of allowed values: int32, int64"
            )
        dims = with_rank(logits.dims, 2)
        rows = merge(with_rank(labels.dims, 1), dims[:1])
        assert rows is not None
        return Spec(logits.dtype, rows), Spec(logits.dtype, (*rows, dims[1]))

    def numpy(self, logits: Array, labels: Array) -> tuple[Array, Array]:
        n, classes = logits.shape
        _check_labels(labels, classes)
        shifted = logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)
        powers = np.exp(shifted)
        total = powers.sum(axis=-1, keepdims=True, dtype=logits.dtype)
        gradient = powers / total
        rows = np.arange(n)
        gradient[rows, labels] -= 1
        return np.log(total[:, 0]) - shifted[rows, labels], gradient

    def lower(self, b: Any, out: Any, logits: Any, labels: Any) -> None:
        loss, gradient = out
        row = b.scratch((*logits.dims[:-1], 1), logits.dtype, "row")
        work = gradient or b.scratch(logits.dims, logits.dtype)
        b.effect(_check_labels, labels, logits.dims[1])
        lower_row_maximum(b, logits, row)
        b.ufunc(np.subtract, logits, row, work)
        if loss is not None:
            chosen = b.scratch(loss.dims, loss.dtype, "chosen")
            b.call(chosen_of_rows, work, labels, chosen, writes=chosen)
        b.ufunc(np.exp, work, work)
        lower_row_sum(b, work, row)
        if gradient is not None:
            b.ufunc(np.true_divide, work, row, gradient)
            b.call(less_one_at_chosen, gradient, labels, gradient, writes=gradient)
        if loss is not None:
            b.ufunc(np.log, row, row)
            b.ufunc(np.subtract, b.view(row, lambda array: array.reshape(-1)), chosen, loss)

    def xla(self, jnp: Any, logits: Any, labels: Any) -> Any:
        shifted = logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)
        total = jnp.exp(shifted).sum(axis=-1, keepdims=True)
        hot = labels[:, None] == jnp.arange(logits.shape[1])
        loss = jnp.log(total[:, 0]) - (shifted * hot).sum(axis=-1)
        return loss, jnp.exp(shifted) / total - hot

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], logits: Tensor, labels: Tensor
    ) -> tuple[Any, ...]:
        dloss, dgradient = dys

        def for_logits() -> Tensor:
            total = expand_dims(dloss, -1) * ys[1] if dloss is not None else None
            if dgradient is None:
                assert total is not None
                return total
            p = softmax(logits)
            extra = (dgradient - reduce_sum(dgradient * p, -1, keep_dims=True)) * p
            return extra if total is None else total + extra

        return for_logits, None


def _check_labels(labels: Array, classes: int) -> None:
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"Received a label value of {labels[(labels < 0) | (labels >= classes)][0]} "
            f"which is outside the valid range of [0, {classes})"
        )


def chosen_of_rows(x: Array, labels: Array, out: Array) -> None:
    """The element of each row [n, classes] that its label [n] chooses into `out` [n]."""
    out[:] = x[_numbers(labels.size), labels]


def less_one_at_chosen(x: Array, labels: Array, out: Array) -> None:
    """One less at the element of each row of `x` that its label chooses; `out` is `x`."""
    out[_numbers(labels.size), labels] -= 1


setattr(chosen_of_rows, BY_ROWS, True)
setattr(less_one_at_chosen, BY_ROWS, True)


@lru_cache(maxsize=64)
def _numbers(count: int) -> Array:
    return np.arange(count)


class L2Loss(Op):
    """sum(x * x) / 2."""

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, ())

    def numpy(self, x: Array) -> Array:
        flat = x.ravel()
        return np.dot(flat, flat) * x.dtype.type(0.5)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.sum(x * x) / 2

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (x * dy,)


def _named_only(what: str, sentinel: Any, labels: Any, logits: Any) -> tuple[Any, Any]:
    if sentinel is not None and logits is None and labels is not None:
        # 0.x: positional (logits, labels); the first lands in `_sentinel`.
        return labels, sentinel
    if labels is None or logits is None:
        raise ValueError(
            misuse(
                f"Both labels and logits must be provided for {what}.",
                (),
                f"tf.nn.{what}(labels=..., logits=...)",
            )
        )
    return labels, logits


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
) -> Tensor:
    """-sum(labels * log_softmax(logits)) along `dim`; no gradient flows to the labels.

    labels, logits: float [..., classes]; the result has no class axis. Positional arguments are
    0.x's order: logits, labels.

    Raises:
        ValueError: shapes differ, or one of both is missing.

    Source: ``tf.nn.softmax_cross_entropy_with_logits`` of TensorFlow 1.
    """
    labels, logits = _named_only("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    tensor = convert_to_tensor(logits)
    with tensor.graph.name_scope(name or "softmax_cross_entropy_with_logits_sg") as scope:
        fixed = stop_gradient(
            convert_to_tensor(labels, tensor.dtype.base_dtype), "labels_stop_gradient"
        )
        return _cross_entropy(tensor, fixed, dim, scope)


def softmax_cross_entropy_with_logits_v2(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    axis: int | None = None,
    name: str | None = None,
    dim: int | None = None,
) -> Tensor:
    """The same, with gradients for the labels too."""
    labels, logits = _named_only("softmax_cross_entropy_with_logits_v2", _sentinel, labels, logits)
    where_ = next((value for value in (axis, dim) if value is not None), -1)
    tensor = convert_to_tensor(logits)
    with tensor.graph.name_scope(name or "softmax_cross_entropy_with_logits") as scope:
        return _cross_entropy(
            tensor, convert_to_tensor(labels, tensor.dtype.base_dtype), where_, scope
        )


def _cross_entropy(logits: Tensor, labels: Tensor, axis: int, scope: str) -> Tensor:
    try:
        dims = broadcast(logits.spec.dims, labels.spec.dims)
    except ShapeError as error:
        raise ValueError(
            misuse(
                "logits and labels must be broadcastable: "
                f"logits_size={list(logits.spec.dims or ())} "
                f"labels_size={list(labels.spec.dims or ())}",
                [f"logits made at {logits.op.origin}", f"labels made at {labels.op.origin}"],
                "one column a class in both, as tf.one_hot(numbers, classes) gives",
            )
        ) from error
    for given in (logits, labels):
        if given.spec.dims is not None:
            normalize_axis(axis, len(given.spec.dims))
    if dims is not None and axis not in (-1, len(dims) - 1):
        order = list(range(len(dims)))
        order[axis], order[-1] = order[-1], order[axis]
        logits, labels = transpose(logits, order), transpose(labels, order)
    kind = SoftmaxCrossEntropyWithLogits()
    # The last reshape is there for its name, by which scripts find the loss; a plan drops it.
    if logits.spec.dims is not None and len(logits.spec.dims) == 2:
        loss = logits.graph.create_op(kind, (logits, labels), scope).outputs[0]
        result = reshape(loss, [-1], "Reshape_2")
    else:
        classes = None if logits.spec.dims is None else logits.spec.dims[-1]
        width = shape(logits)[-1] if classes is None else classes
        flat = [reshape(x, [-1, width]) for x in (logits, labels)]
        loss = logits.graph.create_op(kind, flat, scope).outputs[0]
        result = reshape(loss, shape(logits)[:-1], "Reshape_2")
    if logits.spec.dims is not None:
        result.set_shape(logits.spec.dims[:-1])
    return result


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """-log_softmax(logits) at the class number of each row.

    labels: int32 or int64 [...]; logits: float [..., classes]; the result has the labels' shape.

    Raises:
        ValueError: ranks do not fit. At run InvalidArgumentError for a label outside the classes.
    """
    what = "sparse_softmax_cross_entropy_with_logits"
    labels, logits = _named_only(what, _sentinel, labels, logits)
    x, numbers = convert_to_tensor(logits), convert_to_tensor(labels)
    if (
        x.spec.dims is not None
        and numbers.spec.dims is not None
        and len(x.spec.dims) != len(numbers.spec.dims) + 1
    ):
        raise ValueError(
            misuse(
                f"Rank mismatch: Rank of labels (received {len(numbers.spec.dims)}) should equal "
                f"rank of logits minus 1 (received {len(x.spec.dims)}).",
                [f"logits made at {x.op.origin}", f"labels made at {numbers.op.origin}"],
                "class numbers [batch]; labels in one-hot rows go to "
                "softmax_cross_entropy_with_logits",
            )
        )
    kind = SparseSoftmaxCrossEntropyWithLogits()
    with x.graph.name_scope(name or "SparseSoftmaxCrossEntropyWithLogits"):
        if x.spec.dims is not None and len(x.spec.dims) == 2:
            # As in TensorFlow, whose operation repeats the scope's name inside of it.
            return x.graph.create_op(kind, (x, numbers), name).outputs[0]
        width = shape(x)[-1] if x.spec.dims is None else x.spec.dims[-1]
        flat = (reshape(x, [-1, width]), reshape(numbers, [-1]))
        return reshape(x.graph.create_op(kind, flat, None).outputs[0], shape(numbers))


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Tensor:
    """max(x, 0) - x * z + log(1 + exp(-|x|)) element by element, for logits x and labels z.

    Raises:
        ValueError: shapes differ, or one of both is missing.
    """
    labels = targets if labels is None else labels
    labels, logits = _named_only("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    x = convert_to_tensor(logits)
    with x.graph.name_scope(name or "logistic_loss") as scope:
        z = convert_to_tensor(labels, x.dtype.base_dtype)
        _same_shape(x, z, "logits and labels")
        zeros = zeros_like(x)
        positive = x >= zeros
        below = where(positive, -x, x)
        return add(where(positive, x, zeros) - x * z, log1p(exp(below)), name=scope)


def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Tensor:
    """The sigmoid cross entropy in which a positive label counts `pos_weight` times.

    (1 - z) * x + (1 + (pos_weight - 1) * z) * log(1 + exp(-x)) for logits x and labels z.

    Raises:
        ValueError: shapes differ, or one of both is missing.
    """
    what = "weighted_cross_entropy_with_logits"
    labels, logits = _named_only(what, None, targets if labels is None else labels, logits)
    x = convert_to_tensor(logits)
    with x.graph.name_scope(name or "logistic_loss") as scope:
        z = convert_to_tensor(labels, x.dtype.base_dtype)
        _same_shape(x, z, "logits and targets")
        weight = 1.0 + (pos_weight - 1.0) * z
        below = log1p(exp(-abs(x))) + relu(-x)
        return add((1.0 - z) * x, weight * below, name=scope)


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """exp(c) - z * c for the log-prediction c of a Poisson count z.

    With `compute_full_loss` Stirling's approximation of log(z!) is added for z above 1.

    Raises:
        ValueError: shapes differ.
    """
    c = convert_to_tensor(log_input, name="log_input")
    with c.graph.name_scope(name or "log_poisson_loss"):
        z = convert_to_tensor(targets, c.dtype.base_dtype, "targets")
        _same_shape(c, z, "log_input and targets")
        result = exp(c) - c * z
        if not compute_full_loss:
            return result
        small = logical_and(z >= zeros_like(z), z <= ones_like(z))
        # Also where it is not taken the logarithm is computed, so not of 0.
        large = where(small, ones_like(z), z)
        factorial = large * log(large) - large + 0.5 * log(2 * math.pi * large)
        return result + where(small, zeros_like(z), factorial)


def _same_shape(x: Tensor, z: Tensor, what: str) -> None:
    try:
        merge(x.spec.dims, z.spec.dims)
    except ShapeError as error:
        first, _, second = what.partition(" and ")
        raise ValueError(
            misuse(
                f"{what} must have the same shape ({x.get_shape()} vs {z.get_shape()})",
                [f"{first} made at {x.op.origin}", f"{second} made at {z.op.origin}"],
            )
        ) from error


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """sum(t * t) / 2, a scalar."""
    return make(L2Loss(), (convert_to_tensor(t),), name)


OPS = (SoftmaxCrossEntropyWithLogits, SparseSoftmaxCrossEntropyWithLogits, L2Loss)
