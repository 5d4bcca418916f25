"""What the page of one run shows, as data; and the page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.run_detail import console_of, detail_of, diff_of, kinds_of, sparks_of
from summaries import Histogram, NotFoundError, init, open_logdir
from summaries.surroundings import DIFF_TAG

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenPage = Callable[..., "Page"]
DIFF = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-lr = 0.1\n+lr = 0.3\n"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    config = {"lr": 0.1, "model": {"name": "resnet", "blocks": [2, 2]}, "on": True, "none": None}
    with init(tmp_path, name="a", config=config, notes="**first** try", tags=["best"]) as run:
        for step in range(100):
            run.log({"loss": 1.0 / (step + 1) if step != 50 else float("nan")}, step=step)
        run.log({"weights": Histogram([1.0, 2.0])})
        run.summary["found"] = 3
        run.alert("Look", text="at this", level="WARN")
    with init(tmp_path, name="b", config={**config, "lr": 0.3}) as run:
        run.log({"loss": 0.5}, step=0)
    return tmp_path


def add_diff(logdir: Path) -> None:
    """As a run in a changed working tree has it."""
    from summaries.kinds import text
    from summaries.store.writing import StoreWriter

    writer = StoreWriter(logdir / "events.db")
    with open_logdir(logdir) as reader:
        run_id = reader.store_of("a")[0].run_id("a")
    writer.merge_json(
        run_id,
        "environment",
        {
            "git": {"commit": "0123456789abcdef", "branch": "main", "dirty": True},
            "packages": {"numpy": "2.0", "torch": "2.5"},
            "cpu": "A processor",
            "memory_bytes": 16 << 30,
            "gpus": [{"name": "H100", "memory_bytes": 80 << 30}],
        },
    )
    writer.append(run_id, {}, [text.event(DIFF_TAG, DIFF, 0, 1e9)])
    writer.close()


def test_a_runs_detail_is_its_record_and_what_it_logged(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        detail = detail_of(reader, "a")
        assert detail["config"]["model"] == {"name": "resnet", "blocks": [2, 2]}
        assert (detail["notes"], detail["labels"]) == ("**first** try", ("best",))
        assert detail["summary"]["found"] == 3
        assert {one["title"] for one in detail["alerts"]} >= {"Look", "'loss' is NaN"}
        assert detail["n_alerts"] == len(detail["alerts"])
        assert (detail["has_diff"], detail["replaced"], detail["children"]) == (False, [], [])
        kinds = {one["kind"]: (one["tags"], one["values"]) for one in kinds_of(reader, "a")}
        assert kinds["scalar"] == (1, 100)
        assert kinds["histogram"] == (1, 1)
        with pytest.raises(NotFoundError):
            detail_of(reader, "x")


def test_rewinds_and_forks_are_told(tmp_path: Path) -> None:
    with init(tmp_path, name="parent") as run:
        for step in range(10):
            run.log({"x": 1.0, "y": 2.0}, step=step)
    init(tmp_path, name="parent", resume=True, rewind_step=6).finish()
    with init(tmp_path, name="child", fork_from="parent", fork_step=3) as run:
        run.log({"x": 1.0}, step=3)
    with open_logdir(tmp_path) as reader:
        detail = detail_of(reader, "parent")
        (rewind,) = detail["replaced"]
        assert (rewind["step"], rewind["values"], rewind["tags"]) == (6, 8, ["x", "y"])
        assert detail["children"] == [{"name": "child", "fork_step": 3}]
        assert detail_of(reader, "child")["parent"] == "parent"


def print_lines(logdir: Path, run: str, stream: str, *texts: str, first: int = 0) -> None:
    """As a process that prints them leaves them in the store, one by one."""
    from summaries.kinds import console
    from summaries.store.writing import StoreWriter

    with open_logdir(logdir) as reader:
        run_id = reader.store_of(run)[0].run_id(run)
    writer = StoreWriter(logdir / "events.db")
    events = [
        console.event(stream, [(1e9 + at, text)], at) for at, text in enumerate(texts, start=first)
    ]
    writer.append(run_id, {}, events)
    writer.close()


def test_the_end_of_the_output_is_read_alone(logdir: Path) -> None:
    print_lines(logdir, "a", "stdout", *(f"line {k}" for k in range(50)))
    print_lines(logdir, "a", "stderr", *(f"wrong {k}" for k in range(48, 50)), first=48)
    with open_logdir(logdir) as reader:
        assert len(reader.console("a")) == 52
        assert {one.text for one in reader.console("a", newest=2)} == {"line 49", "wrong 49"}
        lines = console_of(reader, "a", 5)
        assert [one["text"] for one in lines if one["stream"] == "stdout"] == [
            "line 47",
            "line 48",
            "line 49",
        ]
        assert reader.console("a", newest=0) == []


def test_sparks_are_short_and_have_gaps_where_values_lack(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        sparks = sparks_of(reader, "a", ["loss", "none"])
        assert list(sparks) == ["loss"]
        assert len(sparks["loss"]) <= 120
        assert sparks["loss"][0] == pytest.approx(1.0, abs=0.3)


def test_a_diff_that_was_recorded_is_given(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        with pytest.raises(NotFoundError):
            diff_of(reader, "a")
        add_diff(logdir)
        assert diff_of(reader, "a") == DIFF
        assert detail_of(reader, "a")["has_diff"]


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
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
