"""CustomView: the charts of several scalars that scripts laid out."""

from __future__ import annotations

from dashboard.components.card_groups import CARD_GROUP_SCRIPTS
from dashboard.components.component import ClientComponent
from dashboard.components.metric_grid import ChartGrid


class CustomView(ClientComponent):
    """The charts; reads ``trainboard.runs`` and ``view``, and asks ``/api/layouts``."""

    scripts = (
        *ChartGrid.scripts,
        *CARD_GROUP_SCRIPTS,
        "components/custom_charts.js",
        "components/custom_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
