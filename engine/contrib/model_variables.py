"""Variables under ``tf.contrib``'s names and in its collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.graph import Tensor, get_default_graph
from engine.variable_scope import get_variable, get_variable_scope
from engine.variables import GraphKeys, Variable


def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
) -> Any:
    """`tf.get_variable`, whose variable is in ``GraphKeys.MODEL_VARIABLES`` too."""
    keys = [*(collections or ()), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    with get_default_graph().device(device or ""):
        return get_variable(
            name,
            shape,
            dtype,
            initializer,
            regularizer,
            trainable,
            keys,
            caching_device,
            partitioner,
            use_resource=use_resource,
            custom_getter=custom_getter,
        )


def renaming(names: Mapping[str, str] | None = None) -> Callable[..., Any]:
    """A custom getter for model variables whose last name part is replaced by these names."""

    def getter(getter: Callable[..., Any], name: str, *args: Any, **given: Any) -> Any:
        path, slash, last = name.rpartition("/")
        keys = given.get("collections") or [GraphKeys.GLOBAL_VARIABLES]
        given["collections"] = [*keys, GraphKeys.MODEL_VARIABLES]
        return getter(f"{path}{slash}{(names or {}).get(last, last)}", *args, **given)

    return getter


def collect_variable(variable: Any, collections: Any, kind: str) -> None:
    """Add a variable to the collections given, for all or by the kind (``weights``, ``biases``)."""
    if variable is None or not collections:
        return
    keys = collections.get(kind) if isinstance(collections, Mapping) else collections
    graph = variable.graph
    for key in [keys] if isinstance(keys, str) else keys or ():
        if not any(known is variable for known in graph.get_collection(key)):
            graph.add_to_collection(key, variable)


def collect_output(outputs: Tensor, collections: Any, alias: str | None = None) -> Tensor:
    """The tensor, added to the collections given under an alias: its layer's scope."""
    if collections:
        name = (alias or get_variable_scope().name).removesuffix("/")
        outputs.aliases = (*getattr(outputs, "aliases", ()), name)
    outputs.graph.add_to_collections(collections, outputs)
    return outputs


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Variable]:
    """The variables of a scope (a name or a `VariableScope`) whose names end in `suffix`."""
    prefix = getattr(scope, "name", scope)
    if prefix is not None and suffix is not None:
        prefix = f"{prefix.rstrip('/')}/.*{suffix}"
    elif suffix is not None:
        prefix = f".*{suffix}"
    return get_default_graph().get_collection(collection, prefix)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Variable]:
    """The variables that `model_variable` and the layers made."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Variable]:
    """The variables that optimizers change."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Variable]:
    """The local variables."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Variable]:
    """The variables whose name's last part is `given_name`."""
    found = get_variables(scope)
    return [v for v in found if v.op.name.rpartition("/")[2] == given_name]


def get_unique_variable(var_op_name: str) -> Variable:
    """The one variable of this full name.

    Raises:
        ValueError: there is none.
    """
    for candidate in get_variables():
        if candidate.op.name == var_op_name:
            return candidate
    raise ValueError(f"Variable {var_op_name} does not exist")


def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list[Variable]:
    """The global variables of the scopes `include` (all of them) without those of `exclude`.

    Raises:
        TypeError: one of the two is no list of scopes.

    Source: ``tf.contrib.framework.get_variables_to_restore``.
    """
    for name, given in (("include", include), ("exclude", exclude)):
        if given is not None and not isinstance(given, list | tuple):
            raise TypeError(f"{name} is provided but is not a list or a tuple.")
    wanted: dict[Variable, None] = {}
    for scope in include or [None]:
        wanted.update(dict.fromkeys(get_variables(scope)))
    left = {variable for scope in exclude or () for variable in get_variables(scope)}
    return [variable for variable in wanted if variable not in left]
