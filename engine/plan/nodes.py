"""The nodes of a program: operations as they will run, and the values between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.graph import Operation, Tensor
from engine.op import Array, Op, Spec


class Value:
    """One tensor in a program: sizes, and its contents where they are fixed."""

    __slots__ = ("constant", "dims", "index", "node", "spec", "tensor")

    def __init__(
        self,
        tensor: Tensor,
        spec: Spec,
        constant: Array | None = None,
        node: Node | None = None,
        index: int = 0,
    ):
        self.tensor = tensor
        self.spec = spec
        self.constant = constant
        self.node = node
        self.index = index

    def __repr__(self) -> str:
        return f"<{self.tensor.name} {self.spec!r}>"


@dataclass(eq=False)
class Node:
    """One operation as it will run, after simplification."""

    op: Operation
    definition: Op
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...] = ()
    members: tuple[Node, ...] = ()
    """Updates run as one over an arena; then this node stands for all of them."""
    bodies: tuple[Program, ...] = ()
    """What a branch or loop runs, in the order of its definition's bodies."""


@dataclass
class Program:
    """What one signature runs: nodes in order, what is fed, what is fetched."""

    nodes: list[Node]
    feeds: tuple[Value, ...]
    fetches: tuple[Value, ...]
    operations: tuple[Operation, ...] = ()
    """Every operation it stands for, those folded away included, in the order of making."""
    values: Mapping[Tensor, Value] = field(default_factory=dict)
    """Where each tensor's value comes from: the same for tensors that were merged."""
