"""The operations behind variables: storage, reads, assignments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.dtypes import DType, bool_
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.casting import Identity
from engine.shapes import ShapeError, compatible, in_brackets, not_equal


@dataclass(frozen=True, eq=False)
class VariableV2(Op):
    """The storage of a variable; its output is the variable itself."""

    dtype: DType
    shape: tuple[int, ...]

    stateful = True
    ref_output = True

    def infer(self) -> Spec:
        return Spec(self.dtype, self.shape)

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
        return Spec(variable.dtype, variable.dims)


class Assign(Assignment):
    """variable = value."""

    def run(self, state: Any, op: Any, variable: Array, value: Array) -> Array:
        np.copyto(variable, value)
        return variable

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


class IsVariableInitialized(Op):
    """bool: whether the variable has a value in this session."""

    stateful = True

    def infer(self, variable: Spec) -> Spec:
        return Spec(bool_, ())

    def run(self, state: Any, op: Any, variable: Array) -> Array:
        return np.asarray(state.variable(op.inputs[0].op).initialized)


def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """bool: whether a variable has a value in the session that runs this."""
    graph = ref.graph
    return graph.create_op(IsVariableInitialized(), (ref.ref(),), name).outputs[0]  # type: ignore[no-any-return]


OPS = (VariableV2, ReadVariable, Assign, AssignAdd, AssignSub, IsVariableInitialized)
