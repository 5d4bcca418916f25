"""The shell in a real browser: run list, theme, narrow screens, servers that come and go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import INK, describe, ink, three_runs, wait_for_curves

from summaries import SummaryWriter, init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return three_runs(tmp_path)


def test_the_run_filter_hides_curves_and_a_wrong_regex_says_so(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    field = page.get_by_label("Filter runs by a regular expression")
    field.fill("an|ch")
    page.wait_for_function("() => document.querySelectorAll('.run-row').length === 2")
    page.wait_for_function("() => location.search.includes('runs=an%7Cch')")
    assert "2 runs" in describe(page)
    field.fill("an(")
    assert "Not a regular expression" in page.locator(".run-list .field-error").inner_text()
    assert page.locator(".run-row").count() == 3
    assert ink(page)["painted"] > 100


def test_runs_are_selected_one_by_one_and_all_together(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.get_by_role("checkbox", name="banana").uncheck()
    page.wait_for_function("() => document.querySelector('.run-count').innerText.startsWith('2')")
    page.locator(".run-row", has_text="cherry").hover()
    page.locator(".run-row", has_text="cherry").get_by_role("button", name="only").click()
    page.wait_for_function("() => document.querySelector('.run-count').innerText.startsWith('1')")
    assert page.get_by_role("checkbox", name="cherry").is_checked()
    page.get_by_label("Select none").click()
    page.wait_for_function("() => document.querySelector('.run-count').innerText.startsWith('0')")
    page.get_by_label("Select all").click()
    page.wait_for_function("() => document.querySelector('.run-count').innerText.startsWith('3')")


def test_the_theme_changes_at_once(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    before = ink(page)
    page.get_by_label("Theme: as the system").click()
    page.get_by_label("Theme: light").click()
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    page.wait_for_function(f"before => ({INK})('train/loss').hash !== before", arg=before["hash"])
    assert set(ink(page)["colors"]).isdisjoint(before["colors"])
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 23, 28)"
    # The address is written a moment later: browsers bound how often a page may.
    page.wait_for_function("() => location.search.includes('theme=dark')")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_page_recovers_when_the_server_comes_back(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(logdir / "apple") as writer:
        writer.add_histogram("weights", [0.1, 0.2, 0.4], 0)
    url = serve(logdir)
    page = open_page(url)
    wait_for_curves(page)
    port = serve.stop(url)
    page.locator(".live-lost").wait_for()
    assert ink(page)["painted"] > 100  # what was drawn stays
    with SummaryWriter(logdir / "durian") as writer:
        for step in range(50):
            writer.add_scalar("train/loss", 1.0, step)
    serve(logdir, port)
    page.locator(".live-live").wait_for()
    page.wait_for_function("() => document.querySelectorAll('.run-row').length === 4")
    page.wait_for_function(
        """() => document.querySelector('[data-tag="train/loss"] .card-plot')
          .getAttribute("aria-label").includes("4 runs")"""
    )


def test_a_page_chosen_while_the_server_was_away_comes_with_it(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(logdir / "apple") as writer:
        writer.add_histogram("weights", [0.1, 0.2, 0.4], 0)
    url = serve(logdir)
    page = open_page(url)
    wait_for_curves(page)
    port = serve.stop(url)
    page.locator(".live-lost").wait_for()
    page.get_by_text("Histograms", exact=True).click()
    page.wait_for_function("() => location.pathname === '/histograms'")
    serve(logdir, port)
    page.locator(".hist-view").get_by_text("weights").first.wait_for()


def test_the_navigation_leads_only_to_what_was_logged(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    link = page.locator("#shell-nav").get_by_text("Histograms")
    assert not link.is_visible()
    with SummaryWriter(logdir / "late") as writer:
        writer.add_histogram("weights", [0.1, 0.2, 0.4], 0)
    link.wait_for()


def test_the_palette_finds_a_metric_and_a_key_opens_a_page(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("eval")
    page.get_by_role("option", name="Metric").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 1")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_function("() => location.pathname === '/histograms'")


def test_a_run_that_is_deleted_leaves_the_page_and_a_new_one_joins(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    shutil.rmtree(logdir / "banana")
    page.wait_for_function("() => document.querySelectorAll('.run-row').length === 2")
    page.wait_for_function(
        """() => document.querySelector('[data-tag="train/loss"] .card-plot')
          .getAttribute("aria-label").includes("2 runs")"""
    )
    shutil.rmtree(logdir)
    page.wait_for_function("() => document.querySelectorAll('.run-row').length === 0")
    with SummaryWriter(logdir / "again") as writer:
        for step in range(20):
            writer.add_scalar("train/loss", 1.0 / (step + 1), step)
    page.get_by_text("again", exact=True).wait_for()
    wait_for_curves(page)


def test_the_page_fits_a_narrow_screen(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(logdir), width=400, height=800)
    wait_for_curves(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert not page.locator(".run-list").is_visible()
    page.get_by_role("button", name="Runs").click()
    page.locator(".run-row").first.wait_for()
    page.mouse.click(390, 700)
    page.locator(".run-list").wait_for(state="hidden")
    page.get_by_role("button", name="Runs", expanded=False).click()
    page.get_by_label("Filter runs by a regular expression").press("Escape")
    page.locator(".run-list").wait_for(state="hidden")


def test_many_runs_are_listed_by_the_rows_in_sight(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    for number in range(300):
        with init(tmp_path, name=f"run-{number}") as run:
            run.log({"train/loss": float(number)}, step=0)
    page = open_page(serve(tmp_path))
    page.wait_for_function("() => document.querySelector('.run-count')?.innerText.includes('300')")
    assert page.locator(".run-row").count() < 100
    page.locator(".run-rows").evaluate("rows => rows.scrollTo(0, 1e6)")
    page.get_by_text("run-299", exact=True).wait_for()


def test_the_end_of_a_long_name_is_shown_whole(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    name = "experiments/vision/mnist/gradient-descent/learning-rate=0.1"
    with init(tmp_path, name=name) as run:
        run.log({"train/loss": 1.0}, step=0)
    page = open_page(serve(tmp_path))
    base = page.locator(".run-base")
    base.wait_for()
    directory, rest = (
        page.locator(part).evaluate("node => node.scrollWidth - node.clientWidth")
        for part in (".run-directory", ".run-base")
    )
    assert directory > 0
    assert rest == 0
    width = base.bounding_box()
    base.hover()
    page.get_by_title("Show only this run").wait_for()
    assert base.bounding_box() == width  # the button lies over the row, it does not squeeze it


def test_below_a_path_prefix_pages_and_their_data_are_reached(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(logdir / "apple") as writer:
        writer.add_histogram("weights", [0.1, 0.2, 0.4], 0)
    page = open_page(serve(logdir, path_prefix="/tb/deep"))
    wait_for_curves(page)
    page.locator("#shell-nav").get_by_text("Histograms").click()
    page.wait_for_function("() => location.pathname === '/tb/deep/histograms'")
    page.locator(".hist-view").get_by_text("weights").first.wait_for()
    page.go_back()
    wait_for_curves(page)


def test_the_page_over_a_postgresql_database_draws_edits_and_is_live(
    postgres_url: str, serve: Serve, open_page: OpenPage
) -> None:
    def log(name: str) -> None:
        with init(postgres_url, name=name) as run:
            for step in range(40):
                run.log({"train/loss": 1.0 / (step + 1)}, step=step)

    log("a")
    page = open_page(serve(postgres_url))
    wait_for_curves(page)
    log("b")
    page.wait_for_function("() => document.querySelectorAll('.run-row').length === 2")
    answer = page.evaluate(
        """() => window.trainboard.http.json(
          "/api/edit", {runs: ["b"], change: {display_name: "the second"}})"""
    )
    assert answer["changed"] == ["b"]
    page.locator(".run-name", has_text="the second").wait_for()
