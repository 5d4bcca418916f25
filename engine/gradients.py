"""Gradients: from a graph to more of the same graph, without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from engine.dtypes import ListDType
from engine.errors import misuse
from engine.gradient_registry import registered_rule
from engine.graph import Graph, Operation, Tensor
from engine.ops.arithmetic import add_n
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, make
from engine.ops.elementwise import OnesLike, zeros_like
from engine.ops.filling import ones
from engine.ops.indexed_slices import IndexedSlices
from engine.ops.joining import concat, stack
from engine.ops.lists import ListAdd
from engine.ops.shaping import reshape
from engine.pauses import collector_paused
from engine.shapes import fully_defined

Gradient = Tensor | IndexedSlices


class AggregationMethod:
    """How `gradients` may add up several gradients of one tensor; the plan decides by itself."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients(Enum):
    """What `gradients` gives for an x that no differentiable path leads from."""

    NONE = "none"
    ZERO = "zero"


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """The derivative of the sum of all `ys` for each of `xs`, as graph operations.

    Each has the shape of its x; it is `IndexedSlices` where x is only looked up by index, and None
    (or zeros, by `unconnected_gradients`) where no differentiable path leads from x to ys.
    `grad_ys` are weights for the ys, ones by default; gradients reach `stop_gradients` and go no
    further.

    Raises:
        TypeError: a weight's dtype differs from its y's.
        ValueError: `aggregation_method` or `unconnected_gradients` is not one there is.
        LookupError: an operation on the way declares no gradient.

    Source: ``tf.gradients``; Griewank & Walther, *Evaluating Derivatives*, reverse mode.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant(3.0)
    ...     print(sess.run(tf.gradients(x * x, x)))
    [np.float32(6.0)]
    """
    # Both are hints on scheduling and memory; the plan decides.
    del gate_gradients
    if aggregation_method not in (None, 0, 1, 2):
        raise ValueError(f"Invalid aggregation_method specified {aggregation_method}.")
    unconnected = UnconnectedGradients(unconnected_gradients)
    outputs = [convert_to_tensor(y) for y in _listed(ys)]
    sources = [_source(x) for x in _listed(xs)]
    if not outputs:
        return [None for _ in sources]
    graph = outputs[0].graph
    weights = _listed(grad_ys) if grad_ys is not None else [None] * len(outputs)
    if len(weights) != len(outputs):
        raise ValueError(
            misuse(
                f"Must specify a grad_y for each y: {len(weights)} grad_ys for {len(outputs)} ys",
                (),
                "grad_ys as a list, with None for a weight of one",
            )
        )
    stops = {_source(x) for x in _listed(stop_gradients)} if stop_gradients is not None else set()
    with collector_paused(), graph.as_default(), graph.name_scope(name) as scope:
        collected: dict[Tensor, list[Gradient]] = {}
        for y, weight in zip(outputs, weights, strict=True):
            collected.setdefault(y, []).append(_initial(y, weight))
        _sweep(graph, scope, outputs, set(sources), stops, collected, colocate_gradients_with_ops)
        found = [_total(collected, source) for source in sources]
        if unconnected is UnconnectedGradients.NONE:
            return list(found)
        return [
            zeros_like(source) if gradient is None else gradient
            for source, gradient in zip(sources, found, strict=True)
        ]


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
) -> list[Tensor]:
    """The second derivatives of the sum of `ys` for each x, with the shape of x twice.

    Each element of x makes a sweep over the graph of its own, so it is for small xs.

    Raises:
        ValueError: the shape of an x is not known, or ys do not depend on it.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant([1.0, 2.0])
    ...     print(sess.run(tf.hessians(x[0] * x[0] * x[1], x)[0]))
    [[4. 2.]
     [2. 0.]]
    """
    sources = _listed(xs)
    del gate_gradients, aggregation_method
    colocate = colocate_gradients_with_ops
    found = []
    first = gradients(ys, sources, None, name, colocate)
    for x, gradient in zip(sources, first, strict=True):
        dims = _source(x).spec.dims
        if gradient is None or dims is None or not fully_defined(dims):
            problem = "has an unknown shape" if gradient is not None else "does not lead to ys"
            raise ValueError(f"Cannot compute Hessian because {x} {problem}")
        flat = reshape(convert_to_tensor(gradient), [-1])
        rows = _gradient_of_each(flat, x, name, colocate)
        found.append(reshape(stack(rows) if rows else flat, [*dims, *dims]))
    return found


def _gradient_of_each(flat: Tensor, x: Any, name: str, colocate: bool) -> list[Tensor]:
    """The gradient for x of each element of a vector, zeros where it does not depend on x."""
    zero = UnconnectedGradients.ZERO
    return [
        convert_to_tensor(
            gradients(flat[index], x, None, name, colocate, unconnected_gradients=zero)[0]
        )
        for index in range(int(flat.shape[0].value or 0))
    ]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _source(x: Any) -> Tensor:
    if isinstance(x, IndexedSlices):
        return x.values
    if hasattr(x, "gradient_source"):
        x = x.gradient_source()
    return x if isinstance(x, Tensor) else convert_to_tensor(x)


def _initial(y: Tensor, weight: Any) -> Gradient:
    if isinstance(weight, IndexedSlices):
        return weight
    if weight is None:
        if not y.dtype.base_dtype.is_floating:
            raise ValueError(
                misuse(
                    f"Invalid type {y.dtype!r} for {y.name}, expected: "
                    "[tf.float32, tf.float64, tf.float16].",
                    [f"{y!r} was made at {y.op.origin}"],
                    "tf.cast(x, tf.float32) before the loss: integers have no gradients",
                )
            )
        if y.spec.dims == ():
            return ones((), y.spec.dtype, "grad_ys_0")
        return make(OnesLike(), (y,), "grad_ys_0")
    tensor = convert_to_tensor(weight, None if isinstance(weight, Tensor) else y.dtype.base_dtype)
    if tensor.dtype.base_dtype is not y.dtype.base_dtype:
        raise TypeError(
            misuse(
                f"Gradient type {tensor.dtype.name} does not match type {y.dtype.name} of {y}",
                [f"{x!r} was made at {x.op.origin}" for x in (tensor, y)],
            )
        )
    return tensor


def _between(outputs: list[Tensor], sources: set[Tensor], stops: set[Tensor]) -> set[Operation]:
    """The operations on a path from sources to outputs."""
    stack = [y.op for y in outputs if y not in stops]
    reached = set(stack)
    while stack:
        for x in stack.pop().inputs:
            if x.op not in reached and x not in stops:
                reached.add(x.op)
                stack.append(x.op)
    # Operations are numbered in the order of making, so one pass in that order meets inputs first.
    useful = {source.op for source in sources if source.op in reached}
    for op in sorted(reached, key=_number):
        for x in op.inputs:
            if x in sources or (x.op in useful and x not in stops):
                useful.add(op)
                break
    return useful


def _number(op: Operation) -> int:
    return op.number


def _sweep(
    graph: Graph,
    scope: str,
    outputs: list[Tensor],
    sources: set[Tensor],
    stops: set[Tensor],
    collected: dict[Tensor, list[Gradient]],
    colocate: bool,
) -> None:
    useful = _between(outputs, sources, stops)
    # Inputs always have smaller numbers than their consumers: going down by number, every
    # gradient of an output is complete when its operation's turn comes.
    for op in sorted(useful, key=_number, reverse=True):
        if not op.inputs or collected.keys().isdisjoint(op.outputs):
            continue
        wanted = [
            index
            for index, x in enumerate(op.inputs)
            # What the gradients stop at may be asked for itself.
            if (x in sources or (x.op in useful and x not in stops)) and x.spec.dtype.is_floating
        ]
        if not wanted:
            continue
        rule = op.definition.grad if op.gradient_name is None else None
        if rule is None:
            rule = registered_rule(op)
        if rule is None:
            raise LookupError(
                misuse(
                    f"No gradient defined for operation '{op.name}' (op type: {op.type})",
                    [*op.facts(), f"made at {op.origin}"],
                    "tf.stop_gradient() on its input",
                )
            )
        flowing = [_total(collected, output) for output in op.outputs]
        with graph.name_scope(f"{scope}{op.name}_grad/" if scope else f"{op.name}_grad"):
            if colocate:
                with graph.colocate_with(op):
                    _apply_rule(op, rule, flowing, wanted, collected)
            else:
                _apply_rule(op, rule, flowing, wanted, collected)


def _apply_rule(
    op: Operation,
    rule: Any,
    flowing: Sequence[Gradient | None],
    wanted: list[int],
    collected: dict[Tensor, list[Gradient]],
) -> None:
    if not op.definition.takes_slices:
        flowing = [convert_to_tensor(dy) if isinstance(dy, IndexedSlices) else dy for dy in flowing]
    if op.definition.whole_gradient:
        results = rule(op, flowing, wanted)
    elif len(op.outputs) == 1:
        results = rule(op.outputs[0], flowing[0], *op.inputs)
    else:
        results = rule(op.outputs, _filled(op, flowing), *op.inputs)
    for index in wanted:
        gradient = results[index]
        if callable(gradient):
            gradient = gradient()
        if gradient is None:
            continue
        x = op.inputs[index]
        if isinstance(gradient, Tensor) and (
            gradient.spec.dims is None or None in gradient.spec.dims
        ):
            gradient.set_shape(x.spec.dims)
        collected.setdefault(x, []).append(gradient)


def _filled(op: Operation, flowing: Sequence[Gradient | None]) -> tuple[Gradient | None, ...]:
    # Kinds that split a tensor need every part; those that compute two results tell them apart.
    if op.definition.every_gradient:
        return tuple(
            zeros_like(output) if dy is None else dy
            for output, dy in zip(op.outputs, flowing, strict=True)
        )
    return tuple(flowing)


def _total(collected: dict[Tensor, list[Gradient]], tensor: Tensor) -> Gradient | None:
    found = collected.get(tensor)
    if not found:
        return None
    if len(found) > 1:
        slices = [item for item in found if isinstance(item, IndexedSlices)]
        total: Gradient
        if isinstance(tensor.spec.dtype, ListDType):
            total = make(ListAdd(), [item for item in found if isinstance(item, Tensor)], None)
        else:
            total = _joined(slices) if len(slices) == len(found) else add_n(found)
        collected[tensor] = found = [total]
    return found[0]


def _joined(slices: list[IndexedSlices]) -> IndexedSlices:
    """The sum of them: all rows of all, one after the other."""
    indices = [item.indices for item in slices]
    if len({tensor.dtype.base_dtype for tensor in indices}) > 1:
        indices = [cast(tensor, "int64") for tensor in indices]
    values = concat([item.values for item in slices], 0)
    return IndexedSlices(values, concat(indices, 0), slices[0].dense_shape)
