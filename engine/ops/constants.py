"""Constants and conversion: what turns Python and NumPy values into tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, float32, int32, int64, string
from engine.errors import misuse
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.shapes import Dimension, TensorShape, as_dims, count

_set = object.__setattr__


@declared(eq=False)
class Const(Op):
    """A fixed array."""

    dtype: DType
    shape: tuple[int, ...]
    array: Array = field(repr=False)

    def __init__(self, dtype: DType, shape: tuple[int, ...], array: Array):
        # Every other node of a graph is one of these; a __dict__ of its own would cost as much.
        _set(self, "dtype", dtype)
        _set(self, "shape", shape)
        _set(self, "array", array)

    def infer(self) -> Spec:
        return Spec(self.dtype, self.shape)

    def numpy(self) -> Array:
        return self.array

    def xla(self, jnp: Any) -> Any:
        return jnp.asarray(self.array)

    def attributes(self) -> dict[str, Any]:
        attributes: dict[str, Any] = {"dtype": self.dtype.name}
        if self.array.size <= 16 and self.dtype is not string:
            # NaN, infinities and complex numbers are not JSON; they travel as text.
            values = self.array.ravel().tolist()
            plain = [str(v) if isinstance(v, complex) or not np.isfinite(v) else v for v in values]
            attributes["value"] = plain[0] if self.array.ndim == 0 else plain
        return attributes


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A tensor with a fixed value; with `shape`, the last given element fills what is missing.

    Raises:
        TypeError: the value does not fit the dtype.
        ValueError: more elements than the shape holds, or another shape with `verify_shape`.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.constant(7, shape=[2, 2])))
    [[7 7]
     [7 7]]
    """
    if value is None:
        raise ValueError(misuse("None values not supported."))
    array = as_array(value, None if dtype is None else as_dtype(dtype))
    if shape is not None:
        dims = as_dims(shape)
        total = count(dims)
        if dims is None or total is None:
            raise ValueError(
                misuse(
                    f"tf.constant needs a fully defined shape, got {TensorShape(shape)}",
                    (),
                    "tf.placeholder() for what only the run knows",
                )
            )
        if verify_shape and array.shape != dims:
            raise TypeError(
                misuse(
                    f"Expected Tensor's shape: {dims}, got {array.shape}.",
                    (),
                    "verify_shape=False, or a value of that shape",
                )
            )
        if array.size > total:
            raise ValueError(
                misuse(
                    f"Too many elements provided. Needed at most {total}, but received "
                    f"{array.size}",
                    [f"value: {_shown(value)}", f"shape: {list(dims)}"],
                )
            )
        flat = array.ravel()
        if array.size < total:
            flat = np.concatenate([flat, np.full(total - flat.size, flat[-1], flat.dtype)])
        array = flat.reshape(tuple(size for size in dims if size is not None))
    return const_node(array, name)


def const_node(array: Array, name: str | None = None) -> Tensor:
    """A Const node over a private, read-only copy of this array."""
    array = np.array(array, order="C")
    array.setflags(write=False)
    return (
        get_default_graph()
        .create_op(Const(as_dtype(array.dtype), array.shape, array), (), name)
        .outputs[0]
    )


def _scalar_node(value: Any, dtype: DType | None, name: str) -> Tensor | None:
    """The Const node of a plain Python number that fits `dtype`, else None: the common case."""
    kind = type(value)
    if kind is float:
        if dtype is None:
            dtype = float32
        fits = dtype.is_floating and -_FITS_ANY_FLOAT < value < _FITS_ANY_FLOAT
    elif kind is int:
        if dtype is None:
            dtype = int32
        fits = -_FITS_ANY_FLOAT < value < _FITS_ANY_FLOAT and (dtype is int32 or dtype.is_floating)
    else:
        return None
    if not fits:
        return None
    array = np.array(value, dtype.np)
    array.setflags(write=False)
    return get_default_graph().create_op(Const(dtype, (), array), (), name).outputs[0]


_FITS_ANY_FLOAT = 6e4
"""Below it no number is too large, not even for float16."""


def as_array(value: Any, dtype: DType | None = None) -> Array:
    """The array meant by a Python or NumPy value, with TensorFlow's choice of dtype.

    Python floats are float32 and integers int32; NumPy values keep their dtype unless one is asked.

    Raises:
        TypeError: it cannot be an array, or would lose its fraction or its meaning in `dtype`.
    """
    is_numpy = isinstance(value, np.ndarray | np.generic)
    if dtype is string or (not is_numpy and _holds_text(value)):
        if dtype not in (None, string):
            raise TypeError(
                misuse(
                    f"Expected {dtype.name if dtype else ''}, got {value!r} of type 'str' instead."
                )
            )
        return _text_array(value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            misuse(
                f"Argument must be a dense tensor: {_shown(value)} - got rows of different lengths."
            )
        ) from error
    if array.dtype.kind in "SU":
        return _text_array(value)
    if array.dtype.kind == "O":
        raise TypeError(
            misuse(
                f"Failed to convert object of type {type(value)} to Tensor. "
                f"Contents: {_shown(value)}. Consider casting elements to a supported type."
            )
        )
    if dtype is None:
        if is_numpy or _holds_numpy(value):
            as_dtype(array.dtype)
            return array
        if array.dtype == np.float64:
            return array.astype(np.float32)
        if array.dtype.kind == "i":
            fits = array.size == 0 or (array.min() >= int32.min and array.max() <= int32.max)
            return array.astype(np.int32 if fits else np.int64)
        as_dtype(array.dtype)
        return array
    if not is_numpy:
        fraction_lost = dtype.is_integer and array.dtype.kind == "f" and array.size
        truth_mixed = (array.dtype.kind == "b") != dtype.is_bool and array.size
        if fraction_lost or truth_mixed:
            kind = "float" if fraction_lost else type(array.ravel()[0].item()).__name__
            shown = value if array.ndim else array.item()
            raise TypeError(
                misuse(f"Expected {dtype.name}, got {shown!r} of type '{kind}' instead.")
            )
        if (
            dtype.is_integer
            and array.size
            and not (dtype.min <= array.min() and array.max() <= dtype.max)
        ):
            raise TypeError(
                misuse(f"Expected {dtype.name}, got {value!r}, which is out of its range.")
            )
    with np.errstate(over="ignore"):
        return array.astype(dtype.np, copy=False)


def _shown(value: Any) -> str:
    """The value in an error message: all of it if it is short."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _holds_text(value: Any) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str | bytes)


def _holds_numpy(value: Any) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, np.ndarray | np.generic)


def _text_array(value: Any) -> Array:
    source = np.asarray(value, dtype=object)
    result = np.empty(source.shape, dtype=object)
    for index, item in np.ndenumerate(source):
        if not isinstance(item, str | bytes):
            kind = type(item).__name__
            raise TypeError(
                misuse(
                    f"Expected string, got {item!r} of type '{kind}' instead.",
                    (),
                    "text and numbers in tensors of their own; str() for a number as text",
                )
            )
        result[index] = item.encode() if isinstance(item, str) else bytes(item)
    return result


def is_graph_value(value: Any) -> bool:
    """Whether it is a tensor already, or stands for one as a variable does."""
    return isinstance(value, Tensor) or hasattr(value, "as_tensor")


def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None
) -> Tensor:
    """The tensor for a tensor, variable, Python or NumPy value; lists may hold tensors.

    Raises:
        ValueError: a tensor of another dtype than asked.
        TypeError: no tensor can be made of it.
    """
    wanted = None if dtype is None else as_dtype(dtype).base_dtype
    if isinstance(value, Tensor):
        tensor = value
    elif hasattr(value, "as_tensor"):
        tensor = value.as_tensor()
    elif isinstance(value, list | tuple) and _holds_tensor(value):
        from engine.ops.joining import stack  # joining converts its parts with this function

        items = [
            convert_to_tensor(item, wanted)
            if is_graph_value(item) or isinstance(item, list | tuple)
            else item
            for item in value
        ]
        known = next(item.dtype.base_dtype for item in items if isinstance(item, Tensor))
        tensor = stack([convert_to_tensor(item, known) for item in items], name=name or "packed")
    elif isinstance(value, Operation):
        raise TypeError(
            misuse(
                f"Can't convert Operation '{value.name}' to Tensor",
                [f"'{value.name}' was made at {value.origin}"],
                "its output, operation.outputs[0], if it has one",
            )
        )
    else:
        if isinstance(value, TensorShape):
            value = np.array(value.as_list(), np.int32)
            if wanted is not None:
                value = value.astype(wanted.np)
        elif value is None:
            raise ValueError(misuse("None values not supported."))
        elif wanted is None and preferred_dtype is not None:
            try:
                return const_node(as_array(value, as_dtype(preferred_dtype)), name or "Const")
            except TypeError:
                pass
        else:
            plain = _scalar_node(value, wanted, name or "Const")
            if plain is not None:
                return plain
        return const_node(as_array(_with_sizes(value), wanted), name or "Const")
    if wanted is not None and tensor.spec.dtype is not wanted:
        raise ValueError(
            misuse(
                f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype "
                f"{tensor.spec.dtype.name}: {tensor}",
                [f"{tensor.name!r} was made at {tensor.op.origin}"],
                f"tf.cast(x, tf.{wanted.name})",
            )
        )
    return tensor


def _with_sizes(value: Any) -> Any:
    """The value with the sizes in place of the `Dimension`s in it."""
    if isinstance(value, Dimension):
        if value.value is None:
            raise ValueError(
                misuse(
                    "Cannot make a tensor of an unknown size, Dimension(None)",
                    (),
                    "tf.shape(x)[0], which is known in the run, or -1 for one size of a reshape",
                )
            )
        return value.value
    if type(value) in (list, tuple) and any(
        isinstance(item, Dimension | list | tuple) for item in value
    ):
        return [_with_sizes(item) for item in value]
    return value


def _holds_tensor(value: Sequence[Any]) -> bool:
    return any(
        is_graph_value(item) or (isinstance(item, list | tuple) and _holds_tensor(item))
        for item in value
    )


def graph_of(*values: Any) -> Graph:
    """The graph the given tensors are in, the default graph if none of them is a tensor."""
    for value in values:
        if isinstance(value, Tensor):
            return value.op.graph
    return get_default_graph()


def integers(values: Any, name: str | None = None) -> Tensor:
    """A tensor of sizes or axes: int32, or int64 if it is that already."""
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        return const_node(values, name or "Const")
    if is_graph_value(values):
        tensor = convert_to_tensor(values)
        if tensor.spec.dtype not in (int32, int64):
            raise TypeError(
                misuse(
                    f"Sizes and axes must be int32 or int64, {tensor} is not.",
                    [f"{tensor.name!r} was made at {tensor.op.origin}"],
                    "tf.cast(x, tf.int32)",
                )
            )
        return tensor
    return convert_to_tensor(values, int32, name)


def make(definition: Op, inputs: Sequence[Tensor], name: str | None) -> Tensor:
    """The only output of a new operation, in the graph of its inputs."""
    graph = inputs[0].op.graph if inputs else get_default_graph()
    return graph.create_op(definition, inputs, name).outputs[0]


OPS = (Const,)
