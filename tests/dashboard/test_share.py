"""The document of a shared file: whole, and closed to the world."""

from __future__ import annotations

import re

from dashboard.share import DATA_MARK, document


def test_the_document_has_one_place_for_the_data() -> None:
    assert document().count(DATA_MARK) == 1
    assert "{{" not in re.sub(r"<script>.*?</script>", "", document(), flags=re.DOTALL)


def test_the_document_loads_nothing_and_may_not() -> None:
    page = document()
    assert "default-src 'none'" in page
    assert re.findall(r"<(?:link|img|iframe)\b", page) == []
    assert re.findall(r"<script[^>]*\bsrc=", page) == []
    assert "url(" not in page.split("</style>")[0]


def test_the_document_is_small() -> None:
    assert len(document()) < 150_000
