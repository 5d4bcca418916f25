"""What is wrong with the data or the store, seen in a real browser: told, and survived."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scalar_cards import INK, describe, three_runs, wait_for_curves

from summaries import SummaryWriter, init
from summaries.records import Scalars
from summaries.store.writing import StoreWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]

HOSTILE = '"><img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'


def test_a_series_of_only_nan_is_marked_and_one_point_is_a_dot(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        run.log({"one": 3.0}, step=7)
        for step in range(50):
            run.log({"never": float("nan")}, step=step)
    page = open_page(serve(tmp_path))
    page.wait_for_function(f"() => ({INK})('one').painted > 10")
    page.wait_for_function(f"() => ({INK})('never').painted > 100")
    assert describe(page, "one").startswith("one: 1 runs")
    assert page.locator('[data-tag="never"] .card-message').inner_text() == ""


def test_hostile_names_are_text_on_every_page_that_lists_them(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a", config={HOSTILE: HOSTILE}, notes=HOSTILE, tags=[HOSTILE]) as run:
        run.log({HOSTILE: 1.0}, step=0)
        run.log({HOSTILE: 2.0}, step=1)
        run.alert(HOSTILE, HOSTILE)
    with SummaryWriter(tmp_path / "<b>run") as writer:
        writer.add_text(HOSTILE, HOSTILE, 0)
        writer.add_histogram(HOSTILE, [1.0, 2.0], 0)
        writer.add_scalar(HOSTILE, 1.0, 0)
        writer.add_image(HOSTILE, np.zeros((3, 4, 4), np.float32), 0)
    url = serve(tmp_path)
    from dashboard.pages import PAGES

    for shown in PAGES:
        page = open_page(f"{url}{shown.path}?run=a")
        page.locator("#page > *").first.wait_for()
        page.wait_for_timeout(700)
        assert page.evaluate("() => window.hurt") is None, shown.path
        assert page.locator("#page b, #page script").filter(has_text="run").count() == 0
        page.context.close()


def test_a_database_that_is_locked_for_a_while_is_waited_for(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a") as run:
        for step in range(50):
            run.log({"train/loss": 1.0 / (step + 1)}, step=step)
    file = tmp_path / "events.db"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    url = serve(tmp_path)
    holder.execute("BEGIN EXCLUSIVE")
    page = open_page(url)
    page.locator(".run-list").wait_for()
    page.wait_for_timeout(1500)
    assert page.locator("#page").inner_text().strip() != ""
    holder.execute("COMMIT")
    holder.close()
    wait_for_curves(page)


def test_a_database_that_vanishes_is_told_and_comes_back(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    logdir = three_runs(tmp_path / "logs")
    page = open_page(serve(logdir))
    wait_for_curves(page)
    shutil.move(logdir, tmp_path / "away")
    page.wait_for_function("() => document.querySelectorAll('.run-row').length === 0")
    assert page.locator("#page").inner_text().strip() != ""
    shutil.move(tmp_path / "away", logdir)
    wait_for_curves(page)


def test_a_server_that_restarts_under_the_page_is_found_again(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    logdir = three_runs(tmp_path)
    url = serve(logdir)
    page = open_page(url)
    wait_for_curves(page)
    port = serve.stop(url)
    page.locator(".live-lost").wait_for()
    with SummaryWriter(logdir / "durian") as writer:
        for step in range(20):
            writer.add_scalar("train/loss", 1.0, step)
    serve(logdir, port)
    page.locator(".live-live").wait_for()
    page.wait_for_function(
        """() => document.querySelector('[data-tag="train/loss"] .card-plot')
          .getAttribute("aria-label").includes("4 runs")"""
    )


def test_many_thousand_metrics_leave_the_page_usable(
    tmp_path: Path, serve: Serve, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.feed.MOST_SERIES", 20_000)
    store = StoreWriter(tmp_path / "events.db")
    run = store.start_run("many", {}).id
    one = [np.array([0, 1]), np.array([1.8e9, 1.8e9 + 1]), np.array([1.0, 2.0])]
    store.append(run, {f"layer{n % 40}/unit{n:05d}": Scalars(*one) for n in range(30_000)})
    store.update_run(run, status="finished")
    store.close()
    page = open_page(serve(tmp_path))
    page.locator(".card").first.wait_for(timeout=60_000)
    # A node for each of them would hold any browser for minutes.
    assert page.locator(".card").count() < 3000
    page.get_by_label("Filter metrics by a regular expression").fill("unit29999$")
    page.locator('[data-tag="layer39/unit29999"]').wait_for()
    wait_for_curves(page, "layer39/unit29999")
