"""The command line: what it refuses, the link it prints, the token on other addresses."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import pytest

from dashboard import cli
from dashboard.cli import main, named_logdirs
from dashboard.hosts import host_of, is_loopback
from dashboard.serve import ServeError, link, listening_socket
from summaries import LogdirError, SummaryWriter


def test_a_missing_logdir_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "nowhere")]) == 2
    assert "nowhere': there is no such directory" in capsys.readouterr().err


def test_a_file_is_no_logdir(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert main(["serve", str(tmp_path / "notes.txt")]) == 2
    assert "is not a directory" in capsys.readouterr().err


@pytest.fixture
def ordinary_user(tmp_path: Path) -> Iterator[None]:
    """The test runs with the rights of a user whom permissions hold back; root they do not."""
    if os.geteuid() != 0:
        yield
        return
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == 0 and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_an_unreadable_logdir_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    request.getfixturevalue("ordinary_user")
    assert main(["serve", str(tmp_path / "closed")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_taken_port_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(tmp_path), "--port", str(port)]) == 2
    assert f"port {port} is taken" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["serve"], ["serve", ".", "--port", "70000"], ["fly"]])
def test_wrong_arguments_end_with_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"trainboard \S+\n", capsys.readouterr().out)


def test_the_next_free_port_is_used_when_none_is_asked_for() -> None:
    with listening_socket("127.0.0.1", None) as first, listening_socket("127.0.0.1", None) as next_:
        assert first.getsockname()[1] < next_.getsockname()[1]


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ServeError, match=r"cannot listen on 192\.0\.2\.1"):
        listening_socket("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("gpu1", False)],
)
def test_loopback_addresses_are_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [("a:1", "a"), ("A", "a"), ("[::1]:6006", "::1"), ("[::1]", "::1"), ("", "")],
)
def test_the_host_is_read_from_its_header(header: str, expected: str) -> None:
    assert host_of(header) == expected


def test_the_link_carries_the_token() -> None:
    assert link("127.0.0.1", 6006, None) == "http://127.0.0.1:6006"
    assert link("gpu1", 6006, "a b") == "http://gpu1:6006/?token=a+b"
    assert link("::1", 6006, None) == "http://[::1]:6006"


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """The link that the real command prints; it is interrupted afterwards and must end well."""
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            yield found.group()
            process.send_signal(signal.SIGINT)
            assert process.wait(15) == 0
        finally:
            process.kill()


def test_serve_answers_at_the_link_it_prints(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalar("loss", 1.0, 0)
    with (
        served("serve", str(tmp_path), "--port", "0") as address,
        urlopen(address, timeout=10) as page,
    ):
        assert b"trainboard" in page.read()


def test_a_name_that_only_resolves_to_this_machine_is_refused(tmp_path: Path) -> None:
    with served("serve", str(tmp_path), "--port", "0") as address:
        port = address.rpartition(":")[2]
        for path in ("/", "/api/v1/runs"):
            rebound = Request(address + path, headers={"Host": f"evil.example:{port}"})
            with pytest.raises(HTTPError) as caught:
                urlopen(rebound, timeout=10)
            with caught.value as error:
                assert error.code == 403
                assert b"host 'evil.example'" in error.read()
        for name in ("localhost", f"LocalHost:{port}", f"[::1]:{port}"):
            with urlopen(Request(address, headers={"Host": name}), timeout=10) as answer:
                assert answer.status == 200


def test_interrupting_does_not_wait_for_open_pages(tmp_path: Path) -> None:
    with served("serve", str(tmp_path), "--port", "0") as address:
        stream = urlopen(f"{address}/api/tail", timeout=10)
        stream.readline()
        started = time.monotonic()
    stream.close()
    assert time.monotonic() - started < 2.5


SLEEPER = """
import pathlib, sys, time
pathlib.Path(sys.argv[1], "began").touch()
time.sleep(60)
"""


def test_the_demo_trains_beside_the_server_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(cli, "DEMO_MODULE", "sleeper")
    logdir = tmp_path / "logs"
    trainings = []

    def look(options: object, served_logdir: str, open_browser: bool) -> int:
        while not (logdir / "began").exists():
            time.sleep(0.01)
        assert served_logdir == str(logdir)
        assert open_browser is False
        return 0

    popen = subprocess.Popen

    def remember(*args: Any, **rest: Any) -> subprocess.Popen[bytes]:
        trainings.append(popen(*args, **rest))
        return trainings[-1]

    monkeypatch.setattr(cli, "_serve", look)
    monkeypatch.setattr(subprocess, "Popen", remember)
    assert main(["demo", str(logdir), "--no-open"]) == 0
    assert trainings[0].poll() == -signal.SIGTERM


def test_another_address_needs_the_token(tmp_path: Path) -> None:
    with served("serve", str(tmp_path), "--host", "0.0.0.0", "--port", "0") as address:
        port, token = re.findall(r":(\d+)/\?token=(.+)", address)[0]
        base = f"http://127.0.0.1:{port}"
        for path in ("/", "/api/v1/health", "/assets/icon.svg", "/?token=wrong"):
            with pytest.raises(HTTPError) as caught:
                urlopen(base + path, timeout=10)
            with caught.value as error:
                assert error.code == 401
        bearer = Request(f"{base}/api/v1/health", headers={"Authorization": f"Bearer {token}"})
        with urlopen(bearer, timeout=10) as answer:
            assert answer.status == 200
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        with browser.open(f"{base}/scalars?token={token}&x=wall", timeout=10) as page:
            assert page.url == f"{base}/scalars?x=wall"  # the token is in the cookie now
        with browser.open(f"{base}/api/v1/health", timeout=10) as answer:
            assert answer.status == 200


def test_several_logdirs_go_by_the_names_given_or_their_last_part(tmp_path: Path) -> None:
    odd = tmp_path / "lr=0.1"
    odd.mkdir()
    assert named_logdirs(["logs"]) == "logs"
    assert named_logdirs([str(odd)]) == str(odd)
    assert named_logdirs(["mine=logs"]) == {"mine": "logs"}
    assert named_logdirs(["a/logs", "theirs=b/logs"]) == {"logs": "a/logs", "theirs": "b/logs"}


def test_two_logdirs_of_one_name_are_refused() -> None:
    with pytest.raises(LogdirError, match="'logs' is the name of 'a/logs' already"):
        named_logdirs(["a/logs", "b/logs"])
