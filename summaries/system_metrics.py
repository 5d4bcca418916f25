"""What the machine does while a run trains: processor, memory, disk, network and GPUs.

Sampled every ten seconds by a thread of the run's own, as scalars under ``system/``; the step is
the number of the sample.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from summaries.gpus import Gpus
from summaries.pipeline import Pipeline, logger

PERIOD_S = 10.0
PREFIX = "system/"
_FIRST_AFTER_S = 1.0
_WORTH_A_LAST_S = 0.5
_SHORTEST_RATE_S = 0.1
"""The kernel counts processor time by the hundredth of a second: below that, rates are noise."""


class SystemMetrics:
    """Samples until it is stopped. Not continued by a forked child: the run is the parent's."""

    def __init__(self, pipeline: Pipeline, period_s: float = PERIOD_S) -> None:
        """Begin, in a thread.

        Args:
            pipeline: of the run.
            period_s: seconds between samples.
        """
        self._pipeline = pipeline
        self._period_s = period_s
        self._number = 0
        self._taken = 0
        self._pid = os.getpid()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="summaries-system")
        self._thread.start()

    def stop(self, wait: bool = True) -> None:
        """Take a last sample and end."""
        self._stopping.set()
        if wait and self._pid == os.getpid():
            self._thread.join(5.0)

    def _serve(self) -> None:
        try:
            self._sample_all()
        except ValueError:  # the run is finished already
            return
        except Exception as error:  # a metric less, and said; the training is not to notice
            logger.warning(
                "run '%s': system metrics end here\n  %s: %s",
                self._pipeline.name,
                type(error).__name__,
                error,
            )

    def _sample_all(self) -> None:
        machine = Machine()
        self._number = _next_number(self._pipeline)
        wait = min(_FIRST_AFTER_S, self._period_s)
        try:
            while True:
                began = time.monotonic()
                stopping = self._stopping.wait(wait)
                wait = self._period_s
                # Rates over a shorter time than this are noise.
                if not stopping or time.monotonic() - began > _WORTH_A_LAST_S or not self._taken:
                    self._log(machine.sample())
                if stopping:
                    return
        finally:
            machine.close()

    def _log(self, values: dict[str, float]) -> None:
        pipeline, now = self._pipeline, time.time()
        for name, value in values.items():
            if len(pipeline.points) >= pipeline.limit:
                pipeline.relieve()
            pipeline.points.append((PREFIX + name, value, self._number, now))
        self._number += 1
        self._taken += 1


def _next_number(pipeline: Pipeline) -> int:
    """Number of the next sample: a run that is resumed goes on counting, each rank for itself."""
    if pipeline.started.is_new or pipeline.rank:
        return 0
    from summaries.store.reading import StoreReader  # SQLAlchemy is loaded: the run is open

    store = StoreReader(pipeline.where)
    try:
        tag = PREFIX + "memory_used_percent"
        steps = [
            series.last_step for series in store.series(run=pipeline.name) if series.tag == tag
        ]
    finally:
        store.close()
    return max(steps, default=-1) + 1


class Machine:
    """Readings of this machine and this process; rates are since the last reading."""

    def __init__(self) -> None:
        import psutil  # 20 ms, in the thread that samples

        self._psutil = psutil
        self._process = psutil.Process()
        self._gpus = Gpus.open()
        psutil.cpu_percent()
        self._process.cpu_percent()
        self._at = time.monotonic()
        self._counts = self._count()

    def close(self) -> None:
        """Give NVML back."""
        if self._gpus is not None:
            self._gpus.close()

    def sample(self) -> dict[str, float]:
        """Names with their unit to values: percent, MB (a million bytes), MB a second."""
        psutil = self._psutil
        found = {
            "memory_used_percent": float(psutil.virtual_memory().percent),
            "process_memory_mb": self._process.memory_info().rss / 1e6,
        }
        seconds = time.monotonic() - self._at
        if seconds >= _SHORTEST_RATE_S:
            found |= self._rates(seconds)
        if self._gpus is not None:
            found |= self._gpus.sample()
        return found

    def _rates(self, seconds: float) -> dict[str, float]:
        found = {
            "cpu_percent": float(self._psutil.cpu_percent()),
            "process_cpu_percent": float(self._process.cpu_percent()),
        }
        counts = self._count()
        for name, count in counts.items():
            if name in self._counts:
                # A counter that was reset starts from 0.
                found[name] = max(count - self._counts[name], 0) / seconds / 1e6
        self._at, self._counts = time.monotonic(), counts
        return found

    def _count(self) -> dict[str, int]:
        found: dict[str, int] = {}
        disk: Any = _or_none(self._psutil.disk_io_counters)
        if disk is not None:
            found["disk_read_mb_per_s"] = disk.read_bytes
            found["disk_write_mb_per_s"] = disk.write_bytes
        network: Any = _or_none(self._psutil.net_io_counters)
        if network is not None:
            found["network_sent_mb_per_s"] = network.bytes_sent
            found["network_received_mb_per_s"] = network.bytes_recv
        return found


def _or_none(read: Any) -> Any:
    """The reading; None in a container that hides it."""
    try:
        return read()
    except (OSError, RuntimeError, NotImplementedError):
        return None
