"""What crosses the wire: JSON that is always valid, typed arrays in one body, errors as JSON."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from summaries.errors import SummariesError

log = logging.getLogger("dashboard")

Endpoint = Callable[[Request], Awaitable[Response]]

CACHED_FOR_GOOD = "public, max-age=31536000, immutable"
"""Cache-Control of what never changes under its address."""
BINARY_MEDIA_TYPE = "application/vnd.trainboard.arrays"
# What JavaScript has a typed array for; anything else is refused, not converted behind one's back.
ARRAY_TYPES = ("<f4", "<f8", "<i4", "<u4", "|u1")


def jsonable(value: Any) -> Any:
    """The value with NaN and infinities as strings: ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return jsonable(value.tolist())
    return value


def json_text(value: Any) -> str:
    """Compact JSON of ``jsonable(value)``."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError):
        return json.dumps(jsonable(value), separators=(",", ":"), allow_nan=False, default=str)


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        json_text(value),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def error_response(status: int, message: str) -> Response:
    return json_response({"error": {"message": message}}, status)


def binary_body(header: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """One body: u32 length of the JSON header, the header, the arrays at multiples of 8 bytes.

    The header gets ``"arrays": [[dtype, offset, length], ...]``, offsets counted from the first
    multiple of 8 after the header; all is little-endian.
    """
    blocks: list[bytes] = []
    entries: list[tuple[str, int, int]] = []
    offset = 0
    for array in arrays:
        if array.dtype.str not in ARRAY_TYPES:
            raise TypeError(f"an array of {array.dtype} has no typed array in the browser")
        data = np.ascontiguousarray(array).tobytes()
        entries.append((array.dtype.str, offset, int(array.size)))
        blocks.append(data)
        padding = -len(data) % 8
        blocks.append(b"\0" * padding)
        offset += len(data) + padding
    text = json_text({**header, "arrays": entries}).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return b"".join([len(text).to_bytes(4, "little"), text, *blocks])


def binary_response(header: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> Response:
    """`binary_body` as a response; ``http.arrays`` in the browser reads it without copying."""
    return Response(
        binary_body(header, arrays),
        media_type=BINARY_MEDIA_TYPE,
        headers={"Cache-Control": "no-store"},
    )


def reports_errors(endpoint: Endpoint) -> Endpoint:
    """The endpoint with exceptions answered as JSON.

    KeyError is 404, ValueError 400, what the store cannot read 503, anything else 500.
    """

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except KeyError as error:
            return error_response(404, str(error.args[0]) if error.args else "not found")
        except ValueError as error:
            return error_response(400, str(error))
        except SummariesError as error:
            log.warning("%s %s: %s", request.method, request.url.path, error)
            return error_response(503, str(error))
        except Exception as error:
            # The page says it in its own words and tries again; the log has the traceback.
            log.exception("%s %s failed", request.method, request.url.path)
            return error_response(500, f"{type(error).__name__}: {error}")

    return answer
