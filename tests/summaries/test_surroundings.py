"""What surrounds a run: real repositories, real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summaries import init, open_logdir
from summaries.process import safe_command
from summaries.surroundings import (
    DIFF_TAG,
    MAX_DIFF_BYTES,
    git_state,
    hardware,
    installed_packages,
    without_credentials,
)


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    where = tmp_path / "code"
    where.mkdir()
    git(where, "init", "-q", "-b", "trunk")
    (where / "train.py").write_text("lr = 0.1\n", encoding="utf-8")
    git(where, "add", ".")
    git(where, "commit", "-q", "-m", "first")
    git(where, "remote", "add", "origin", "https://me:secret@example.org/team/code.git")
    return where


def test_a_clean_repository_is_its_commit(repository: Path) -> None:
    assert git_state(repository) == {
        "root": str(repository),
        "commit": git(repository, "rev-parse", "HEAD"),
        "branch": "trunk",
        "remote": "https://example.org/team/code.git",
        "dirty": False,
    }


def test_changes_come_as_a_diff_that_can_be_applied(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text("lr = 0.2\n", encoding="utf-8")
    (repository / "new.py").write_text("x = 1\n", encoding="utf-8")
    state = git_state(repository)
    assert (state["dirty"], state["untracked"]) == (True, ["new.py"])
    git(repository, "stash", "-q")
    (tmp_path / "changes.patch").write_text(state["diff"], encoding="utf-8")
    git(repository, "apply", str(tmp_path / "changes.patch"))
    assert (repository / "train.py").read_text(encoding="utf-8") == "lr = 0.2\n"


def test_a_diff_is_bounded(repository: Path) -> None:
    (repository / "train.py").write_text("x = 1\n" * 400_000, encoding="utf-8")
    diff = git_state(repository)["diff"]
    assert len(diff.encode()) < MAX_DIFF_BYTES + 200
    assert "… cut: the diff has" in diff


def test_a_repository_without_commits_or_none_at_all_is_no_error(tmp_path: Path) -> None:
    assert git_state(tmp_path) == {}
    assert git_state(tmp_path / "absent") == {}
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "a.py").write_text("x\n", encoding="utf-8")
    state = git_state(tmp_path)
    assert "commit" not in state
    assert (state["branch"], state["dirty"]) == ("trunk", True)


def test_a_diff_runs_none_of_the_repositorys_programs(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    git(repository, "config", "diff.external", f"touch {trap}")
    git(repository, "config", "core.fsmonitor", f"touch {trap}")
    (repository / "train.py").write_text("lr = 0.2\n", encoding="utf-8")
    assert "lr = 0.2" in git_state(repository)["diff"]
    assert not trap.exists()


def test_a_machine_without_git_is_no_error(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(repository) == {}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@example.org/a.git", "https://example.org/a.git"),
        ("https://u:p@example.org:8443/a.git?private_token=x", "https://example.org:8443/a.git"),
        ("ssh://git@example.org/a.git", "ssh://example.org/a.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("u:p@example.org:a/b.git", "example.org:a/b.git"),
        ("/srv/git/a.git", "/srv/git/a.git"),
    ],
)
def test_credentials_leave_a_remotes_address(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_secrets_leave_the_command_line() -> None:
    command = ["t.py", "--password", "p", "--wandb-api-key=k", "--secret", "--lr", "1", "tokens=3"]
    assert safe_command(command) == [
        "t.py", "--password", "***", "--wandb-api-key=***", "--secret", "--lr", "1", "tokens=3",
    ]  # fmt: skip


def test_packages_and_hardware_are_those_of_this_machine() -> None:
    packages = installed_packages()
    assert packages["numpy"] == np.__version__
    assert "pytest" in packages
    found = hardware()
    assert found["cpu_count"] >= 1
    assert found["memory_bytes"] > 1 << 28


def environment_of(logdir: Path) -> Mapping[str, Any]:
    with open_logdir(logdir) as reader:
        return reader.runs()[0].environment


SCRIPT = """
import sys
from summaries import init
run = init(sys.argv[1], name="r", system_metrics=False)
run.log({"x": 1.0})
"""


def test_a_script_of_a_moment_records_its_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    (repository / "train.py").write_text(SCRIPT, encoding="utf-8")
    script, logs = repository / "train.py", tmp_path / "logs"
    subprocess.run(
        [sys.executable, script, logs, "--token", "abc"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        timeout=60,
        check=True,
    )
    found = environment_of(logs)
    assert found["command"] == [str(script), str(logs), "--token", "***"]
    assert found["packages"]["numpy"] == np.__version__
    assert found["git"]["root"] == str(repository)
    assert found["git"]["dirty"]


def test_the_diff_of_a_run_is_stored_beside_its_record(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    (repository / "train.py").write_text("lr = 0.3\n", encoding="utf-8")
    monkeypatch.setattr("summaries.surroundings._script_directory", lambda: repository)
    with init(tmp_path / "logs", name="r", system_metrics=False) as run:
        run.log({"x": 1.0})
    found = environment_of(tmp_path / "logs")
    assert found["git"]["commit"] == git(repository, "rev-parse", "HEAD")
    assert "diff" not in found["git"]
    with open_logdir(tmp_path / "logs") as reader:
        assert "+lr = 0.3" in reader.texts("r", DIFF_TAG)[0].text


def test_what_surrounds_a_run_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    init(tmp_path / "a", name="r", surroundings=False, system_metrics=False).finish()
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "0")
    init(tmp_path / "b", name="r").finish()
    for logdir in (tmp_path / "a", tmp_path / "b"):
        assert set(environment_of(logdir)) == {"command", "python", "platform", "cwd"}
