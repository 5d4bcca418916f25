"""The variables of one graph that ``tf.get_variable`` shares by name."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from engine.dtypes import DType, as_dtype, string
from engine.errors import misuse
from engine.graph import Graph, get_default_graph
from engine.initializers import glorot_uniform_initializer, zeros_initializer
from engine.shapes import TensorShape
from engine.variables import GraphKeys, Variable


@dataclass
class VariableStore:
    """Variables by full name, the scope that is open, and how often each scope was opened."""

    variables: dict[str, Variable] = field(default_factory=dict)
    scope: Any = None
    opened: dict[str, int] = field(default_factory=dict)
    layer_names: dict[str, int] = field(default_factory=dict)
    """How many unnamed layers of each kind there are."""

    def open(self, name: str) -> None:
        self.opened[name] = self.opened.get(name, 0) + 1

    def close_below(self, name: str) -> None:
        """Forget how often the scopes inside `name` were opened."""
        for opened in self.opened:
            if not name or opened.startswith(f"{name}/"):
                self.opened[opened] = 0

    def unique(self, outer: str, default: str) -> str:
        """`default`, or with ``_1``, ``_2`` … the first that was not opened yet inside `outer`."""
        prefix = f"{outer}/{default}" if outer else default
        if not self.opened.get(prefix):
            return default
        number = 1
        while self.opened.get(f"{prefix}_{number}"):
            number += 1
        return f"{default}_{number}"

    def get_variable(
        self, name: str, custom_getter: Any = None, constraint: Any = None, **given: Any
    ) -> Any:
        """The variable of this full name; a custom getter is asked first.

        Raises:
            ValueError: as `tf.get_variable`.
        """
        if custom_getter is None:
            return self._get(name, constraint=constraint, **given)
        if not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        if _accepts(custom_getter, "constraint"):
            given["constraint"] = constraint
            return custom_getter(getter=self._get, name=name, **given)

        def getter(name: str, **changed: Any) -> Any:
            return self._get(name, **({"constraint": constraint} | changed))

        return custom_getter(getter=getter, name=name, **given)

    def _get(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = "float32",
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: Any = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
    ) -> Variable:
        del caching_device, use_resource, synchronization, aggregation
        from_value = initializer is not None and not _is_function(initializer)
        if shape is not None and from_value:
            raise ValueError(
                misuse(
                    "If initializer is a constant, do not specify shape.",
                    [f"for the variable {name}"],
                    "tf.constant_initializer(value) for one value in a shape",
                )
            )
        target, asked = as_dtype(dtype).base_dtype, TensorShape(shape)
        _refuse_parts(name, partitioner, asked, target)
        found = self.variables.get(name)
        if found is not None:
            return _shared(name, found, reuse, asked, target)
        if reuse is True:
            known = ", ".join(self.variables) or "none"
            raise ValueError(
                misuse(
                    f"Variable {name} does not exist, or was not created with "
                    "tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
                    [f"made with tf.get_variable() so far: {known}"],
                    "make it without reuse first, or reuse=tf.AUTO_REUSE",
                )
            )
        initial = initializer if from_value else _starter(name, initializer, asked, target)
        made = Variable(
            initial,
            trainable is not False,
            collections,
            validate_shape,
            name=name,
            dtype=None if from_value else target,
            constraint=constraint,
        )
        self.variables[name] = made
        if regularizer:
            _regularize(name, made, regularizer)
        return made


def store_of(graph: Graph | None = None) -> VariableStore:
    """The store of a graph, the default one if none is given."""
    owner = get_default_graph() if graph is None else graph
    if owner.variable_scope is None:
        owner.variable_scope = VariableStore()
    found = owner.variable_scope
    assert isinstance(found, VariableStore)
    return found


def _accepts(function: Any, argument: str) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters)


def _is_function(initializer: Any) -> bool:
    return callable(initializer) and not hasattr(initializer, "as_tensor")


def _refuse_parts(name: str, partitioner: Any, shape: TensorShape, dtype: DType) -> None:
    if partitioner is None or shape.ndims == 0:
        return
    if not callable(partitioner):
        raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
    parts = list(partitioner(shape=shape, dtype=dtype))
    if any(int(count) != 1 for count in parts):
        raise ValueError(
            misuse(
                f"Variable {name}: a partitioner asks for {parts} parts along its axes.",
                ["a variable is one array here, never cut into parts"],
                "partitioner=None; nothing is gained by parts within one process",
            )
        )


def _shared(name: str, found: Variable, reuse: Any, shape: TensorShape, dtype: DType) -> Variable:
    if not reuse:
        raise ValueError(
            misuse(
                f"Variable {name} already exists, disallowed. Did you mean to set "
                "reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
                [f"first made at {found.op.origin}"],
                f"tf.variable_scope('{name.rpartition('/')[0] or 'model'}', reuse=tf.AUTO_REUSE) "
                "to share it, another name for a variable of its own, or tf.reset_default_graph() "
                "before the model is built again",
            )
        )
    if not shape.is_compatible_with(found.get_shape()):
        raise ValueError(
            misuse(
                f"Trying to share variable {name}, but specified shape "
                f"{shape} and found shape {found.get_shape()}.",
                [f"first made at {found.op.origin}"],
                "the same shape, or another name for a variable of its own",
            )
        )
    if dtype is not found.dtype.base_dtype:
        raise ValueError(
            misuse(
                f"Trying to share variable {name}, but specified dtype {dtype.name} and found "
                f"dtype {found.dtype.name}.",
                [f"first made at {found.op.origin}"],
                "the same dtype, or another name for a variable of its own",
            )
        )
    return found


def _starter(name: str, initializer: Any, shape: TensorShape, dtype: DType) -> Any:
    """A function of no arguments that makes the initial value."""
    if initializer is None:
        if dtype.is_floating:
            initializer = glorot_uniform_initializer()
        elif dtype.is_integer or dtype.is_bool or dtype is string:
            initializer = zeros_initializer()
        else:
            raise ValueError(f"An initializer for variable {name} of {dtype!r} is required")
    maker = initializer() if inspect.isclass(initializer) else initializer
    if shape.is_fully_defined():
        sizes = [int(size) for size in shape]
        takes_shape = not inspect.isroutine(maker) or inspect.signature(maker).parameters
        return (lambda: _called(maker, sizes, dtype)) if takes_shape else maker
    if not inspect.isroutine(maker) or inspect.signature(maker).parameters:
        raise ValueError(
            misuse(
                f"Shape of a new variable ({name}) must be fully defined, but instead was {shape}.",
                (),
                "a shape of known sizes, or an initializer function that takes no arguments",
            )
        )
    return maker


def _called(maker: Any, sizes: list[int], dtype: DType) -> Any:
    try:
        known = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):
        return maker(sizes, dtype=dtype)
    takes_all = any(p.kind is p.VAR_KEYWORD for p in known)
    names = {p.name for p in known}
    extra = {"dtype": dtype, "partition_info": None}
    return maker(sizes, **{k: v for k, v in extra.items() if takes_all or k in names})


def _regularize(name: str, variable: Variable, regularizer: Any) -> None:
    graph = variable.graph
    with graph.colocate_with(variable), graph.name_scope(f"{name}/Regularizer/"):
        loss = regularizer(variable)
    if loss is not None:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
