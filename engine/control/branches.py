"""``tf.cond`` and ``tf.case``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import nest
from engine.bodies import Body
from engine.control.inner import GradientBody, WithBodies, dense, in_order_of_making
from engine.control.tensor_array import TensorArray, as_leaf, from_leaf
from engine.dtypes import bool_
from engine.errors import compose
from engine.gradients import gradients
from engine.graph import Graph, Operation, Tensor
from engine.op import Spec
from engine.ops.casting import identity
from engine.ops.checks import Assert
from engine.ops.comparisons import logical_and, logical_not, logical_or
from engine.ops.constants import constant, convert_to_tensor, graph_of
from engine.ops.lists import read_or_zeros, zeros_of
from engine.shapes import Dims, ShapeError


class If(WithBodies):
    """The results of one of two bodies; inputs: the predicate, then what the bodies capture."""

    def __init__(self, then: Body, otherwise: Body):
        super().__init__()
        self.then = then
        self.otherwise = otherwise

    @property
    def bodies(self) -> tuple[Body, ...]:
        return (self.then, self.otherwise)

    def infer(self, predicate: Spec, *captured: Spec) -> tuple[Spec, ...]:
        if predicate.dims not in (None, ()):
            raise ShapeError("The predicate of tf.cond must be a scalar")
        pairs = zip(self.then.results, self.otherwise.results, strict=True)
        return tuple(Spec(a.spec.dtype, common(a.spec.dims, b.spec.dims)) for a, b in pairs)

    def attributes(self) -> dict[str, Any]:
        return {
            "then_branch": [x.name for x in self.then.results],
            "else_branch": [x.name for x in self.otherwise.results],
        }

    def grad(
        self, op: Operation, dys: Sequence[Tensor | None], wanted: Sequence[int]
    ) -> list[Tensor | None]:
        """Another `If` over the same predicate, whose bodies are the bodies' gradients."""
        graph = op.graph
        sources = [op.inputs[index] for index in wanted]
        flowing = list(zip(op.outputs, dys, strict=True))
        with graph.name_scope("cond") as scope:
            branches: list[GradientBody] = []
            found: list[list[Tensor | None]] = []
            for body in self.bodies:
                back = GradientBody(graph, "cond context", scope, body, self._keeper(op, body))
                with graph.inside(back):
                    back.index = constant(0, name="run")
                    found.append(_back_through(self, body, flowing, sources, back.index))
                branches.append(back)
            used = [any(each[i] is not None for each in found) for i in range(len(sources))]
            for back, grads in zip(branches, found, strict=True):
                with graph.inside(back):
                    back.results = [
                        zeros_of(x) if grad is None else grad
                        for x, grad, use in zip(sources, grads, used, strict=True)
                        if use
                    ]
            made = iter(make_if(graph, op.inputs[0], branches[0], branches[1], "If"))
        results: list[Tensor | None] = [None] * len(op.inputs)
        for index, use in zip(wanted, used, strict=True):
            results[index] = next(made) if use else None
        return results

    def _keeper(self, op: Operation, body: Body) -> Callable[[Tensor], Tensor]:
        return lambda tensor: self.keep(op, body, tensor)


def _back_through(
    kind: If,
    body: Body,
    flowing: Sequence[tuple[Tensor, Tensor | None]],
    sources: list[Tensor],
    index: Tensor,
) -> list[Tensor | None]:
    """The gradients of one body's results for what it captures."""
    ys, weights = [], []
    for (_, dy), result in zip(flowing, body.results, strict=False):
        if dy is not None and result.spec.dtype.is_floating:
            ys.append(result)
            weights.append(dy)
    lists = {kept: inner for inner, kept in kind.kept.items() if inner.op.body is body}
    for output, dy in flowing:
        if dy is not None and output in lists:
            ys.append(lists[output])
            weights.append(read_or_zeros(dy, index, lists[output]))
    if not ys:
        return [None] * len(sources)
    found = gradients(ys, sources, weights, stop_gradients=body.captured)
    return [dense(gradient) for gradient in found]


def common(a: Dims | None, b: Dims | None) -> Dims | None:
    """What two shapes agree on.

    >>> common((2, 3), (4, 3)), common((2,), (2, 3))
    ((None, 3), None)
    """
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def make_if(
    graph: Graph, predicate: Tensor, then: Body, otherwise: Body, name: str
) -> tuple[Tensor, ...]:
    """The outputs of a new `If` over two bodies whose results are set."""
    if not then.results:
        return ()
    waits = dict.fromkeys([*then.close(), *otherwise.close()])
    captured = dict.fromkeys([*then.captured, *otherwise.captured])
    inputs = (predicate, *in_order_of_making(captured))
    definition = If(then, otherwise)
    definition.note_writes(inputs)
    with graph.control_dependencies(list(waits)):
        return graph.create_op(definition, inputs, name).outputs


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """What `true_fn` gives where the scalar `pred` is true in the run, else what `false_fn` gives.

    Both give tensors of the same types in the same structure; a list of one is that one, unless
    `strict`. Operations made inside a function run only if it is chosen; what was made outside
    and is only used inside is computed in either case. 0.x calls them `fn1` and `fn2`.

    Raises:
        TypeError: `pred` is a Python bool, or a function is none.
        ValueError: the functions give nothing, or different things.

    Source: ``tf.cond``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32)
    ...     y = tf.cond(x > 0.0, lambda: x * 2.0, lambda: -x)
    ...     print(sess.run(y, {x: 3.0}), sess.run(y, {x: -1.0}))
    6.0 1.0
    """
    true_fn = _either(true_fn, fn1, "fn1", "true_fn")
    false_fn = _either(false_fn, fn2, "fn2", "false_fn")
    if not callable(true_fn):
        raise TypeError("true_fn must be callable.")
    if not callable(false_fn):
        raise TypeError("false_fn must be callable.")
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool")
    predicate = convert_to_tensor(pred)
    if predicate.spec.dtype is not bool_:
        raise TypeError(f"pred must be a bool tensor, but {predicate} is {predicate.dtype.name}")
    graph = graph_of(predicate)
    with graph.as_default(), graph.name_scope(name or "cond") as scope:
        bodies, given = [], []
        for function, value in ((true_fn, True), (false_fn, False)):
            body = Body(graph, "cond context", scope)
            with graph.inside(body):
                result = function()
                if result is None:
                    which = "true_fn" if value else "false_fn"
                    raise ValueError(f"{which} must have a return value.")
                given.append(nest.map_structure(_leaf_maker(graph, value), result))
            bodies.append(body)
        _check_alike(*given)
        for body, result in zip(bodies, given, strict=True):
            body.results = [as_leaf(leaf) for leaf in nest.flatten(result)]
        _check_types(*bodies)
        outputs = make_if(graph, predicate, bodies[0], bodies[1], "If")
        merged = [identity(output, "Merge") for output in outputs]
    leaves = nest.flatten(given[0])
    packed = nest.pack_sequence_as(
        given[0], [from_leaf(x, like) for x, like in zip(merged, leaves, strict=True)]
    )
    if not strict and isinstance(packed, list | tuple) and len(packed) == 1:
        return packed[0]
    return packed


def _either(new: Any, old: Any, old_name: str, new_name: str) -> Any:
    if old is not None and new is not None:
        raise TypeError(f"cond(): '{old_name}' and '{new_name}' may not be set simultaneously.")
    if old is None and new is None:
        raise TypeError(f"cond(): '{new_name}' argument required")
    return old if new is None else new


def _leaf_maker(graph: Graph, value: bool) -> Callable[[Any], Any]:
    def leaf(x: Any) -> Any:
        if isinstance(x, Operation):
            with graph.control_dependencies([x]):
                return constant(np.array(value), name="control_dependency")
        return x if isinstance(x, TensorArray) else convert_to_tensor(x)

    return leaf


def _check_alike(a: Any, b: Any) -> None:
    for kind, problem in ((TypeError, "types"), (ValueError, "values")):
        try:
            nest.assert_same_structure(a, b)
        except kind as error:
            raise type(error)(
                f"Incompatible return {problem} of true_fn and false_fn: {error}"
            ) from None
        except (TypeError, ValueError):
            continue
    if not nest.flatten(a):
        raise ValueError("true_fn and false_fn must return at least one result.")


def _check_types(then: Body, otherwise: Body) -> None:
    for x, y in zip(then.results, otherwise.results, strict=True):
        if x.spec.dtype is not y.spec.dtype:
            raise ValueError(
                compose(
                    "Outputs of true_fn and false_fn must have the same type: "
                    f"{x.spec.dtype.name}, {y.spec.dtype.name}",
                    [
                        f"true_fn gives {x.name!r}, made at {x.op.origin}",
                        f"false_fn gives {y.name!r}, made at {y.op.origin}",
                    ],
                    "tf.cast in one of them",
                )
            )


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the function of the first true predicate gives, or else `default`.

    `pred_fn_pairs` is a list of pairs, or a dict, of scalar bool tensors and functions. With
    `exclusive`, more than one true predicate is an error in the run. Without `default`, the last
    function is taken where no predicate is true, after a check that one is.

    Raises:
        TypeError: the pairs are none, or a function cannot be called.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.int32)
    ...     y = tf.case([(x < 1, lambda: tf.constant(10)), (x < 5, lambda: tf.constant(20))],
    ...                 default=lambda: tf.constant(30))
    ...     print([int(sess.run(y, {x: n})) for n in (0, 3, 9)])
    [10, 20, 30]
    """
    pairs = _pairs(pred_fn_pairs)
    if default is not None and not callable(default):
        raise TypeError("default must be callable.")
    predicates = [convert_to_tensor(predicate) for predicate, _ in pairs]
    graph = graph_of(*predicates)
    with graph.as_default(), graph.name_scope(name):
        checks: list[Operation] = []
        if exclusive:
            checks.append(_at_most_one(predicates))
        if default is None:
            checks.append(_one_at_least(predicates))
            predicates, (_, default) = predicates[:-1], pairs[-1]
        chosen = default
        for predicate, (_, function) in reversed(list(zip(predicates, pairs, strict=False))):
            chosen = _nested(predicate, function, chosen, strict)
        with graph.control_dependencies(checks):
            return chosen() if predicates else _always(chosen)


def _nested(predicate: Tensor, function: Any, rest: Any, strict: bool) -> Callable[[], Any]:
    return lambda: cond(predicate, function, rest, strict=strict)


def _always(function: Callable[[], Any]) -> Any:
    return nest.map_structure(lambda x: x if isinstance(x, Operation) else identity(x), function())


def _pairs(given: Any) -> list[tuple[Any, Callable[[], Any]]]:
    if isinstance(given, dict):
        given = list(given.items())
    if not isinstance(given, list | tuple):
        raise TypeError("fns must be a list, tuple, or dict")
    if not given:
        raise ValueError("pred_fn_pairs must hold at least one pair")
    for pair in given:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple.")
        predicate, function = pair
        if isinstance(predicate, bool):
            raise TypeError("pred must be Tensor, not a Python bool")
        if convert_to_tensor(predicate).spec.dtype is not bool_:
            raise TypeError("pred must be of type bool: " + str(predicate))
        if not callable(function):
            raise TypeError(f"fn for pred {predicate} must be callable.")
    return list(given)


def _at_most_one(predicates: list[Tensor]) -> Operation:
    pairs = [logical_and(a, b) for i, a in enumerate(predicates) for b in predicates[i + 1 :]] or [
        logical_not(constant(True))
    ]
    nobody = logical_not(_any(pairs))
    message = "More than one condition evaluated as True but exclusive=True."
    return Assert(nobody, [message, *predicates], name="exclusive")


def _one_at_least(predicates: list[Tensor]) -> Operation:
    message = "None of the conditions evaluated as True, and there is no default."
    return Assert(_any(predicates), [message, *predicates], name="one_true")


def _any(flags: list[Tensor]) -> Tensor:
    total = flags[0]
    for flag in flags[1:]:
        total = logical_or(total, flag)
    return total


KINDS = (If,)
