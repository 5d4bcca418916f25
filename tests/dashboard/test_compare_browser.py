"""The Compare page in a real browser: what differs, what is better, links that show the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from summaries import init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = "<script>window.broken=1</script>"


def change(line: str) -> str:
    return (
        f"diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n{line}\n"
    )


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for i, name in enumerate(("first", "second", "third")):
        config = {"model": {"width": 64, "depth": 2 + i}, "note": HOSTILE, "lr": 0.1 * 2**i}
        with init(tmp_path, name=name, config=config) as run:
            for step in range(40):
                run.log(
                    {"train/loss": (i + 1.0) / (step + 1), "acc": step / 50 + i / 10}, step=step
                )
            run.log({"system/git_diff": change(f"+lr = {i}{HOSTILE}")}, step=0)
    return tmp_path


def table(page: Page, label: str) -> Any:
    return page.locator(f'section[aria-label="{label}"] table').first


def columns(page: Page) -> list[str]:
    heads = table(page, "Metrics").locator("thead th.compare-run > span:nth-child(2)")
    return [str(text) for text in heads.all_inner_texts()]


def test_the_selected_runs_are_compared_and_what_is_the_same_is_folded(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(logdir)}/compare")
    table(page, "Settings").locator("tr", has_text="model.depth").wait_for()
    assert columns(page) == ["first", "second", "third"]
    settings = table(page, "Settings")
    assert "model.width" not in settings.inner_text()
    assert "2 the same" in settings.inner_text()
    row = settings.locator("tr", has_text="model.depth").locator("td").all_inner_texts()
    assert row[0] == "2" and "+50 %" in row[1] and "+100 %" in row[2]
    page.get_by_label("only differences").uncheck()
    settings.locator("tr", has_text="model.width").wait_for()
    assert HOSTILE in settings.inner_text()
    assert page.evaluate("window.broken") is None


def test_metrics_tell_how_far_from_the_baseline_and_whether_better(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(logdir)}/compare")
    metrics = table(page, "Metrics")
    metrics.locator("tr", has_text="train/loss").wait_for()
    loss = metrics.locator("tr", has_text="train/loss").locator("td")
    assert "▼ +100 %" in loss.nth(1).inner_text() and "+200 %" in loss.nth(2).inner_text()
    assert loss.nth(0).locator(".best").count() == 1
    # The loss differs more than the accuracy: it comes first.
    assert metrics.locator("tbody th").all_inner_texts() == ["train/loss", "acc"]
    page.get_by_role("button", name="second", exact=True).click()
    page.wait_for_function(
        "() => document.querySelector('.compare-chip.is-base').textContent.startsWith('second')"
    )
    assert "▲ −50 %" in loss.nth(0).inner_text()
    page.get_by_text("At step", exact=True).click()
    page.get_by_role("spinbutton", name="Step", exact=True).fill("9")
    page.keyboard.press("Enter")
    metrics.get_by_text("@ 9").first.wait_for()
    assert "0.2000" in loss.nth(1).inner_text()


def test_a_link_shows_exactly_the_same_runs_in_the_same_order(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(logdir)}/compare")
    page.get_by_role("button", name="Leave second out").click()
    page.wait_for_function("() => document.querySelectorAll('.compare-chip').length === 2")
    page.get_by_role("button", name="third", exact=True).click()
    page.get_by_text("Min", exact=True).click()
    page.wait_for_function("() => location.search.includes('compare-value=min')")
    again = open_page(page.url)
    again.wait_for_function("() => document.querySelectorAll('.compare-chip').length === 2")
    table(again, "Metrics").locator("tr", has_text="train/loss").wait_for()
    assert columns(again) == ["first", "third"]
    assert again.locator(".compare-chip.is-base").inner_text().startswith("third")
    assert again.locator("input[value=min]").is_checked()
    again.get_by_role("button", name="Follow the selection").click()
    again.wait_for_function("() => document.querySelectorAll('.compare-chip').length === 3")


def test_runs_are_added_from_a_list(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(f'{serve(logdir)}/compare?compare=["first"]')
    page.get_by_role("button", name="+ Add runs").click()
    page.get_by_label("Find runs").fill("thi")
    page.locator(".axes-list label").get_by_text("third").click()
    page.wait_for_function("() => document.querySelectorAll('.compare-chip').length === 2")
    assert columns(page) == ["first", "third"]


def test_only_the_compared_runs_are_drawn_and_their_difference_too(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f'{serve(logdir)}/compare?compare=["first","third"]')
    page.locator('.compare-grid [data-tag="train/loss"]').scroll_into_view_if_needed()
    page.wait_for_function(
        """() => (document.querySelector('[data-tag="train/loss"] .card-plot')?.ariaLabel || "")
          .includes("2 runs")"""
    )
    page.get_by_label("Metric whose difference is drawn").select_option("train/loss")
    page.get_by_text("third: ends +0.05000").wait_for()
    label = page.locator(".difference-plot").get_attribute("aria-label") or ""
    assert label.startswith("train/loss less the baseline's: 1 curves between")


def test_uncommitted_changes_are_held_against_each_other(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(logdir)}/compare")
    page.locator(".diff-file").wait_for()
    assert "changed differently" in page.locator(".diff-file summary").inner_text()
    assert page.locator(".diff-line.added").inner_text().strip() == f"++lr = 1{HOSTILE}"
    page.get_by_label("Run whose changes are compared").select_option("third")
    page.locator(".diff-line.added", has_text="lr = 2").wait_for()
    assert page.evaluate("window.broken") is None


def test_an_empty_logdir_says_how_to_log(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(f"{serve(tmp_path)}/compare")
    page.get_by_text("No runs to compare yet").wait_for()
