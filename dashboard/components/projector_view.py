"""ProjectorView: the points of one or two embeddings, what they are and what lies near them."""

from __future__ import annotations

from dashboard.components.card_groups import CARD_GROUP_SCRIPTS
from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class ProjectorView(ClientComponent):
    """The page; reads ``trainboard.runs``, ``view`` and ``steps``, and asks ``/api/projection``."""

    scripts = (
        *STEP_SCRIPTS,
        *CARD_GROUP_SCRIPTS,
        "components/projector_math.js",
        "components/projector_colour.js",
        "components/projector_paint.js",
        "components/projector_data.js",
        "components/projector_stage.js",
        "components/projector_panel.js",
        "components/projector_controls.js",
        "components/projector_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
