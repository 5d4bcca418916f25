"""The graphs page in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from sample_graphs import network, node

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]


def write(logdir: Path, nodes: list[Any], run: str = "a") -> None:
    with SummaryWriter(logdir / run) as writer:
        writer.add_graph({"nodes": nodes})


def box(page: Page, name: str) -> Locator:
    return page.locator(f'.sg-box[data-id="{name}"]')


@pytest.fixture
def graph_page(tmp_path: Path, serve: Serve, open_page: OpenPage) -> Page:
    write(tmp_path, network())
    url = serve(tmp_path)
    # Dash looks for its stylesheets with the first request that is not for a document.
    urlopen(f"{url}/_dash-layout").close()
    page = open_page(f"{url}/graphs")
    box(page, "net").wait_for()
    return page


def test_scopes_open_and_close(graph_page: Page) -> None:
    page = graph_page
    assert box(page, "net/dense").count() == 0
    box(page, "net").dblclick()
    box(page, "net/dense").wait_for()
    assert box(page, "net").get_attribute("aria-expanded") == "true"
    box(page, "net/dense").locator(".sg-toggle").click()
    box(page, "net/dense/MatMul").wait_for()
    box(page, "net").locator(".sg-toggle").click()
    box(page, "net/dense").wait_for(state="detached")
    assert box(page, "net").get_attribute("aria-expanded") == "false"


def test_the_panel_tells_the_facts_and_its_links_jump(graph_page: Page) -> None:
    page = graph_page
    box(page, "loss").click()
    panel = page.locator(".sg-panel")
    panel.get_by_role("heading", name="loss").wait_for()
    text = panel.inner_text()
    assert "Mean" in text
    assert "float32" in text
    assert "scalar" in text
    panel.get_by_role("button", name="net/dense2/Relu").click()
    box(page, "net/dense2/Relu").wait_for()
    panel.get_by_role("heading", name="net/dense2/Relu").wait_for()
    assert "sg-selected" in (box(page, "net/dense2/Relu").get_attribute("class") or "")


def test_a_scope_tells_its_operations(graph_page: Page) -> None:
    page = graph_page
    box(page, "net").click()
    panel = page.locator(".sg-panel")
    panel.get_by_text("21 operations").wait_for()
    assert "MatMul" in panel.inner_text()
    panel.get_by_role("button", name="Open scope").click()
    box(page, "net/dense").wait_for()


def test_search_opens_what_hides_the_hit_and_jumps_there(graph_page: Page) -> None:
    page = graph_page
    page.keyboard.press("Tab")
    search = page.get_by_role("combobox", name="Find an op or scope")
    search.fill("dense1/weights/Assign")
    page.get_by_role("option").first.wait_for()
    search.press("Enter")
    hit = box(page, "net/dense1/weights/Assign")
    hit.wait_for()
    page.locator(".sg-panel").get_by_role("heading", name="net/dense1/weights/Assign").wait_for()
    page.wait_for_timeout(300)  # the camera glides there
    where, stage = hit.bounding_box(), page.locator(".sg-svg").bounding_box()
    assert where is not None
    assert stage is not None
    assert stage["x"] <= where["x"] <= stage["x"] + stage["width"]
    assert stage["y"] <= where["y"] <= stage["y"] + stage["height"]


def test_the_keyboard_reaches_and_opens(graph_page: Page) -> None:
    page = graph_page
    page.locator(".sg-svg").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.locator(".sg-panel").get_by_role("heading", name="net", exact=True).wait_for()
    page.keyboard.press("Enter")
    box(page, "net/dense").wait_for()
    page.keyboard.press("Escape")
    page.locator(".sg-panel").get_by_role("heading", name="Graph").wait_for()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_a_link_keeps_open_scopes_and_selection(graph_page: Page, open_page: OpenPage) -> None:
    page = graph_page
    box(page, "net").locator(".sg-toggle").click()
    box(page, "net/dense1").click()
    page.wait_for_url("**node=**")
    query = parse_qs(urlsplit(page.url).query)
    assert query["node"] == ["net/dense1"]
    again = open_page(page.url)
    box(again, "net/dense2").wait_for()
    again.locator(".sg-panel").get_by_role("heading", name="net/dense1").wait_for()


def test_tracing_dims_what_does_not_lead_to_the_node(graph_page: Page) -> None:
    page = graph_page
    box(page, "net").locator(".sg-toggle").click()
    box(page, "net/dense1").click()
    page.get_by_role("button", name="Trace inputs").click()
    page.locator(".sg-box.sg-dim").first.wait_for()
    dimmed = page.locator(".sg-box.sg-dim").evaluate_all("all => all.map(e => e.dataset.id)")
    assert {"net/dense2", "loss", "gradients"} <= set(dimmed)
    assert "net/dense" not in dimmed
    assert "input" not in dimmed


def test_a_helper_can_be_put_back_into_the_graph(graph_page: Page) -> None:
    page = graph_page
    before = page.locator(".sg-line").count()
    box(page, "Adam").click()
    page.get_by_role("button", name="Put back").click()
    page.get_by_role("button", name="Set aside").wait_for()
    assert page.locator(".sg-line").count() > before


def test_colours_can_follow_the_device(graph_page: Page) -> None:
    page = graph_page
    page.get_by_role("combobox", name="Colour").select_option("device")
    page.locator(".sg-legend", has_text="no device").wait_for()


def test_the_wheel_zooms_and_a_drag_moves_without_selecting(graph_page: Page) -> None:
    page = graph_page
    stage = page.locator(".sg-stage")
    first = stage.get_attribute("transform")
    area = page.locator(".sg-svg").bounding_box()
    assert area is not None
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        f"document.querySelector('.sg-stage').getAttribute('transform') !== '{first}'"
    )
    zoomed = stage.get_attribute("transform")
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    assert stage.get_attribute("transform") != zoomed
    assert page.locator(".sg-selected").count() == 0


def test_markup_in_a_name_is_only_text(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    evil = "<img src=x onerror=document.title='injected'>"
    write(tmp_path, [node(evil, evil, device=evil), node("b", "Relu", evil, note=evil)])
    page = open_page(f"{serve(tmp_path)}/graphs")
    page.locator(".sg-box").nth(1).wait_for()
    for i in range(2):
        page.locator(".sg-op").nth(i).click()
        page.locator(".sg-card-head").wait_for()
    assert page.locator("#page img").count() == 0
    assert page.title() != "injected"


def test_a_graph_of_ten_thousand_ops_does_not_freeze_the_page(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    nodes = [node("n0/a", "Relu")]
    for i in range(1, 10_000):
        nodes.append(
            node(f"n{i // 50}/op{i}", f"A{i % 5}", nodes[i - 1]["name"], nodes[i // 2]["name"])
        )
    write(tmp_path, nodes)
    page = open_page(f"{serve(tmp_path)}/graphs")
    page.locator(".sg-box").first.wait_for()
    first = page.locator(".sg-scope").first
    start = time.monotonic()
    first.dblclick()
    page.locator(".sg-op").first.wait_for()
    assert time.monotonic() - start < 3.0


def test_the_page_says_what_to_do_where_there_is_nothing(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "b") as writer:
        writer.add_scalar("loss", 1.0, 0)
    url = serve(tmp_path)
    page = open_page(f"{url}/graphs")
    page.get_by_role("heading", name="No graph was logged yet").wait_for()
    assert "writer.add_graph(graph)" in page.locator(".notice").inner_text()
    write(tmp_path, network())
    # A graph logged under the open page shows up by itself.
    box(page, "net").wait_for()
    nobody = open_page(f"{url}/graphs?select=%7B%22only%22%3A%5B%5D%7D")
    nobody.get_by_role("heading", name="No run is selected").wait_for()
    other = open_page(f"{url}/graphs?select=%7B%22only%22%3A%5B%22b%22%5D%7D")
    other.get_by_role("heading", name="The selected runs logged no graph").wait_for()


def test_another_run_can_be_chosen(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    write(tmp_path, network(), "a")
    write(tmp_path, [node("alone/x", "Relu"), node("y", "Relu", "alone/x")], "b")
    page = open_page(f"{serve(tmp_path)}/graphs")
    page.get_by_label("Run", exact=True).select_option("b")
    box(page, "y").wait_for()
    page.get_by_label("Run", exact=True).select_option("a")
    box(page, "net").wait_for()
    assert box(page, "y").count() == 0


def traced_network() -> dict[str, Any]:
    """The network, three of whose operations took 90, 9 and 1 microseconds, one none."""
    took = {
        "net/dense/MatMul": {"time_us": 90.0, "bytes": 1024, "device": "/cpu:0"},
        "net/dense1/MatMul": {"time_us": 9.0, "bytes": 1024, "device": "/cpu:0"},
        "loss": {"time_us": 1.0, "bytes": 2048, "device": "/cpu:0"},
        "net/dense/Relu": {"time_us": 0.0, "bytes": 0, "note": "merged into 'other'"},
    }
    nodes = [{**item, "stats": took[item["name"]]} if item["name"] in took else item
             for item in network()]  # fmt: skip
    return {"nodes": nodes, "traced": "step 10"}


def test_a_traced_graph_is_coloured_by_time_and_by_memory(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_graph(traced_network())
    page = open_page(f"{serve(tmp_path)}/graphs?open=net~net/dense")
    box(page, "net").wait_for()
    choose = page.locator(".sg-colour select")
    assert choose.locator("option").all_inner_texts()[-2:] == ["Compute time", "Memory"]
    page.locator(".sg-traced", has_text="step 10").wait_for()

    def heat(name: str) -> str:
        return str(box(page, name).evaluate("box => box.style.getPropertyValue('--heat')"))

    choose.select_option("time")
    legend = page.locator(".sg-legend")
    legend.get_by_text("100 % · 100 µs").wait_for()
    assert (heat("loss"), heat("net")) == ("0.100", "0.995")  # The roots of a 100th and of 99.
    assert "sg-heat" in (box(page, "loss").get_attribute("class") or "")
    assert "sg-grey" in (box(page, "input").get_attribute("class") or "")
    legend.get_by_text("not in the traced run").wait_for()
    choose.select_option("memory")
    legend.get_by_text("100 % · 4 KiB").wait_for()
    assert heat("loss") == heat("net") == "0.707"

    box(page, "loss").click()
    panel = page.locator(".sg-panel")
    panel.get_by_text("1 µs (1 %)").wait_for()
    assert "2 KiB (50 %)" in panel.inner_text()
    box(page, "net").click()
    panel.get_by_text("99 µs (99 %)").wait_for()
    search = page.get_by_role("combobox", name="Find an op or scope")
    search.fill("net/dense/Relu")
    page.get_by_role("option").first.wait_for()
    search.press("Enter")
    panel.get_by_text("none: merged into 'other'").wait_for()


def test_heat_is_painted_in_both_themes(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_graph(traced_network())
    url = serve(tmp_path)
    for theme in ("light", "dark"):
        page = open_page(f"{url}/graphs?theme={theme}&colour=time")
        box(page, "net").wait_for()
        fills = [
            box(page, name).locator(".sg-frame").evaluate("frame => getComputedStyle(frame).fill")
            for name in ("net", "loss", "input")
        ]
        assert len(set(fills)) == 3, (theme, fills)


def test_without_a_trace_there_is_nothing_to_colour_by(graph_page: Page) -> None:
    options = graph_page.locator(".sg-colour select option").all_inner_texts()
    assert options == ["Op type", "Device", "Structure"]
    assert graph_page.locator(".sg-traced").count() == 0
