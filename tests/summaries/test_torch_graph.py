"""A torch module as a graph: its operations by the module's names, shapes, parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from summaries import SummaryWriter, open_logdir
from summaries.records import GraphNode

torch: Any = pytest.importorskip("torch", reason="torch is not installed")


class Net(torch.nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(3, 4)
        self.blocks = torch.nn.ModuleList([torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)])
        self.drop = torch.nn.Dropout()
        self.register_buffer("scale", torch.ones(4))

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.first(x))
        for block in self.blocks:
            x = x + block(x) * self.scale
        return self.drop(x), x.sum()


def nodes_of(directory: Path) -> dict[str, GraphNode]:
    with open_logdir(directory) as reader:
        graph = reader.graph(".")
    assert graph is not None
    return {node.name: node for node in graph.nodes}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, GraphNode]:
    directory = tmp_path_factory.mktemp("net")
    with SummaryWriter(directory) as writer:
        writer.add_graph(Net(), torch.zeros(2, 3))
    return nodes_of(directory)


def test_operations_stand_below_the_modules_that_call_them(nodes: dict[str, GraphNode]) -> None:
    assert nodes["Net/first/linear"].op == "aten::linear"
    assert nodes["Net/blocks/1/linear"].op == "aten::linear"
    assert nodes["Net/relu"].inputs == ("Net/first/linear",)


def test_parameters_and_buffers_are_nodes(nodes: dict[str, GraphNode]) -> None:
    weight = nodes["Net/blocks/0/weight"]
    assert (weight.op, weight.outputs) == ("Parameter", (("float32", (4, 4)),))
    assert weight.attrs["requires_grad"] is True
    assert nodes["Net/scale"].attrs["requires_grad"] is False
    assert "Net/first/weight" in nodes["Net/first/linear"].inputs


def test_inputs_and_outputs_are_nodes_with_shapes(nodes: dict[str, GraphNode]) -> None:
    given = [node for node in nodes.values() if node.op == "Input"]
    assert [node.outputs for node in given] == [(("float32", (2, 3)),)]
    assert nodes["Net/relu"].outputs == (("float32", (2, 4)),)
    assert nodes["Net/relu"].device == "cpu"
    assert any(node.op == "Output" for node in nodes.values())


def test_every_input_of_a_node_is_a_node(nodes: dict[str, GraphNode]) -> None:
    for node in nodes.values():
        assert {name.partition(":")[0] for name in node.inputs} <= set(nodes)


def test_the_module_is_left_as_it_was(tmp_path: Path) -> None:
    net = Net()
    net.blocks[0].eval()
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(net, torch.zeros(2, 3))
    assert net.training
    assert net.drop.training
    assert not net.blocks[0].training


def test_a_module_that_cannot_be_traced_says_why_and_loses_nothing(tmp_path: Path) -> None:
    net = Net()
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss", 0.5, 0)
        with pytest.raises(ValueError, match=r"'Net' cannot be traced[\s\S]*float32\[2, 5\]"):
            writer.add_graph(net, torch.zeros(2, 5))
        with pytest.raises(ValueError, match="traced with an input"):
            writer.add_graph(net)
    assert net.training
    with open_logdir(tmp_path) as reader:
        assert reader.graph(".") is None
        assert len(reader.scalars(".", "loss")) == 1


def test_a_module_that_returns_a_dict_needs_use_strict_trace_false(tmp_path: Path) -> None:
    class Named(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return {"double": x * 2}

    with SummaryWriter(tmp_path) as writer:
        with pytest.raises(ValueError, match="use_strict_trace=False"):
            writer.add_graph(Named(), torch.zeros(2))
        writer.add_graph(Named(), torch.zeros(2), use_strict_trace=False)
    assert "Named/mul" in nodes_of(tmp_path)


def test_the_traced_graph_is_printed_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(torch.nn.Linear(3, 2), torch.zeros(1, 3), verbose=True)
    assert "aten::linear" in capsys.readouterr().out
