"""The runs in a real browser: the side bar's filter, tree and groups; what is done with runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from summaries import export_tfevents, init, open_logdir

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]

HOSTILE = "<img src=x onerror=window.pwned=1>\"'`${1}"


def sweep(logdir: Path) -> Path:
    for k, (lr, optimizer) in enumerate(
        [(0.1, "adam"), (0.1, "sgd"), (0.01, "adam"), (0.01, "sgd")]
    ):
        config = {"lr": lr, "optimizer": {"name": optimizer}, "seed": k % 2}
        name = f"sweep/{optimizer}/lr={lr}"
        with init(logdir, name=name, config=config, tags=["best"] if k == 1 else None) as run:
            for step in range(5):
                run.log(
                    {"train/loss": (k + 1) / (step + 1), "val/accuracy": 0.5 + k / 10}, step=step
                )
    run = init(logdir, name="broken", config={"lr": 0.5})
    run.log({"train/loss": 9.0}, step=0)
    run.finish("failed")
    return logdir


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return sweep(tmp_path / "logs")


def names(page: Page) -> list[str]:
    """The runs listed, as their rows name them."""
    return list(page.locator(".run-row .run-name").all_text_contents())


def wait_for_rows(page: Page, n: int) -> None:
    page.wait_for_function(
        "n => document.querySelectorAll('#shell-side .run-row .run-name').length === n", arg=n
    )


def act(page: Page, run: str, *labels: str) -> None:
    """Open the run's menu and choose from it."""
    page.locator(".run-row", has_text=run).click(button="right")
    for label in labels:
        page.get_by_role("menuitem", name=label, exact=True).click()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("adam", ["sweep/adam/lr=0.1", "sweep/adam/lr=0.01"]),
        ("lr=0.1|broken", ["sweep/adam/lr=0.1", "sweep/sgd/lr=0.1", "broken"]),
        ("lr<0.05", ["sweep/adam/lr=0.01", "sweep/sgd/lr=0.01"]),
        ("lr>=0.1 sweep", ["sweep/adam/lr=0.1", "sweep/sgd/lr=0.1"]),
        ("status:failed", ["broken"]),
        ("status:failed,crashed", ["broken"]),
        ("tag:best", ["sweep/sgd/lr=0.1"]),
        ("!tag:best sgd", ["sweep/sgd/lr=0.01"]),
        ("optimizer.name:a*", ["sweep/adam/lr=0.1", "sweep/adam/lr=0.01"]),
        ("config.seed:1 lr!=0.1", ["sweep/sgd/lr=0.01"]),
        ("train/loss<=0.4", ["sweep/adam/lr=0.1", "sweep/sgd/lr=0.1"]),
        ("^(?:broken)$", ["broken"]),
    ],
)
def test_runs_are_filtered_by_name_settings_status_and_metrics(
    logdir: Path, serve: Any, open_page: OpenPage, typed: str, expected: list[str]
) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    page.get_by_label("Filter runs by a regular expression").fill(typed)
    wait_for_rows(page, len(expected))
    assert names(page) == expected
    page.wait_for_function("n => trainboard.runs.shown().length === n", arg=len(expected))


def test_names_with_slashes_are_a_tree_that_folds(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    page.get_by_role("button", name="Tree", exact=True).click()
    headings = page.locator(".run-heading-name")
    assert headings.all_inner_texts() == ["sweep", "adam", "sgd"]
    assert names(page) == ["lr=0.1", "lr=0.01", "lr=0.1", "lr=0.01", "broken"]
    headings.nth(1).click()
    wait_for_rows(page, 3)
    page.get_by_label("All runs of adam").uncheck()
    page.wait_for_function("() => trainboard.runs.shown().length === 3")
    assert page.get_by_label("All runs of sweep").evaluate("box => box.indeterminate")
    page.wait_for_function("() => location.search.includes('tree=true')")


def test_the_list_is_moved_through_by_keys(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    page = open_page(serve(logdir) + "/scalars?tree=true")
    wait_for_rows(page, 5)
    tree = page.get_by_role("tree", name="Runs")
    tree.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
        tree.press(key)
    wait_for_rows(page, 3)
    tree.press("ArrowRight")
    wait_for_rows(page, 5)
    tree.press("ArrowDown")
    tree.press(" ")
    page.wait_for_function("() => trainboard.runs.shown().length === 4")
    assert page.locator(".run-row.active").inner_text().startswith("lr=0.1")
    tree.press("Enter")
    page.get_by_role("heading", name="sweep/adam/lr=0.1").wait_for()


def test_runs_are_grouped_and_take_the_groups_colour(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    page.locator(".group-button").click()
    page.locator(".group-key", has_text="config.optimizer.name").click()
    page.keyboard.press("Escape")
    page.locator(".run-heading").nth(2).wait_for()
    headings = page.locator(".run-heading-name").all_inner_texts()
    assert headings == ["optimizer.name=adam", "optimizer.name=sgd", "no optimizer.name"]
    colours = page.evaluate(
        "['adam', 'sgd'].map(o => [0.1, 0.01].map("
        "lr => trainboard.runs.color(`sweep/${o}/lr=${lr}`)))"
    )
    assert colours[0][0] == colours[0][1] != colours[1][0] == colours[1][1]
    page.get_by_label("All runs of optimizer.name=sgd").uncheck()
    page.wait_for_function("() => trainboard.runs.shown().length === 3")
    page.locator(".group-button").click()
    page.get_by_text("By name", exact=True).click()
    page.get_by_label("Regular expression of the name").fill(r"lr=([\d.]+)")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.run-heading-name')].map(n => n.textContent).join()"
        " === '0.1,0.01,other runs'"
    )
    page.wait_for_function("() => location.search.includes('group=')")


def test_a_range_is_selected_with_shift(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    boxes = page.locator(".run-row input")
    boxes.nth(1).click()
    page.wait_for_function("() => trainboard.runs.shown().length === 4")
    boxes.nth(3).click(modifiers=["Shift"])
    page.wait_for_function("() => trainboard.runs.shown().length === 2")


def test_a_run_is_renamed_noted_tagged_and_coloured(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    act(page, "broken", "Rename…")
    page.get_by_label("Name shown on the pages").fill("Too hot")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.locator(".run-row", has_text="Too hot").wait_for()
    act(page, "Too hot", "Tags…")
    page.get_by_label("Add a tag").fill("diverged")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_function("() => trainboard.runs.get('broken').labels.includes('diverged')")
    act(page, "Too hot", "Notes…")
    page.get_by_label("Markdown").fill("**too** high a rate")
    page.get_by_role("button", name="Save", exact=True).click()
    act(page, "Too hot", "Colour…")
    page.get_by_role("button", name="#e03131").click()
    page.wait_for_function("() => trainboard.runs.color('broken') === '#e03131'")
    with open_logdir(logdir) as reader:
        info = reader.run("broken")
        assert (info.display_name, info.labels, info.notes, info.colour) == (
            "Too hot",
            ("diverged",),
            "**too** high a rate",
            "#e03131",
        )


def test_a_deleted_run_comes_back_by_undo_and_from_the_trash(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    act(page, "broken", "Delete")
    wait_for_rows(page, 4)
    page.get_by_role("button", name="Undo").click()
    wait_for_rows(page, 5)
    page.get_by_label("Filter runs by a regular expression").fill("adam")
    wait_for_rows(page, 2)
    page.get_by_role("button", name="Actions on the shown runs").click()
    page.get_by_role("menuitem", name="Delete").click()
    wait_for_rows(page, 0)
    page.get_by_label("Filter runs by a regular expression").fill("")
    wait_for_rows(page, 3)
    page.keyboard.press("Escape")
    page.evaluate("() => trainboard.runActions.trash()")
    rows = page.locator(".trash-row")
    rows.nth(1).wait_for()
    rows.filter(has_text="lr=0.1").first.get_by_role("button", name="Restore").click()
    wait_for_rows(page, 4)
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_role("dialog", name="Delete for good?").get_by_role(
        "button", name="Delete for good"
    ).click()
    page.get_by_text("Nothing in the trash.").wait_for()
    with open_logdir(logdir) as reader:
        assert len(reader.runs()) == 4
        assert reader.runs(deleted=True) == []


def test_archived_runs_are_hidden_until_asked_for(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    page = open_page(serve(logdir) + "/scalars")
    wait_for_rows(page, 5)
    act(page, "broken", "Archive")
    wait_for_rows(page, 4)
    page.get_by_role("button", name="1 archived").click()
    wait_for_rows(page, 5)
    act(page, "broken", "Take back from the archive")
    page.wait_for_function("() => trainboard.runs.archivedCount() === 0")


def test_what_cannot_be_edited_says_why(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    export_tfevents(logdir, logdir / "theirs")
    page = open_page(serve(logdir) + "/scalars?runs=theirs/broken")
    wait_for_rows(page, 1)
    page.locator(".run-row").click(button="right")
    item = page.get_by_role("menuitem", name="Rename…")
    item.wait_for()
    assert item.is_disabled()
    assert "TensorBoard's event files" in (item.get_attribute("title") or "")


def test_a_hostile_name_is_only_a_name(tmp_path: Path, serve: Any, open_page: OpenPage) -> None:
    with init(tmp_path, name="plain", config={HOSTILE: HOSTILE}, tags=["<b>x</b>"]) as run:
        run.log({"loss": 1.0}, step=0)
    page = open_page(serve(tmp_path) + "/runs")
    page.locator(".ag-row").first.wait_for()
    page.evaluate(
        "name => trainboard.editing.change(['plain'], {display_name: name, notes: name})", HOSTILE
    )
    page.locator(".cell-name", has_text=HOSTILE).wait_for()
    page.evaluate("name => trainboard.view.set({groupBy: ['config.' + name]})", HOSTILE)
    page.goto(page.url.split("/runs")[0] + "/run?run=plain")
    page.get_by_role("heading", name=HOSTILE).wait_for()
    page.locator(".run-settings", has_text=HOSTILE).wait_for()
    page.locator(".markdown", has_text="onerror").wait_for()
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img").count() == 0
