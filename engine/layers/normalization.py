"""Batch normalization with moving averages."""

from __future__ import annotations

from typing import Any

from engine.dtypes import float32
from engine.errors import compose
from engine.graph import Tensor
from engine.initializers import Ones, Zeros
from engine.layers.base import InputSpec, Layer, known_size, sizes_of
from engine.ops.batch_norm import fused_batch_norm
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor
from engine.ops.normalization import batch_normalization as normalize
from engine.ops.normalization import moments
from engine.ops.shaping import reshape
from engine.shapes import TensorShape
from engine.smart_cond import constant_choice, smart_cond
from engine.variables import Variable


class BatchNormalization(Layer):
    """Inputs normalized along all axes but one: by the batch in training, else by moving averages.

    Variables, one number a channel: gamma and beta, and moving_mean and moving_variance, which the
    operations in ``GraphKeys.UPDATE_OPS`` move by ``1 - momentum`` towards the batch's.

    Raises:
        ValueError: an option that is not there (renorm, virtual_batch_size, adjustment), or more
            than one axis.

    Source: Ioffe & Szegedy, *Batch Normalization*, 2015.
    """

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = Zeros,
        gamma_initializer: Any = Ones,
        moving_mean_initializer: Any = Zeros,
        moving_variance_initializer: Any = Ones,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: str | None = None,
        dtype: Any = None,
        _scope: Any = None,
        _reuse: Any = None,
    ):
        super().__init__(trainable, name, dtype, None, _scope, _reuse)
        _refuse(
            self.name,
            renorm=renorm,
            virtual_batch_size=virtual_batch_size is not None,
            adjustment=adjustment is not None,
        )
        del renorm_clipping, renorm_momentum
        axes = list(axis) if isinstance(axis, list | tuple) else [axis]
        _refuse(self.name, several_axes=len(axes) != 1)
        self.axis = int(axes[0])
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.fused = fused
        self._starts = {
            "gamma": (gamma_initializer, gamma_regularizer, gamma_constraint),
            "beta": (beta_initializer, beta_regularizer, beta_constraint),
            "moving_mean": (moving_mean_initializer, None, None),
            "moving_variance": (moving_variance_initializer, None, None),
        }
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def build(self, input_shape: Any) -> None:
        dims = sizes_of(input_shape)
        axis = self.axis if self.axis >= 0 else self.axis + len(dims)
        if not 0 <= axis < len(dims):
            raise ValueError(f"Invalid axis: {self.axis} for inputs of rank {len(dims)}")
        self.axis = axis
        channels = known_size(self, dims, axis, "normalized axis")
        self.input_spec = InputSpec(ndim=len(dims), axes={axis: channels})
        if self.fused is None:
            self.fused = len(dims) == 4 and axis in (1, 3)
        elif self.fused and (len(dims) != 4 or axis not in (1, 3)):
            raise ValueError(
                compose(
                    f"Batch normalization layer {self.name}: fused is for images",
                    [f"axis {axis} of inputs of rank {len(dims)}"],
                    "fused=None, which chooses by the rank",
                )
            )
        for name, wanted in (
            ("gamma", self.scale),
            ("beta", self.center),
            ("moving_mean", True),
            ("moving_variance", True),
        ):
            if not wanted:
                continue
            initializer, regularizer, constraint = self._starts[name]
            variable = self.add_weight(
                name,
                [channels],
                # Averages of half precision would stand still.
                float32 if self.dtype == "float16" else None,
                initializer=initializer,
                regularizer=regularizer,
                constraint=constraint,
                trainable=not name.startswith("moving"),
            )
            setattr(self, name, variable)
        self.built = True

    def call(self, inputs: Any, training: Any = False, *_: Any, **__: Any) -> Tensor:
        known = constant_choice(training)
        if self.fused:
            outputs, mean, variance = self._fused(inputs, training)
        else:
            outputs, mean, variance = self._plain(inputs, training)
        if known is not False:
            # Where only the run tells, the averages move by nothing outside of training.
            rate = 1.0 - self.momentum
            share = rate if known else smart_cond(training, lambda: rate, lambda: 0.0)
            for variable, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                self.add_update(_moved(variable, value, share))
        return outputs

    def _fused(self, inputs: Tensor, training: Any) -> tuple[Tensor, Tensor, Tensor]:
        width = inputs.spec.dims[self.axis] if inputs.spec.dims is not None else None
        dtype = self.moving_mean.dtype.base_dtype
        gamma = self.gamma if self.scale else Ones()([width], dtype)
        beta = self.beta if self.center else Zeros()([width], dtype)
        layout = "NCHW" if self.axis == 1 else "NHWC"

        def by_batch() -> tuple[Tensor, Tensor, Tensor]:
            return fused_batch_norm(inputs, gamma, beta, epsilon=self.epsilon, data_format=layout)

        def by_averages() -> tuple[Tensor, Tensor, Tensor]:
            return fused_batch_norm(
                inputs,
                gamma,
                beta,
                self.moving_mean,
                self.moving_variance,
                self.epsilon,
                layout,
                is_training=False,
            )

        outputs, mean, variance = smart_cond(training, by_batch, by_averages)
        return outputs, mean, variance

    def _plain(self, inputs: Tensor, training: Any) -> tuple[Tensor, Tensor, Tensor]:
        rank = len(sizes_of(inputs.get_shape()))
        kept = [convert_to_tensor(x) for x in (self.moving_mean, self.moving_variance)]

        def by_batch() -> list[Tensor]:
            found = moments(inputs, [axis for axis in range(rank) if axis != self.axis])
            return [cast(value, kept[0].dtype) for value in found]

        mean, variance = smart_cond(training, by_batch, lambda: kept)
        sides = [1] * rank
        sides[self.axis] = -1

        def side(value: Any) -> Any:
            if value is None or self.axis == rank - 1:
                return value
            return reshape(value, sides)

        outputs = normalize(
            inputs, side(mean), side(variance), side(self.beta), side(self.gamma), self.epsilon
        )
        outputs.set_shape(inputs.get_shape())
        return outputs, mean, variance

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


def _moved(variable: Variable, value: Tensor, share: Any) -> Any:
    """An operation that moves a variable by a share of the way to a value."""
    graph = variable.graph
    with graph.name_scope("AssignMovingAvg") as scope, graph.colocate_with(variable):
        dtype = variable.dtype.base_dtype
        decay = convert_to_tensor(share, name="decay")
        difference = (variable - cast(value, dtype)) * cast(decay, dtype)
        return variable.assign_sub(difference, name=scope)


def _refuse(name: str, **options: bool) -> None:
    for option, given in options.items():
        if given:
            raise ValueError(
                compose(
                    f"Batch normalization layer {name}: {option} is not supported",
                    (),
                    "plain batch normalization over one axis",
                )
            )


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = Zeros,
    gamma_initializer: Any = Ones,
    moving_mean_initializer: Any = Zeros,
    moving_variance_initializer: Any = Ones,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Any:
    """Inputs normalized by the batch if `training` (a bool or bool tensor), else by averages.

    The averages are moved by the operations in ``tf.GraphKeys.UPDATE_OPS``, which the training
    step has to depend on.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.layers.batch_normalization(tf.zeros([8, 3]), training=True)
    ...     print([v.op.name for v in tf.global_variables()])
    ...     print([u.op.name for u in tf.get_collection(tf.GraphKeys.UPDATE_OPS)])
    ['batch_normalization/gamma', 'batch_normalization/beta', 'batch_normalization/moving_mean', \
'batch_normalization/moving_variance']
    ['batch_normalization/AssignMovingAvg', 'batch_normalization/AssignMovingAvg_1']
    """
    layer = BatchNormalization(
        axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer,
        moving_mean_initializer, moving_variance_initializer, beta_regularizer, gamma_regularizer,
        beta_constraint, gamma_constraint, renorm, renorm_clipping, renorm_momentum, fused,
        trainable, virtual_batch_size, adjustment, name, _scope=name, _reuse=reuse,
    )  # fmt: skip
    return layer(inputs, training=training)
