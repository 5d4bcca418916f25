"""Cheaper forms of two operations in a row; a rule looks at one operation and its producers."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.op import Array, Op, Spec, declared
from engine.ops.arithmetic import Add, Mul, Sub
from engine.ops.broadcasting import SumTo
from engine.ops.elementwise import Neg, Square
from engine.ops.reductions import Sum
from engine.plan.nodes import Value
from engine.shapes import count, normalize_axes

Fused = tuple[Op, tuple[Value, ...]]

_BLAS_DOT = 8192
"""Elements up to which a sum of products is one BLAS call; beyond, pairwise sums are as fast."""


@declared
class DotAll(Op):
    """sum(a * b) over everything, in the given sizes (all of them 1)."""

    dims: tuple[int, ...]

    def infer(self, a: Spec, b: Spec) -> Spec:
        return Spec(a.dtype, self.dims)

    def numpy(self, a: Array, b: Array) -> Array:
        return np.dot(a.ravel(), b.ravel()).reshape(self.dims)

    def lower(self, b: Any, out: Any, x: Any, y: Any) -> None:
        flat = [b.view(value, _flat) for value in (x, y)]
        target = out if not self.dims else b.view(out, lambda array: array.reshape(()))
        b.call(np.dot, *flat, target, writes=target)


def _flat(array: Array) -> Array:
    return array.reshape(-1)


def fuse(definition: Op, inputs: tuple[Value, ...]) -> Fused | None:
    """The same result by fewer or cheaper calls, or None."""
    kind = type(definition)
    if kind is Add:
        return _add_of_negative(inputs)
    if kind is Sub:
        return _difference_of_negative(inputs)
    if kind is Mul:
        return _product_of_constants(inputs)
    if kind is Sum or kind is SumTo:
        return _sum_of_products(definition, inputs)
    return None


def _made_by(value: Value, kind: type[Op]) -> tuple[Value, ...] | None:
    node = value.node
    return node.inputs if node is not None and type(node.definition) is kind else None


def _add_of_negative(inputs: tuple[Value, ...]) -> Fused | None:
    """x + -y is x - y."""
    x, y = inputs
    if negated := _made_by(y, Neg):
        return Sub(), (x, negated[0])
    if negated := _made_by(x, Neg):
        return Sub(), (y, negated[0])
    return None


def _difference_of_negative(inputs: tuple[Value, ...]) -> Fused | None:
    """x - -y is x + y."""
    x, y = inputs
    negated = _made_by(y, Neg)
    return (Add(), (x, negated[0])) if negated else None


def _product_of_constants(inputs: tuple[Value, ...]) -> Fused | None:
    """c * (d * x) is (c * d) * x for constants c and d that broadcast over x alike."""
    for outer, product in (inputs, inputs[::-1]):
        factors = _made_by(product, Mul)
        if outer.constant is None or factors is None or not outer.spec.dtype.is_floating:
            continue
        for inner, x in (factors, factors[::-1]):
            if inner.constant is None or x.spec.dims is None:
                continue
            # Where one of both is a scalar, broadcasting and the result's sizes stay as they were.
            if outer.spec.dims != () and (inner.spec.dims != () or x.spec.dims != outer.spec.dims):
                continue
            both = np.asarray(outer.constant * inner.constant)
            if not _keeps_its_range(both):
                continue
            spec = Spec(outer.spec.dtype, both.shape, both)
            return Mul(), (Value(outer.tensor, spec, both), x)
    return None


def _keeps_its_range(product: Array) -> bool:
    """Whether no factor left the range of its dtype, where x might have brought it back."""
    limits = np.finfo(product.dtype)
    sizes = np.abs(product)
    return bool(np.all((sizes >= limits.tiny) & (sizes <= limits.max)))


def _sum_of_products(definition: Op, inputs: tuple[Value, ...]) -> Fused | None:
    """The sum over everything of a * b, or of the square of a, is a dot product."""
    value, where = inputs
    dims = value.spec.dims
    if (
        not value.spec.is_static
        or dims is None
        or not value.spec.dtype.is_floating
        or where.constant is None
    ):
        return None
    total = count(dims) or 0
    if not 0 < total <= _BLAS_DOT:
        return None
    if isinstance(definition, SumTo):
        target = tuple(int(size) for size in where.constant)
        if any(size != 1 for size in target):
            return None
    else:
        assert isinstance(definition, Sum)
        if normalize_axes(where.constant.ravel(), len(dims)) != tuple(range(len(dims))):
            return None
        target = (1,) * len(dims) if definition.keep_dims else ()
    if factors := _made_by(value, Square):
        return DotAll(target), (factors[0], factors[0])
    factors = _made_by(value, Mul)
    if factors and factors[0].spec.dims == factors[1].spec.dims == dims:
        return DotAll(target), factors
    return None
