"""Graphs as data: written down, read, imported; what comes back computes the same."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from op_rows import all_rows
from op_rows.row import Row

import engine as tf
from engine.op import Op, Spec
from engine.ops.constants import make


def through_json(graph: tf.Graph) -> tf.GraphDef:
    return tf.GraphDef.FromString(graph.as_graph_def().SerializeToString())


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.name)
def test_every_kind_computes_the_same_after_an_import(row: Row) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        fed = [tf.placeholder(array.dtype, array.shape) for array in row.inputs]
        y = row.function(*fed)
        wanted = [y]
        if row.differentiable:
            sources = [x for x in fed if x.dtype.is_floating]
            grads = [g for g in tf.gradients(y, sources) if g is not None]
            wanted += [tf.convert_to_tensor(g) for g in grads]
        wants = sess.run(wanted, dict(zip(fed, row.inputs, strict=True)))
    names = [tensor.name for tensor in wanted]
    with tf.Graph().as_default(), tf.Session() as sess:
        found = tf.import_graph_def(
            through_json(graph), return_elements=names + [x.name for x in fed]
        )
        assert found is not None
        got, fed_again = found[: len(names)], found[len(names) :]
        results = sess.run(got, dict(zip(fed_again, row.inputs, strict=True)))
        for old, new, want, result in zip(wanted, got, wants, results, strict=True):
            assert new.dtype == old.dtype and str(new.shape) == str(old.shape)
            np.testing.assert_array_equal(result, want)


def doubling() -> tf.Graph:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        tf.multiply(x, 2.0, name="y")
    return graph


def test_the_mapping_stays_the_plain_lean_one() -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(np.zeros(1000, np.float32), name="big")
    data = json.loads(json.dumps(graph.as_graph_def()))
    assert list(data) == ["nodes"]
    assert set(data["nodes"][0]) == {"name", "op", "inputs", "device", "attrs", "outputs"}
    assert "value" not in data["nodes"][0]["attrs"]


def test_names_go_below_the_scope_and_elements_come_back() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        for prefix in ("import", "import_1"):
            y, x = tf.import_graph_def(doubling().as_graph_def(), return_elements=["y:0", "x"])
            assert (y.name, x.name, x.type) == (f"{prefix}/y:0", f"{prefix}/x", "Placeholder")
        assert sess.run(y, {"import_1/x:0": [[1, 2]]}).tolist() == [[2.0, 4.0]]
        assert tf.import_graph_def(doubling().as_graph_def(), name="") is None
        assert graph.get_tensor_by_name("y:0").shape.as_list() == [None, 2]


def test_input_map_replaces_what_is_fed() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant([[3.0, 4.0]])
        (y,) = tf.import_graph_def(doubling().as_graph_def(), {"x:0": x}, ["y:0"])
        assert sess.run(y).tolist() == [[6.0, 8.0]]
        (y,) = tf.import_graph_def(doubling().as_graph_def(), {"x": [[1.0, 1.0]]}, ["y:0"])
        assert sess.run(y).tolist() == [[2.0, 2.0]]


def test_what_an_import_refuses() -> None:
    graph_def = doubling().as_graph_def()
    with tf.Graph().as_default():
        with pytest.raises(TypeError, match="must be a GraphDef proto"):
            tf.import_graph_def({"nodes": []})
        with pytest.raises(ValueError, match="'nope' not found in graph_def"):
            tf.import_graph_def(graph_def, return_elements=["nope"])
        with pytest.raises(ValueError, match="'y:1' not found in graph_def"):
            tf.import_graph_def(graph_def, return_elements=["y:1"])
        with pytest.raises(ValueError, match=r"not found in graph_def: \[nope:0\]"):
            tf.import_graph_def(graph_def, {"nope:0": tf.constant(1.0)})
        with pytest.raises(ValueError, match="requires a non-empty `name`"):
            tf.import_graph_def(graph_def, {"x:0": [[1.0, 2.0]]}, name="")
        short = tf.GraphDef()
        short.node.extend(node for node in graph_def.node if node.name == "y")
        with pytest.raises(ValueError, match="Input tensor 'x:0' not found"):
            tf.import_graph_def(short)


@pytest.mark.parametrize("data", [b"", b"\x08\x01proto", b"{}", b"[1]", b'{"format": "other"}'])
def test_other_bytes_are_no_graph(data: bytes) -> None:
    with pytest.raises(ValueError, match="Error parsing message"):
        tf.GraphDef.FromString(data)


def test_nodes_may_come_in_any_order() -> None:
    graph_def = doubling().as_graph_def()
    graph_def.node.reverse()
    with tf.Graph().as_default(), tf.Session() as sess:
        x, y = tf.import_graph_def(graph_def, return_elements=["x:0", "y:0"])
        assert sess.run(y, {x: [[1, 2]]}).tolist() == [[2.0, 4.0]]


def test_nodes_can_be_changed_before_the_import() -> None:
    with tf.Graph().as_default() as graph, tf.device("/gpu:3"):
        tf.add(tf.constant(1.0, name="a"), tf.constant(2.0, name="b"), name="sum")
    graph_def = through_json(graph)
    for node in graph_def.node:
        node.device = ""
        if node.op == "Add":
            node.input[1] = "a"
            node.name = "twice"
    with tf.Graph().as_default(), tf.Session() as sess:
        (twice,) = tf.import_graph_def(graph_def, return_elements=["twice:0"])
        assert sess.run(twice) == 2.0


def test_copies_of_nodes_and_graphs_are_their_own() -> None:
    graph_def = doubling().as_graph_def()
    whole = copy.deepcopy(graph_def)
    part = tf.GraphDef()
    part.node.extend([copy.deepcopy(node) for node in graph_def.node])
    part.node.add().CopyFrom(graph_def.node[0])
    part.node[-1].name = "z"
    for node in graph_def.node:
        node.name = "changed"
    assert [node.name for node in whole.node] == ["x", "y/y", "y"]
    with tf.Graph().as_default(), tf.Session() as sess:
        x, y, z = tf.import_graph_def(part, return_elements=["x:0", "y:0", "z:0"])
        assert sess.run([y, z], {x: [[1, 2]], z: [[0, 0]]})[0].tolist() == [[2.0, 4.0]]


def test_control_inputs_devices_and_shapes_come_back() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, name="x")
        with tf.device("/cpu:0"), tf.control_dependencies([tf.no_op(name="before")]):
            y = tf.exp(x, name="y")
        y.set_shape([None, 3])
        with tf.colocate_with(y.op):
            tf.log(x, name="beside")
    with tf.Graph().as_default() as other:
        tf.import_graph_def(through_json(graph), name="m")
        got = other.get_operation_by_name("m/y")
        assert [op.name for op in got.control_inputs] == ["m/before"]
        assert got.device == "/device:CPU:0"
        assert got.outputs[0].shape.as_list() == [None, 3]
        assert other.get_operation_by_name("m/beside").colocated_with == "m/y"


def test_random_streams_come_back() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.set_random_seed(3)
        y = tf.random_normal([4], name="y")
        want = sess.run(y)
    with tf.Graph().as_default(), tf.Session() as sess:
        (y,) = tf.import_graph_def(through_json(graph), return_elements=["y:0"])
        np.testing.assert_array_equal(sess.run(y), want)


def test_one_value_everywhere_is_written_once() -> None:
    with tf.Graph().as_default() as graph:
        tf.zeros([1000, 1000], name="zeros")
        tf.fill([3], "x", name="texts")
        tf.ones([2, 2], tf.complex64, name="ones")
    data = graph.as_graph_def().SerializeToString()
    assert len(data) < 4000
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(tf.GraphDef.FromString(data), name="")
        zeros, texts, ones = sess.run(["zeros:0", "texts:0", "ones:0"])
        assert zeros.shape == (1000, 1000) and not zeros.any()
        assert texts.tolist() == [b"x"] * 3 and ones.tolist() == [[1, 1], [1, 1]]


def test_gradients_go_through_an_imported_graph() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant([[1.0, 2.0]])
        (y,) = tf.import_graph_def(through_json(doubling()), {"x:0": x}, ["y:0"])
        (grad,) = tf.gradients(y * y, x)
        assert sess.run(grad).tolist() == [[8.0, 16.0]]


def test_write_graph_makes_the_directory_and_gives_the_path(tmp_path: Path) -> None:
    path = tf.train.write_graph(doubling(), str(tmp_path / "new"), "g.pb", as_text=False)
    assert path == str(tmp_path / "new" / "g.pb")
    graph_def = tf.GraphDef()
    graph_def.ParseFromString(Path(path).read_bytes())
    assert [node.op for node in graph_def.node] == ["Placeholder", "Const", "Mul"]
    with pytest.raises(TypeError, match="write_graph needs"):
        tf.train.write_graph("graph", str(tmp_path), "g.pb")


@dataclass(frozen=True, eq=False)
class CallPython(Op):
    """A function of the script's own."""

    function: Callable[..., Any]

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, x: Any) -> Any:
        return self.function(x)


def test_what_cannot_be_written_down_says_so_when_it_is_run() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2], name="x")
        called = make(CallPython(np.sort), (x,), "called")
        tf.multiply(called, 2.0, name="y")
    with tf.Graph().as_default(), tf.Session() as sess:
        y, middle = tf.import_graph_def(
            through_json(graph), return_elements=["y:0", "called:0"], name="m"
        )
        with pytest.raises(tf.errors.UnimplementedError, match="attribute 'function'") as told:
            sess.run(y, {"m/x:0": [1, 2]})
        assert "m/called" in str(told.value)
        assert sess.run(y, {middle: [1, 2]}).tolist() == [2.0, 4.0]


def test_class_names_tell_the_engines_kinds_apart() -> None:
    classes: list[type[Op]] = []
    stack = [Op]
    while stack:
        below = [kind for kind in stack.pop().__subclasses__() if kind not in classes]
        classes += below
        stack += below
    names = [kind.__name__ for kind in classes if kind.__module__.startswith("engine.")]
    assert {name for name in names if names.count(name) > 1} == set()


def test_a_kind_that_nobody_defines_here_is_told() -> None:
    data = json.loads(doubling().as_graph_def().SerializeToString())
    data["nodes"][2]["kind"] = "Frobnicate"
    with (
        tf.Graph().as_default(),
        pytest.raises(ValueError, match="Op type not registered 'Frobnicate'"),
    ):
        tf.import_graph_def(tf.GraphDef.from_data(data))


def test_a_file_cannot_name_classes_outside_of_the_engine() -> None:
    data = json.loads(doubling().as_graph_def().SerializeToString())
    data["nodes"][2]["state"] = {"x": {"$": "object", "$v": {}, "kind": "subprocess:Popen"}}
    with tf.Graph().as_default(), pytest.raises(ValueError, match="no class of the engine"):
        tf.import_graph_def(tf.GraphDef.from_data(data))


def branch(x: tf.Tensor) -> tf.Tensor:
    return tf.cond(x[0, 0] > 1.0, lambda: tf.exp(x) * x, lambda: tf.sin(x) - 1.0)


def doubled_till_large(x: tf.Tensor) -> Any:
    def inner(y: tf.Tensor) -> Any:
        _, z = tf.while_loop(lambda i, z: i < 2, lambda i, z: (i + 1, z * tf.sin(x) + z), [0, y])
        return tf.cond(tf.reduce_sum(z) > 4.0, lambda: z, lambda: 3.0 * z)

    return tf.while_loop(lambda y: tf.reduce_sum(y) < 90.0, inner, [x])


def mapped(x: tf.Tensor) -> tf.Tensor:
    return tf.map_fn(lambda row: tf.reduce_prod(row) * row, x)


def scanned(x: tf.Tensor) -> tf.Tensor:
    return tf.scan(lambda a, row: a * row + x[0], x)


def recurrent(x: tf.Tensor) -> tf.Tensor:
    cell = tf.nn.rnn_cell.GRUCell(3, kernel_initializer=tf.constant_initializer(0.3))
    outputs, state = tf.nn.dynamic_rnn(cell, x[:, :, None], [2, 1], dtype=tf.float32)
    return outputs + state[:, None]


@pytest.mark.parametrize(
    "function", [branch, doubled_till_large, mapped, scanned, recurrent], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("rows", [[[0.5, 2.0], [1.0, 3.0]], [[1.5, 2.0], [0.1, 0.2]]])
def test_branches_and_loops_compute_the_same_after_an_import(
    function: Callable[[Any], Any], backwards: bool, rows: list[list[float]]
) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.placeholder(tf.float32, [2, 2], name="x")
        x = graph.get_tensor_by_name("x:0")
        y = function(x)
        (dx,) = tf.gradients(y, x)
        (ddx,) = tf.gradients(tf.reduce_sum(dx * dx), x)
        start = tf.global_variables_initializer().name
        sess.run(start)
        wants = sess.run([y, dx, ddx], {x: rows})
    graph_def = through_json(graph)
    if backwards:
        graph_def.node.reverse()
    with tf.Graph().as_default(), tf.Session() as sess:
        names = [y.name, dx.name, ddx.name, "x:0", start]
        *tensors, x, init = tf.import_graph_def(graph_def, return_elements=names, name="m")
        sess.run(init)
        for got, want in zip(sess.run(tensors, {x: rows}), wants, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-6)
        (again,) = tf.gradients(tensors[0], x)
        np.testing.assert_allclose(sess.run(again, {x: rows}), wants[1], rtol=1e-6)


def test_what_a_branch_uses_can_be_replaced() -> None:
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [], name="x"), tf.placeholder(tf.float32, [], name="y")
        tf.identity(tf.cond(x > 0.0, lambda: x * y, lambda: y), name="z")
    with tf.Graph().as_default(), tf.Session() as sess:
        two = tf.constant(2.0)
        (z,) = tf.import_graph_def(through_json(graph), {"x:0": two, "y:0": two}, ["z:0"])
        assert sess.run(z) == 4.0


def test_a_branch_may_be_imported_inside_of_another() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")
        tf.identity(tf.cond(x > 1.0, lambda: x * 2.0, lambda: -x), name="z")
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])

        def imported() -> Any:
            return tf.import_graph_def(through_json(graph), {"x:0": x + 0.0}, ["z:0"])

        y = tf.cond(x > 0.0, imported, lambda: [tf.constant(9.0)])
        (dx,) = tf.gradients(y, x)
        assert [sess.run(y, {x: v}) for v in (3.0, 0.5, -1.0)] == [6.0, -0.5, 9.0]
        assert [sess.run(dx, {x: v}) for v in (3.0, 0.5, -1.0)] == [2.0, -1.0, 0.0]


def test_a_variable_that_a_branch_assigns_is_assigned_after_an_import() -> None:
    with tf.Graph().as_default() as graph:
        v = tf.Variable(1.0, name="v")
        chosen = tf.placeholder(tf.bool, [], name="chosen")
        tf.identity(tf.cond(chosen, lambda: v.assign_add(2.0), lambda: v + 0.0), name="y")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(through_json(graph), name="")
        sess.run("v/Assign")
        found = [sess.run(["y:0", "v:0"], {"chosen:0": b})[0] for b in (False, True, False)]
        assert found == [1.0, 3.0, 3.0] and sess.run("v:0") == 3.0


def test_a_frozen_graph_keeps_its_branches_and_loops() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        x = tf.placeholder(tf.float32, [2], name="x")
        w = tf.Variable([2.0, 3.0], name="w")
        y = tf.cond(x[0] > 0.0, lambda: x * w, lambda: w - x)
        tf.while_loop(lambda i, z: i < 3, lambda i, z: (i + 1, z * w), [0, y], name="loop")
        sess.run(w.initializer)
        frozen = tf.graph_util.convert_variables_to_constants(
            sess, graph.as_graph_def(), ["loop/Exit_1"]
        )
        frozen = tf.graph_util.remove_training_nodes(frozen, ["loop/Exit_1"])
        want = sess.run("loop/Exit_1:0", {x: [1.0, 2.0]})
    with tf.Graph().as_default(), tf.Session() as sess:
        graph_def = tf.GraphDef.FromString(frozen.SerializeToString())
        tf.import_graph_def(graph_def, name="")
        assert sess.run("loop/Exit_1:0", {"x:0": [1.0, 2.0]}).tolist() == want.tolist()


def test_a_python_function_in_a_branch_says_so_when_it_is_run() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")

        def called() -> Any:
            return tf.reshape(tf.py_func(lambda a: np.sin(a), [x], tf.float32), [])

        tf.identity(tf.cond(x > 0.0, called, lambda: -x), name="y")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(through_json(graph), name="")
        assert sess.run("y:0", {"x:0": -2.0}) == 2.0
        with pytest.raises(tf.errors.UnimplementedError, match="cond/PyFunc"):
            sess.run("y:0", {"x:0": 2.0})


def test_a_dataset_is_imported_by_a_program_that_never_used_tf_data(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        rows = tf.data.Dataset.from_tensor_slices([3.0, 4.0]).repeat()
        tf.multiply(rows.make_one_shot_iterator().get_next(), 2.0, name="y")
    (tmp_path / "graph").write_bytes(graph.as_graph_def().SerializeToString())
    program = (
        "import engine as tf\n"
        "graph_def = tf.GraphDef.FromString(open('graph', 'rb').read())\n"
        "tf.import_graph_def(graph_def, name='')\n"
        "print(tf.Session().run('y:0', {'IteratorGetNext:0': 3.0}))"
    )
    path = str(Path(tf.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("6.0\n", 0), done.stderr
