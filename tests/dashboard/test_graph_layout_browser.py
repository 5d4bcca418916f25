"""The hierarchy and the layout that the graphs page's scripts compute, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sample_graphs import network, node

from dashboard.components.scope_graph import ScopeGraph

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PACKAGE = Path(__file__).resolve().parent.parent.parent / "dashboard"


def columns(nodes: list[Any]) -> dict[str, Any]:
    return {
        "names": [n["name"] for n in nodes],
        "ops": [n["op"] for n in nodes],
        "devices": [n.get("device", "") for n in nodes],
        "inputs": [n["inputs"] for n in nodes],
        "outputs": [[[o["dtype"], o["shape"]] for o in n["outputs"]] for n in nodes],
        "attrs": [n["attrs"] for n in nodes],
    }


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Page]:
    """A blank page with the graph's calculating scripts, nothing drawn."""
    page = browser.new_page()
    page.evaluate("window.trainboard = {}")
    for script in ScopeGraph.scripts[:4]:
        page.add_script_tag(path=str(PACKAGE / script))
    yield page
    page.close()


BUILD = """([graph, open, options]) => {
  const own = window.trainboard.scopeGraph;
  const model = own.buildModel(graph, options ? {ungrouped: new Set(options)} : {});
  const scene = own.buildScene(model, new Set(open));
  const name = v => v ? v.id : null;
  return {
    boxes: scene.boxes.map(b => ({id: b.v.id, kind: b.v.kind, x: b.x, y: b.y, w: b.w, h: b.h,
      open: b.open, side: b.side, parent: b.v.parent.id,
      marks: b.v.marks.map(m => m.role)})),
    lines: scene.lines.map(l => ({source: name(l.source), target: name(l.target), count: l.count,
      label: l.label, loop: l.loop, control: l.control, points: l.points})),
    width: scene.width, height: scene.height, missing: model.missing.map(m => m.name),
  };
}"""


def scene(
    scripts: Page, nodes: list[Any], *opened: str, ungrouped: list[str] | None = None
) -> dict[str, Any]:
    built: dict[str, Any] = scripts.evaluate(BUILD, [columns(nodes), list(opened), ungrouped])
    return built


def by_id(built: dict[str, Any]) -> dict[str, Any]:
    return {box["id"]: box for box in built["boxes"]}


def test_names_become_scopes_and_helpers_stand_aside(scripts: Page) -> None:
    boxes = by_id(scene(scripts, network()))
    assert set(boxes) == {"input", "net", "loss", "gradients", "Adam", "init"}
    assert {name for name, box in boxes.items() if box["side"]} == {"gradients", "Adam", "init"}


def test_constants_and_summaries_are_marks_not_boxes(scripts: Page) -> None:
    boxes = by_id(scene(scripts, network(), "net", "net/dense", "net/dense/weights"))
    assert "net/dense/act" not in boxes
    assert boxes["net/dense/Relu"]["marks"] == ["summary"]
    assert boxes["net/dense/weights/Assign"]["marks"] == ["constant"]
    assert boxes["net/dense/weights/(weights)"]["kind"] == "op"


def test_an_op_with_only_its_constants_below_it_is_no_scope(scripts: Page) -> None:
    nodes = [
        node("x", "Placeholder"),
        node("Pow/y", "Const", value=2),
        node("Pow", "Pow", "x", "Pow/y"),
    ]
    box = by_id(scene(scripts, nodes))["Pow"]
    assert box["kind"] == "op"
    assert box["marks"] == ["constant"]


def test_lines_run_between_visible_boxes_and_say_count_and_shape(scripts: Page) -> None:
    lines = {(line["source"], line["target"]): line for line in scene(scripts, network())["lines"]}
    assert set(lines) == {("input", "net"), ("net", "loss")}
    assert lines["input", "net"]["label"] == "?×2"
    assert lines["input", "net"]["count"] == 1


def test_lines_run_downwards_from_source_to_target(scripts: Page) -> None:
    built = scene(scripts, network(), "net", "net/dense", "net/dense/weights")
    boxes = by_id(built)
    for line in built["lines"]:
        ys = [y for _, y in line["points"]]
        assert ys == sorted(ys), line
        if line["source"] and line["target"]:
            assert boxes[line["source"]]["y"] < boxes[line["target"]]["y"]


def test_a_line_into_an_open_scope_goes_on_inside_without_a_break(scripts: Page) -> None:
    built = scene(scripts, network(), "net", "net/dense")
    outer = next(line for line in built["lines"] if line["target"] == "net")
    inner = next(
        line for line in built["lines"] if line["source"] is None and line["target"] == "net/dense"
    )
    assert outer["points"][-1] == pytest.approx(inner["points"][0], abs=0.01)


def test_an_open_scope_is_mirrored_where_its_lines_would_cross(scripts: Page) -> None:
    """The classifier's loss: probabilities come from the middle, labels from the side."""
    nodes = [
        node("input/x", "Placeholder", shape=[None, 784]),
        node("input/labels", "Placeholder", shape=[None, 10]),
        node("softmax/MatMul", "MatMul", "input/x"),
        node("softmax/Softmax", "Softmax", "softmax/MatMul"),
        node("loss/Log", "Log", "softmax/Softmax"),
        node("loss/mul", "Mul", "input/labels", "loss/Log"),
        node("loss/Sum", "Sum", "loss/mul"),
        node("accuracy/ArgMax", "ArgMax", "softmax/Softmax"),
        node("accuracy/Equal", "Equal", "accuracy/ArgMax", "input/labels"),
    ]
    for opened in (["loss"], ["accuracy"], ["loss", "accuracy"], ["loss", "softmax"]):
        lines = scene(scripts, nodes, *opened)["lines"]
        for scope in {"loss", "accuracy"} & set(opened):
            into = [line["points"] for line in lines if line["target"] == scope]
            assert len(into) == 2
            left, right = sorted(into, key=lambda points: float(points[-1][0]))
            assert comes_from(left) <= comes_from(right)


def comes_from(points: list[list[float]]) -> float:
    """Where a line was before it last turned to its end."""
    end = points[-1][0]
    return next((x for x, _ in reversed(points) if abs(x - end) > 1), end)


def overlaps(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["x"] < other["x"] + other["w"] - 0.5
        and other["x"] < one["x"] + one["w"] - 0.5
        and one["y"] < other["y"] + other["h"] - 0.5
        and other["y"] < one["y"] + one["h"] - 0.5
    )


def test_siblings_never_overlap_and_lie_inside_their_scope(scripts: Page) -> None:
    opened = ["net", "gradients", "gradients/net"]
    opened += [f"net/dense{i or ''}{part}" for i in range(3) for part in ("", "/weights")]
    built = scene(scripts, network(), *opened)
    boxes = built["boxes"]
    assert len(boxes) > 20
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            if one["parent"] == other["parent"]:
                assert not overlaps(one, other), (one["id"], other["id"])
        if one["parent"]:
            around = by_id(built)[one["parent"]]
            assert around["x"] <= one["x"]
            assert one["x"] + one["w"] <= around["x"] + around["w"]
            assert around["y"] <= one["y"]
            assert one["y"] + one["h"] <= around["y"] + around["h"]


def test_repeated_siblings_are_stacked_and_can_be_unstacked(scripts: Page) -> None:
    nodes = network(6)
    nodes.insert(1, node("net/scale", "Mul", "input/x"))
    closed = by_id(scene(scripts, nodes, "net"))
    assert closed["net/dense[0-5]"]["kind"] == "series"
    assert "net/dense3" not in closed
    opened = by_id(scene(scripts, nodes, "net", "net/dense[0-5]"))
    assert opened["net/dense3"]["parent"] == "net/dense[0-5]"
    apart = by_id(scene(scripts, nodes, "net", ungrouped=["net/dense[0-5]"]))
    assert apart["net/dense3"]["parent"] == "net"


def test_a_loop_is_laid_out_with_its_back_edge_turned(scripts: Page) -> None:
    nodes = [
        node("Enter", "Enter"),
        node("Merge", "Merge", "Enter", "NextIteration"),
        node("Switch", "Switch", "Merge"),
        node("body", "Add", "Switch:1"),
        node("NextIteration", "NextIteration", "body"),
        node("Exit", "Exit", "Switch"),
    ]
    lines = scene(scripts, nodes)["lines"]
    assert [(line["source"], line["target"]) for line in lines if line["loop"]] == [
        ("NextIteration", "Merge")
    ]


def test_odd_graphs_are_shown_as_they_are(scripts: Page) -> None:
    nodes = [
        node("a", "Relu", "nowhere:0", "^ghost"),
        node("a", "Relu", "a"),
        node("", "NoOp"),
        node("x//y/", "NoOp", "a:7"),
        node("/lead", "NoOp"),
        node("__proto__/constructor", "toString", "x//y/"),
        node("/".join("d" * 300), "Relu"),
    ]
    built = scene(scripts, nodes)
    assert built["missing"] == ["nowhere:0", "^ghost"]
    assert len(built["boxes"]) >= 6
    assert scene(scripts, [])["boxes"] == []


def test_a_scope_of_thousands_of_ops_is_folded_in_order(scripts: Page) -> None:
    nodes = [node("op0x", "A0")]
    nodes += [node(f"op{i}x", f"A{i % 7}", f"op{i // 2}x") for i in range(1, 5000)]
    boxes = by_id(scene(scripts, nodes))
    assert len(boxes) < 200
    assert boxes["nodes 1–71"]["kind"] == "fold"


TIMES = """([graph, steps]) => {
  const own = window.trainboard.scopeGraph;
  const model = own.buildModel(graph);
  const time = open => {
    const start = performance.now();
    own.buildScene(model, new Set(open));
    return performance.now() - start;
  };
  return steps.map(time);
}"""


def test_a_graph_of_1300_ops_is_laid_out_and_expanded_quickly(scripts: Page) -> None:
    nodes = network(130)
    assert len(nodes) > 1170
    steps = [[], ["net"], ["net", "net/dense3"], ["net", "net/dense3", "net/dense3/weights"]]
    # Two orders above what it takes, and far below what TensorBoard does: a guard, not a benchmark.
    assert max(scripts.evaluate(TIMES, [columns(nodes), steps])) < 500
