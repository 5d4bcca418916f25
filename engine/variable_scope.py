"""``tf.variable_scope`` and ``tf.get_variable``: variables shared by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from engine.dtypes import as_dtype, float32
from engine.errors import misuse
from engine.graph import Graph, get_default_graph
from engine.initializers import glorot_uniform_initializer, zeros_initializer
from engine.shapes import TensorShape
from engine.variables import Variable

AUTO_REUSE = "AUTO_REUSE"
"""The reuse mode that makes a variable if it is not there."""


@dataclass
class _Store:
    """The variables of one graph that `get_variable` made, and the scope it is in."""

    variables: dict[str, Variable] = field(default_factory=dict)
    scope: VariableScope | None = None
    opened: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class VariableScope:
    """A prefix for variable names, with what holds inside it."""

    name: str
    reuse_mode: Any = False
    initializer: Any = None
    dtype: Any = float32
    original_name_scope: str = ""

    @property
    def reuse(self) -> Any:
        return self.reuse_mode

    def reuse_variables(self) -> None:
        """From now on in this scope `get_variable` gives the variables that are there."""
        store = _store(get_default_graph())
        store.scope = replace(self, reuse_mode=True)


def _store(graph: Graph) -> _Store:
    if graph.variable_scope is None:
        graph.variable_scope = _Store()
    found = graph.variable_scope
    assert isinstance(found, _Store)
    return found


def get_variable_scope() -> VariableScope:
    """The variable scope that is open now."""
    return _store(get_default_graph()).scope or VariableScope("")


@contextmanager
def variable_scope(
    name_or_scope: Any,
    default_name: str | None = None,
    values: Any = None,
    initializer: Any = None,
    reuse: Any = None,
    dtype: Any = None,
) -> Iterator[VariableScope]:
    """Put a prefix before the names of variables made inside, and before operation names.

    With ``reuse=True`` `get_variable` gives the variables that are there; with `AUTO_REUSE` it
    makes those that are not. A scope that was opened before keeps its variables' names, while its
    operations go to ``name_1``.

    Raises:
        ValueError: neither a name nor a default name.
    """
    del values
    graph = get_default_graph()
    store = _store(graph)
    outer = get_variable_scope()
    before = store.scope
    if isinstance(name_or_scope, VariableScope):
        path, short = name_or_scope.name, name_or_scope.name.rpartition("/")[2]
        base = name_or_scope
    else:
        short = name_or_scope
        if name_or_scope is None:
            short = _unique(store, outer.name, default_name)
        path = f"{outer.name}/{short}" if outer.name and short else short or outer.name
        base = outer
    # A scope that is entered again counts its unnamed inner scopes anew: a second model built
    # with reuse finds the variables of the first.
    for key in [key for key in store.opened if key.startswith(f"{path}/")]:
        del store.opened[key]
    entered = VariableScope(
        path,
        base.reuse_mode or outer.reuse_mode if reuse is None else reuse,
        initializer or base.initializer,
        as_dtype(dtype) if dtype is not None else base.dtype,
    )
    with graph.name_scope(short or None) as scope:
        store.scope = replace(entered, original_name_scope=scope)
        try:
            yield store.scope
        finally:
            store.scope = before


def _unique(store: _Store, outer: str, default: str | None) -> str:
    if default is None:
        raise ValueError(
            misuse(
                "If default_name is None then name_or_scope is required",
                (),
                'tf.variable_scope("name")',
            )
        )
    key = f"{outer}/{default}"
    count = store.opened.get(key, 0)
    store.opened[key] = count + 1
    return f"{default}_{count}" if count else default


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    validate_shape: bool = True,
) -> Variable:
    """The variable of that name in the current variable scope: made, or, under reuse, found.

    Without an initializer floats get `glorot_uniform_initializer`, other types zeros.

    Raises:
        ValueError: it exists and reuse is off, is missing and reuse is on, or has another shape.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     with tf.variable_scope("layer"):
    ...         w = tf.get_variable("w", [2, 3])
    ...     with tf.variable_scope("layer", reuse=True):
    ...         print(tf.get_variable("w") is w, w.name)
    True layer/w:0
    """
    graph = get_default_graph()
    store, scope = _store(graph), get_variable_scope()
    path = f"{scope.name}/{name}" if scope.name else name
    found = store.variables.get(path)
    if found is not None:
        if not scope.reuse_mode:
            raise ValueError(
                misuse(
                    f"Variable {path} already exists, disallowed. Did you mean to set "
                    "reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
                    [f"first made at {found.op.origin}"],
                    f"tf.variable_scope('{scope.name or 'model'}', reuse=tf.AUTO_REUSE) to share "
                    "it, another name for a variable of its own, or tf.reset_default_graph() "
                    "before the model is built again",
                )
            )
        if shape is not None and not TensorShape(shape).is_compatible_with(found.get_shape()):
            raise ValueError(
                misuse(
                    f"Trying to share variable {path}, but specified shape "
                    f"{TensorShape(shape)} and found shape {found.get_shape()}.",
                    [f"first made at {found.op.origin}"],
                    "the same shape, or another name for a variable of its own",
                )
            )
        if dtype is not None and as_dtype(dtype).base_dtype is not found.dtype.base_dtype:
            raise ValueError(
                misuse(
                    f"Trying to share variable {path}, but specified dtype "
                    f"{as_dtype(dtype).name} and found dtype {found.dtype.name}.",
                    [f"first made at {found.op.origin}"],
                    "the same dtype, or another name for a variable of its own",
                )
            )
        return found
    if scope.reuse_mode is True:
        known = ", ".join(store.variables) or "none"
        raise ValueError(
            misuse(
                f"Variable {path} does not exist, or was not created with "
                "tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
                [f"made with tf.get_variable() so far: {known}"],
                "make it without reuse first, or reuse=tf.AUTO_REUSE",
            )
        )
    target = as_dtype(dtype if dtype is not None else scope.dtype)
    maker = initializer if initializer is not None else scope.initializer
    if maker is None:
        maker = glorot_uniform_initializer() if target.is_floating else zeros_initializer()
    if isinstance(maker, type):
        maker = maker()
    value = maker
    if callable(maker) and not hasattr(maker, "as_tensor"):
        if not TensorShape(shape).is_fully_defined():
            raise ValueError(
                misuse(
                    f"Shape of a new variable ({path}) must be fully defined, but instead "
                    f"was {TensorShape(shape)}.",
                    (),
                    "every size as a number, as [784, 10]",
                )
            )
        sizes = [int(size) for size in TensorShape(shape)]

        def value() -> Any:
            return maker(sizes, dtype=target)

    elif shape is not None:
        raise ValueError(
            misuse(
                "If initializer is a constant, do not specify shape.",
                [f"for the variable {path}"],
                "tf.constant_initializer(value) for one value in a shape",
            )
        )
    with graph.name_scope(None):
        made = Variable(value, trainable, collections, validate_shape, name=path, dtype=target)
    if regularizer is not None:
        with graph.name_scope(f"{path}/Regularizer/"):
            graph.add_to_collection("regularization_losses", regularizer(made))
    store.variables[path] = made
    return made
