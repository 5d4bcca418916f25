"""Console capture: shown unchanged, kept as lines, put back; with children, C code and crashes."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from summaries import open_logdir
from summaries.console import Lines

Start = Callable[..., "subprocess.Popen[str]"]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="descriptors are POSIX's")

BEGIN = """
import ctypes, os, subprocess, sys
from summaries import init
run = init(sys.argv[1], name="r", capture_console=True, system_metrics=False, surroundings=False)
"""


@pytest.fixture(autouse=True)
def capture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")


def lines_of(logdir: Path, stream: str) -> list[str]:
    with open_logdir(logdir) as reader:
        lines = [line for line in reader.console("r") if line.stream == stream]
    assert [line.number for line in lines] == list(range(len(lines)))
    return [line.text for line in lines]


def test_python_children_and_c_are_kept_and_shown(tmp_path: Path, start_script: Start) -> None:
    code = BEGIN + (
        "print('python', flush=True)\n"
        "subprocess.run(['sh', '-c', 'echo child; echo oh >&2'])\n"
        "os.write(1, b'raw\\n')\n"
        "ctypes.CDLL(None).puts(b'from C')\n"
        "run.finish()\n"
        "print('after')\n"
    )
    process = start_script(code, tmp_path)
    out, errors = process.communicate(timeout=60)
    assert out == "python\nchild\nraw\nfrom C\nafter\n"
    assert errors == "oh\n"
    assert lines_of(tmp_path, "stdout") == ["python", "child", "raw", "from C"]
    assert lines_of(tmp_path, "stderr") == ["oh"]


def test_a_traceback_that_ends_the_script_is_kept(tmp_path: Path, start_script: Start) -> None:
    process = start_script(BEGIN + "raise RuntimeError('it broke')\n", tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "RuntimeError: it broke" in errors
    assert "RuntimeError: it broke" in lines_of(tmp_path, "stderr")
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].status == "failed"


def test_the_last_words_of_a_crash_reach_the_terminal(tmp_path: Path, start_script: Start) -> None:
    code = BEGIN + (
        "import faulthandler; faulthandler.enable()\n"
        "os.write(1, b'last words\\n')\n"
        "ctypes.string_at(0)\n"
    )
    process = start_script(code, tmp_path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode < 0
    assert out == "last words\n"
    assert "Segmentation fault" in errors


def test_code_that_writes_under_pythons_lock_is_not_stuck(
    tmp_path: Path, start_script: Start
) -> None:
    # Far more than a pipe holds, by calls that keep the lock: a thread of ours could not read it.
    code = BEGIN + (
        "write = ctypes.PyDLL(None).write\n"
        "line = b'x' * 4095 + b'\\n'\n"
        "for _ in range(500): assert write(1, line, len(line)) == len(line)\n"
    )
    process = start_script(code, tmp_path)
    out, errors = process.communicate(timeout=60)
    assert (len(out), errors, process.returncode) == (500 * 4096, "", 0)
    found = lines_of(tmp_path, "stdout")
    assert len(found) == 500
    assert set(found) == {"x" * 4095}


def test_a_terminal_stays_one(tmp_path: Path) -> None:
    code = BEGIN + (
        "for k in range(3): sys.stdout.write(f'\\r{k}'); sys.stdout.flush()\n"
        "print('\\nsize', os.get_terminal_size(1).columns, sys.stdout.isatty())\n"
    )
    main, end = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", "import fcntl, termios, struct, sys\n"
         "fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 77, 0, 0))\n" + code,
         str(tmp_path)],
        stdout=end, stderr=subprocess.PIPE, timeout=60, check=True,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    shown = os.read(main, 10_000)
    os.close(main)
    os.close(end)
    assert b"\r0\r1\r2\r\nsize 77 True" in shown
    assert lines_of(tmp_path, "stdout") == ["2", "size 77 True"]


def test_streams_that_are_no_descriptors_are_listened_to(
    tmp_path: Path, start_script: Start
) -> None:
    code = (
        "import io, sys\n"
        "sys.stdout = own = io.StringIO()\n" + BEGIN + "print('heard')\n"
        "run.finish()\n"
        "assert sys.stdout is own\n"
        "print('not heard')\n"
        "sys.__stdout__.write(own.getvalue())\n"
    )
    process = start_script(code, tmp_path)
    assert process.communicate(timeout=60) == ("heard\nnot heard\n", "")
    assert lines_of(tmp_path, "stdout") == ["heard"]


def test_a_child_that_lives_on_does_not_hold_the_end_up(
    tmp_path: Path, start_script: Start
) -> None:
    code = BEGIN + (
        "print('one', flush=True)\n"
        "child = subprocess.Popen(['sleep', '30'])\n"
        "run.finish()\n"
        "child.kill(); child.wait()\n"
    )
    process = start_script(code, tmp_path)
    assert process.communicate(timeout=25)[1] == ""
    assert lines_of(tmp_path, "stdout") == ["one"]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_lines_are_the_same_in_whatever_pieces_they_come(size: int) -> None:
    content = "plain\n 10%\r 20%\r100%\r\nnaïve ☃\n\n\rover\rwritten\nopen\rend".encode()
    lines = Lines()
    found = []
    for start in range(0, len(content), size):
        found += lines.feed(content[start : start + size])
    assert found + lines.rest() == ["plain", "100%", "naïve ☃", "", "written", "end"]


def test_an_endless_line_is_cut_and_a_progress_bar_is_not_kept_whole() -> None:
    lines = Lines()
    for _ in range(100_000):
        lines.feed(b"\r 50% of it")
    assert len(lines._open) < 100
    assert lines.feed(b"x" * 200_000) != []
    assert re.fullmatch("x*", "".join(lines.rest()))
