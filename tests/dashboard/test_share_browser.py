"""A view shared as a file, opened from the disk in a browser without a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import wait_for_curves

from summaries import init

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = "a</script><script>window.broken=1</script>"

INK = """at => { const canvas = document.querySelectorAll(".shared-plot")[at].lastElementChild;
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 200) painted++;
  return painted; }"""


class Offline:
    """A browser page without any network, that remembers what went wrong and what it asked for."""

    def __init__(self, browser: Browser, width: int) -> None:
        viewport = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=viewport, offline=True)  # type: ignore[arg-type]
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Callable[..., Page]]:
    """``open_file(path)``: the file in a page; in the end it must have asked for nothing else."""
    opened: list[tuple[Offline, str]] = []

    def start(path: Path, width: int = 1200) -> Page:
        offline = Offline(browser, width)
        opened.append((offline, path.as_uri()))
        offline.page.goto(path.as_uri())
        return offline.page

    yield start
    for offline, address in opened:
        errors, requests = offline.errors, offline.requests
        offline.context.close()
        assert errors == []
        assert requests == [address]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    logs = tmp_path / "logs"
    for i, name in enumerate((HOSTILE, "b", "c")):
        with init(logs, name=name, config={"lr": 0.1 * 2**i, "note": HOSTILE, "same": 1}) as run:
            for step in range(200):
                loss = math.nan if i == 2 and step > 150 else math.exp(-step / 50) + i
                run.log({"train/loss": loss, f"train/{HOSTILE}": step}, step=step)
    return logs


def share(page: Page, out: Path) -> Path:
    page.locator(".views-button").click()
    page.get_by_role("button", name="Share as a file…").click()
    page.get_by_label("Title").fill(HOSTILE)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the file").click()
    download.value.save_as(out)
    return out


def test_the_file_shows_the_view_as_it_was(
    logdir: Path, tmp_path: Path, serve: Serve, open_page: OpenPage, open_file: Callable[..., Page]
) -> None:
    page = open_page(f'{serve(logdir)}/scalars?smoothing=0.3&x=relative&select={{"except":["b"]}}')
    wait_for_curves(page)
    file = share(page, tmp_path / "view.html")
    shown = open_file(file)
    assert shown.title() == HOSTILE
    assert shown.locator("#shared-title").inner_text() == HOSTILE
    assert shown.locator(".shared-run").all_inner_texts() == [HOSTILE, "c"]
    assert shown.locator(".shared-card h3").all_inner_texts() == [f"train/{HOSTILE}", "train/loss"]
    assert shown.locator("#shared-weight").input_value() == "0.3"
    data = shown.evaluate("trainboard.data")
    loss = next(chart for chart in data["charts"] if chart["title"] == "train/loss")
    assert loss["axis"] == "relative"
    first, last = loss["lines"]
    assert first["y"] == [math.exp(-step / 50) for step in range(200)]  # exact, every one
    assert last["y"][150:152] == [math.exp(-3) + 2, "NaN"]
    assert (
        "Every point of every curve is in this file." in shown.locator("#shared-limit").inner_text()
    )
    settings = shown.locator("#shared-settings")
    assert "lr" in settings.inner_text() and "same" not in settings.inner_text()
    assert shown.evaluate("window.broken") is None


def test_the_file_answers_the_mouse_and_the_keys(
    logdir: Path, tmp_path: Path, serve: Serve, open_page: OpenPage, open_file: Callable[..., Page]
) -> None:
    page = open_page(f"{serve(logdir)}/scalars")
    wait_for_curves(page)
    shown = open_file(share(page, tmp_path / "view.html"))
    plot = shown.locator(".shared-plot").nth(1)
    box = plot.bounding_box()
    assert box is not None
    shown.mouse.move(box["x"] + box["width"] / 2, box["y"] + 80)
    tip = shown.locator("#shared-tip")
    tip.wait_for()
    assert HOSTILE in tip.inner_text() and "step 9" in tip.inner_text()
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 84, steps=3)
    shown.mouse.up()
    shown.get_by_role("button", name="reset zoom").wait_for()
    assert "zoomed" in (plot.get_attribute("aria-label") or "")
    plot.focus()
    shown.keyboard.press("Escape")
    shown.wait_for_function(
        "() => !document.querySelectorAll('.shared-plot')[1].ariaLabel.includes('zoomed')"
    )
    before = shown.evaluate(INK, 1)
    shown.locator(".shared-run", has_text="b").first.locator("input").uncheck()
    shown.wait_for_function(
        "() => document.querySelectorAll('.shared-plot')[1].ariaLabel.includes('2 curves')"
    )
    assert 0 < shown.evaluate(INK, 1) < before
    theme = shown.evaluate("document.documentElement.dataset.theme")
    shown.locator("#shared-theme").click()
    assert shown.evaluate("document.documentElement.dataset.theme") != theme
    shown.locator("#shared-filter").fill("loss")
    assert shown.locator(".shared-card:visible h3").all_inner_texts() == ["train/loss"]


def test_long_curves_are_envelopes_that_keep_every_spike_and_the_file_says_so(
    tmp_path: Path, serve: Serve, open_page: OpenPage, open_file: Callable[..., Page]
) -> None:
    with init(tmp_path / "logs", name="long") as run:
        for step in range(40_000):
            run.log({"loss": 50.0 if step == 31_234 else math.sin(step / 900)}, step=step)
    page = open_page(f"{serve(tmp_path / 'logs')}/scalars")
    wait_for_curves(page, "loss")
    shown = open_file(share(page, tmp_path / "view.html"))
    (line,) = shown.evaluate("trainboard.data.charts[0].lines")
    assert line["points"] == 40_000 and 4_000 < len(line["y"]) <= 8_192
    assert max(line["high"]) == 50.0
    assert "more than 16,384 points" in shown.locator("#shared-limit").inner_text()


def test_groups_are_shared_with_their_bands_and_compared_runs_alone(
    logdir: Path, tmp_path: Path, serve: Serve, open_page: OpenPage, open_file: Callable[..., Page]
) -> None:
    url = serve(logdir)
    page = open_page(f'{url}/scalars?group=["config.same"]')
    page.wait_for_function(
        "() => document.querySelector('.card-plot')?.ariaLabel?.includes('group')"
    )
    shown = open_file(share(page, tmp_path / "groups.html"))
    lines = shown.evaluate("trainboard.data.charts[1].lines")
    assert [(line["title"], line["runs"]) for line in lines] == [("same=1", [0, 1, 2])]
    low, high = lines[0]["band"]
    assert low[0] == pytest.approx(2 - 1) and high[0] == pytest.approx(2 + 1)
    page = open_page(f'{url}/compare?compare=["b","c"]')
    page.locator(".compare-grid .card").first.wait_for()
    narrow = open_file(share(page, tmp_path / "compared.html"), width=390)
    assert narrow.locator(".shared-run").all_inner_texts() == ["b", "c"]
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_page_without_charts_says_where_there_are_some(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(logdir)}/hparams")
    page.locator(".views-button").click()
    page.get_by_role("button", name="Share as a file…").click()
    page.get_by_text("This page has no charts to share").wait_for()
