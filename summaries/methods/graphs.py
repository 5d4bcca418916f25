"""Graphs of models: the engine's, torch's, ONNX's and OpenVINO's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from summaries.kinds import graph as graph_kind
from summaries.methods.base import Methods


class GraphMethods(Methods):
    """The methods of a writer for graphs."""

    def add_graph(
        self,
        model: Any,
        input_to_model: Any = None,
        verbose: bool = False,
        use_strict_trace: bool = True,
    ) -> None:
        """Log a graph: an engine ``Graph``, plain data as in docs/architecture.md, a torch module.

        Args:
            model: the graph, or a ``torch.nn.Module``.
            input_to_model: of a torch module: the tensor, or tuple of tensors, it is traced with.
            verbose: whether to print the traced graph.
            use_strict_trace: False lets a module return lists and dicts.

        Raises:
            TypeError: none of them.
            ValueError: the module cannot be traced with that input.
        """
        if hasattr(model, "named_modules") or hasattr(model, "inlined_graph"):
            from summaries.torch_graph import traced  # torch is there: it made the module

            model = traced(model, input_to_model, verbose, use_strict_trace)
        self._log_event(graph_kind.event(model, 0, self._now()))

    def add_graph_def(self, content: bytes) -> None:
        """Log a serialized ``GraphDef`` of TensorFlow.

        Raises:
            ValueError: the message is damaged.
        """
        from summaries.wire import decode_graph  # only scripts with such graphs pay for it

        self._log_event(graph_kind.event(decode_graph(content), 0, self._now()))

    def add_onnx_graph(self, prototxt: Any = None, onnx_model_file: Any = None) -> None:
        """Log the graph of an ONNX model.

        Args:
            prototxt: path of the model's file, or its bytes, or a loaded ``ModelProto``.
            onnx_model_file: tensorboardX's name of the same.

        Raises:
            TypeError, ValueError: no such model.
        """
        from summaries.model_files import onnx_graph

        model = _one_of("add_onnx_graph", prototxt=prototxt, onnx_model_file=onnx_model_file)
        if hasattr(model, "SerializeToString"):
            model = model.SerializeToString()
        content = bytes(model) if isinstance(model, (bytes, bytearray)) else _read(model)
        self._log_event(graph_kind.event(onnx_graph(content), 0, self._now()))

    def add_openvino_graph(self, xmlname: Any) -> None:
        """Log the graph of an OpenVINO model.

        Args:
            xmlname: path of the model's XML file.

        Raises:
            ValueError: it is no such file.
        """
        from summaries.model_files import openvino_graph

        self._log_event(graph_kind.event(openvino_graph(_read(xmlname)), 0, self._now()))


def _read(path: str | Path) -> bytes:
    return Path(path).read_bytes()


def _one_of(method: str, **given: Any) -> Any:
    found: Mapping[str, Any] = {name: value for name, value in given.items() if value is not None}
    if len(found) != 1:
        raise TypeError(f"{method}: expects one of {', '.join(given)}\n  got {len(found)}")
    return next(iter(found.values()))
