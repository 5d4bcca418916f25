"""What a run may be asked for: tensors, operations, names, variables, and structures of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import compose, misuse
from engine.graph import Graph, Operation, Tensor

Rebuild = Callable[[list[Any]], Any]


def flatten(fetches: Any, graph: Graph) -> tuple[list[Tensor | Operation], Rebuild]:
    """The tensors and operations in `fetches`, and what puts their values into its structure.

    Raises:
        TypeError: something in it cannot be fetched.
        ValueError: something in it is not in this graph.
    """
    leaves: list[Tensor | Operation] = []
    build = _mapper(fetches, graph, leaves)
    return leaves, lambda values: build(values)


def structure_of(fetches: Any) -> Any:
    """What tells nested, named or keyed structures of the same tensors apart, hashable.

    None for a single fetch and for a flat list or tuple: those are their own best description.
    """
    flat = type(fetches) in (list, tuple) and not any(
        isinstance(item, list | tuple | Mapping) for item in fetches
    )
    if flat or not isinstance(fetches, list | tuple | Mapping):
        return None
    return _described(fetches)


def _described(fetch: Any) -> Any:
    if isinstance(fetch, Mapping):
        parts = tuple([(key, _described(item)) for key, item in fetch.items()])
        return (OrderedDict if isinstance(fetch, OrderedDict) else Mapping, parts)
    if isinstance(fetch, list | tuple):
        return (type(fetch), tuple([_described(item) for item in fetch]))
    return fetch


def _mapper(fetch: Any, graph: Graph, leaves: list[Tensor | Operation]) -> Rebuild:
    if fetch is None:
        raise TypeError(
            misuse(
                'Argument `fetch` = None has invalid type "NoneType". Cannot be None',
                (),
                "leave it out: tf.gradients() gives None for what y does not depend on, "
                "tf.summary.merge_all() where there are no summaries",
            )
        )
    if isinstance(fetch, Mapping):
        parts = {key: _mapper(item, graph, leaves) for key, item in fetch.items()}
        made = OrderedDict if isinstance(fetch, OrderedDict) else dict
        return lambda values: made((key, part(values)) for key, part in parts.items())
    if isinstance(fetch, list | tuple):
        items = [_mapper(item, graph, leaves) for item in fetch]
        if isinstance(fetch, list):
            return lambda values: [item(values) for item in items]
        if hasattr(fetch, "_fields"):
            kind = type(fetch)
            return lambda values: kind(*[item(values) for item in items])
        return lambda values: tuple(item(values) for item in items)
    if hasattr(fetch, "components"):
        # Rows with indices, a sparse tensor: several tensors that make one value.
        pieces = [_mapper(item, graph, leaves) for item in fetch.components()]
        return lambda values: fetch.from_components([piece(values) for piece in pieces])
    index = len(leaves)
    leaves.append(_element(fetch, graph))
    return lambda values: values[index]


def _element(fetch: Any, graph: Graph) -> Tensor | Operation:
    try:
        found: Tensor | Operation = graph.as_graph_element(fetch)
    except TypeError as error:
        raise TypeError(
            _told(f"has invalid type {type(fetch)}, must be a string or Tensor.", fetch, error)
        ) from None
    except (ValueError, KeyError) as error:
        raise ValueError(_told("cannot be interpreted as a Tensor.", fetch, error)) from None
    op = found if isinstance(found, Operation) else found.op
    if op.body is not None:
        raise ValueError(
            compose(
                f"Operation {op.name!r} has been marked as not fetchable.",
                [f"it is in a {op.body.kind}, made at {op.origin}"],
                "fetch what tf.cond or tf.while_loop gives back",
            )
        )
    return found


def _told(problem: str, fetch: Any, error: Exception) -> str:
    """The problem, the reason as its first line gives it, and the facts that follow there."""
    reason, *facts = str(error).split("\n")
    return "\n".join([f"Fetch argument {fetch!r} {problem} ({reason})", *facts])
