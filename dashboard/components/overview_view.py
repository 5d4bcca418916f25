"""Overview: the home page, from ``/api/overview``, kept fresh while it is open."""

from __future__ import annotations

from dashboard.components.component import ClientComponent

HOME_SCRIPTS = ("components/ansi.js", "components/home_parts.js")
"""``trainboard.home``: links to runs and metrics, small curves, times as "3 min ago"."""


class Overview(ClientComponent):
    """What runs, what failed, what improved, and how to begin."""

    scripts = (*HOME_SCRIPTS, "components/first_lines.js", "components/overview_view.js")

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
