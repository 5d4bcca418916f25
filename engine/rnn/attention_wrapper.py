"""A cell that looks at a memory in every step: ``tf.contrib.seq2seq.AttentionWrapper``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine import nest
from engine.control.tensor_array import TensorArray
from engine.dtypes import int32
from engine.graph import Operation, Tensor, get_default_graph
from engine.layers.base import Layer
from engine.layers.core import Dense
from engine.ops.casting import identity
from engine.ops.checks import assert_equal
from engine.ops.constants import convert_to_tensor
from engine.ops.filling import zeros
from engine.ops.joining import concat
from engine.ops.linear import matmul
from engine.ops.shaping import expand_dims, squeeze
from engine.rnn.attention import AttentionMechanism
from engine.rnn.cells import RNNCell, batch_of
from engine.shapes import TensorShape, compatible
from engine.variable_scope import variable_scope
from engine.variables import GraphKeys


class _State(NamedTuple):
    cell_state: Any
    attention: Any
    time: Any
    alignments: Any
    alignment_history: Any
    attention_state: Any


class AttentionWrapperState(_State):
    """What an `AttentionWrapper` knows between steps.

    cell_state: the inner cell's; attention: float [batch, n], what was seen last; time: int32 [];
    alignments: [batch, length], or a tuple of such, one a mechanism; alignment_history: a
    `TensorArray` of them or (); attention_state: the mechanisms' own.
    """

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """The same state with these fields replaced.

        Raises:
            ValueError: a value has another structure, or a shape that cannot be the same.

        >>> import engine as tf
        >>> with tf.Graph().as_default():
        ...     memory = tf.contrib.seq2seq.LuongAttention(4, tf.ones([2, 3, 5]))
        ...     cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), memory)
        ...     state = cell.zero_state(2, tf.float32).clone(cell_state=tf.ones([2, 4]))
        ...     print(state.cell_state.op.type, state.attention.get_shape())
        Identity (2, 5)
        """
        changed = self._replace(**kwargs)
        return nest.map_structure(_of_the_same_shape, self, changed)  # type: ignore[no-any-return]


def _of_the_same_shape(old: Any, new: Any) -> Any:
    if not isinstance(old, Tensor) or not isinstance(new, Tensor):
        return new
    if not compatible(old.spec.dims, new.spec.dims):
        raise ValueError(
            f"The shape of the AttentionWrapperState is expected to be same as the one to clone. "
            f"self.shape: {old.get_shape()}, input.shape: {new.get_shape()}"
        )
    # On a tensor of its own: what is handed in stays as it is.
    told = identity(new)
    told.set_shape(old.get_shape())
    return told


def _beside(inputs: Any, attention: Any) -> Tensor:
    return concat([inputs, attention], -1)


def _look(
    mechanism: Any, cell_output: Tensor, attention_state: Any, attention_layer: Any
) -> tuple[Tensor, Tensor, Any]:
    """What is seen [batch, n], the alignments [batch, length], the mechanism's next state."""
    alignments, next_state = mechanism(cell_output, state=attention_state)
    context = squeeze(matmul(expand_dims(alignments, 1), mechanism.values), [1])
    if attention_layer is not None:
        context = attention_layer(concat([cell_output, context], 1))
    return context, alignments, next_state


class AttentionWrapper(RNNCell):
    """A cell whose input and output know what attention sees of a memory.

    Each step: the cell gets ``cell_input_fn(inputs, attention)``, by default both side by side; its
    output queries the mechanism; the context is the memory's mean by the alignments; the attention
    is ``attention_layer([cell output, context])``, a dense layer without bias of
    `attention_layer_size` units, or without one the context. The output is the attention, or with
    ``output_attention=False`` the cell's own. `attention_mechanism` and `attention_layer_size` may
    be lists, for several memories.

    Variables are below ``attention_wrapper``: the cell's, ``attention_layer/kernel`` and the
    mechanism's, ``bahdanau_attention/...`` or ``luong_attention/...``.

    Raises:
        TypeError: the mechanism is none, or `cell_input_fn` cannot be called.
        ValueError: not one size a mechanism, or both a size and a layer.
        InvalidArgumentError: batch sizes of memory and state differ; at once where they are known.

    Source: ``tf.contrib.seq2seq.AttentionWrapper`` of TensorFlow 1.15.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     memory = tf.contrib.seq2seq.LuongAttention(4, tf.ones([2, 3, 5]))
    ...     cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), memory, 6)
    ...     output, state = cell(tf.ones([2, 1]), cell.zero_state(2, tf.float32))
    ...     print(output.get_shape(), state.alignments.get_shape())
    (2, 6) (2, 3)
    """

    def __init__(
        self,
        cell: RNNCell,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[[Any, Any], Any] | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
        attention_layer: Any = None,
        attention_fn: Callable[..., Any] | None = None,
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        if not callable(cell) or not hasattr(cell, "state_size"):
            raise TypeError(f"The argument 'cell' ({cell!r}) is not an RNNCell")
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(
                f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}"
            )
        self._is_multi = isinstance(attention_mechanism, list | tuple)
        self._attention_mechanisms: tuple[Any, ...] = _mechanisms(attention_mechanism)
        self._attention_layers, self._attention_layer_size = _layers(
            cell, self._attention_mechanisms, attention_layer_size, attention_layer
        )
        self._cell = cell
        self._cell_input_fn = cell_input_fn or _beside
        self._attention_fn = attention_fn or _look
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._initial_cell_state = None
        if initial_cell_state is not None:
            with get_default_graph().name_scope(name or "AttentionWrapperInit"):
                batch = batch_of(convert_to_tensor(nest.flatten(initial_cell_state)[-1]), 0)
                message = (
                    f"When constructing AttentionWrapper {self.name}: Non-matching batch sizes "
                    "between the memory (encoder output) and initial_cell_state.  "
                    f"{_USE_TILE_BATCH} your initial state {_MULTIPLE}"
                )
                self._initial_cell_state = self._checked(
                    initial_cell_state, batch, message, "check_initial_cell_state"
                )

    def _checked(self, structure: Any, batch_size: Any, message: str, name: str) -> Any:
        """The same, after a check that every memory has this batch size."""
        checks = [
            check
            for mechanism in self._attention_mechanisms
            if (check := _batch_check(mechanism, batch_size, message)) is not None
        ]
        with get_default_graph().control_dependencies(checks):
            return nest.map_structure(
                lambda x: x if isinstance(x, TensorArray) else identity(x, name), structure
            )

    def _item_or_tuple(self, items: Sequence[Any]) -> Any:
        return tuple(items) if self._is_multi else items[0]

    @property
    def output_size(self) -> Any:
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        sizes = [x.alignments_size for x in self._attention_mechanisms]
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            attention=self._attention_layer_size,
            time=TensorShape([]),
            alignments=self._item_or_tuple(sizes),
            alignment_history=self._item_or_tuple(
                [size if self._alignment_history else () for size in sizes]
            ),
            attention_state=self._item_or_tuple([x.state_size for x in self._attention_mechanisms]),
        )

    @property
    def variables(self) -> list[Any]:
        """Those below its scope: of the cell, the attention and its layers, not of the memory."""
        if self._scope is None:
            return []
        everything = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)
        return [v for v in everything if v.op.name.startswith(f"{self._scope.name}/")]

    trainable_variables = weights = trainable_weights = variables

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """The state before the first step: of the cell `initial_cell_state` or zeros."""
        with self._zero_state_scope():
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.zero_state(batch_size, dtype)
            message = (
                f"When calling zero_state of AttentionWrapper {self.name}: Non-matching batch "
                "sizes between the memory (encoder output) and the requested batch size.  Are you "
                "using the BeamSearchDecoder?  If so, make sure your encoder output has been tiled "
                "to beam_width via tf.contrib.seq2seq.tile_batch, and the batch_size= argument "
                "passed to zero_state is batch_size * beam_width."
            )
            cell_state = self._checked(cell_state, batch_size, message, "checked_cell_state")
            mechanisms = self._attention_mechanisms
            alignments = [x.initial_alignments(batch_size, dtype) for x in mechanisms]
            return AttentionWrapperState(
                cell_state=cell_state,
                attention=zeros([batch_size, self._attention_layer_size], dtype),
                time=zeros([], int32),
                alignments=self._item_or_tuple(alignments),
                alignment_history=self._item_or_tuple([self._history(x) for x in alignments]),
                attention_state=self._item_or_tuple(
                    [x.initial_state(batch_size, dtype) for x in mechanisms]
                ),
            )

    def _history(self, alignments: Tensor) -> Any:
        if not self._alignment_history:
            return ()
        return TensorArray(
            alignments.dtype, size=0, dynamic_size=True, element_shape=alignments.get_shape()
        )

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output [batch, output_size] and the new state, from inputs [batch, n] and a state."""
        if self._scope is None:
            opening = variable_scope(scope, default_name=self.name, reuse=self._reuse)
        else:
            opening = variable_scope(self._scope, reuse=True, auxiliary_name_scope=False)
        again = self._scope
        with opening as entered:
            if again is None:
                self._scope = entered
                self.built = True
                return self.call(inputs, state)
            with get_default_graph().name_scope(again.original_name_scope or None):
                return self.call(inputs, state)

    def call(self, inputs: Any, state: Any) -> Any:
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                "Expected state to be instance of AttentionWrapperState. "
                f"Received type {type(state)} instead."
            )
        cell_inputs = self._cell_input_fn(inputs, state.attention)
        cell_output, next_cell_state = self._cell(cell_inputs, state.cell_state)
        message = (
            f"When applying AttentionWrapper {self.name}: Non-matching batch sizes between the "
            f"memory (encoder output) and the query (decoder output).  {_USE_TILE_BATCH} your "
            f"memory input {_MULTIPLE}"
        )
        cell_output = self._checked(
            cell_output, batch_of(cell_output, 0), message, "checked_cell_output"
        )
        own = state if self._is_multi else AttentionWrapperState(*[(x,) for x in state])
        seen, aligned, history, states = [], [], [], []
        for k, mechanism in enumerate(self._attention_mechanisms):
            layer = self._attention_layers[k] if self._attention_layers else None
            attention, alignments, next_state = self._attention_fn(
                mechanism, cell_output, own.attention_state[k], layer
            )
            seen.append(attention)
            aligned.append(alignments)
            states.append(next_state)
            kept = own.alignment_history[k]
            history.append(kept.write(state.time, alignments) if self._alignment_history else ())
        joined = seen[0] if len(seen) == 1 else concat(seen, 1)
        next_state = AttentionWrapperState(
            cell_state=next_cell_state,
            attention=joined,
            time=state.time + 1,
            alignments=self._item_or_tuple(aligned),
            alignment_history=self._item_or_tuple(history),
            attention_state=self._item_or_tuple(states),
        )
        return (joined if self._output_attention else cell_output), next_state


_USE_TILE_BATCH = "Are you using the BeamSearchDecoder?  You may need to tile"
_MULTIPLE = "via the tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width."


def _batch_check(mechanism: Any, batch_size: Any, message: str) -> Operation | None:
    known = mechanism.batch_size
    if isinstance(known, int) and known == batch_size:
        return None
    return assert_equal(batch_size, known, message=message)


def _mechanisms(given: Any) -> tuple[Any, ...]:
    found = tuple(given) if isinstance(given, list | tuple) else (given,)
    for mechanism in found:
        if not isinstance(mechanism, AttentionMechanism):
            raise TypeError(
                "attention_mechanism must be an AttentionMechanism or list of multiple "
                f"AttentionMechanism instances, saw type: {type(mechanism).__name__}"
            )
    return found


def _layers(
    cell: Any, mechanisms: Sequence[Any], sizes: Any, layers: Any
) -> tuple[tuple[Layer, ...] | None, int]:
    """The attention layers, if there are any, and the width of the attention in all."""
    if sizes is not None and layers is not None:
        raise ValueError("Only one of attention_layer_size and attention_layer should be set")
    if layers is not None:
        found = tuple(layers) if isinstance(layers, list | tuple) else (layers,)
        _check_count("attention_layer", found, mechanisms)
        shapes = [
            layer.compute_output_shape([None, cell.output_size + size])
            for layer, size in zip(found, _values_widths(mechanisms), strict=True)
        ]
        return found, sum(int(shape[-1]) for shape in shapes)
    if sizes is not None:
        listed = tuple(sizes) if isinstance(sizes, list | tuple) else (sizes,)
        _check_count("attention_layer_size", listed, mechanisms)
        made = tuple(
            Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
            for size, mechanism in zip(listed, mechanisms, strict=True)
        )
        return made, sum(int(size) for size in listed)
    return None, sum(_values_widths(mechanisms))


def _values_widths(mechanisms: Sequence[Any]) -> list[int]:
    return [int(x.values.get_shape()[-1]) for x in mechanisms]


def _check_count(label: str, given: Sequence[Any], mechanisms: Sequence[Any]) -> None:
    if len(given) != len(mechanisms):
        what = "integer" if label == "attention_layer_size" else "layer"
        raise ValueError(
            f"If provided, {label} must contain exactly one {what} per attention_mechanism, "
            f"saw: {len(given)} vs {len(mechanisms)}"
        )
