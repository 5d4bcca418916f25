"""Console: the output of runs, in windows that are read as they come into sight."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class Console(ClientComponent):
    """One run's output, or two side by side."""

    scripts = (
        "components/ansi.js",
        "components/console_pane.js",
        "components/console_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
