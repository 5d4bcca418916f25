"""The text page in a real browser: markdown that does no harm, differences, search, long texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]


def write(logdir: Path, run: str, *texts: str) -> None:
    with SummaryWriter(logdir / run) as writer:
        for step, text in enumerate(texts):
            writer.add_text("samples/prompt", text, step)


def test_texts_are_shown_as_markdown_side_by_side(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", "the **first**", "the **second**")
    write(tmp_path, "b", "| x | y |\n|---|---|\n| 1 | 2 |")
    page = open_page(f"{serve(tmp_path)}/text")
    page.locator(".text-body strong", has_text="second").wait_for()
    page.locator(".text-body td", has_text="2").wait_for()
    page.get_by_label("One step back (left arrow)").click()
    page.locator(".text-body strong", has_text="first").wait_for()
    page.get_by_text("As written", exact=True).click()
    page.locator(".text-raw", has_text="the **first**").wait_for()
    page.wait_for_url("**raw=true**")


def test_hostile_markdown_does_nothing_and_loads_nothing(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(
        tmp_path,
        "a",
        "<script>document.title='injected'</script>\n\n"
        "<img src=x onerror=\"document.title='injected'\">\n\n"
        "[click](javascript:document.title='injected') ![i](http://evil.example/x.png)\n\n"
        "<iframe src='http://evil.example'></iframe> last",
    )
    page = open_page(f"{serve(tmp_path)}/text")
    page.locator(".text-body p", has_text="last").wait_for()
    body = page.locator(".text-body")
    assert body.locator("img, script, iframe, a[href^='javascript']").count() == 0
    assert page.title() != "injected"


def test_what_changed_since_the_step_before_is_marked(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", "same\nold words here", "same\nnew words here")
    page = open_page(f"{serve(tmp_path)}/text?against=step")
    page.locator(".diff-new mark", has_text="new").wait_for()
    assert page.locator(".diff-gone mark").inner_text() == "old"
    page.get_by_label("One step back (left arrow)").click()
    page.get_by_text("the first of its steps").wait_for()


def test_runs_are_compared_with_the_chosen_one(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", "shared one")
    write(tmp_path, "b", "shared two")
    write(tmp_path, "c", "shared one")
    page = open_page(f"{serve(tmp_path)}/text?against=run")
    page.locator(".diff-new mark", has_text="two").wait_for()
    page.get_by_text("equal to a, step 0").wait_for()
    page.get_by_label("Run that the others are compared with").select_option("b")
    page.locator(".diff-gone mark", has_text="two").first.wait_for()
    page.wait_for_url("**baseline=b**")


def test_a_search_finds_texts_of_other_steps_and_leads_there(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", "the needle <b>", "hay", "more hay")
    page = open_page(f"{serve(tmp_path)}/text")
    page.get_by_label("Search in the texts").fill("NEEDLE <B>")
    page.get_by_text("1 text has it").wait_for()
    page.locator(".text-found button").click()
    page.locator(".text-body", has_text="needle").wait_for()
    page.wait_for_function("trainboard.view.get().step === '0'")


def test_a_text_of_a_megabyte_is_cut_and_whole_on_demand(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", "word *emph* <b>" * 70_000)
    page = open_page(f"{serve(tmp_path)}/text")
    page.locator(".text-body em").first.wait_for()
    page.get_by_text("1,030,000 more characters.").wait_for()
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelector('.text-body').textContent.length === 1050000")
    assert page.locator(".text-raw").count() == 1, "no parser takes that much in a moment"


def test_an_empty_text_says_so(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    write(tmp_path, "a", "")
    open_page(f"{serve(tmp_path)}/text").get_by_text("an empty text").wait_for()
