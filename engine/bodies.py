"""Bodies: the operations of a branch or a loop, a graph within the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import compose

if TYPE_CHECKING:
    from engine.graph import Graph, Operation, Tensor
    from engine.op import Op


class Body:
    """What one branch of a ``tf.cond``, or the test or step of a ``tf.while_loop``, is made of.

    Its operations are in the same graph as all others and know the body they are in; they may use
    tensors of the bodies around theirs, and nobody outside may use theirs.
    """

    def __init__(self, graph: Graph, kind: str, scope: str):
        self.graph = graph
        self.kind = kind
        """``"cond context"`` or ``"while loop"``: what an error calls it."""
        self.scope = scope
        """The name scope of its operations, with the final slash."""
        self.outer: Body | None = graph.body
        self.inputs: list[Tensor] = []
        """What the loop hands it in every iteration."""
        self.results: list[Tensor] = []
        self.input_names: list[str] = []
        self.result_names: list[str] = []
        """Where it is imported: the names that inputs and results have in the data."""
        self.saved: list[Tensor] = []
        """In-between results that a gradient needs: handed out beside the results."""
        self.captured: list[Tensor] = []
        """Tensors of outer bodies that it uses."""

    def sees(self, body: Body | None) -> bool:
        """Whether operations here may use tensors of `body`."""
        current: Body | None = self
        while current is not None:
            if current is body:
                return True
            current = current.outer
        return body is None

    def stand_in(self, tensor: Tensor, sizes_only: bool) -> Tensor | None:
        """A tensor of this body that has the value of one that is out of reach, None without.

        With `sizes_only` nobody will look at the value, only at its sizes.
        """
        return None

    def close(self) -> list[Operation]:
        """Find what it captures; gives the outer operations it has to wait for.

        Raises:
            ValueError: a result is of a body that cannot be seen from here.
        """
        waits: dict[Operation, None] = {}
        captured: dict[Tensor, None] = {}
        seen: set[Operation] = set()
        stack = [self._own_or_captured(x, captured) for x in (*self.results, *self.saved)]
        while stack:
            op = stack.pop()
            if op is None or op in seen:
                continue
            seen.add(op)
            stack.extend(self._own_or_captured(x, captured) for x in op.inputs)
            outer = [control for control in op.control_inputs if control.body is not self]
            if outer:
                # The whole body waits for them; in it, they would be computed again.
                waits.update(dict.fromkeys(outer))
                op.control_inputs = tuple(c for c in op.control_inputs if c.body is self)
            stack.extend(op.control_inputs)
            for index in op.definition.writes:
                captured[_variable(op.inputs[index])] = None
        self.captured = sorted(captured, key=lambda x: (x.op.number, x.value_index))
        return list(waits)

    def _own_or_captured(self, x: Tensor, captured: dict[Tensor, None]) -> Operation | None:
        if x.op.body is self:
            return x.op
        if not self.sees(x.op.body):
            raise ValueError(out_of_reach(x.op, "a result", self))
        captured[x] = None
        return None

    def written(self) -> set[Tensor]:
        """The variables' own outputs that its operations change."""
        found: set[Tensor] = set()
        seen: set[Operation] = set()
        stack = [x.op for x in (*self.results, *self.saved)]
        while stack:
            op = stack.pop()
            if op in seen or op.body is not self:
                continue
            seen.add(op)
            stack.extend(x.op for x in op.inputs)
            stack.extend(op.control_inputs)
            found.update(_variable(op.inputs[index]) for index in op.definition.writes)
        return found


def _variable(tensor: Tensor) -> Tensor:
    while tensor.op.definition.writes and tensor.op.definition.ref_output:
        tensor = tensor.op.inputs[0]
    return tensor


def admitted(
    body: Body | None, definition: Op, name: str, inputs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """The inputs as an operation of `body` may use them.

    Raises:
        ValueError: one of them is inside a branch or a loop that the operation is not in.
    """
    found = []
    for tensor in inputs:
        theirs = tensor.op.body
        if theirs is None or (body is not None and body.sees(theirs)):
            found.append(tensor)
            continue
        current, stand_in = body, None
        while current is not None and stand_in is None:
            stand_in = current.stand_in(tensor, definition.sizes_only)
            current = current.outer
        if stand_in is None:
            raise ValueError(out_of_reach(tensor.op, f"input to '{name.rstrip('/')}'", theirs))
        found.append(stand_in)
    return tuple(found)


def out_of_reach(op: Operation, use: str, body: Body) -> str:
    """The message for a use of an inner operation outside its body."""
    way = (
        "give it as a loop variable, and use what tf.while_loop gives back"
        if body.kind == "while loop"
        else "return it from both branches, and use what tf.cond gives back"
    )
    return compose(
        f"Cannot use '{op.name}' as {use} because '{op.name}' is in a {body.kind}.",
        [f"'{op.name}' was made at {op.origin}"],
        way,
    )
