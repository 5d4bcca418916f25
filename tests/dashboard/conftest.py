"""Fixtures of the dashboard's tests: logdirs, a served dashboard, a real browser, a page in it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.app import create_app
from dashboard.serve import listening_socket, make_server
from summaries import open_logdir

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium as root needs the first; the rest keeps it from talking to anybody.
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nor does a page reach anybody: no other host is ever found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules of browser tests come last: from the first on, Playwright keeps an event loop running
    in this thread, and `asyncio.run` refuses to work beside it.

    Whole modules, for a process among several is given whole modules, in this order.

    Each test in a browser has a second try, which the report shows: hundreds of them wait for a
    browser, and on a busy machine one now and then looks at it too early."""
    for item in items:
        if item.get_closest_marker("browser") is not None:
            if not _in_browser_module(item):
                raise pytest.UsageError(
                    f"{item.nodeid}: drives a browser, in a module without one\n"
                    "  try: move it to a module named test_..._browser.py"
                )
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=_in_browser_module)


def _in_browser_module(item: pytest.Item) -> bool:
    return item.path.stem.endswith("_browser")


class _Server:
    """uvicorn in a thread, on a free port."""

    def __init__(self, logdir: Any, port: int, options: dict[str, Any]) -> None:
        self.reader = open_logdir(logdir)
        app = create_app(self.reader, logdir=self.reader.logdir, **options)
        self.server = make_server(app)
        listener = listening_socket("127.0.0.1", port)
        self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}{options.get('path_prefix', '')}"
        run = partial(self.server.run, sockets=[listener])
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        while not self.server.started:
            if not self.thread.is_alive():
                raise RuntimeError("the server did not start")
            self.thread.join(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.reader.close()


class Serve:
    """Starts dashboards, and stops them like a server that died."""

    def __init__(self) -> None:
        self._running: dict[str, _Server] = {}

    def __call__(self, logdir: Any, port: int = 0, **options: Any) -> str:
        """A dashboard over what `open_logdir` takes, with options of `create_app`; its address."""
        server = _Server(logdir, port, options)
        self._running[server.url] = server
        return server.url

    def stop(self, url: str) -> int:
        """Stops the dashboard at the address; its port, for another start."""
        server = self._running.pop(url)
        server.stop()
        return int(server.port)

    def stop_all(self) -> None:
        for url in list(self._running):
            self.stop(url)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(logdir)`` starts a dashboard over it and returns its address."""
    servers = Serve()
    yield servers
    servers.stop_all()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the whole session."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser is installed (looked for {', '.join(BROWSERS)})")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=BROWSER_FLAGS)
        yield launched
        launched.close()


class BrowserPage:
    """A browser page that remembers what went wrong on it and reaches nothing but this machine."""

    def __init__(self, browser: Browser, width: int, height: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.context.set_default_timeout(15_000)
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        # Routes that decide on each request cost half a second a page, and switch its cache off.
        self.context.on("request", self._note)
        self.context.on("requestfailed", self._forget)

    def _note(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.outside.append(request.url)

    def _forget(self, request: Request) -> None:
        # What the page's own policy refused never left the page: it did its work.
        if request.failure == "csp" and request.url in self.outside:
            self.outside.remove(request.url)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """``open_page(url, width=1280, height=800)`` is a Playwright page on it.

    At the end the test fails if a script threw or a request left this machine.
    """
    opened: list[BrowserPage] = []

    def start(url: str, width: int = 1280, height: int = 800) -> Page:
        opened.append(BrowserPage(browser, width, height))
        opened[-1].page.goto(url)
        return opened[-1].page

    yield start
    errors = [error for one in opened for error in one.errors]
    outside = [url for one in opened for url in one.outside]
    for one in opened:
        one.context.close()
    assert errors == []
    assert outside == []
