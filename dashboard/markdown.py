"""Markdown that users wrote, as HTML that can do no harm: the notes of runs, logged texts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.http import json_response
from dashboard.pages.page import Route

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MAX_CHARACTERS = 200_000
"""A longer text is shown as it was written: a megabyte takes the parser seconds."""
MAX_TEXTS = 200

_TAGS = frozenset(
    """a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead
    tr ul""".split()  # noqa: SIM905
)
# Nothing that could lay itself over the page, name an element of ours, or load a thing.
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
# The parser's own way to say it; a user's tag of that form has become text by then.
_ALIGNMENT = re.compile(r'<(t[hd]) style="text-align:(left|center|right)">')
_SCHEMES = frozenset({"http", "https", "mailto"})


def rendered(text: str) -> str:
    """The markdown as HTML of plain tags; HTML in it shows as the text it is.

    A picture becomes a link to it: shown, it would be loaded from wherever its author chose.

    Example::

        rendered("**a** <script>")  # '<p><strong>a</strong> &lt;script&gt;</p>'
    """
    if len(text) > MAX_CHARACTERS:
        return f"<pre>{escape(text)}</pre>"
    import nh3  # a page without texts needs neither

    html = _ALIGNMENT.sub(r'<\1 align="\2">', _parser().render(text))
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
        url_relative="deny",
    ).strip()


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _as_link)
    return parser


def _as_link(renderer: Any, tokens: Sequence[Any], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    address = str(token.attrs.get("src", ""))
    return f'<a href="{escape(address)}">{escape(token.content or address)}</a>'


def markdown_routes() -> tuple[Route, ...]:
    """What ``tb.markdown`` in the browser asks: many texts at once."""
    return (Route("/api/markdown", render_texts, ("POST",)),)


async def render_texts(request: Request) -> Response:
    """``{"texts": [...]}`` to ``{"html": [...]}``, in the same order."""
    try:
        body = await request.json()
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    texts = body.get("texts") if isinstance(body, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("give 'texts', a list of texts")
    if len(texts) > MAX_TEXTS:
        raise ValueError(f"{len(texts)} texts at once, at most {MAX_TEXTS}")
    html = await asyncio.to_thread(lambda: [rendered(text) for text in texts])
    return json_response({"html": html})
