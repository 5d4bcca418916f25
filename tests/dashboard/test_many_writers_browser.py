"""Runs that are rewound, and runs of several ranks, on an open page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scalar_cards import wait_for_curves

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[..., str]
OpenPage = Callable[..., "Page"]

HELD = """([tag, run]) => {
  const series = window.trainboard.scalarStore.get(tag, run);
  return series ? Array.from(series.value.slice(0, series.length)) : [];
}"""


def test_a_rewound_run_that_outgrew_its_old_length_shows_only_what_it_has(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(50):
            writer.add_scalar("train/loss", 1.0, step)
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    with SummaryWriter(tmp_path / "a", purge_step=20) as writer:
        for step in range(20, 120):
            writer.add_scalar("train/loss", 2.0, step)
        writer.flush()
        expected: list[float] = [1.0] * 20 + [2.0] * 100
        page.wait_for_function(
            f"([where, expected]) => JSON.stringify(({HELD})(where)) === JSON.stringify(expected)",
            arg=[["train/loss", "a"], expected],
        )


def test_ranks_are_drawn_as_one_curve_with_their_band_while_they_log(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    ranks = [SummaryWriter(tmp_path / "ddp", rank=rank) for rank in range(4)]

    def log(steps: range) -> None:
        for rank, writer in enumerate(ranks):
            for step in steps:
                writer.add_scalar("train/loss", 1.0 + rank, step)
            writer.flush()

    log(range(100))
    page = open_page(serve(tmp_path))
    wait_for_curves(page)
    log(range(100, 300))
    read = """() => {
      const series = window.trainboard.scalarStore.get("train/loss", "ddp");
      if (!series) return null;
      const part = (column) => Array.from(column.slice(0, series.length));
      return {n: series.n, step: part(series.step), value: part(series.value),
              min: part(series.min), max: part(series.max)};
    }"""
    page.wait_for_function(f"() => ({read})()?.n === 1200")
    found: dict[str, Any] = page.evaluate(read)
    assert found["step"] == sorted(found["step"])
    assert set(found["value"]) == {2.5}
    assert (set(found["min"]), set(found["max"])) == ({1.0}, {4.0})
    for writer in ranks:
        writer.close()
