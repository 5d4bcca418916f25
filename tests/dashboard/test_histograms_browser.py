"""The histograms page in a real browser."""

from __future__ import annotations

import time
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

COLOURS = """canvas => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) {
    seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  }
  return seen.size;
}"""


def write(logdir: Path, run: str = "a", steps: int = 30, tag: str = "layer/weights") -> None:
    rng = np.random.default_rng(0)
    with SummaryWriter(logdir / run) as writer:
        for step in range(steps):
            values = rng.normal(step / steps, 1.0, 500)
            if step == 3:
                values[:4] = np.nan
            writer.add_histogram(tag, values, step * 10)


def drawn_card(page: Page, footer: str, colours: int = 2) -> Any:
    page.locator(".hist-card footer", has_text=footer).first.wait_for()
    canvas = page.locator(".hist-card canvas").first
    # The drawing follows the data by one frame.
    drawn = f"({COLOURS})(document.querySelector('.hist-card canvas')) >= {colours}"
    page.wait_for_function(drawn)
    return canvas


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("heat", ("step", "bin", "count", "median")),
        ("ridge", ("step", "bin", "count", "median")),
        ("overlay", ("step", "bin", "count", "median")),
        ("bands", ("step", "max", "median", "min")),
    ],
)
def test_each_view_draws_and_tells_what_is_under_the_pointer(
    tmp_path: Path, serve: Serve, open_page: OpenPage, mode: str, expected: tuple[str, ...]
) -> None:
    write(tmp_path)
    page = open_page(f"{serve(tmp_path)}/histograms?view={mode}")
    canvas = drawn_card(page, "30 steps", colours=10)
    assert "4 NaN" in page.locator(".hist-card footer").inner_text()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.7)
    tip = page.locator(".hist-tip")
    tip.wait_for()
    text = tip.inner_text()
    assert all(word in text for word in expected), text
    page.mouse.move(0, 0)
    tip.wait_for(state="detached")


def test_the_view_can_be_changed_and_is_in_the_address(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path)
    page = open_page(f"{serve(tmp_path)}/histograms")
    drawn_card(page, "30 steps")
    page.get_by_text("Ridge", exact=True).click()
    page.get_by_text("Wall time", exact=True).click()
    page.wait_for_url("**view=ridge**")
    assert "x=wall" in page.url
    drawn_card(page, "30 steps")


def test_arrow_keys_step_through_a_card(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    write(tmp_path)
    page = open_page(f"{serve(tmp_path)}/histograms")
    canvas = drawn_card(page, "30 steps")
    canvas.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    row = page.locator(".hist-tip tr").first
    row.wait_for()
    assert row.inner_text().split() == ["step", "20"]


@pytest.mark.parametrize("mode", ["heat", "ridge", "overlay", "bands"])
def test_the_linked_step_is_marked_in_every_card_and_a_click_sets_it(
    tmp_path: Path, serve: Serve, open_page: OpenPage, mode: str
) -> None:
    write(tmp_path)
    write(tmp_path, "b", steps=20)
    page = open_page(f"{serve(tmp_path)}/histograms?view={mode}&step=105")
    said = page.locator(".hist-said")
    said.nth(1).wait_for()
    assert [text.split(":")[0] for text in said.all_inner_texts()] == ["step 100", "step 100"]
    marked = """() => [...document.querySelectorAll(".hist-mark")].every((canvas) => {
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0);
    })"""
    page.wait_for_function(marked)
    canvas = page.locator(".hist-plot canvas").first
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**step=0**")
    page.keyboard.press("Enter")
    page.wait_for_function("!location.search.includes('step=')")


def test_the_slider_goes_through_the_steps_and_plays(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, steps=4)
    page = open_page(f"{serve(tmp_path)}/histograms?speed=10")
    drawn_card(page, "4 steps")
    slider = page.get_by_label("Step of all cards")
    slider.focus()
    page.keyboard.press("Home")
    page.locator(".hist-said", has_text="step 0:").wait_for()
    page.get_by_label("Play (p)").click()
    page.locator(".hist-said", has_text="step 20:").wait_for()
    page.wait_for_function("trainboard.view.get().step === ''")


def test_a_long_series_is_thinned_and_says_so(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(1000):
            writer.add_histogram("w", [step, step + 1.0, step + 1.5], step)
    page = open_page(f"{serve(tmp_path)}/histograms")
    drawn_card(page, "showing 200 of 1,000 steps")


def test_a_new_histogram_shows_up_within_two_seconds(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(5):
            writer.add_histogram("w", np.arange(50.0), step)
        writer.flush()
        page = open_page(f"{serve(tmp_path)}/histograms")
        drawn_card(page, "5 steps")
        page.get_by_text("live", exact=True).wait_for()
        writer.add_histogram("w", np.arange(60.0), 5)
        writer.flush()
        start = time.monotonic()
        page.locator(".hist-card footer", has_text="6 steps").wait_for()
        assert time.monotonic() - start < 2.0


def test_values_that_are_odd_are_drawn_not_refused(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_histogram("constant", np.full(5, 2.0), 0)
        writer.add_histogram("huge", np.array([-1.7e308, 1.7e308]), 0)
        writer.add_histogram("nothing finite", np.array([np.nan, np.inf]), 0)
        writer.add_histogram("empty", np.array([]), 0)
    page = open_page(f"{serve(tmp_path)}/histograms", height=1400)
    for tag in ("constant", "huge", "nothing finite", "empty"):
        card = page.locator(".hist-card", has=page.get_by_role("heading", name=tag, exact=True))
        card.locator("footer", has_text="1 step").wait_for()
        assert card.locator("[role=alert]").count() == 0
    assert "1 NaN, 1 +Inf" in page.locator(".hist-bad").inner_text()


def test_markup_in_a_tag_is_only_text(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    tag = "<img src=x onerror=document.title='injected'>"
    write(tmp_path, tag=tag, steps=5)
    page = open_page(f"{serve(tmp_path)}/histograms")
    drawn_card(page, "5 steps")
    assert page.locator(".hist-card h3").inner_text() == tag
    assert page.locator(".hist-card img").count() == 0
    assert page.title() != "injected"


def test_an_empty_logdir_shows_the_line_to_paste(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalar("loss", 1.0, 0)
    page = open_page(f"{serve(tmp_path)}/histograms")
    notice = page.locator(".notice")
    notice.wait_for()
    assert 'writer.add_histogram("weights", values, step)' in notice.inner_text()


def test_with_no_run_selected_the_page_says_so(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, steps=2)
    page = open_page(f"{serve(tmp_path)}/histograms?select=%7B%22only%22%3A%5B%5D%7D")
    page.get_by_role("heading", name="No run is selected").wait_for()


def test_a_histogram_of_nothing_says_so(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_histogram("weights", np.array([]), 0)
    page = open_page(f"{serve(tmp_path)}/histograms")
    page.locator(".hist-card footer", has_text="no values").wait_for()


@pytest.mark.parametrize("path", ["/histograms", "/graphs"])
def test_the_lines_to_paste_log_below_this_logdir(
    tmp_path: Path, serve: Serve, open_page: OpenPage, path: str
) -> None:
    page = open_page(serve(tmp_path) + path)
    page.locator(".notice pre").first.wait_for()
    assert f"{tmp_path}/my-run" in page.locator(".notice").inner_text()


def test_what_the_pointer_is_at_is_not_covered_by_the_numbers(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path)
    write(tmp_path, "b")
    page = open_page(f"{serve(tmp_path)}/histograms")
    box = drawn_card(page, "30 steps").bounding_box()
    assert box is not None
    for part in (0.3, 0.95):
        x = box["x"] + box["width"] * part
        page.mouse.move(x, box["y"] + 100)
        tip = page.locator(".hist-tip")
        tip.wait_for()
        page.wait_for_function(
            "x => document.querySelector('.hist-tip').getBoundingClientRect().left >= x", arg=x
        )
