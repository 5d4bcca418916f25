"""A disk that turns read-only and a clock that is set back: training goes on, nothing is silent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from summaries import SummaryWriter, init, open_logdir
from summaries.upkeep import check_logdir

Start = Callable[..., "subprocess.Popen[str]"]


class FailingDisk:
    """An ext4 file system in a file, which the kernel turns read-only on an error, as it does when
    a real disk fails: files that are open for writing stay open, and cannot be written."""

    def __init__(self, image: Path, place: Path) -> None:
        place.mkdir()
        self.image, self.place = image, place
        with image.open("wb") as file:
            file.truncate(24 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
        self.mount()

    def mount(self) -> None:
        options = "loop,errors=remount-ro"
        command = ["mount", "-o", options, str(self.image), str(self.place)]
        subprocess.run(command, check=True, capture_output=True)

    def fail(self) -> None:
        """Turn it read-only under whoever writes to it."""
        found = subprocess.run(
            ["findmnt", "-n", "-o", "SOURCE", str(self.place)],
            check=True,
            capture_output=True,
            text=True,
        )
        device = Path(found.stdout.strip()).name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1")
        with pytest.raises(OSError, match="Read-only"):
            (self.place / "probe").touch()

    def repair(self) -> None:
        """What an administrator does: unmount, check, mount again."""
        subprocess.run(["umount", str(self.place)], check=True, capture_output=True)
        subprocess.run(["fsck.ext4", "-y", "-f", str(self.image)], capture_output=True)
        self.mount()


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[FailingDisk]:
    """A disk that can be made to fail."""
    try:
        disk = FailingDisk(tmp_path / "image", tmp_path / "disk")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"making and mounting a file system needs root and e2fsprogs: {error}")
    yield disk
    subprocess.run(["umount", str(disk.place)], check=True, capture_output=True)


LOG = """
import sys
from summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1] + "/logs", max_queue=20_000)
for step in range(2000):
    writer.add_scalar("x", float(step), step)
writer.flush()
print("written", flush=True)
sys.stdin.readline()
for step in range(2000, 5000):
    writer.add_scalar("x", float(step), step)
writer.flush()
print("goes on", flush=True)
writer.close()
"""


def test_a_disk_that_turns_read_only_stops_nothing_and_is_told_once(
    failing_disk: FailingDisk,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LOG, str(failing_disk.place)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    # What the kernel has not brought to a disk that fails is gone with it, as in a power cut.
    os.sync()
    failing_disk.fail()
    out, errors = process.communicate("\n", timeout=120)
    assert (process.returncode, out) == (0, "goes on\n"), errors
    assert errors.count("logging to") == 1, errors
    assert "3000 logged values could not be written" in errors
    # What was logged before can be read while the disk is read-only, and after it was repaired.
    with open_logdir(failing_disk.place / "logs") as reader:
        assert reader.scalars(".", "x").step.tolist() == list(range(2000))
        assert reader.runs()[0].status == "crashed"
    failing_disk.repair()
    with SummaryWriter(failing_disk.place / "logs") as writer:
        writer.add_scalar("x", 2000.0, 2000)
    (checkup,) = check_logdir(failing_disk.place / "logs")
    assert [f for f in checkup.findings if f.severity == "damage"] == []
    with open_logdir(failing_disk.place / "logs") as reader:
        assert reader.scalars(".", "x").step.tolist() == list(range(2001))


def test_a_clock_that_is_set_back_loses_and_reorders_nothing(
    logdir: str | Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    run = init(logdir, name="a")
    with open_logdir(logdir) as reader:
        token = reader.changes_since(None).token
        for hours_back in (0, 5, -3, 24 * 400):
            monkeypatch.setattr(time, "time", lambda shift=hours_back: real() - shift * 3600)
            for step in range(100):
                run.log({"x": float(step)}, step=step)
            run.flush()
            # The process is there, so however old its last sign of life looks, the run runs.
            assert reader.runs()[0].status == "running"
            changes = reader.changes_since(token)
            token = changes.token
            assert [s.tag for s in changes.series if s.tag == "x"] == ["x"]
        run.finish()
        points = reader.scalars("a", "x")
        assert points.step.tolist() == [*range(100)] * 4
        assert points.value.tolist() == [float(step) for step in range(100)] * 4
        assert points.wall_time[-1] < points.wall_time[0] - 399 * 24 * 3600
        assert reader.envelope("a", "x", pixels=50).count.sum() == 400
        assert reader.runs()[0].status == "finished"
