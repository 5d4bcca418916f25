"""The operations behind variables: storage, reads, assignments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.dtypes import DType, bool_
from engine.errors import OutOfRangeError
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import Identity
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.shapes import Dims, ShapeError, compatible, in_brackets, not_equal


@dataclass(eq=False)
class VariableV2(Op):
    """The storage of a variable; its output is the variable itself."""

    dtype: DType
    shape: Dims | None
    resizable: bool = field(default=False, repr=False)
    """Whether an assignment may change its sizes, so that only the run knows them."""

    stateful = True
    ref_output = True

    def infer(self) -> Spec:
        return Spec(self.dtype, None if self.resizable else self.shape)

    def run(self, state: Any, op: Any) -> Array:
        return state.variable(op).array


class ReadVariable(Identity):
    """The value a variable has when this runs, whatever is assigned later."""

    stateful = True

    @property
    def type(self) -> str:
        return "Identity"

    def run(self, state: Any, op: Any, variable: Array) -> Array:
        return variable.copy()

    def simpler(self, x: Spec) -> Any:
        return None


class Assignment(Op):
    """A change of a variable; inputs: the variable's own output, a value. Gives the variable."""

    stateful = True
    ref_output = True
    writes = (0,)

    def infer(self, variable: Spec, value: Spec) -> Spec:
        if variable.dtype is not value.dtype:
            raise TypeError(
                f"Input 'value' of '{self.type}' Op has type {value.dtype.name} that does not "
                f"match type {variable.dtype.name} of argument 'ref'"
            )
        if not compatible(variable.dims, value.dims):
            assert variable.dims is not None and value.dims is not None
            raise ShapeError(
                not_equal(variable.dims, value.dims),
                f"{self.type} requires shapes of both tensors to match. "
                f"lhs shape= {in_brackets(variable.dims)} rhs shape= {in_brackets(value.dims)}",
            )
        known = variable.dims is not None and None not in variable.dims
        return Spec(variable.dtype, variable.dims if known else value.dims)


@declared
class Assign(Assignment):
    """variable = value."""

    validate_shape: bool = True

    def infer(self, variable: Spec, value: Spec) -> Spec:
        loose = variable if self.validate_shape else Spec(variable.dtype, None)
        return super().infer(loose, value)

    def run(self, state: Any, op: Any, variable: Array, value: Array) -> Array:
        if variable.shape == value.shape:
            np.copyto(variable, value)
            return variable
        return state.replace(storage(op.inputs[0]).op, value)

    def lower(self, b: Any, out: Any, variable: Any, value: Any) -> None:
        b.copy(variable, value)


class AssignAdd(Assignment):
    """variable += value."""

    def run(self, state: Any, op: Any, variable: Array, value: Array) -> Array:
        np.add(variable, value, variable)
        return variable

    def lower(self, b: Any, out: Any, variable: Any, value: Any) -> None:
        b.ufunc(np.add, variable, value, variable)


class AssignSub(Assignment):
    """variable -= value."""

    def run(self, state: Any, op: Any, variable: Array, value: Array) -> Array:
        np.subtract(variable, value, variable)
        return variable

    def lower(self, b: Any, out: Any, variable: Any, value: Any) -> None:
        b.ufunc(np.subtract, variable, value, variable)


@declared
class CountUpTo(Op):
    """The value of a variable, which then grows by one; OutOfRangeError when it is at the limit."""

    limit: int

    stateful = True
    writes = (0,)

    def infer(self, variable: Spec) -> Spec:
        if not variable.dtype.is_integer:
            raise TypeError(f"Only integers count up to a limit, not {variable.dtype.name}")
        return Spec(variable.dtype, variable.dims)

    def run(self, state: Any, op: Any, variable: Array) -> Array:
        before = variable.copy()
        if before >= self.limit:
            raise OutOfRangeError(str(op), op, f"Reached limit of {self.limit}")
        variable += 1
        return before


@declared
class InitializedValue(Op):
    """A variable's value, or its initial value where it has none; inputs: variable, initial value.

    In a run that initializes the variable it comes after that.
    """

    initializer: Any = field(repr=False)

    stateful = True
    peeks = True

    @property
    def waits_for(self) -> Any:
        return self.initializer

    def infer(self, variable: Spec, initial: Spec) -> Spec:
        return Spec(variable.dtype, initial.dims)

    def run(self, state: Any, op: Any, variable: Array, initial: Array) -> Array:
        known = state.variable(storage(op.inputs[0]).op).initialized
        return np.array(variable if known else initial)


class IsVariableInitialized(Op):
    """bool: whether the variable has a value in this session."""

    stateful = True
    peeks = True

    def infer(self, variable: Spec) -> Spec:
        return Spec(bool_, ())

    def run(self, state: Any, op: Any, variable: Array) -> Array:
        return np.asarray(state.variable(storage(op.inputs[0]).op).initialized)


def storage(tensor: Tensor) -> Tensor:
    """The output of the variable that a reference leads to, through assignments."""
    while tensor.op.definition.writes and tensor.op.definition.ref_output:
        tensor = tensor.op.inputs[0]
    return tensor


def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """bool: whether a variable has a value in the session that runs this."""
    target = reference(ref)
    return target.graph.create_op(IsVariableInitialized(), (target,), name).outputs[0]


def reference(ref: Any) -> Tensor:
    """The output that stands for a variable itself: of a variable, or of an assignment to it.

    Raises:
        TypeError: it is no variable.
    """
    found = ref.ref() if hasattr(ref, "gradient_source") else ref
    if not isinstance(found, Tensor) or not found.op.definition.ref_output:
        raise TypeError(f"A variable is needed here, not {ref!r}, which cannot be changed")
    return found


def assign(
    ref: Any,
    value: Any,
    validate_shape: bool = True,
    use_locking: bool = True,
    name: str | None = None,
) -> Tensor:
    """A tensor that, run, sets `ref` to `value` and gives the new value.

    With ``validate_shape=False`` the value may have other sizes, which the variable takes on.
    """
    target = reference(ref)
    if not validate_shape:
        storage(target).op.definition.resizable = True  # type: ignore[attr-defined]
    return _change(Assign(validate_shape), target, value, name)


def assign_add(ref: Any, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """A tensor that, run, adds `value` to `ref` and gives the new value."""
    return _change(AssignAdd(), reference(ref), value, name)


def assign_sub(ref: Any, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """A tensor that, run, subtracts `value` from `ref` and gives the new value."""
    return _change(AssignSub(), reference(ref), value, name)


def _change(definition: Op, target: Tensor, value: Any, name: str | None) -> Tensor:
    tensor = convert_to_tensor(value, None if is_graph_value(value) else target.dtype.base_dtype)
    return target.graph.create_op(definition, (target, tensor), name).outputs[0]


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """A tensor that, run, gives the value of `ref` and makes it one larger.

    Raises (at run): OutOfRangeError when the value has reached `limit`.
    """
    target = reference(ref)
    return target.graph.create_op(CountUpTo(int(limit)), (target,), name).outputs[0]


OPS = (
    VariableV2,
    ReadVariable,
    Assign,
    AssignAdd,
    AssignSub,
    CountUpTo,
    InitializedValue,
    IsVariableInitialized,
)
