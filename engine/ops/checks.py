"""Assertions: checks of tensors in the run, and at once where everything is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, bool_
from engine.errors import InvalidArgumentError
from engine.graph import Operation, Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.comparisons import equal, greater, greater_equal, less, less_equal, not_equal
from engine.ops.constants import convert_to_tensor, graph_of
from engine.ops.control import no_op
from engine.ops.reductions import reduce_all
from engine.ops.sizes import rank
from engine.shapes import ShapeError, TensorShape, compatible, in_parentheses, merge

_SHOWN = 3
"""Elements of each tensor that a failed assertion shows."""


@declared
class AssertTrue(Op):
    """Nothing, where the first input is true; an error that shows the others where not."""

    summarize: int

    stateful = True

    @property
    def type(self) -> str:
        return "Assert"

    def infer(self, condition: Spec, *data: Spec) -> tuple[Spec, ...]:
        if condition.dtype is not bool_:
            raise TypeError(f"An assertion needs a bool, not {condition.dtype.name}")
        return ()

    def run(self, state: Any, op: Any, condition: Array, *data: Array) -> tuple[Any, ...]:
        if not np.all(condition):
            shown = " ".join(f"[{summary(array, self.summarize)}]" for array in data)
            raise InvalidArgumentError(str(op), op, f"assertion failed: {shown}")
        return ()


def summary(array: Any, count: int) -> str:
    """The first elements of an array, as TensorFlow prints them: ``1 2 3...``."""
    flat = np.asarray(array).ravel()
    kept = flat if count < 0 else flat[:count]
    items = [
        item.decode("utf-8", "replace") if isinstance(item, bytes) else f"{item}"
        for item in kept.tolist()
    ]
    return " ".join(items) + ("..." if len(kept) < len(flat) else "")


def Assert(  # noqa: N802 - TensorFlow's name
    condition: Any, data: Sequence[Any], summarize: int | None = None, name: str | None = None
) -> Operation:
    """An operation that, run, raises an error showing `data` unless `condition` holds.

    It runs where something waits for it: ``with tf.control_dependencies([check])``.

    Raises:
        InvalidArgumentError: in the run; at once where the condition is known to be false.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32)
    ...     with tf.control_dependencies([tf.Assert(x > 0.0, ["not positive:", x])]):
    ...         y = tf.log(x)
    ...     try:
    ...         sess.run(y, {x: -1.0})
    ...     except tf.errors.InvalidArgumentError as error:
    ...         print(error)
    assertion failed: [not positive:] [-1.0]
    """
    with graph_of(condition, *data).as_default() as graph, graph.name_scope(name or "Assert"):
        flag = convert_to_tensor(condition, name="condition")
        items = [convert_to_tensor(item) for item in data]
        count = _SHOWN if summarize is None else summarize
        return graph.create_op(AssertTrue(count), (flag, *items), "Assert")


def _check(
    holds: Tensor,
    message: Any,
    standard: str,
    shown: Sequence[tuple[str, Tensor]],
    summarize: int | None,
    data: Sequence[Any] | None,
) -> Operation:
    """An assertion that all elements of `holds` are true; decided at once where they are known."""
    known = holds.constant_value()
    text = f"{message or ''}{' ' if message else ''}{standard}"
    if known is not None:
        if known.all():
            return no_op("static_checks_determined_all_ok")
        values = "\n".join(f"{label} = {x.constant_value()}" for label, x in shown)
        raise InvalidArgumentError(None, holds.op, f"{text}\n{values}")
    if data is None:
        data = [text]
        for label, x in shown:
            data += [f"{label} ({x.name}) = ", x]
    return Assert(reduce_all(holds), data, summarize)


def _pair(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(x, Tensor) and isinstance(y, Tensor):
        second = convert_to_tensor(y)
        return convert_to_tensor(x, second.dtype.base_dtype), second
    first = convert_to_tensor(x, name="x")
    kind = None if isinstance(y, Tensor) or hasattr(y, "as_tensor") else first.dtype.base_dtype
    return first, convert_to_tensor(y, kind, "y")


def _compared(
    compare: Callable[[Any, Any], Tensor],
    words: str,
    x: Any,
    y: Any,
    data: Any,
    summarize: int | None,
    message: Any,
    name: str,
) -> Operation:
    with graph_of(x, y).as_default() as graph, graph.name_scope(name):
        first, second = _pair(x, y)
        return _check(
            compare(first, second),
            message,
            f"Condition x {words} y did not hold element-wise:",
            [("x", first), ("y", second)],
            summarize,
            data,
        )


def assert_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_equal",
) -> Operation:
    """An operation that checks x == y in every element."""
    return _compared(equal, "==", x, y, data, summarize, message, name)


def assert_none_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_none_equal",
) -> Operation:
    """An operation that checks x != y in every element."""
    return _compared(not_equal, "!=", x, y, data, summarize, message, name)


def assert_less(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_less",
) -> Operation:
    """An operation that checks x < y in every element."""
    return _compared(less, "<", x, y, data, summarize, message, name)


def assert_less_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_less_equal",
) -> Operation:
    """An operation that checks x <= y in every element."""
    return _compared(less_equal, "<=", x, y, data, summarize, message, name)


def assert_greater(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_greater",
) -> Operation:
    """An operation that checks x > y in every element."""
    return _compared(greater, ">", x, y, data, summarize, message, name)


def assert_greater_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_greater_equal",
) -> Operation:
    """An operation that checks x >= y in every element."""
    return _compared(greater_equal, ">=", x, y, data, summarize, message, name)


def _against_zero(
    compare: Callable[[Any, Any], Tensor],
    words: str,
    x: Any,
    data: Any,
    summarize: int | None,
    message: Any,
    name: str,
) -> Operation:
    with graph_of(x).as_default() as graph, graph.name_scope(name):
        tensor = convert_to_tensor(x, name="x")
        zero = convert_to_tensor(0, tensor.dtype.base_dtype)
        return _check(
            compare(tensor, zero),
            message,
            f"Condition x {words} 0 did not hold element-wise:",
            [("x", tensor)],
            summarize,
            data,
        )


def assert_positive(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_positive",
) -> Operation:
    """An operation that checks x > 0 in every element."""
    return _against_zero(greater, ">", x, data, summarize, message, name)


def assert_negative(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_negative",
) -> Operation:
    """An operation that checks x < 0 in every element."""
    return _against_zero(less, "<", x, data, summarize, message, name)


def assert_non_negative(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_non_negative",
) -> Operation:
    """An operation that checks x >= 0 in every element."""
    return _against_zero(greater_equal, ">=", x, data, summarize, message, name)


def assert_non_positive(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_non_positive",
) -> Operation:
    """An operation that checks x <= 0 in every element."""
    return _against_zero(less_equal, "<=", x, data, summarize, message, name)


def _ranked(
    holds: Callable[[int, int], bool],
    compare: Callable[[Any, Any], Tensor],
    words: str,
    x: Any,
    wanted: Any,
    data: Any,
    summarize: int | None,
    message: Any,
    name: str,
) -> Operation:
    with graph_of(x).as_default() as graph, graph.name_scope(name):
        tensor = convert_to_tensor(x, name="x")
        number = convert_to_tensor(wanted, name="rank")
        known, dims = number.constant_value(), tensor.spec.dims
        text = f"{message or ''}{' ' if message else ''}Tensor {tensor.name} must have rank"
        if known is not None and known.ndim:
            raise ValueError(f"Rank must be a scalar, got shape {known.shape}")
        if known is not None and dims is not None:
            if holds(len(dims), int(known)):
                return no_op("static_checks_determined_all_ok")
            raise ValueError(
                f"{text}{words} {int(known)}.  Received rank {len(dims)}, shape {TensorShape(dims)}"
            )
        shown = [f"{text}{words}", number, "Received rank: ", rank(tensor)]
        return Assert(compare(rank(tensor), number), data or shown, summarize)


def assert_rank(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_rank",
) -> Operation:
    """An operation that checks x's rank; ValueError at once where it is known to be another."""
    return _ranked(int.__eq__, equal, "", x, rank, data, summarize, message, name)


def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str = "assert_rank_at_least",
) -> Operation:
    """An operation that checks that x has this rank or a higher one."""
    return _ranked(int.__ge__, greater_equal, " at least", x, rank, data, summarize, message, name)


def assert_type(
    tensor: Any, tf_type: Any, message: Any = None, name: str = "assert_type"
) -> Operation:
    """Nothing to run: TypeError at once where the tensor has another type."""
    x = convert_to_tensor(tensor)
    wanted: DType = as_dtype(tf_type)
    if x.dtype.base_dtype is not wanted.base_dtype:
        text = f"{message or ''}{' ' if message else ''}"
        raise TypeError(f"{text}{x.name} must be of type {wanted!r}, but it is {x.dtype!r}")
    with x.graph.as_default(), x.graph.name_scope(name):
        return no_op("statically_determined_correct_type")


def assert_scalar(tensor: Any, name: str | None = None, message: Any = None) -> Tensor:
    """The tensor, of rank 0.

    Raises:
        ValueError: it is known to have another rank.
    """
    x = convert_to_tensor(tensor)
    if x.spec.dims not in (None, ()):
        text = f"{message or ''}{' ' if message else ''}"
        raise ValueError(f"{text}Expected scalar shape, saw shape: {x.get_shape()}.")
    return x


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """x, with a check in the run that it has this shape, of which sizes may be None.

    Raises:
        ValueError: it is known to have another one.
    """
    tensor = convert_to_tensor(x)
    dims = TensorShape(shape).dims
    wanted = None if dims is None else tuple(TensorShape(shape).as_list())
    return tensor.graph.create_op(EnsureShape(wanted), (tensor,), name).outputs[0]


@declared
class EnsureShape(Op):
    """The same value, if it has the shape."""

    shape: tuple[int | None, ...] | None

    def infer(self, x: Spec) -> Spec:
        if not compatible(x.dims, self.shape):
            raise ShapeError(
                f"Shape of tensor {in_parentheses(x.dims)} is not compatible with expected shape "
                f"{in_parentheses(self.shape)}"
            )
        return Spec(x.dtype, merge(x.dims, self.shape))

    def numpy(self, x: Array) -> Array:
        self.infer(Spec(as_dtype(x.dtype), x.shape))
        return x

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy,)


OPS = (AssertTrue, EnsureShape)
