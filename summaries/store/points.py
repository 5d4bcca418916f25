"""Points of a scalar series as columns, and the packets that hold the newest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from summaries.records import Float64, Int64

# One after the other, so that packets joined as bytes are the points of all of them.
_PACKET = np.dtype([("step", "<i8"), ("wall_us", "<i8"), ("value", "<f8")])


@dataclass(frozen=True)
class Points:
    """Points in logging order; wall_us is microseconds since the epoch."""

    step: Int64
    wall_us: Int64
    value: Float64

    def __len__(self) -> int:
        return len(self.step)

    def part(self, start: int, stop: int) -> Points:
        """The points from start to before stop."""
        return Points(self.step[start:stop], self.wall_us[start:stop], self.value[start:stop])

    @staticmethod
    def none() -> Points:
        """No points."""
        ints = np.empty(0, dtype=np.int64)
        return Points(ints, ints, np.empty(0, dtype=np.float64))

    @staticmethod
    def joined(parts: Sequence[Points]) -> Points:
        """The points of all parts, one after the other."""
        if not parts:
            return Points.none()
        if len(parts) == 1:
            return parts[0]
        return Points(
            np.concatenate([p.step for p in parts]),
            np.concatenate([p.wall_us for p in parts]),
            np.concatenate([p.value for p in parts]),
        )

    def packet(self) -> bytes:
        """The points as bytes, 24 each, bit for bit."""
        rows = np.empty(len(self), dtype=_PACKET)
        rows["step"], rows["wall_us"], rows["value"] = self.step, self.wall_us, self.value
        return rows.tobytes()

    @staticmethod
    def of_packets(packets: Sequence[bytes]) -> Points:
        """The points of packets that follow each other.

        Raises:
            ValueError: a packet is cut off.
        """
        rows = np.frombuffer(b"".join(packets), dtype=_PACKET)
        return Points(rows["step"].copy(), rows["wall_us"].copy(), rows["value"].copy())
