"""The media page in a real browser: images, sounds, videos, pages and figures at one step."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from summaries import Html, Image, SummaryWriter, init
from summaries.event import Event

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]


def picture(red: int, green: int = 0) -> np.ndarray[Any, Any]:
    made = np.zeros((8, 12, 3), np.uint8)
    made[:, :, 0], made[:, :, 1] = red, green
    return made


def write(logdir: Path, run: str, steps: tuple[int, ...] = (0, 10, 20), green: int = 0) -> None:
    with SummaryWriter(logdir / run) as writer:
        for step in steps:
            for sample in (0, 1):
                made = picture(step * 10, green)
                writer.add_image(f"samples/{sample}", made, step, dataformats="HWC")


def log_as_image(logdir: Path, content: bytes, media_type: str) -> str:
    """Logs what is no image of ours, as a file from elsewhere may hold it; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    record = json.dumps({"w": 20, "h": 20, "t": media_type, "sha256": digest}).encode()
    with SummaryWriter(logdir / "a") as writer:
        writer._log_event(Event("image", "x", 0, 1.0, record, (media_type, content)))
    return digest


def loaded(page: Page, n: int = 1) -> None:
    """Waits until n images are there, decoded."""
    page.wait_for_function(
        "n => [...document.querySelectorAll('.media-open img')].filter("
        "image => image.complete && image.naturalWidth).length >= n",
        arg=n,
    )


def said(page: Page) -> list[str]:
    return page.locator(".card-step-said").all_inner_texts()


def test_runs_stand_side_by_side_at_the_newest_step(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b", (0, 15))
    page = open_page(f"{serve(tmp_path)}/media")
    loaded(page, 4)
    assert said(page) == ["step 20", "step 15"] * 2
    boxes = [card.bounding_box() for card in page.locator(".media-card").all()]
    assert boxes[0] and boxes[1] and boxes[2]
    assert boxes[0]["y"] == boxes[1]["y"], "one row a tag"
    assert boxes[0]["x"] == boxes[2]["x"], "one column a run"


def test_one_slider_moves_all_cards_and_each_tells_its_own_step(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b", (5, 15))
    page = open_page(f"{serve(tmp_path)}/media?tags=0")
    loaded(page, 2)
    page.get_by_label("Step as a number").fill("10")
    page.keyboard.press("Enter")
    page.get_by_text("step 5 before 10").wait_for()
    assert said(page) == ["step 10", "step 5 before 10"]
    page.wait_for_url("**step=10**")
    page.locator("#page").click(position={"x": 600, "y": 700})
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("nothing up to step 0; first at 5").wait_for()


def test_a_card_can_have_a_step_of_its_own(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    page = open_page(f"{serve(tmp_path)}/media?step=0")
    loaded(page, 2)
    card = page.locator(".media-card").first
    card.get_by_text("unlink", exact=True).click()
    card.get_by_label("Step of samples/0, run a").fill("1")
    card.get_by_text("step 10").wait_for()
    assert said(page) == ["step 10", "step 0"]
    page.wait_for_url("**steps=**")
    page.reload()
    loaded(page, 2)
    assert said(page) == ["step 10", "step 0"], "the link has it"
    page.locator(".media-card").first.get_by_text("link", exact=True).click()
    page.wait_for_function("!document.querySelector('.card-step-slider')")
    assert said(page) == ["step 0", "step 0"]


def test_a_new_image_shows_up_by_itself(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_image("x", picture(1), 0, dataformats="HWC")
        writer.flush()
        page = open_page(f"{serve(tmp_path)}/media")
        loaded(page)
        page.get_by_text("live", exact=True).wait_for()
        writer.add_image("x", picture(200), 7, dataformats="HWC")
        writer.flush()
        page.locator(".card-step-said", has_text="step 7").wait_for()


CENTRE = """name => {
  const canvas = [...document.querySelectorAll(".pane")].find(
    (pane) => pane.querySelector(".pane-title").textContent.includes(name)).querySelector("canvas");
  const {data} = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
  return [...data.slice(0, 3)];
}"""


def test_two_runs_are_compared_pixel_by_pixel(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", (20,))
    write(tmp_path, "b", (20,), green=30)
    page = open_page(f"{serve(tmp_path)}/media?tags=0")
    loaded(page, 2)
    page.get_by_label("Look closely at samples/0, run a, step 20").click()
    page.locator(".pane").nth(1).wait_for()
    page.wait_for_function(f"String(({CENTRE})('b')) === '200,30,0'")
    page.get_by_text("Difference", exact=True).click()
    page.locator(".pane-title", has_text="|A − B|").wait_for()
    page.wait_for_function(f"String(({CENTRE})('|A')) === '0,90,0'", timeout=10_000)
    reading = page.locator(".look-reading").inner_text()
    assert "mean difference 10.00 of 255, largest 30, 100.0 % of the pixels differ" in reading
    page.wait_for_url("**look=**")
    page.reload()
    page.locator(".pane-title", has_text="|A − B|").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search.includes('look=')")


@pytest.mark.parametrize("mode", ["Onion skin", "Swipe", "Flicker", "Lighter / darker"])
def test_other_ways_to_compare_draw(
    tmp_path: Path, serve: Serve, open_page: OpenPage, mode: str
) -> None:
    write(tmp_path, "a", (10, 20))
    page = open_page(f"{serve(tmp_path)}/media?tags=0")
    loaded(page)
    page.get_by_label("Look closely at samples/0").click()
    page.get_by_text(mode, exact=True).click()
    page.wait_for_function(f"({CENTRE})('step').some((value) => value > 0)")
    page.get_by_label("Step of A", exact=True).press("ArrowLeft")
    page.locator(".pane-title", has_text="step 10").first.wait_for()


def test_panes_zoom_together(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b")
    page = open_page(f"{serve(tmp_path)}/media?tags=0")
    loaded(page, 2)
    page.get_by_label("Look closely at samples/0, run a").click()
    canvas = page.locator(".pane-canvas").first
    canvas.wait_for()
    page.wait_for_function(f"({CENTRE})('b').some((value) => value > 0)")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -600)
    page.wait_for_function(
        "!document.querySelector('.look-reading').innerText.includes('zoom 1.0')"
    )
    values = page.locator(".pane-value").all_inner_texts()
    assert values[0].split()[:2] == values[1].split()[:2] == ["(6,", "4)"]
    page.get_by_role("button", name="Fit").click()
    page.locator(".look-reading", has_text="zoom 1.0").wait_for()


def test_a_large_image_comes_scaled_and_whole_on_demand(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    large = np.zeros((4000, 5000, 3), np.uint8)
    large[:, :, 2] = np.arange(5000) % 256
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_image("large", large, 0, dataformats="HWC")
    page = open_page(f"{serve(tmp_path)}/media")
    loaded(page)
    assert page.locator(".media-open img").evaluate("image => image.naturalWidth") <= 640
    assert "5000 × 4000" in page.locator(".media-size-of").inner_text()
    page.get_by_label("Look closely at large").click()
    page.get_by_role("button", name="Full size").click()
    page.get_by_role("button", name="Full size").wait_for(state="hidden")


def test_sounds_have_a_waveform_and_videos_their_frames(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_audio("speech", np.sin(np.arange(8000) / 5), 0, sample_rate=8000)
        frames = np.zeros((1, 3, 3, 8, 8))
        frames[0, 1] = 1.0
        writer.add_video("clip", frames, 0, fps=4)
    page = open_page(f"{serve(tmp_path)}/media")
    drawn = """() => {
      const canvas = document.querySelector(".media-wave");
      if (!canvas || !canvas.width) return false;
      const {data} = canvas.getContext("2d").getImageData(canvas.width / 2, 0, 1, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length > 20;
    }"""
    page.wait_for_function(drawn)
    page.get_by_text("8 kHz, 1 s").wait_for()
    page.get_by_label("Frame of clip").fill("1")
    page.get_by_text("2 / 3", exact=True).wait_for()
    middle = """() => [...document.querySelector(".media-clip canvas").getContext("2d")
      .getImageData(4, 4, 1, 1).data]"""
    page.wait_for_function(f"({middle})()[0] === 255")


def test_players_play_together(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    for run in ("a", "b"):
        with SummaryWriter(tmp_path / run) as writer:
            brighter = np.linspace(0, 1, 4).reshape(1, 4, 1, 1, 1)
            writer.add_video("clip", np.ones((1, 4, 3, 8, 8)) * brighter, 0, fps=4)
    page = open_page(f"{serve(tmp_path)}/media")
    page.get_by_label("Frame of clip, run a").wait_for()
    page.get_by_label("Frame of clip, run b").wait_for()
    page.get_by_label("Frame of clip, run a").fill("2")
    page.get_by_text("3 / 4", exact=True).nth(1).wait_for()
    page.get_by_text("Play together", exact=True).click()
    page.get_by_label("Frame of clip, run a").fill("0")
    page.get_by_text("1 / 4", exact=True).wait_for()
    page.get_by_text("3 / 4", exact=True).wait_for()


def test_a_page_runs_its_scripts_and_reaches_nothing(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    hostile = """<p id="x">not run</p><script>
      const tried = [];
      const attempt = (name, act) => { try { act(); tried.push(name); } catch (error) {} };
      attempt("parent", () => parent.document.title = "injected");
      attempt("cookie", () => document.cookie);
      attempt("storage", () => localStorage.length);
      fetch("/api/index").then(() => tried.push("fetch"), () => {}).then(() => {
        document.getElementById("x").textContent = "reached: " + tried.join();
      });
      new Image().src = "http://evil.example/beacon";
    </script><img src="http://evil.example/x.png">"""
    with init(tmp_path, name="a") as run:
        run.log({"report": Html(hostile)}, step=0)
    page = open_page(f"{serve(tmp_path)}/media")
    page.frame_locator("iframe").get_by_text("reached:").wait_for()
    assert page.frame_locator("iframe").locator("#x").inner_text() == "reached:"
    assert page.title() != "injected"


def test_a_plotly_figure_is_drawn_without_its_script_or_network(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    class Figure:
        def to_json(self) -> str:
            return """{"data": [{"y": [1, 3, 2], "name": "<img src=x onerror=alert(1)>",
              "text": ["<a href='javascript:alert(1)'>x</a>"], "mode": "lines+text"}],
              "layout": {"title": {"text": "A <b>title</b><script>document.title='no'</script>"},
              "images": [{"source": "http://evil.example/i.png", "xref": "paper"}]}}"""

        to_plotly_json = to_json

    with init(tmp_path, name="a") as run:
        run.log({"curve": Figure()}, step=0)
    page = open_page(f"{serve(tmp_path)}/media")
    page.locator(".media-figure .main-svg").first.wait_for()
    page.get_by_text("an image is left out: it would be fetched from elsewhere").wait_for()
    assert page.locator(".media-figure script, .media-figure img").count() == 0
    assert page.locator(".media-figure a[*|href^='javascript']").count() == 0
    assert page.title() != "no"


def test_a_drawing_with_a_script_opened_by_itself_does_nothing(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="20" '
        b'height="20"/><script>document.documentElement.id="ran"</script></svg>'
    )
    digest = log_as_image(tmp_path, svg, "image/svg+xml")
    url = serve(tmp_path)
    loaded(open_page(f"{url}/media"))
    page = open_page(f"{url}/api/blob/{digest}")
    assert page.evaluate("document.documentElement.id") == ""


def test_markup_in_a_tag_is_only_text(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    tag = "<img src=x onerror=document.title='injected'>"
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_image(tag, picture(1), 0, dataformats="HWC")
    page = open_page(f"{serve(tmp_path)}/media")
    loaded(page)
    assert page.locator(".media-card h3").inner_text() == tag
    page.get_by_label("Look closely").click()
    page.locator(".dialog-head h2", has_text="<img").wait_for()
    assert page.title() != "injected"


def test_a_damaged_image_says_so_and_the_others_are_shown(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    log_as_image(tmp_path, b"no image", "image/png")
    write(tmp_path, "b")
    page = open_page(f"{serve(tmp_path)}/media")
    page.get_by_text("This image cannot be shown.").wait_for()
    loaded(page)


def test_a_caption_stands_under_its_image(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        run.log({"x": Image(picture(1), caption="a <b>cat</b>")}, step=0)
    page = open_page(f"{serve(tmp_path)}/media")
    page.locator(".media-caption", has_text="a <b>cat</b>").wait_for()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/media", 'writer.add_image("samples/0", picture, step)'),
        ("/text", 'writer.add_text("samples/prompt"'),
        ("/tables", 'writer.add_table("predictions"'),
    ],
)
def test_an_empty_page_shows_the_line_to_paste(
    tmp_path: Path, serve: Serve, open_page: OpenPage, path: str, line: str
) -> None:
    page = open_page(serve(tmp_path) + path)
    page.locator(".notice pre").wait_for()
    text = page.locator(".notice").inner_text()
    assert line in text
    assert f"{tmp_path}/my-run" in text


def test_a_run_deleted_while_shown_leaves_the_others(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b")
    page = open_page(f"{serve(tmp_path)}/media?tags=0")
    loaded(page, 2)
    shutil.rmtree(tmp_path / "b")
    page.wait_for_function("document.querySelectorAll('.media-card').length === 1")
    loaded(page)
