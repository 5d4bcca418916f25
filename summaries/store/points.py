"""Points of a scalar series as columns, and the packets that hold the newest of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.records import Float64, Int64, Scalars
from summaries.store.codec import decode_columns, encode_columns

# One after the other, so that packets joined as bytes are the points of all of them.
_PACKET = np.dtype([("step", "<i8"), ("wall_us", "<i8"), ("value", "<f8")])
_RANKED = np.dtype([*_PACKET.descr, ("rank", "<i8")])


@dataclass(frozen=True)
class Points:
    """Points in logging order; wall_us is microseconds since the epoch."""

    step: Int64
    wall_us: Int64
    value: Float64
    rank: Int64 | None = None
    """None: all are rank 0's."""

    def __len__(self) -> int:
        return len(self.step)

    def part(self, start: int, stop: int) -> Points:
        """The points from start to before stop."""
        return self[start:stop]

    def __getitem__(self, which: slice | NDArray[Any]) -> Points:
        rank = None if self.rank is None else self.rank[which]
        return Points(self.step[which], self.wall_us[which], self.value[which], rank)

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
        rank = None
        if any(p.rank is not None for p in parts):
            rank = np.concatenate([p.ranks() for p in parts])
        return Points(
            np.concatenate([p.step for p in parts]),
            np.concatenate([p.wall_us for p in parts]),
            np.concatenate([p.value for p in parts]),
            rank,
        )

    @staticmethod
    def of_scalars(scalars: Scalars, rank: int = 0) -> Points:
        """The points as they were logged, by the rank where they name none."""
        ranks = scalars.rank
        if ranks is None and rank:
            ranks = np.full(len(scalars), rank, dtype=np.int64)
        elif ranks is not None and not ranks.any():
            ranks = None
        wall_us = np.rint(scalars.wall_time * 1e6).astype(np.int64)
        return Points(scalars.step, wall_us, scalars.value, ranks)

    def as_scalars(self) -> Scalars:
        """The points as a reader hands them out."""
        return Scalars(self.step, self.wall_us / 1e6, self.value, self.rank)

    def ranks(self) -> Int64:
        """The rank of each point, int64 [n]."""
        return np.zeros(len(self), dtype=np.int64) if self.rank is None else self.rank

    # -- as bytes -----------------------------------------------------------------------------

    def packet(self) -> bytes:
        """The points as bytes, 24 each (32 where ranks are named), bit for bit."""
        rows = np.empty(len(self), dtype=_PACKET if self.rank is None else _RANKED)
        rows["step"], rows["wall_us"], rows["value"] = self.step, self.wall_us, self.value
        if self.rank is not None:
            rows["rank"] = self.rank
        return rows.tobytes()

    @staticmethod
    def of_packets(packets: Iterable[tuple[int, bytes]]) -> Points:
        """The points of packets that follow each other, each with its number of points.

        Raises:
            ValueError: a packet is cut off.
        """
        parts: list[Points] = []
        plain: list[bytes] = []

        def end_plain() -> None:
            if plain:
                rows = np.frombuffer(b"".join(plain), dtype=_PACKET)
                columns = (rows["step"].copy(), rows["wall_us"].copy(), rows["value"].copy())
                parts.append(Points(*columns))
                plain.clear()

        for n, data in packets:
            if len(data) == n * _PACKET.itemsize:
                plain.append(data)
                continue
            if len(data) != n * _RANKED.itemsize:
                raise ValueError(f"damaged packet: {len(data)} bytes for {n} points")
            end_plain()
            rows = np.frombuffer(data, dtype=_RANKED)
            parts.append(Points(*(rows[name].copy() for name in _RANKED.names or ())))
        end_plain()
        return Points.joined(parts)

    def encoded(self) -> bytes:
        """The points as the compact bytes of a chunk, bit for bit."""
        columns: list[NDArray[Any]] = [self.step, self.wall_us, self.value]
        return encode_columns(columns if self.rank is None else [*columns, self.rank])

    @staticmethod
    def decoded(data: bytes, n: int) -> Points:
        """The n points of a chunk.

        Raises:
            ValueError: it is damaged.
        """
        columns = decode_columns(data, n)
        if len(columns) not in (3, 4):
            raise ValueError(f"damaged block: {len(columns)} columns")
        return Points(*columns)


def as_ranges(ranks: Iterable[int]) -> str:
    """Ranks in short: ``"0-3,5"``; "" for rank 0 alone."""
    found: list[list[int]] = []
    for rank in sorted(set(ranks)):
        if found and rank == found[-1][1] + 1:
            found[-1][1] = rank
        else:
            found.append([rank, rank])
    if found == [[0, 0]]:
        return ""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in found)


def of_ranges(text: str) -> tuple[int, ...]:
    """The ranks that `as_ranges` wrote."""
    if not text:
        return (0,)
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return tuple(found)
