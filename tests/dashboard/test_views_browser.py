"""Saved views in a real browser: saved, opened elsewhere, told from what is shown, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import three_runs, wait_for_curves

from summaries import open_logdir

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = "<img src=x onerror=window.broken=1> view"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return three_runs(tmp_path)


def save(page: Page, name: str) -> None:
    page.locator(".views-button").click()
    page.get_by_role("button", name="Save this view…").click()
    page.get_by_label("Name of the view").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text(f"Saved as {name}").wait_for()


def current(page: Page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.views-button').title === text", arg=text
    )


def test_a_view_brings_back_what_was_chosen_in_another_browser(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    url = serve(logdir)
    page = open_page(f"{url}/scalars")
    wait_for_curves(page)
    page.evaluate(
        """trainboard.view.set({smoothing: 0.25, axis: "relative", tagFilter: "loss", logY: true,
        selection: {only: ["apple", "cherry"]},
        zoom: {"train/loss": {axis: "relative", x: [0, 1]}}})"""
    )
    save(page, HOSTILE)
    current(page, f"View: {HOSTILE}")
    with open_logdir(logdir) as reader:
        assert [view.name for view in reader.views()] == [HOSTILE]
    other = open_page(f"{url}/hparams?smoothing=0.9")
    other.locator(".views-button").click()
    other.locator(".views-row", has_text="view").get_by_role("button").first.click()
    wait_for_curves(other)
    got = other.evaluate(
        "(({smoothing, axis, tagFilter, logY, selection, zoom}) => "
        "({smoothing, axis, tagFilter, logY, selection, zoom}))(trainboard.view.get())"
    )
    assert got == {
        "smoothing": 0.25,
        "axis": "relative",
        "tagFilter": "loss",
        "logY": True,
        "selection": {"only": ["apple", "cherry"]},
        "zoom": {"train/loss": {"axis": "relative", "x": [0, 1]}},
    }
    assert other.evaluate("trainboard.path()") == "/scalars"
    assert other.evaluate("window.broken") is None


def test_what_is_remembered_in_a_browser_does_not_change_a_saved_view(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    url = serve(logdir)
    page = open_page(f"{url}/scalars")
    wait_for_curves(page)
    save(page, "plain")  # with the smoothing that every browser begins with
    page.evaluate("trainboard.view.set({smoothing: 0.1, theme: 'dark'})")
    current(page, "View: plain, changed since it was saved")
    page.locator(".views-button").click()
    page.get_by_role("button", name="Back to plain as saved").click()
    current(page, "View: plain")
    assert page.evaluate("trainboard.view.get().smoothing") == 0.6
    assert page.evaluate("trainboard.view.get().theme") == "dark"


def test_a_view_is_replaced_renamed_and_deleted_with_a_way_back(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(logdir)}/scalars")
    wait_for_curves(page)
    save(page, "mine")
    page.evaluate("trainboard.view.set({logY: true})")
    current(page, "View: mine, changed since it was saved")
    page.locator(".views-button").click()
    page.get_by_role("button", name="Save the changes to mine").click()
    current(page, "View: mine")
    page.locator(".views-button").click()
    page.get_by_role("button", name="Change mine").click()
    page.get_by_role("menuitem", name="Rename…").click()
    page.get_by_label("Name of the view").fill("ours")
    page.keyboard.press("Enter")
    current(page, "View: ours")
    page.locator(".views-button").click()
    page.get_by_role("button", name="Change ours").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_text("Deleted ours").wait_for()
    with open_logdir(logdir) as reader:
        assert reader.views() == []
    page.get_by_role("button", name="Undo").click()
    current(page, "View: ours")
    with open_logdir(logdir) as reader:
        (view,) = reader.views()
        assert view.state["path"] == "/scalars" and "log=true" in view.state["query"]


def test_a_bare_visit_begins_with_the_chosen_view_and_the_palette_finds_it(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    url = serve(logdir)
    page = open_page(f"{url}/hparams")
    page.locator(".hparams-controls").wait_for(state="attached")
    page.evaluate("trainboard.view.set({hpTop: 25})")
    save(page, "sweep")
    page.locator(".views-button").click()
    page.get_by_role("button", name="Change sweep").click()
    page.get_by_role("menuitemcheckbox", name="Begin with this view").click()
    page.locator(".views-button").click()
    page.get_by_text("start · hparams").wait_for()
    other = open_page(f"{url}/")
    other.locator(".hparams-controls").wait_for(state="attached")
    assert other.evaluate("trainboard.view.get().hpTop") == 25
    elsewhere = open_page(f"{url}/scalars")
    wait_for_curves(elsewhere)
    elsewhere.keyboard.press("Control+k")
    elsewhere.get_by_label("Search commands, runs and metrics").fill("sweep")
    elsewhere.locator(".palette-row", has_text="sweep").first.click()
    elsewhere.locator(".hparams-controls").wait_for(state="attached")
