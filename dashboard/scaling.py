"""Large images made small, so that a page with many of them stays quick."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import Any

from PIL import Image, ImageOps, features

WIDTHS = (160, 320, 640, 1280, 2560)
"""What is asked for is rounded up to one of these, or each width of a card would be made anew."""
MOST_PIXELS = 80_000_000
"""Decoding more takes too much memory for a server that is there to watch training."""
CACHE_BYTES = 64 << 20
SCALABLE = ("image/png", "image/jpeg", "image/webp")

# A few large images decoded side by side would be gigabytes.
_decoding = threading.Lock()


def width_for(wanted: int) -> int:
    """The least of `WIDTHS` that is not below what is wanted."""
    return next((width for width in WIDTHS if width >= wanted), WIDTHS[-1])


def scaled(content: bytes, width: int) -> tuple[bytes, str] | None:
    """The image in ``width`` pixels, encoded anew, and its media type; None if it is no wider.

    Moving images are left as they are, too.

    Raises:
        ValueError: it is damaged, or has more than `MOST_PIXELS`.
    """
    try:
        with _decoding, Image.open(io.BytesIO(content)) as picture:
            if picture.width <= width or getattr(picture, "n_frames", 1) > 1:
                return None
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(f"{picture.width} x {picture.height} pixels are too many to scale")
            return _encoded(_resized(picture, width))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"too many pixels to scale: {error}") from error
    except (OSError, SyntaxError) as error:
        raise ValueError(f"the image is damaged: {error}") from error


def _resized(picture: Any, width: int) -> Any:
    # A JPEG decodes at a half, a quarter or an eighth of its size for a fraction of the time.
    picture.draft(None, (width * 2, max(1, picture.height * width * 2 // picture.width)))
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        # 16 bits a pixel: a browser shows the upper 8 of them, Pillow's own way cuts off at 255.
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode not in ("L", "RGB", "RGBA"):
        transparent = "A" in picture.mode or "transparency" in picture.info
        picture = picture.convert("RGBA" if transparent else "RGB")
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encoded(picture: Any) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if features.check("webp"):
        picture.save(buffer, format="WEBP", quality=90, method=2)
        return buffer.getvalue(), "image/webp"
    picture.save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue(), "image/png"


class Shelf:
    """Bytes by key, those used last, no more than ``limit`` bytes of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held: OrderedDict[Any, tuple[bytes, str]] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Any) -> tuple[bytes, str] | None:
        """What was put there, None if it is not held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Any, value: tuple[bytes, str]) -> None:
        """Holds the value, and lets go of what was not used for longest."""
        with self._lock:
            if key in self._held or len(value[0]) > self.limit:
                return
            self._held[key] = value
            self._n_bytes += len(value[0])
            while self._n_bytes > self.limit:
                _, (content, _) = self._held.popitem(last=False)
                self._n_bytes -= len(content)
