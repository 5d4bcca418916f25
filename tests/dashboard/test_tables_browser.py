"""The tables page: rows sorted, filtered and compared in a real browser, and saved as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from dashboard.pages.tables import csv_text
from summaries import SummaryWriter
from summaries.records import TableRecord

if TYPE_CHECKING:
    from playwright.sync_api import Page

browser = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]
COLUMNS = ["file", "label", "loss"]


def write(logdir: Path, run: str, *tables: list[list[Any]]) -> None:
    with SummaryWriter(logdir / run) as writer:
        for step, rows in enumerate(tables):
            writer.add_table("predictions", rows, step, columns=COLUMNS)


def cells(page: Page, column: int) -> list[str]:
    return page.locator(
        f".table-rows .table-row .table-cell:nth-child({column + 2})"
    ).all_inner_texts()


def test_a_table_as_csv_is_what_was_logged() -> None:
    table = TableRecord(0, 0.0, ("a", 'b "c"'), (("x,y", 1.5), ("line\nbreak", None)))
    rows = list(csv.reader(io.StringIO(csv_text(table), newline="")))
    assert rows == [["a", 'b "c"'], ["x,y", "1.5"], ["line\nbreak", ""]]


@browser
def test_rows_are_sorted_by_a_click(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    rows = [["img2", "cat", 0.5], ["img10", "dog", float("nan")], ["img1", "cat", -1]]
    write(tmp_path, "a", rows)
    page = open_page(f"{serve(tmp_path)}/tables")
    header = page.get_by_role("button", name="loss", exact=True)
    header.click()
    page.wait_for_url("**sort=**")
    assert cells(page, 2) == ["-1", "0.5", "NaN"]
    header.click()
    page.locator("[aria-sort=descending]").wait_for()
    assert cells(page, 2) == ["0.5", "-1", "NaN"], "what is no number stays last"
    page.get_by_role("button", name="file", exact=True).click()
    page.locator("[aria-sort=ascending]").wait_for()
    assert cells(page, 0) == ["img1", "img2", "img10"]


@browser
@pytest.mark.parametrize(
    ("query", "files"),
    [
        ("cat", ["a", "c"]),
        ("loss>0.1", ["a", "b"]),
        ("label=cat loss<=0.1", ["c"]),
        ("label!=cat", ["b"]),
        ('"two words"', ["b"]),
        ("file:B", ["b"]),
        ("nothing", []),
    ],
)
def test_rows_are_filtered(
    tmp_path: Path, serve: Serve, open_page: OpenPage, query: str, files: list[str]
) -> None:
    write(tmp_path, "x", [["a", "cat", 0.5], ["b", "two words", 0.2], ["c", "cat", 0.1]])
    page = open_page(f"{serve(tmp_path)}/tables")
    page.get_by_label("Filter rows").fill(query)
    page.locator(".table-counts", has_text=f"{len(files)} of 3 rows").wait_for()
    assert cells(page, 0) == files


@browser
def test_what_changed_since_the_step_before_is_marked(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(
        tmp_path,
        "run",
        [["a", "cat", 0.5], ["b", "dog", 0.2], ["c", "cat", 0.1]],
        [["c", "cat", 0.1], ["a", "dog", 0.5], ["d", "cat", 0.3]],
    )
    page = open_page(f"{serve(tmp_path)}/tables?against-table=step")
    counts = page.locator(".table-counts", has_text="1 changed, 1 added, 1 removed")
    counts.wait_for()
    assert 'rows matched by "file"' in counts.inner_text()
    assert page.locator(".table-cell.changed").all_inner_texts() == ["catdog"]
    page.get_by_text("only changes").click()
    page.locator(".table-counts", has_text="3 of 4 rows").wait_for()
    assert cells(page, 0) == ["a", "d", "b"]


@browser
def test_many_rows_are_drawn_only_where_they_are_seen(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", [[f"img{i}", "cat", i / 2] for i in range(20_000)])
    page = open_page(f"{serve(tmp_path)}/tables")
    page.locator(".table-counts", has_text="20,000 rows").wait_for()
    assert page.locator(".table-rows .table-row").count() < 80
    page.locator(".table-scroll").evaluate("node => node.scrollTop = node.scrollHeight")
    page.get_by_text("img19999", exact=True).wait_for()
    assert page.locator(".table-rows .table-row").count() < 80


@browser
def test_markup_in_cells_columns_and_tags_is_only_text(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    evil = "<img src=x onerror=document.title='injected'>"
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_table(evil, [[evil]], 0, columns=[evil])
    page = open_page(f"{serve(tmp_path)}/tables")
    page.locator(".table-cell", has_text=evil).nth(1).click()
    page.locator(".table-cell-whole pre", has_text=evil).wait_for()
    assert page.locator(".page-tables img, .popover img").count() == 0
    assert page.title() != "injected"


@browser
def test_a_table_is_saved_whole_and_as_shown(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a", [["x", "cat", 0.1], ["y", "dog", 1 / 3]])
    url = serve(tmp_path)
    with urlopen(f"{url}/api/table.csv?run=a&tag=predictions&at=0", timeout=10) as answer:
        assert answer.read().decode() == f"file,label,loss\r\nx,cat,0.1\r\ny,dog,{1 / 3}\r\n"
        assert "attachment" in answer.headers["Content-Disposition"]
    page = open_page(f"{url}/tables?rows=dog")
    page.locator(".table-counts", has_text="1 of 2 rows").wait_for()
    page.get_by_label("Save predictions, run a").click()
    with page.expect_download() as download:
        page.get_by_text("Save the rows shown as CSV").click()
    assert download.value.path().read_text() == f"file,label,loss\ny,dog,{1 / 3}\n"
