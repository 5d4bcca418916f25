"""What every layer shares: its scope, its variables, building on the first call."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.dtypes import DType, as_dtype, float32
from engine.errors import compose
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.ops.constants import convert_to_tensor
from engine.shapes import Dims, TensorShape, as_dims, in_brackets
from engine.variable_scope import VariableScope, get_variable, variable_scope
from engine.variable_store import store_of
from engine.variables import GraphKeys, Variable


@dataclass
class InputSpec:
    """What a layer asks of its input: dtype, shape, rank, the sizes of some axes.

    Source: ``tf.layers.InputSpec``.
    """

    dtype: Any = None
    shape: Any = None
    ndim: int | None = None
    max_ndim: int | None = None
    min_ndim: int | None = None
    axes: dict[int, int] | None = field(default_factory=dict)

    def problem(self, x: Tensor) -> str | None:
        """What is wrong with an input, None if nothing is."""
        dims = x.spec.dims
        if self.dtype is not None and as_dtype(self.dtype) is not x.spec.dtype:
            return f"expected dtype={as_dtype(self.dtype).name}, found dtype={x.spec.dtype.name}"
        if dims is None:
            asked = self.ndim or self.max_ndim or self.min_ndim or self.shape
            return "its rank is undefined, but the layer requires a defined rank" if asked else None
        rank = len(dims)
        if self.ndim is not None and rank != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}"
        for axis, size in (self.axes or {}).items():
            if dims[int(axis)] not in (size, None):
                return (
                    f"expected axis {axis} of input shape to have value {size} but got {dims[axis]}"
                )
        if self.shape is not None and not TensorShape(self.shape).is_compatible_with(dims):
            return f"expected shape={TensorShape(self.shape)}, found shape={TensorShape(dims)}"
        return None


class Layer:
    """A function of tensors with variables of its own, made on the first call.

    A subclass declares ``build(input_shape)``, which makes variables by ``add_weight``, and
    ``call(inputs)``, which computes the result.

    Source: ``tf.layers.Layer`` of TensorFlow 1.

    >>> import engine as tf
    >>> class Scale(tf.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight("factor", [input_shape[-1]])
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> with tf.Graph().as_default():
    ...     y = Scale()(tf.ones([2, 3]))
    ...     print(y.name, [v.name for v in tf.trainable_variables()])
    scale/mul:0 ['scale/factor:0']
    """

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        activity_regularizer: Callable[[Tensor], Any] | None = None,
        _scope: Any = None,
        _reuse: Any = None,
    ):
        self.trainable = trainable
        self.built = False
        self.input_spec: Any = None
        self.update_collection: str | None = GraphKeys.UPDATE_OPS
        """Where every call puts the updates; None for nowhere."""
        self._dtype: DType | None = None if dtype is None else as_dtype(dtype).base_dtype
        self._activity_regularizer = activity_regularizer
        self._reuse = _reuse
        self._graph = get_default_graph()
        kind = _snake_case(type(self).__name__)
        if not name:
            # As in TensorFlow, an unnamed layer counts from 1 and its scope from nothing.
            counts = store_of(self._graph).layer_names
            counts[kind] = counts.get(kind, 0) + 1
            self._name = f"{kind}_{counts[kind]}"
        else:
            self._name = name
        self._base_name = name or kind
        self._scope: VariableScope | None = None
        self._current_scope: VariableScope | None = None
        if _scope:
            with variable_scope(_scope) as self._scope:
                pass
        self._weights: list[tuple[Variable, bool]] = []
        self._losses: list[Tensor] = []
        self._updates: list[Any] = []
        self._calls: list[tuple[Any, Any]] = []

    # What a subclass declares

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of this shape."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The result for inputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the result for an input shape."""
        raise NotImplementedError(f"{type(self).__name__} does not tell its output shape")

    # What it is

    @property
    def name(self) -> str:
        return self._name

    @property
    def dtype(self) -> Any:
        return None if self._dtype is None else self._dtype.name

    @property
    def graph(self) -> Graph:
        return self._graph

    @property
    def scope_name(self) -> str:
        if self._scope is None:
            raise ValueError(
                compose(
                    f'No name available for layer scope because the layer "{self._name}" has not '
                    "been used yet.",
                    (),
                    "calling the layer first",
                )
            )
        return self._scope.name

    @property
    def weights(self) -> list[Variable]:
        """The trainable variables, then the others."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v, trained in self._weights if trained and self.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v, trained in self._weights if not (trained and self.trainable)]

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def losses(self) -> list[Tensor]:
        return list(self._losses)

    @property
    def updates(self) -> list[Any]:
        return list(self._updates) if self.trainable else []

    @property
    def input(self) -> Any:
        return self._only_call()[0]

    @property
    def output(self) -> Any:
        return self._only_call()[1]

    @property
    def input_shape(self) -> TensorShape:
        found = self.input.get_shape()
        assert isinstance(found, TensorShape)
        return found

    @property
    def output_shape(self) -> TensorShape:
        found = self.output.get_shape()
        assert isinstance(found, TensorShape)
        return found

    def _only_call(self) -> tuple[Any, Any]:
        if len(self._calls) != 1:
            raise AttributeError(
                f"Layer {self._name} has been called {len(self._calls)} times, so it has no one "
                "input and output."
            )
        return self._calls[0]

    def count_params(self) -> int:
        """The number of elements in its variables."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self._name}, but the layer isn't built."
            )
        return sum(v.get_shape().num_elements() or 0 for v in self.weights)

    # What a subclass calls

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Callable[[Variable], Any] | None = None,
        trainable: bool = True,
        constraint: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
    ) -> Any:
        """A variable of this layer, named ``layer/name``; shared where the scope reuses."""
        if self._scope is None:
            self._set_scope(None)
        before = set(self._graph.get_collection(GraphKeys.GLOBAL_VARIABLES))
        with variable_scope(
            self._scope, reuse=self.built or self._reuse, auxiliary_name_scope=False
        ) as self._current_scope:
            variable = get_variable(
                name,
                shape,
                dtype=as_dtype(dtype) if dtype is not None else self._dtype or float32,
                initializer=initializer,
                trainable=trainable and self.trainable,
                constraint=constraint,
                partitioner=partitioner,
                use_resource=use_resource,
            )
            if regularizer is not None and variable not in before:
                assert self._current_scope is not None
                scope = self._current_scope.original_name_scope
                with (
                    self._graph.name_scope(scope or None),
                    self._graph.name_scope(f"{name}/Regularizer"),
                ):
                    self.add_loss(regularizer(variable))
        self._weights.append((variable, trainable))
        return variable

    add_variable = add_weight

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Keep losses, which also go to the collection of regularization losses."""
        del inputs
        found = [x for x in _listed(losses) if x is not None]
        self._losses += found
        _collect(self._graph, GraphKeys.REGULARIZATION_LOSSES, found)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Keep operations to run with every training step, as those of moving averages."""
        del inputs
        self._updates += _listed(updates)

    def get_losses_for(self, inputs: Any) -> list[Tensor]:
        """The losses; with None those of the variables alone."""
        del inputs
        return self.losses

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """The updates."""
        del inputs
        return self.updates

    # What a script calls

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The result for inputs; the first call makes the variables."""
        scope = kwargs.pop("scope", None)
        if self._scope is None:
            self._set_scope(scope)
        with (
            variable_scope(
                self._scope,
                reuse=True if self.built else self._reuse,
                auxiliary_name_scope=False,
            ) as self._current_scope,
            self._graph_of(inputs).name_scope(self._current_scope.original_name_scope or None),
        ):
            given = _converted(inputs)
            first = given[0] if isinstance(given, list | tuple) and given else given
            if not self.built:
                self._before_build(first)
                self.build(_shapes(given))
                self.built = True
            self._check(given)
            outputs = self.call(given, *args, **kwargs)
            if self._activity_regularizer is not None:
                self.add_loss(self._activity_regularizer(outputs))
        self._calls.append((given, outputs))
        if self.update_collection is not None:
            _collect(self._graph, self.update_collection, self.updates)
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The result for inputs, as calling the layer gives."""
        return self(inputs, *args, **kwargs)

    def _graph_of(self, inputs: Any) -> Graph:
        first = inputs[0] if isinstance(inputs, list | tuple) and inputs else inputs
        graph = getattr(first, "graph", None)
        found = graph if isinstance(graph, Graph) else get_default_graph()
        if found is not self._graph and self.built:
            raise ValueError(f"Input graph and Layer graph are not the same: layer {self._name}")
        self._graph = found
        return found

    def _before_build(self, first: Any) -> None:
        if isinstance(first, Tensor):
            self._check(first)
            if self._dtype is None and first.spec.dtype.is_floating:
                self._dtype = first.spec.dtype

    def _set_scope(self, scope: Any) -> None:
        if self._reuse:
            opening = variable_scope(self._base_name if scope is None else scope)
        else:
            opening = variable_scope(scope, default_name=self._base_name)
        with opening as self._scope:
            pass

    def _check(self, inputs: Any) -> None:
        specs = self.input_spec
        if specs is None:
            return
        for number, (spec, x) in enumerate(zip(_listed(specs), _listed(inputs), strict=False)):
            if not isinstance(x, Tensor):
                continue
            problem = spec.problem(x)
            if problem:
                raise ValueError(
                    compose(
                        f"Input {number} of layer {self._name} is incompatible with the layer: "
                        f"{problem}.",
                        [f"Full shape received: {in_brackets(x.spec.dims)}, {x.name!r}",
                         f"made at {x.op.origin}"],
                    )
                )  # fmt: skip


def sizes_of(input_shape: Any) -> Dims:
    """The sizes of a shape of known rank."""
    dims = as_dims(input_shape)
    if dims is None:
        raise ValueError("the rank of the input must be known to build a layer")
    return dims


def known_size(layer: Layer, dims: Dims, axis: int, what: str = "channel dimension") -> int:
    """The size of an axis that variables depend on.

    Raises:
        ValueError: it is not known.
    """
    size = dims[axis]
    if size is None:
        raise ValueError(
            compose(
                f"The {what} of the inputs should be defined. Found `None`.",
                [f"layer {layer.name!r}, input shape {in_brackets(dims)}"],
                "a placeholder with that size, or tf.reshape / set_shape before the layer",
            )
        )
    return size


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _converted(inputs: Any) -> Any:
    if isinstance(inputs, list | tuple) and any(hasattr(x, "graph") for x in inputs):
        return [convert_to_tensor(x) for x in inputs]
    if isinstance(inputs, dict) or inputs is None:
        return inputs
    return convert_to_tensor(inputs)


def _shapes(inputs: Any) -> Any:
    if isinstance(inputs, list):
        return [x.get_shape() for x in inputs]
    return inputs.get_shape() if isinstance(inputs, Tensor) else None


def _collect(graph: Graph, key: str, values: Sequence[Tensor | Operation]) -> None:
    collection = graph.get_collection_ref(key)
    collection += [value for value in values if not any(value is known for known in collection)]


def _snake_case(name: str) -> str:
    """``MaxPooling2D`` as ``max_pooling2d``."""
    parts = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", parts).lower()
    return f"private{snake}" if snake.startswith("_") else snake
