"""What every optimizer shares: gradients, slots, the operations of an update and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.dtypes import DType, float32, float64
from engine.errors import misuse
from engine.gradients import gradients
from engine.graph import Graph, Operation, Tensor
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.control import group, placeholder
from engine.ops.filling import filled
from engine.ops.update import ApplyUpdate, Body, UpdateGroup
from engine.variable_scope import get_variable_scope
from engine.variables import GraphKeys, Variable

Update = tuple[Tensor, dict[str, Tensor]]
"""What to add to the variable, and the new value of each slot."""

GradientPair = tuple[Tensor | None, Variable]


class Optimizer:
    """Base class: a subclass names its slots and scalars and gives the formula in ``update``.

    ``update(grad, **values)`` gets the gradient, the slots, the scalars and the powers by name, as
    tensors of a small graph of its own; it is traced once and runs over all variables together,
    laid end to end. So it must be elementwise: no sum or norm over a variable.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    kind: ClassVar[str]
    """The name in the operation's type: ``ApplyAdam``."""
    slots: ClassVar[tuple[str, ...]] = ()
    """One tensor of the variable's shape per name, starting at ``slot_start``."""

    def __init__(self, name: str):
        if not name:
            raise ValueError(
                misuse("Must specify the optimizer name", (), "a name, or none: it has a default")
            )
        self._name = name
        self._slot_variables: dict[str, dict[Variable, Variable]] = {}
        self._power_variables: dict[tuple[Graph, str], Variable] = {}

    def get_name(self) -> str:
        return self._name

    # What a subclass declares

    def scalars(self) -> dict[str, Any]:
        """Numbers of the formula: Python numbers or tensors of rank 0."""
        return {}

    def powers(self) -> dict[str, Any]:
        """Scalars that start at these numbers and are multiplied by them after every update."""
        return {}

    def slot_start(self, slot: str) -> float:
        """What a slot's elements are before the first update."""
        return 0.0

    def update(self, *args: Any, **kwargs: Any) -> Update:
        raise NotImplementedError

    # What a script calls

    def minimize(
        self,
        loss: Tensor,
        global_step: Variable | None = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """An operation that, run, changes the variables once so that `loss` falls.

        `global_step`, if given, is a variable that grows by one with every run.

        Raises:
            ValueError: no gradient reaches any variable.
        """
        loss = convert_to_tensor(loss)
        pairs = self.compute_gradients(
            loss,
            var_list,
            gate_gradients,
            aggregation_method,
            colocate_gradients_with_ops,
            grad_loss,
        )
        if not any(grad is not None for grad, _ in pairs):
            raise ValueError(
                misuse(
                    "No gradients provided for any variable, check your graph for ops that do "
                    "not support gradients, "
                    f"between variables {[str(v) for _, v in pairs]} and loss {loss}.",
                    [f"the loss was made at {loss.op.origin}"],
                    _way_to_gradients(loss),
                )
            )
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Tensor,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[GradientPair]:
        """Pairs of gradient and variable; the gradient is None where none flows.

        Raises:
            ValueError: there are no variables.
        """
        loss = convert_to_tensor(loss)
        if var_list is None:
            var_list = loss.graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        variables = list(var_list) if isinstance(var_list, list | tuple) else [var_list]
        if not variables:
            raise ValueError(
                misuse(
                    "No variables to optimize.",
                    [f"{loss!r} was made at {loss.op.origin}"],
                    "tf.Variable() for what is to be learned, made before minimize(); "
                    "trainable=False keeps one out",
                )
            )
        for variable in variables:
            if not isinstance(variable, Variable):
                raise TypeError(
                    misuse(
                        f"Argument is not a tf.Variable: {variable}",
                        [f"in var_list, of type {type(variable).__name__}"],
                        "the variables themselves, as tf.trainable_variables() gives them",
                    )
                )
        grads = gradients(
            loss, variables, grad_loss, colocate_gradients_with_ops=colocate_gradients_with_ops
        )
        del gate_gradients, aggregation_method  # Hints on scheduling; the plan decides.
        return list(zip(grads, variables, strict=True))

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Variable | None = None, name: str | None = None
    ) -> Operation:
        """An operation that, run, changes each variable by its gradient.

        Raises:
            ValueError: there is nothing to apply.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError(
                misuse("No variables provided.", (), "the pairs that compute_gradients(loss) gives")
            )
        usable = [
            (convert_to_tensor(grad), variable) for grad, variable in pairs if grad is not None
        ]
        if not usable:
            raise ValueError(
                misuse(
                    f"No gradients provided for any variable: {[str(v) for _, v in pairs]}.",
                    (),
                    "compute_gradients() of a loss that depends on these variables",
                )
            )
        graph = usable[0][1].graph
        with graph.as_default(), graph.control_dependencies(None):
            slots = {
                variable: [self._slot(variable, slot) for slot in self.slots]
                for _, variable in usable
            }
            powers = {
                key: self._power(graph, key, start, [variable for _, variable in usable])
                for key, start in self.powers().items()
            }
        with graph.as_default(), graph.name_scope(name or self._name) as scope:
            dtypes = {variable.dtype.base_dtype for _, variable in usable}
            shared = {dtype: self._shared(dtype, powers) for dtype in dtypes}
            updates = [
                self._apply(grad, variable, slots[variable], *shared[variable.dtype.base_dtype])
                for grad, variable in usable
            ]
            if powers:
                with graph.control_dependencies(updates):
                    updates += [
                        variable.assign(variable.as_tensor() * start, name=f"Assign_{key}").op
                        for (key, start), variable in zip(
                            self.powers().items(), powers.values(), strict=True
                        )
                    ]
            if global_step is None:
                train_op = group(*updates, name=scope)
            else:
                done = group(*updates, name="update")
                with graph.control_dependencies([done]), graph.colocate_with(global_step):
                    train_op = global_step.assign_add(1, name=scope).op
        collection = graph.get_collection_ref("train_op")
        if train_op not in collection:
            collection.append(train_op)
        return train_op

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """The slot of that name for a variable, None if there is none."""
        return self._slot_variables.get(name, {}).get(var)

    def get_slot_names(self) -> list[str]:
        return sorted(self._slot_variables)

    def variables(self) -> list[Variable]:
        """Every variable the optimizer made."""
        own = list(self._power_variables.values())
        return own + [
            slot for by_variable in self._slot_variables.values() for slot in by_variable.values()
        ]

    # How it is built

    def _slot(self, variable: Variable, slot: str) -> Variable:
        known = self._slot_variables.setdefault(slot, {})
        if variable not in known:
            dims = [int(size) for size in variable.get_shape()]
            dtype = variable.dtype.base_dtype

            def start() -> Tensor:
                return filled(dims, self.slot_start(slot), dtype, "start")

            # As in TensorFlow: slots go by the variable scope alone, the powers by the name scope.
            outer = get_variable_scope().name
            name = f"{variable.op.name}/{self._name}"
            with variable.graph.name_scope(None), variable.graph.colocate_with(variable):
                known[variable] = Variable(
                    start, trainable=False, name=f"{outer}/{name}" if outer else name
                )
        return known[variable]

    def _power(self, graph: Graph, key: str, start: Any, beside: Sequence[Variable]) -> Variable:
        if (graph, key) not in self._power_variables:
            # 0.999 to the power of the step is beyond float16.
            widest = any(variable.dtype.base_dtype is float64 for variable in beside)
            dtype = float64 if widest else float32
            with graph.colocate_with(beside[0]):
                self._power_variables[graph, key] = Variable(
                    start, trainable=False, name=key, dtype=dtype
                )
        return self._power_variables[graph, key]

    def _shared(
        self, dtype: DType, powers: dict[str, Variable]
    ) -> tuple[list[Tensor], Body, UpdateGroup]:
        """What all updates of one dtype have in common: scalars, the formula, the group."""
        given = {
            name: convert_to_tensor(value, None if is_graph_value(value) else dtype, name)
            for name, value in self.scalars().items()
        }
        given.update({name: variable.as_tensor() for name, variable in powers.items()})
        given = {name: cast(tensor, dtype) for name, tensor in given.items()}
        return list(given.values()), self._trace(dtype, list(given)), UpdateGroup()

    def _trace(self, dtype: DType, scalars: Sequence[str]) -> Body:
        graph = Graph()
        with graph.as_default():
            variable = placeholder(dtype, name="variable")
            slots = {slot: placeholder(dtype, name=slot) for slot in self.slots}
            numbers = {name: placeholder(dtype, (), name=name) for name in scalars}
            grad = placeholder(dtype, name="grad")
            delta, changed = self.update(grad, **slots, **numbers)
            if set(changed) != set(self.slots):
                raise ValueError(f"{type(self).__name__}.update must give every slot: {self.slots}")
            results = (variable + delta, *[changed[slot] for slot in self.slots])
        return Body(
            graph, (variable, *slots.values(), *numbers.values(), grad), results, 1 + len(slots)
        )

    def _apply(
        self,
        grad: Tensor,
        variable: Variable,
        slots: list[Variable],
        scalars: list[Tensor],
        body: Body,
        group_: UpdateGroup,
    ) -> Operation:
        graph = variable.graph
        if grad.dtype.base_dtype is not variable.dtype.base_dtype:
            raise ValueError(
                misuse(
                    f"Gradient {grad} has another dtype than {variable}",
                    [f"{grad!r} was made at {grad.op.origin}"],
                    f"tf.cast(gradient, tf.{variable.dtype.base_dtype.name})",
                )
            )
        inputs = (variable.ref(), *[slot.ref() for slot in slots], *scalars, grad)
        with graph.name_scope(f"update_{variable.op.name}"), graph.colocate_with(variable):
            op = graph.create_op(ApplyUpdate(self.kind, body, group_), inputs)
        group_.members.append(op)
        return op


_FLAT = {
    "ArgMax": "tf.nn.softmax() and a cross entropy instead of the position of the largest",
    "ArgMin": "tf.reduce_min() instead of the position of the smallest",
    "Round": "the value before tf.round(): a step has no slope",
    "Rint": "the value before tf.round(): a step has no slope",
    "Floor": "the value before tf.floor(): a step has no slope",
    "Sign": "the value before tf.sign(): a step has no slope",
    "Equal": "a cross entropy instead of the count of equal answers",
    "StopGradient": "the loss without tf.stop_gradient()",
}


def _way_to_gradients(loss: Tensor) -> str:
    """What to try about a loss without gradients: the first operation behind it that is flat."""
    seen = {loss.op}
    waiting = [loss.op]
    for op in waiting:
        advice = _FLAT.get(op.type)
        if op.type == "Cast" and not op.outputs[0].dtype.is_floating:
            advice = "no cast to integers between the variables and the loss"
        if advice is not None:
            return f"{advice} ('{op.name}', made at {op.origin})"
        for x in op.inputs:
            if x.op not in seen:
                seen.add(x.op)
                waiting.append(x.op)
    return "a loss that is computed from these variables by differentiable operations"
