"""The custom charts page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]


def write(logdir: Path, run: str = "a", layout: Any = None) -> None:
    with SummaryWriter(logdir / run) as writer:
        for step in range(20):
            for tag, value in (("loss/train", 2.0), ("loss/val", 3.0), ("my/loss/train", 9.0)):
                writer.add_scalar(tag, value / (step + 1), step)
            writer.add_scalar("band/low", 1.0 / (step + 1), step)
            writer.add_scalar("loss(avg)", 1.0, step)
        if layout is not None:
            writer.add_custom_scalars(layout)


def test_patterns_are_anchored_at_the_start_and_names_are_taken_as_names(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, layout={"all": {"both": ["Multiline", ["loss/"]]}})
    page = open_page(f"{serve(tmp_path)}/custom")
    page.locator(".card h3", has_text="both").wait_for()
    known = ["loss/train", "loss/val", "my/loss/train", "loss(avg)"]
    found = page.evaluate(
        """known => ["loss/", "loss/(?P<which>val)", "loss(avg)", "[", "none"].map(
             text => trainboard.customCharts.tagsOf(text, known))""",
        known,
    )
    assert [one["tags"] for one in found] == [
        ["loss/train", "loss/val"],
        ["loss/val"],
        ["loss(avg)"],
        [],
        [],
    ]
    assert "is no regular expression" in found[3]["error"]


def test_charts_stand_in_their_categories_and_a_margin_is_a_band(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    layout = {
        "losses": {"both": ["Multiline", ["loss/train", "loss/val"]]},
        "bands": {"within": ["Margin", ["loss/train", "band/low", "loss/val"]]},
        "later": {"not yet": ["Multiline", ["accuracy"]]},
    }
    write(tmp_path, layout=layout)
    page = open_page(f"{serve(tmp_path)}/custom")
    page.locator(".card", has_text="within").wait_for()
    assert page.locator(".group-head").all_inner_texts() == ["losses\n1", "bands\n1"]
    page.locator(".legend-entry", has_text="loss/val").first.wait_for()
    page.wait_for_function("trainboard.scalarGrid.cards.get(':layout/bands/within').lines.length")
    bands = page.evaluate(
        """() => [...trainboard.scalarGrid.cards.get(':layout/bands/within').lines].map(
             ({band}) => [band.low[0], band.high[0]])"""
    )
    assert bands == [pytest.approx([1.0, 3.0])]
    assert "Nothing was logged yet for “not yet”" in page.locator(".custom-notes").inner_text()
    page.get_by_label("Filter metrics").fill("within")
    page.locator(".card", has_text="both").wait_for(state="detached")
    assert page.locator(".card", has_text="within").count() == 1


def test_the_charts_can_be_copied_to_the_scalars_page(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    write(tmp_path, layout={hostile: {hostile: ["Multiline", ["loss/"]]}})
    page = open_page(f"{serve(tmp_path)}/custom")
    page.locator(".card h3", has_text=hostile).wait_for()
    page.get_by_role("button", name="Copy these charts").click()
    page.wait_for_url("**/scalars**")
    page.locator(".card h3", has_text=hostile).wait_for()
    assert page.locator("main img").count() == 0


def test_without_a_layout_the_page_says_how_to_log_one(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path)
    page = open_page(f"{serve(tmp_path)}/custom")
    page.locator("pre", has_text="writer.add_custom_scalars(").wait_for()
