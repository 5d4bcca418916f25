"""Operation and Tensor: the nodes of a graph and what they give."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.defaults import default_session
from engine.dtypes import DType
from engine.op import Op, Spec
from engine.operators import Operators
from engine.shapes import TensorShape, as_dims, count, in_parentheses, merge

if TYPE_CHECKING:
    from engine.bodies import Body
    from engine.graph import Graph

_OWN_FILES = str(Path(__file__).parent)
_LARGEST_CONSTANT = 4096
"""Elements up to which a constant is followed while a graph is built, for shape rules."""


class Tensor(Operators):
    """The symbolic result of an operation.

    >>> import engine as tf
    >>> tf.reset_default_graph()
    >>> tf.zeros((2, 2))
    <tf.Tensor 'zeros:0' shape=(2, 2) dtype=float32>
    """

    __slots__ = ("_constant", "op", "spec", "value_index")

    def __init__(self, op: Operation, value_index: int, spec: Spec):
        self.op = op
        self.value_index = value_index
        self.spec = Spec(
            spec.dtype, spec.dims, self.constant_value if spec.source is None else spec.source
        )
        self._constant: Any = _NOT_KNOWN

    @property
    def name(self) -> str:
        return f"{self.op.name}:{self.value_index}"

    @property
    def dtype(self) -> DType:
        dtype = self.spec.dtype
        return dtype.as_ref if self.op.definition.ref_output else dtype

    @property
    def graph(self) -> Graph:
        return self.op.graph

    @property
    def device(self) -> str:
        return self.op.device

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.spec.dims)

    def get_shape(self) -> TensorShape:
        """What is known of the shape, a `TensorShape`."""
        return TensorShape(self.spec.dims)

    def set_shape(self, shape: Any) -> None:
        """Add what the graph could not know of the shape; ValueError if it contradicts."""
        self.spec.dims = merge(self.spec.dims, as_dims(shape))

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input, in the order they were made."""
        return [op for op in self.graph.get_operations() if any(x is self for x in op.inputs)]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value of this tensor in `session` or the default session, a NumPy array or scalar."""
        return _session_for(
            self.graph, session, "evaluate tensor", "eval()", "eval(session=sess)"
        ).run(self, feed_dict)

    def constant_value(self) -> Any:
        """The value as an array if it follows from constants alone and is small, else None."""
        if self._constant is _NOT_KNOWN:
            self._constant = _follow_constants(self)
        return self._constant

    def __repr__(self) -> str:
        shape = in_parentheses(self.spec.dims)
        return f"<tf.Tensor {self.name!r} shape={shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        shape = "" if self.spec.dims is None else f"shape={in_parentheses(self.spec.dims)}, "
        return f'Tensor("{self.name}", {shape}dtype={self.dtype.name})'

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` "
            "instead of `if t:` to test if a tensor is defined, and use TensorFlow ops such as "
            "tf.cond to execute subgraphs conditioned on the value of a tensor."
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            "`Tensor` objects are not iterable when eager execution is not enabled. "
            "To iterate over this tensor use `tf.map_fn`, or split it with `tf.unstack`."
        )

    def __len__(self) -> int:
        raise TypeError(
            f"len is not well defined for symbolic Tensors. ({self.name}) Please call "
            "`x.shape` rather than `len(x)` for shape information."
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(
            f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array. "
            "Evaluate it first: sess.run(t) or t.eval()."
        )


_NOT_KNOWN = object()


class Operation:
    """A node of a graph: its kind (`definition`), its inputs and its output tensors."""

    __slots__ = (
        "_device",
        "body",
        "colocated_with",
        "control_inputs",
        "definition",
        "graph",
        "inputs",
        "name",
        "number",
        "origin_frame",
        "outputs",
    )

    def __init__(
        self,
        graph: Graph,
        name: str,
        definition: Op,
        inputs: tuple[Tensor, ...],
        specs: Sequence[Spec],
        control_inputs: tuple[Operation, ...],
        number: int,
    ):
        self.graph = graph
        self.name = name
        self.definition = definition
        self.inputs = inputs
        self.control_inputs = control_inputs
        self.number = number
        """Position in the graph, in the order of making."""
        self.outputs = tuple([Tensor(self, index, spec) for index, spec in enumerate(specs)])
        self.colocated_with: str | None = None
        self.body: Body | None = graph.body
        """The branch or loop it is in; None for most."""
        self.origin_frame = _user_frame()
        self._device = ""

    @property
    def type(self) -> str:
        return self.definition.type

    @property
    def device(self) -> str:
        """The device asked for, ``""`` if any will do."""
        return self._device

    @property
    def origin(self) -> str:
        """The user's line that made it: ``train.py:12``."""
        return f"{Path(self.origin_frame[0]).name}:{self.origin_frame[1]}"

    @property
    def traceback(self) -> list[tuple[str, int, str]]:
        """The user's frame that made it: file, line, function."""
        return [self.origin_frame]

    @property
    def node_def(self) -> str:
        return str(self)

    def get_attr(self, name: str) -> Any:
        attributes = self.definition.attributes()
        if name not in attributes:
            raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")
        return attributes[name]

    def values(self) -> tuple[Tensor, ...]:
        return self.outputs

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run this operation in `session` or the default session."""
        _session_for(self.graph, session, "execute operation", "run()", "run(session=sess)").run(
            self, feed_dict
        )

    def facts(self) -> list[str]:
        """Lines for an error message: each input with shape, dtype and origin."""
        return [
            f"input {index} {tensor.name!r}: {tensor.spec!r}, made at {tensor.op.origin}"
            for index, tensor in enumerate(self.inputs)
        ]

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"

    def __str__(self) -> str:
        lines = [f'name: "{self.name}"', f'op: "{self.type}"']
        lines += [f'input: "{_input_name(tensor)}"' for tensor in self.inputs]
        lines += [f'input: "^{op.name}"' for op in self.control_inputs]
        if self._device:
            lines.append(f'device: "{self._device}"')
        for key, value in self.definition.attributes().items():
            lines += ["attr {", f'  key: "{key}"', f"  value: {value}", "}"]
        return "\n".join(lines) + "\n"


def _input_name(tensor: Tensor) -> str:
    return tensor.op.name if tensor.value_index == 0 else tensor.name


def _follow_constants(tensor: Tensor) -> Any:
    if tensor.op.definition.stateful or not tensor.op.outputs:
        return None
    # An explicit stack: a chain of thousands of constants must not meet Python's recursion limit.
    stack = [tensor]
    while stack:
        current = stack[-1]
        definition = current.op.definition
        waiting = [x for x in current.op.inputs if x._constant is _NOT_KNOWN]
        elements = count(current.spec.dims)
        if current._constant is not _NOT_KNOWN:
            stack.pop()
            continue
        if definition.stateful or elements is None or elements > _LARGEST_CONSTANT:
            current._constant = None
        elif any(x._constant is None for x in current.op.inputs):
            current._constant = definition.infer_value(*[x.spec for x in current.op.inputs])
        elif waiting:
            stack.extend(waiting)
            continue
        else:
            current._constant = definition.constant(
                *[x._constant for x in current.op.inputs], index=current.value_index
            )
        stack.pop()
    return tensor._constant


def _user_frame() -> tuple[str, int, str]:
    frame = sys._getframe(3)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OWN_FILES):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def _session_for(graph: Graph, session: Any, what: str, call: str, way: str) -> Any:
    if session is not None:
        if session.graph is not graph:
            raise ValueError(
                f"Cannot use the given session to {what}: the tensor's graph is "
                "different from the session's graph."
            )
        return session
    session = default_session()
    if session is None:
        raise ValueError(
            f"Cannot {what} using `{call}`: No default session is registered. Use "
            f"`with sess.as_default()` or pass an explicit session to `{way}`"
        )
    if session.graph is not graph:
        raise ValueError(
            f"Cannot use the default session to {what}: the tensor's graph is different "
            f"from the session's graph. Pass an explicit session to `{way}`."
        )
    return session
