"""An LSTM whose gates and cell are normalized over the units of each example."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.initializers import constant_initializer, zeros_initializer
from engine.ops.activations import sigmoid, tanh
from engine.ops.biases import bias_add
from engine.ops.constants import is_graph_value
from engine.ops.dropout import dropout
from engine.ops.elementwise import rsqrt, square
from engine.ops.joining import concat, split
from engine.ops.linear import matmul
from engine.ops.reductions import reduce_mean
from engine.rnn.cells import Activation, LSTMStateTuple, RNNCell, depth_of

_EPSILON = 1e-12


class LayerNormBasicLSTMCell(RNNCell):
    """A plain LSTM with layer normalization and dropout of what is written into the cell.

    Source: Ba, Kiros & Hinton, *Layer Normalization*, 2016; Semeniuta et al., *Recurrent Dropout
    without Memory Loss*, 2016.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: int | None = None,
        activation: Activation = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        del input_size
        self._num_units = int(num_units)
        self._forget_bias = forget_bias
        self._activation = activation
        self._layer_norm = layer_norm
        self._gain = norm_gain
        self._shift = norm_shift
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed

    @property
    def name(self) -> str:
        return self._name or "layer_norm_basic_lstm_cell"

    @property
    def state_size(self) -> LSTMStateTuple:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        units = self._num_units
        rows = depth_of(inputs_shape, self) + units
        self._kernel = self.add_weight("kernel", [rows, 4 * units])
        self._norms: dict[str, tuple[Any, Any]] = {}
        if not self._layer_norm:
            self._bias = self.add_weight("bias", [4 * units], zeros_initializer())
            return
        for part in ("input", "transform", "forget", "output", "state"):
            self._norms[part] = (
                self.add_weight(f"{part}/gamma", [units], constant_initializer(self._gain)),
                self.add_weight(f"{part}/beta", [units], constant_initializer(self._shift)),
            )

    def _normalized(self, x: Tensor, part: str) -> Tensor:
        if not self._layer_norm:
            return x
        gamma, beta = self._norms[part]
        centered = x - reduce_mean(x, 1, keep_dims=True)
        variance = reduce_mean(square(centered), 1, keep_dims=True)
        scaled: Tensor = centered * rsqrt(variance + _EPSILON) * gamma + beta
        return scaled

    def call(self, inputs: Any, state: Any) -> Any:
        c, h = state
        product = matmul(concat([inputs, h], 1), self._kernel)
        if not self._layer_norm:
            product = bias_add(product, self._bias)
        write, candidate, forget, output = split(product, 4, 1)
        write = self._normalized(write, "input")
        candidate = self._activation(self._normalized(candidate, "transform"))
        forget = self._normalized(forget, "forget")
        output = self._normalized(output, "output")
        if is_graph_value(self._keep_prob) or self._keep_prob < 1:
            candidate = dropout(candidate, self._keep_prob, seed=self._seed)
        new_c = c * sigmoid(forget + self._forget_bias) + sigmoid(write) * candidate
        new_c = self._normalized(new_c, "state")
        new_h = self._activation(new_c) * sigmoid(output)
        return new_h, LSTMStateTuple(new_c, new_h)
