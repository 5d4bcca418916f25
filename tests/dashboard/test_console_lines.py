"""Console output in windows: order, numbers, filters, restarts, growth, and what is not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.console_lines import Chosen, ConsoleLines, plain
from summaries import init, open_logdir
from summaries.errors import NotFoundError
from summaries.kinds import console
from summaries.reader import Reader

STEP = 10.0


class Written:
    """A run whose output is written block by block."""

    def __init__(self, logdir: Path) -> None:
        self.run = init(logdir, name="a", system_metrics=False)
        self.counts = {"stdout": 0, "stderr": 0}

    def block(self, stream: str, at: float, *lines: str) -> None:
        stamped = [(at, line) for line in lines]
        self.run._pipeline.log_event(console.event(stream, stamped, self.counts[stream]))
        self.counts[stream] += len(lines)

    def restarted(self) -> None:
        """The numbers of a process that goes on with the run begin anew."""
        self.counts = dict.fromkeys(self.counts, 0)


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    run = Written(tmp_path)
    run.block("stdout", 1.0, "out 0", "out 1", "out 2")
    run.block("stderr", 2.0, "err 0")
    run.block("stdout", 3.0, "out 3", "out 4")
    run.block("stderr", 4.0, "err 1", "err 2")
    run.run.flush()
    yield run
    run.run.finish()


@pytest.fixture
def reader(written: Written, tmp_path: Path) -> Iterator[Reader]:
    with open_logdir(tmp_path) as opened:
        yield opened


def texts(lines: ConsoleLines, first: int, n: int, chosen: Chosen | None = None) -> list[str]:
    window = lines.window("a", chosen or Chosen(), first, n)
    return [numbered.line.text for numbered in window.lines]


ALL = ["out 0", "out 1", "out 2", "err 0", "out 3", "out 4", "err 1", "err 2"]


def test_windows_are_parts_of_all_lines_by_time(reader: Reader) -> None:
    lines = ConsoleLines(reader)
    for first in range(9):
        for n in (0, 1, 3, 8):
            assert texts(lines, first, n) == ALL[first : first + n]
    window = lines.window("a", Chosen(), -2, 10)
    assert (window.total, window.n_lines, window.first) == (8, 8, 6)
    assert [(one.number, one.line.text) for one in window.lines] == [(6, "err 1"), (7, "err 2")]


def test_a_stream_keeps_the_numbers_its_lines_have_among_all(reader: Reader) -> None:
    lines = ConsoleLines(reader)
    window = lines.window("a", Chosen("stderr"), 0, 10)
    assert (window.total, window.n_lines) == (3, 8)
    assert [(one.number, one.line.text) for one in window.lines] == [
        (3, "err 0"),
        (6, "err 1"),
        (7, "err 2"),
    ]
    assert [lines.place_of("a", Chosen("stderr"), number) for number in (0, 3, 4, 7)] == [
        0,
        0,
        1,
        2,
    ]
    assert lines.place_of("a", Chosen(), 5) == 5


def test_what_is_looked_for_is_found_in_any_case_and_between_colours(
    written: Written, reader: Reader
) -> None:
    written.block("stdout", 5.0, "\x1b[31mER\x1b[1mR\x1b[0m 9")
    written.run.flush()
    lines = ConsoleLines(reader)
    found = lines.find("a", Chosen(), "eRR")
    assert (found.positions.tolist(), found.total) == ([3, 6, 7, 8], 4)
    assert lines.find("a", Chosen("stderr"), "err 2").positions.tolist() == [2]
    assert lines.find("a", Chosen(), "nowhere").total == 0


def test_lines_that_come_later_are_seen_and_old_ones_not_read_again(
    written: Written, reader: Reader
) -> None:
    lines = ConsoleLines(reader)
    assert texts(lines, 0, 100) == ALL
    read: list[tuple[str, int, int]] = []
    records = reader.records

    def counted(run: str, tag: str, kind: str, start: int, stop: int) -> Any:
        read.append((tag, start, stop))
        return records(run, tag, kind, start, stop)

    reader.records = counted  # type: ignore[method-assign]
    written.block("stdout", 6.0, "late")
    written.run.flush()
    assert texts(lines, -2, 2) == ["err 2", "late"]
    assert {start for tag, start, _ in read if tag == "system/stdout"} == {2}
    assert [stop - start for _, start, stop in read if stop - start > 1] == []


def test_a_process_that_starts_the_run_again_counts_from_zero_and_loses_nothing(
    written: Written, reader: Reader
) -> None:
    written.restarted()
    written.block("stdout", 7.0, "again 0", "again 1")
    written.block("stdout", 8.0, "again 2")
    written.run.flush()
    assert texts(ConsoleLines(reader), 0, 100) == [*ALL, "again 0", "again 1", "again 2"]


def test_ranks_are_told_apart(tmp_path: Path) -> None:
    runs = [init(tmp_path, name="a", rank=rank, system_metrics=False) for rank in (0, 1)]
    for rank, run in enumerate(runs):
        for at in range(3):
            line = (float(at) + rank / 2, f"rank {rank} line {at}")
            run._pipeline.log_event(console.event("stdout", [line], at))
    for run in runs:
        run.finish()
    with open_logdir(tmp_path) as reader:
        lines = ConsoleLines(reader)
        assert texts(lines, 0, 3) == ["rank 0 line 0", "rank 1 line 0", "rank 0 line 1"]
        assert texts(lines, 0, 9, Chosen(rank=1)) == [f"rank 1 line {at}" for at in range(3)]
        assert lines.window("a", Chosen(), 0, 0).ranks == (0, 1)


def test_a_run_that_printed_nothing_has_no_lines_and_one_that_is_not_there_an_error(
    tmp_path: Path,
) -> None:
    init(tmp_path, name="silent", system_metrics=False).finish()
    with open_logdir(tmp_path) as reader:
        lines = ConsoleLines(reader)
        assert lines.window("silent", Chosen(), 0, 10).total == 0
        assert lines.find("silent", Chosen(), "x").total == 0
        with pytest.raises(NotFoundError, match="'missing'"):
            lines.window("missing", Chosen(), 0, 10)


def test_what_is_meant_for_a_terminal_is_not_text() -> None:
    text = "\x1b]8;;http://a\x07link\x1b]8;;\x07 \x1b[38;5;9mred\x1b[0m \x1b[2K\x1b[1Aend"
    assert plain(text) == "link red end"
