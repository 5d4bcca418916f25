"""Cards of curves in a browser page: what is painted on them, and when it is there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Pixels of a card's canvas that are painted at all, and the distinct strong colours among them.
INK = """tag => {
  const canvas = document.querySelector(`[data-tag="${tag}"] canvas`);
  if (!canvas || !canvas.width) return {painted: 0, colors: [], hash: 0};
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0, hash = 0;
  const colors = {};
  for (let i = 0; i < data.length; i += 4) {
    if (!data[i + 3]) continue;
    painted++;
    hash = (hash * 31 + data[i] + 7 * data[i + 1] + 13 * data[i + 2] + i) | 0;
    if (data[i + 3] < 250) continue;
    const name = [data[i], data[i + 1], data[i + 2]].join();
    colors[name] = (colors[name] || 0) + 1;
  }
  return {painted, hash, colors: Object.keys(colors).filter(name => colors[name] > 20)};
}"""


def ink(page: Page, tag: str = "train/loss") -> dict[str, Any]:
    return dict(page.evaluate(INK, tag))


def wait_for_curves(page: Page, tag: str = "train/loss") -> None:
    page.wait_for_function(f"tag => ({INK})(tag).painted > 100", arg=tag)


def wait_for_axes(page: Page, tag: str = "train/loss") -> None:
    page.wait_for_selector(f'[data-tag="{tag}"] .xtick')


def describe(page: Page, tag: str = "train/loss") -> str:
    return page.locator(f'[data-tag="{tag}"] .card-plot').get_attribute("aria-label") or ""


def three_runs(logdir: Path) -> Path:
    """The logdir, with an apple, a banana and a cherry that each have a loss and an accuracy."""
    for number, name in enumerate(("apple", "banana", "cherry")):
        with SummaryWriter(logdir / name) as writer:
            for step in range(100):
                loss = math.exp(-step / 30) + 0.3 * number + 0.05 * math.sin(step * 7)
                writer.add_scalar("train/loss", loss, step)
                writer.add_scalar("eval/accuracy", 1 - loss / 3, step)
    return logdir
