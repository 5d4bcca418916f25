"""``tf.while_loop``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine import nest
from engine.bodies import Body
from engine.control.branches import common
from engine.control.inner import (
    BodyInput,
    GradientBody,
    WithBodies,
    added,
    dense,
    in_order_of_making,
)
from engine.control.tensor_array import TensorArray, as_leaf, from_leaf
from engine.dtypes import ListDType, bool_, int32
from engine.errors import compose
from engine.gradients import gradients
from engine.graph import Graph, Operation, Tensor
from engine.op import Spec
from engine.ops.casting import identity, stop_gradient
from engine.ops.comparisons import logical_and
from engine.ops.constants import constant, convert_to_tensor, is_graph_value
from engine.ops.lists import length_of, list_spec, read_or_zeros, zeros_of
from engine.shapes import Dims, TensorShape, as_dims, compatible, in_parentheses


class While(WithBodies):
    """What loop variables are once a test fails; inputs: their first values, what is captured.

    The output after the loop variables is the number of iterations.
    """

    def __init__(self, test: Body, step: Body):
        super().__init__()
        self.test = test
        self.step = step

    @property
    def bodies(self) -> tuple[Body, ...]:
        return (self.test, self.step)

    @property
    def count(self) -> int:
        """How many loop variables there are."""
        return len(self.step.inputs)

    @property
    def given(self) -> int:
        return self.count

    def infer(self, *inputs: Spec) -> tuple[Spec, ...]:
        pairs = zip(self.step.inputs, self.step.results, strict=True)
        return (*[carried(old.spec, new.spec) for old, new in pairs], Spec(int32, ()))

    def attributes(self) -> dict[str, Any]:
        return {
            "cond": [x.name for x in self.test.results],
            "body": [x.name for x in self.step.results],
            "cond_inputs": [x.name for x in self.test.inputs],
            "body_inputs": [x.name for x in self.step.inputs],
        }

    def grad(
        self, op: Operation, dys: Sequence[Tensor | None], wanted: Sequence[int]
    ) -> list[Tensor | None]:
        """A loop that goes back over the iterations, with what each of them kept."""
        return _Backward(self, op, dys, wanted).gradients()


def carried(before: Spec, after: Spec) -> Spec:
    """What is known of a loop variable that is one or the other."""
    if not isinstance(before.dtype, ListDType):
        return Spec(before.dtype, common(before.dims, after.dims))
    length = length_of(before) if length_of(before) == length_of(after) else None
    # An empty list knows nothing of its elements; what is written to it does.
    dims = after.dims if before.dims is None else common(before.dims, after.dims)
    return list_spec(before.dtype.element, length, None if dims is None else dims[1:])


class _Backward:
    """One gradient of one loop on its way into the graph."""

    def __init__(
        self,
        kind: While,
        op: Operation,
        dys: Sequence[Tensor | None],
        wanted: Sequence[int],
    ):
        self.kind = kind
        self.op = op
        self.dys = dys
        self.wanted = wanted
        self.carried = [k for k, x in enumerate(kind.step.inputs) if x.spec.dtype.is_floating]
        """The loop variables that gradients flow along."""
        self.sources = [op.inputs[index] for index in wanted if index >= kind.count]
        """Captured tensors whose gradients are added up over the iterations."""
        self.reached = [False] * len(self.sources)

    def gradients(self) -> list[Tensor | None]:
        op, count, graph = self.op, self.kind.count, self.op.graph
        with graph.name_scope("while") as scope:
            first = [op.outputs[count]]
            for k in self.carried:
                dy = self.dys[k]
                first.append(zeros_of(op.outputs[k]) if dy is None else dy)
            first += [zeros_of(x) for x in self.sources]
            like = [self.kind.step.inputs[k] for k in self.carried] + self.sources
            dims = [(), *[x.spec.dims for x in like]]
            back = GradientBody(graph, "while loop", scope, self.kind.step, self._keep)
            results = make_while(graph, scope, first, dims, _more, self._step, back)
        found: list[Tensor | None] = [None] * len(op.inputs)
        for place, k in enumerate(self.carried, 1):
            found[k] = results[place]
        totals = results[1 + len(self.carried) : -1]
        places = [index for index in self.wanted if index >= count]
        for index, total, reached in zip(places, totals, self.reached, strict=True):
            found[index] = total if reached else None
        return found

    def _keep(self, tensor: Tensor) -> Tensor:
        return self.kind.keep(self.op, self.kind.step, tensor)

    def _step(self, back: Body, given: list[Tensor]) -> list[Tensor]:
        kind, step = self.kind, self.kind.step
        assert isinstance(back, GradientBody)
        index = given[0] - 1
        back.index = index
        flowing = given[1 : 1 + len(self.carried)]
        totals = given[1 + len(self.carried) :]
        ys = [step.results[k] for k in self.carried]
        weights = list(flowing)
        lists = {kept: inner for inner, kept in kind.kept.items()}
        for output, dy in zip(self.op.outputs, self.dys, strict=False):
            if dy is not None and output in lists:
                ys.append(lists[output])
                weights.append(read_or_zeros(dy, index, lists[output]))
        before = [step.inputs[k] for k in self.carried]
        found = gradients(
            ys,
            [*before, *self.sources],
            weights,
            stop_gradients=[*step.inputs, *step.captured],
        )
        carried = [
            zeros_of(now) if grad is None else _dense(grad)
            for now, grad in zip(flowing, found, strict=False)
        ]
        summed = []
        for place, (total, grad) in enumerate(zip(totals, found[len(before) :], strict=True)):
            self.reached[place] = grad is not None
            summed.append(total if grad is None else added(total, _dense(grad)))
        return [index, *carried, *summed]


def _dense(gradient: Any) -> Tensor:
    found = dense(gradient)
    assert found is not None
    return found


def _more(given: list[Tensor]) -> Tensor:
    return given[0] > 0


def make_while(
    graph: Graph,
    scope: str,
    first: Sequence[Tensor],
    dims: Sequence[Dims | None],
    test: Callable[[list[Tensor]], Tensor],
    step: Callable[[Body, list[Tensor]], list[Tensor]],
    step_body: Body,
) -> tuple[Tensor, ...]:
    """The outputs of a new `While` from these first values; `dims` are the variables' shapes.

    Raises:
        ValueError: a variable changes its shape or its type.
    """
    test_body = Body(graph, "while loop", scope)
    for body, label in ((test_body, "Merge"), (step_body, "Identity")):
        with graph.inside(body):
            body.inputs = [
                graph.create_op(_input(x.spec, shape), (), label).outputs[0]
                for x, shape in zip(first, dims, strict=True)
            ]
    with graph.inside(test_body):
        test_body.results = [test(list(test_body.inputs))]
    _check_test(test_body.results[0])
    with graph.inside(step_body):
        step_body.results = step(step_body, list(step_body.inputs))
    for given, result, start in zip(step_body.inputs, step_body.results, first, strict=True):
        _check_invariant(given, result, start)
    waits = dict.fromkeys([*test_body.close(), *step_body.close()])
    captured = dict.fromkeys([*test_body.captured, *step_body.captured])
    inputs = (*first, *in_order_of_making(captured))
    definition = While(test_body, step_body)
    definition.note_writes(inputs)
    with graph.control_dependencies(list(waits)):
        return graph.create_op(definition, inputs, "While").outputs


def _input(spec: Spec, dims: Dims | None) -> BodyInput:
    length = length_of(spec) if isinstance(spec.dtype, ListDType) else None
    return BodyInput(spec.dtype, dims, length)


def _check_test(result: Tensor) -> None:
    if result.spec.dtype is not bool_:
        raise TypeError(f"cond must give a bool tensor, but {result} is {result.dtype.name}")
    if result.spec.dims not in (None, ()):
        raise ValueError(f"cond must give a scalar, but {result} has shape {result.get_shape()}")


def _check_invariant(given: Tensor, result: Tensor, start: Tensor) -> None:
    if given.spec.dtype is not result.spec.dtype:
        raise TypeError(
            compose(
                f"Input tensor '{start.name}' enters the loop with type {given.spec.dtype.name}, "
                f"but has type {result.spec.dtype.name} after one iteration.",
                [f"the body gives {result.name!r}, made at {result.op.origin}"],
                "tf.cast in the body, or a first value of that type",
            )
        )
    old, new = given.spec.dims, result.spec.dims
    if isinstance(given.spec.dtype, ListDType):
        if not compatible(old, new):
            raise ValueError(f"Inconsistent shapes in the TensorArray {start.name}")
        return
    kept = old is None or (
        new is not None
        and len(old) == len(new)
        and all(a is None or a == b for a, b in zip(old, new, strict=True))
    )
    if not kept:
        after = "<unknown>" if new is None else in_parentheses(new)
        raise ValueError(
            compose(
                f"Input tensor '{start.name}' enters the loop with shape {in_parentheses(old)}, "
                f"but has shape {after} after one iteration. To allow the shape to vary across "
                "iterations, use the `shape_invariants` argument of tf.while_loop to specify a "
                "less-specific shape.",
                [f"the body gives {result.name!r}, made at {result.op.origin}"],
                "shape_invariants=[..., tf.TensorShape([None, ...])], or set_shape in the body",
            )
        )


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """The loop variables once ``cond(*loop_vars)`` is false, `body` having changed them till then.

    `loop_vars` is a list, tuple or other structure of tensors and TensorArrays; a single one comes
    back as itself, unless `return_same_structure`. A variable keeps its type and its shape, or the
    looser shape of its place in `shape_invariants`. Iterations run one after the other.

    Raises:
        TypeError: `cond` or `body` cannot be called, or a variable changes its type.
        ValueError: there are no variables, or one changes its shape.

    Source: ``tf.while_loop``; its gradient runs backwards over kept values (Griewank & Walther,
    *Evaluating Derivatives*, section 3.2).

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     i, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), [0, 10])
    ...     print(*sess.run([i, total]))
    5 20
    """
    del swap_memory
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if not isinstance(parallel_iterations, int) or parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    if not nest.flatten(loop_vars):
        raise ValueError("No loop variables provided")
    variables = [loop_vars] if not nest.is_sequence(loop_vars) else loop_vars
    given = nest.map_structure(_variable, variables)
    leaves = nest.flatten(given)
    first = [as_leaf(leaf) for leaf in leaves]
    graph = first[0].graph
    dims = _invariants(given, shape_invariants, first)
    maker = _Made(given, leaves, cond, body, maximum_iterations is not None)
    with graph.as_default(), graph.name_scope(name or "while") as scope:
        if maximum_iterations is not None:
            limit = convert_to_tensor(maximum_iterations, int32, "maximum_iterations")
            if limit.spec.dims not in (None, ()):
                raise ValueError(
                    f"maximum_iterations must be a scalar, saw shape: {limit.get_shape()}"
                )
            maker.limit = limit
            first, dims = [constant(0, name="iteration_counter"), *first], [(), *dims]
        step_body = Body(graph, "while loop", scope)
        outputs = make_while(graph, scope, first, dims, maker.test, maker.step, step_body)
        skipped = len(first) - len(leaves)
        kept = outputs[skipped : len(first)]
        if not back_prop:
            kept = tuple(_stopped(x) for x in kept)
        exits = [identity(x, "Exit") for x in kept]
    packed = nest.pack_sequence_as(
        given, [from_leaf(x, like) for x, like in zip(exits, leaves, strict=True)]
    )
    if return_same_structure and nest.is_sequence(loop_vars):
        return packed
    return packed[0] if len(exits) == 1 and len(packed) == 1 else packed


def _variable(x: Any) -> Any:
    return x if isinstance(x, TensorArray) else convert_to_tensor(x)


def _stopped(x: Tensor) -> Tensor:
    return x if isinstance(x.spec.dtype, ListDType) else stop_gradient(x)


class _Made:
    """The user's two functions on tensors one after the other instead of structures."""

    def __init__(self, given: Any, leaves: list[Any], cond: Any, body: Any, counted: bool):
        self.given = given
        self.leaves = leaves
        self.cond = cond
        self.body = body
        self.counted = counted
        self.limit: Tensor | None = None

    def _packed(self, tensors: list[Tensor]) -> Any:
        found = [from_leaf(x, like) for x, like in zip(tensors, self.leaves, strict=True)]
        return nest.pack_sequence_as(self.given, found)

    def _called(self, function: Any, tensors: list[Tensor]) -> Any:
        packed = self._packed(tensors[1:] if self.counted else tensors)
        return function(**packed) if isinstance(packed, dict) else function(*packed)

    def test(self, tensors: list[Tensor]) -> Tensor:
        result = convert_to_tensor(self._called(self.cond, tensors))
        if self.limit is None:
            return result
        return logical_and(tensors[0] < self.limit, result)

    def step(self, body: Body, tensors: list[Tensor]) -> list[Tensor]:
        result = self._called(self.body, tensors)
        if (
            not nest.is_sequence(result)
            or hasattr(result, "_fields")
            or (len(self.given) == 1 and nest.is_sequence(self.given[0]) and len(result) != 1)
        ):
            result = [result]
        kept = list(result) if isinstance(result, list | tuple) else result
        wanted = list(self.given) if isinstance(self.given, list | tuple) else self.given
        nest.assert_same_structure(wanted, kept, check_types=False)
        flat = [
            as_leaf(_like(x, like)) for x, like in zip(nest.flatten(kept), self.leaves, strict=True)
        ]
        return [tensors[0] + 1, *flat] if self.counted else flat


def _like(x: Any, like: Any) -> Any:
    """A result of the body: a Python or NumPy value takes the type that the variable has."""
    if isinstance(x, TensorArray):
        return x
    given = is_graph_value(x) or isinstance(like, TensorArray)
    return convert_to_tensor(x, None if given else like.spec.dtype)


def _invariants(given: Any, shape_invariants: Any, first: Sequence[Tensor]) -> list[Dims | None]:
    own = [x.spec.dims for x in first]
    if shape_invariants is None:
        return own
    shapes = _shapes_like(given, shape_invariants)
    if len(shapes) != len(own):
        raise ValueError(
            f"shape_invariants must have one shape for each of {len(own)} loop variables, "
            f"got {len(shapes)}"
        )
    found: list[Dims | None] = []
    for tensor, dims, shape in zip(first, own, shapes, strict=True):
        if shape is None or isinstance(tensor.spec.dtype, ListDType):
            found.append(dims)
            continue
        wanted = as_dims(shape)
        looser = wanted is None or (
            dims is not None
            and len(dims) == len(wanted)
            and all(w is None or w == d for d, w in zip(dims, wanted, strict=True))
        )
        if not looser:
            raise ValueError(
                f"The shape invariant specified for {tensor.name} is not compatible with the "
                f"initial shape of the loop variable. It enters the loop with shape "
                f"{in_parentheses(dims)}, but the specified shape invariant is "
                f"{in_parentheses(wanted)}."
            )
        found.append(wanted)
    return found


def _shapes_like(given: Any, shapes: Any) -> list[Any]:
    if isinstance(shapes, TensorShape) or shapes is None:
        return [shapes]
    if not nest.is_sequence(given):
        return [shapes]
    if isinstance(given, dict):
        return [x for key in sorted(given) for x in _shapes_like(given[key], shapes[key])]
    pairs = zip(given, shapes, strict=True)
    return [x for part, shape in pairs for x in _shapes_like(part, shape)]


KINDS = (While,)
