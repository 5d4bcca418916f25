"""The system page in a real browser: gauges of what runs, charts by resource over time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from summaries import init
from summaries.run import Run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Serve = Any
OpenPage = Callable[..., "Page"]


def sampled(run: Run, number: int, at: float, **values: float) -> None:
    for name, value in values.items():
        tag = "system/" + name.replace("__", "/")
        run._pipeline.points.append((tag, value, number, at))
    run.flush()


@pytest.fixture
def running(tmp_path: Path) -> Any:
    run = init(tmp_path, name="now", system_metrics=False)
    for number in range(50):
        sampled(
            run,
            number,
            1e9 + 10 * number,
            cpu_percent=40.0,
            process_cpu_percent=230.0,
            gpu10__utilisation_percent=91.0,
            gpu2__power_watts=300.0,
            gpu2__utilisation_percent=90.0,
            memory_used_percent=97.0,
        )
    yield run
    run.finish()


def test_charts_stand_by_resource_over_relative_time_and_gauges_are_live(
    tmp_path: Path, running: Run, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(tmp_path) + "/system")
    page.locator(".card[data-tag], .card").first.wait_for()
    sections = page.locator(".group-head span:nth-child(2)").all_inner_texts()
    assert sections == ["Processor", "Memory", "GPU 2", "GPU 10"]
    titles = page.locator("[data-section='=GPU 2'] .card h3").all_inner_texts()
    assert titles == ["GPU 2, utilisation (%)", "GPU 2, power (W)"]
    assert page.evaluate("trainboard.charts.axisOf({lines: [], axis: 'relative'})") == "relative"
    page.get_by_text("Wall", exact=True).click()
    page.wait_for_function("() => location.search.includes('time=wall')")
    tile = page.get_by_role("article", name="now")
    assert "40 %" in tile.inner_text()
    assert tile.locator(".gauge-bar").count() == 4
    assert tile.locator(".gauge-bar.full").count() == 1
    sampled(running, 50, 1e9 + 500, cpu_percent=77.0)
    tile.get_by_text("77 %").wait_for()
    page.get_by_label("Filter the machine's metrics").fill("gpu 2")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 2")


def test_a_run_that_ended_has_charts_and_no_gauges(
    tmp_path: Path, running: Run, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(tmp_path) + "/system")
    page.get_by_role("article", name="now").wait_for()
    running.finish()
    page.get_by_role("article", name="now").wait_for(state="detached")
    assert page.locator(".card").count() > 0


def test_without_machine_metrics_the_navigation_has_no_such_page(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with init(tmp_path, name="a", system_metrics=False) as run:
        run.log({"loss": 1.0})
    page = open_page(serve(tmp_path) + "/system")
    page.get_by_role("heading", name="No run logged what its machine does").wait_for()
    page.locator("#shell-nav a", has_text="Scalars").click()
    page.locator("#shell-nav .nav-item[hidden]", has_text="System").wait_for(state="attached")


def test_values_are_told_with_their_unit(
    tmp_path: Path, running: Run, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(serve(tmp_path) + "/system")
    page.locator(".card").first.wait_for()
    say = "([v, unit]) => trainboard.machine.value(v, unit)"
    for value, unit, expected in [
        (7.25, "%", "7.3 %"),
        (91.4, "%", "91 %"),
        (812.0, "MB", "812 MB"),
        (61234.0, "MB", "61.2 GB"),
        (68.4, "°C", "68 °C"),
    ]:
        assert page.evaluate(say, [value, unit]) == expected
