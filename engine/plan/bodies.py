"""The programs of branches' and loops' bodies, once the sizes of what they are given are final."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.bodies import Body
from engine.control.branches import If, common
from engine.control.inner import is_variable
from engine.control.loops import While, carried
from engine.dtypes import ListDType, int32
from engine.graph import Tensor
from engine.op import Spec
from engine.ops.lists import length_of
from engine.plan.nodes import Node, Program
from engine.shapes import Dims

Build = Callable[[Sequence[Tensor], Mapping[Tensor, Spec]], Program]


def body_programs(node: Node, build: Build) -> tuple[tuple[Program, ...], tuple[Spec, ...]]:
    """The programs of the bodies of a node, and what is known of its outputs."""
    given = dict(zip(node.op.inputs, [value.spec for value in node.inputs], strict=True))
    definition = node.definition
    if isinstance(definition, If):
        return _branches(definition, node, given, build)
    assert isinstance(definition, While)
    return _loop(definition, node, given, build)


def outputs_of(body: Body) -> list[Tensor]:
    """What a body gives: its results, then what gradients keep."""
    return [*body.results, *body.saved]


def handed(body: Body) -> list[Tensor]:
    """What a body is handed: its inputs, then what it captures; variables it finds itself."""
    return [*body.inputs, *[x for x in body.captured if not is_variable(x)]]


def _program(
    body: Body, specs: Mapping[Tensor, Spec], inputs: Sequence[Spec], build: Build
) -> Program:
    feeds = dict(zip(body.inputs, inputs, strict=True))
    feeds |= {x: specs[x] for x in body.captured if not is_variable(x)}
    return build(outputs_of(body), feeds)


def _branches(
    definition: If, node: Node, given: Mapping[Tensor, Spec], build: Build
) -> tuple[tuple[Program, ...], tuple[Spec, ...]]:
    programs = [_program(body, given, (), build) for body in definition.bodies]
    count = len(definition.then.results)
    specs = [
        Spec(a.spec.dtype, common(a.spec.dims, b.spec.dims))
        for a, b in zip(programs[0].fetches[:count], programs[1].fetches[:count], strict=True)
    ]
    kept = {
        tensor: value.spec
        for body, program in zip(definition.bodies, programs, strict=True)
        for tensor, value in zip(body.saved, program.fetches[count:], strict=True)
    }
    return tuple(programs), (*specs, *_lists(definition, node, kept))


def _lists(definition: Any, node: Node, kept: Mapping[Tensor, Spec]) -> list[Spec]:
    inner = {output: tensor for tensor, output in definition.kept.items()}
    return [
        Spec(output.spec.dtype, _list_of(kept[inner[output]].dims))
        for output in node.op.outputs
        if output in inner
    ]


def _list_of(dims: Dims | None) -> Dims | None:
    return None if dims is None else (None, *dims)


def _loop(
    definition: While, node: Node, given: Mapping[Tensor, Spec], build: Build
) -> tuple[tuple[Program, ...], tuple[Spec, ...]]:
    count = definition.count
    inputs = [_without_value(value.spec) for value in node.inputs[:count]]
    while True:
        step = _program(definition.step, given, inputs, build)
        # What changes from one iteration to the next is not known; each round knows less.
        agreed = [
            carried(old, new.spec) for old, new in zip(inputs, step.fetches[:count], strict=True)
        ]
        if all(_same(old, new) for old, new in zip(inputs, agreed, strict=True)):
            break
        inputs = agreed
    test = _program(definition.test, given, inputs, build)
    kept = dict(
        zip(definition.step.saved, [value.spec for value in step.fetches[count:]], strict=True)
    )
    return (test, step), (*inputs, Spec(int32, ()), *_lists(definition, node, kept))


def _without_value(spec: Spec) -> Spec:
    return spec if isinstance(spec.dtype, ListDType) else Spec(spec.dtype, spec.dims)


def _same(a: Spec, b: Spec) -> bool:
    if isinstance(a.dtype, ListDType) and length_of(a) != length_of(b):
        return False
    return a.dims == b.dims
