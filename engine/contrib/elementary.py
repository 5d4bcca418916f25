"""``tf.contrib.layers``'s layers with few variables or none: biases, maxout, unit length."""

from __future__ import annotations

from typing import Any

from engine.contrib.arg_scopes import add_arg_scope
from engine.contrib.model_variables import collect_output, collect_variable, model_variable
from engine.graph import Tensor
from engine.initializers import Zeros
from engine.ops import activations, biases
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import sqrt, square
from engine.ops.joining import concat
from engine.ops.reductions import reduce_max, reduce_sum
from engine.ops.shaping import reshape
from engine.ops.sizes import shape
from engine.variable_scope import variable_scope


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Any = None,
    initializer: Any = Zeros,
    regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """Inputs plus a new variable ``biases`` along their last axis.

    Raises:
        ValueError: the size of the last axis is not known.
    """
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse):
        x = convert_to_tensor(inputs)
        dims = x.spec.dims
        if dims is None or dims[-1] is None:
            raise ValueError("`C` dimension must be known but is None")
        start = initializer() if isinstance(initializer, type) else initializer
        variable = model_variable(
            "biases", [dims[-1]], x.dtype.base_dtype, start, regularizer, trainable
        )
        collect_variable(variable, variables_collections, "biases")
        outputs = biases.bias_add(x, variable)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_output(outputs, outputs_collections)


@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: str | None = None) -> Tensor:
    """The largest of each group of features: `num_units` groups along `axis`.

    Raises:
        ValueError: the number of features is no multiple of `num_units`.

    Source: Goodfellow et al., *Maxout Networks*, 2013; ``tf.contrib.layers.maxout``.
    """
    x = convert_to_tensor(inputs)
    with x.graph.name_scope(scope or "MaxOut"):
        dims = x.get_shape().as_list()
        where = axis % len(dims)
        count = dims[where]
        if count is None or count % num_units:
            raise ValueError(
                f"number of features({count}) is not a multiple of num_units({num_units})"
            )
        sizes = shape(x)
        groups = [num_units, count // num_units]
        grouped = reshape(x, concat([sizes[:where], groups, sizes[where + 1 :]], 0))
        outputs = reduce_max(grouped, where + 1)
        outputs.set_shape([*dims[:where], num_units, *dims[where + 1 :]])
        return outputs


@add_arg_scope
def softmax(logits: Any, scope: str | None = None) -> Tensor:
    """The softmax over the last axis, of logits of any rank."""
    x = convert_to_tensor(logits)
    with x.graph.name_scope(scope or "softmax"):
        return activations.softmax(x)


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: str | None = None) -> Tensor:
    """Inputs divided by their length along axis `dim`."""
    x = convert_to_tensor(inputs)
    with x.graph.name_scope(scope or "UnitNorm"):
        return x / sqrt(epsilon + reduce_sum(square(x), dim, keep_dims=True))
