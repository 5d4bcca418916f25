"""The meshes page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
FACES = np.array(
    [
        *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
        *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
    ]
)
# How many of a card's pixels are not empty, and a number that changes with what is drawn.
PICTURE = """i => {
  const canvas = document.querySelectorAll(".mesh-plot canvas")[i];
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [filled, sum] = [0, 0];
  for (let k = 0; k < data.length; k += 4) {
    if (data[k + 3]) filled += 1;
    sum = (sum * 31 + data[k] + 7 * data[k + 1] + 13 * data[k + 2] + 17 * data[k + 3]) % 1000003;
  }
  return [filled, sum];
}"""


def write(logdir: Path, run: str, tag: str = "cube", steps: int = 2) -> None:
    colours = (CUBE * 255).astype(np.uint8)
    with SummaryWriter(logdir / run) as writer:
        for step in range(steps):
            scaled = np.stack([CUBE * (step + 1), CUBE * 3])
            both = {"colors": np.stack([colours] * 2), "faces": np.stack([FACES] * 2)}
            writer.add_mesh(tag, scaled, global_step=step * 10, **both)


def drawn(page: Page, cards: int = 1) -> list[list[int]]:
    """Filled pixels and a check sum of each card, once all are drawn."""
    condition = f"document.querySelectorAll('.mesh-plot canvas[data-drawn]').length >= {cards}"
    page.wait_for_function(condition)
    page.wait_for_function(f"[...Array({cards}).keys()].every(i => ({PICTURE})(i)[0] > 1000)")
    return [page.evaluate(PICTURE, i) for i in range(cards)]


def changed(page: Page, card: int, before: list[int]) -> None:
    page.wait_for_function(f"([i, sum]) => ({PICTURE})(i)[1] !== sum", arg=[card, before[1]])


def test_all_runs_are_drawn_and_turn_together_by_one_context(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b")
    page = open_page(f"{serve(tmp_path)}/meshes")
    before = drawn(page, 2)
    facts = page.locator(".mesh-facts").all_inner_texts()
    assert facts == ["8 points, 12 triangles"] * 2
    page.locator(".mesh-plot canvas").first.focus()
    page.keyboard.press("ArrowRight")
    changed(page, 0, before[0])
    changed(page, 1, before[1])
    page.keyboard.press("0")
    page.wait_for_function(f"sum => ({PICTURE})(1)[1] === sum", arg=before[1][1])
    assert page.evaluate("trainboard.meshes.painter() === trainboard.meshes.painter()")
    page.get_by_text("one camera").click()
    page.keyboard.press("Shift+Tab")
    page.locator(".mesh-plot canvas").first.focus()
    page.keyboard.press("ArrowUp")
    changed(page, 0, before[0])
    assert page.evaluate(PICTURE, 1) == before[1]


def test_the_look_the_step_and_the_batch_change_the_picture(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    page = open_page(f"{serve(tmp_path)}/meshes")
    before = drawn(page)[0]
    for name in ("Flat", "Z up", "Wires", "Points", "Height"):
        page.get_by_text(name, exact=True).click()
        changed(page, 0, before)
        before = page.evaluate(PICTURE, 0)
    page.get_by_label("One step back (left arrow)").click()
    page.locator(".card-step-said", has_text="step 0").wait_for()
    page.get_by_label("Number in the batch of 2").fill("1")
    label = "[...document.querySelectorAll('.mesh-plot canvas')][0].getAttribute('aria-label')"
    page.wait_for_function(f"{label}.includes('step 0')")
    page.wait_for_url("**surface=points**")


def test_a_lost_context_comes_back(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    write(tmp_path, "a")
    page = open_page(f"{serve(tmp_path)}/meshes")
    before = drawn(page)[0]
    page.evaluate(
        """() => {
          window.lose = trainboard.meshes.painter().gl.getExtension("WEBGL_lose_context");
          window.lose.loseContext();
        }"""
    )
    page.wait_for_function("trainboard.meshes.painter().lost")
    page.evaluate("() => window.lose.restoreContext()")
    page.wait_for_function("!trainboard.meshes.painter().lost")
    page.locator(".mesh-plot canvas").focus()
    page.keyboard.press("ArrowRight")
    changed(page, 0, before)


def test_hostile_names_stay_text_and_empty_meshes_say_so(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    tag = "<img src=x onerror=alert(1)>"
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_mesh(tag, np.empty((1, 0, 3)), global_step=0)
        writer.add_mesh(tag, np.full((1, 4, 3), np.nan), global_step=1)
    page = open_page(f"{serve(tmp_path)}/meshes")
    page.locator(".mesh-facts", has_text="4 points, 4 not finite").wait_for()
    page.get_by_label("One step back (left arrow)").click()
    page.locator(".mesh-facts", has_text="0 points").wait_for()
    assert page.locator("main img").count() == 0


def test_without_meshes_the_page_says_how_to_log_them(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(tmp_path)}/meshes")
    page.locator("pre", has_text="writer.add_mesh(").wait_for()
