"""The operation an optimizer makes for each variable: its formula as a small graph of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.graph import Graph, Operation, Tensor
from engine.op import Op, Spec, declared
from engine.shapes import ShapeError, compatible, in_brackets, merge


@dataclass(eq=False)
class Body:
    """An optimizer's formula, traced once: from variable, slots, scalars, gradient to new values.

    The vector inputs may have any one shape: one variable's, or that of a whole arena.
    """

    graph: Graph
    inputs: tuple[Tensor, ...]
    """In the order of the operation's inputs: variable, slots, scalars, gradient."""
    results: tuple[Tensor, ...]
    """The new variable and the new slots."""
    vectors: int
    """How many inputs, from the first, are the variable and its slots."""


@dataclass(eq=False)
class UpdateGroup:
    """The updates made by one ``apply_gradients``: a plan may run them as one over an arena."""

    members: list[Operation] = field(default_factory=list)


@declared(eq=False)
class ApplyUpdate(Op):
    """One variable's update; inputs: variable, slots (all by reference), scalars, gradient."""

    kind: str
    body: Body = field(repr=False)
    group: UpdateGroup = field(repr=False)

    stateful = True
    ref_output = True

    @property
    def type(self) -> str:
        return f"Apply{self.kind}"

    @property
    def writes(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(self.body.vectors))

    def infer(self, variable: Spec, *rest: Spec) -> Spec:
        merge(variable.dims, rest[-1].dims)
        return Spec(variable.dtype, variable.dims)

    def attributes(self) -> dict[str, Any]:
        return {"use_locking": False}


@declared(eq=False)
class SparseApplyUpdate(Op):
    """One variable's update in some rows; inputs: as `ApplyUpdate`, the gradient as rows, indices.

    Rows that are given several times are summed before the formula sees them.
    """

    kind: str
    body: Body = field(repr=False)

    stateful = True
    ref_output = True

    @property
    def type(self) -> str:
        return f"SparseApply{self.kind}"

    @property
    def writes(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(range(self.body.vectors))

    def infer(self, variable: Spec, *rest: Spec) -> Spec:
        rows, indices = rest[-2:]
        if not indices.dtype.is_integer:
            raise TypeError(f"The indices of a sparse gradient are {indices.dtype.name}, not int")
        if (
            rows.dims is not None
            and variable.dims is not None
            and not compatible(rows.dims[1:], variable.dims[1:])
        ):
            raise ShapeError(
                f"Rows of {in_brackets(rows.dims[1:])} do not fit a variable of "
                f"{in_brackets(variable.dims)}"
            )
        return Spec(variable.dtype, variable.dims)

    def attributes(self) -> dict[str, Any]:
        return {"use_locking": False}


OPS = (ApplyUpdate, SparseApplyUpdate)
