"""Our scripts and style sheets as one file each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from dashboard.static import script_bundle, style_bundle


def test_a_bundle_has_all_scripts_in_order_and_another_name_for_another_content() -> None:
    both = script_bundle(["components/base.js", "components/format.js"])
    one = script_bundle(["components/base.js"])
    assert both.content.startswith(one.content)
    assert both.name != one.name


def test_style_sheets_with_a_number_come_first() -> None:
    assert style_bundle().content.startswith(b"/* Colours of both themes")


def test_the_page_is_made_of_one_script_and_one_style_sheet_of_ours(
    tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    url = serve(tmp_path)
    with urlopen(url, timeout=20) as answer:
        document = answer.read().decode()
    ours = re.findall(r'(?:src|href)="(/_trainboard/[^"]+)"', document)
    assert sorted(path.rpartition(".")[2] for path in ours) == ["css", "js", "svg"]
    for path in ours:
        with urlopen(url + path, timeout=20) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
    with pytest.raises(HTTPError, match="404"):
        urlopen(url + "/_trainboard/page-000000000000.js", timeout=20)
