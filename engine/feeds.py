"""What a run may be given: values for tensors, checked and converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.dtypes import DType
from engine.errors import compose, misuse
from engine.graph import Graph, Tensor
from engine.op import Array
from engine.ops.constants import as_array, is_graph_value
from engine.shapes import compatible, in_parentheses


class FeedSlot:
    """One tensor that a run is given a value for."""

    __slots__ = ("np_dtype", "tensor")

    def __init__(self, tensor: Tensor):
        self.tensor = tensor
        self.np_dtype = tensor.spec.dtype.np


def spread_feeds(feed_dict: Mapping[Any, Any] | None) -> Callable[[Any], list[Any]] | None:
    """What takes apart the values fed to keys of several tensors.

    Those are tuples of keys, as the state of a recurrent cell is one, `IndexedSlices` and sparse
    tensors. A function from the values of the dictionary to those of its tensors; None if every
    key is a tensor already.
    """
    keys = list(feed_dict or ())
    if not any(isinstance(key, tuple) or hasattr(key, "components") for key in keys):
        return None

    def spread(values: Any) -> list[Any]:
        return [
            part
            for key, value in zip(keys, values, strict=True)
            for part in _values_for(key, value)
        ]

    return spread


def _tensors_of(key: Any) -> list[Any]:
    """The keys that a key of several tensors stands for."""
    if isinstance(key, tuple):
        return [part for item in key for part in _tensors_of(item)]
    return list(key.components()) if hasattr(key, "components") else [key]


def _values_for(key: Any, value: Any) -> list[Any]:
    if isinstance(key, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(key):
            given = f"{len(value)} elements" if isinstance(value, list | tuple) else repr(value)
            raise ValueError(
                misuse(
                    f"Could not flatten dictionary. Key had {len(key)} elements, but value had "
                    f"{given}.",
                    [f"key: {key}"],
                    "a value in the structure of the key, as the run that fetches the key gives it",
                )
            )
        return [
            part for item, own in zip(key, value, strict=True) for part in _values_for(item, own)
        ]
    if not hasattr(key, "components"):
        return [value]
    count = len(key.components())
    if not isinstance(value, list | tuple) or len(value) < count:
        raise TypeError(
            compose(
                f"Cannot feed {value!r} for {key}",
                (),
                f"a tuple of {count} arrays, or the value that a run gives for it",
            )
        )
    return list(value[:count])


def feed_slots(feed_dict: Mapping[Any, Any] | None, graph: Graph) -> list[FeedSlot]:
    """The tensors behind the keys of a feed dictionary, in its order.

    Raises:
        TypeError: a key is no tensor of this graph, or the feeds are no dictionary.
    """
    if feed_dict is None:
        return []
    if not isinstance(feed_dict, Mapping):
        raise TypeError(
            misuse(
                f"feed_dict must be a dict of tensor to value, got {type(feed_dict).__name__}",
                (),
                "sess.run(fetches, feed_dict={x: value, y: other})",
            )
        )
    slots = []
    for key in [part for given in feed_dict for part in _tensors_of(given)]:
        try:
            slots.append(FeedSlot(graph.as_graph_element(key, allow_operation=False)))
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error}") from None
    seen: set[Tensor] = set()
    for slot in slots:
        if slot.tensor.op.body is not None:
            raise ValueError(
                f"Tensor {slot.tensor} may not be fed: it is in a {slot.tensor.op.body.kind}."
            )
        if slot.tensor in seen:
            raise ValueError(
                misuse(
                    f"Tensor {slot.tensor.name!r} is fed more than once in one run.",
                    [f"{slot.tensor.name!r} was made at {slot.tensor.op.origin}"],
                    "one key for it: the tensor or its name",
                )
            )
        seen.add(slot.tensor)
    return slots


def convert_feed(slot: FeedSlot, value: Any) -> Array:
    """The value as an array of the tensor's dtype.

    Raises:
        TypeError: a tensor was given, or a Python int that does not fit.
        ValueError: it is no array.
    """
    tensor, dtype = slot.tensor, slot.tensor.spec.dtype
    if is_graph_value(value):
        raise TypeError(
            misuse(
                "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
                "Python scalars, strings, lists, numpy ndarrays, or TensorHandles.",
                [f"fed to {tensor.name!r}: {value!r}", _made(tensor)],
                "sess.run(value) first, and feed what it gives",
            )
        )
    if dtype.np.kind == "O":
        return as_array(value, dtype)
    if value is None:
        raise TypeError(
            misuse(
                f"Cannot feed None for Tensor {tensor.name!r} of dtype {dtype.name}",
                [_made(tensor), "value: None"],
                "a number or an array",
            )
        )
    try:
        # Converted as NumPy converts: 1.5 becomes 1 for an integer tensor.
        array = np.asarray(value)
        if array.dtype is dtype.np:
            return array
        fits = not dtype.is_integer or array.dtype.kind not in "iuO" or _fits(array, dtype)
        if fits:
            return array.astype(dtype.np)
    except (ValueError, OverflowError, TypeError) as error:
        raise type(error)(
            misuse(
                f"Cannot feed a value of type {type(value).__name__} for Tensor {tensor.name!r} "
                f"of dtype {dtype.name}: {error}",
                [_made(tensor)],
                _way_to_feed(value, dtype),
            )
        ) from error
    raise TypeError(
        misuse(
            f"Type of feed value {value} with type {type(value).__name__} is not compatible with "
            f"Tensor type {dtype.name}. Try explicitly setting the type of the feed tensor to a "
            "larger type (e.g. int64).",
            [_made(tensor)],
            f"tf.placeholder(tf.int64) instead of tf.{dtype.name}",
        )
    )


def _made(tensor: Tensor) -> str:
    return f"{tensor.name!r} was made at {tensor.op.origin}"


def _way_to_feed(value: Any, dtype: DType) -> str:
    if isinstance(value, list | tuple):
        return "rows of one length and numbers throughout; pad short rows, as with np.pad"
    if isinstance(value, Mapping):
        return "one flat dictionary of tensors to values"
    if isinstance(value, str | bytes):
        return f"a number; tf.placeholder(tf.string) for text, not tf.{dtype.name}"
    return "a number, a list of numbers or a NumPy array"


def _fits(array: Array, dtype: DType) -> bool:
    """Whether integers keep their values in `dtype`; NumPy would wrap them around."""
    if array.dtype.kind != "O" and array.dtype.itemsize < dtype.size:
        return True
    return not array.size or bool(dtype.min <= array.min() and array.max() <= dtype.max)


def _reshaped(dims: Any, sizes: tuple[int, ...]) -> str:
    if len(dims) == len(sizes) + 1 and dims[-1] in (None, 1):
        return "; value[:, np.newaxis] makes a column of a vector" if len(sizes) == 1 else ""
    if len(dims) == len(sizes) + 1 and dims[0] is None:
        return "; value[np.newaxis] makes a batch of one"
    if None in dims and len(dims) == len(sizes):
        return "; the sizes shown as ? are free"
    return ""


def check_shape(slot: FeedSlot, array: Array) -> None:
    """ValueError in TensorFlow's words where an array does not fit the tensor's shape."""
    dims = slot.tensor.spec.dims
    if not compatible(dims, array.shape):
        raise ValueError(
            misuse(
                f"Cannot feed value of shape {array.shape} for Tensor {slot.tensor.name!r}, "
                f"which has shape '{in_parentheses(dims)}'",
                [_made(slot.tensor)],
                f"a value of shape {in_parentheses(dims)}{_reshaped(dims, array.shape)}",
            )
        )
