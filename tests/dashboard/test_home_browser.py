"""The home page and the alerts page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from summaries import init

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = "<img src=x onerror=window.hacked=1>"


def finished(logdir: Path, name: str, low: float) -> None:
    with init(logdir, name=name, system_metrics=False) as run:
        for step in range(20):
            run.log({"val/loss": low + 1.0 / (step + 1), "lr": 0.1}, step=step)


def test_an_empty_logdir_says_what_to_paste_and_shows_the_run_when_it_comes(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(tmp_path) + "/overview")
    page.get_by_role("heading", name="No runs here yet").wait_for()
    page.evaluate("() => (navigator.clipboard.writeText = async (text) => (window.copied = text))")
    page.get_by_role("button", name="Copy: Any loop").click()
    page.wait_for_function("() => window.copied !== undefined")
    pasted = page.evaluate("() => window.copied")
    assert str(tmp_path) in pasted
    exec(compile(pasted.replace("1000", "5"), "pasted", "exec"), {})
    page.get_by_role("link", name="my-run").first.wait_for()


def test_what_runs_what_failed_and_what_is_best_stand_on_the_home_page(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    finished(tmp_path, "good", 0.1)
    finished(tmp_path, "better", 0.05)
    failed = init(tmp_path, name="broken", system_metrics=False)
    failed.alert(HOSTILE, level="error")
    failed.finish(exit_code=1)
    run = init(tmp_path, name="now", config={"max_steps": 100}, system_metrics=False)
    for step in range(25):
        run.log({"val/loss": 2.0 - step / 100}, step=step)
    run.flush()
    page = open_page(serve(tmp_path) + "/overview")
    running = page.get_by_role("region", name="Running now")
    running.get_by_text("step 24 of 100").wait_for()
    bar = running.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") == "24"
    best = page.get_by_role("region", name="Best so far")
    assert "better" in best.locator("tbody tr").first.inner_text()
    assert "was 0.1500" in best.locator("tbody tr").first.inner_text()
    assert "broken" in page.get_by_role("region", name="Failed lately").inner_text()
    assert HOSTILE in page.get_by_role("region", name="Alerts").inner_text()
    run.log({"val/loss": 1.0}, step=60)
    run.flush()
    running.get_by_text("step 60 of 100").wait_for()
    run.finish()
    running.wait_for(state="detached")
    assert page.evaluate("window.hacked") is None


def test_the_root_stays_the_scalars_and_the_brand_leads_home(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    finished(tmp_path, "a", 0.1)
    page = open_page(serve(tmp_path))
    page.locator(".page-scalars").wait_for()
    page.locator(".brand").click()
    page.get_by_role("region", name="Best so far").get_by_role("link", name="val/loss").click()
    page.locator(".page-scalars .card").first.wait_for()
    assert page.evaluate("trainboard.view.get().tagFilter") == "^val/loss$"


def test_alerts_are_filtered_counted_until_seen_and_lead_to_the_chart(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a", system_metrics=False) as run:
        for step in range(5):
            run.log({"loss": float("nan") if step == 3 else 1.0}, step=step)
        run.alert("too slow", HOSTILE, level="warn")
    page = open_page(serve(tmp_path) + "/alerts")
    page.locator(".alert-row").nth(1).wait_for()
    badge = page.locator("#shell-nav a[data-badge='2']")
    badge.wait_for()
    page.get_by_text("Errors", exact=True).click()
    page.wait_for_function("() => document.querySelectorAll('.alert-row').length === 1")
    page.get_by_text("All", exact=True).click()
    page.get_by_label("Search the alerts").fill("too slow")
    page.wait_for_function("() => document.querySelectorAll('.alert-row').length === 1")
    assert HOSTILE in page.locator(".alert-row").inner_text()
    page.get_by_label("Search the alerts").fill("")
    with init(tmp_path, name="b", system_metrics=False) as later:
        later.alert("one more")
    page.locator("#shell-nav a[data-badge='3']").wait_for()
    page.locator(".alert-row", has_text="one more").wait_for()
    page.get_by_role("button", name="Mark all as seen").click()
    page.wait_for_function("() => !document.querySelector('#shell-nav a[data-badge]')")
    page.reload()
    page.locator(".alert-row").first.wait_for()
    assert page.locator(".alert-row.unseen").count() == 0
    page.get_by_role("link", name="loss at step 3").click()
    page.locator(".page-scalars .card").first.wait_for()
    assert page.evaluate("[trainboard.view.get().tagFilter, trainboard.view.get().step]") == [
        "^loss$",
        "3",
    ]
    assert page.evaluate("window.hacked") is None
