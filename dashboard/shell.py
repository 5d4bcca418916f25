"""The shell around every page: document, header, navigation, run list, and which page is shown."""

from __future__ import annotations

import html as markup
from typing import Any
from urllib.parse import quote

from dash import Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.components.shell_parts import RunList, SavedViews, ShellNav, ViewControls
from dashboard.http import json_text
from dashboard.pages.page import Callback, Page

# The browser itself sees to it that no page of ours loads anything from elsewhere, whatever stands
# in the data; what Dash and plotly do needs the two "unsafe" ones.
POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'"

# The theme is set before anything is painted, so that a dark page never flashes white; the listing
# is under way while the scripts still load.
INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <meta http-equiv="Content-Security-Policy" content="{%policy%}">
    <title>{%title%}</title>
    <link rel="icon" type="image/svg+xml" href="{%prefix%}_trainboard/icon.svg">
    <link rel="preload" href="{%prefix%}api/index" as="fetch" crossorigin="anonymous">
    <script>
      (function () {
        var chosen = new URLSearchParams(location.search).get("theme");
        try { chosen = chosen || localStorage.getItem("trainboard.theme"); } catch (e) {}
        var dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        document.documentElement.dataset.theme = dark ? "dark" : "light";
        window.trainboard = {config: {%trainboard%}};
      })();
    </script>
    <link rel="stylesheet" href="{%style%}">
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <noscript>This page draws with JavaScript, which is switched off in this browser.</noscript>
    <footer>
      {%config%}
      {%scripts%}
      {%renderer%}
    </footer>
  </body>
</html>
"""


def icon(inside: str, css_class: str = "icon") -> Component:
    """A 20 x 20 line icon; its markup is a page's own, never a user's."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" stroke="black" '
        'stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">'
        f"{inside}</svg>"
    )
    # As a mask the icon takes the text colour in both themes; Dash's html has no svg element.
    url = f"url('data:image/svg+xml,{quote(svg)}')"
    return html.Span(className=css_class, style={"maskImage": url, "WebkitMaskImage": url})


class Shell:
    """The layout that stays while pages change."""

    def __init__(self, pages: tuple[Page, ...], logdir: str, path_prefix: str = "") -> None:
        self.pages = pages
        self.logdir = logdir
        self.path_prefix = path_prefix

    def page_at(self, pathname: str | None) -> Page | None:
        pathname = (pathname or "").removeprefix(self.path_prefix)
        if pathname in ("", "/"):
            return self.pages[0]
        return next((page for page in self.pages if page.path == pathname), None)

    def layout(self) -> Component:
        return html.Div(
            [
                dcc.Location(id="shell-url", refresh="callback-nav"),
                html.A("Skip to the charts", href="#page", className="skip-link"),
                html.Header(
                    [
                        html.Div(
                            [
                                html.Img(
                                    src=f"{self.path_prefix}/_trainboard/icon.svg",
                                    alt="",
                                    width=22,
                                    height=22,
                                ),
                                html.Span("trainboard"),
                            ],
                            className="brand",
                            title=self.logdir,
                        ),
                        html.Nav(id="shell-nav", **{"aria-label": "Pages"}),
                        ShellNav("shell-nav-keeper", self.known_to_scripts()),
                        SavedViews(id="shell-views"),
                        ViewControls(id="shell-controls"),
                    ],
                    className="shell-header",
                ),
                html.Div(
                    [
                        html.Aside(
                            RunList(id="shell-runs"), id="shell-side", **{"aria-label": "Runs"}
                        ),
                        html.Main(id="page", tabIndex="-1"),
                    ],
                    className="shell-body",
                ),
            ],
            className="shell",
        )

    @property
    def listed(self) -> list[Page]:
        """The pages that the navigation leads to."""
        return [page for page in self.pages if page.in_navigation]

    def known_to_scripts(self) -> list[dict[str, str]]:
        return [{"path": p.path, "title": p.title, "keys": p.keys} for p in self.listed]

    def navigation(self, current: Page | None) -> list[Component]:
        # Which of them have something to show, only the browser knows (shell_nav.js).
        return [
            html.Span(
                dcc.Link(
                    [icon(page.icon), html.Span(page.title)],
                    href=self.path_prefix + page.path,
                    className="nav-link current" if page is current else "nav-link",
                ),
                className="nav-item",
                hidden=bool(page.kinds) and page is not current,
                **{"data-kinds": ",".join(page.kinds)},
            )
            for page in self.listed
        ]

    async def show_page(self, pathname: str | None) -> tuple[Component, list[Component], bool]:
        """The page at an address, the navigation that marks it, whether the run list is hidden."""
        page = self.page_at(pathname)
        if page is None:
            missing = html.Div(
                [
                    html.H2("There is no such page"),
                    html.P(
                        [
                            f"Nothing lives at {pathname}. ",
                            dcc.Link("To the start", href=f"{self.path_prefix}/"),
                        ]
                    ),
                ],
                className="notice",
            )
            return missing, self.navigation(None), True
        return page.layout(), self.navigation(page), not page.run_list

    def callbacks(self) -> tuple[Callback, ...]:
        return (
            Callback(
                self.show_page,
                [
                    Output("page", "children"),
                    Output("shell-nav", "children"),
                    Output("shell-side", "hidden"),
                ],
                (Input("shell-url", "pathname"),),
            ),
        )


def index_string(prefix: str, style: str, config: dict[str, Any]) -> str:
    """The document, with what the scripts need to know before the first request."""
    # A logdir's name must not end the script element that carries it.
    text = json_text(config).replace("<", "\\u003c")
    document = INDEX.replace("{%policy%}", POLICY).replace("{%prefix%}", markup.escape(prefix))
    return document.replace("{%style%}", markup.escape(style)).replace("{%trainboard%}", text)
