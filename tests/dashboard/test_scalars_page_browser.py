"""The scalars page in a real browser: what a person sees and does."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import INK, describe, ink, three_runs, wait_for_axes, wait_for_curves

from summaries import init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return three_runs(tmp_path)


def test_curves_of_all_runs_are_drawn_with_axes(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    wait_for_axes(page)
    assert len(ink(page)["colors"]) >= 3
    assert page.locator(".group-head").all_inner_texts() == ["eval\n1", "train\n1"]
    assert page.locator(".run-name").all_inner_texts() == ["apple", "banana", "cherry"]
    assert page.locator(".run-count").inner_text() == "3 of 3 runs shown"


def test_new_points_are_drawn_after_a_flush_and_nothing_is_read_twice(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    assert "(0 to 99.00)" in describe(page)
    queries: list[dict[str, Any]] = []
    page.on("request", lambda r: r.post_data and queries.append(json.loads(r.post_data)))
    with init(logdir, name="durian") as run:
        for step in range(100):
            run.log({"train/loss": 1.5}, step=step)
        run.flush()
        page.wait_for_function(
            """() => document.querySelector('[data-tag="train/loss"] .card-plot')
              .getAttribute("aria-label").includes("4 runs")"""
        )
        queries.clear()
        for step in range(100, 150):
            run.log({"train/loss": 1.5}, step=step)
        run.flush()
        page.wait_for_function(
            """() => document.querySelector('[data-tag="train/loss"] .card-plot')
              .getAttribute("aria-label").includes("(0 to 150.0)")"""
        )
    items = [item for query in queries for item in query.get("items", [])]
    # Only the tail was asked for: nothing that the page had is read again.
    assert [(item["runs"], item["since"]) for item in items] == [(["durian"], [100])]


def test_metrics_are_filtered_and_groups_fold(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.get_by_label("Filter metrics by a regular expression").fill("acc")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 1")
    page.get_by_label("Filter metrics by a regular expression").fill("nothing")
    page.get_by_text("No metric matches the filter.").wait_for()
    page.get_by_label("Filter metrics by a regular expression").fill("")
    page.locator(".group-head", has_text="train").click()
    page.wait_for_function("() => location.search.includes('folded=')")
    assert not page.locator('[data-tag="train/loss"]').is_visible()


def test_smoothing_is_tensorboards_debiased_average(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    values = [1.0, 3.0, math.nan, 2.0, 8.0]
    last, expected, seen = 0.0, [], 0
    for value in values:
        if math.isfinite(value):
            last, seen = 0.6 * last + 0.4 * value, seen + 1
            expected.append(last / (1 - 0.6**seen))
        else:
            expected.append(value)
    ema = "([ys, w]) => Array.from(trainboard.math.ema(Float64Array.from(ys), ys.length, w))"
    got = page.evaluate(ema, [values, 0.6])
    assert got == pytest.approx(expected, nan_ok=True)
    assert page.evaluate(ema, [[5.0, 5.0, 5.0], 0.9]) == [5.0, 5.0, 5.0]
    before = ink(page)["hash"]
    page.get_by_label("Smoothing as a number").fill("0.95")
    page.keyboard.press("Enter")
    page.wait_for_function(f"before => ({INK})('train/loss').hash !== before", arg=before)
    page.wait_for_function("() => location.search.includes('smoothing=0.95')")


def test_the_pointer_shows_all_runs_at_a_step(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    box = page.locator('[data-tag="train/loss"] .card-lines').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4)
    table = page.locator(".hover-table")
    table.wait_for()
    assert table.locator("tbody tr").count() == 3
    assert table.locator("tr.nearest").count() == 1
    assert "Smoothed" in table.inner_text()
    assert table.locator("b").inner_text() in ("step 49", "step 50")
    visible = "() => document.querySelectorAll('.crosshair:not([hidden])').length"
    assert page.evaluate(visible) == 2  # the other card follows
    page.mouse.move(5, 5)
    table.wait_for(state="hidden")


def drag(page: Page, tag: str, start: float, end: float) -> None:
    """Draws a flat box over these parts of a card's width: a zoom of x alone."""
    box = page.locator(f'[data-tag="{tag}"] .card-lines').bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=4)
    page.mouse.up()


def test_zoom_is_refined_from_the_store_and_reset_by_a_double_click(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="long") as run:
        for step in range(20_000):
            run.log({"train/loss": 50.0 if step == 9_999 else math.sin(step / 900)}, step=step)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    wait_for_axes(page)
    assert "-0.9" not in describe(page)
    assert "to 52.5" in describe(page)  # the spike is in sight though no pixel holds one point
    with page.expect_response(
        lambda r: r.url.endswith("/api/series") and '"range"' in (r.request.post_data or "")
    ) as caught:
        drag(page, "train/loss", 0.48, 0.52)
    data = caught.value.body()
    header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    assert header["blocks"][0]["kind"] == "bins"
    assert header["arrays"][0][2] > 250  # finer than the overview had in this window
    page.get_by_label("Back to all steps (or double-click the chart)").wait_for()
    page.wait_for_function("() => location.search.includes('zoom=')")
    link = page.url
    box = page.locator('[data-tag="train/loss"] .card-lines').bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + 100, box["y"] + 80)
    page.wait_for_function("() => !location.search.includes('zoom=')")
    page.goto(link)
    wait_for_curves(page)
    assert "zoomed" in describe(page)


def test_a_long_series_goes_on_live_with_the_same_smoothing(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    values = [math.sin(step / 50) + (step % 7) / 10 for step in range(10_040)]
    last = 0.0
    for value in values:
        last = 0.6 * last + 0.4 * value
    with init(tmp_path, name="long") as run:
        for step in range(10_000):
            run.log({"train/loss": values[step]}, step=step)
        run.flush()
        page = open_page(serve(tmp_path))
        held = 'trainboard.scalarStore?.get("train/loss", "long")'
        page.wait_for_function(f"() => {held}?.smoothedWith === 0.6")
        queries: list[dict[str, Any]] = []
        page.on("request", lambda r: r.post_data and queries.append(json.loads(r.post_data)))
        for step in range(10_000, 10_040):
            run.log({"train/loss": values[step]}, step=step)
        run.flush()
        page.wait_for_function(f"() => {held}.n === 10040", timeout=2000)
        smoothed = page.evaluate(f"() => {held}.smoothed(0.6)[{held}.length - 1]")
        assert smoothed == pytest.approx(last, rel=1e-5)
        items = [item for query in queries for item in query.get("items", [])]
        assert all(item.get("since", [0])[0] >= 10_000 for item in items)


def test_axis_log_and_width_are_in_the_address(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.get_by_text("Relative", exact=True).click()
    page.get_by_role("button", name="log y").click()
    card = page.locator('[data-tag="train/loss"]')
    card.hover()
    card.get_by_label("Full width").click()
    page.wait_for_function("() => location.search.includes('wide=')")
    wait_for_axes(page)
    narrow = page.locator('[data-tag="eval/accuracy"]').bounding_box()
    wide = card.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > 1.5 * narrow["width"]
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    wait_for_curves(page)
    assert page.get_by_role("radio", name="Relative").is_checked()
    assert page.get_by_role("button", name="log y").get_attribute("aria-pressed") == "true"
    assert "wide" in (card.get_attribute("class") or "").split()


LABELS = {
    (0, 1): ["0", "0.2", "0.4", "0.6", "0.8", "1"],
    (-3, 1): ["−3", "−2", "−1", "0", "1"],
    (100_000, 100_000.2): ["100000", "100000.05", "100000.1", "100000.15", "100000.2"],
    (0, 2e302): ["0", "0.5e302", "1e302", "1.5e302", "2e302"],
    (-2e-9, 2e-9): ["−2e−9", "−1e−9", "0", "1e−9", "2e−9"],
    (0, 60_000): ["0", "10000", "20000", "30000", "40000", "50000", "60000"],
    (1, 1): [],
}


def test_values_on_an_axis_are_told_apart(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(tmp_path))
    for (low, high), wanted in LABELS.items():
        ticks = page.evaluate("range => trainboard.math.valueTicks(range, 6)", [low, high])
        assert ticks["ticktext"] == wanted
        assert len(ticks["tickvals"]) == len(wanted)


def test_long_values_beside_an_axis_are_shown_whole(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        for step in range(100):
            run.log({"train/loss": 100_000 + step * 1e-3, "train/huge": step * 1e300}, step=step)
    page = open_page(serve(tmp_path))
    for tag in ("train/loss", "train/huge"):
        wait_for_curves(page, tag)
        wait_for_axes(page, tag)
        card = page.locator(f'[data-tag="{tag}"]')
        left = card.evaluate("card => card.getBoundingClientRect().left")
        labels = card.locator(".ytick text")
        assert labels.count() >= 3
        for at in range(labels.count()):
            assert labels.nth(at).evaluate("label => label.getBoundingClientRect().left") >= left
    huge = page.locator('[data-tag="train/huge"] .ytick text').all_text_contents()
    assert huge == ["0", "0.2e302", "0.4e302", "0.6e302", "0.8e302", "1e302"]


def test_a_wide_card_leaves_no_gap_before_it(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        for step in range(20):
            run.log({"train/a": 1.0, "train/b": 2.0, "train/c": float(step)}, step=step)
    page = open_page(serve(tmp_path) + '/?wide=["train/b"]')
    wait_for_curves(page, "train/b")
    first, last = (page.locator(f'[data-tag="train/{tag}"]').bounding_box() for tag in "ac")
    assert first is not None
    assert last is not None
    assert first["y"] == last["y"]


def test_an_empty_logdir_shows_the_lines_to_paste_and_then_the_run(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(tmp_path))
    page.get_by_text("No runs here yet").wait_for()
    assert "summaries.init(" in page.locator(".notice pre").inner_text()
    with init(tmp_path, name="first") as run:
        for step in range(10):
            run.log({"train/loss": 1 / (step + 1)}, step=step)
    wait_for_curves(page)
    assert not page.locator(".notice").is_visible()


def test_a_damaged_database_is_told_and_the_others_are_drawn(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    (logdir / "bad").mkdir()
    (logdir / "bad" / "events.db").write_bytes(os.urandom(20_000))
    page = open_page(serve(logdir))
    wait_for_curves(page)
    warning = page.locator(".run-list .warning")
    assert "1 file could not be read" in warning.inner_text()
    warning.locator("summary").click()
    assert "bad" in warning.inner_text()
    assert "3 runs" in describe(page)


def test_markup_in_names_stays_text(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    tag = "<img src=x onerror='window.hacked=1'>/<b>bold</b>"
    with init(tmp_path, name="<script>window.hacked=2</script>") as run:
        for step in range(20):
            run.log({tag: float(step)}, step=step)
    page = open_page(serve(tmp_path))
    page.wait_for_selector(".card .xtick")
    assert page.locator(".card h3").inner_text() == "<b>bold</b>"
    box = page.locator(".card-lines").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.locator(".hover-table").wait_for()
    assert "<script>" in page.locator(".hover-run").inner_text()
    assert page.locator(".card b, .card img, .hover-table script").count() == 0
    assert page.evaluate("window.hacked") is None


def test_what_is_not_finite_is_marked_and_does_not_stretch_the_axis(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    values = [1.0, 2.0, math.nan, math.inf, -math.inf, 1.5, 1.0]
    with init(tmp_path, name="odd") as run:
        for step, value in enumerate(values):
            run.log({"train/loss": value}, step=step)
        for step in range(5):
            run.log({"nothing": math.nan}, step=step)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    wait_for_curves(page, "nothing")  # only marks, but something to see
    assert "values 0.9500 to 2.050" in describe(page)


def test_what_the_machine_did_stands_folded_behind_what_the_script_logged(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        run.log({"system/cpu_percent": 90.0, "train/loss": 1.0, "lr": 0.1}, step=0)
        run.log({"system/cpu_percent": 80.0, "train/loss": 0.5, "lr": 0.1}, step=1)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    heads = page.locator(".group-head")
    assert [text.split("\n")[0] for text in heads.all_inner_texts()] == [
        "train",
        "general",
        "system",
    ]
    assert heads.nth(2).get_attribute("aria-expanded") == "false"
    heads.nth(2).click()
    wait_for_curves(page, "system/cpu_percent")
    # The list shows a value that the script logged.
    assert page.locator(".run-value").first.inner_text() == "0.1000"
