"""The run table: a row a run, columns of settings, results and metrics."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class RunTable(ClientComponent):
    """Draws the runs as a table that can be sorted, filtered and edited."""

    scripts = (
        "components/markdown.js",
        "components/grid.js",
        "components/pulse.js",
        "components/run_columns.js",
        "components/run_cells.js",
        "components/run_column_picker.js",
        "components/run_rows.js",
        "components/run_table.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
