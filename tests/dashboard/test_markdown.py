"""Markdown of users becomes plain HTML, whatever they wrote."""

from __future__ import annotations

import re

import pytest

from dashboard.markdown import MAX_CHARACTERS, rendered


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("the **first** `try`", "<p>the <strong>first</strong> <code>try</code></p>"),
        ("# T\n\n- a\n- b", "<h1>T</h1>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>"),
        ("~~no~~", "<p><s>no</s></p>"),
        (
            "[docs](https://a.b/c)",
            '<p><a href="https://a.b/c" rel="noopener noreferrer nofollow">docs</a></p>',
        ),
        (
            "![a plot](https://a.b/c.png)",
            '<p><a href="https://a.b/c.png" rel="noopener noreferrer nofollow">a plot</a></p>',
        ),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert rendered(text) == html


def test_a_table_keeps_its_alignment() -> None:
    html = rendered("|a|b|\n|-|-:|\n|1|2|")
    assert '<td align="right">2</td>' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x) ![y](javascript:z)",
        '![<img onerror=1>]("onload=x)',
        "<style>*{display:none}</style><iframe src=//e></iframe>",
        '[x](https://a "t" onmouseover="alert(1)")',
        "<svg><animate onbegin=alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
        "<x" * 3000,
    ],
)
def test_nothing_of_it_runs_or_loads(text: str) -> None:
    html = rendered(text)
    # Only the tags that are let through, each with attributes that do nothing by themselves.
    for tag, attributes in re.findall(r"<([a-z0-9]+)([^>]*)>", html):
        assert tag in {"p", "a", "code", "em", "strong"}
        for name, value in re.findall(r'([a-z]+)="([^"]*)"', attributes):
            assert name in {"href", "title", "rel"}
            assert name != "href" or value.startswith(("http://", "https://", "mailto:"))


def test_a_very_long_text_is_shown_as_it_is() -> None:
    html = rendered("<b>*x*</b>" * MAX_CHARACTERS)
    assert html.startswith("<pre>&lt;b&gt;*x*")
