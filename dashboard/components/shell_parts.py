"""The components of the shell: the controls in the header, and the list of runs."""

from __future__ import annotations

from dashboard.components.component import ClientComponent

# Loaded on every page, before those of the pages; what they provide is told in `dashboard.pages`.
SHARED_SCRIPTS = (
    "components/base.js",
    "components/format.js",
    "components/view.js",
    "components/palette.js",
    "components/kit.js",
    "components/run_query.js",
    "components/groups.js",
    "components/runs.js",
    "components/records.js",
    "components/commands.js",
    "components/editing.js",
    "components/run_actions.js",
    "components/run_tree.js",
    "components/group_control.js",
    "components/metric_goals.js",
    "components/shell_nav.js",
    "components/view_controls.js",
    "components/run_row.js",
    "components/saved_views.js",
    "components/run_list.js",
)


class ViewControls(ClientComponent):
    """Smoothing, x axis, log y, theme, and whether the page is live."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)


class SavedViews(ClientComponent):
    """The menu of saved views: open, save, rename, delete."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)


class ShellNav(ClientComponent):
    """Keeps the navigation to the pages with something to show, and to the room there is."""

    def __init__(self, id: str, pages: list[dict[str, str]]) -> None:
        super().__init__(id=id, pages=pages)


class RunList(ClientComponent):
    """The runs: colour, status, a metric's last value, filter and selection."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
