"""Sums, means, products, extremes over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import bool_, int32
from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops import choosing
from engine.ops.arithmetic import add, maximum
from engine.ops.broadcasting import broadcast_like, lower_sum
from engine.ops.casting import cast, stop_gradient
from engine.ops.comparisons import equal
from engine.ops.constants import const_node, convert_to_tensor, integers, make
from engine.ops.division import is_finite
from engine.ops.elementwise import exp, log, zeros_like
from engine.ops.filling import range as range_
from engine.ops.shaping import Reshape
from engine.ops.sizes import rank, shape, size
from engine.shapes import normalize_axes

# Typed loosely: NumPy's own overloads do not know a keepdims that is not a literal.
_add: Any = np.add.reduce
_multiply: Any = np.multiply.reduce
_maximum: Any = np.maximum.reduce
_minimum: Any = np.minimum.reduce
_logical_and: Any = np.logical_and.reduce
_logical_or: Any = np.logical_or.reduce


@declared
class Reduction(Op):
    """x over the given axes; `keep_dims` leaves them with size 1."""

    keep_dims: bool = False

    fixed_inputs = (1,)

    def infer(self, x: Spec, axes: Spec) -> Spec:
        self.check(x)
        return Spec(x.dtype, self._dims(x, axes))

    def check(self, x: Spec) -> None:
        if not x.dtype.is_numeric:
            raise TypeError(
                f"Value passed to parameter 'input' has DataType {x.dtype.name} not in list "
                "of allowed values: float32, float64, int32, int64"
            )

    def _dims(self, x: Spec, axes: Spec) -> tuple[int | None, ...] | None:
        if x.dims is None or axes.value is None:
            keeps = x.dims is not None and self.keep_dims
            return (None,) * len(x.dims) if keeps and x.dims is not None else None
        gone = normalize_axes(axes.value.ravel(), len(x.dims))
        if self.keep_dims:
            return tuple(1 if axis in gone else n for axis, n in enumerate(x.dims))
        return tuple(n for axis, n in enumerate(x.dims) if axis not in gone)

    def axes(self, x: Any, axes: Any) -> tuple[int, ...]:
        return normalize_axes(np.ravel(axes), len(x))

    def xla(self, jnp: Any, x: Any, axes: Any) -> Any:
        name = {"mean": "mean", "all": "all", "any": "any"}.get(
            self.type.lower(), self.type.lower()
        )
        return getattr(jnp, name)(x, axis=self.axes(x.shape, axes), keepdims=self.keep_dims)

    def kept(self, y: Tensor, x: Tensor, axes: Tensor) -> Tensor:
        """`y` with the reduced axes back as size 1."""
        unchanged = x.spec.dims is not None and y.spec.dims == x.spec.dims
        if self.keep_dims or unchanged:
            return y
        return make(Reshape(), (y, make(KeptShape(), (shape(x), axes), None)), None)


class KeptShape(Op):
    """A shape with the reduced axes at size 1."""

    def infer(self, sizes: Spec, axes: Spec) -> Spec:
        return Spec(int32, sizes.dims)

    def numpy(self, sizes: Array, axes: Array) -> Array:
        result = np.array(sizes, np.int32)
        result[list(normalize_axes(np.ravel(axes), len(result)))] = 1
        return result


class Sum(Reduction):
    """The sum; 0 over nothing."""

    def numpy(self, x: Array, axes: Array) -> Array:
        return _add(x, self.axes(x.shape, axes), x.dtype, None, self.keep_dims)

    def lower(self, b: Any, out: Any, x: Any, axes: Any) -> None:
        lower_sum(b, out, x, self.axes(x.dims, b.value(axes)))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        return lambda: broadcast_like(self.kept(dy, x, axes), x), None


class Mean(Reduction):
    """The arithmetic mean; NaN over nothing."""

    def numpy(self, x: Array, axes: Array) -> Array:
        where = self.axes(x.shape, axes)
        if x.dtype == np.float16:
            return np.asarray(_mean_of_halves(x, where, None, self.keep_dims))
        total = _add(x, where, x.dtype, None, self.keep_dims)
        n = int(np.prod([x.shape[axis] for axis in where]))
        return total / x.dtype.type(n) if x.dtype.kind in "fc" else total // max(n, 1)

    def lower(self, b: Any, out: Any, x: Any, axes: Any) -> None:
        where = self.axes(x.dims, b.value(axes))
        if x.dtype == np.float16:
            b.call(_mean_of_halves, x, where, out, self.keep_dims, writes=out)
            return
        lower_sum(b, out, x, where)
        n = int(np.prod([x.dims[axis] for axis in where]))
        if n == 1:
            return
        divide = np.true_divide if x.dtype.kind in "fc" else np.floor_divide
        b.ufunc(divide, out, b.constant(np.asarray(n, x.dtype), "count"), out)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        def spread() -> Tensor:
            factor = cast(size(x) // maximum(size(y), 1), dy.dtype)
            return broadcast_like(self.kept(dy, x, axes), x) / factor

        return spread, None


def _mean_of_halves(x: Array, axes: tuple[int, ...], out: Array, keep_dims: bool) -> Array:
    # The sum of a few hundred float16 numbers often leaves their range, and so does the count.
    total = _add(x, axes, np.float32, None, keep_dims)
    mean = (total / np.float32(x.size / max(total.size, 1))).astype(np.float16)
    if out is None:
        return mean
    np.copyto(out, mean)
    return out


class Prod(Reduction):
    """The product; 1 over nothing."""

    def numpy(self, x: Array, axes: Array) -> Array:
        return _multiply(x, self.axes(x.shape, axes), x.dtype, None, self.keep_dims)

    def lower(self, b: Any, out: Any, x: Any, axes: Any) -> None:
        _lower_reduce(np.multiply.reduce, self.axes(x.dims, b.value(axes)), b, out, x)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        return lambda: self.kept(dy, x, axes) * make(ProdOfOthers(), (x, axes), None), None


class ProdOfOthers(Op):
    """For every element, the product of the others it is multiplied with; right at zeros too."""

    def infer(self, x: Spec, axes: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, x: Array, axes: Array) -> Array:
        where = normalize_axes(np.ravel(axes), x.ndim)
        moved = np.moveaxis(x, where, range(len(where)))
        flat = moved.reshape(-1, *moved.shape[len(where) :])
        return np.moveaxis(_others(flat).reshape(moved.shape), range(len(where)), where)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        return lambda: make(ProdOfOthersGrad(), (dy, x, axes), None), None


class ProdOfOthersGrad(Op):
    """For every element, the sum over the others of dy times the product without the two."""

    def infer(self, dy: Spec, x: Spec, axes: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, dy: Array, x: Array, axes: Array) -> Array:
        where = normalize_axes(np.ravel(axes), x.ndim)
        front = range(len(where))
        moved = np.moveaxis(x, where, front)
        flat = moved.reshape(-1, *moved.shape[len(where) :])
        weights = np.moveaxis(dy, where, front).reshape(flat.shape)
        result = np.zeros_like(flat)
        for index in np.arange(len(flat)):
            rest = np.arange(len(flat)) != index
            result[rest] += weights[index] * _others(flat[rest])
        return np.moveaxis(result.reshape(moved.shape), front, where)


def _others(flat: Array) -> Array:
    """The products along the first axis without the element itself."""
    before, after = np.ones_like(flat), np.ones_like(flat)
    np.cumprod(flat[:-1], axis=0, out=before[1:])
    after[:-1] = np.cumprod(flat[:0:-1], axis=0)[::-1]
    return before * after


class Max(Reduction):
    """The largest element, over nothing the least there is; ties share the gradient."""

    def numpy(self, x: Array, axes: Array) -> Array:
        start = None if x.size else _extreme(x.dtype, -1)
        return _reduced(_maximum, x, self.axes(x.shape, axes), self.keep_dims, start)

    def lower(self, b: Any, out: Any, x: Any, axes: Any) -> None:
        if not x.size:
            b.copy(out, b.constant(_extreme(x.dtype, -1)))
            return
        _lower_reduce(np.maximum.reduce, self.axes(x.dims, b.value(axes)), b, out, x)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        def share() -> Tensor:
            chosen = cast(equal(self.kept(y, x, axes), x), dy.dtype)
            ties = make(Sum(True), (chosen, axes), None)
            return chosen / ties * self.kept(dy, x, axes)

        return share, None


class Min(Max):
    """The smallest element, over nothing the greatest there is; ties share the gradient."""

    def numpy(self, x: Array, axes: Array) -> Array:
        start = None if x.size else _extreme(x.dtype, 1)
        return _reduced(_minimum, x, self.axes(x.shape, axes), self.keep_dims, start)

    def lower(self, b: Any, out: Any, x: Any, axes: Any) -> None:
        if not x.size:
            b.copy(out, b.constant(_extreme(x.dtype, 1)))
            return
        _lower_reduce(np.minimum.reduce, self.axes(x.dims, b.value(axes)), b, out, x)


def _extreme(dtype: np.dtype[Any], sign: int) -> Array:
    """The least (-1) or greatest (1) value of a dtype."""
    if dtype.kind == "f":
        return np.asarray(sign * np.inf, dtype)
    limits = np.iinfo(dtype)
    return np.asarray(limits.min if sign < 0 else limits.max, dtype)


def _reduced(
    reduce: Any, x: Array, axes: tuple[int, ...], keep_dims: bool, start: Array | None
) -> Array:
    if start is None:
        return reduce(x, axes, None, None, keep_dims)
    return reduce(x, axes, None, None, keep_dims, start)


class Logic(Reduction):
    """A reduction of bool."""

    def check(self, x: Spec) -> None:
        if x.dtype is not bool_:
            raise TypeError(
                f"Input 'input' of '{self.type}' Op has type {x.dtype.name} that does not "
                "match expected type of bool"
            )

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        return None, None


class All(Logic):
    """Whether every element is true."""

    def numpy(self, x: Array, axes: Array) -> Array:
        return _logical_and(x, self.axes(x.shape, axes), None, None, self.keep_dims)


class AnyTrue(Logic):
    """Whether any element is true."""

    @property
    def type(self) -> str:
        return "Any"

    def numpy(self, x: Array, axes: Array) -> Array:
        return _logical_or(x, self.axes(x.shape, axes), None, None, self.keep_dims)


def _lower_reduce(reduce: Any, axes: tuple[int, ...], b: Any, out: Any, x: Any) -> None:
    kept = tuple(n for axis, n in enumerate(x.dims) if axis not in axes)
    target = out if out.dims == kept else b.view(out, lambda array: array.reshape(kept))
    where = axes[0] if len(axes) == 1 else axes
    b.call(reduce, x, where, x.dtype, target, writes=target)


def _reduce(
    kind: Any, x: Any, axis: Any, keep_dims: Any, name: str | None, indices: Any, keepdims: Any
) -> Tensor:
    if axis is not None and indices is not None:
        raise ValueError(
            misuse(
                "Can't specify both 'axis' and 'reduction_indices'.",
                (),
                "axis alone; reduction_indices is its name in 0.x",
            )
        )
    if keep_dims is not None and keepdims is not None:
        raise ValueError(
            misuse(
                "Cannot specify both 'keep_dims' and 'keepdims'.",
                (),
                "keepdims alone; keep_dims is its name before 1.5",
            )
        )
    keep = bool(keep_dims) or bool(keepdims)
    axis = indices if axis is None else axis
    tensor = convert_to_tensor(x)
    definition = kind(keep)
    with tensor.graph.name_scope(name or definition.type) as scope:
        axes = integers(axis, "reduction_indices") if axis is not None else None
        if axes is not None:
            return make(definition, (tensor, axes), scope)
    # TensorFlow makes the axes of a full reduction beside it, as "Const", not in its scope.
    if tensor.spec.dims is not None:
        axes = const_node(np.arange(len(tensor.spec.dims), dtype=np.int32))
    else:
        axes = range_(0, rank(tensor))
    result = make(definition, (tensor, axes), scope)
    if not keep:
        # Nothing is left over of all axes, however many there are.
        result.set_shape(())
    return result


def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """The sum over `axis` (an int, a list, or None for all axes).

    `keep_dims` leaves the axes with size 1; `reduction_indices` is the 0.x name of `axis`.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.reduce_sum([[1., 2.], [3., 4.]], axis=0)).tolist()
    [4.0, 6.0]
    """
    return _reduce(Sum, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """The mean over `axis`; integers floor."""
    return _reduce(Mean, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """The product over `axis`."""
    return _reduce(Prod, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """The largest element over `axis`; ties share the gradient."""
    return _reduce(Max, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """The smallest element over `axis`; ties share the gradient."""
    return _reduce(Min, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """bool: whether every element over `axis` is true."""
    return _reduce(All, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """bool: whether any element over `axis` is true."""
    return _reduce(AnyTrue, input_tensor, axis, keep_dims, name, reduction_indices, keepdims)


def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """log(sum(exp(x))) over `axis`, without overflow; -inf where every x is.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.reduce_logsumexp([1000.0, 1000.0])))
    1000.6932
    """
    x = convert_to_tensor(input_tensor)
    axis = reduction_indices if axis is None else axis
    with x.graph.name_scope(name or "ReduceLogSumExp") as scope:
        largest = reduce_max(x, axis, keep_dims=True)
        # Of -inf alone there is nothing to take off: -inf - -inf would be NaN.
        top = stop_gradient(choosing.where(is_finite(largest), largest, zeros_like(largest)))
        rest = log(reduce_sum(exp(x - top), axis, keep_dims=True))
        if keep_dims or keepdims:
            return add(rest, top, scope)
        total = rest + top
        return make(Reshape(), (total, shape(reduce_sum(x, axis))), scope)


OPS = (Sum, Mean, Prod, Max, Min, All, AnyTrue, KeptShape, ProdOfOthers, ProdOfOthersGrad)
