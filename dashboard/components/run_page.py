"""The page of one run, drawn in the browser."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class RunPageView(ClientComponent):
    """Which run it shows, the address says."""

    scripts = (
        "components/markdown.js",
        "components/pulse.js",
        "components/run_columns.js",
        "components/run_cells.js",
        "components/config_text.js",
        "components/run_page_parts.js",
        "components/run_page_texts.js",
        "components/run_page_metrics.js",
        "components/run_page.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
