"""Audio: samples in, 16-bit WAV out; or an encoded file, kept as it is."""

from __future__ import annotations

import hashlib
import io
import json
import wave
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy
from summaries.event import Event
from summaries.records import AudioRecord

NAME = "audio"

_LARGEST = np.iinfo(np.int16).max
_MP3_STARTS = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


def as_samples(tag: str, sound: Any) -> NDArray[np.int16]:
    """The sound as int16 [frames, channels].

    Floats are taken as -1 to 1 and clipped, non-finite ones as 0; int16 is taken as it is.

    Args:
        tag: for the error.
        sound: [frames], [1, frames] or [frames, channels], at most 255 channels.

    Raises:
        TypeError: not an array of numbers.
        ValueError: no such shape.
    """
    array = as_numpy("add_audio", tag, sound)
    if array.ndim == 2 and array.shape[0] == 1:
        array = array[0]  # torch's own form, [1, frames]
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not 1 <= array.shape[1] <= 255:
        raise ValueError(
            f"add_audio '{tag}': expects [frames], [1, frames] or [frames, channels]\n"
            f"  shape {np.shape(sound)}\n"
            "  try: sound.T where the channels come first"
        )
    if array.dtype == np.int16:
        return np.ascontiguousarray(array)
    floats = array if array.dtype.kind == "f" else array.astype(np.float64)
    clipped = np.clip(np.nan_to_num(floats, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    # Cut towards zero as torch does, so that the same samples give the same file.
    samples: NDArray[np.int16] = (clipped * clipped.dtype.type(_LARGEST)).astype(np.int16)
    return samples


def event(tag: str, sound: Any, step: int, wall_time: float, sample_rate: int = 44100) -> Event:
    """The event of one sound, stored as 16-bit PCM.

    Args:
        sound: see `as_samples`.
        sample_rate: frames a second.

    Raises:
        TypeError, ValueError: as `as_samples`; a rate that is not a positive whole number.
    """
    rate = int(sample_rate)
    if rate != sample_rate or not 0 < rate < 2**32:
        raise ValueError(
            f"add_audio '{tag}': sample_rate must be a positive whole number\n  got {sample_rate!r}"
        )
    samples = as_samples(tag, sound)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2", copy=False).tobytes())
    n_frames, channels = samples.shape
    return _event(tag, step, wall_time, buffer.getvalue(), ("audio/wav", rate, n_frames, channels))


def event_of_file(
    tag: str,
    content: bytes,
    step: int,
    wall_time: float,
    *,
    sample_rate: int = 0,
    n_frames: int = 0,
    channels: int = 0,
) -> Event:
    """The event of a sound that is encoded already (WAV, MP3, Ogg, FLAC), kept as it is.

    Args:
        content: the file's bytes.
        sample_rate: frames a second, where the file is not a PCM WAV, which tells it; 0 unknown.
        n_frames: likewise.
        channels: likewise.

    Raises:
        ValueError: the bytes are no sound of these formats.
    """
    media_type = _media_type(content)
    if media_type is None:
        raise ValueError(
            f"audio '{tag}': {len(content)} bytes are no WAV, MP3, Ogg or FLAC file\n"
            f"  they start with {content[:8]!r}"
        )
    if media_type == "audio/wav":
        try:
            with wave.open(io.BytesIO(content)) as file:
                sample_rate, n_frames = file.getframerate(), file.getnframes()
                channels = file.getnchannels()
        except (wave.Error, EOFError):
            pass  # not PCM, or its head is cut off: what the caller knows of it holds
    return _event(tag, step, wall_time, content, (media_type, sample_rate, n_frames, channels))


def _media_type(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "audio/wav"
    if content.startswith(_MP3_STARTS):
        return "audio/mpeg"
    return {b"OggS": "audio/ogg", b"fLaC": "audio/flac"}.get(content[:4])


def _event(
    tag: str, step: int, wall_time: float, content: bytes, what: tuple[str, int, int, int]
) -> Event:
    media_type, rate, n_frames, channels = what
    record = {
        "t": media_type,
        "rate": rate,
        "n": n_frames,
        "channels": channels,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Event(NAME, tag, step, wall_time, json.dumps(record).encode(), (media_type, content))


def decode(step: int, wall_time: float, data: bytes) -> AudioRecord:
    """The record of a stored sound."""
    r = json.loads(data)
    return AudioRecord(step, wall_time, r["rate"], r["n"], r["channels"], r["t"], r["sha256"])
