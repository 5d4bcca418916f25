"""``tf.variable_scope`` and ``tf.get_variable``: variables shared by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from engine.dtypes import as_dtype, float32
from engine.errors import misuse
from engine.graph import Graph, Tensor, get_default_graph
from engine.ops.constants import convert_to_tensor
from engine.variable_store import VariableStore, store_of
from engine.variables import GraphKeys, Variable

AUTO_REUSE = "AUTO_REUSE"
"""The reuse mode that makes a variable if it is not there."""

_INHERITED = (
    "initializer",
    "regularizer",
    "caching_device",
    "partitioner",
    "custom_getter",
    "dtype",
    "use_resource",
)
"""What a scope takes over from the one around it."""


class VariableScope:
    """A prefix for variable names, with the defaults that hold inside it.

    Source: ``tf.VariableScope`` of TensorFlow 1.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ):
        self._name = name
        self._reuse = reuse
        self.initializer = initializer
        self.regularizer = regularizer
        self.caching_device = caching_device
        self.partitioner = partitioner
        self.custom_getter = custom_getter
        self._name_scope = name_scope
        self.dtype = dtype
        self.use_resource = use_resource
        self.constraint = constraint

    @property
    def name(self) -> str:
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that its first opening made, with the slash, to enter it again."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        return self._reuse

    def reuse_variables(self) -> None:
        """From now on in this scope `get_variable` gives the variables that are there."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        self.initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        self.dtype = as_dtype(dtype)

    def set_regularizer(self, regularizer: Any) -> None:
        self.regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        self.caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        self.partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        self.custom_getter = custom_getter

    def set_use_resource(self, use_resource: bool) -> None:
        self.use_resource = use_resource

    def get_collection(self, name: str) -> list[Any]:
        """What a collection holds of this scope."""
        return get_default_graph().get_collection(name, f"{self._name}/" if self._name else None)

    def trainable_variables(self) -> list[Variable]:
        """This scope's variables that optimizers change."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Variable]:
        """This scope's variables."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Variable]:
        """This scope's local variables."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, store: VariableStore, name: str, **given: Any) -> Any:
        """The variable `name` of this scope; what `given` leaves open the scope fills in."""
        for key in ("regularizer", "caching_device", "partitioner", "custom_getter", "reuse"):
            if given.get(key) is None:
                given[key] = getattr(self, key)
        initializer, dtype = given.get("initializer"), given.get("dtype")
        if dtype is not None and initializer is not None and not callable(initializer):
            found = convert_to_tensor(initializer, preferred_dtype=dtype).dtype.base_dtype
            if found != as_dtype(dtype).base_dtype:
                raise ValueError(
                    f"Initializer type '{found}' and explicit dtype '{as_dtype(dtype)}' "
                    "don't match."
                )
            if not isinstance(initializer, Tensor):
                given["initializer"] = convert_to_tensor(initializer, dtype)
        for key in ("initializer", "constraint", "dtype", "use_resource"):
            if given.get(key) is None:
                given[key] = getattr(self, key)
        given["trainable"] = given.get("trainable") is not False
        full_name = f"{self._name}/{name}" if self._name else name
        with get_default_graph().name_scope(None):
            return store.get_variable(full_name, **given)


def get_variable_scope() -> VariableScope:
    """The variable scope that is open now."""
    store = store_of()
    if store.scope is None:
        store.scope = VariableScope(False)
    found = store.scope
    assert isinstance(found, VariableScope)
    return found


class variable_scope:  # noqa: N801 - TensorFlow's name
    """``with tf.variable_scope(name) as scope``: a prefix for variables and operations made inside.

    With ``reuse=True`` `get_variable` gives the variables that are there; with `AUTO_REUSE` it
    makes those that are not; inner scopes inherit it. A scope that was opened before keeps its
    variables' names, while its operations go to ``name_1``. ``auxiliary_name_scope=False`` opens
    no scope for operations.

    Raises:
        ValueError: neither a name nor a default name, or reuse of an unnamed scope.
        TypeError: the name is neither a string nor a `VariableScope`.

    Source: ``tf.variable_scope`` of TensorFlow 1.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     with tf.variable_scope("layer") as scope:
    ...         w = tf.get_variable("w", [2, 3])
    ...     with tf.variable_scope(scope, reuse=True):
    ...         print(tf.get_variable("w") is w)
    True
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ):
        if default_name is None and name_or_scope is None:
            raise TypeError(
                misuse(
                    "If default_name is None then name_or_scope is required",
                    (),
                    'tf.variable_scope("name")',
                )
            )
        if not isinstance(name_or_scope, VariableScope | str | None):
            raise TypeError(
                "VariableScope: name_or_scope must be a string or VariableScope, "
                f"not {name_or_scope!r}."
            )
        if name_or_scope is None and reuse:
            raise ValueError("reuse=True cannot be used without a name_or_scope")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(
                "The auxiliary_name_scope must be `True` or `False`, while get "
                f"{auxiliary_name_scope}"
            )
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._graph = _graph_of(values)
        self._reuse = reuse
        self._auxiliary = auxiliary_name_scope
        self._constraint = constraint
        self._changes = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": None if dtype is None else as_dtype(dtype),
            "use_resource": use_resource,
        }
        self._open: list[ExitStack] = []

    def __enter__(self) -> VariableScope:
        with ExitStack() as stack:
            graph = self._graph
            if graph is None:
                graph = get_default_graph()
            else:
                stack.enter_context(graph.as_default())
            name_scope = stack.enter_context(self._names(graph))
            scope: VariableScope = stack.enter_context(self._entered(name_scope))
            self._open.append(stack.pop_all())
        return scope

    def __exit__(self, *error: Any) -> None:
        self._open.pop().__exit__(*error)

    @contextmanager
    def _names(self, graph: Graph) -> Iterator[str]:
        """The scope of operations' names."""
        if not self._auxiliary:
            current = graph.get_name_scope()
            yield f"{current}/" if current else ""
            return
        match self._name_or_scope:
            case None:
                short = self._default_name
            case str():
                short = self._name_or_scope
            case _:
                short = self._name_or_scope.name.rpartition("/")[2]
        if not short:
            # The root scope of variables leaves the names of operations alone.
            yield ""
            return
        with graph.name_scope(short) as name_scope:
            yield name_scope

    @contextmanager
    def _entered(self, name_scope: str) -> Iterator[VariableScope]:
        store, outer = store_of(), get_variable_scope()
        given = self._name_or_scope
        if isinstance(given, VariableScope):
            scope = self._jump_to(given, outer)
            opened = dict(store.opened)
            store.open(scope.name)
        else:
            short = store.unique(outer.name, self._default_name or "") if given is None else given
            scope = self._below(outer, short, name_scope)
            opened = None
            store.open(scope.name)
        store.scope = scope
        try:
            yield scope
        finally:
            if opened is None:
                store.close_below(scope.name)
            else:
                store.opened = opened
            store.scope = outer

    def _jump_to(self, given: VariableScope, outer: VariableScope) -> VariableScope:
        """A copy of a scope that was opened elsewhere; what is open now does not count."""
        scope = VariableScope(
            self._reuse or given.reuse, given.name, name_scope=given.original_name_scope
        )
        self._fill(scope, given)
        return scope

    def _below(self, outer: VariableScope, short: str, name_scope: str) -> VariableScope:
        name = f"{outer.name}/{short}" if outer.name else short
        scope = VariableScope(self._reuse or outer.reuse, name, name_scope=name_scope)
        self._fill(scope, outer)
        return scope

    def _fill(self, scope: VariableScope, base: VariableScope) -> None:
        for key in _INHERITED:
            value = self._changes[key]
            setattr(scope, key, getattr(base, key) if value is None else value)
        if self._changes["custom_getter"] is not None and base.custom_getter is not None:
            scope.custom_getter = _chained(self._changes["custom_getter"], base.custom_getter)
        scope.constraint = self._constraint


def _graph_of(values: Any) -> Graph | None:
    for value in values or ():
        graph = getattr(value, "graph", None)
        if isinstance(graph, Graph):
            return graph
    return None


def _chained(inner: Callable[..., Any], outer: Callable[..., Any]) -> Callable[..., Any]:
    """The inner scope's getter over the outer scope's."""

    def both(getter: Callable[..., Any], *args: Any, **given: Any) -> Any:
        return inner(functools.partial(outer, getter), *args, **given)

    return both


def variable_op_scope(
    values: Any,
    name_or_scope: Any,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> variable_scope:
    """`variable_scope` in the argument order of 0.x."""
    return variable_scope(
        name_or_scope,
        default_name,
        values,
        initializer,
        regularizer,
        caching_device,
        partitioner,
        custom_getter,
        reuse,
        dtype,
        use_resource,
        constraint,
    )


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Any:
    """The variable of that name in the current variable scope: made, or, under reuse, found.

    `initializer` is a function of a shape and a dtype, a class of such, or the initial value
    itself. Without one the scope's is taken; without that floats get
    `glorot_uniform_initializer`, integers and bool zeros. `regularizer` is a function of the
    variable whose result goes to ``GraphKeys.REGULARIZATION_LOSSES``.

    Raises:
        ValueError: it exists and reuse is off, is missing and reuse is on, has another shape or
            dtype, or is to be cut into parts.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     with tf.variable_scope("layer"):
    ...         w = tf.get_variable("w", [2, 3])
    ...     with tf.variable_scope("layer", reuse=True):
    ...         print(tf.get_variable("w") is w, w.name)
    True layer/w:0
    """
    return get_variable_scope().get_variable(
        store_of(),
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Any = None,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """`get_variable` for a local variable: neither trained nor saved."""
    keys = [*(collections or ()), GraphKeys.LOCAL_VARIABLES]
    del trainable
    return get_variable(name, shape, dtype, initializer, regularizer, False, keys, *args, **kwargs)


def no_regularizer(_: Any) -> None:
    """None: what a scope's regularizer is replaced by for variables that shall have none."""
