"""What the machine does while a run trains, as scalars of the run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from summaries import init, open_logdir
from summaries.gpus import Gpus
from summaries.pipeline import Pipeline
from summaries.system_metrics import Machine, SystemMetrics

Start = Callable[..., "subprocess.Popen[str]"]
ALWAYS = {"cpu_percent", "process_cpu_percent", "memory_used_percent", "process_memory_mb"}


def test_a_sample_is_of_this_process() -> None:
    machine = Machine()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        sum(range(1000))
    found = machine.sample()
    machine.close()
    assert set(found) >= ALWAYS
    assert 10.0 < found["process_cpu_percent"] < 500.0
    assert 0.0 < found["memory_used_percent"] < 100.0
    assert found["process_memory_mb"] > 10.0
    assert all(value >= 0.0 for value in found.values())


def test_samples_are_numbered_scalars_of_the_run(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path / "events.db", "r")
    metrics = SystemMetrics(pipeline, period_s=0.15)
    time.sleep(0.7)
    metrics.stop()
    pipeline.close()
    with open_logdir(tmp_path) as reader:
        points = reader.scalars("r", "system/memory_used_percent")
        tags = reader.runs()[0].tags["scalar"]
        assert len(points) >= 3
        assert points.step.tolist() == list(range(len(points)))
        assert {f"system/{name}" for name in ALWAYS} <= set(tags)
        assert all(len(points) - 1 <= len(reader.scalars("r", tag)) <= len(points) for tag in tags)
        assert reader.alerts("r") == []


def test_a_run_of_a_moment_has_one_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    with init(tmp_path, name="r", surroundings=False) as run:
        run.log({"x": 1.0})
    with open_logdir(tmp_path) as reader:
        assert len(reader.scalars("r", "system/memory_used_percent")) == 1


def test_a_resumed_run_goes_on_counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    for _ in range(3):
        init(tmp_path, name="r", resume=True, surroundings=False).finish()
    with open_logdir(tmp_path) as reader:
        assert reader.scalars("r", "system/memory_used_percent").step.tolist() == [0, 1, 2]


@pytest.mark.parametrize("off", ["flag", "variable"])
def test_they_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: str) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    if off == "variable":
        monkeypatch.setenv("TRAINBOARD_SYSTEM_METRICS", "0")
    with init(tmp_path, name="r", surroundings=False, system_metrics=off != "flag") as run:
        run.log({"x": 1.0})
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].tags["scalar"] == ("x",)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_script: Start
) -> None:
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "1")
    code = """
import os, sys, threading
from summaries import init
run = init(sys.argv[1], name="r")
child = os.fork()
if child == 0:
    run.log({"child": 1.0})
    run.finish()
    sys.exit(len([t for t in threading.enumerate() if t.name == "summaries-system"]))
assert os.waitpid(child, 0)[1] == 0
run.finish()
"""
    process = start_script(code, tmp_path)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0
    with open_logdir(tmp_path) as reader:
        assert len(reader.scalars("r", "system/memory_used_percent")) == 1
        assert len(reader.scalars("r", "child")) == 1


class Nvml:
    """An NVML of two GPUs, one of which does not tell its power.

    No GPU is in reach of these tests, so the binding itself is stood in for; its names are those of
    nvidia-ml-py.
    """

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    def __getattr__(self, name: str) -> Any:
        answers: dict[str, Callable[..., Any]] = {
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda at: at,
            "nvmlDeviceGetName": lambda at: b"H100" if at else "A100",
            "nvmlDeviceGetMemoryInfo": lambda at: SimpleNamespace(total=80 << 30, used=5_000_000),
            "nvmlDeviceGetUtilizationRates": lambda at: SimpleNamespace(gpu=97 - at),
            "nvmlDeviceGetTemperature": lambda at, sensor: 60 + at,
            "nvmlSystemGetDriverVersion": lambda: "550.1",
            "nvmlSystemGetCudaDriverVersion": lambda: 12040,
            "nvmlShutdown": lambda: None,
        }
        return answers[name]

    def nvmlDeviceGetPowerUsage(self, at: int) -> int:
        if at == 1:
            raise self.NVMLError
        return 250_500


def test_gpus_tell_what_they_can() -> None:
    gpus = Gpus(Nvml())
    assert gpus.describe() == {
        "gpus": [
            {"name": "A100", "memory_bytes": 80 << 30},
            {"name": "H100", "memory_bytes": 80 << 30},
        ],
        "gpu_driver": "550.1",
        "cuda_driver": "12.4",
    }
    assert gpus.sample() == {
        "gpu0/utilisation_percent": 97.0,
        "gpu0/memory_used_mb": 5.0,
        "gpu0/temperature_celsius": 60.0,
        "gpu0/power_watts": 250.5,
        "gpu1/utilisation_percent": 96.0,
        "gpu1/memory_used_mb": 5.0,
        "gpu1/temperature_celsius": 61.0,
    }
    gpus.close()
