"""The dashboard in a notebook: a real IPython, and the frame's page in a real browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
