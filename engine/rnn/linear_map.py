"""0.x's linear map of several inputs at once, which scripts took for cells of their own."""

from __future__ import annotations

from typing import Any

from engine.initializers import constant_initializer
from engine.ops.biases import bias_add
from engine.ops.constants import convert_to_tensor
from engine.ops.joining import concat
from engine.ops.linear import matmul
from engine.variable_scope import get_variable, variable_scope


def linear(
    args: Any, output_size: int, bias: bool, bias_start: float = 0.0, scope: Any = None
) -> Any:
    """The sum of ``args[i] @ W[i]`` and a bias, [batch, output_size].

    args: one tensor [batch, n] or a list of them. The variables are ``Matrix`` and ``Bias`` in
    `scope`, ``Linear`` if none is given.

    Raises:
        ValueError: there are no args, or one is no matrix of known width.

    Source: ``_linear`` of 0.x's ``tensorflow/python/ops/rnn_cell.py``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     linear([tf.ones([3, 2]), tf.ones([3, 5])], 4, True).get_shape().as_list()
    [3, 4]
    """
    tensors = [convert_to_tensor(x) for x in (args if isinstance(args, list | tuple) else [args])]
    if not tensors:
        raise ValueError("`args` must be specified")
    for x in tensors:
        dims = x.get_shape()
        if dims.ndims != 2 or dims[1].value is None:
            raise ValueError(f"Linear expects args [batch, n] with a known n, got {dims}")
    width = sum(int(x.get_shape()[1]) for x in tensors)
    dtype = tensors[0].dtype.base_dtype
    with variable_scope(scope or "Linear"):
        matrix = get_variable("Matrix", [width, output_size], dtype)
        joined = tensors[0] if len(tensors) == 1 else concat(tensors, 1)
        product = matmul(joined, matrix)
        if not bias:
            return product
        start = constant_initializer(bias_start, dtype=dtype)
        return bias_add(product, get_variable("Bias", [output_size], dtype, start))
