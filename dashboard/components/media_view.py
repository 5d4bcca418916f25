"""MediaView: images, sounds, videos and pages of the shown runs, side by side at one step."""

from __future__ import annotations

from dashboard.components.component import ClientComponent
from dashboard.components.step_bar import STEP_SCRIPTS


class MediaView(ClientComponent):
    """The cards; reads ``trainboard.runs``, ``trainboard.view``, ``/api/steps``, ``/api/blob``."""

    scripts = (
        *STEP_SCRIPTS,
        "components/media_card.js",
        "components/media_kinds.js",
        "components/media_sound.js",
        "components/media_gif.js",
        "components/media_pixels.js",
        "components/media_pane.js",
        "components/media_lightbox.js",
        "components/media_page.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
