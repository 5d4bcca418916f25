"""Alerts: the list of all runs' alerts, and what counts the unseen ones on every page."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.overview_view import HOME_SCRIPTS


class Alerts(ClientComponent):
    """Newest first, filtered by level, source and words."""

    scripts = (*HOME_SCRIPTS, "components/alert_news.js", "components/alerts_view.js")

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
