"""``tf.contrib.layers``'s normalizations."""

from __future__ import annotations

from typing import Any

from engine.contrib.arg_scopes import add_arg_scope
from engine.contrib.model_variables import collect_output, collect_variable, renaming
from engine.contrib.weighted import axes_name
from engine.dtypes import float16
from engine.errors import compose
from engine.graph import Tensor
from engine.initializers import Ones, Zeros
from engine.layers.normalization import BatchNormalization
from engine.ops.casting import identity
from engine.ops.constants import convert_to_tensor
from engine.ops.normalization import batch_normalization, moments
from engine.ops.shaping import reshape
from engine.variable_scope import get_variable, variable_scope
from engine.variables import GraphKeys


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    param_initializers: Any = None,
    param_regularizers: Any = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_decay: float = 0.99,
    adjustment: Any = None,
) -> Tensor:
    """Inputs normalized by the batch in training, else by moving averages.

    Variables: beta, with `scale` gamma, moving_mean, moving_variance. The operations that move the
    averages go to `updates_collections`; with None they run before the result is given.

    Raises:
        ValueError: an option that is not there.

    Source: Ioffe & Szegedy, *Batch Normalization*, 2015; ``tf.contrib.layers.batch_norm``.
    """
    del renorm_clipping, renorm_decay
    if batch_weights is not None or zero_debias_moving_mean:
        raise ValueError(
            compose(
                "batch_norm: batch_weights and zero_debias_moving_mean are not supported",
                (),
                "plain batch normalization",
            )
        )
    starts, losses = param_initializers or {}, param_regularizers or {}
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse, custom_getter=renaming()) as sc:
        layer = BatchNormalization(
            1 if axes_name(data_format) == "channels_first" else -1,
            decay,
            epsilon,
            center,
            scale,
            starts.get("beta", Zeros),
            starts.get("gamma", Ones),
            starts.get("moving_mean", Zeros),
            starts.get("moving_variance", Ones),
            losses.get("beta"),
            losses.get("gamma"),
            renorm=renorm,
            fused=fused,
            trainable=trainable,
            adjustment=adjustment,
            name=sc.name,
            _scope=sc,
            _reuse=reuse,
        )
        layer.update_collection = None
        x = convert_to_tensor(inputs)
        outputs: Tensor = layer(x, training=is_training)
        for kind in ("beta", "gamma", "moving_mean", "moving_variance"):
            collect_variable(getattr(layer, kind), variables_collections, kind)
        if updates_collections is None:
            with x.graph.control_dependencies(layer.updates):
                outputs = identity(outputs)
        else:
            for update in layer.updates:
                x.graph.add_to_collections(updates_collections, update)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_output(outputs, outputs_collections)


@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Any = None,
    param_initializers: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Tensor:
    """Every channel of every image normalized by its own mean and variance.

    Variables: beta and gamma, a number a channel.

    Raises:
        ValueError: the rank or the number of channels is not known.

    Source: Ulyanov et al., *Instance Normalization*, 2016; ``tf.contrib.layers.instance_norm``.
    """
    starts = param_initializers or {}
    with variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse, custom_getter=renaming()):
        x = convert_to_tensor(inputs)
        dims = x.spec.dims
        if dims is None:
            raise ValueError(f"Inputs {x.name} has undefined rank.")
        channels = 1 if axes_name(data_format) == "channels_first" else len(dims) - 1
        if dims[channels] is None:
            raise ValueError(f"Inputs {x.name} has undefined channels dimension {x.get_shape()}.")
        sizes = [n if axis == channels else 1 for axis, n in enumerate(dims)]
        found: dict[str, Any] = {"beta": None, "gamma": None}
        for name, start, wanted in (("beta", Zeros(), center), ("gamma", Ones(), scale)):
            if wanted:
                variable = get_variable(
                    name,
                    [dims[channels]],
                    dtype=x.dtype.base_dtype,
                    initializer=starts.get(name, start),
                    trainable=trainable,
                )
                collect_variable(variable, variables_collections, name)
                found[name] = reshape(variable, sizes)
        axes = [axis for axis in range(1, len(dims)) if axis != channels]
        mean, variance = moments(x, axes, keep_dims=True)
        outputs = batch_normalization(x, mean, variance, found["beta"], found["gamma"], epsilon)
        outputs.set_shape(dims)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_output(outputs, outputs_collections)


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Tensor:
    """Every sample normalized by its own mean and variance over the axes from `begin_norm_axis`.

    Variables: beta and gamma, of the sizes from `begin_params_axis` on.

    Raises:
        ValueError: the rank or the parameters' sizes are not known.

    Source: Ba et al., *Layer Normalization*, 2016; ``tf.contrib.layers.layer_norm``.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse, custom_getter=renaming()):
        x = convert_to_tensor(inputs)
        dims = x.spec.dims
        if dims is None:
            raise ValueError(f"Inputs {x.name} has undefined rank.")
        first = begin_norm_axis % len(dims)
        sizes = dims[begin_params_axis:]
        if None in sizes:
            raise ValueError(
                f"Inputs {x.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: "
                f"{x.get_shape()}"
            )
        beta, gamma = (
            get_variable(
                name,
                sizes,
                dtype=x.dtype.base_dtype,
                initializer=start,
                trainable=trainable,
            )
            if wanted
            else None
            for name, start, wanted in (("beta", Zeros, center), ("gamma", Ones, scale))
        )
        collect_variable(beta, variables_collections, "beta")
        collect_variable(gamma, variables_collections, "gamma")
        mean, variance = moments(x, list(range(first, len(dims))), keep_dims=True)
        epsilon = 1e-3 if x.spec.dtype is float16 else 1e-12
        outputs = batch_normalization(x, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(dims)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_output(outputs, outputs_collections)
