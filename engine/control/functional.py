"""Loops over the rows of tensors: ``map_fn``, ``scan``, ``foldl``, ``foldr``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import nest
from engine.control.loops import while_loop
from engine.control.tensor_array import TensorArray
from engine.dtypes import as_dtype
from engine.graph import Graph, Tensor
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.sizes import shape


def _rows(elems: Any) -> tuple[Graph, Any, list[TensorArray], Any]:
    """The graph, the tensors, an array of the rows of each, and how many rows there are."""
    tensors = nest.map_structure(convert_to_tensor, elems)
    flat = nest.flatten(tensors)
    if not flat:
        raise ValueError("elems must be a Tensor or a structure of Tensors, got none")
    counts = set()
    for tensor in flat:
        dims = tensor.spec.dims
        if dims == ():
            raise ValueError("elems must be a 1+ dimensional Tensor, not a scalar")
        if dims is not None and dims[0] is not None:
            counts.add(dims[0])
    if len(counts) > 1:
        raise ValueError(f"Dimensions must be equal, but elems have {sorted(counts)} rows")
    count = counts.pop() if counts else shape(flat[0])[0]
    arrays = [TensorArray(x.spec.dtype, size=count).unstack(x) for x in flat]
    return flat[0].graph, tensors, arrays, count


def _read(like: Any, arrays: list[TensorArray], index: Any) -> Any:
    return nest.pack_sequence_as(like, [array.read(index) for array in arrays])


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """What `fn` makes of each row of `elems`, stacked.

    `elems` is a tensor or a structure of tensors, of which `fn` gets one row each. `dtype` has the
    structure of what `fn` gives, where that is another one than `elems` has.

    Raises:
        TypeError: `fn` cannot be called.
        ValueError: `elems` has no rows.

    Source: ``tf.map_fn``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.map_fn(lambda x: x * x, tf.constant([1.0, 2.0, 3.0]))))
    [1. 4. 9.]
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    graph, tensors, arrays, count = _rows(elems)
    like = tensors if dtype is None else dtype
    types = [x.spec.dtype if isinstance(x, Tensor) else as_dtype(x) for x in nest.flatten(like)]
    with graph.as_default(), graph.name_scope(name or "map"):
        outputs = [TensorArray(t, size=count, infer_shape=infer_shape) for t in types]

        def step(index: Any, outputs: Any) -> Any:
            found = fn(_read(tensors, arrays, index))
            nest.assert_same_structure(like, found, check_types=False)
            flat = [
                array.write(index, convert_to_tensor(value, None if _given(value) else kind))
                for array, value, kind in zip(outputs, nest.flatten(found), types, strict=True)
            ]
            return index + 1, flat

        _, outputs = while_loop(
            lambda index, _: index < count,
            step,
            (constant(0), outputs),
            parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return nest.pack_sequence_as(like, [array.stack() for array in outputs])


def _given(value: Any) -> bool:
    return isinstance(value, Tensor) or hasattr(value, "as_tensor")


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Every value of ``a = fn(a, row)`` over the rows of `elems`, stacked.

    `a` starts as `initializer`, or as the first row, which is then the first value.

    Source: ``tf.scan``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3, 4]))))
    [ 1  3  6 10]
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    graph, tensors, arrays, count = _rows(elems)
    with graph.as_default(), graph.name_scope(name or "scan"):
        first = count - 1 if reverse else 0
        if initializer is None:
            start, done = _read(tensors, arrays, first), 1
        else:
            start, done = nest.map_structure(convert_to_tensor, initializer), 0
        kept = [
            TensorArray(x.spec.dtype, size=count, infer_shape=infer_shape)
            for x in nest.flatten(start)
        ]
        if done:
            kept = [a.write(first, x) for a, x in zip(kept, nest.flatten(start), strict=True)]
        index = constant(0) + (first + (-done if reverse else done))

        def step(index: Any, a: Any, kept: Any) -> Any:
            found = fn(a, _read(tensors, arrays, index))
            nest.assert_same_structure(start, found, check_types=False)
            flat = [
                convert_to_tensor(value, None if _given(value) else like.spec.dtype)
                for value, like in zip(nest.flatten(found), nest.flatten(start), strict=True)
            ]
            written = [array.write(index, x) for array, x in zip(kept, flat, strict=True)]
            return index + (-1 if reverse else 1), nest.pack_sequence_as(start, flat), written

        _, _, kept = while_loop(
            (lambda index, *_: index >= 0) if reverse else (lambda index, *_: index < count),
            step,
            (index, start, kept),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return nest.pack_sequence_as(start, [array.stack() for array in kept])


def _fold(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any,
    backwards: bool,
    parallel_iterations: int,
    back_prop: bool,
    swap_memory: bool,
    name: str,
) -> Any:
    if not callable(fn):
        raise TypeError("fn must be callable.")
    graph, tensors, arrays, count = _rows(elems)
    with graph.as_default(), graph.name_scope(name):
        first = count - 1 if backwards else 0
        if initializer is None:
            start, done = _read(tensors, arrays, first), 1
        else:
            start, done = nest.map_structure(convert_to_tensor, initializer), 0
        move = -1 if backwards else 1
        _, total = while_loop(
            (lambda index, _: index >= 0) if backwards else (lambda index, _: index < count),
            lambda index, a: (index + move, fn(a, _read(tensors, arrays, index))),
            (constant(0) + (first + move * done), start),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        return total


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The last value of ``a = fn(a, row)`` over the rows of `elems` from the first to the last.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.foldl(lambda a, x: a - x, tf.constant([10, 2, 3]))))
    5
    """
    return _fold(
        fn, elems, initializer, False, parallel_iterations, back_prop, swap_memory, name or "foldl"
    )


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The last value of ``a = fn(a, row)`` over the rows of `elems` from the last to the first."""
    return _fold(
        fn, elems, initializer, True, parallel_iterations, back_prop, swap_memory, name or "foldr"
    )
