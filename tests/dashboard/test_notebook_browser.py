"""The dashboard in a notebook: a real IPython, and the frame's page in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from scalar_cards import three_runs, wait_for_curves

import dashboard
from dashboard import notebook
from summaries import LogdirError

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.testing.globalipapp import start_ipython

    start_ipython()
    yield InteractiveShell.instance()
    for served in list(notebook._served.values()):
        served.stop()


def test_the_magic_shows_the_page_in_a_frame(
    shell: Any, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    logdir = three_runs(tmp_path)
    shell.run_line_magic("load_ext", "dashboard")
    shown = shell.run_line_magic("trainboard", f"--logdir {logdir} --height 500 --theme dark")
    frame = shown._repr_html_()
    assert 'height="500"' in frame
    # A notebook's page comes from this machine too; browsers refuse its addresses to blank ones.
    page = open_page(f"{shown.url}/api/v1/health")
    page.set_content(frame)
    inside = page.frame_locator("iframe")
    inside.locator(".card").first.wait_for()
    inside.locator('html[data-theme="dark"]').wait_for(state="attached")
    # The same logdir is served once, and ends when told to.
    again = dashboard.show(str(logdir))
    assert again.url == shown.url
    page.goto(again.url)
    wait_for_curves(page)
    again.stop()
    assert dashboard.show(str(logdir)).url != shown.url


class _Hub(BaseHTTPRequestHandler):
    """What jupyter-server-proxy does: takes its path off, and passes on the browser's Host."""

    protocol_version = "HTTP/1.0"  # each answer ends with its connection

    def do_GET(self) -> None:
        match = re.fullmatch(r"/user/ann@x/proxy/(\d+)(/.*)", self.path)
        if match is None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.server.frame.encode())  # type: ignore[attr-defined]
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        inner = HTTPConnection("127.0.0.1", int(match[1]))
        headers = {**dict(self.headers), "Host": "hub.example.org", "Connection": "close"}
        inner.request(self.command, match[2], body, headers)
        answer = inner.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # the browser has left the page
            while part := answer.read1(65536):
                self.wfile.write(part)

    do_POST = do_GET  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_behind_a_hubs_proxy_the_frame_is_found_by_its_address(
    shell: Any,
    hub: ThreadingHTTPServer,
    tmp_path: Path,
    open_page: Callable[..., Page],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logdir = three_runs(tmp_path)
    monkeypatch.setenv("TRAINBOARD_PROXY_URL", "/user/ann@x/proxy/%PORT%/")
    shown = dashboard.show(logdir)
    hub.frame = shown._repr_html_()  # type: ignore[attr-defined]
    page = open_page(f"http://127.0.0.1:{hub.server_port}/lab")
    page.frame_locator("iframe").locator(".card").first.wait_for()
    wait_for_curves(cast("Page", page.frames[-1]))  # its series came by POST
    # Without its token nobody else on the machine sees it, and the token stays below its path.
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{shown.url}/api/v1/runs", timeout=20)
    (cookie,) = page.context.cookies()
    assert cookie["path"] == f"/user/ann@x/proxy/{shown.port}/"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}, "/user/ann/proxy/%PORT%/"),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/", "TRAINBOARD_PROXY_URL": ""}, ""),
        ({"TRAINBOARD_PROXY_URL": "https://hub/%PORT%"}, "https://hub/%PORT%"),
    ],
)
def test_the_proxy_is_what_the_surroundings_say(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in ("JUPYTERHUB_SERVICE_PREFIX", "TRAINBOARD_PROXY_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "jupyter_server_proxy", _installed("jupyter_server_proxy"))
    assert notebook.proxy_template() == expected
    assert notebook.proxy_template("/p/%PORT%/") == "/p/%PORT%/"
    with pytest.raises(ValueError, match="place of the port"):
        notebook.proxy_template("/p/")


def _installed(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    return module


def test_in_colab_its_own_proxy_shows_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = three_runs(tmp_path)
    shown_ports = []
    colab = _installed("google.colab.output")
    colab.serve_kernel_port_as_iframe = (  # type: ignore[attr-defined]
        lambda port, height: shown_ports.append((port, height))
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    shown = dashboard.show(logdir, height=500)
    try:
        assert shown._repr_html_() == ""
        assert shown_ports == [(shown.port, "500")]
        # Its proxy asks by a name of its own.
        asked = Request(f"{shown.url}/api/v1/health", headers={"Host": "x.colab.dev"})
        assert urlopen(asked, timeout=20).status == 200
    finally:
        shown.stop()


def test_what_cannot_be_shown_says_why(shell: Any, tmp_path: Path) -> None:
    shell.run_line_magic("load_ext", "dashboard")
    with pytest.raises(ValueError, match="which LOGDIR"):
        shell.run_line_magic("trainboard", "")
    with pytest.raises(LogdirError, match="no such directory"):
        dashboard.show(tmp_path / "missing")


def test_importing_the_package_brings_no_dash() -> None:
    script = "import dashboard, sys; print('dash' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
