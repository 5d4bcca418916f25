"""The run table in a real browser: columns, order, filters, the baseline, what it saves."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from summaries import init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]

BEST_LOSS = '.ag-cell[col-id="best:val/loss"]'


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    losses = {
        "a": [1.0, 0.5, 0.8],
        "b": [1.0, 0.25, 0.3],
        "c": [float("nan")],
        "d": [2.0, 1.0, 0.75],
    }
    for k, (name, values) in enumerate(losses.items()):
        with init(tmp_path, name=name, config={"lr": 0.1 / (k + 1), "deep": {"n": k}}) as run:
            for step, value in enumerate(values):
                run.log({"val/loss": value, "steps_per_s": 10.0 * k}, step=step)
    return tmp_path


def opened(page: Page, n: int = 4) -> Page:
    page.wait_for_function(
        f"() => document.querySelectorAll('.ag-center-cols-container .ag-row').length === {n}"
    )
    return page


def order(page: Page) -> list[str]:
    """The runs from top to bottom."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.ag-center-cols-container .ag-row')]"
        ".sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
        ".map(row => row.getAttribute('row-id'))"
    )
    return found


def wait_for_order(page: Page, expected: list[str]) -> None:
    page.wait_for_function(
        "expected => [...document.querySelectorAll('.ag-center-cols-container .ag-row')]"
        ".sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
        ".map(row => row.getAttribute('row-id')).join() === expected.join()",
        arg=expected,
    )


def values(page: Page, column: str) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        "column => Object.fromEntries([...document.querySelectorAll("
        '`.ag-cell[col-id="${column}"]`)].map('
        "cell => [cell.closest('.ag-row').getAttribute('row-id'), cell.innerText]))",
        column,
    )
    return found


def test_settings_that_differ_and_metrics_are_columns_by_themselves(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = opened(open_page(serve(logdir) + "/runs"))
    assert values(page, "best:val/loss") == {"a": "0.5000", "b": "0.2500", "c": "", "d": "0.7500"}
    assert values(page, "config.deep.n") == {"a": "0", "b": "1", "c": "2", "d": "3"}
    assert page.get_by_role("columnheader", name="val/loss best").is_visible()


def test_a_column_sorts_and_what_is_empty_comes_last(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = opened(open_page(serve(logdir) + "/runs"))
    heading = page.get_by_role("columnheader", name="val/loss best")
    heading.click()
    wait_for_order(page, ["b", "a", "d", "c"])
    heading.click()
    wait_for_order(page, ["d", "a", "b", "c"])
    page.wait_for_function("() => location.search.includes('sort=')")
    page.reload()
    opened(page)
    assert order(page) == ["d", "a", "b", "c"]


@pytest.mark.parametrize(
    ("column", "typed", "expected"),
    [
        ("best:val/loss", "<0.6", ["a", "b"]),
        ("best:val/loss", "0.5..1", ["a", "d"]),
        ("name", "a,d", ["a", "d"]),
        ("name", "!a", ["b", "c", "d"]),
        ("config.deep.n", "2", ["c"]),
    ],
)
def test_a_column_is_filtered_by_ranges_texts_and_several_values(
    logdir: Path, serve: Any, open_page: OpenPage, column: str, typed: str, expected: list[str]
) -> None:
    url = serve(logdir)
    page = opened(open_page(f"{url}/runs"))
    page.locator(f'.ag-floating-filter[col-id="{column}"] input').fill(typed)
    opened(page, len(expected))
    assert sorted(order(page)) == expected
    page.wait_for_function("() => location.search.includes('where=')")
    page.reload()
    opened(page, len(expected))
    page.get_by_text(f"{len(expected)} of 4 runs").wait_for()


def test_columns_are_chosen_and_the_address_keeps_them(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = opened(open_page(serve(logdir) + "/runs"))
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("steps_per")
    page.get_by_role("button", name="max", exact=True).click()
    page.get_by_label("Find a column").fill("lr")
    page.get_by_role("checkbox", name="lr").uncheck()
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name="steps_per_s max").wait_for()
    page.wait_for_function(
        "() => location.search.includes('max%3Asteps_per_s') && !location.search.includes('.lr')"
    )
    page.reload()
    opened(page)
    assert values(page, "max:steps_per_s") == {"a": "0", "b": "10.00", "c": "20.00", "d": "30.00"}
    assert values(page, "config.lr") == {}
    page.get_by_role("columnheader", name="steps_per_s max").click(button="right")
    page.get_by_role("menuitem", name="Hide").click()
    page.wait_for_function("() => !document.querySelector('[col-id=\"max:steps_per_s\"]')")


def test_values_are_held_against_the_baseline(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = opened(open_page(serve(logdir) + "/runs"))
    page.locator('.ag-row[row-id="a"] .more').dispatch_event("click")
    page.get_by_role("menuitem", name="Set as baseline").click()
    page.locator(".delta").first.wait_for()
    assert values(page, "best:val/loss") == {
        "a": "0.5000", "b": "0.2500\n−50 %", "c": "", "d": "0.7500\n+50 %",
    }  # fmt: skip
    assert page.locator(f'.ag-row[row-id="b"] {BEST_LOSS} .delta.good').count() == 1
    assert page.locator(f'.ag-row[row-id="d"] {BEST_LOSS} .delta.bad').count() == 1
    page.get_by_role("button", name="Distances in percent").click()
    page.locator(f'.ag-row[row-id="d"] {BEST_LOSS} .delta', has_text="+0.2500").wait_for()
    assert values(page, "best:val/loss")["d"] == "0.7500\n+0.2500"
    page.get_by_role("button", name="No baseline").click()
    page.wait_for_function("() => !document.querySelector('.delta')")


def test_rows_select_runs_for_every_page(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    page = opened(open_page(serve(logdir) + "/runs"))
    page.get_by_label("Show b").uncheck()
    page.wait_for_function("() => trainboard.runs.shown().length === 3")
    page.get_by_text("Scalars", exact=True).click()
    page.locator("#shell-side .run-row").nth(3).wait_for()
    assert not page.get_by_role("checkbox", name="b", exact=True).is_checked()


def test_the_table_is_saved_as_csv(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    with init(logdir, name="=cmd()", config={"lr": 1.0}) as run:
        run.log({"val/loss": 0.125}, step=0)
    page = opened(open_page(serve(logdir) + "/runs?" + 'cols=["name","best:val/loss"]'), 5)
    with page.expect_download() as saving:
        page.get_by_role("button", name="CSV").click()
    with saving.value.path().open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["Run", "val/loss (best)"]
    # A spreadsheet would run what begins with "=".
    assert sorted(rows[1:]) == [
        ["'=cmd()", "0.125"],
        ["a", "0.5"],
        ["b", "0.25"],
        ["c", ""],
        ["d", "0.75"],
    ]


def test_new_runs_and_values_come_by_themselves(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = opened(open_page(serve(logdir) + "/runs"))
    run = init(logdir, name="live")
    run.log({"val/loss": 0.0625}, step=0)
    run.flush()
    opened(page, 5)
    page.locator('.ag-row[row-id="live"]', has_text="0.06250").wait_for()
    page.locator('.ag-row[row-id="live"]', has_text="running").wait_for()
    run.log({"val/loss": 0.03125}, step=1)
    run.finish()
    page.locator('.ag-row[row-id="live"]', has_text="0.03125").wait_for()
    page.locator('.ag-row[row-id="live"]', has_text="finished").wait_for()


def test_the_tables_script_loads_on_its_page_only_and_nothing_of_its_enterprise_part(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    url = serve(logdir)
    page = open_page(url + "/scalars")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.locator("#shell-side .run-row").first.wait_for()
    assert not [one for one in asked if "grid" in one.rsplit("/", 1)[-1]]
    assert page.evaluate("window.dash_ag_grid") is None
    page.get_by_text("Runs", exact=True).first.click()
    opened(page)
    scripts = [one.rsplit("/", 1)[-1] for one in asked if "/grid/" in one]
    assert scripts == ["dash_ag_grid.min.js", "async-community.js"]


def test_an_empty_logdir_says_what_to_do(tmp_path: Path, serve: Any, open_page: OpenPage) -> None:
    page = open_page(serve(tmp_path) + "/runs")
    page.get_by_text("SummaryWriter(").wait_for()
    with init(tmp_path, name="first") as run:
        run.log({"loss": 1.0}, step=0)
    opened(page, 1)


def test_ten_thousand_rows_scroll_sort_and_filter(
    tmp_path: Path, serve: Any, open_page: OpenPage
) -> None:
    from sqlalchemy import insert, select

    from summaries.store import runs, schema
    from summaries.store.writing import StoreWriter

    writer = StoreWriter(tmp_path / "events.db")
    with writer.transaction() as connection:
        runs.start(
            connection, "sweep/0/run-0", {"lr": 0.0}, exist="new", key=None, new_key="k0", rank=0,
            fields={}, identity=runs.Identity("h", 1, ""),
        )  # fmt: skip
        first = dict(connection.execute(select(schema.run)).mappings().one())
        # The rest at once: started one by one they take half a minute.
        others = [
            {"id": first["id"] + k, "name": f"sweep/{k // 100}/run-{k}", "key": f"k{k}",
             "config": f'{{"lr": {k / 1e4}}}'}
            for k in range(1, 10_000)
        ]  # fmt: skip
        connection.execute(insert(schema.run), [first | other for other in others])
    writer.close()
    page = open_page(serve(tmp_path) + "/runs")
    page.locator(".ag-row").first.wait_for()
    page.get_by_text("10,000 runs").wait_for()
    assert page.locator(".ag-center-cols-container .ag-row").count() < 100
    page.locator('.ag-floating-filter[col-id="config.lr"] input').fill(">=0.9995")
    page.get_by_text("5 of 10,000 runs").wait_for()
    page.get_by_text("Scalars", exact=True).click()
    page.locator("#shell-side .run-row").first.wait_for()
    assert page.locator("#shell-side .run-row").count() < 100
