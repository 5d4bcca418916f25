"""HistogramView: cards of one tag and run each, as heat map, ridge, overlay or bands."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class HistogramView(ClientComponent):
    """The cards; reads ``trainboard.runs``, ``trainboard.view`` and ``/api/histograms``."""

    scripts = (
        *STEP_SCRIPTS,
        "components/histogram_scales.js",
        "components/histogram_draw.js",
        "components/histogram_overlay.js",
        "components/histogram_hover.js",
        "components/histogram_card.js",
        "components/histogram_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
