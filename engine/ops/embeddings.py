"""Looking up rows of tables, whole or in parts, one by one or combined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import compose
from engine.graph import Tensor
from engine.ops.arithmetic import add_n, floordiv, maximum, mod, truediv
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.clipping import clip_by_norm
from engine.ops.comparisons import equal, less
from engine.ops.constants import convert_to_tensor, make
from engine.ops.elementwise import sqrt
from engine.ops.filling import range as range_
from engine.ops.indexed_slices import ScatterRows
from engine.ops.indexing import gather
from engine.ops.joining import concat
from engine.ops.shaping import InvertPermutation, reshape
from engine.ops.sizes import shape, size
from engine.ops.sparse import SparseTensor


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """Rows of the table `params` at `ids`, with the shape of ids in front.

    A list of tables is one table in parts. By ``"mod"`` row i is in part i % parts; by ``"div"``
    the parts are consecutive pieces, the first of them one row longer where it does not come out
    even. Rows whose norm is larger than `max_norm` are scaled down to it.

    Raises:
        ValueError: no tables, or another strategy.

    Source: ``tf.nn.embedding_lookup``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     table = tf.constant([[0.0, 0.0], [1.0, 10.0], [2.0, 20.0]])
    ...     print(sess.run(tf.nn.embedding_lookup(table, [2, 1])))
    [[ 2. 20.]
     [ 1. 10.]]
    """
    del validate_indices
    tables = list(params) if isinstance(params, list | tuple) else [params]
    if not tables or tables[0] is None:
        raise ValueError("Length of params is currently 0. Need at least one param.")
    if partition_strategy not in ("mod", "div"):
        raise ValueError(f"Unrecognized partition strategy: {partition_strategy}")
    if len(tables) == 1 and max_norm is None:
        return gather(tables[0], ids, name=name or "embedding_lookup")
    first = convert_to_tensor(tables[0])
    with first.graph.name_scope(name or "embedding_lookup"):
        wanted = convert_to_tensor(ids, name="ids")
        if len(tables) == 1:
            rows = gather(first, wanted)
        else:
            rows = _from_parts([convert_to_tensor(t) for t in tables], wanted, partition_strategy)
        if max_norm is None:
            return rows
        if wanted.spec.dims is None or rows.spec.dims is None:
            raise ValueError(
                compose(
                    "embedding_lookup(max_norm=...): the rank of the ids or the table is unknown",
                    [f"ids {wanted}", f"table {first}"],
                    "ids.set_shape([None])",
                )
            )
        axes = list(range(len(wanted.spec.dims), len(rows.spec.dims)))
        clipped: Tensor = clip_by_norm(rows, max_norm, axes)
        return clipped


def _from_parts(tables: Sequence[Tensor], ids: Tensor, strategy: str) -> Tensor:
    """Rows out of tables in parts: each part looks up its own, then they are put in order."""
    count = len(tables)
    flat = reshape(ids, [-1])
    if strategy == "mod":
        part, row = mod(flat, count), floordiv(flat, count)
    else:
        total = add_n([cast(shape(table)[0], flat.dtype.base_dtype) for table in tables])
        least, longer = floordiv(total, count), mod(total, count)
        part = maximum(floordiv(flat, least + 1), floordiv(flat - longer, maximum(least, 1)))
        row = where(less(part, longer), mod(flat, least + 1), mod(flat - longer, maximum(least, 1)))
    places = [reshape(where(equal(part, number)), [-1]) for number in range(count)]
    found = [gather(table, gather(row, place)) for table, place in zip(tables, places, strict=True)]
    # Row k of them belongs at place[k]: the inverse permutation brings it there.
    order = make(InvertPermutation(), (concat(places, 0),), None)
    rows = gather(concat(found, 0), order)
    width = tables[0].spec.dims
    result = reshape(rows, concat([shape(ids), shape(tables[0])[1:]], 0))
    if ids.spec.dims is not None and width is not None:
        result.set_shape([*ids.spec.dims, *width[1:]])
    return result


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: float | None = None,
) -> Tensor:
    """For each row of the sparse `sp_ids`, the rows of the table it names, combined: [rows, ...].

    `combiner` is ``"sum"``, ``"mean"`` (by default; weighted) or ``"sqrtn"``, the sum divided by
    the root of the summed squared weights. `sp_weights` is sparse with the same indices, or None.

    Raises:
        TypeError: `sp_ids` or `sp_weights` is no `SparseTensor`.
        ValueError: another combiner.

    Source: ``tf.nn.embedding_lookup_sparse``.
    """
    combiner = combiner or "mean"
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if sp_weights is not None and not isinstance(sp_weights, SparseTensor):
        raise TypeError("sp_weights must be either None or SparseTensor")
    with sp_ids.graph.name_scope(name or "embedding_lookup_sparse"):
        rows = embedding_lookup(params, sp_ids.values, partition_strategy, max_norm=max_norm)
        segments = sp_ids.indices[:, 0]
        weights = None
        if sp_weights is not None:
            weights = cast(sp_weights.values, rows.dtype.base_dtype)
            rank = len(rows.shape)
            rows = rows * reshape(weights, [-1] + [1] * (rank - 1))
        count = cast(sp_ids.dense_shape[0], "int64")
        return _combined(rows, segments, count, weights, combiner)


def _combined(
    rows: Tensor, segments: Tensor, count: Tensor, weights: Tensor | None, combiner: str
) -> Tensor:
    def summed(values: Tensor) -> Tensor:
        sizes = concat([reshape(count, [1]), cast(shape(values)[1:], "int64")], 0)
        return make(ScatterRows(), (values, segments, sizes), None)

    total = summed(rows)
    if combiner == "sum":
        return total
    if weights is None:
        weights = cast(range_(size(segments)) * 0 + 1, rows.dtype.base_dtype)
    parts = summed(weights) if combiner == "mean" else sqrt(summed(weights * weights))
    parts = reshape(parts, concat([shape(parts), [1] * (len(rows.shape) - 1)], 0))
    # An empty row divides nothing by nothing; it stays zero.
    return truediv(total, where(equal(parts, 0.0), parts + 1.0, parts))
