"""Where an update's formula changes a vector in one pass: x <- a * y + b * x.

The running means of Adam and RMSProp, the speed of Momentum and every plain step are such sums;
NumPy makes two or three passes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.ops.arithmetic import Add, Mul, Sub
from engine.plan.nodes import Node, Program, Value


@dataclass(frozen=True)
class Step:
    """target <- factor * other + kept * target; `factor` is a scalar, or 1 where it is None."""

    target: Value
    other: Value
    factor: Value | None
    negative: bool
    kept: float
    inner: tuple[Node, ...]
    """The nodes whose results nobody else needs: they are not computed."""


def steps_of(program: Program, targets: Sequence[Value]) -> dict[int, Step]:
    """Those of the program's nodes, by ``id``, that change one of its first feeds so.

    Nobody else may read what the target held before.
    """
    readers: dict[int, list[Node | None]] = {}
    for reader in program.nodes:
        for value in reader.inputs:
            readers.setdefault(id(value), []).append(reader)
    for value in program.fetches:
        readers.setdefault(id(value), []).append(None)
    found: dict[int, Step] = {}
    for target, result in zip(targets, program.fetches, strict=False):
        node = result.node
        if node is None or len(node.inputs) != 2:
            continue
        step = _step(node, target)
        if step is None:
            continue
        own = (node, *step.inner)
        alone = all(_only(readers[id(part.outputs[0])], own) for part in step.inner)
        if alone and _only(readers[id(target)], own):
            found[id(node)] = step
    return found


def _only(readers: Sequence[Node | None], allowed: Sequence[Node]) -> bool:
    return all(any(reader is node for node in allowed) for reader in readers)


def _step(node: Node, target: Value) -> Step | None:
    kind, (left, right) = type(node.definition), node.inputs
    if kind is Add:
        for x, other in ((left, right), (right, left)):
            step = _towards(x, other, target) or _scaled(x, other, target, False)
            step = step or _decayed(x, other, target)
            if step is not None:
                return step
    elif kind is Sub:
        return _scaled(left, right, target, True)
    return None


def _product(value: Value) -> tuple[Node, Value, Value] | None:
    """Of a vector times a scalar: the node, the vector, the scalar."""
    node = value.node
    if node is None or type(node.definition) is not Mul:
        return None
    for vector, scalar in (node.inputs, node.inputs[::-1]):
        if scalar.spec.dims == () and vector.spec.dims == value.spec.dims != ():
            return node, vector, scalar
    return None


def _towards(x: Value, other: Value, target: Value) -> Step | None:
    """x + (y - x) * c."""
    found = _product(other)
    if x is not target or found is None:
        return None
    node, difference, scalar = found
    inner = difference.node
    if scalar.constant is None or inner is None or type(inner.definition) is not Sub:
        return None
    y, before = inner.inputs
    if before is not target or y.spec.dims != target.spec.dims:
        return None
    return Step(target, y, scalar, False, 1.0 - float(scalar.constant), (node, inner))


def _scaled(x: Value, other: Value, target: Value, negative: bool) -> Step | None:
    """x + y * c or x - y * c."""
    found = _product(other)
    if x is not target or found is None or found[1] is target:
        return None
    node, vector, scalar = found
    if vector.spec.dims != target.spec.dims:
        return None
    return Step(target, vector, scalar, negative, 1.0, (node,))


def _decayed(x: Value, other: Value, target: Value) -> Step | None:
    """x * c + y."""
    found = _product(x)
    if found is None or found[1] is not target:
        return None
    node, _, scalar = found
    if scalar.constant is None or other is target or other.spec.dims != target.spec.dims:
        return None
    return Step(target, other, None, False, float(scalar.constant), (node,))
