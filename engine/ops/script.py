"""Python in a run: ``tf.py_func`` and ``tf.Print``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype
from engine.graph import Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.ops.checks import summary
from engine.ops.constants import as_array, convert_to_tensor


@declared(eq=False)
class PyFunc(Op):
    """What a Python function makes of NumPy arrays."""

    function: Callable[..., Any] = field(repr=False)
    types: tuple[DType, ...]
    single: bool

    stateful = True

    def infer(self, *inputs: Spec) -> Any:
        return tuple(Spec(dtype, None) for dtype in self.types)

    def run(self, state: Any, op: Any, *arrays: Array) -> Any:
        # In memory of their own, which the function may keep.
        given = [np.array(array) for array in arrays]
        found = self.function(*given)
        # An array is one value, also where a list of types was given.
        several = not self.single and isinstance(found, list | tuple)
        values = list(found) if several else [] if found is None and not self.single else [found]
        if len(values) != len(self.types):
            raise ValueError(
                f"pyfunc returns {len(values)} values, but expects to see {len(self.types)} value."
            )
        made = []
        for index, (value, dtype) in enumerate(zip(values, self.types, strict=True)):
            array = as_array(value, dtype) if dtype.np.kind == "O" else np.asarray(value)
            if array.dtype != dtype.np:
                if array.dtype.kind == "f" and type(value) in (float, list, tuple):
                    array = array.astype(dtype.np)
                else:
                    raise ValueError(
                        f"{index}-th value returned by pyfunc is {_told(array)}, but expects "
                        f"{dtype.proto_name}"
                    )
            made.append(np.array(array))
        return made[0] if len(made) == 1 else tuple(made)

    def attributes(self) -> dict[str, Any]:
        return {"Tout": [dtype.name for dtype in self.types]}

    def grad(self, *args: Any) -> tuple[Any, ...]:
        return (None,) * (len(args) - 2)


def _told(array: Array) -> str:
    """The type of an array as TensorFlow's run-time messages name it."""
    try:
        return as_dtype(array.dtype).proto_name
    except TypeError:
        return str(array.dtype)


def py_func(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,  # noqa: N803 - TensorFlow's name
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """What `func` gives for the arrays of `inp`, called anew in every run: tensors of types `Tout`.

    A list of types gives a list of tensors, one type a tensor. Shapes are not known before the
    run: ``y.set_shape(...)`` tells them. No gradient flows through it.

    Source: ``tf.py_func``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.py_func(lambda a: a * 2, [tf.constant([1.0, 2.0])], tf.float32)))
    [2. 4.]
    """
    if not callable(func):
        raise ValueError(f"Expected func to be callable, got func of type {type(func)}")
    several = isinstance(Tout, list | tuple)
    types = tuple(as_dtype(t) for t in (Tout if several else [Tout]))
    inputs = [convert_to_tensor(x) for x in inp]
    graph = inputs[0].graph if inputs else get_default_graph()
    del stateful  # Called in every run in either case.
    op = graph.create_op(PyFunc(func, types, not several), inputs, name or "PyFunc")
    if several:
        return list(op.outputs) if types else op
    return op.outputs[0]


def numpy_function(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,  # noqa: N803 - TensorFlow's name
    name: str | None = None,
) -> Any:
    """`py_func` by its later name."""
    return py_func(func, inp, Tout, True, name)


@declared
class PrintValues(Op):
    """The first input; the others are printed to the standard error."""

    message: str
    first_n: int
    summarize: int

    stateful = True

    @property
    def type(self) -> str:
        return "Print"

    def infer(self, x: Spec, *data: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def run(self, state: Any, op: Any, x: Array, *data: Array) -> Array:
        if self.first_n < 0 or state.count(op) <= self.first_n:
            shown = "".join(f"[{summary(array, self.summarize)}]" for array in data)
            print(f"{self.message}{shown}", file=sys.stderr)
        return x

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return (dy, *[None] * (len(inputs) - 1))


def Print(  # noqa: N802 - TensorFlow's name
    input_: Any,
    data: Sequence[Any],
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`input_`, and whenever it is computed `data` is printed to the standard error.

    Only the `first_n` times, if given; `summarize` elements of each, three by default.

    Source: ``tf.Print``.
    """
    x = convert_to_tensor(input_)
    items = [convert_to_tensor(item) for item in data]
    kind = PrintValues(
        message or "", -1 if first_n is None else first_n, 3 if summarize is None else summarize
    )
    return x.graph.create_op(kind, (x, *items), name or "Print").outputs[0]


OPS = (PyFunc, PrintValues)
