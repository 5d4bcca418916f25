"""What can be done with scalar cards, in a real browser: zoom, steps, full screen, downloads."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import describe, three_runs, wait_for_axes, wait_for_curves

from summaries import init, open_logdir

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]
FOBS = """tag => document.querySelectorAll(
  `[data-tag="${tag}"] .fobs:not([hidden]) .fob:not([hidden])`).length"""
LOSS, ACCURACY = "train/loss", "eval/accuracy"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return three_runs(tmp_path)


def x_range(page: Page, tag: str = LOSS) -> list[float]:
    """What the card shows of x."""
    card = f"[...trainboard.scalarGrid.cards.values()].find(({{tag}}) => tag === {json.dumps(tag)})"
    return list(page.evaluate(f"{card}.view.xRange"))


def wait_for_x(page: Page, low: float, high: float, tag: str = LOSS) -> None:
    page.wait_for_function(
        """([tag, low, high, air]) => {
          const {xRange} = trainboard.scalarGrid.cards.get(tag).view;
          return Math.abs(xRange[0] - low) <= air && Math.abs(xRange[1] - high) <= air;
        }""",
        arg=[tag, low, high, (high - low) * 0.05],
    )


def drag(page: Page, tag: str, start: float, end: float, modifier: str | None = None) -> None:
    box = page.locator(f'[data-tag="{tag}"] .card-lines').bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    if modifier:
        page.keyboard.down(modifier)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=4)
    page.mouse.up()
    if modifier:
        page.keyboard.up(modifier)


def menu(page: Page, label: str, tag: str = LOSS) -> None:
    card = page.locator(f'[data-tag="{tag}"]')
    card.hover()
    card.get_by_label("More for this card").click()
    page.get_by_role("menuitem", name=label, exact=True).click()


def test_zoom_is_linked_unless_it_is_switched_off(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    for tag in (LOSS, ACCURACY):
        wait_for_curves(page, tag)
        wait_for_axes(page, tag)
    drag(page, LOSS, 0.25, 0.75)
    wait_for_x(page, 24.75, 74.25)
    wait_for_x(page, 24.75, 74.25, ACCURACY)
    page.wait_for_function("() => location.search.includes('xzoom=')")
    box = page.locator(f'[data-tag="{ACCURACY}"] .card-lines').bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + 90, box["y"] + 80)
    wait_for_x(page, 0, 99)
    wait_for_x(page, 0, 99, ACCURACY)
    assert not page.locator(".hover-table.pinned").is_visible()
    page.evaluate("trainboard.view.set({linkZoom: false})")
    drag(page, LOSS, 0.25, 0.75)
    wait_for_x(page, 24.75, 74.25)
    assert x_range(page, ACCURACY) == [0, 99]


def test_wheel_drag_and_keys_zoom_and_move(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    wait_for_axes(page)
    box = page.locator(f'[data-tag="{LOSS}"] .card-lines').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 80)
    page.keyboard.down("Alt")
    page.mouse.wheel(0, -462)  # 1.0015 ** 462 is 2
    page.keyboard.up("Alt")
    wait_for_x(page, 24.75, 74.25)
    drag(page, LOSS, 0.5, 0.7, "Shift")
    wait_for_x(page, 14.85, 64.35)
    plot = page.locator(f'[data-tag="{LOSS}"] .card-plot')
    plot.focus()
    plot.press("Shift+ArrowRight")
    wait_for_x(page, 27.2, 76.7)
    plot.press("+")
    wait_for_x(page, 35.5, 68.5)
    plot.press("-")
    wait_for_x(page, 27.2, 76.7)
    plot.press("0")
    wait_for_x(page, 0, 99)
    assert "zoom" not in describe(page)


def test_a_range_typed_into_the_settings_is_that_of_all_cards(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Range from").fill("20")
    page.get_by_label("Range from").press("Enter")
    wait_for_x(page, 20, 99)
    wait_for_x(page, 20, 99, ACCURACY)


def table_of(page: Page, tag: str = LOSS) -> list[dict[str, str]]:
    table = page.locator(f'[data-tag="{tag}"] .card-table')
    heads = table.locator("thead th").all_inner_texts()
    names = [
        f"{heads[i - 1]} {head}" if head == "at step" else head for i, head in enumerate(heads)
    ]
    rows = table.locator("tbody tr")
    return [
        dict(zip(names, rows.nth(i).locator("th, td").all_inner_texts(), strict=True))
        for i in range(rows.count())
    ]


def test_steps_are_selected_on_all_cards_with_a_table(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    for name, n in (("short", 100), ("long", 9000)):
        with init(tmp_path, name=name) as run:
            for step in range(n):
                value = 50.0 if (name, step) == ("long", 4321) else 1.0 + step / 1000
                run.log({LOSS: value, "train/other": 2.0 * step}, step=step)
    page = open_page(serve(tmp_path) + "/?smoothing=0")
    wait_for_curves(page)
    wait_for_axes(page)
    page.keyboard.press("s")
    page.wait_for_function(f"tag => ({FOBS})(tag) === 1", arg=LOSS)
    # Long series are in the browser as bins: the exact numbers come from the server.
    page.wait_for_function("() => !document.querySelector('.card-table .preview')")
    assert [(row["Run"], row["Value"], row["Step"]) for row in table_of(page)] == [
        ("short", "1.099", "99"),
        ("long", "9.999", "8,999"),
    ]
    page.keyboard.press("s")
    page.wait_for_function("() => location.search.includes('stepto=')")
    page.wait_for_function(f"tag => ({FOBS})(tag) === 2", arg=LOSS)
    fobs = page.locator(f'[data-tag="{LOSS}"] .fob:visible')
    first = fobs.nth(0).bounding_box()
    box = page.locator(f'[data-tag="{LOSS}"] .card-lines').bounding_box()
    assert first is not None
    assert box is not None
    page.mouse.move(box["x"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 60, steps=5)
    page.mouse.up()
    start = int(page.evaluate("Number(trainboard.view.get().step)"))
    page.wait_for_function(
        "start => document.querySelector('.fob').ariaValueNow === start", arg=str(start)
    )
    assert start == pytest.approx(3000, abs=40)
    page.wait_for_function("() => !document.querySelector('.card-table .preview')")
    (row,) = table_of(page)  # the short run has no point in the range
    with open_logdir(tmp_path) as reader:
        value = reader.scalars("long", LOSS).value[start:]
    assert row["Run"] == "long"
    assert (row["Max"], row["Max at step"]) == ("50.00", "4,321")
    assert row["Min at step"] == f"{start:,}"
    assert row["Mean"] == f"{value.mean():.4g}"
    assert row["Points"] == f"{len(value):,}"
    other = page.locator('[data-tag="train/other"] .fob:visible')
    assert other.nth(0).get_attribute("aria-valuenow") == str(start)
    fobs.nth(0).focus()
    page.keyboard.press("ArrowLeft")
    assert int(page.evaluate("Number(trainboard.view.get().step)")) < start
    page.keyboard.press("Delete")
    page.wait_for_function("() => !document.querySelector('.fobs:not([hidden])')")


ROWS = """([values, first, last]) => {
  const column = Float64Array.from(values);
  const series = {length: column.length, step: column.map((v, i) => i), value: column, min: column,
                  max: column, wall: column, count: null, nonfinite: null};
  return trainboard.cardTable.rangeRow({series, ys: column, firstWall: 0}, first, last);
}"""


def test_the_browsers_own_rows_are_those_of_the_server(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    import numpy as np

    from dashboard.http import jsonable
    from dashboard.step_range import range_row
    from summaries.records import Scalars

    page = open_page(serve(logdir))
    wait_for_curves(page)
    values = [9.0, 4.0, math.nan, -3.0, 0.5, -3.0, math.inf, 4.0, 1.0]
    points = Scalars(np.arange(9), np.zeros(9), np.array(values))
    for first, last in ((0, 8), (1, 5), (2, 2), (6, 7), (20, 30)):
        got = page.evaluate(ROWS, [values, first, last])
        expected = jsonable(vars(range_row(points, first, last)))
        assert got == {name: pytest.approx(v) if v else v for name, v in expected.items()}


def point_until_shown(page: Page, x: float, y: float, table: Locator) -> None:
    """Move the pointer as a hand does, again and again: a chart under it may be drawn anew."""
    for nudge in range(60):
        page.mouse.move(x + nudge % 2, y)
        if table.is_visible():
            return
        page.wait_for_timeout(250)
    table.wait_for(timeout=1)


def test_a_card_fills_the_screen_and_leads_to_the_next(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    card = page.locator(f'[data-tag="{LOSS}"]')
    card.hover()
    card.get_by_label("Full screen").click()
    dialog = page.locator("dialog.card-dialog")
    dialog.wait_for()
    shown = "() => document.querySelector('dialog .card')?.dataset.tag"
    assert page.evaluate(shown) == LOSS
    page.wait_for_function("() => document.querySelector('dialog .card canvas').clientWidth > 900")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => ({shown})() === '{ACCURACY}'")
    wait_for_curves(page, ACCURACY)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => ({shown})() === '{LOSS}'")
    wait_for_curves(page, LOSS)
    page.wait_for_function("() => document.querySelector('dialog .card canvas').clientWidth > 900")
    box = page.locator("dialog .card-lines").bounding_box()
    assert box is not None
    table = page.locator(".hover-table")
    point_until_shown(page, box["x"] + 400, box["y"] + 200, table)
    assert table.evaluate("table => table.closest('dialog') !== null")  # else it lies below
    page.mouse.click(box["x"] + 400, box["y"] + 200)
    page.wait_for_selector(".hover-table.pinned")
    page.keyboard.press("Escape")
    table.wait_for(state="hidden")
    assert dialog.is_visible()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.locator(".cards > .card").count() == 2
    assert page.locator(".card-slot").count() == 0
    page.wait_for_function("() => document.querySelector('.cards canvas').clientWidth < 700")


def test_waiting_for_points_is_told_only_when_it_lasts(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    url = serve(logdir)
    page = open_page("about:blank")
    waiting: list[Any] = []
    page.route("**/api/series", lambda route: waiting.append(route))
    page.goto(url)
    message = page.locator(f'[data-tag="{LOSS}"] .card-message')
    page.wait_for_function(
        """tag => {
          const message = document.querySelector(`[data-tag="${tag}"] .card-message.loading`);
          return message && getComputedStyle(message).visibility === 'visible'
            && message.innerText === 'Loading…';
        }""",
        arg=LOSS,
    )
    assert message.evaluate("node => getComputedStyle(node).animationDelay") == "0.3s"
    page.unroute("**/api/series")  # lets go what is held
    wait_for_curves(page)
    assert message.inner_text() == ""


def test_a_card_is_downloaded_with_every_point(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="long") as run:
        for step in range(6000):
            run.log({LOSS: 1 / (step + 1)}, step=step)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    with page.expect_download() as caught:
        menu(page, "CSV")
    assert caught.value.suggested_filename == "train_loss.csv"
    with Path(caught.value.path()).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["value"]) for row in rows] == [1 / (step + 1) for step in range(6000)]
    with page.expect_download() as caught:
        menu(page, "JSON")
    (series,) = json.loads(Path(caught.value.path()).read_text())
    assert len(series["value"]) == 6000


def test_a_picture_has_the_curves_and_a_legend(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    with page.expect_download() as caught:
        menu(page, "SVG")
    picture = Path(caught.value.path()).read_text()
    assert caught.value.suggested_filename == "train_loss.svg"
    for words in ("apple", "banana", "cherry", "train/loss"):
        assert words in picture
    with page.expect_download() as caught:
        menu(page, "PNG")
    assert Path(caught.value.path()).read_bytes().startswith(b"\x89PNG")


def test_all_that_is_shown_is_downloaded_at_once(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + '/?tags=loss&select={"only":["apple","cherry"]}')
    wait_for_curves(page)
    page.get_by_role("button", name="Download").click()
    page.get_by_text("Every point of 2 runs, 1 metrics").wait_for()
    with page.expect_download() as caught:
        page.get_by_role("menuitem", name="JSON").click()
    found = json.loads(Path(caught.value.path()).read_text())
    assert [(series["run"], series["tag"]) for series in found] == [
        ("apple", LOSS),
        ("cherry", LOSS),
    ]


def test_a_download_that_fails_says_why(logdir: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.evaluate("trainboard.cardExport.file('csv', {runs: ['gone'], tags: ['x']})")
    page.locator(".toast.bad", has_text="'gone'").wait_for()


def test_the_python_of_a_card_reads_its_points(
    logdir: Path, serve: Serve, open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    code = page.evaluate(
        "trainboard.cardExport.python(trainboard.scalarGrid.cards.get('train/loss'))"
    )
    found: dict[str, Any] = {}
    exec(compile(code, "copied", "exec"), found)
    assert list(found["points"]) == ["apple", "banana", "cherry"]
    assert len(found["points"]["banana"]) == 100
    assert "apple 100" in capsys.readouterr().out


def test_settings_and_shortcuts_change_the_view(
    logdir: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir))
    wait_for_curves(page)
    page.keyboard.press("]")
    page.keyboard.press("]")
    page.keyboard.press("[")
    assert page.evaluate("trainboard.view.get().smoothing") == pytest.approx(0.7)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Zoom all cards together").uncheck()
    page.get_by_label("Clip outliers").check()
    state = page.evaluate("trainboard.view.get()")
    assert (state["linkZoom"], state["outliers"]) == (False, True)
    page.keyboard.press("Escape")
    page.locator(".scalar-settings").wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Settings"
