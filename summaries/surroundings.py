"""What surrounds a run: commit and uncommitted changes, packages, processors, memory, GPUs.

Gathered in a thread of its own after `init` returned: git alone may take a second on a large
working tree. What cannot be found out is left out; nothing here raises.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from summaries.event import Event
from summaries.gpus import describe_gpus
from summaries.kinds import text as text_kind
from summaries.pipeline import Pipeline, logger

MAX_DIFF_BYTES = 1 << 20
GIT_TIMEOUT_S = 10.0
DIFF_TAG = "system/git_diff"
_FINISH_WAIT_S = 5.0


class Surroundings:
    """Gathers what surrounds a run and adds it to the run's record."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Begin at once, in a thread."""
        self._pipeline = pipeline
        self._pid = os.getpid()
        self._thread = threading.Thread(
            target=self._gather, daemon=True, name="summaries-surroundings"
        )
        self._thread.start()

    def stop(self, wait: bool = True) -> None:
        """Let it come to its end, some seconds at most: a run of a moment is recorded as well."""
        if wait and self._pid == os.getpid():
            self._thread.join(_FINISH_WAIT_S)

    def _gather(self) -> None:
        try:
            repository = git_state()
            found = {"packages": installed_packages(), **hardware()}
            diff = repository.pop("diff", None) if repository else None
            if repository:
                found["git"] = repository
            self._pipeline.merge_json("environment", found)
            if diff:
                self._pipeline.log_event(_diff_event(diff))
        except ValueError:  # the run is finished already
            return
        except Exception as error:  # a thread's traceback helps nobody: say it as the rest is said
            logger.warning(
                "run '%s': what surrounds it could not be recorded\n  %s: %s",
                self._pipeline.name,
                type(error).__name__,
                error,
            )


def _diff_event(diff: str) -> Event:
    return text_kind.event(DIFF_TAG, diff, 0, time.time())


# -- git ------------------------------------------------------------------------------------------


def git_state(directory: str | Path | None = None) -> dict[str, Any]:
    """Commit, branch, remote, whether there are changes, and these as ``diff``; {} without git.

    Args:
        directory: where to look; by default where the main script lies, or else the working
            directory.
    """
    where = _script_directory() if directory is None else Path(directory)
    commit = _git(where, "rev-parse", "HEAD")
    top = _git(where, "rev-parse", "--show-toplevel")
    if top is None:
        return {}
    state: dict[str, Any] = {"root": top.strip()}
    if commit is not None:
        state["commit"] = commit.strip()
    branch = _git(where, "symbolic-ref", "--short", "-q", "HEAD")
    if branch is not None:
        state["branch"] = branch.strip()
    remote = _git(where, "config", "--get", "remote.origin.url")
    if remote is not None:
        state["remote"] = without_credentials(remote.strip())
    changes = _git(where, "status", "--porcelain", "--untracked-files=normal")
    if changes is None:
        return state
    state["dirty"] = bool(changes.strip())
    untracked = [line[3:] for line in changes.splitlines() if line.startswith("?? ")]
    if untracked:
        state["untracked"] = untracked[:100]
    if len(untracked) < len(changes.splitlines()):
        diff = _git(where, "diff", "HEAD" if commit is not None else "--cached", "--no-color")
        if diff:
            state["diff"] = _bounded(diff)
    return state


def _script_directory() -> Path:
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script:
        return Path(script).absolute().parent
    return Path.cwd()


def _git(directory: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            # No locks: a commit that the user makes meanwhile must not fail. No programs of the
            # repository's settings: a diff of ours runs nobody's code.
            ["git", "--no-optional-locks", "-c", "core.fsmonitor=", *_plain(arguments)],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_TIMEOUT_S,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _plain(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if arguments[0] == "diff":
        return ("diff", "--no-ext-diff", "--no-textconv", *arguments[1:])
    return arguments


def _bounded(diff: str) -> str:
    content = diff.encode("utf-8", "replace")
    if len(content) <= MAX_DIFF_BYTES:
        return diff
    kept = content[:MAX_DIFF_BYTES].decode("utf-8", "ignore")
    return f"{kept}\n… cut: the diff has {len(content)} bytes, {MAX_DIFF_BYTES} are kept\n"


def without_credentials(url: str) -> str:
    """The address without user, password and token.

    Example:
        >>> without_credentials("https://me:secret@example.org/team/code.git?token=1")
        'https://example.org/team/code.git'
        >>> without_credentials("git@example.org:team/code.git")
        'git@example.org:team/code.git'
    """
    if "://" not in url:
        # scp form: what stands before the @ is a login name, unless somebody put a password there.
        return re.sub(r"^[^@/]*:[^@/]*@", "", url)
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


# -- packages and hardware ------------------------------------------------------------------------

_DISTRIBUTION = re.compile(r"^(?P<name>.+?)-(?P<version>\d[^-]*?)(-py[\d.]+)?\.(dist|egg)-info$")


def installed_packages() -> dict[str, str]:
    """Names of the installed packages to their versions.

    From the names of their metadata's directories, as pip writes them: importlib.metadata reads and
    parses a file for each, 0.2 s of Python's lock for 200 packages, which the training would wait
    for.
    """
    found: dict[str, str] = {}
    for entry in sys.path:
        try:
            names = os.listdir(entry or ".")  # noqa: PTH208
        except OSError:  # an archive, or gone
            continue
        for name in names:
            match = _DISTRIBUTION.match(name)
            if match:
                # The first on the path is what is imported.
                found.setdefault(match["name"].replace("_", "-").lower(), match["version"])
    return dict(sorted(found.items()))


def hardware() -> dict[str, Any]:
    """Processors, memory in bytes, and GPUs with their driver, as far as they answer."""
    found: dict[str, Any] = {"cpu_count": os.cpu_count(), "machine": platform.machine()}
    attempts: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("memory_bytes", _memory_bytes),
        ("cpu", _cpu_model),
    )
    for name, attempt in attempts:
        try:
            value = attempt()
        except (ImportError, OSError, ValueError):
            continue
        if value:
            found[name] = value
    found.update(describe_gpus())
    return found


def _memory_bytes() -> int:
    import psutil  # 20 ms, in this thread instead of at import

    return int(psutil.virtual_memory().total)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
