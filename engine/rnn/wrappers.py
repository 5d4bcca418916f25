"""Cells made of other cells: stacked, with dropout, residuals, projections."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from engine import nest
from engine.graph import Tensor
from engine.initializers import constant_initializer, random_uniform_initializer
from engine.ops.biases import bias_add
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.dropout import dropout
from engine.ops.embeddings import embedding_lookup
from engine.ops.joining import concat, split
from engine.ops.linear import matmul
from engine.ops.shaping import reshape
from engine.rnn.cells import RNNCell
from engine.variable_scope import get_variable, variable_scope


class MultiRNNCell(RNNCell):
    """Cells on top of each other; the state is a tuple of theirs.

    A cell that is given more than once, as in ``[cell] * 3``, stands for as many cells of its kind,
    each with weights of its own, unless it has weights already.

    Raises:
        ValueError: there is no cell.
    """

    def __init__(self, cells: Sequence[RNNCell], state_is_tuple: bool = True):
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_sequence(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        self._cells: list[RNNCell] = []
        for cell in cells:
            again = any(cell is other for other in self._cells)
            self._cells.append(_another(cell) if again else cell)
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(nest.is_sequence(c.state_size) for c in self._cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set. "
                f"State sizes are: {[c.state_size for c in self._cells]}"
            )

    @property
    def cells(self) -> list[RNNCell]:
        return self._cells

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._cells[-1].output_size

    @property
    def variables(self) -> list[Any]:
        return [variable for cell in self._cells for variable in cell.variables]

    trainable_variables = weights = trainable_weights = variables

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        with self._zero_state_scope():
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    def call(self, inputs: Any, state: Any) -> Any:
        if self._state_is_tuple:
            if not nest.is_sequence(state) or len(state) != len(self._cells):
                raise ValueError(
                    f"Expected state to be a tuple of length {len(self._cells)}, but received: "
                    f"{state}"
                )
            states = list(state)
        else:
            states = split(state, [cell.state_size for cell in self._cells], 1)
        changed = []
        for number, (cell, own) in enumerate(zip(self._cells, states, strict=True)):
            with variable_scope(f"cell_{number}"):
                inputs, new = cell(inputs, own)
            changed.append(new)
        return inputs, (tuple(changed) if self._state_is_tuple else concat(changed, 1))


def _another(cell: RNNCell) -> RNNCell:
    """A cell like this one; with the weights it may have already."""
    made = copy.copy(cell)
    inner = getattr(made, "_cell", None)
    if isinstance(inner, RNNCell):
        made._cell = _another(inner)  # type: ignore[attr-defined]
    if not made.built:
        made._variables = []
    return made


class _Wrapper(RNNCell):
    """A cell around another one, without a scope of its own."""

    def __init__(self, cell: RNNCell):
        super().__init__()
        if not callable(cell) or not hasattr(cell, "state_size"):
            raise TypeError(f"The parameter cell is not a RNNCell: {cell!r}")
        self._cell = cell

    @property
    def state_size(self) -> Any:
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        return self._cell.output_size

    @property
    def variables(self) -> list[Any]:
        return [*self._variables, *self._cell.variables]

    trainable_variables = weights = trainable_weights = variables

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with self._zero_state_scope():
            return self._cell.zero_state(batch_size, dtype)


class DropoutWrapper(_Wrapper):
    """Dropout on the inputs, the state's hidden part and the outputs of a cell.

    The masks are drawn anew in every step. An LSTM's c is never dropped, only its h.

    Source: Zaremba et al., 2014; ``tf.nn.rnn_cell.DropoutWrapper``.
    """

    def __init__(
        self,
        cell: RNNCell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Any = None,
    ):
        super().__init__(cell)
        del input_size, dtype, dropout_state_filter_visitor
        if variational_recurrent:
            raise NotImplementedError(
                "DropoutWrapper(variational_recurrent=True): one mask for all steps is not there; "
                "try: variational_recurrent=False, which draws a mask a step"
            )
        for name, keep in (
            ("input", input_keep_prob),
            ("output", output_keep_prob),
            ("state", state_keep_prob),
        ):
            if not is_graph_value(keep) and not 0.0 <= float(keep) <= 1.0:
                raise ValueError(f"Parameter {name}_keep_prob must be between 0 and 1: {keep}")
        self._input_keep = input_keep_prob
        self._output_keep = output_keep_prob
        self._state_keep = state_keep_prob
        self._seed = seed

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        inputs = nest.map_structure(lambda x: self._dropped(x, self._input_keep, 1), inputs)
        output, new_state = self._cell(inputs, state, scope)
        new_state = self._state_dropped(new_state)
        return (
            nest.map_structure(lambda x: self._dropped(x, self._output_keep, 2), output),
            new_state,
        )

    def _state_dropped(self, state: Any) -> Any:
        if not self._drops(self._state_keep):
            return state
        if hasattr(state, "_fields") and hasattr(state, "h"):
            return state._replace(h=self._dropped(state.h, self._state_keep, 3))
        if nest.is_sequence(state):
            return type(state)([self._state_dropped(part) for part in state])
        return self._dropped(state, self._state_keep, 3)

    def _drops(self, keep: Any) -> bool:
        return is_graph_value(keep) or float(keep) < 1.0

    def _dropped(self, x: Any, keep: Any, which: int) -> Any:
        if not self._drops(keep):
            return x
        seed = None if self._seed is None else (self._seed * 4 + which) & 0x7FFFFFFF
        return dropout(x, keep, seed=seed)


class ResidualWrapper(_Wrapper):
    """The inputs are added to the outputs, or put together with them by `residual_fn`."""

    def __init__(self, cell: RNNCell, residual_fn: Any = None):
        super().__init__(cell)
        self._residual = residual_fn

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        outputs, new_state = self._cell(inputs, state, scope)
        if self._residual is not None:
            return self._residual(inputs, outputs), new_state
        return nest.map_structure(lambda x, y: x + y, inputs, outputs), new_state


class DeviceWrapper(_Wrapper):
    """The cell's operations on a device."""

    def __init__(self, cell: RNNCell, device: Any):
        super().__init__(cell)
        self._device = device

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        with nest.flatten(state)[0].graph.device(self._device):
            return self._cell(inputs, state, scope)


def linear(inputs: Any, output_size: int, bias: bool = True, bias_start: float = 0.0) -> Tensor:
    """The inputs [batch, n] side by side, times a kernel, plus a bias, in the current scope."""
    parts = [convert_to_tensor(x) for x in (inputs if isinstance(inputs, list) else [inputs])]
    rows = sum(int(part.get_shape()[1]) for part in parts)
    dtype = parts[0].dtype.base_dtype
    kernel = get_variable("kernel", [rows, output_size], dtype)
    product: Tensor = matmul(concat(parts, 1) if len(parts) > 1 else parts[0], kernel)
    if not bias:
        return product
    start = constant_initializer(bias_start)
    return bias_add(product, get_variable("bias", [output_size], dtype, start))


class _Projecting(_Wrapper):
    """A wrapper that calls `_projected` within a variable scope of its own, reused from then on."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        name = self.name if scope is None else scope
        reuse = True if self.built else None
        target = name if self._scope is None else self._scope
        with variable_scope(target, reuse=reuse) as entered:
            self._scope, self.built = entered, True
            return self._projected(inputs, state)

    def _projected(self, inputs: Any, state: Any) -> Any:
        raise NotImplementedError


class InputProjectionWrapper(_Projecting):
    """A linear layer before the cell."""

    def __init__(
        self,
        cell: RNNCell,
        num_proj: int,
        activation: Any = None,
        input_size: Any = None,
        reuse: Any = None,
    ):
        super().__init__(cell)
        del input_size, reuse
        self._num_proj = num_proj
        self._activation = activation

    def _projected(self, inputs: Any, state: Any) -> Any:
        projected = linear(inputs, self._num_proj)
        if self._activation is not None:
            projected = self._activation(projected)
        return self._cell(projected, state)


class OutputProjectionWrapper(_Projecting):
    """A linear layer behind the cell."""

    def __init__(self, cell: RNNCell, output_size: int, activation: Any = None, reuse: Any = None):
        super().__init__(cell)
        del reuse
        self._size = output_size
        self._activation = activation

    @property
    def output_size(self) -> int:
        return self._size

    def _projected(self, inputs: Any, state: Any) -> Any:
        output, new_state = self._cell(inputs, state)
        projected = linear(output, self._size)
        return (projected if self._activation is None else self._activation(projected)), new_state


class EmbeddingWrapper(_Projecting):
    """Class numbers [batch] or [batch, 1] are looked up in a table before the cell."""

    def __init__(
        self,
        cell: RNNCell,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: Any = None,
    ):
        super().__init__(cell)
        del reuse
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                "Both embedding_classes and embedding_size must be > 0: "
                f"{embedding_classes}, {embedding_size}."
            )
        self._classes = embedding_classes
        self._size = embedding_size
        self._initializer = initializer

    def _projected(self, inputs: Any, state: Any) -> Any:
        # Uniform numbers of variance 1, as in TensorFlow.
        start = self._initializer or random_uniform_initializer(-(3**0.5), 3**0.5)
        dtype = nest.flatten(state)[0].dtype.base_dtype
        table = get_variable("embedding", [self._classes, self._size], dtype, start)
        return self._cell(embedding_lookup(table, reshape(inputs, [-1])), state)
