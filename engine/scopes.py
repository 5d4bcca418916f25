"""The module-level forms of a graph's scopes and collections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from engine.graph import Device, Graph, get_default_graph


def device(device_name_or_function: Device) -> AbstractContextManager[None]:
    """Ask for a device for what is made inside."""
    return get_default_graph().device(device_name_or_function)


def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """Run `control_inputs` before what is made inside."""
    return get_default_graph().control_dependencies(control_inputs)


def colocate_with(op: Any) -> AbstractContextManager[None]:
    """Put what is made inside on the device of `op`."""
    return get_default_graph().colocate_with(op)


@contextmanager
def name_scope(
    name: str | None, default_name: str | None = None, values: Any = None
) -> Iterator[str]:
    """Put a prefix before the names made inside; in the graph of `values` if they are given."""
    graph = next(
        (v.graph for v in values or () if isinstance(getattr(v, "graph", None), Graph)),
        get_default_graph(),
    )
    with graph.as_default(), graph.name_scope(default_name if name is None else name) as scope:
        yield scope


def op_scope(
    values: Any, name: str | None, default_name: str | None = None
) -> AbstractContextManager[str]:
    """`name_scope` in the argument order of 0.x."""
    return name_scope(name, default_name, values)


def add_to_collection(name: str, value: Any) -> None:
    """Add to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def get_collection(key: str, scope: str | None = None) -> list[Any]:
    """A copy of a collection of the default graph."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: str) -> list[Any]:
    """A collection of the default graph itself."""
    return get_default_graph().get_collection_ref(key)
