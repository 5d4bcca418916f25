"""Products of many tensors at once: einsum and tensordot."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.broadcasting import BroadcastTo
from engine.ops.constants import convert_to_tensor, graph_of, is_graph_value, make
from engine.ops.dtype_rules import need_numbers
from engine.ops.linear import matmul
from engine.ops.shaping import expand_dims, reshape, transpose
from engine.ops.sizes import shape
from engine.shapes import merge_size, normalize_axis, with_rank

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@declared
class Einsum(Op):
    """The sum of products over the letters that the output lacks."""

    equation: str

    @property
    def terms(self) -> list[str]:
        return self.equation.partition("->")[0].split(",")

    @property
    def output(self) -> str:
        return self.equation.partition("->")[2]

    def infer(self, *specs: Spec) -> Spec:
        sizes: dict[str, int | None] = {}
        for spec, term in zip(specs, self.terms, strict=True):
            need_numbers(spec, "inputs")
            if spec.dtype is not specs[0].dtype:
                raise TypeError(
                    "Tensors in list passed to 'inputs' of 'Einsum' Op have types "
                    f"[{', '.join(s.dtype.name for s in specs)}] that don't all match"
                )
            for letter, size in zip(term, with_rank(spec.dims, len(term)), strict=True):
                sizes[letter] = merge_size(sizes.get(letter), size)
        return Spec(specs[0].dtype, tuple(sizes[letter] for letter in self.output))

    def numpy(self, *arrays: Array) -> Array:
        if any(x.dtype == np.float16 for x in arrays):
            wide = [x.astype(np.float32) for x in arrays]
            return _contract(self.equation, wide).astype(np.float16)
        return _contract(self.equation, list(arrays))

    def xla(self, jnp: Any, *arrays: Any) -> Any:
        return jnp.einsum(self.equation, *arrays)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return tuple(self._back(index, dy, inputs) for index in range(len(inputs)))

    def _back(self, index: int, dy: Tensor, inputs: tuple[Tensor, ...]) -> Any:
        others = [term for place, term in enumerate(self.terms) if place != index]
        tensors = [x for place, x in enumerate(inputs) if place != index]
        term, present = self.terms[index], set(self.output).union(*others)
        known = "".join(letter for letter in term if letter in present)

        def gradient() -> Tensor:
            equation = ",".join([self.output, *others]) + "->" + known
            found = make(Einsum(equation), (dy, *tensors), None)
            if known == term:
                return found
            # What the operand was summed over alone: the same for every place there.
            for axis, letter in enumerate(term):
                if letter not in present:
                    found = expand_dims(found, axis)
            return make(BroadcastTo(), (found, shape(inputs[index])), None)

        return gradient


def _contract(equation: str, arrays: list[Array]) -> Array:
    if len(arrays) == 1:
        return np.einsum(equation, arrays[0])
    path = _path(equation, tuple(x.shape for x in arrays))
    return np.einsum(equation, *arrays, optimize=path)


@cache
def _path(equation: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    # The order of the products; found once for each set of sizes, as it takes longer than they do.
    return np.einsum_path(equation, *[np.empty(dims) for dims in shapes], optimize="greedy")[0]


def _written_out(equation: str, ranks: list[int | None]) -> str:
    """The equation with letters for its ellipses, and an output."""
    left, arrow, output = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f'Got {len(ranks)} arguments for equation "{equation}", expecting {len(terms)}'
        )
    spare = [letter for letter in _LETTERS if letter not in left + output]
    extra = 0
    for place, (term, rank) in enumerate(zip(terms, ranks, strict=True)):
        if "..." not in term:
            continue
        if rank is None:
            raise ValueError(f'An ellipsis in "{equation}" needs operands of known rank')
        n = rank - (len(term) - 3)
        if n < 0:
            raise ValueError(f'Operand {place} of "{equation}" has too few axes: {rank}')
        extra = max(extra, n)
        terms[place] = term.replace("...", "@" * n)
    batch = "".join(spare[:extra])

    def with_letters(term: str) -> str:
        n = term.count("@")
        return term.replace("@" * n, batch[extra - n :]) if n else term

    terms = [with_letters(term) for term in terms]
    if arrow:
        output = output.replace("...", batch)
    else:
        counts = Counter("".join(terms))
        once = sorted(k for k in counts if counts[k] == 1 and k not in batch)
        output = batch + "".join(once)
    _check(equation, terms, output)
    return ",".join(terms) + "->" + output


def _check(equation: str, terms: list[str], output: str) -> None:
    for term in [*terms, output]:
        if not all(letter in _LETTERS for letter in term):
            raise ValueError(f"Indices have incorrect format: {equation}")
        if len(set(term)) < len(term):
            raise ValueError(f"Subscript not supported: an axis appears more than once: {term}")
    missing = set(output) - set("".join(terms))
    if missing:
        raise ValueError(f'Unknown indices in the output of "{equation}": {sorted(missing)}')


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """The sum of products of `inputs` that `equation` describes, such as ``"ij,jk->ik"``.

    A letter names an axis; what the output lacks is summed over. ``...`` stands for the axes in
    front; without ``->`` the output has the letters that occur once, in alphabetical order.

    Raises:
        ValueError: the equation does not fit the operands, or a term names an axis twice.
        TypeError: an argument is not known.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])).tolist()
    [3.0, 7.0]
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise TypeError(f"invalid keyword arguments for this function: {', '.join(kwargs)}")
    if len(inputs) == 1 and isinstance(inputs[0], list | tuple):
        inputs = tuple(inputs[0])
    known = next((x for x in inputs if is_graph_value(x)), None)
    dtype = None if known is None else convert_to_tensor(known).dtype.base_dtype
    with graph_of(*inputs).as_default():
        tensors = [convert_to_tensor(x, None if is_graph_value(x) else dtype) for x in inputs]
    ranks = [None if x.spec.dims is None else len(x.spec.dims) for x in tensors]
    return make(Einsum(_written_out(equation, ranks)), tensors, name or "Einsum")


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products over pairs of axes of `a` and `b`; the other axes of a, then of b.

    axes: how many of the last axes of a and the first of b; or a pair of lists of axes (or of
    single axes).

    Raises:
        ValueError: the axes do not fit, or a rank is not known.

    Source: as in ``numpy.tensordot``.
    """
    known = convert_to_tensor(b) if is_graph_value(b) and not is_graph_value(a) else None
    x = convert_to_tensor(a, None if known is None else known.dtype.base_dtype)
    y = convert_to_tensor(b, None if is_graph_value(b) else x.dtype.base_dtype)
    if x.spec.dims is None or y.spec.dims is None:
        raise ValueError("tensordot needs tensors of known rank")
    of_a, of_b = _pairs(axes, len(x.spec.dims), len(y.spec.dims))
    with x.graph.name_scope(name or "Tensordot") as scope:
        free_a = [axis for axis in range(len(x.spec.dims)) if axis not in of_a]
        free_b = [axis for axis in range(len(y.spec.dims)) if axis not in of_b]
        inner: Any = 1
        for i, j in zip(of_a, of_b, strict=True):
            size = merge_size(x.spec.dims[i], y.spec.dims[j])
            inner = inner * (_size(x, i) if size is None else size)
        left = _matrix(x, free_a, of_a, _product(x, free_a), inner)
        right = _matrix(y, of_b, free_b, inner, _product(y, free_b))
        sizes = [_size(x, axis) for axis in free_a] + [_size(y, axis) for axis in free_b]
        result = matmul(left, right)
        if not sizes:
            return reshape(result, np.zeros([0], np.int32), scope)
        whole = reshape(result, sizes, scope)
        whole.set_shape([x.spec.dims[i] for i in free_a] + [y.spec.dims[j] for j in free_b])
        return whole


def _pairs(axes: Any, rank_a: int, rank_b: int) -> tuple[list[int], list[int]]:
    if isinstance(axes, int | np.integer):
        if not 0 <= axes <= min(rank_a, rank_b):
            raise ValueError(f"'axes' must be at least 0 and at most the ranks, got {axes}")
        return list(range(rank_a - int(axes), rank_a)), list(range(int(axes)))
    if len(axes) != 2:
        raise ValueError("'axes' must be an integer or have length 2.")
    lists = [[item] if np.ndim(item) == 0 else list(item) for item in axes]
    if len(lists[0]) != len(lists[1]):
        raise ValueError(
            f"Different number of contraction axes 'a' and 'b', {len(lists[0])} != {len(lists[1])}."
        )
    return (
        [normalize_axis(int(axis), rank_a) for axis in lists[0]],
        [normalize_axis(int(axis), rank_b) for axis in lists[1]],
    )


def _size(x: Tensor, axis: int) -> Any:
    known = x.spec.dims[axis] if x.spec.dims is not None else None
    return shape(x)[axis] if known is None else known


def _product(x: Tensor, axes: list[int]) -> Any:
    total: Any = 1
    for axis in axes:
        total = total * _size(x, axis)
    return total


def _matrix(x: Tensor, first: list[int], second: list[int], rows: Any, columns: Any) -> Tensor:
    order = [*first, *second]
    moved = x if order == list(range(len(order))) else transpose(x, order)
    return reshape(moved, [rows, columns])


OPS = (Einsum,)
