"""Gathering along any axis and by coordinates, scattering, boolean masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.choosing import where
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.dtype_rules import INDICES, allow, need_same
from engine.ops.joining import concat
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import reshape, squeeze
from engine.ops.sizes import shape
from engine.shapes import (
    Dims,
    ShapeError,
    compatible,
    count,
    in_brackets,
    merge,
    normalize_axis,
    with_rank_at_least,
)


@declared
class AlongAxis(Op):
    """Slices along an axis by indices; the first `batch_dims` axes go in step."""

    axis: int = 0
    batch_dims: int = 0

    def places(self, rank: int, index_rank: int) -> tuple[int, int]:
        """The axis and the number of batch axes, counted from the front."""
        axis = normalize_axis(self.axis, rank)
        batch = self.batch_dims + (index_rank if self.batch_dims < 0 else 0)
        if not 0 <= batch <= index_rank or batch > axis:
            raise ShapeError(
                f"batch_dims ({batch}) must be less than or equal to axis ({axis}) and to the "
                f"rank of indices ({index_rank})"
            )
        return axis, batch


class GatherV2(AlongAxis):
    """Slices of params along an axis at the indices."""

    def infer(self, params: Spec, indices: Spec) -> Spec:
        allow(indices, "indices", INDICES)
        if params.dims is None or indices.dims is None:
            return Spec(params.dtype, None)
        if not params.dims:
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        axis, batch = self.places(len(params.dims), len(indices.dims))
        lead = merge(params.dims[:batch], indices.dims[:batch]) or ()
        middle, rest = params.dims[batch:axis], params.dims[axis + 1 :]
        return Spec(params.dtype, (*lead, *middle, *indices.dims[batch:], *rest))

    def numpy(self, params: Array, indices: Array) -> Array:
        axis, _ = self.places(params.ndim, indices.ndim)
        size = params.shape[axis]
        outside = indices[(indices < 0) | (indices >= size)]
        if outside.size:
            raise ValueError(f"indices = {int(outside.flat[0])} is not in [0, {size})")
        return self._gathered(np, params, indices)

    def xla(self, jnp: Any, params: Any, indices: Any) -> Any:
        return self._gathered(jnp, params, indices)

    def _gathered(self, xp: Any, params: Any, indices: Any) -> Any:
        axis, batch = self.places(params.ndim, indices.ndim)
        if not batch:
            return xp.take(params, indices, axis=axis)
        moved = xp.moveaxis(params, axis, batch)
        rows, rest = _product(moved.shape[:batch]), moved.shape[batch + 1 :]
        flat = moved.reshape(rows, moved.shape[batch], _product(rest))
        places = indices.reshape(rows, _product(indices.shape[batch:]))
        found = flat[np.arange(rows)[:, None], places].reshape(*indices.shape, *rest)
        extra = indices.ndim - batch
        return xp.moveaxis(found, range(batch, batch + extra), range(axis, axis + extra))

    def grad(self, y: Tensor, dy: Tensor, params: Tensor, indices: Tensor) -> tuple[Any, ...]:
        back = GatherV2Grad(self.axis, self.batch_dims)
        return lambda: make(back, (dy, indices, shape(params)), None), None


class GatherV2Grad(AlongAxis):
    """Zeros of a shape with slices added at the indices; inputs: slices, indices, shape."""

    def infer(self, dy: Spec, indices: Spec, sizes: Spec) -> Spec:
        return Spec(dy.dtype, sizes.sizes)

    def numpy(self, dy: Array, indices: Array, sizes: Array) -> Array:
        axis, batch = self.places(len(sizes), indices.ndim)
        extra = indices.ndim - batch
        result = np.zeros(tuple(sizes), dy.dtype)
        moved = np.moveaxis(result, axis, batch)
        rows, size = _product(moved.shape[:batch]), moved.shape[batch]
        rest = _product(moved.shape[batch + 1 :])
        slices = np.moveaxis(dy, range(axis, axis + extra), range(batch, batch + extra))
        each = _product(indices.shape[batch:])
        flat = np.zeros((rows, size, rest), dy.dtype)
        places = np.arange(rows)[:, None], indices.reshape(rows, each)
        np.add.at(flat, places, slices.reshape(rows, each, rest))
        moved[...] = flat.reshape(moved.shape)
        return result

    def grad(
        self, y: Tensor, ddy: Tensor, dy: Tensor, indices: Tensor, sizes: Tensor
    ) -> tuple[Any, ...]:
        again = GatherV2(self.axis, self.batch_dims)
        return lambda: make(again, (ddy, indices), None), None, None


def _product(dims: tuple[int, ...]) -> int:
    return int(np.prod(dims, dtype=np.int64))


class GatherNd(Op):
    """The parts of params at the coordinates in the last axis of indices."""

    def infer(self, params: Spec, indices: Spec) -> Spec:
        allow(indices, "indices", INDICES)
        places = with_rank_at_least(indices.dims, 1)
        if params.dims is None or places is None or places[-1] is None:
            return Spec(params.dtype, None)
        if places[-1] > len(params.dims):
            raise ShapeError(
                f"indices.shape[-1] must be <= params.rank, but saw indices shape: "
                f"{in_brackets(places)} and params shape: {in_brackets(params.dims)}"
            )
        return Spec(params.dtype, places[:-1] + params.dims[places[-1] :])

    def numpy(self, params: Array, indices: Array) -> Array:
        depth = indices.shape[-1]
        _check_coordinates(indices, params.shape, "param shape")
        if not depth:
            return np.broadcast_to(params, indices.shape[:-1] + params.shape)
        return params[tuple(np.moveaxis(indices, -1, 0))]

    def xla(self, jnp: Any, params: Any, indices: Any) -> Any:
        return params[tuple(jnp.moveaxis(indices, -1, 0))]

    def grad(self, y: Tensor, dy: Tensor, params: Tensor, indices: Tensor) -> tuple[Any, ...]:
        return lambda: make(ScatterNd(), (indices, dy, _sizes_as(params, indices)), None), None


def _sizes_as(x: Tensor, indices: Tensor) -> Tensor:
    return shape(x, out_type=indices.spec.dtype)


def _check_coordinates(indices: Array, dims: tuple[int, ...], what: str) -> None:
    depth = indices.shape[-1]
    if depth > len(dims):
        raise ValueError(
            f"indices.shape[-1] must be <= {len(dims)}, the rank of {what} {in_brackets(dims)}, "
            f"but is {depth}"
        )
    wrong = ((indices < 0) | (indices >= np.array(dims[:depth]))).any(axis=-1)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"indices{in_brackets(place)} = {in_brackets(indices[place].tolist())} does not "
            f"index into {what} {in_brackets(dims)}"
        )


class ScatterNd(Op):
    """Zeros of a shape with updates added at coordinates; inputs: indices, updates, shape."""

    def infer(self, indices: Spec, updates: Spec, sizes: Spec) -> Spec:
        allow(indices, "indices", INDICES)
        need_same(self, sizes, "shape", indices, "indices")
        dims = sizes.sizes
        places = with_rank_at_least(indices.dims, 1)
        if places is not None and dims is not None and places[-1] is not None:
            if places[-1] > len(dims):
                raise ShapeError(
                    f"The inner {places[-1]} dimensions of indices do not fit a result of rank "
                    f"{len(dims)}"
                )
            if not compatible(updates.dims, places[:-1] + dims[places[-1] :]):
                raise ShapeError(
                    f"The updates {in_brackets(updates.dims)} must be "
                    f"{in_brackets(places[:-1] + dims[places[-1] :])} for indices "
                    f"{in_brackets(places)} into {in_brackets(dims)}"
                )
        return Spec(updates.dtype, dims)

    def numpy(self, indices: Array, updates: Array, sizes: Array) -> Array:
        dims = tuple(int(n) for n in sizes)
        depth = indices.shape[-1]
        _check_coordinates(indices, dims, "shape")
        result = np.zeros(dims, updates.dtype)
        rows = updates.reshape(indices.shape[:-1] + dims[depth:])
        if not depth:
            return rows.sum(axis=tuple(range(indices.ndim - 1)), dtype=updates.dtype)
        np.add.at(result, tuple(np.moveaxis(indices, -1, 0)), rows)
        return result

    def xla(self, jnp: Any, indices: Any, updates: Any, sizes: Any) -> Any:
        zeros = jnp.zeros(tuple(sizes), updates.dtype)
        return zeros.at[tuple(jnp.moveaxis(indices, -1, 0))].add(updates)

    def grad(
        self, y: Tensor, dy: Tensor, indices: Tensor, updates: Tensor, sizes: Tensor
    ) -> tuple[Any, ...]:
        return None, lambda: make(GatherNd(), (dy, indices), None), None


@declared
class SparseToDense(Op):
    """A default everywhere but at given coordinates; inputs: indices, shape, values, default."""

    validate_indices: bool = True

    def infer(self, indices: Spec, sizes: Spec, values: Spec, default: Spec) -> Spec:
        allow(indices, "sparse_indices", INDICES)
        need_same(self, default, "default_value", values, "sparse_values")
        if indices.dims is not None and len(indices.dims) > 2:
            raise ShapeError(
                "sparse_indices should be a scalar, vector, or matrix, got shape "
                f"{in_brackets(indices.dims)}"
            )
        return Spec(values.dtype, sizes.sizes)

    def numpy(self, indices: Array, sizes: Array, values: Array, default: Array) -> Array:
        dims = tuple(int(n) for n in sizes)
        places = indices.reshape(-1, 1) if indices.ndim < 2 else indices
        if places.shape[-1] != len(dims):
            raise ValueError(
                f"output_shape has incorrect number of elements: {len(dims)} should be: "
                f"{places.shape[-1]}"
            )
        if values.ndim and len(values) != len(places):
            raise ValueError(
                f"sparse_values has incorrect shape {in_brackets(values.shape)}, should be [] or "
                f"[{len(places)}]"
            )
        self._check(places, dims)
        result = np.full(dims, default, values.dtype)
        result[tuple(places.T)] = values
        return result

    def _check(self, places: Array, dims: tuple[int, ...]) -> None:
        outside = ((places < 0) | (places >= np.array(dims))).any(axis=1)
        if outside.any():
            row = int(np.argmax(outside))
            raise ValueError(
                f"indices[{row}] = {in_brackets(places[row].tolist())} is out of bounds: need "
                f"0 <= index < {in_brackets(dims)}"
            )
        if not self.validate_indices:
            return
        step = np.diff(np.ravel_multi_index(tuple(places.T), dims)) if len(places) else places
        if (step <= 0).any() and len(places):
            row = int(np.argmax(step <= 0)) + 1
            problem = "is repeated" if step[row - 1] == 0 else "is out of order"
            raise ValueError(f"indices[{row}] = {in_brackets(places[row].tolist())} {problem}")

    def grad(
        self, y: Tensor, dy: Tensor, indices: Tensor, sizes: Tensor, values: Tensor, default: Tensor
    ) -> tuple[Any, ...]:
        rank = indices.spec.dims
        if rank is None:
            raise ValueError("The gradient of sparse_to_dense needs indices of known rank")
        places = indices if len(rank) == 2 else reshape(indices, [-1, 1])
        taken = make(GatherNd(), (dy, places), None)
        of_values = reduce_sum(taken) if values.spec.dims == () else reshape(taken, shape(values))
        return None, None, of_values, lambda: reduce_sum(dy) - reduce_sum(taken)


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """The parts of `params` at the coordinates in the last axis of `indices`.

    indices: int32 or int64 [..., k]; the result is ``indices.shape[:-1] + params.shape[k:]``.

    Raises:
        ValueError: k is more than the rank of params, or `batch_dims` is not 0.
        InvalidArgumentError (at run): a coordinate is out of range.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.gather_nd([[1, 2], [3, 4]], [[0, 0], [1, 1]])).tolist()
    [1, 4]
    """
    if batch_dims:
        raise ValueError("gather_nd takes no batch_dims here; tf.gather does")
    x = convert_to_tensor(params, name="params")
    with x.graph.name_scope(name or "GatherNd") as scope:
        return make(GatherNd(), (x, integers(indices, "indices")), scope)


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros of `shape` with `updates` at the coordinates in `indices`; repeated ones add up.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError (at run): a coordinate is out of range.
    """
    x = convert_to_tensor(updates, name="updates")
    with x.graph.name_scope(name or "ScatterNd") as scope:
        places = integers(indices, "indices")
        sizes = convert_to_tensor(shape, None if is_graph_value(shape) else places.spec.dtype)
        return make(ScatterNd(), (places, x, sizes), scope)


def boolean_mask(
    tensor: Any, mask: Any, name: str = "boolean_mask", axis: int | None = None
) -> Tensor:
    """The parts of `tensor` where `mask`, over axes from `axis` on, is true, along one axis.

    Raises:
        ValueError: the mask is a scalar, of unknown rank, or does not fit the tensor.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.boolean_mask([0, 1, 2, 3], [True, False, True, False])).tolist()
    [0, 2]
    """
    x = convert_to_tensor(tensor, name="tensor")
    with x.graph.name_scope(name):
        chosen = convert_to_tensor(mask, name="mask")
        mask_dims, dims = chosen.spec.dims, x.spec.dims
        if mask_dims is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        if not mask_dims:
            raise ValueError("mask cannot be scalar.")
        first = axis or 0
        if first < 0:
            if dims is None:
                raise ValueError("boolean_mask with a negative axis needs a tensor of known rank")
            first += len(dims)
        last = first + len(mask_dims)
        covered: Dims | None = None if dims is None else dims[first:last]
        if not compatible(covered, mask_dims):
            raise ValueError(
                f"Shapes {in_brackets(covered)} and {in_brackets(mask_dims)} are incompatible"
            )
        sizes = shape(x)
        flat = reshape(x, concat([sizes[:first], [-1], sizes[last:]], 0))
        if dims is not None:
            flat.set_shape((*dims[:first], count(covered), *dims[last:]))
        places = squeeze(where(reshape(chosen, [-1])), [1])
        return make(GatherV2(first), (flat, places), None)


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """`sparse_values` at `sparse_indices` in `output_shape`, `default_value` everywhere else.

    sparse_indices: int32 or int64, [] or [n] for one axis, [n, axes] for several.

    Raises (at run): InvalidArgumentError for an index out of bounds, and with `validate_indices`
    for one out of order or repeated.
    """
    values = convert_to_tensor(sparse_values, name="sparse_values")
    with values.graph.name_scope(name or "SparseToDense") as scope:
        default = convert_to_tensor(default_value, values.dtype.base_dtype, "default_value")
        places = integers(sparse_indices, "sparse_indices")
        inputs = (places, integers(output_shape, "output_shape"), values, default)
        return make(SparseToDense(validate_indices), inputs, scope)


OPS = (GatherV2, GatherV2Grad, GatherNd, ScatterNd, SparseToDense)
