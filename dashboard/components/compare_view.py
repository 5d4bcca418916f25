"""CompareView: chosen runs side by side: settings, metrics, code, curves."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.hparam_view import HparamView
from dashboard.components.metric_grid import ChartGrid


class CompareView(ClientComponent):
    """The Compare page; reads ``trainboard.runs``, ``records`` and ``/api/compare/...``."""

    scripts = (
        *ChartGrid.scripts,
        *HparamView.scripts,
        "components/compare_table.js",
        "components/compare_metrics.js",
        "components/compare_code.js",
        "components/compare_curves.js",
        "components/compare_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
