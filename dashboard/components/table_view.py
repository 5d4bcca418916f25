"""TableView: the tables of the shown runs at one step, sorted, filtered and compared."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class TableView(ClientComponent):
    """The cards; reads ``trainboard.runs``, ``trainboard.view`` and ``/api/table``."""

    scripts = (
        *STEP_SCRIPTS,
        "components/table_rows.js",
        "components/table_grid.js",
        "components/table_page.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
