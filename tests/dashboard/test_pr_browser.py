"""The precision-recall page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]

HOSTILE = '<img src=x onerror="document.title=1">/<b>cat</b>'


def write(logdir: Path, run: str, skill: float, tag: str = "val/cat", steps: int = 3) -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.4
    with SummaryWriter(logdir / run) as writer:
        for step in range(steps):
            score = rng.normal(size=400) + (labels - 0.5) * skill * (step + 1)
            writer.add_pr_curve(tag, labels, 1 / (1 + np.exp(-score)), step * 10)


def legend(page: Page) -> list[list[str]]:
    rows = page.locator(".pr-legend tbody tr")
    rows.first.wait_for()
    return [row.inner_text().split("\t") for row in rows.all()]


def test_a_card_draws_all_runs_with_the_best_on_top(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "worse", 0.3)
    write(tmp_path, "better", 1.5)
    page = open_page(f"{serve(tmp_path)}/pr")
    page.locator(".pr-legend tbody tr").nth(1).wait_for()
    rows = legend(page)
    assert [row[1].strip() for row in rows] == ["better", "worse"]
    assert float(rows[0][2]) > float(rows[1][2]) > 0.4
    assert {row[4].strip() for row in rows} == {"20"}
    assert "best: better" in str(page.locator(".pr-plot canvas").first.get_attribute("aria-label"))


def test_the_linked_step_chooses_the_curve(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", 1.0)
    page = open_page(f"{serve(tmp_path)}/pr?step=10")
    page.locator(".pr-legend td", has_text="10").last.wait_for()
    middle = float(legend(page)[0][2])
    page.get_by_role("button", name="One step back (left arrow)").click()
    page.wait_for_function(
        "document.querySelector('.pr-legend tbody tr td:last-child').textContent === '0'"
    )
    assert float(legend(page)[0][2]) < middle


def test_the_pointer_and_the_keys_tell_the_threshold_and_its_counts(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", 1.0)
    page = open_page(f"{serve(tmp_path)}/pr")
    legend(page)
    canvas = page.locator(".pr-plot canvas").first
    canvas.focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator(".pr-tip")
    tip.wait_for()
    first = tip.inner_text()
    assert all(word in first for word in ("threshold 0.500", "Precision", "Recall", "TP", "FN"))
    counts = [int(cell) for cell in tip.locator("tbody td").all_inner_texts()[-4:]]
    assert sum(counts) == 400
    page.keyboard.press("ArrowRight")
    page.locator(".pr-tip b", has_text="threshold 0.492").wait_for()
    box: Any = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
    page.locator(".pr-tip b").wait_for()
    page.mouse.move(0, 0)
    tip.wait_for(state="detached")


def test_roc_has_its_own_area_and_says_where_counts_are_missing(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", 1.0)
    zeros = np.zeros(3)
    with SummaryWriter(tmp_path / "raw") as writer:
        writer.add_pr_curve_raw("bare", zeros, zeros, zeros, zeros, [0.3, 0.6, 1], [1, 0.7, 0.1], 0)
    page = open_page(f"{serve(tmp_path)}/pr")
    page.get_by_text("ROC", exact=True).click()
    page.locator("th", has_text="AUC").first.wait_for()
    page.locator(".pr-message", has_text="without counts").wait_for()
    page.wait_for_url("**curve=roc**")


def test_names_of_a_hostile_run_stay_text(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", 1.0, tag=HOSTILE)
    page = open_page(f"{serve(tmp_path)}/pr")
    legend(page)
    assert page.locator("main img, main b:text('cat')").count() == 0
    assert page.locator(".pr-card h3").get_attribute("title") == HOSTILE


def test_without_curves_the_page_says_how_to_log_them(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(tmp_path)}/pr")
    page.locator("pre", has_text="writer.add_pr_curve(").wait_for()
