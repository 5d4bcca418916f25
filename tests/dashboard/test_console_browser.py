"""The console page in a real browser: many lines, finding, links, colours, the live end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from summaries import init
from summaries.kinds import console
from summaries.run import Run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = "<img src=x onerror=window.hacked=1>"
N = 30_000


def printed(run: Run, stream: str, first: int, lines: list[str], at: float = 1e9) -> None:
    run._pipeline.log_event(console.event(stream, [(at + first, line) for line in lines], first))
    run.flush()


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with init(tmp_path, name="long", system_metrics=False) as run:
        for first in range(0, N, 1000):
            lines = [
                f"line {i}" + (" needle" if i % 9000 == 77 else "")
                for i in range(first, first + 1000)
            ]
            printed(run, "stdout", first, lines)
        printed(run, "stderr", 0, [f"\x1b[31mred\x1b[0m {HOSTILE}"], at=2e9)
    return tmp_path


def shows(page: Page, text: str) -> None:
    """Waits until a line in sight holds the text."""
    page.wait_for_function(
        """text => {
          const box = document.querySelector('.console-lines')?.getBoundingClientRect();
          return [...document.querySelectorAll('.console-row')].some((row) => {
            const {top, bottom} = row.getBoundingClientRect();
            const seen = top >= box.top - 20 && bottom <= box.bottom + 20;
            return seen && row.innerText.includes(text);
          });
        }""",
        arg=text,
    )


def test_the_end_is_shown_first_safely_and_in_colour(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/console")
    shows(page, HOSTILE)
    assert page.locator(".console-count").inner_text() == "30,001 lines"
    assert page.locator(".console-row").count() < 120
    red = page.locator(".console-row span", has_text="red").last
    assert red.evaluate("node => node.style.color") == "var(--ansi-1)"
    assert page.evaluate("window.hacked") is None
    assert page.locator(".console-row img").count() == 0


def test_any_line_is_reached_by_scrolling_and_by_keys(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/console")
    shows(page, HOSTILE)
    page.locator(".console-lines").focus()
    page.keyboard.press("Home")
    shows(page, "line 0")
    page.evaluate(
        "() => { const n = document.querySelector('.console-lines'); n.scrollTop = 15000 * 18; }"
    )
    shows(page, "line 15001")
    page.keyboard.press("End")
    shows(page, HOSTILE)


def test_matches_are_marked_and_gone_through(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/console")
    shows(page, HOSTILE)
    page.get_by_label("Search the output").fill("NEEDLE")
    page.get_by_text("4 matches").wait_for()
    page.locator(".console-lines").focus()
    page.keyboard.press("Home")
    page.keyboard.press("n")
    page.wait_for_function(
        "() => /of 4 matches/.test(document.querySelector('.console-count').innerText)"
    )
    before = page.locator(".console-count").inner_text()
    page.keyboard.press("n")
    page.wait_for_function(
        "t => document.querySelector('.console-count').innerText !== t", arg=before
    )
    page.locator(".console-row.current mark", has_text="needle").wait_for()
    page.get_by_label("Search the output").fill("nowhere to be found")
    page.get_by_text("no match").wait_for()


def test_a_link_to_a_line_opens_there(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    url = serve(logdir)
    page = open_page(url + "/console")
    shows(page, HOSTILE)
    page.locator(".console-lines").focus()
    page.keyboard.press("Home")
    shows(page, "line 0")
    page.get_by_label("Link to line 5", exact=True).click()
    page.wait_for_function("() => location.search.includes('line=')")
    page.reload()
    page.locator(".console-row.target", has_text="line 4").wait_for()
    other = open_page(f"{url}/console?console=%5B%22long%22%5D&line=%5B0%2C20001%5D")
    other.locator(".console-row.target", has_text="line 20000").wait_for()
    shows(other, "line 20000")


def test_streams_are_chosen_and_the_lines_downloaded(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    url = serve(logdir)
    page = open_page(url + "/console")
    shows(page, HOSTILE)
    page.get_by_text("stderr", exact=True).click()
    page.get_by_text("1 line", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text() == f"red {HOSTILE}\n"
    with urlopen(f"{url}/api/console/text?run=long&stream=stdout", timeout=30) as answer:
        text = answer.read().decode()
    assert text.count("\n") == N
    assert text.startswith("line 0\nline 1\n")


def test_the_end_is_followed_while_it_grows_and_not_when_one_reads_above(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    run = init(logdir, name="live", system_metrics=False)
    printed(run, "stdout", 0, [f"first {i}" for i in range(500)])
    page = open_page(serve(logdir) + "/console")
    shows(page, "first 499")
    printed(run, "stdout", 500, [f"second {i}" for i in range(500)])
    shows(page, "second 499")
    page.locator(".console-lines").focus()
    page.keyboard.press("Home")
    shows(page, "first 0")
    printed(run, "stdout", 1000, ["third"])
    page.get_by_text("1,001 lines").wait_for()
    shows(page, "first 0")
    page.get_by_role("button", name="Follow").click()
    shows(page, "third")
    run.finish()


def test_two_runs_stand_side_by_side(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    with init(logdir, name="other", system_metrics=False) as run:
        printed(run, "stdout", 0, ["of the other"])
    page = open_page(serve(logdir) + "/console")
    shows(page, "of the other")
    page.get_by_role("button", name="Side by side").click()
    page.locator(".console-pane").nth(1).locator(".console-row", has_text="red").wait_for()
    page.get_by_role("button", name="Close this pane").click()
    page.locator(".console-pane").nth(1).wait_for(state="detached")
