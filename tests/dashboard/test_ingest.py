"""Values sent to a server: all of them arrive, once, whatever happens in between."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest

from dashboard.app import create_app
from dashboard.serve import listening_socket, make_server
from summaries import LogdirError, SummaryWriter, open_logdir
from summaries.destination import Server, spool_root
from summaries.ingest import Ingest
from summaries.replicate import copy_runs
from summaries.spool import send_leftovers, send_spool, spools_left
from summaries.store.writing import StoreWriter
from summaries.upkeep import remove_runs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spool of this test."""
    monkeypatch.setenv("TRAINBOARD_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("TRAINBOARD_SEND_TIMEOUT_S", "10")
    return tmp_path / "spool"


class Served:
    """A ``dashboard serve --ingest`` in a process of its own, to be killed and started again."""

    def __init__(self, logdir: Path | str, *options: str) -> None:
        self.logdir = logdir
        self.options = options
        listener = listening_socket("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        listener.close()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "dashboard.cli", "serve", str(self.logdir), "--ingest"]
        command += ["--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert "Serving" in self.process.stdout.readline()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """``served(*options)``: a server over ``tmp_path / "server"``, started."""
    made: list[Served] = []

    def make(*options: str, logdir: Path | str | None = None) -> Served:
        place = tmp_path / "server" if logdir is None else logdir
        if isinstance(place, Path):
            place.mkdir(exist_ok=True)
        server = Served(place, *options)
        server.start()
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()


def wait_for_points(server: Served, run: str, n: int) -> None:
    """Return once the server has so many points of the run."""
    end = time.monotonic() + 15
    with open_logdir(server.logdir) as reader:
        while not any(s.run == run and s.n == n for s in reader.series()):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_writer_elsewhere_logs_as_one_here_would(
    served: Callable[..., Served], database: Path | str
) -> None:
    server = served(logdir=database.parent / "server" if isinstance(database, Path) else database)
    with SummaryWriter(f"{server.url}/lr=0.1/seed=3") as writer:
        for step in range(10_000):
            writer.add_scalar("loss", step / 7, step, walltime=1e9 + step)
        writer.add_histogram("weights", [1.0, 2.0, 3.0], 5)
        writer.add_text("note", "hello", 6)
        writer.add_hparams({"lr": 0.1}, {"final": 0.5})
    with open_logdir(server.logdir) as reader:
        (info,) = reader.runs()
        assert (info.name, info.status, info.hparams) == ("lr=0.1/seed=3", "finished", {"lr": 0.1})
        assert info.host == os.uname().nodename
        points = reader.scalars("lr=0.1/seed=3", "loss")
        assert points.value.tolist() == [step / 7 for step in range(10_000)]
        assert points.wall_time.tolist() == [1e9 + step for step in range(10_000)]
        assert reader.histograms("lr=0.1/seed=3", "weights")[0].num == 3
        assert reader.texts("lr=0.1/seed=3", "note")[0].text == "hello"
    assert list(spools_left(Server(server.url))) == []


def test_while_it_logs_the_run_is_seen_to_grow(served: Callable[..., Served]) -> None:
    server = served()
    writer = SummaryWriter(f"{server.url}/a")
    with open_logdir(server.logdir) as reader:
        for step in range(3):
            writer.add_scalar("x", float(step), step)
            end = time.monotonic() + 10
            while not (series := reader.series()) or series[0].n < step + 1:
                assert time.monotonic() < end
                time.sleep(0.02)
            assert reader.runs()[0].status == "running"
    writer.close()


def test_a_server_that_is_away_gets_all_on_its_return(
    served: Callable[..., Served], caplog: pytest.LogCaptureFixture
) -> None:
    server = served()
    writer = SummaryWriter(f"{server.url}/a")
    n = 0
    with caplog.at_level(logging.WARNING, "summaries"):
        for round in range(3):
            for _ in range(5000):
                writer.add_scalar("x", float(n), n)
                n += 1
            writer.flush()
            if round == 1:
                server.kill()
                time.sleep(0.6)
            if round == 2:
                server.start()
        writer.close()
    told = [record.message for record in caplog.records]
    assert sum("are kept in" in text for text in told) == 1, told
    assert sum("works again" in text for text in told) == 1, told
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == list(map(float, range(n)))
        assert reader.runs()[0].status == "finished"


def test_what_could_not_be_sent_is_sent_by_the_next_run(
    served: Callable[..., Served],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TRAINBOARD_SEND_TIMEOUT_S", "0.5")
    server = served()
    server.kill()
    with SummaryWriter(f"{server.url}/first") as writer:
        writer.add_scalar("x", 1.0, 0)
    assert "the rest waits in" in caplog.text
    # The thread of that writer tries on, as long as the process lives.
    server.start()
    end = time.monotonic() + 20
    while list(spools_left(Server(server.url))):
        assert time.monotonic() < end
        time.sleep(0.05)
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("first", "x").value.tolist() == [1.0]
        assert reader.runs()[0].status == "finished"


LOG_FOREVER = """
import sys, time
from summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1])
print("ready", flush=True)
step = 0
while True:
    writer.add_scalar("x", float(step), step)
    step += 1
    time.sleep(0.0002)
"""


def test_writers_and_servers_killed_at_any_moment_lose_and_double_nothing(
    served: Callable[..., Served], start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    server = served()
    for kill in range(4):
        process = start_script(LOG_FOREVER, f"{server.url}/r{kill}")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4 + 0.1 * kill)
        server.kill()
        server.start()
        time.sleep(0.7)
        killed = time.time()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        send_leftovers(Server(server.url))
        with open_logdir(server.logdir) as reader:
            points = reader.scalars(f"r{kill}", "x")
            assert points.step.tolist() == list(range(len(points)))
            assert points.value.tolist() == list(map(float, range(len(points))))
            assert killed - points.wall_time[-1] < 0.6
            status = {info.name: info.status for info in reader.runs()}
            assert status[f"r{kill}"] == "crashed"
    assert list(spool_root().rglob("events.db")) == []


def test_a_run_that_is_silent_for_a_while_is_told_no_trouble(
    served: Callable[..., Served], caplog: pytest.LogCaptureFixture
) -> None:
    server = served()
    with SummaryWriter(f"{server.url}/a") as writer:
        time.sleep(6.0)  # the server hangs up on a silent connection after 5 s
        writer.add_scalar("x", 1.0, 0)
    assert "fails" not in caplog.text
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == [1.0]


@pytest.mark.parametrize("is_made_again", [False, True])
def test_a_server_whose_database_was_removed_gets_all_again(
    served: Callable[..., Served], is_made_again: bool
) -> None:
    server = served()
    database = Path(server.logdir) / "events.db"
    with SummaryWriter(f"{server.url}/a") as writer:
        writer.add_scalar("x", 1.0, 0)
        wait_for_points(server, "a", 1)
        for end in ("", "-wal", "-shm"):
            Path(f"{database}{end}").unlink(missing_ok=True)
        if is_made_again:
            StoreWriter(database).close()
        writer.add_scalar("x", 2.0, 1)
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == [1.0, 2.0]
        assert reader.runs()[0].status == "finished"


def test_a_run_removed_at_the_server_comes_back_whole_with_what_is_logged_next(
    served: Callable[..., Served],
) -> None:
    server = served()
    with SummaryWriter(f"{server.url}/a") as writer, SummaryWriter(f"{server.url}/b") as other:
        writer.add_scalar("x", 1.0, 0)
        other.add_scalar("x", 7.0, 0)
        wait_for_points(server, "a", 1)
        wait_for_points(server, "b", 1)
        remove_runs(server.logdir, ["a"], force=True)
        writer.add_scalar("x", 2.0, 1)
        wait_for_points(server, "a", 2)
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == [1.0, 2.0]
        assert reader.scalars("b", "x").value.tolist() == [7.0]
        assert {info.status for info in reader.runs()} == {"finished"}


@pytest.mark.parametrize("end", ["close", "kill"])
def test_a_child_that_outlives_its_parent_loses_nothing(
    served: Callable[..., Served], start_script: Callable[..., Any], end: str
) -> None:
    server = served()
    code = """
import os, signal, sys, time
from summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1] + "/a")
writer.add_scalar("parent", 1.0, 0)
writer.flush()
parent = os.getpid()
read, write = os.pipe()
if os.fork() == 0:
    writer.add_scalar("child", 0.0, 0)
    writer.flush()
    os.write(write, b"x")
    while os.getppid() == parent:
        time.sleep(0.01)
    for step in range(1, 100):
        writer.add_scalar("child", float(step), step)
    writer.close()
    os._exit(0)
os.read(read, 1)
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
writer.close()
os._exit(0)
"""
    process = start_script(code, server.url, end)
    process.wait(30)
    wait_for_points(server, "a", 100)
    process.communicate()
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "child").value.tolist() == [float(n) for n in range(100)]
        assert reader.scalars("a", "parent").value.tolist() == [1.0]
    stop = time.monotonic() + 10
    while list(spools_left(Server(server.url))):
        assert time.monotonic() < stop
        time.sleep(0.02)


def test_a_spool_that_another_process_has_sent_is_no_trouble(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert send_spool(Server("http://127.0.0.1:9"), gone) is None
    assert not gone.exists()
    gone.mkdir()  # it was locked while the other one removed it
    assert send_spool(Server("http://127.0.0.1:9"), gone) is None


def test_a_run_may_be_gone_on_with_from_a_checkpoint(served: Callable[..., Served]) -> None:
    server = served()
    for purge, value in ((None, 1.0), (5, 2.0)):
        with SummaryWriter(f"{server.url}/a", purge_step=purge) as writer:
            for step in range(purge or 0, 10):
                writer.add_scalar("x", value, step)
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == [1.0] * 5 + [2.0] * 5
        assert len(reader.replaced("a")) == 1


def test_ranks_on_several_machines_log_one_run(served: Callable[..., Served]) -> None:
    server = served()
    writers = [SummaryWriter(f"{server.url}/ddp", rank=rank) for rank in range(3)]
    for step in range(1000):
        for rank, writer in enumerate(writers):
            writer.add_scalar("loss", step + rank / 10, step)
    for writer in writers:
        writer.close()
    with open_logdir(server.logdir) as reader:
        (info,) = reader.runs()
        assert (info.status, info.ranks) == ("finished", (0, 1, 2))
        for rank in range(3):
            own = reader.scalars("ddp", "loss", rank=rank)
            assert own.value.tolist() == [step + rank / 10 for step in range(1000)]


def test_a_token_is_asked_for_and_given(
    served: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = served("--token", "s3cret")
    with pytest.raises(LogdirError, match=r"asks for a token\n.*TRAINBOARD_TOKEN"):
        SummaryWriter(f"{server.url}/a")
    for address, token in ((f"{server.url}/a", "s3cret"), (f"{server.url}/b?token=s3cret", None)):
        SummaryWriter(address, token=token).close()
    monkeypatch.setenv("TRAINBOARD_TOKEN", "s3cret")
    SummaryWriter(f"{server.url}/c").close()
    with open_logdir(server.logdir) as reader:
        assert [info.name for info in reader.runs()] == ["a", "b", "c"]
    assert list(spools_left(Server(server.url))) == []


def test_runs_of_a_directory_are_pushed_to_a_server_whole(
    served: Callable[..., Served], tmp_path: Path
) -> None:
    server = served()
    for purge in (None, 50):
        with SummaryWriter(tmp_path / "here" / "a", purge_step=purge) as writer:
            for step in range(purge or 0, 100):
                writer.add_scalar("x", step / 7, step)
            writer.add_image("image", np.zeros((3, 4, 5), dtype=np.uint8), 3)
        assert copy_runs(tmp_path / "here", server.url).values > 0
        assert copy_runs(tmp_path / "here", server.url).values == 0
    with open_logdir(server.logdir) as reader:
        assert reader.scalars("a", "x").value.tolist() == [step / 7 for step in range(100)]
        assert len(reader.replaced("a")) == 1
        image = reader.images("a", "image")[0]
        assert (image.width, reader.blob(image.sha256)[1]) == (5, "image/png")


def post(url: str, body: bytes, media_type: str) -> tuple[int, dict[str, Any]]:
    request = Request(url, data=body, headers={"Content-Type": media_type}, method="POST")
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_forms_of_other_sites_damage_and_unknown_acts_are_refused(
    served: Callable[..., Served],
) -> None:
    server = served()
    kind = "application/x-trainboard"
    for act, body, media_type, status in (
        ("open", b"{}", "text/plain", 415),
        ("open", b"\0" * 7, kind, 400),
        ("append", b"\0" * 300, kind, 400),
        ("nonsense", b"", kind, 404),
    ):
        found, answer = post(f"{server.url}/api/v1/ingest/{act}", body, media_type)
        assert (found, bool(answer["error"]["message"])) == (status, True), act


def test_a_dashboard_that_takes_no_values_says_so(tmp_path: Path, serve: Any) -> None:
    url = serve(tmp_path)
    with pytest.raises(LogdirError, match="dashboard serve --ingest"):
        SummaryWriter(f"{url}/a")


def test_ingest_over_an_app_in_this_process(tmp_path: Path) -> None:
    import threading

    ingest = Ingest(tmp_path)
    reader = open_logdir(tmp_path)
    server = make_server(create_app(reader, ingest=ingest))
    listener = listening_socket("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with SummaryWriter(f"http://127.0.0.1:{listener.getsockname()[1]}/a") as writer:
        writer.add_scalar("x", 1.0, 0)
    assert reader.scalars("a", "x").value.tolist() == [1.0]
    server.should_exit = True
    thread.join(10)
    reader.close()
    ingest.close()


def test_a_spool_that_was_left_is_pushed_by_hand(
    served: Callable[..., Served], start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    server = served()
    process = start_script(LOG_FOREVER, f"{server.url}/left")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    server.kill()
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = spools_left(Server(server.url))
    server.start()
    command = [sys.executable, "-m", "dashboard.cli", "push", str(left), server.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not left.exists()
    with open_logdir(server.logdir) as reader:
        points = reader.scalars("left", "x")
        assert points.step.tolist() == list(range(len(points)))
        assert reader.runs()[0].status == "crashed"
