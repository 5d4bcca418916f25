"""The HParams page in a real browser: brushing, axes, tables, the scatter matrix."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from summaries import init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = "<img src=x onerror=window.broken=1>"
DRAWN = ".parallel-plot[data-drawn=true]"


def sweep(logdir: Path, runs: int = 16) -> Path:
    """Runs whose accuracy rises with lr; the last one diverged to NaN and lacks a dropout."""
    for i in range(runs):
        config: dict[str, Any] = {
            "lr": 10.0 ** (-4 + 3 * i / (runs - 1)),
            "optimizer": ["adam", "sgd", HOSTILE][i % 3],
            "seed": i % 2,
        }
        if i < runs - 1:
            config["dropout"] = i / 100
        with init(logdir, name=f"run-{i:02d}", config=config) as run:
            for step in range(3):
                value = math.nan if i == runs - 1 else i / runs + step / 100
                run.log({"val/accuracy": value, "train/loss": 1.0}, step=step)
    return logdir


def open_hparams(serve: Serve, open_page: OpenPage, logdir: Path, query: str = "") -> Page:
    page = open_page(f"{serve(logdir)}/hparams{query}")
    page.wait_for_selector(DRAWN)
    return page


def axis_x(page: Page, title: str) -> tuple[float, float, float]:
    """x of the axis on the screen, and y of its top and of its bottom."""
    key = page.locator(".parallel-head", has_text=title).first.get_attribute("data-axis")
    keys = page.locator(".parallel-head").evaluate_all("nodes => nodes.map(n => n.dataset.axis)")
    box = page.locator(".parallel-plot").bounding_box()
    assert box is not None
    part = keys.index(key) / (len(keys) - 1)
    return (
        box["x"] + 64 + part * (box["width"] - 64 - 46),
        box["y"] + 12,
        box["y"] + box["height"] - 48,
    )


def brush(page: Page, title: str, start: float, end: float) -> None:
    """Draws along an axis; 0 is its lower end, 1 its upper."""
    x, top, bottom = axis_x(page, title)
    page.mouse.move(x, bottom - start * (bottom - top))
    page.mouse.down()
    page.mouse.move(x, bottom - end * (bottom - top), steps=4)
    page.mouse.up()


def shown(page: Page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.run-count').textContent === text", arg=text
    )


def test_a_brush_filters_the_selection_that_all_pages_share(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    assert page.locator(".parallel-head-title").all_inner_texts() == [
        "dropout",
        "lr",
        "optimizer",
        "val/accuracy",
    ]
    brush(page, "val/accuracy", 0.5, 1.04)
    shown(page, "8 of 16 runs shown")
    brush(page, "lr", 0.45, 0.75)
    shown(page, "5 of 16 runs shown")
    page.wait_for_function("() => /run-11.*config.lr/.test(location.search)")
    link = page.url
    again = open_page(link)
    again.wait_for_selector(DRAWN)
    again.wait_for_function("() => document.querySelectorAll('.best-runs tbody tr').length === 5")
    page.get_by_role("button", name="Clear filters").click()
    shown(page, "16 of 16 runs shown")
    assert page.evaluate("window.broken") is None


def test_a_category_is_taken_by_a_click_and_missing_values_have_a_place_of_their_own(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    x, top, _ = axis_x(page, "optimizer")
    page.mouse.click(x, top)  # "sgd" is the topmost in natural order
    shown(page, "5 of 16 runs shown")
    page.mouse.click(x, top + 20)
    shown(page, "16 of 16 runs shown")
    x, _, bottom = axis_x(page, "val/accuracy")
    page.mouse.click(x, bottom + 26)
    shown(page, "1 of 16 runs shown")
    assert page.locator(".best-runs tbody tr").get_attribute("data-name") == "run-15"


def test_axes_are_moved_flipped_scaled_and_filtered_by_the_keyboard(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    head = page.locator(".parallel-head", has_text="dropout")
    head.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('.parallel-head').textContent.startsWith('lr')"
    )
    assert page.evaluate("document.activeElement.dataset.axis") == "config.dropout"
    page.keyboard.press("Enter")
    page.get_by_role("menuitemcheckbox", name="Quantiles").click()
    page.get_by_text("quant.").wait_for()
    head.click()
    page.get_by_role("menuitemcheckbox", name="Flip").click()
    page.get_by_text("quant. ↓").wait_for()
    head.click()
    page.get_by_role("menuitem", name="Filter…").click()
    page.get_by_role("spinbutton", name="From").fill("0.02")
    page.get_by_role("spinbutton", name="To").fill("0.05")
    page.get_by_role("button", name="Filter", exact=True).click()
    shown(page, "4 of 16 runs shown")
    page.wait_for_function("() => location.search.includes('hp-brush=')")
    query = parse_qs(urlsplit(page.url).query)
    assert json.loads(query["hp-brush"][0]) == {"config.dropout": {"range": [0.02, 0.05]}}
    assert json.loads(query["hp-flip"][0]) == ["config.dropout"]


def test_an_axis_is_moved_by_dragging_its_name(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    box = page.locator(".parallel-head", has_text="lr").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(axis_x(page, "val/accuracy")[0], box["y"] + 8, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.parallel-head-title')].at(-1).textContent === 'lr'"
    )
    assert page.locator(".menu").count() == 0


def test_the_line_under_the_pointer_is_told_with_its_values(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    x, top, _ = axis_x(page, "val/accuracy")
    page.mouse.move(x - 1, top + 1)
    tip = page.locator(".parallel-tip")
    tip.wait_for()
    assert "run-14" in tip.inner_text() and "0.1400" in tip.inner_text()
    page.wait_for_selector(".best-runs tr.marked[data-name='run-14']")
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")


def test_the_best_runs_are_sorted_by_the_objective_and_groups_have_a_mean(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    names = page.locator(".best-runs tbody tr").evaluate_all(
        "rows => rows.map(r => r.dataset.name)"
    )
    assert names[:2] == ["run-14", "run-13"] and len(names) == 10
    page.evaluate("trainboard.view.set({groupBy: ['config.seed']})")
    page.get_by_text("Best groups").wait_for()
    rows = page.locator(".best-runs tbody tr").all_inner_texts()
    # Seed 0: runs 0, 2, ... 14; their mean is 7/16 + 0.02.
    assert len(rows) == 2
    assert "seed=0" in rows[0] and "8" in rows[0] and "0.4575 ± 0.3062" in rows[0]
    text = page.evaluate(
        """() => { const rows = [["a", {mean: 1.5, std: 0.25, n: 3}], ["b,\\"c\\"", null]];
        const {csv, latex, markdown, json} = trainboard.tableText;
        return [csv, latex, markdown, json].map(write => write(["run", "x_y"], rows)); }"""
    )
    assert text[0] == 'run,x_y,x_y (std),x_y (n)\na,1.5,0.25,3\n"b,""c""",,,\n'
    assert "  run & x\\_y \\\\\n" in text[1] and "$1.5 \\pm 0.25$" in text[1]
    assert text[2].splitlines()[0] == "| run | x\\_y |" and "| 1.5 ± 0.25 |" in text[2]
    assert json.loads(text[3])[0] == {"run": "a", "x_y": {"mean": 1.5, "std": 0.25, "n": 3}}


def test_importance_is_told_with_what_it_rests_on(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    panel = page.locator(".importance")
    panel.get_by_text("Only 15 runs: take it as a hint").wait_for()
    assert "+1.00" in panel.locator("tr", has_text="dropout").inner_text()
    assert HOSTILE not in panel.inner_html()


def test_a_box_in_the_scatter_matrix_selects_the_runs_inside(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    plot = page.locator(".scatter-plot")
    plot.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.scatter-plot').ariaLabel.includes('16')")
    box = plot.bounding_box()
    cell = page.evaluate(
        """() => { const canvas = document.querySelector('.scatter-plot canvas');
        return [canvas.clientWidth, canvas.clientHeight]; }"""
    )
    assert box is not None and cell[0] > 200
    # The first cell of the last row; of it the left half.
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] - 38)
    page.mouse.down()
    width = (cell[0] - 64 - 20) / 3
    page.mouse.move(box["x"] + 58 + width / 2, box["y"] + box["height"] - 34 - 400, steps=4)
    page.mouse.up()
    page.get_by_text("runs shown").last.wait_for()
    page.wait_for_function(
        "() => !document.querySelector('.run-count').textContent.startsWith('16')"
    )
    page.get_by_role("button", name="Undo").click()
    shown(page, "16 of 16 runs shown")


def test_without_settings_the_page_says_how_to_log_them(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(tmp_path)}/hparams")
    page.get_by_text("No settings to compare yet").wait_for()


def test_scales_place_values_as_told(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_hparams(serve, open_page, sweep(tmp_path))
    made = page.evaluate(
        """() => { const make = (values, options, numeric = true) =>
          trainboard.parallel.axis({key: "k", title: "k", numeric}, values, options);
        const log = make([0.001, 0.01, 0.1, NaN], {scale: "log"});
        const ranks = make([1, 1, 2, 1000], {scale: "quantile"});
        const flipped = make([0, 5, 10], {scale: "linear", flipped: true});
        const names = make(["b", "a", undefined, "c"], {}, false);
        return {log: [...log.units], ranks: [...ranks.units], flipped: [...flipped.units],
          names: [...names.units],
          auto: [make([1e-4, 2e-4, 1e-3, 1e-1], {}).scale, make([1, 50, 100], {}).scale],
          brush: trainboard.parallel.brushOf(flipped, 0, 0.5, false),
          inside: [1, 5, 7, NaN].map(v =>
            trainboard.parallel.inBrush(flipped, {range: [5, 8], missing: true}, v))}; }"""
    )
    assert made["log"][:3] == pytest.approx([0.0, 0.5, 1.0]) and math.isnan(made["log"][3])
    assert made["ranks"] == pytest.approx([1 / 6, 1 / 6, 2 / 3, 1.0])
    assert made["flipped"] == [1.0, 0.5, 0.0]
    assert made["names"][:2] == [0.5, 0.0] and math.isnan(made["names"][2])
    assert made["auto"] == ["log", "linear"]
    assert made["brush"]["range"] == pytest.approx([5.0, 10.0], rel=1e-4)
    assert made["inside"] == [False, True, True, True]
