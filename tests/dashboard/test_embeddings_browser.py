"""The embeddings page in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pytest

from dashboard.projection_spec import EXTRA
from summaries import SummaryWriter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
OpenPage = Callable[..., "Page"]

READY = ".pj-stage:not(.pj-busy) canvas[data-drawn]"
SETTINGS = {
    "method": "pca",
    "dims": 3,
    "points": 10000,
    "unit": False,
    "metric": "euclidean",
    "perplexity": 10,
    "iterations": 250,
    "neighbours": 15,
    "min_dist": 0.1,
}
HOSTILE = "<img src=x onerror=alert(1)>"


def write(logdir: Path, run: str = "a", n: int = 60, pictures: bool = False) -> None:
    """Three clusters of points, far from each other, by turns."""
    rng = np.random.default_rng(0)
    centres = np.eye(3, 8) * 50
    with SummaryWriter(logdir / run) as writer:
        for step in range(2):
            which = np.arange(n) % 3
            vectors = centres[which] + rng.normal(size=(n, 8))
            labels = [[f"kind {k}", f"{i / 7:.3f}", f"point {i}"] for i, k in enumerate(which)]
            labels[0][2] = HOSTILE
            writer.add_embedding(
                vectors.astype(np.float32),
                metadata=labels,
                metadata_header=["kind", "size", "name"],
                label_img=rng.random((n, 1, 4, 4)) if pictures else None,
                global_step=step * 10,
                tag="points",
            )


def opened(open_page: OpenPage, url: str, query: str = "", **settings: Any) -> Page:
    spec = quote(json.dumps({**SETTINGS, **settings}))
    page = open_page(f"{url}/embeddings?projection={spec}&{query}", width=1400, height=900)
    page.locator(READY).first.wait_for(timeout=120_000)
    return page


def test_points_are_coloured_searched_and_their_neighbours_listed(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, pictures=True)
    page = opened(open_page, serve(tmp_path))
    assert "60 rows" in page.locator(".pj-caption").inner_text()
    page.get_by_label("Colour by").select_option("kind")
    kinds = page.locator(".pj-legend li span").all_inner_texts()
    assert kinds == ["kind 0", "kind 1", "kind 2"]
    page.get_by_label("Colour by").select_option("size")
    page.locator(".pj-ramp", has_text="8.429").wait_for()
    page.get_by_label("Search points by label").fill("KIND 1")
    page.locator(".pj-note", has_text="20 found").wait_for()
    page.get_by_role("button", name="Regular expression").click()
    page.get_by_label("Search points by label").fill("kind [12]")
    page.locator(".pj-note", has_text="40 found").wait_for()
    page.get_by_label("Search points by label").fill("")
    page.locator(".pj-search + .pj-field select").select_option("name")
    page.get_by_label("Search points by label").fill("point 7$")
    page.locator(".pj-hits button", has_text="point 7").click()
    page.locator(".pj-near li").nth(19).wait_for()
    near = page.locator(".pj-near li span").all_inner_texts()
    assert near[:19] == ["kind 1"] * 19, "the others of its cluster, then the next cluster"
    assert page.get_by_role("img", name="Picture of row 7").count() == 1
    page.wait_for_url("**point=7**")


def test_a_click_takes_a_point_and_the_lasso_many(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path)
    page = opened(open_page, serve(tmp_path), dims=2)
    box: Any = page.locator(READY).bounding_box()
    seen = page.evaluate(
        """([width, height]) => {
          const {start, normalised, toScreen, buffers} = trainboard.projector;
          const points = normalised(Float32Array.of(0, 0, 1, 1, 2, 0), 3, 2, [0, 1]);
          const at = toScreen(points, 3, start(), {width, height, flat: true}, buffers(3));
          return [...at.x, ...at.y];
        }""",
        [box["width"], box["height"]],
    )
    half = 0.44 * min(box["width"], box["height"])
    middle = box["width"] / 2, box["height"] / 2
    assert seen[:3] == pytest.approx([middle[0] - half, middle[0], middle[0] + half], abs=0.1)
    low, high = middle[1] + half / 2, middle[1] - half / 2
    assert seen[3:] == pytest.approx([low, high, low], abs=0.1)
    page.get_by_text("Box", exact=True).click()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3, steps=4)
    page.mouse.up()
    page.locator("h3", has_text="60 selected").wait_for()
    page.get_by_label("Clear the selection").click()
    page.get_by_text("Turn", exact=True).click()
    page.locator(READY).focus()
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("0")
    page.keyboard.press("Escape")


def test_tsne_shows_its_progress_and_its_clusters(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    pytest.importorskip("sklearn")
    write(tmp_path)
    page = opened(open_page, serve(tmp_path), method="tsne", dims=2)
    assert page.locator(".pj-caption").inner_text() == "60 rows"
    page.get_by_label("perplexity").fill("5")
    page.get_by_label("perplexity").press("Enter")
    page.locator(".pj-overlay progress").wait_for()
    page.locator(".pj-overlay").wait_for(state="detached", timeout=120_000)


def test_a_projection_can_be_cancelled_and_begun_again(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    pytest.importorskip("sklearn")
    write(tmp_path, n=1500)
    page = opened(open_page, serve(tmp_path), iterations=10_000)
    page.get_by_text("t-SNE", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    page.locator(".pj-error", has_text="Cancelled").wait_for()
    page.get_by_role("button", name="Try again").wait_for()
    page.get_by_text("PCA", exact=True).click()
    page.locator(READY).wait_for()


def test_a_missing_library_is_told_with_the_line_that_installs_it(
    tmp_path: Path, serve: Serve, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"pca": "numpy", "raw": "numpy", "tsne": "no_such_module", "umap": "no_such_module"}
    monkeypatch.setattr("dashboard.projection_spec.MODULES", missing)
    write(tmp_path)
    page = opened(open_page, serve(tmp_path))
    page.get_by_text("UMAP", exact=True).click()
    page.locator(".pj-overlay code", has_text=EXTRA).wait_for()
    assert page.locator(".pj-error").inner_text() == "UMAP: its library is not installed"


def test_two_runs_stand_side_by_side_at_the_linked_step(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b")
    page = opened(open_page, serve(tmp_path), "point=4")
    page.get_by_role("button", name="Side by side").click()
    page.locator(READY).nth(1).wait_for()
    assert page.get_by_label("Run 2").input_value() == "b"
    page.locator(".pj-near").nth(1).wait_for()
    page.get_by_label("One step back (left arrow)").click()
    page.locator(".card-step-said", has_text="step 0").nth(1).wait_for()
    page.get_by_label("Close this side").first.click()
    page.locator(".pj-pane").nth(1).wait_for(state="detached")
    assert page.get_by_label("Run 1").input_value() == "b"


def test_a_sample_says_so_and_hostile_labels_stay_text(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write(tmp_path, n=1200)
    page = opened(open_page, serve(tmp_path), "point=0", points=1000)
    caption = page.locator(".pj-caption").inner_text()
    assert caption.startswith("1,000 of 1,200 rows, a random sample")
    page.locator(".pj-near li").first.wait_for()
    page.get_by_label("Search points by label").fill("kind")
    page.locator(".pj-note", has_text="1,000 found among the 1,000 shown").wait_for()
    assert page.locator("main img").count() == 0


def test_without_embeddings_the_page_says_how_to_log_them(
    tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    page = open_page(f"{serve(tmp_path)}/embeddings")
    page.locator("pre", has_text="writer.add_embedding(").wait_for()


def test_the_page_recovers_from_a_restart_of_the_server(
    tmp_path: Path, serve: Any, open_page: OpenPage
) -> None:
    write(tmp_path)
    url = serve(tmp_path)
    page = opened(open_page, url)
    port = serve.stop(url)
    page.locator(".live-lost").wait_for(timeout=30_000)
    page.get_by_text("unit length").click()
    page.locator(".pj-error", has_text="does not answer").wait_for()
    serve(tmp_path, port)
    page.locator(READY).wait_for(timeout=30_000)
    assert page.locator(".pj-error").count() == 0
