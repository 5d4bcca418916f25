"""System: gauges of running runs, and charts of the machines' metrics by resource."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.metric_grid import ChartGrid
from dashboard.components.overview_view import HOME_SCRIPTS


class System(ClientComponent):
    """What the machines do that the shown runs are on."""

    scripts = (
        *ChartGrid.scripts,
        *HOME_SCRIPTS,
        "components/machine_metrics.js",
        "components/system_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
