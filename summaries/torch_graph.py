"""A torch module as a graph: traced once with an input, its operations by the module's names."""

from __future__ import annotations

from typing import Any

from summaries.checks import shown

_GET_ATTR = "prim::GetAttr"
_DTYPES = {
    "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16",
    "Long": "int64", "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8",
    "Bool": "bool", "ComplexFloat": "complex64", "ComplexDouble": "complex128",
}  # fmt: skip


def traced(model: Any, inputs: Any, verbose: bool = False, strict: bool = True) -> dict[str, Any]:
    """The graph of the module, as docs/architecture.md has it.

    Nodes are named by their scope, ``Net/fc1/addmm``; parameters and buffers are nodes of op
    "Parameter", and inputs and outputs are nodes as well. The module is traced in evaluation mode,
    without gradients, and left as it was.

    Args:
        model: a ``torch.nn.Module``, or a traced or scripted one.
        inputs: the tensor, or tuple of tensors, that it is traced with.
        verbose: whether to print torch's own text of the graph.
        strict: as in ``torch.jit.trace``.

    Raises:
        ValueError: it cannot be traced with that input.
    """
    import warnings

    import torch

    if inputs is None and not hasattr(model, "inlined_graph"):
        raise ValueError(
            f"add_graph: a torch module is traced with an input\n  module: {type(model).__name__}\n"
            "  try: add_graph(model, torch.zeros(1, 3, 224, 224))"
        )
    was_training = [(part, part.training) for part in getattr(model, "modules", list)()]
    try:
        if hasattr(model, "inlined_graph"):
            trace = model
        else:
            model.eval()
            with torch.no_grad(), warnings.catch_warnings():
                # What the tracer warns of (a branch on a tensor) changes numbers, not the drawing.
                warnings.simplefilter("ignore")
                trace = torch.jit.trace(model, inputs, strict=strict, check_trace=False)
        graph = trace.inlined_graph
    except Exception as error:  # the module's own forward runs here, and may raise anything
        raise ValueError(
            f"add_graph: module '{type(model).__name__}' cannot be traced with this input\n"
            f"  input: {_described(inputs)}\n  {type(error).__name__}: {error}\n"
            "  try: the tensors that the module is called with; use_strict_trace=False if it "
            "returns lists or dicts"
        ) from error
    finally:
        for part, training in was_training:
            part.training = training
    if verbose:
        print(graph)
    return {"nodes": _Nodes(_name_of(model)).of(graph, trace)}


def _described(inputs: Any) -> str:
    parts = inputs if isinstance(inputs, (tuple, list)) else [inputs]
    return ", ".join(
        f"{part.dtype}{list(part.shape)}" if hasattr(part, "dtype") else shown(part)
        for part in parts
    )


def _name_of(model: Any) -> str:
    return str(getattr(model, "original_name", type(model).__name__))


class _Nodes:
    """The nodes of one traced graph."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._nodes: list[dict[str, Any]] = []
        self._makers: dict[str, str] = {}
        """Value to what an input is named by: its node, and which output of it."""
        self._paths: dict[str, str] = {}
        """Value of a module, parameter or buffer to its place below the top: ``fc1.weight``."""
        self._taken: set[str] = set()

    def of(self, graph: Any, trace: Any) -> list[dict[str, Any]]:
        parameters = dict(trace.named_parameters()) if hasattr(trace, "named_parameters") else {}
        buffers = dict(trace.named_buffers()) if hasattr(trace, "named_buffers") else {}
        held = {**parameters, **buffers}
        for at, value in enumerate(graph.inputs()):
            if value.type().kind() == "ClassType":
                self._paths[value.debugName()] = ""
            else:
                name = f"input/{value.debugName().replace('.', '_')}"
                self._add(name if at else "input", "Input", [], [value])
        for node in graph.nodes():
            if node.kind() == _GET_ATTR:
                self._get(node, held)
            else:
                self._operation(node)
        outputs = list(graph.outputs())
        for at, value in enumerate(outputs):
            name = "output" if len(outputs) == 1 else f"output/{at}"
            self._add(name, "Output", [value], [value], makes=False)
        return self._nodes

    def _get(self, node: Any, held: dict[str, Any]) -> None:
        """A module of the module, or a parameter: only the latter is a node."""
        above = self._paths.get(node.input().debugName(), "")
        path = f"{above}.{node.s('name')}" if above else str(node.s("name"))
        value = node.output()
        self._paths[value.debugName()] = path
        if value.type().kind() == "ClassType":
            return
        made = self._add(f"{self._top}/{path.replace('.', '/')}", "Parameter", [], [value])
        if path in held:
            tensor = held[path]
            dtype = str(tensor.dtype).removeprefix("torch.")
            made["outputs"] = [{"dtype": dtype, "shape": list(tensor.shape)}]
            made["attrs"]["requires_grad"] = bool(tensor.requires_grad)

    def _operation(self, node: Any) -> None:
        kind = node.kind()
        # "__module.layers/__module.layers.0" names each module on the way by its whole path.
        last = node.scopeName().split("/")[-1]
        path = last.removeprefix("__module").strip(".").replace(".", "/")
        scope = f"{self._top}/{path}" if path else self._top
        name = f"{scope}/{kind.partition('::')[2].strip('_') or kind}"
        attrs = {key: _attribute(node, key) for key in node.attributeNames()}
        made = self._add(name, kind, list(node.inputs()), list(node.outputs()))
        made["attrs"] |= attrs

    def _add(
        self, name: str, op: str, inputs: list[Any], outputs: list[Any], makes: bool = True
    ) -> dict[str, Any]:
        free, n = name, 0
        while free in self._taken:
            n += 1
            free = f"{name}_{n}"
        self._taken.add(free)
        node: dict[str, Any] = {
            "name": free,
            "op": op,
            "inputs": [
                self._makers[value.debugName()]
                for value in inputs
                if value.debugName() in self._makers
            ],
            "device": next(filter(None, map(_device, outputs)), ""),
            "attrs": {},
            "outputs": [_described_type(value) for value in outputs],
        }
        if makes:
            for at, value in enumerate(outputs):
                self._makers[value.debugName()] = f"{free}:{at}" if at else free
        self._nodes.append(node)
        return node


def _described_type(value: Any) -> dict[str, Any]:
    kind = value.type()
    if kind.kind() != "TensorType":
        return {"dtype": str(kind), "shape": None}
    sizes, scalar = kind.sizes(), kind.scalarType()
    return {
        "dtype": _DTYPES.get(scalar, str(scalar or "")),
        "shape": None if sizes is None else [None if size is None else int(size) for size in sizes],
    }


def _device(value: Any) -> str:
    kind = value.type()
    return str(kind.device() or "") if kind.kind() == "TensorType" else ""


def _attribute(node: Any, key: str) -> Any:
    """The attribute as JSON has it; of a tensor its text where it is small."""
    value = getattr(node, node.kindOf(key))(key)
    if hasattr(value, "detach"):
        return str(value.tolist()) if value.numel() <= 16 else f"tensor of {list(value.shape)}"
    return value if isinstance(value, (str, int, float, bool)) else str(value)
