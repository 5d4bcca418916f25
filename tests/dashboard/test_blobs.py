"""Stored files over HTTP: cached for good, in ranges, scaled, and unable to do anything."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from PIL import Image

from dashboard import scaling
from dashboard.blobs import ranged
from dashboard.figure_json import cleaned_figure
from dashboard.scaling import Shelf, scaled, width_for
from summaries import SummaryWriter
from summaries.event import Event
from summaries.kinds import html as html_kind

Serve = Callable[[Path], str]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def encoded(size: tuple[int, int], mode: str = "RGB", format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 0 if mode == "I;16" else None).save(buffer, format=format)
    return buffer.getvalue()


def log_blob(logdir: Path, content: bytes, media_type: str) -> str:
    """Logs it as an image of that type, whatever it is; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    record = json.dumps({"w": 1, "h": 1, "t": media_type, "sha256": digest}).encode()
    with SummaryWriter(logdir / "a") as writer:
        writer._log_event(Event("image", "x", 0, 1.0, record, (media_type, content)))
    return digest


def get(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urlopen(Request(address, headers=headers), timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_a_file_is_served_as_it_was_logged_and_kept_for_good(tmp_path: Path, serve: Serve) -> None:
    content = encoded((3, 2))
    address = f"{serve(tmp_path)}/api/blob/{log_blob(tmp_path, content, 'image/png')}"
    status, headers, body = get(address)
    assert (status, body) == (200, content)
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["content-type"] == "image/png"
    assert "immutable" in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    status, _, body = get(address, **{"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")


@pytest.mark.parametrize(("content", "media_type"), [(SVG, "image/svg+xml"), (b"<p>", "text/html")])
def test_what_could_have_scripts_is_served_so_that_they_cannot_run(
    tmp_path: Path, serve: Serve, content: bytes, media_type: str
) -> None:
    digest = log_blob(tmp_path, content, media_type)
    _, headers, _ = get(f"{serve(tmp_path)}/api/blob/{digest}")
    policy = {k.lower(): v for k, v in headers.items()}["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy


def test_a_media_type_of_no_kind_is_only_for_saving(tmp_path: Path, serve: Serve) -> None:
    digest = log_blob(tmp_path, b"<script>", "application/xhtml+xml")
    _, headers, _ = get(f"{serve(tmp_path)}/api/blob/{digest}")
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment"


def test_a_page_in_a_frame_has_no_origin_and_no_network(tmp_path: Path, serve: Serve) -> None:
    url = serve(tmp_path)
    page = log_blob(tmp_path, b"<script>1</script>", "text/html")
    status, headers, _ = get(f"{url}/api/frame/{page}")
    policy = {k.lower(): v for k, v in headers.items()}["content-security-policy"]
    assert status == 200
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy
    picture = log_blob(tmp_path, encoded((1, 1)), "image/png")
    assert get(f"{url}/api/frame/{picture}")[0] == 400


@pytest.mark.parametrize(
    ("asked", "status", "body", "said"),
    [
        (None, 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-500", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=4-2", 416, b"", "bytes */10"),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_ranges(asked: str | None, status: int, body: bytes, said: str | None) -> None:
    answer = ranged(b"0123456789", "video/mp4", {}, asked)
    assert (answer.status_code, bytes(answer.body)) == (status, body)
    assert answer.headers.get("content-range") == said


@pytest.mark.parametrize("digest", ["0" * 64, "short", "../../etc/passwd"])
def test_what_is_not_there_is_told(tmp_path: Path, serve: Serve, digest: str) -> None:
    assert get(f"{serve(tmp_path)}/api/blob/{digest}")[0] in (400, 404)


def test_a_large_image_comes_small(tmp_path: Path, serve: Serve) -> None:
    digest = log_blob(tmp_path, encoded((3000, 1500)), "image/png")
    address = f"{serve(tmp_path)}/api/blob/{digest}"
    _, headers, body = get(f"{address}?width=600")
    with Image.open(io.BytesIO(body)) as picture:
        assert picture.size == (640, 320)
    assert {k.lower(): v for k, v in headers.items()}["content-type"].startswith("image/")
    assert get(f"{address}?width=wide")[0] == 400


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16", "1"])
def test_images_of_every_mode_are_scaled(mode: str) -> None:
    made = scaled(encoded((400, 200), mode), 160)
    assert made is not None
    with Image.open(io.BytesIO(made[0])) as picture:
        assert picture.size == (160, 80)


def test_sixteen_bits_a_pixel_are_brought_to_eight_not_cut_off() -> None:
    buffer = io.BytesIO()
    grey = np.full((100, 400), 128 * 257, np.uint16)
    Image.fromarray(grey).save(buffer, format="PNG")
    made = scaled(buffer.getvalue(), 160)
    assert made is not None
    with Image.open(io.BytesIO(made[0])) as picture:
        assert abs(np.asarray(picture.convert("L")).mean() - 128) < 2


def test_small_and_moving_images_are_left_as_they_are() -> None:
    assert scaled(encoded((100, 100)), 160) is None
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (400, 10), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, format="WEBP", save_all=True, append_images=frames[1:])
    assert scaled(buffer.getvalue(), 160) is None


def test_what_cannot_be_scaled_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="damaged"):
        scaled(encoded((400, 400))[:90], 160)
    monkeypatch.setattr(scaling, "MOST_PIXELS", 1000)
    with pytest.raises(ValueError, match="400 x 400 pixels are too many"):
        scaled(encoded((400, 400)), 160)


def test_widths_are_rounded_up_to_few() -> None:
    assert [width_for(wanted) for wanted in (1, 160, 161, 9999)] == [160, 160, 320, 2560]


def test_a_shelf_holds_what_was_used_last() -> None:
    shelf = Shelf(10)
    for key in "abc":
        shelf.put(key, (b"12345", "x"))
        shelf.get("a")
    assert [shelf.get(key) is not None for key in "abc"] == [True, False, True]
    shelf.put("large", (b"x" * 11, "x"))
    assert shelf.get("large") is None


def figure(**parts: Any) -> dict[str, Any]:
    return cleaned_figure(json.dumps(parts).encode())


def test_a_figure_keeps_its_traces_and_layout() -> None:
    made = figure(data=[{"type": "bar", "y": [1, 2]}], layout={"title": {"text": "a"}})
    assert made == {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {"title": {"text": "a"}},
        "notes": [],
    }


def test_nothing_of_a_figure_reaches_the_network() -> None:
    inside = "data:image/png;base64,AA"
    made = figure(
        data=[{"type": "scattergeo"}, {"type": "image", "source": "http://evil.example/x.png"}],
        layout={
            "images": [{"source": "http://evil.example/y.png"}, {"source": inside}],
            "map2": {"style": "http://evil.example/style"},
        },
        config={"plotlyServerURL": "http://evil.example"},
    )
    assert "evil" not in json.dumps(made)
    assert made["layout"]["images"] == [{}, {"source": inside}]
    assert len(made["notes"]) == 2


@pytest.mark.parametrize("content", [b"[1]", b"{", b"\xff"])
def test_what_is_no_figure_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="figure"):
        cleaned_figure(content)


def test_the_route_of_figures_serves_only_figures(tmp_path: Path, serve: Serve) -> None:
    url = serve(tmp_path)
    digest = log_blob(tmp_path, b'{"data": [{"y": [1]}]}', html_kind.PLOTLY)
    assert json.loads(get(f"{url}/api/figure/{digest}")[2])["data"] == [{"y": [1]}]
    page = log_blob(tmp_path, b"<p>", "text/html")
    assert get(f"{url}/api/figure/{page}")[0] == 400
