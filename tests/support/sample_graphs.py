"""Small graphs as plain data, for the tests of the graphs page."""

from __future__ import annotations

from typing import Any


def node(
    name: str, op: str, *inputs: str, shape: list[int | None] | None = None, **attrs: Any
) -> Any:
    outputs = [{"dtype": "float32", "shape": shape}]
    return {"name": name, "op": op, "inputs": list(inputs), "outputs": outputs, "attrs": attrs}


def dense(scope: str, source: str) -> list[Any]:
    """A layer: weights with their initial value, matmul, relu."""
    w = f"{scope}/weights"
    return [
        node(f"{w}/initial", "Const", shape=[2, 2], value=0.5),
        node(w, "VariableV2", shape=[2, 2]),
        node(f"{w}/Assign", "Assign", w, f"{w}/initial", shape=[2, 2]),
        node(f"{w}/read", "Identity", w, shape=[2, 2]),
        node(f"{scope}/MatMul", "MatMul", source, f"{w}/read", shape=[None, 2]),
        node(f"{scope}/Relu", "Relu", f"{scope}/MatMul", shape=[None, 2]),
        node(f"{scope}/act", "HistogramSummary", f"{scope}/Relu"),
    ]


def network(layers: int = 3) -> list[Any]:
    """input -> layers in a chain -> loss, with gradients, an optimizer and an init op."""
    nodes = [node("input/x", "Placeholder", shape=[None, 2])]
    source = "input/x"
    for i in range(layers):
        nodes += dense(f"net/dense{i or ''}", source)
        source = f"net/dense{i or ''}/Relu"
    nodes.append(node("loss", "Mean", source, shape=[]))
    back = "gradients/Fill"
    nodes.append(node(back, "Fill", "loss"))
    for i in reversed(range(layers)):
        scope = f"net/dense{i or ''}"
        nodes.append(node(f"gradients/{scope}/grad", "ReluGrad", back, f"{scope}/Relu"))
        back = f"gradients/{scope}/grad"
        nodes.append(node(f"Adam/update_{scope}", "ApplyAdam", f"{scope}/weights", back))
    nodes.append(
        node("init", "NoOp", *(f"^net/dense{i or ''}/weights/Assign" for i in range(layers)))
    )
    return nodes
