"""PrView: a card a tag with the precision-recall curves of all shown runs."""

from __future__ import annotations

from dashboard.components.card_groups import CARD_GROUP_SCRIPTS
from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class PrView(ClientComponent):
    """The cards; reads ``trainboard.runs``, ``view`` and ``steps``, and asks ``/api/pr``."""

    scripts = (
        *STEP_SCRIPTS,
        *CARD_GROUP_SCRIPTS,
        "components/pr_chart.js",
        "components/pr_curves.js",
        "components/pr_card.js",
        "components/pr_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
