"""Graphs of others: TensorFlow's GraphDef, ONNX's and OpenVINO's files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.compat.proto import graph_pb2, types_pb2
from tensorboard.util import tensor_util

from summaries import SummaryWriter, open_logdir
from summaries.model_files import onnx_graph
from summaries.wire import decode_graph, encode_graph, field_bytes, field_varint

DATA = Path(__file__).resolve().parents[1] / "support"


def graph_def() -> graph_pb2.GraphDef:
    graph = graph_pb2.GraphDef()
    x = graph.node.add(name="x", op="Placeholder", device="/device:CPU:0")
    x.attr["dtype"].type = types_pb2.DT_FLOAT
    x.attr["shape"].shape.dim.add(size=-1)
    x.attr["shape"].shape.dim.add(size=3)
    w = graph.node.add(name="layer/w", op="Const")
    w.attr["dtype"].type = types_pb2.DT_FLOAT
    w.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(np.ones((2, 2), np.float32)))
    y = graph.node.add(name="layer/MatMul", op="MatMul", input=["x", "layer/w:0", "^init"])
    y.attr["T"].type = types_pb2.DT_FLOAT
    y.attr["transpose_a"].b = True
    y.attr["n"].i = -3
    y.attr["alpha"].f = 0.5
    y.attr["text"].s = b"text"
    y.attr["raw"].s = b"\xff\xfe"
    y.attr["ints"].list.i.extend([1, -2])
    y.attr["floats"].list.f.extend([0.5, 1.5])
    y.attr["texts"].list.s.extend([b"a", b"b"])
    y.attr["types"].list.type.extend([types_pb2.DT_INT32, types_pb2.DT_STRING_REF])
    y.attr["body"].func.name = "inner"
    y.attr["body"].func.attr["k"].i = 1
    y.attr["unknown"].shape.unknown_rank = True
    shape = y.attr["_output_shapes"].list.shape.add()
    shape.dim.add(size=-1)
    shape.dim.add(size=2)
    y.attr["_output_shapes"].list.shape.add(unknown_rank=True)
    return graph


def test_a_graph_def_is_read() -> None:
    x, w, y = decode_graph(graph_def().SerializeToString())["nodes"]
    assert (x["name"], x["op"], x["device"]) == ("x", "Placeholder", "/device:CPU:0")
    assert x["outputs"] == [{"dtype": "float32", "shape": [None, 3]}]
    assert w["attrs"]["value"]["tensor"]["values"] == [1.0] * 4
    assert y["inputs"] == ["x", "layer/w:0", "^init"]
    assert y["outputs"] == [
        {"dtype": "float32", "shape": [None, 2]},
        {"dtype": "float32", "shape": None},
    ]
    attrs = y["attrs"]
    assert (attrs["transpose_a"], attrs["n"], attrs["alpha"]) == (True, -3, 0.5)
    assert (attrs["T"], attrs["text"], attrs["ints"]) == ("DT_FLOAT", "text", [1, -2])
    assert attrs["types"] == ["DT_INT32", "DT_STRING_REF"]
    assert attrs["body"] == {"func": "inner", "attrs": {"k": 1}}
    assert attrs["unknown"] == {"shape": None}


def test_a_graph_def_comes_back_as_it_was() -> None:
    before = graph_def()
    after = graph_pb2.GraphDef.FromString(encode_graph(decode_graph(before.SerializeToString())))
    assert len(before.node) == len(after.node)
    for one, other in zip(before.node, after.node, strict=True):
        assert (one.name, one.op, one.device, one.input) == (
            other.name,
            other.op,
            other.device,
            other.input,
        )
        for name, value in one.attr.items():
            assert other.attr[name] == value, name


def test_an_engine_graph_becomes_a_graph_def_and_comes_back(tmp_path: Path) -> None:
    import engine as tf

    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        tf.nn.relu(tf.matmul(x, tf.Variable(tf.zeros([3, 2]), name="w")), name="y")
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(graph)
    with open_logdir(tmp_path) as reader:
        record = reader.graph(".")
    assert record is not None
    data = encode_graph(record)
    assert len(graph_pb2.GraphDef.FromString(data).node) == len(record.nodes)
    with SummaryWriter(tmp_path / "again") as writer:
        writer.add_graph_def(data)
    with open_logdir(tmp_path / "again") as reader:
        again = reader.graph(".")
    assert again is not None
    for one, other in zip(record.nodes, again.nodes, strict=True):
        assert (one.name, one.op, one.inputs, one.device) == (
            other.name,
            other.op,
            other.inputs,
            other.device,
        )
        assert [shape for _, shape in one.outputs] == [shape for _, shape in other.outputs]


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_graph_is_a_value_error_or_another_graph(seed: int) -> None:
    chooser = random.Random(seed)
    data = bytearray(graph_def().SerializeToString())
    for _ in range(30):
        broken = bytearray(data)
        for _ in range(chooser.randint(1, 4)):
            broken[chooser.randrange(len(broken))] = chooser.randrange(256)
        try:
            decode_graph(bytes(broken[: chooser.randrange(1, len(broken))]))
        except ValueError:
            continue


# -- ONNX and OpenVINO --------------------------------------------------------------------------


def nodes_of(tmp_path: Path) -> dict[str, Any]:
    with open_logdir(tmp_path) as reader:
        graph = reader.graph(".")
    assert graph is not None
    return {node.name: node for node in graph.nodes}


@pytest.mark.parametrize("keyword", ["prototxt", "onnx_model_file"])
def test_an_onnx_model_is_a_graph(keyword: str, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_onnx_graph(**{keyword: DATA / "two_layers.onnx"})
    nodes = nodes_of(tmp_path)
    assert nodes["x"].op == "Input"
    assert nodes["x"].outputs == (("float32", (None, 3)),)
    assert nodes["w"].op == "Initializer"
    assert nodes["w"].outputs == (("float32", (3, 4)),)
    gemm = nodes["dense/gemm"]
    assert (gemm.op, gemm.inputs, gemm.attrs["alpha"]) == ("Gemm", ("x", "w"), 0.5)
    assert nodes["relu"].inputs == ("dense/gemm",)
    assert nodes["output/y"].inputs == ("relu",)


@pytest.mark.parametrize("content", [b"", b"no model", field_bytes(7, b"\xff"), field_varint(7, 3)])
def test_what_is_no_onnx_model_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="add_onnx_graph"):
        onnx_graph(content)
    with SummaryWriter(tmp_path) as writer, pytest.raises(TypeError, match="one of"):
        writer.add_onnx_graph()


OPENVINO = """<net name="n" version="11"><layers>
<layer id="0" name="x" type="Parameter"><data shape="?,3" element_type="f32"/>
<output><port id="0" precision="FP32"><dim>-1</dim><dim>3</dim></port></output></layer>
<layer id="1" name="relu" type="ReLU"><output><port id="1" precision="FP32"><dim>1</dim>
<dim>3</dim></port></output></layer></layers>
<edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>"""


def test_an_openvino_model_is_a_graph(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text(OPENVINO)
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_openvino_graph(str(path))
        path.write_text("<net/>")
        with pytest.raises(ValueError, match="layers"):
            writer.add_openvino_graph(path)
        path.write_text("no xml")
        with pytest.raises(ValueError, match="no XML"):
            writer.add_openvino_graph(path)
    nodes = nodes_of(tmp_path / "run")
    assert nodes["x"].outputs == (("fp32", (None, 3)),)
    assert nodes["relu"].inputs == ("x",)
