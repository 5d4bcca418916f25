"""The shell: which page an address shows, and that no callback blocks the server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from dashboard.app import create_app
from dashboard.pages import PAGES
from dashboard.pages.page import Page
from dashboard.shell import Shell
from summaries import SummaryWriter, open_logdir


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalar("loss", 1.0, 0)
    return tmp_path


def text_of(component: Any) -> str:
    """All text in a tree of Dash components."""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return "".join(map(text_of, component))
    return text_of(getattr(component, "children", None) or "")


def test_every_server_callback_is_async(logdir: Path) -> None:
    app = create_app(open_logdir(logdir))
    assert app.callback_map
    for name, callback in app.callback_map.items():
        assert inspect.iscoroutinefunction(callback["callback"]), name


def test_every_page_has_its_own_address_and_a_layout(logdir: Path) -> None:
    reader = open_logdir(logdir)
    pages = [page(reader) for page in PAGES]
    assert len({page.path for page in pages}) == len(pages)
    for page in pages:
        assert page.path.startswith("/")
        assert page.layout() is not None
        for callback in page.callbacks():
            assert inspect.iscoroutinefunction(callback.function)


def test_the_name_of_a_logdir_cannot_end_a_script(logdir: Path) -> None:
    app = create_app(open_logdir(logdir), logdir="x</script><script>alert(1)</script>")
    assert "<script>alert" not in app.index_string
    assert app.title == "script&gt; · trainboard"  # the last part of it, read as a path


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_any_page_is_styled_though_it_is_opened_first(
    logdir: Path, serve: Callable[[Path], str], page: type[Page]
) -> None:
    with urlopen(serve(logdir) + page.path, timeout=10) as answer:
        assert b'rel="stylesheet"' in answer.read()


def test_the_root_shows_the_scalars_though_the_overview_comes_first(logdir: Path) -> None:
    pages = tuple(page(open_logdir(logdir)) for page in PAGES)
    shell = Shell(pages, str(logdir))
    shown, navigation, hidden = asyncio.run(shell.show_page("/"))
    assert shown.className == "page-scalars"
    assert shell.listed[0].path == "/overview"
    assert "current" not in navigation[0].children.className
    assert "current" in navigation[1].children.className
    assert hidden is False


def test_an_unknown_address_says_so_and_leads_back(logdir: Path) -> None:
    shell = Shell(tuple(page(open_logdir(logdir)) for page in PAGES), str(logdir))
    shown, navigation, hidden = asyncio.run(shell.show_page("/nowhere"))
    assert "/nowhere" in text_of(shown)
    assert not any("current" in item.children.className.split() for item in navigation)
    assert hidden is True


def test_no_two_pages_are_opened_by_the_same_keys_or_live_at_one_path() -> None:
    keys = [page.keys for page in PAGES if page.keys]
    assert len(set(keys)) == len(keys)
    assert len({page.path for page in PAGES}) == len(PAGES)
