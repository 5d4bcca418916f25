"""MeshView: a card a run of each tag, all drawn by one WebGL context and turned together."""

from __future__ import annotations

from dashboard.components.card_groups import CARD_GROUP_SCRIPTS
from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class MeshView(ClientComponent):
    """The cards; reads ``trainboard.runs``, ``view`` and ``steps``, and asks ``/api/mesh``."""

    scripts = (
        *STEP_SCRIPTS,
        *CARD_GROUP_SCRIPTS,
        "components/mesh_math.js",
        "components/mesh_gl.js",
        "components/mesh_card.js",
        "components/mesh_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
