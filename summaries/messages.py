"""Parts of runs as bytes, for sending: a header of JSON, then the blocks it counts."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from summaries.event import Event
from summaries.replicate import Part

MEDIA_TYPE = "application/x-trainboard"
"""No form and no script of another site can send it without asking first."""
MAX_BYTES = 256 << 20

_LENGTH = struct.Struct("<II")


def encode(header: Mapping[str, Any], blocks: Sequence[bytes] = ()) -> bytes:
    """The message of a JSON-able header and blocks of bytes."""
    text = json.dumps({**header, "blocks": [len(block) for block in blocks]}).encode()
    return b"".join([_LENGTH.pack(len(text), zlib.crc32(text)), text, *blocks])


def decode(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Header and blocks of a message.

    Raises:
        ValueError: it is damaged.
    """
    try:
        length, crc = _LENGTH.unpack_from(message)
        text = message[_LENGTH.size : _LENGTH.size + length]
        if zlib.crc32(text) != crc:
            raise ValueError("the header's checksum is wrong")
        header: dict[str, Any] = json.loads(text)
        at, blocks = _LENGTH.size + length, []
        for size in header.pop("blocks"):
            blocks.append(message[at : at + size])
            at += size
        if at != len(message):
            raise ValueError(f"it has {len(message)} bytes, its header says {at}")
    except (struct.error, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"damaged message of {len(message)} bytes: {error}") from error
    return header, blocks


def encode_part(key: str, source: str, part: Part) -> bytes:
    """The message that adds the part to the run with that key."""
    from summaries.store.points import Points  # SQLAlchemy is not needed, but its package is heavy

    blocks: list[bytes] = []
    scalars = []
    for tag, values in part.scalars.items():
        scalars.append([tag, len(values)])
        blocks.append(Points.of_scalars(values).encoded())
    events = []
    for one in part.events:
        media_type = None if one.blob is None else one.blob[0]
        events.append([one.kind, one.tag, one.step, one.wall_time, one.rank or 0, media_type])
        blocks.append(one.data)
        if one.blob is not None:
            blocks.append(one.blob[1])
    starts = [[*key_, start] for key_, start in part.starts.items()]
    header = {"key": key, "source": source, "scalars": scalars, "events": events, "starts": starts}
    return encode(header, blocks)


def decode_part(message: bytes) -> tuple[str, str, Part]:
    """Key, source and part of such a message.

    Raises:
        ValueError: it is damaged.
    """
    from summaries.store.points import Points

    header, blocks = decode(message)
    waiting = iter(blocks)
    part = Part()
    try:
        for tag, n in header["scalars"]:
            part.scalars[str(tag)] = Points.decoded(next(waiting), int(n)).as_scalars()
        for kind, tag, step, wall_time, rank, media_type in header["events"]:
            data = next(waiting)
            blob = None if media_type is None else (str(media_type), next(waiting))
            event = Event(str(kind), str(tag), int(step), float(wall_time), data, blob, int(rank))
            part.events.append(event)
        part.starts = {(str(k), str(t)): int(start) for k, t, start in header["starts"]}
        return str(header["key"]), str(header["source"]), part
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise ValueError(f"damaged message of {len(message)} bytes: {error!r}") from error


def as_text(block: bytes) -> str:
    """Bytes as JSON can hold them."""
    return base64.b64encode(block).decode("ascii")


def of_text(text: str) -> bytes:
    """The bytes of `as_text`."""
    return base64.b64decode(text)
