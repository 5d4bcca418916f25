"""TextView: the texts of the shown runs at one step, as markdown, as written, or as differences."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class TextView(ClientComponent):
    """The cards; reads ``trainboard.runs``, ``trainboard.view`` and ``/api/text``."""

    scripts = (
        *STEP_SCRIPTS,
        "components/markdown.js",
        "components/text_card.js",
        "components/text_page.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
