"""Values that are checked in the run: NaN and infinity, order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.graph import Operation, Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import identity
from engine.ops.comparisons import less, less_equal
from engine.ops.constants import const_node, convert_to_tensor, make
from engine.ops.control import group
from engine.ops.reductions import reduce_all
from engine.ops.shaping import reshape


@declared
class CheckNumerics(Op):
    """The same value; a run in which it is not finite fails with the message."""

    message: str

    stateful = True
    """So that it is looked at though nothing uses its result."""

    def infer(self, tensor: Spec) -> Spec:
        if not tensor.dtype.is_floating:
            raise TypeError(
                f"Value passed to parameter 'tensor' has DataType {tensor.dtype.name} not in list "
                "of allowed values: float16, float32, float64"
            )
        return Spec(tensor.dtype, tensor.dims)

    def run(self, state: Any, op: Any, tensor: Array) -> Array:
        return self.numpy(tensor)

    def numpy(self, tensor: Array) -> Array:
        if not np.isfinite(tensor).all():
            kinds = [
                name
                for name, found in (("NaN", np.isnan(tensor)), ("Inf", np.isinf(tensor)))
                if np.any(found)
            ]
            raise ValueError(f"{self.message} : Tensor had {' and '.join(kinds)} values")
        return tensor

    def grad(self, y: Tensor, dy: Tensor, tensor: Tensor) -> tuple[Any, ...]:
        problem = "Not a number (NaN) or infinity (Inf) values detected in gradient."
        return (lambda: check_numerics(dy, f"{problem} {self.message}"),)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """`tensor`, float; a run in which it has NaN or infinity in it fails with `message`.

    Raises (at run): InvalidArgumentError "`message` : Tensor had NaN values", "Inf values" or
    "NaN and Inf values".

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32)
    ...     y = tf.check_numerics(tf.log(x), "the log")
    ...     try:
    ...         sess.run(y, {x: [1.0, 0.0]})
    ...     except tf.errors.InvalidArgumentError as error:
    ...         print(error.message.split("\\n")[0])
    the log : Tensor had Inf values
    """
    return make(CheckNumerics(message), (convert_to_tensor(tensor),), name)


def add_check_numerics_ops() -> Operation:
    """An operation that, run, checks every float tensor of the default graph for NaN and infinity.

    They are checked in the order in which they were made, so that the first bad one is named: its
    inputs were well. Every placeholder has to be fed.

    Raises (at run): InvalidArgumentError "<tensor's name> : Tensor had NaN values".

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     loss = tf.log(tf.constant(0.0), name="loss") * 2.0
    ...     check = tf.add_check_numerics_ops()
    ...     try:
    ...         sess.run([loss, check])
    ...     except tf.errors.InvalidArgumentError as error:
    ...         print(error.message.split("\\n")[0])
    loss:0 : Tensor had Inf values
    """
    graph = get_default_graph()
    checked: list[Tensor] = []
    for op in graph.get_operations():
        for tensor in op.outputs:
            if tensor.dtype.is_floating and not tensor.dtype.is_ref:
                with graph.control_dependencies(checked):
                    checked = [check_numerics(tensor, tensor.name)]
    return group(*checked)


def verify_tensor_all_finite(
    t: Any = None, msg: str | None = None, name: str | None = None, x: Any = None,
    message: str | None = None,
) -> Tensor:  # fmt: skip
    """`t` (later `x`) itself; a run in which it is not finite fails with `msg` (`message`)."""
    tensor = convert_to_tensor(t if x is None else x, name="x")
    graph = tensor.graph
    with graph.name_scope(name or "VerifyFinite"), graph.colocate_with(tensor):
        check = check_numerics(tensor, (msg if message is None else message) or "")
        with graph.control_dependencies([check]):
            return identity(tensor, "control_dependency")


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers, not of truths or strings."""
    return isinstance(tensor, Tensor) and tensor.dtype.is_numeric


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """bool: whether no element of `x`, read row by row, is less than the one before it.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     bool(sess.run(tf.is_non_decreasing([1, 2, 2])))
    True
    """
    return _ordered(x, less_equal, name or "is_non_decreasing")


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """bool: whether each element of `x`, read row by row, is more than the one before it."""
    return _ordered(x, less, name or "is_strictly_increasing")


def _ordered(x: Any, compare: Callable[[Any, Any], Tensor], name: str) -> Tensor:
    tensor = convert_to_tensor(x, name="x")
    with tensor.graph.as_default() as graph, graph.name_scope(name):
        flat = reshape(tensor, [-1])
        steps = flat[1:] - flat[:-1]
        zero = const_node(np.zeros((), steps.dtype.np), "zero")
        return reduce_all(compare(zero, steps))


OPS = (CheckNumerics,)
