"""Operation and Tensor: the nodes of a graph and what they give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.defaults import default_session
from engine.dtypes import DType
from engine.errors import compose, misuse
from engine.op import Op, Spec, ToldSpec
from engine.operators import Operators
from engine.origin import user_frame
from engine.shapes import ShapeError, TensorShape, as_dims, count, in_parentheses, merge

if TYPE_CHECKING:
    from engine.bodies import Body
    from engine.graph import Graph

_LARGEST_CONSTANT = 4096
"""Elements up to which a constant is followed while a graph is built, for shape rules."""


class Tensor(Operators):
    """The symbolic result of an operation.

    >>> import engine as tf
    >>> tf.reset_default_graph()
    >>> tf.zeros((2, 2))
    <tf.Tensor 'zeros:0' shape=(2, 2) dtype=float32>
    """

    __slots__ = ("_constant", "aliases", "op", "spec", "value_index")

    aliases: tuple[str, ...]
    """The scopes of the layers that collected it; unset if none did."""

    def __init__(self, op: Operation, value_index: int, spec: Spec):
        self.op = op
        self.value_index = value_index
        self.spec = Spec(spec.dtype, spec.dims, self if spec.source is None else spec.source)
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
        try:
            dims = merge(self.spec.dims, as_dims(shape))
        except ShapeError as error:
            raise ValueError(self._misused(str(error))) from None
        if dims != self.spec.dims:
            self.spec = ToldSpec(self.spec.dtype, dims, self.spec.source)

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input, in the order they were made."""
        return [op for op in self.graph.get_operations() if any(x is self for x in op.inputs)]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value of this tensor in `session` or the default session, a NumPy array or scalar."""
        return _session_for(
            self.op, session, "evaluate tensor", "eval()", "eval(session=sess)"
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
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}", {shape}dtype={self.dtype.name}{device})'

    def __bool__(self) -> bool:
        raise TypeError(
            self._misused(
                "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` "
                "instead of `if t:` to test if a tensor is defined, and use TensorFlow ops such "
                "as tf.cond to execute subgraphs conditioned on the value of a tensor.",
                "tf.cond() or tf.where() in the graph; `if sess.run(t):` outside of it",
            )
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            self._misused(
                "`Tensor` objects are not iterable when eager execution is not enabled. "
                "To iterate over this tensor use `tf.map_fn`, or split it with `tf.unstack`.",
                "`for part in tf.unstack(t):`, or iterate over what sess.run(t) gives",
            )
        )

    def __len__(self) -> int:
        raise TypeError(
            self._misused(
                f"len is not well defined for symbolic Tensors. ({self.name}) Please call "
                "`x.shape` rather than `len(x)` for shape information.",
                "x.get_shape()[0].value, or tf.shape(x)[0] for what only the run knows",
            )
        )

    def __contains__(self, item: object) -> bool:
        raise TypeError(
            self._misused(
                "argument of type 'Tensor' is not iterable",
                "tf.reduce_any(tf.equal(t, item)), a tensor that tells it in the run",
            )
        )

    def __float__(self) -> float:
        raise TypeError(self._no_number("float"))

    def __int__(self) -> int:
        raise TypeError(self._no_number("int"))

    def __index__(self) -> int:
        raise TypeError(
            self._misused(
                "'Tensor' object cannot be interpreted as an integer",
                "range(sess.run(t)); tf.range(t), a tensor; t.get_shape() for sizes known already",
            )
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(
            self._misused(
                f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array. This error may "
                "indicate that you're trying to pass a Tensor to a NumPy call, which is not "
                "supported.",
                "sess.run(t) or t.eval() for its value; tf.reduce_sum(), tf.exp() and the like "
                "instead of NumPy's functions",
            )
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            self._misused(
                "'Tensor' object does not support item assignment",
                "tf.concat() or tf.where() of old and new parts; a tf.Variable is changed by "
                "running what assign() gives",
            )
        )

    def __getattr__(self, name: str) -> Any:
        problem = f"'Tensor' object has no attribute '{name}'"
        if name not in _WAYS_TO_ATTRIBUTES:
            raise AttributeError(problem)
        raise AttributeError(self._misused(problem, _WAYS_TO_ATTRIBUTES[name]))

    def _no_number(self, kind: str) -> str:
        return self._misused(
            f"{kind}() argument must be a string or a number, not 'Tensor'",
            f"{kind}(sess.run(t)); tf.cast() for another dtype inside the graph",
        )

    def _misused(self, problem: str, way_out: str | None = None) -> str:
        return misuse(problem, [f"{self!r} was made at {self.op.origin}"], way_out)


_NOT_KNOWN = object()

_WAYS_TO_ATTRIBUTES = {
    "assign": "keep the tf.Variable itself: `w = w + 1` and `w += 1` make a tensor of it, "
    "w.assign_add(1) changes it",
    "numpy": "sess.run(t) or t.eval(), which give a NumPy array",
    "item": "sess.run(t), which gives a NumPy scalar for a tensor of rank 0",
    "tolist": "sess.run(t).tolist()",
    "astype": "tf.cast(t, dtype)",
    "reshape": "tf.reshape(t, shape)",
    "T": "tf.transpose(t)",
    "sum": "tf.reduce_sum(t)",
    "mean": "tf.reduce_mean(t)",
    "max": "tf.reduce_max(t)",
    "min": "tf.reduce_min(t)",
    "dot": "tf.matmul(t, other)",
    "ndim": "t.get_shape().ndims, or tf.rank(t)",
    "size": "tf.size(t)",
    "backward": "tf.gradients(t, variables), or an optimizer's minimize(t)",
    "append": "tf.concat([t, more], 0)",
}
"""Attributes that people look for on a tensor, and where what they want is."""


class Operation:
    """A node of a graph: its kind (`definition`), its inputs and its output tensors."""

    __slots__ = (
        "_device",
        "body",
        "colocated_with",
        "control_inputs",
        "definition",
        "gradient_name",
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
        self.gradient_name: str | None = None
        """The registered gradient that it has in place of its kind's own."""
        self.body: Body | None = graph.body
        """The branch or loop it is in; None for most."""
        self.origin_frame = user_frame(2)
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
    def node_def(self) -> Any:
        """The operation as data, a `NodeDef`."""
        return self.graph.node_def(self)

    def get_attr(self, name: str) -> Any:
        attributes = self.definition.attributes()
        if name not in attributes:
            raise ValueError(
                compose(
                    f"Operation '{self.name}' has no attr named '{name}'.",
                    [f"made at {self.origin}"],
                    f"one of {', '.join(sorted(attributes)) or 'none: it has no attributes'}",
                )
            )
        return attributes[name]

    def values(self) -> tuple[Tensor, ...]:
        return self.outputs

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run this operation in `session` or the default session."""
        _session_for(self, session, "execute operation", "run()", "run(session=sess)").run(
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


def _session_for(op: Operation, session: Any, what: str, call: str, way: str) -> Any:
    made = [f"'{op.name}' was made at {op.origin}"]
    thing = what.split()[-1]
    if session is not None:
        if session.graph is not op.graph:
            raise ValueError(
                misuse(
                    f"Cannot use the given session to {what}: the {thing}'s graph is "
                    "different from the session's graph.",
                    made,
                    f"tf.Session(graph=...) with the graph the {thing} was made in",
                )
            )
        return session
    session = default_session()
    if session is None:
        raise ValueError(
            misuse(
                f"Cannot {what} using `{call}`: No default session is registered. Use "
                f"`with sess.as_default()` or pass an explicit session to `{way}`",
                made,
                f"`with tf.Session() as sess:` around it, or {way}",
            )
        )
    if session.graph is not op.graph:
        raise ValueError(
            misuse(
                f"Cannot use the default session to {what}: the {thing}'s graph is different "
                f"from the session's graph. Pass an explicit session to `{way}`.",
                made,
                f"tf.Session(graph=...) with the graph the {thing} was made in",
            )
        )
    return session
