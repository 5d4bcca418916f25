"""The page of one run in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from detailed_run import add_diff, print_lines, write_runs

from summaries import init, open_logdir

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    write_runs(tmp_path)
    return tmp_path


def test_a_runs_page_shows_what_there_is_of_it(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    add_diff(logdir)
    page = open_page(serve(logdir) + "/run?run=a&baseline=b")
    page.get_by_role("heading", name="a", exact=True).wait_for()
    assert page.locator(".markdown strong").inner_text() == "first"
    config = page.get_by_label("Config", exact=True)
    assert "base: 0.3" in config.inner_text()
    config.get_by_role("button", name="Copy").click()
    assert page.get_by_role("menuitem").all_inner_texts() == [
        "Copy as YAML",
        "Copy as JSON",
        "Copy as Python",
    ]
    page.keyboard.press("Escape")
    metrics = page.get_by_label("Metrics").first
    metrics.locator(".spark polyline").first.wait_for()
    assert "0.01000" in metrics.inner_text()
    assert "−98 %" in metrics.inner_text()
    page.get_by_role("button", name="Show changes").click()
    page.locator(".diff-line.added", has_text="+lr = 0.3").wait_for()
    assert page.get_by_text("H100, 80 GiB").is_visible()
    assert "numpy" in page.get_by_label("Packages").first.inner_text()
    assert "'loss' is NaN" in page.get_by_label("Health and alerts").inner_text()
    metrics.get_by_role("button", name="loss", exact=True).click()
    page.wait_for_function("() => location.pathname === '/scalars'")


def test_notes_are_written_on_the_page(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    page = open_page(serve(logdir) + "/run?run=b")
    page.get_by_role("button", name="Write").click()
    page.get_by_label("Notes in markdown").fill("# Worse\n\n<script>window.pwned = 1</script>")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Worse").wait_for()
    assert page.locator(".markdown").inner_text().endswith("<script>window.pwned = 1</script>")
    assert page.evaluate("window.pwned") is None
    with open_logdir(logdir) as reader:
        assert reader.run("b").notes.startswith("# Worse")


def test_a_run_deleted_while_its_page_is_shown_can_be_restored_there(
    logdir: Path, serve: Any, open_page: OpenPage
) -> None:
    from summaries.editing import empty_trash, trash_runs

    page = open_page(serve(logdir) + "/run?run=a")
    page.get_by_role("heading", name="a", exact=True).wait_for()
    trash_runs(logdir, ["a"])
    page.get_by_text("is in the trash").wait_for()
    page.get_by_role("button", name="Restore it").click()
    page.get_by_role("heading", name="a", exact=True).wait_for()
    trash_runs(logdir, ["a"])
    empty_trash(logdir)
    page.get_by_text("There is no run “a”").wait_for()
    page.get_by_role("button", name="All runs").click()
    page.locator('.ag-row[row-id="b"]').first.wait_for()


def test_a_running_runs_page_is_live(logdir: Path, serve: Any, open_page: OpenPage) -> None:
    run = init(logdir, name="live")
    run.log({"loss": 0.5}, step=0)
    run.flush()
    print_lines(logdir, "live", "stdout", "hello from it")
    page = open_page(serve(logdir) + "/run?run=live")
    page.get_by_text("last heard of").wait_for()
    page.get_by_role("log").get_by_text("hello from it").wait_for()
    run.log({"loss": 0.125}, step=1)
    run.flush()
    page.get_by_text("0.1250").first.wait_for()
    run.finish("failed")
    page.locator(".run-state.failed").wait_for()


@pytest.mark.parametrize(
    ("value", "yaml", "python"),
    [
        (
            '{"lr": 0.1, "model": {"name": "resnet", "blocks": [2, 2], "pre": true}, "x": null}',
            "lr: 0.1\nmodel:\n  name: resnet\n  blocks: [2, 2]\n  pre: true\nx: null",
            '{\n    "lr": 0.1,\n    "model": {\n        "name": "resnet",\n'
            '        "blocks": [2, 2],\n        "pre": True,\n    },\n    "x": None,\n}',
        ),
        (
            '{"a b": "yes", "c": "1e3", "d": "x: y", "e": {}, "f": [{"g": 1}]}',
            'a b: "yes"\nc: "1e3"\nd: "x: y"\ne: {}\nf:\n  - g: 1',
            '{\n    "a b": "yes",\n    "c": "1e3",\n    "d": "x: y",\n    "e": {},\n'
            '    "f": [{\n            "g": 1,\n        }],\n}',
        ),
    ],
)
def test_settings_are_copied_as_text_of_three_kinds(
    logdir: Path, serve: Any, open_page: OpenPage, value: str, yaml: str, python: str
) -> None:
    page = open_page(serve(logdir) + "/run?run=a")
    page.get_by_role("heading", name="a", exact=True).wait_for()
    told = page.evaluate(
        "v => [trainboard.configText.yaml(v), trainboard.configText.python(v)]", eval_json(value)
    )
    assert told[0] == yaml
    assert eval(told[1]) == eval_json(value)
    assert told[1].replace(" ", "") == python.replace(" ", "")


def eval_json(text: str) -> Any:
    import json

    return json.loads(text)
