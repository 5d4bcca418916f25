"""Every page with something on it, in both themes: nothing serious that axe-core finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from everything import everything

from dashboard.pages import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from dashboard.pages.page import Page as DashboardPage

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        # Elsewhere than in the repository, whose changes would be shown as the runs' own.
        patch.chdir(place)
        return everything(place)


def findings(page: Page) -> list[str]:
    """What axe-core calls serious or worse: the rule, and the elements it is about."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{found['id']}: {found['help']}: {[node['target'] for node in found['nodes']][:4]}"
        for found in violations
        if found["impact"] in GRAVE
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.path)
def test_no_page_shuts_anybody_out(
    full: Path,
    serve: Any,
    open_page: Callable[..., Page],
    shown: type[DashboardPage],
    theme: str,
) -> None:
    page = open_page(f"{serve(full)}{shown.path}?theme={theme}&run=kinds%2Frun0")
    page.locator("#page > *").first.wait_for()
    page.wait_for_timeout(1500)  # what a page draws a moment later is looked at too
    assert findings(page) == []


def test_the_palette_and_a_menu_are_accessible(
    full: Path, serve: Any, open_page: Callable[..., Page]
) -> None:
    page = open_page(serve(full))
    page.locator(".card").first.wait_for()
    page.keyboard.press("Control+k")
    page.locator(".palette-row").first.wait_for()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator(".shortcuts").wait_for()
    assert findings(page) == []
