"""Recurrent cells: one step from inputs and state to output and state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from engine import nest
from engine.dtypes import as_dtype, float32
from engine.graph import Tensor, get_default_graph
from engine.initializers import constant_initializer, zeros_initializer
from engine.ops.activations import sigmoid, tanh
from engine.ops.biases import bias_add
from engine.ops.clipping import clip_by_value
from engine.ops.constants import convert_to_tensor
from engine.ops.filling import zeros
from engine.ops.joining import concat, split
from engine.ops.linear import matmul
from engine.shapes import TensorShape
from engine.variable_scope import VariableScope, get_variable, variable_scope
from engine.variables import Variable


class LSTMStateTuple(NamedTuple):
    """The state of an LSTM: the cell's content and what it gave last."""

    c: Any
    h: Any

    @property
    def dtype(self) -> Any:
        return self.c.dtype


class RNNCell:
    """One step of a recurrent network; a subclass gives sizes and `call`.

    The first call makes the variables, in a variable scope named after the class; later calls of
    the same cell use them again.

    Source: ``tf.nn.rnn_cell.RNNCell``.
    """

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        _reuse: Any = None,
    ):
        self._trainable = trainable
        self._name = name
        self._dtype = None if dtype is None else as_dtype(dtype)
        self._reuse = _reuse
        self._scope: VariableScope | None = None
        self.built = False
        self._variables: list[Variable] = []

    @property
    def name(self) -> str:
        return self._name or _snake_case(type(self).__name__)

    @property
    def state_size(self) -> Any:
        """A number, or a structure of numbers, of the state's units."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The number of units of the output."""
        raise NotImplementedError("Abstract method")

    @property
    def variables(self) -> list[Variable]:
        """The variables it made."""
        return list(self._variables)

    trainable_variables = variables
    weights = variables
    trainable_weights = variables

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output [batch, output_size] and the new state, from inputs [batch, n] and a state."""
        with self.opened(inputs, scope):
            return self.call(inputs, state)

    def call(self, inputs: Any, state: Any) -> Any:
        raise NotImplementedError("Abstract method")

    def build(self, inputs_shape: Any) -> None:
        """Make the variables for inputs of this shape."""
        self.built = True

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros in the structure of the state, each [batch_size, units]."""
        with self._zero_state_scope():
            return nest.map_structure(lambda size: _zeros(batch_size, size, dtype), self.state_size)

    def _zero_state_scope(self) -> AbstractContextManager[str]:
        return get_default_graph().name_scope(f"{type(self).__name__}ZeroState")

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """Zeros for the state, by the sizes of `inputs` [batch, n] where they are given."""
        if inputs is not None:
            tensor = convert_to_tensor(inputs)
            batch_size, dtype = batch_of(tensor, 0), tensor.dtype.base_dtype
        if batch_size is None or dtype is None:
            raise ValueError("batch_size and dtype cannot be None while constructing initial state")
        return self.zero_state(batch_size, dtype)

    @contextmanager
    def opened(self, inputs: Any, scope: Any = None) -> Iterator[None]:
        """Inside the cell's own scope, its variables there."""
        with self._entered(scope):
            if not self.built:
                shape = nest.map_structure(lambda x: convert_to_tensor(x).get_shape(), inputs)
                if self._dtype is None:
                    self._dtype = convert_to_tensor(nest.flatten(inputs)[0]).dtype.base_dtype
                self.build(shape)
                self.built = True
            yield

    @contextmanager
    def _entered(self, scope: Any) -> Iterator[None]:
        if self._scope is not None:
            with get_default_graph().name_scope(self._scope.original_name_scope or None):
                yield
            return
        target = scope if scope is not None else self._name
        with variable_scope(target, default_name=self.name, reuse=self._reuse) as entered:
            self._scope = entered
            yield

    def add_weight(
        self, name: str, shape: Any, initializer: Any = None, dtype: Any = None
    ) -> Variable:
        """A variable of the cell, made or found in its scope."""
        made: Variable = get_variable(
            name,
            shape,
            dtype or self._dtype or float32,
            initializer,
            trainable=self._trainable,
        )
        self._variables.append(made)
        return made

    add_variable = add_weight


def _snake_case(name: str) -> str:
    """The scope that a class's variables are in.

    >>> _snake_case("BasicLSTMCell"), _snake_case("GRUCell"), _snake_case("MultiRNNCell")
    ('basic_lstm_cell', 'gru_cell', 'multi_rnn_cell')
    """
    parts = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parts).lower()


def batch_of(tensor: Tensor, axis: int) -> Any:
    """The size of an axis: a number where it is known, else a tensor."""
    from engine.ops.sizes import shape

    dims = tensor.spec.dims
    known = None if dims is None else dims[axis]
    return shape(tensor)[axis] if known is None else known


def _zeros(batch_size: Any, size: Any, dtype: Any) -> Tensor:
    sizes = [int(n) for n in size] if isinstance(size, TensorShape) else [int(size)]
    return zeros([batch_size, *sizes], dtype)


def depth_of(shape: Any, cell: RNNCell) -> int:
    """The last size of a cell's inputs, which has to be known."""
    dims = shape.as_list() if shape.dims is not None else [None]
    if dims[-1] is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {shape}")
    if len(dims) != 2:
        raise ValueError(
            f"Input 0 of layer {cell.name} is incompatible with the layer: expected ndim=2, found "
            f"ndim={len(dims)}. Full shape received: {dims}"
        )
    return int(dims[-1])


Activation = Callable[[Any], Any]


class BasicRNNCell(RNNCell):
    """output = state = activation([inputs, state] @ kernel + bias)."""

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        input_size: int | None = None,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        del input_size  # 0.x gave it; it follows from the inputs.
        self._num_units = int(num_units)
        self._activation = activation or tanh

    @property
    def state_size(self) -> int:
        return self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        rows = depth_of(inputs_shape, self) + self._num_units
        self._kernel = self.add_weight("kernel", [rows, self._num_units])
        self._bias = self.add_weight("bias", [self._num_units], zeros_initializer())

    def call(self, inputs: Any, state: Any) -> Any:
        product = matmul(concat([inputs, state], 1), self._kernel)
        output = self._activation(bias_add(product, self._bias))
        return output, output


class GRUCell(RNNCell):
    """Gates r, u = sigmoid(...); state = u * state + (1 - u) * activation([inputs, r * state] ...).

    Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder*, 2014.
    """

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
        input_size: int | None = None,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        del input_size
        self._num_units = int(num_units)
        self._activation = activation or tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    @property
    def state_size(self) -> int:
        return self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        units = self._num_units
        rows = depth_of(inputs_shape, self) + units
        given, bias = self._kernel_initializer, self._bias_initializer
        self._gate_kernel = self.add_weight("gates/kernel", [rows, 2 * units], given)
        self._gate_bias = self.add_weight(
            "gates/bias", [2 * units], constant_initializer(1.0) if bias is None else bias
        )
        self._candidate_kernel = self.add_weight("candidate/kernel", [rows, units], given)
        self._candidate_bias = self.add_weight(
            "candidate/bias", [units], zeros_initializer() if bias is None else bias
        )

    def call(self, inputs: Any, state: Any) -> Any:
        gates = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        reset, update = split(sigmoid(gates), 2, 1)
        product = matmul(concat([inputs, reset * state], 1), self._candidate_kernel)
        candidate = self._activation(bias_add(product, self._candidate_bias))
        new_state = update * state + (1 - update) * candidate
        return new_state, new_state


class BasicLSTMCell(RNNCell):
    """An LSTM without peepholes; the kernel's columns are input gate, candidate, forget, output.

    Source: Zaremba et al., *Recurrent Neural Network Regularization*, 2014.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     cell = tf.nn.rnn_cell.BasicLSTMCell(3)
    ...     output, state = cell(tf.zeros([2, 5]), cell.zero_state(2, tf.float32))
    ...     print([v.name for v in tf.trainable_variables()], output.get_shape())
    ['basic_lstm_cell/kernel:0', 'basic_lstm_cell/bias:0'] (2, 3)
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | None = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        input_size: int | None = None,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        del input_size
        self._num_units = int(num_units)
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation or tanh

    @property
    def state_size(self) -> Any:
        if self._state_is_tuple:
            return LSTMStateTuple(self._num_units, self._num_units)
        return 2 * self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        rows = depth_of(inputs_shape, self) + self._num_units
        self._kernel = self.add_weight("kernel", [rows, 4 * self._num_units])
        self._bias = self.add_weight("bias", [4 * self._num_units], zeros_initializer())

    def call(self, inputs: Any, state: Any) -> Any:
        c, h = state if self._state_is_tuple else split(state, 2, 1)
        product = matmul(concat([inputs, h], 1), self._kernel)
        write, candidate, forget, output = split(bias_add(product, self._bias), 4, 1)
        kept = c * sigmoid(forget + self._forget_bias)
        new_c = kept + sigmoid(write) * self._activation(candidate)
        new_h = self._activation(new_c) * sigmoid(output)
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)


class LSTMCell(RNNCell):
    """An LSTM with optional peepholes, clipping and projection.

    Source: Sak et al., *Long Short-Term Memory Recurrent Neural Network Architectures for Large
    Scale Acoustic Modeling*, 2014.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | None = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        input_size: int | None = None,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        del num_unit_shards, num_proj_shards, input_size
        self._num_units = int(num_units)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation or tanh

    @property
    def state_size(self) -> Any:
        if self._state_is_tuple:
            return LSTMStateTuple(self._num_units, self.output_size)
        return self._num_units + self.output_size

    @property
    def output_size(self) -> int:
        return self._num_units if self._num_proj is None else int(self._num_proj)

    def build(self, inputs_shape: Any) -> None:
        units, given = self._num_units, self._initializer
        rows = depth_of(inputs_shape, self) + self.output_size
        self._kernel = self.add_weight("kernel", [rows, 4 * units], given)
        self._bias = self.add_weight("bias", [4 * units], zeros_initializer())
        if self._use_peepholes:
            self._forget_peephole = self.add_weight("w_f_diag", [units], given)
            self._write_peephole = self.add_weight("w_i_diag", [units], given)
            self._output_peephole = self.add_weight("w_o_diag", [units], given)
        if self._num_proj is not None:
            self._projection = self.add_weight("projection/kernel", [units, self._num_proj], given)

    def call(self, inputs: Any, state: Any) -> Any:
        units = self._num_units
        c, h = state if self._state_is_tuple else split(state, [units, self.output_size], 1)
        product = matmul(concat([inputs, h], 1), self._kernel)
        write, candidate, forget, output = split(bias_add(product, self._bias), 4, 1)
        forget = forget + self._forget_bias
        if self._use_peepholes:
            forget = forget + self._forget_peephole * c
            write = write + self._write_peephole * c
        new_c = sigmoid(forget) * c + sigmoid(write) * self._activation(candidate)
        if self._cell_clip is not None:
            new_c = clip_by_value(new_c, -self._cell_clip, self._cell_clip)
        if self._use_peepholes:
            output = output + self._output_peephole * new_c
        new_h = sigmoid(output) * self._activation(new_c)
        if self._num_proj is not None:
            new_h = matmul(new_h, self._projection)
            if self._proj_clip is not None:
                new_h = clip_by_value(new_h, -self._proj_clip, self._proj_clip)
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)
