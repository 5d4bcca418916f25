"""Charts made on the page, groups, other x axes, restarts and pins in a real browser."""

from __future__ import annotations

import json
import math
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import INK, describe, ink, three_runs, wait_for_axes, wait_for_curves

from summaries import SummaryWriter, init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

PARSE = """([text, tags]) => {
  try {
    return trainboard.expressions.parse(text, new Set(tags)).ast;
  } catch (error) {
    return error.message;
  }
}"""
GAP = {"id": ":chart1", "title": "gap", "lines": ["`train/loss` - `eval/accuracy`"]}


def view(**values: Any) -> str:
    """The query of an address with these view values."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    return "?" + urllib.parse.urlencode(texts)


def seeds(logdir: Path, steps: int = 60) -> Path:
    """Two learning rates with three seeds each; the validation loss lies over epochs."""
    for rate in (0.1, 0.01):
        for seed in range(3):
            config = {"lr": rate, "seed": seed}
            with init(logdir, name=f"lr={rate}/seed={seed}", config=config) as run:
                run.define_metric("val/*", step_metric="epoch")
                for step in range(steps):
                    values = {"train/loss": rate + seed + math.exp(-step / 20)}
                    if step % 10 == 0:
                        values |= {"val/loss": values["train/loss"] + 1, "epoch": step / 10}
                    run.log(values, step=step)
    return logdir


def section(page: Page, key: str) -> list[str]:
    cards = page.locator(f'.cards[data-section="{key}"] .card h3')
    return cards.all_text_contents()


def hover(page: Page, tag: str, x: float, y: float) -> str:
    box = page.locator(f'[data-tag="{tag}"] .card-lines').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    table = page.locator(".hover-table")
    table.wait_for()
    return table.inner_text()


def test_what_is_typed_becomes_an_expression(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(three_runs(tmp_path)))
    wait_for_curves(page)
    tags = ["a", "b", "train/loss", "val/loss", "grad norm", "loss-x", "log"]
    loss, val = ["tag", "train/loss"], ["tag", "val/loss"]
    a, b = ["tag", "a"], ["tag", "b"]
    for text, expected in {
        "train/loss - val/loss": ["-", loss, val],
        "a/b": ["/", a, b],
        "a / b": ["/", a, b],
        "grad norm * 2": ["*", ["tag", "grad norm"], 2],
        "`grad norm` + ${loss-x}": ["+", ["tag", "grad norm"], ["tag", "loss-x"]],
        "loss-x": ["tag", "loss-x"],
        "log(a)": ["log", a],
        "log + 1": ["+", ["tag", "log"], 1],
        "a - b - 1": ["-", ["-", a, b], 1],
        "a + b * 2 ^ 3 ^ 2": ["+", a, ["*", b, ["^", 2, ["^", 3, 2]]]],
        "-a ** 2": ["neg", ["^", a, 2]],
        "-(a + .5e1)": ["neg", ["+", a, 5]],
        "min(a, max(b, 3), -1)": ["min", a, ["max", b, 3], -1],
        "ema(a, 0.9) * step": ["*", ["ema", a, 0.9], ["step"]],
        "train/los": "there is no metric 'train/los'; there is 'train/loss'",
        "zzz": "there is no metric 'zzz'",
        "a +": "it ends where a metric or a number should follow",
        "(a": "')' is missing",
        "a b": "'b' is one too many",
        "abs(a, b)": "abs() takes 1 values, not 2",
        "ema(a, 2)": "the second value of ema() is its weight: a number from 0 to below 1",
        "a ; b": "';' is not understood; a metric's name may stand in backticks",
        "`a": "the closing backtick is missing",
        "1 + 2": "it names no metric",
        "": "it is empty",
    }.items():
        got = page.evaluate(PARSE, [text, tags])
        if isinstance(expected, str) and text == "train/los":
            assert got.startswith(expected)
        else:
            assert got == expected, text
    again = """([texts, tags]) => texts.map((text) => {
      const {parse, print} = trainboard.expressions;
      const {ast} = parse(text, new Set(tags));
      return JSON.stringify(parse(print(ast), new Set(tags)).ast) === JSON.stringify(ast);
    })"""
    texts = ["-a ** 2", "a - (b - 1)", "(a - b) / (a * b)", "(-2) ^ a", "a - -b", "(a ^ b) ^ 2"]
    assert page.evaluate(again, [texts, tags]) == [True] * len(texts)


def test_a_chart_of_an_expression_is_made_edited_and_removed(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(three_runs(tmp_path)) + view(smoothing=0))
    wait_for_curves(page)
    page.get_by_role("button", name="+ Chart").click()
    field = page.get_by_label("Metric or expression")
    field.fill("train/los - eval/accuracy")
    page.get_by_text("there is no metric 'train/los'").wait_for()
    assert page.get_by_role("button", name="Add chart").is_disabled()
    field.fill("train/loss - eval/accuracy")
    page.get_by_text("3 runs have all of it").wait_for()
    page.get_by_role("button", name="Add chart").click()
    wait_for_curves(page, ":chart1")
    assert section(page, ":charts") == ["train/loss - eval/accuracy"]
    page.wait_for_function("() => location.search.includes('charts=')")
    values = page.evaluate("""() => {
      const key = [...trainboard.scalarStore.tags.keys()].find(trainboard.computed.isComputed);
      return Array.from(trainboard.scalarStore.get(key, "banana").value.slice(0, 3));
    }""")
    losses = [math.exp(-s / 30) + 0.3 + 0.05 * math.sin(s * 7) for s in range(3)]
    assert values == pytest.approx([loss - (1 - loss / 3) for loss in losses])
    page.locator('[data-tag=":chart1"] [aria-label="More for this card"]').click()
    with page.expect_download() as caught:
        page.get_by_role("menuitem", name="Computed values, CSV").click()
    rows = caught.value.path().read_text().splitlines()
    assert rows[0] == "curve,of,step,value"
    assert len(rows) == 301
    assert rows[101].startswith("train/loss - eval/accuracy,banana,0,")
    page.reload()
    wait_for_curves(page, ":chart1")
    menu = page.locator('[data-tag=":chart1"] [aria-label="More for this card"]')
    menu.click()
    page.get_by_role("menuitem", name="Edit chart…").click()
    page.get_by_role("button", name="+ Line").click()
    page.get_by_label("Metric or expression").nth(1).fill("abs(train/loss)")
    page.get_by_label("Title").fill("Both")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_function(
        """() => document.querySelector('[data-tag=":chart1"] .card-plot')
          .getAttribute("aria-label")?.includes("6 lines of 3 runs")"""
    )
    legend = page.locator('[data-tag=":chart1"] .card-legend')
    assert "abs(train/loss)" in legend.inner_text()
    assert section(page, ":charts") == ["Both"]
    menu.click()
    page.get_by_role("menuitem", name="Remove chart").click()
    page.wait_for_function("() => !document.querySelector('[data-tag=\":chart1\"]')")
    page.get_by_role("button", name="Undo").click()
    wait_for_curves(page, ":chart1")


def test_an_expression_grows_with_its_run_and_is_refined_on_zoom(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    chart = {"id": ":chart1", "title": "sum", "lines": ["`a` + `b`"]}
    with init(tmp_path, name="run", system_metrics=False) as run:
        for step in range(6000):
            run.log({"a": 1.0, "b": 99.0 if step == 3003 else 1.0}, step=step)
        run.flush()
        page = open_page(serve(tmp_path) + view(charts=[chart], smoothing=0))
        wait_for_curves(page, ":chart1")
        assert "to 104.9" in describe(page, ":chart1")  # the spike, and the air over it
        run.log({"a": 1.0, "b": 999.0}, step=6000)
        run.flush()
        page.wait_for_function(
            r"""() => /to 1,?0\d\d/.test(document.querySelector('[data-tag=":chart1"] .card-plot')
              .getAttribute("aria-label"))"""
        )
        with page.expect_response(
            lambda r: r.url.endswith("/api/computed") and '"range"' in (r.request.post_data or "")
        ) as caught:
            page.evaluate("""() => {
              const window = {axis: "step", x: [3000, 3010]};
              trainboard.view.set({zoom: {":chart1": window}});
            }""")
        data = caught.value.body()
        header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        (block,) = [block for block in header["blocks"] if block["tag"].startswith("\n")]
        assert block["exact"] is True
        assert header["arrays"][block["columns"]["step"]][2] == 13  # eleven, and one on either side


def test_groups_are_drawn_as_their_mean_with_a_band_and_n(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(seeds(tmp_path)) + view(group=["config.lr"], smoothing=0))
    page.wait_for_function(
        """() => document.querySelector('[data-tag="train/loss"] .card-plot')
          ?.getAttribute("aria-label")?.includes("2 groups")"""
    )
    wait_for_axes(page)
    assert page.locator(".group-strip").inner_text().split("\n") == ["lr=0.1 (3)", "lr=0.01 (3)"]
    text = hover(page, "train/loss", 0.5, 0.5)
    assert "lr=0.01" in text
    assert "n=3" in text
    assert "exactly that x" in text
    page.mouse.move(5, 5)
    before = ink(page)["hash"]
    page.get_by_role("button", name="± std").click()
    page.get_by_role("menuitemcheckbox", name="Mean, min–max").click()
    page.wait_for_function(f"before => ({INK})('train/loss').hash !== before", arg=before)
    page.wait_for_function("() => location.search.includes('band=minmax')")
    page.get_by_role("button", name="min–max").click()
    page.get_by_role("menuitemcheckbox", name="Each run", exact=True).click()
    page.wait_for_function(
        """() => document.querySelector('[data-tag="train/loss"] .card-plot')
          .getAttribute("aria-label").includes("6 runs")"""
    )


def test_a_new_run_joins_its_group(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(seeds(tmp_path)) + view(group=["config.lr"], band="minmax", smoothing=0))
    page.get_by_text("lr=0.1 (3)").wait_for()
    with init(tmp_path, name="lr=0.1/seed=9", config={"lr": 0.1, "seed": 9}) as run:
        for step in range(60):
            run.log({"train/loss": 50.0}, step=step)
    page.get_by_text("lr=0.1 (4)").wait_for()
    page.wait_for_function(
        r"""() => /to 5\d\.\d/.test(document.querySelector('[data-tag="train/loss"] .card-plot')
          .getAttribute("aria-label"))"""
    )


def test_an_axis_that_the_script_declared_and_one_that_is_chosen(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(seeds(tmp_path)) + view(smoothing=0))
    wait_for_curves(page, "val/loss")
    assert page.locator('[data-tag="val/loss"] .card-legend').inner_text() == "x: epoch"
    assert "(0 to 5" in describe(page, "val/loss")
    assert "(0 to 59" in describe(page, "train/loss")
    page.get_by_role("button", name="Metric…").click()
    page.get_by_label("Find a metric for the x axis").fill("epo")
    page.locator(".axis-list").get_by_role("button", name="epoch").click()
    page.wait_for_function(
        """() => document.querySelector('[data-tag="train/loss"] .card-plot')
          .getAttribute("aria-label").includes("(0 to 5")"""
    )
    page.wait_for_function("() => location.search.includes('x=metric%3Aepoch')")
    legend = page.locator('[data-tag="train/loss"] .card-legend').inner_text()
    assert "last values carried forward" in legend
    # On its own axis a metric would be a diagonal.
    assert "(0 to 50" in describe(page, "epoch")


def test_a_restarted_run_is_drawn_in_parts(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "run") as writer:
        for step in [*range(100), *range(50, 100)]:
            writer.add_scalar("train/loss", float(step), step)
    page = open_page(serve(tmp_path) + view(smoothing=0.9))
    wait_for_curves(page)
    before = ink(page)["hash"]
    parts = """() => {
      const series = trainboard.scalarStore.get("train/loss", "run");
      return [trainboard.lineParts.restarts(series), series.smoothed(0.9)[100]];
    }"""
    assert page.evaluate(parts) == [[100], 50.0]
    page.get_by_role("button", name="Lines").click()
    page.get_by_role("menuitemcheckbox", name="Break lines where a run restarted").click()
    page.wait_for_function(f"before => ({INK})('train/loss').hash !== before", arg=before)
    assert page.evaluate(parts)[1] > 60.0
    segments = "([breaks, from, to]) => trainboard.lineParts.segments(breaks, from, to)"
    assert page.evaluate(segments, [[3, 7], 0, 10]) == [[0, 3], [3, 7], [7, 10]]
    assert page.evaluate(segments, [[3, 7], 4, 7]) == [[4, 7]]
    assert page.evaluate(segments, [[], 2, 5]) == [[2, 5]]


def test_charts_are_pinned_by_key_and_menu_and_kept_in_order(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(three_runs(tmp_path)) + view(charts=[GAP]))
    wait_for_curves(page)
    page.locator('[data-tag="train/loss"] .card-plot').focus()
    page.keyboard.press("p")
    page.locator('.cards[data-section=":pinned"] [data-tag="train/loss"]').wait_for()
    page.locator('[data-tag=":chart1"] [aria-label="More for this card"]').click()
    page.get_by_role("menuitem", name="Pin to the top").click()
    page.wait_for_function("() => trainboard.view.get().pins.length === 2")
    assert section(page, ":pinned") == ["train/loss", "gap"]
    page.get_by_label("Filter metrics by a regular expression").fill("accuracy")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 3")
    page.locator('[data-tag=":chart1"] [aria-label="More for this card"]').click()
    page.get_by_role("menuitem", name="Move left").click()
    assert section(page, ":pinned") == ["gap", "train/loss"]
    page.locator('[data-tag="train/loss"] h3').drag_to(page.locator('[data-tag=":chart1"]'))
    page.wait_for_function(
        """() => new URLSearchParams(location.search).get("pins") === '["train/loss",":chart1"]'"""
    )
    page.reload()
    wait_for_curves(page)
    assert section(page, ":pinned") == ["train/loss", "gap"]
    page.locator('[data-tag="train/loss"] .card-plot').hover()
    page.keyboard.press("p")
    page.locator('.cards[data-section=":pinned"] [data-tag="train/loss"]').wait_for(
        state="detached"
    )


def test_another_page_shows_charts_of_its_own(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(three_runs(tmp_path)))
    wait_for_curves(page)
    page.evaluate("""() => {
      const node = document.createElement("div");
      document.querySelector("#page").prepend(node);
      const y = "`train/loss`";
      const line = {y, low: y + " - 1", high: y + " + 1", title: "margin"};
      window.given = trainboard.charts.mount(node, {
        charts: [
          {id: "own:1", title: "Margin", section: "First", lines: [line]},
          {id: "own:2", title: "Wrong", section: "First", lines: ["`a` -"]},
        ],
        controls: false,
      });
    }""")
    wait_for_curves(page, "own:1")
    assert "values −1." in describe(page, "own:1")
    assert section(page, "=First") == ["Margin", "Wrong"]
    message = page.locator('[data-tag="own:2"] .card-message')
    assert "should follow" in message.inner_text()
    page.evaluate("() => given.update([])")
    page.wait_for_function("() => !document.querySelector('[data-tag=\"own:1\"]')")
    page.evaluate("() => given.destroy()")
    wait_for_curves(page)
