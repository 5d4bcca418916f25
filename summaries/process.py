"""Which process logs a run, so that a reader can tell a dead one from a silent one."""

from __future__ import annotations

import os
import platform
import re
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


def host_name() -> str:
    """This machine's name."""
    return socket.gethostname()


@cache
def machine_key() -> str:
    """Changes with the machine, its boot and the process-id namespace; "" where that is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{host_name()}:{boot}:{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    """When the process started, in the kernel's ticks since boot; "" if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name in parentheses may hold spaces: count from behind it. A zombie logs no more.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def process_key() -> str:
    """Names this very process on this very boot; "" where that cannot be told."""
    machine = machine_key()
    return f"{machine}|{os.getpid()}|{_start_time(os.getpid())}" if machine else ""


def is_alive(key: str) -> bool | None:
    """Whether the process of that key still runs; None where that cannot be told from here."""
    machine, _, rest = key.partition("|")
    if not machine or machine != machine_key():
        return None
    pid, _, started = rest.partition("|")
    return pid.isdecimal() and _start_time(int(pid)) == started


_SECRET = re.compile(r"passw|secret|token$|api[-_]?key|credential", re.IGNORECASE)


def safe_command(arguments: list[str]) -> list[str]:
    """The command line without what options such as ``--api-key`` and ``--password`` are given.

    Example:
        >>> safe_command(["train.py", "--lr", "0.1", "--hf-token", "abc", "--api_key=abc"])
        ['train.py', '--lr', '0.1', '--hf-token', '***', '--api_key=***']
    """
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide_next and not argument.startswith("-"):
            shown.append("***")
            hide_next = False
            continue
        secret = _SECRET.search(name) is not None and (argument.startswith("-") or equals != "")
        hide_next = secret and not equals
        shown.append(f"{name}=***" if secret and equals else argument)
    return shown


def environment() -> dict[str, Any]:
    """What surrounds the run: command line, Python, platform, working directory."""
    try:
        cwd = str(Path.cwd())
    except OSError:  # it was removed
        cwd = ""
    return {
        "command": safe_command(sys.argv),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cwd": cwd,
    }


@dataclass(frozen=True)
class Identity:
    """Which process on which machine logs."""

    host: str
    pid: int
    process_key: str

    @staticmethod
    def own() -> Identity:
        """This process."""
        return Identity(host_name(), os.getpid(), process_key())
