"""What every optimizer shares: gradients, slots, the operations of an update and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.dtypes import DType, float32, float64
from engine.errors import compose, misuse
from engine.gradients import gradients
from engine.graph import Graph, Operation, Tensor
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.control import group, placeholder, tuple_
from engine.ops.filling import filled
from engine.ops.indexed_slices import IndexedSlices
from engine.ops.update import ApplyUpdate, Body, SparseApplyUpdate, UpdateGroup
from engine.variable_scope import get_variable_scope
from engine.variables import GraphKeys, Variable

Update = tuple[Tensor, dict[str, Tensor]]
"""What to add to the variable, and the new value of each slot."""

Gradient = Tensor | IndexedSlices
GradientPair = tuple[Gradient | None, Variable]
_Shared = tuple[list[Tensor], Body, UpdateGroup]


class Optimizer:
    """Base class: a subclass names its slots and scalars and gives the formula in ``update``.

    ``update(grad, **values)`` gets the gradient, the slots, the scalars and the powers by name, as
    tensors of a small graph of its own; it is traced once and runs over all variables together,
    laid end to end. So it must be elementwise: no sum or norm over a variable.

    A gradient of rows (`IndexedSlices`) changes those rows alone, after rows that are named
    several times were summed.

    A subclass written for TensorFlow, with ``_create_slots``, ``_prepare``, ``_apply_dense``,
    ``_apply_sparse`` and ``_finish``, works as well.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    kind: str
    """The name in the operation's type: ``ApplyAdam``."""
    slots: tuple[str, ...] = ()
    """One tensor of the variable's shape per name, starting at ``slot_start``."""
    sets_variable: ClassVar[bool] = False
    """``update`` gets ``variable`` too, and gives its new value instead of what to add."""
    every_row: ClassVar[bool] = False
    """The formula changes rows that have no gradient, so a gradient of rows is filled up."""

    def __init__(self, use_locking: bool, name: str):
        if not name:
            raise ValueError(
                misuse("Must specify the optimizer name", (), "a name, or none: it has a default")
            )
        self._use_locking = use_locking
        self._name = name
        self._slot_variables: dict[str, dict[Variable, Variable]] = {}
        self._non_slot_variables: dict[tuple[Graph, str], Variable] = {}
        self._applied: list[Variable] = []
        self._shared: dict[DType, _Shared] = {}

    def get_name(self) -> str:
        return self._name

    # What a subclass declares

    def scalars(self) -> dict[str, Any]:
        """Numbers of the formula: Python numbers, tensors of rank 0, or functions giving one."""
        return {}

    def powers(self) -> dict[str, Any]:
        """Scalars that start at these numbers and are multiplied by them after every update."""
        return {}

    def slot_start(self, slot: str) -> float:
        """What a slot's elements are before the first update."""
        return 0.0

    def slot_name(self, slot: str) -> str:
        """What the slot's variable is called after its variable's name: ``w/Adam``."""
        return self._name

    def update(self, *args: Any, **kwargs: Any) -> Update:
        raise NotImplementedError

    # What a script calls

    def minimize(
        self,
        loss: Any,
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
        loss = convert_to_tensor(loss() if callable(loss) else loss)
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
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[GradientPair]:
        """Pairs of gradient and variable; the gradient is None where none flows.

        The gradient of a variable that is only looked up by index is an `IndexedSlices`.

        Raises:
            ValueError: there are no variables, or `gate_gradients` is none of the three.
            TypeError: something in `var_list` is no variable.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                f"Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        loss = convert_to_tensor(loss() if callable(loss) else loss)
        if var_list is None:
            var_list = loss.graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        variables = _flat(var_list)
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
            if not isinstance(variable, Variable | Tensor):
                raise TypeError(
                    misuse(
                        f"Argument is not a tf.Variable: {variable}",
                        [f"in var_list, of type {type(variable).__name__}"],
                        "the variables themselves, as tf.trainable_variables() gives them",
                    )
                )
        grads: list[Any] = gradients(
            loss,
            variables,
            grad_loss,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
        )
        if gate_gradients == self.GATE_GRAPH:
            grads = tuple_(grads)
        return list(zip(grads, variables, strict=True))

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> Operation:
        """An operation that, run, changes each variable by its gradient.

        Raises:
            ValueError: there is nothing to apply.
            TypeError: a gradient is neither a tensor nor `IndexedSlices`.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError(
                misuse("No variables provided.", (), "the pairs that compute_gradients(loss) gives")
            )
        usable = [(_gradient(grad), variable) for grad, variable in pairs if grad is not None]
        if not usable:
            raise ValueError(
                misuse(
                    f"No gradients provided for any variable: {[str(v) for _, v in pairs]}.",
                    (),
                    "compute_gradients() of a loss that depends on these variables",
                )
            )
        for _, variable in usable:
            if not isinstance(variable, Variable):
                raise NotImplementedError(f"Trying to update a Tensor {variable}")
        graph: Graph = usable[0][1].graph
        self._applied = [variable for _, variable in usable]
        with graph.as_default(), graph.control_dependencies(None):
            self._create_slots(self._applied)
        with graph.as_default(), graph.name_scope(name or self._name) as scope:
            self._prepare()
            updates = [self._updated(grad, variable) for grad, variable in usable]
            if global_step is None:
                train_op = self._finish(updates, scope)
            else:
                done = self._finish(updates, "update")
                with graph.control_dependencies([done]), graph.colocate_with(global_step):
                    train_op = global_step.assign_add(1, name=scope).op
        collection = graph.get_collection_ref(GraphKeys.TRAIN_OP)
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
        made = list(self._non_slot_variables.values())
        for by_variable in self._slot_variables.values():
            made.extend(by_variable.values())
        return sorted(made, key=lambda variable: variable.name)

    # The steps of an update, which a subclass in TensorFlow's manner overrides

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        """Make what the updates of these variables keep between runs."""
        for key, start in self.powers().items():
            # 0.999 to the power of the step is beyond float16.
            widest = any(variable.dtype.base_dtype is float64 for variable in var_list)
            first = min(var_list, key=lambda variable: variable.name)
            self._create_non_slot_variable(start, key, first, dtype=float64 if widest else float32)
        for variable in var_list:
            for slot in self.slots:
                self._filled_slot(variable, self.slot_start(slot), slot, self.slot_name(slot))

    def _prepare(self) -> None:
        """Make what all updates of one ``apply_gradients`` share."""
        self._shared = {}
        for dtype in {variable.dtype.base_dtype for variable in self._applied}:
            given = {
                name: value() if callable(value) else value
                for name, value in self.scalars().items()
            }
            tensors = {
                name: convert_to_tensor(value, None if is_graph_value(value) else dtype, name)
                for name, value in given.items()
            }
            tensors.update({name: self._power_variable(name).as_tensor() for name in self.powers()})
            scalars = [cast(tensor, dtype) for tensor in tensors.values()]
            self._shared[dtype] = scalars, self._trace(dtype, list(tensors)), UpdateGroup()

    def _updated(self, grad: Gradient, variable: Variable) -> Operation:
        graph = variable.graph
        if grad.dtype.base_dtype is not variable.dtype.base_dtype:
            raise ValueError(
                misuse(
                    f"Gradient {grad} has another dtype than {variable}",
                    [f"{grad!r} was made at {grad.op.origin}"],
                    f"tf.cast(gradient, tf.{variable.dtype.base_dtype.name})",
                )
            )
        with graph.name_scope(f"update_{variable.op.name}"), graph.colocate_with(variable):
            apply = self._apply_sparse if isinstance(grad, IndexedSlices) else self._apply_dense
            made = apply(grad, variable)
            op: Operation = made if isinstance(made, Operation) else made.op
            if variable.constraint is None:
                return op
            with graph.control_dependencies([op]):
                kept = variable.constraint(variable.read_value())
                return variable.assign(kept, read_value=False)  # type: ignore[no-any-return]

    def _apply_dense(self, grad: Any, var: Variable) -> Any:
        scalars, body, together = self._shared[var.dtype.base_dtype]
        op = var.graph.create_op(
            ApplyUpdate(self.kind, body, together), (*self._storage(var), *scalars, grad)
        )
        together.members.append(op)
        return op

    def _apply_sparse(self, grad: Any, var: Variable) -> Any:
        if self.every_row:
            return self._apply_dense(convert_to_tensor(grad), var)
        scalars, body, _ = self._shared[var.dtype.base_dtype]
        inputs = (*self._storage(var), *scalars, grad.values, grad.indices)
        return var.graph.create_op(SparseApplyUpdate(self.kind, body), inputs)

    def _finish(self, update_ops: Sequence[Operation], name_scope: str) -> Operation:
        """The operation that is done when all updates are, and what follows them."""
        following = []
        if powers := self.powers():
            with update_ops[0].graph.control_dependencies(update_ops):
                for key, start in powers.items():
                    variable = self._power_variable(key)
                    changed = variable.as_tensor() * start
                    following.append(variable.assign(changed, name=f"Assign_{key}").op)
        return group(*update_ops, *following, name=name_scope)

    # How it is built

    def _storage(self, variable: Variable) -> tuple[Tensor, ...]:
        slots = [self._slot_variables[slot][variable] for slot in self.slots]
        return (variable.ref(), *[slot.ref() for slot in slots])

    def _filled_slot(self, var: Variable, value: float, slot_name: str, op_name: str) -> Variable:
        if not var.get_shape().is_fully_defined():
            raise ValueError(
                compose(
                    f"{self._name}: the shape of variable '{var.op.name}' is not known, so neither "
                    "is that of what the optimizer keeps for it",
                    [f"made at {var.op.origin}"],
                    "tf.train.GradientDescentOptimizer, which keeps nothing",
                )
            )
        dims = [int(size) for size in var.get_shape()]
        dtype = var.dtype.base_dtype
        return self._get_or_make_slot(
            var, lambda: filled(dims, value, dtype, "start"), slot_name, op_name
        )

    def _zeros_slot(self, var: Variable, slot_name: str, op_name: str) -> Variable:
        """The slot of that name, zeros of the variable's shape if it is new."""
        return self._filled_slot(var, 0.0, slot_name, op_name)

    def _get_or_make_slot(self, var: Variable, val: Any, slot_name: str, op_name: str) -> Variable:
        """The slot of that name, starting at `val` if it is new."""
        known = self._slot_variables.setdefault(slot_name, {})
        if var not in known:
            # As in TensorFlow: slots go by the variable scope alone, the powers by the name scope.
            outer = get_variable_scope().name
            name = f"{var.op.name}/{op_name}"
            with var.graph.name_scope(None), var.graph.colocate_with(var):
                known[var] = Variable(
                    val, trainable=False, name=f"{outer}/{name}" if outer else name
                )
        return known[var]

    def _create_non_slot_variable(
        self, initial_value: Any, name: str, colocate_with: Variable, dtype: Any = None
    ) -> Variable:
        """The variable of that name which belongs to no other, made if it is not there."""
        graph = colocate_with.graph
        if (graph, name) not in self._non_slot_variables:
            with graph.colocate_with(colocate_with):
                self._non_slot_variables[graph, name] = Variable(
                    initial_value, trainable=False, name=name, dtype=dtype
                )
        return self._non_slot_variables[graph, name]

    def _get_non_slot_variable(self, name: str, graph: Graph) -> Variable | None:
        return self._non_slot_variables.get((graph, name))

    def _power_variable(self, name: str) -> Variable:
        return self._non_slot_variables[self._applied[0].graph, name]

    def _trace(self, dtype: DType, scalars: Sequence[str]) -> Body:
        graph = Graph()
        with graph.as_default():
            variable = placeholder(dtype, name="variable")
            slots = {slot: placeholder(dtype, name=slot) for slot in self.slots}
            numbers = {name: placeholder(dtype, (), name=name) for name in scalars}
            grad = placeholder(dtype, name="grad")
            if self.sets_variable:
                value, changed = self.update(grad, variable=variable, **slots, **numbers)
            else:
                delta, changed = self.update(grad, **slots, **numbers)
                value = variable + delta
            if set(changed) != set(self.slots):
                raise ValueError(f"{type(self).__name__}.update must give every slot: {self.slots}")
            results = (value, *[changed[slot] for slot in self.slots])
        return Body(
            graph, (variable, *slots.values(), *numbers.values(), grad), results, 1 + len(slots)
        )


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


def _flat(var_list: Any) -> list[Any]:
    if isinstance(var_list, list | tuple):
        return [variable for item in var_list for variable in _flat(item)]
    return [var_list]


def _gradient(grad: Any) -> Gradient:
    if isinstance(grad, IndexedSlices):
        return grad
    try:
        return convert_to_tensor(grad)
    except TypeError:
        raise TypeError(
            f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {grad}"
        ) from None
