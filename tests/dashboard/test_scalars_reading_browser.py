"""How scalar cards show values, in a real browser: smoothing, outliers, scales, the hover table."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scalar_cards import describe, three_runs, wait_for_axes, wait_for_curves

from summaries import init
from summaries.smoothing import SmoothingKind, smoothed_at

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

SMOOTH = """([ys, kind, amount]) =>
  Array.from(trainboard.smoothing.smooth(Float64Array.from(ys), ys.length, kind, amount))"""
PERCENTILES = "ys => trainboard.cardRanges.percentiles(Float64Array.from(ys))"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return three_runs(tmp_path)


def wait_for_description(page: Page, words: str, tag: str = "train/loss") -> None:
    page.wait_for_function(
        """([tag, words]) => document.querySelector(`[data-tag="${tag}"] .card-plot`)
          ?.getAttribute("aria-label")?.includes(words)""",
        arg=[tag, words],
    )


def menu(page: Page, label: str, tag: str = "train/loss") -> None:
    card = page.locator(f'[data-tag="{tag}"]')
    card.hover()
    card.get_by_label("More for this card").click()
    page.locator(".menu .menu-item", has_text=label).first.click()


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("ema", 0.6), ("ema", 0.999), ("gaussian", 0.4), ("gaussian", 12.0), ("mean", 2.0)],
)
def test_the_browser_smooths_as_the_store_does(
    logdir: Path, serve: Serve, open_page: OpenPage, kind: SmoothingKind, amount: float
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    values = np.random.default_rng(5).standard_normal(400)
    values[[3, 200, 399]] = np.nan
    got = page.evaluate(SMOOTH, [values.tolist(), kind, amount])
    expected = smoothed_at(values, np.arange(400), kind, amount)
    assert got == pytest.approx(expected.tolist(), rel=1e-11, abs=1e-13, nan_ok=True)
    assert page.evaluate(SMOOTH, [[2.0, 2.0, 2.0], kind, amount]) == [2.0, 2.0, 2.0]


def test_another_kind_of_smoothing_is_chosen_and_kept_in_the_address(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    values = [math.sin(step / 50) + (step % 7) / 10 for step in range(10_000)]
    with init(tmp_path, name="long") as run:
        for step, value in enumerate(values):
            run.log({"train/loss": value}, step=step)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Kind").select_option("mean")
    page.keyboard.press("Escape")
    page.get_by_label("Smoothing as a number").fill("101")
    page.keyboard.press("Enter")
    held = 'trainboard.scalarStore.get("train/loss", "long")'
    page.wait_for_function(f'() => {held}.smoothedKind === "mean" && {held}.smoothedWith === 101')
    last = page.evaluate(f"() => {held}.smoothed(101)[{held}.length - 1]")
    assert last == pytest.approx(float(np.mean(values[-51:])), rel=1e-5)
    page.wait_for_function("() => location.search.includes('smoothkind=mean')")
    page.reload()
    wait_for_curves(page)
    assert page.get_by_label("Smoothing as a number").input_value() == "101"


def test_the_end_of_a_live_series_is_smoothed_with_what_comes(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="long") as run:
        for step in range(10_000):
            run.log({"train/loss": float(step % 3)}, step=step)
        run.flush()
        page = open_page(serve(tmp_path) + "/?smoothkind=mean&smoothpoints=41")
        held = 'trainboard.scalarStore?.get("train/loss", "long")'
        page.wait_for_function(f"() => {held}?.smoothedWith === 41")
        for step in range(10_000, 10_100):
            run.log({"train/loss": 8.0}, step=step)
        run.flush()
        page.wait_for_function(f"() => {held}.n === 10100")
        end = page.evaluate(f"() => {held}.smoothed(41)[{held}.length - 1]")
        assert end == pytest.approx(8.0)


def test_outliers_are_clipped_by_tensorboards_rule_and_told(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    values = [float(v) for v in range(101)]
    values[50] = 5000.0
    with init(tmp_path, name="a") as run:
        for step, value in enumerate(values):
            run.log({"train/loss": value}, step=step)
    page = open_page(serve(tmp_path) + "/?smoothing=0")
    wait_for_curves(page)
    wait_for_description(page, "to 5250")
    for pool in (values, [3.0, 1.0], [], [math.pi] * 7):
        ordered = sorted(pool)
        n = len(ordered)
        expected = [math.inf, -math.inf] if n == 0 else [ordered[0], ordered[-1]]
        if n > 2:
            low, high = math.ceil((n - 1) * 0.05), math.floor((n - 1) * 0.95)
            expected = [ordered[low], ordered[high]]
        assert page.evaluate(PERCENTILES, pool) == expected
    page.keyboard.press("o")
    badge = page.locator('[data-tag="train/loss"] .card-badge')
    badge.wait_for()
    # Between 5 and 96 with 5 % air of that: 0.45 to 100.55.
    assert badge.inner_text() == "▲ 1 ▼ 1"
    assert "Highest: 5000.0 (a, step 50)" in (badge.get_attribute("title") or "")
    page.wait_for_function("() => location.search.includes('outliers=true')")
    badge.click()
    wait_for_description(page, "to 5250")
    assert badge.count() == 0


def test_what_a_logarithmic_axis_has_no_place_for_is_counted(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        for step in range(100):
            run.log({"train/loss": float(step - 2) + 0.5}, step=step)
    page = open_page(serve(tmp_path) + "/?smoothing=0")
    wait_for_curves(page)
    page.keyboard.press("l")
    page.keyboard.press("Shift+L")
    badges = page.locator('[data-tag="train/loss"] .card-badge')
    page.wait_for_function("() => document.querySelectorAll('.card-badge').length === 2")
    assert badges.all_inner_texts() == ["1 ≤ 0", "1 at x ≤ 0"]  # the other lies at x = 0
    assert "(1.000 to 99.00)" in describe(page)
    wait_for_axes(page)
    badges.nth(1).click()
    wait_for_description(page, "(0 to 99.00)")
    assert badges.all_inner_texts() == ["2 ≤ 0"]


def test_a_card_has_a_fixed_range_and_cards_share_one(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/?smoothing=0")
    wait_for_curves(page)
    menu(page, "Fixed range…")
    page.get_by_label("y from").fill("-1")
    page.get_by_label("y from").press("Enter")
    page.get_by_label("y to").fill("-2")
    page.get_by_label("y to").press("Enter")
    assert page.get_by_label("y to").get_attribute("aria-invalid") == "true"
    page.get_by_label("y to").fill("4")
    page.get_by_label("y to").press("Enter")
    wait_for_description(page, "values −1.000 to 4.000")
    page.keyboard.press("Escape")
    link = page.evaluate("trainboard.view.link()")
    page.goto(link)
    wait_for_description(page, "values −1.000 to 4.000")
    page.evaluate("trainboard.view.set({yRanges: {}, yScale: 'all'})")
    page.wait_for_function(
        """() => new Set([...document.querySelectorAll('.card-plot')].map(
          plot => plot.getAttribute('aria-label').match(/values (.*) \\(/)[1])).size === 1"""
    )


def point_at(page: Page, tag: str, x: float, y: float) -> tuple[float, float]:
    page.locator(f'[data-tag="{tag}"]').scroll_into_view_if_needed()
    box = page.locator(f'[data-tag="{tag}"] .card-lines').bounding_box()
    assert box is not None
    at = box["x"] + box["width"] * x, box["y"] + box["height"] * y
    page.mouse.move(*at)
    return at


def test_a_click_pins_the_table_with_every_run_sorted_as_asked(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    for number in range(30):
        with init(tmp_path, name=f"run{number}") as run:
            for step in range(50):
                run.log({"train/loss": number + step / 100}, step=step)
    page = open_page(serve(tmp_path) + "/?smoothing=0&baseline=run10")
    wait_for_curves(page)
    wait_for_axes(page)
    at = point_at(page, "train/loss", 0.5, 0.5)
    table = page.locator(".hover-table")
    table.wait_for()
    assert table.locator("tbody tr").count() == 18
    assert "and 12 more runs" in table.inner_text()
    page.mouse.click(*at)
    page.wait_for_selector(".hover-table.pinned")
    assert table.locator("tbody tr").count() == 30
    page.mouse.move(5, 5)
    assert table.is_visible()
    runs = table.locator("td.hover-run")
    assert runs.all_inner_texts()[:2] == ["run29", "run28"]
    table.get_by_role("button", name="Value").click()
    assert runs.all_inner_texts()[:2] == ["run0", "run1"]
    table.get_by_role("button", name="Run").click()
    assert runs.all_inner_texts()[9:12] == ["run9", "run10", "run11"]
    heads = [text.split(" ↓")[0] for text in table.locator("th").all_inner_texts()]
    assert heads == ["Run", "Value", "Δ baseline", "Step", "Relative"]
    row = table.locator("tr", has=page.get_by_text("run13", exact=True))
    assert row.locator("td").nth(3).inner_text() == "+3.000"
    page.keyboard.press("Escape")
    table.wait_for(state="hidden")
    page.wait_for_function("() => location.search.includes('hoversort=name')")


def test_the_keyboard_pins_the_table_too(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.locator('[data-tag="train/loss"] .card-plot').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hover-table.pinned")
    assert page.evaluate("document.activeElement.closest('.hover-table') !== null")
    page.keyboard.press("Escape")
    page.locator(".hover-table").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.className") == "card-plot"


def test_a_value_that_is_not_finite_is_explained_where_it_is(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="odd") as run:
        for step, value in enumerate([1.0, 2.0, math.nan, 1.5, 1.0]):
            run.log({"train/loss": value}, step=step)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    point_at(page, "train/loss", 0.5, 0.5)
    table = page.locator(".hover-table")
    table.wait_for()
    assert "NaN" in table.locator("tbody").inner_text()
    assert "◆ NaN, ▲ +Inf, ▼ −Inf" in table.inner_text()


def test_a_tap_pins_the_table(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    desktop = open_page(serve(logdir))
    browser = desktop.context.browser
    assert browser is not None
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(desktop.url)
    wait_for_curves(page)
    page.locator('[data-tag="train/loss"]').scroll_into_view_if_needed()
    box = page.locator('[data-tag="train/loss"] .card-lines').bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 100, box["y"] + 60)
    page.wait_for_selector(".hover-table.pinned")
    place = page.locator(".hover-table").bounding_box()
    assert place is not None
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 390
    context.close()
