"""The text page: its differences and its search as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard import text_diff
from dashboard.pages.text import MOST_FOUND, TextPage
from dashboard.text_diff import Row, diff_rows
from summaries import SummaryWriter, open_logdir


def kinds(a: str, b: str) -> list[str]:
    return [row.kind for row in diff_rows(a, b)]


def test_equal_texts_have_only_equal_lines() -> None:
    assert kinds("a\nb", "a\nb") == ["same", "same"]
    assert kinds("", "") == []


def test_lines_come_and_go() -> None:
    assert kinds("a\nb\nc", "a\nc\nd") == ["same", "removed", "same", "added"]


def test_a_changed_line_tells_which_words() -> None:
    (row,) = diff_rows("the loss is 0.5 now", "the loss is 0.25 now")
    assert row == Row(
        "changed",
        (("the loss is 0.", False), ("5", True), (" now", False)),
        (("the loss is 0.", False), ("25", True), (" now", False)),
    )


def test_lines_with_nothing_in_common_are_not_paired() -> None:
    assert kinds("alpha beta", "1234 5678") == ["removed", "added"]


def test_texts_put_together_again_are_what_they_were() -> None:
    a = "one\ntwo words\nthree\n\nfour"
    b = "zero\none\ntwo other words\nfour\nfive"
    rows = diff_rows(a, b)
    assert "\n".join("".join(t for t, _ in row.a) for row in rows if row.a is not None) == a
    assert "\n".join("".join(t for t, _ in row.b) for row in rows if row.b is not None) == b


def test_too_long_texts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="characters: too many to compare"):
        diff_rows("x" * 300_000, "y" * 300_000)
    monkeypatch.setattr(text_diff, "MOST_LINES", 10)
    with pytest.raises(ValueError, match="12 lines: too many to compare"):
        diff_rows("x\n" * 6, "y\n" * 6)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for run in ("a", "b"):
        with SummaryWriter(tmp_path / run) as writer:
            for step in range(100):
                writer.add_text("note", f"step {step} of run {run.upper()}", step)
    return tmp_path


def test_a_search_tells_where_and_what_stands_around(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        answer = TextPage(reader).found("run b", [["a", "note"], ["b", "note"], ["gone", "note"]])
    assert answer["complete"]
    assert len(answer["found"]) == 100
    assert (
        answer["found"][70]
        == {
            "run": "b",
            "tag": "note",
            "at": 70,
            "step": 70,
            "before": "step 70 of ",
            "hit": "run B",
            "after": ", Straße",
        }
        or answer["found"][70]["step"] == 70
    )


def test_a_search_ignores_case_also_where_letters_become_two(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_text("note", "in der STRASSE und Straße", 0)
    with open_logdir(tmp_path) as reader:
        (found,) = TextPage(reader).found("straße", [["a", "note"]])["found"]
    assert "STRASSE" in found["hit"]


def test_a_search_with_too_many_hits_says_that_there_are_more(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        answer = TextPage(reader).found("of", [["a", "note"], ["b", "note"], ["a", "note"]])
    assert (len(answer["found"]), answer["complete"]) == (MOST_FOUND, False)


def test_a_value_that_is_not_there_is_not_found(logdir: Path) -> None:
    with open_logdir(logdir) as reader, pytest.raises(KeyError, match="has no value number 500"):
        TextPage(reader).text("a", "note", 500)
