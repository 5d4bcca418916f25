"""Reversing whole axes and the first part of every sequence, shifting along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import bool_
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.dtype_rules import INDICES, allow
from engine.shapes import ShapeError, merge_size, normalize_axes, normalize_axis, with_rank


class ReverseV2(Op):
    """x backwards along the given axes."""

    def infer(self, x: Spec, axes: Spec) -> Spec:
        allow(axes, "axis", INDICES)
        if x.dims is not None and axes.value is not None:
            self.axes(axes.value, len(x.dims))
        return Spec(x.dtype, x.dims)

    def axes(self, axes: Array, rank: int) -> tuple[int, ...]:
        return normalize_axes(np.ravel(axes), rank)

    def numpy(self, x: Array, axes: Array) -> Array:
        return np.flip(x, self.axes(axes, x.ndim))

    def view(self, x: Array, axes: Array) -> Array:
        return self.numpy(x, axes)

    def xla(self, jnp: Any, x: Any, axes: Any) -> Any:
        return jnp.flip(x, self.axes(np.asarray(axes), x.ndim))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axes: Tensor) -> tuple[Any, ...]:
        return lambda: make(type(self)(), (dy, axes), None), None


class Reverse(ReverseV2):
    """x backwards along the axes whose flag is true (0.x)."""

    def infer(self, x: Spec, axes: Spec) -> Spec:
        allow(axes, "dims", (bool_,))
        (length,) = with_rank(axes.dims, 1)
        if x.dims is not None:
            merge_size(len(x.dims), length)
        return Spec(x.dtype, x.dims)

    def axes(self, axes: Array, rank: int) -> tuple[int, ...]:
        return tuple(int(axis) for axis in np.flatnonzero(axes))


class Roll(Op):
    """x shifted along axes, around the ends; inputs: x, shift, axis."""

    def infer(self, x: Spec, shift: Spec, axis: Spec) -> Spec:
        allow(shift, "shift", INDICES)
        allow(axis, "axis", INDICES)
        if x.dims is not None and axis.value is not None:
            self.axes(axis.value, len(x.dims))
        return Spec(x.dtype, x.dims)

    def axes(self, axis: Array, rank: int) -> tuple[int, ...]:
        # An axis may come twice: its shifts add up, as NumPy has it too.
        return tuple(normalize_axis(int(number), rank) for number in np.ravel(axis))

    def numpy(self, x: Array, shift: Array, axis: Array) -> Array:
        if np.shape(shift) != np.shape(axis):
            raise ValueError("shift and axis must have the same size")
        return np.roll(x, tuple(np.ravel(shift).tolist()), self.axes(axis, x.ndim))

    def grad(
        self, y: Tensor, dy: Tensor, x: Tensor, shift: Tensor, axis: Tensor
    ) -> tuple[Any, ...]:
        return lambda: make(Roll(), (dy, -shift, axis), None), None, None


@declared
class ReverseSequence(Op):
    """The first lengths[i] elements of sequence i backwards; inputs: x, lengths."""

    seq_dim: int
    batch_dim: int = 0

    def infer(self, x: Spec, lengths: Spec) -> Spec:
        allow(lengths, "seq_lengths", INDICES)
        (count,) = with_rank(lengths.dims, 1)
        if x.dims is None:
            return Spec(x.dtype, None)
        batch = self._axes(len(x.dims))[1]
        rows = merge_size(x.dims[batch], count)
        return Spec(x.dtype, (*x.dims[:batch], rows, *x.dims[batch + 1 :]))

    def _axes(self, rank: int) -> tuple[int, int]:
        time, batch = normalize_axis(self.seq_dim, rank), normalize_axis(self.batch_dim, rank)
        if time == batch:
            raise ShapeError(f"batch_dim == seq_dim == {time}")
        return time, batch

    def numpy(self, x: Array, lengths: Array) -> Array:
        time, batch = self._axes(x.ndim)
        if len(lengths) != x.shape[batch]:
            raise ValueError(
                f"Length of seq_lengths != input.dims({batch}), ({len(lengths)} vs. "
                f"{x.shape[batch]})"
            )
        if lengths.size and not (lengths.min() >= 0 and lengths.max() <= x.shape[time]):
            row = int(np.argmax((lengths < 0) | (lengths > x.shape[time])))
            raise ValueError(
                f"seq_lens({row}) = {int(lengths[row])} is not in [0, input.dims({time})]"
            )
        steps = np.arange(x.shape[time])[:, None]
        places = np.where(steps < lengths, lengths - 1 - steps, steps)
        # Whole rows of a step and an example are taken, not one element at a time.
        turned = np.moveaxis(x, (time, batch), (0, 1))[places, np.arange(x.shape[batch])]
        return np.ascontiguousarray(np.moveaxis(turned, (0, 1), (time, batch)))

    def xla(self, jnp: Any, x: Any, lengths: Any) -> Any:
        time, batch = self._axes(x.ndim)
        steps = jnp.arange(x.shape[time])
        order = jnp.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
        dims = [1] * x.ndim
        dims[batch], dims[time] = x.shape[batch], x.shape[time]
        places = (order if batch < time else order.T).reshape(dims)
        return jnp.take_along_axis(x, places, axis=time)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, lengths: Tensor) -> tuple[Any, ...]:
        return lambda: make(self, (dy, lengths), None), None


def reverse(tensor: Any, axis: Any = None, name: str | None = None, dims: Any = None) -> Tensor:
    """`tensor` backwards along the axes in `axis`.

    0.x gave a flag for each axis instead, bool [rank], as `dims` or in its place.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.reverse([[1, 2], [3, 4]], [1])).tolist()
    [[2, 1], [4, 3]]
    """
    chosen = dims if axis is None else axis
    if chosen is None:
        raise ValueError("tf.reverse needs the axes to reverse")
    x = convert_to_tensor(tensor, name="tensor")
    flags = convert_to_tensor(chosen) if is_graph_value(chosen) else np.asarray(chosen)
    if flags.dtype == bool_:
        return make(Reverse(), (x, convert_to_tensor(chosen)), name)
    return make(ReverseV2(), (x, integers(chosen, "axis")), name)


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """`input` with the first ``seq_lengths[i]`` steps of sequence i backwards, the rest as it is.

    seq_lengths: int32 or int64 [batch]. Sequences run along `seq_axis`, and are numbered along
    `batch_axis` (0.x: `seq_dim`, `batch_dim`).
    """
    time = seq_dim if seq_axis is None else seq_axis
    batch = batch_dim if batch_axis is None else batch_axis
    if time is None:
        raise ValueError("tf.reverse_sequence needs seq_axis")
    inputs = (convert_to_tensor(input), integers(seq_lengths, "seq_lengths"))
    return make(ReverseSequence(int(time), int(batch or 0)), inputs, name)


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """`input` shifted by `shift` along `axis`; what leaves at one end comes in at the other.

    Both are ints or lists of them, one shift an axis.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.manip.roll([0, 1, 2, 3], shift=1, axis=0)))
    [3 0 1 2]
    """
    x = convert_to_tensor(input)
    return make(Roll(), (x, integers(shift), integers(axis)), name)


OPS = (Roll, ReverseV2, Reverse, ReverseSequence)
