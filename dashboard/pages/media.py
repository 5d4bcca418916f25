"""The media page: images, sounds, videos, figures and HTML of the shown runs at one step."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.media_view import MediaView
from dashboard.pages.page import Page


class MediaPage(Page):
    """What was logged to be looked at or listened to; drawn in the browser by `MediaView`."""

    path = "/media"
    title = "Media"
    keys = "g i"
    kinds = ("image", "audio", "video", "html")
    icon = (
        '<rect x="2.5" y="3.5" width="15" height="13" rx="2"/><circle cx="7" cy="8" r="1.4"/>'
        '<path d="m4 15 4.5-4.5 3 3 2-2 3.5 3.5"/>'
    )
    scripts = MediaView.scripts

    def layout(self) -> Component:
        return html.Div(MediaView(id="media-view"), className="page-media")
