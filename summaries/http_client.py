"""The calls that a writer elsewhere makes to a ``dashboard serve --ingest``."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from summaries import messages
from summaries.destination import Server
from summaries.errors import LogdirError, NotFoundError, RemoteError
from summaries.replicate import Lengths, Part

if TYPE_CHECKING:
    from summaries.store.copying import ReplacedRow

TIMEOUT_S = 30.0


class Connection:
    """One HTTP connection to a server, made anew when it breaks."""

    def __init__(self, server: Server) -> None:
        self.server = server
        parts = urlsplit(server.url)
        secure = parts.scheme == "https"
        self._make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._host = parts.netloc
        self._open: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def post(self, act: str, message: bytes, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """What the server answers.

        Raises:
            OSError: it cannot be reached, or is out of order; the same may work later.
            RemoteError: it refuses; the same will not work later.
        """
        headers = {"Content-Type": messages.MEDIA_TYPE}
        if self.server.token:
            headers["Authorization"] = f"Bearer {self.server.token}"
        path = f"/api/v1/ingest/{act}"
        try:
            response, content = self._exchange(path, message, headers, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(f"{self.server.url}: {error or type(error).__name__}") from error
        if response.status == 200:
            answer: dict[str, Any] = json.loads(content)
            return answer
        text = _error_of(content) or response.reason
        if response.status >= 500:
            raise OSError(f"{self.server.url}: {response.status} {text}")
        raise RemoteError(self.server.url, response.status, text)

    def _exchange(
        self, path: str, message: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        is_new = self._open is None
        try:
            return self._once(path, message, headers, timeout_s)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            if is_new:
                raise
        # A server hangs up on who was silent for some seconds, which shows only in the next try.
        return self._once(path, message, headers, timeout_s)

    def _once(
        self, path: str, message: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        if self._open is None:
            self._open = self._make(self._host, timeout=timeout_s)
        elif self._open.sock is not None:
            self._open.sock.settimeout(timeout_s)
        self._open.request("POST", path, message, dict(headers))
        response = self._open.getresponse()
        return response, response.read()


def _error_of(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""


class HttpTarget:
    """A server as the target of `summaries.replicate.copy_runs`."""

    def __init__(self, server: Server) -> None:
        self._connection = Connection(server)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def open_run(self, record: Mapping[str, Any], replaced: Sequence[ReplacedRow]) -> Lengths:
        rows = [[*row[:-1], messages.as_text(row[-1])] for row in replaced]
        header = {"record": dict(record), "replaced": rows}
        answer = self._connection.post("copy/open", messages.encode(header))
        return {(kind, tag): n for kind, tag, n in answer["have"]}

    def append(self, key: str, part: Part) -> None:
        self._connection.post("append", messages.encode_part(key, "", part))

    def close_run(self, record: Mapping[str, Any]) -> None:
        self._connection.post("copy/close", messages.encode({"record": dict(record)}))


def refused(error: RemoteError, name: str) -> Exception:
    """The refusal as the error that the same would raise in a directory."""
    if error.status == 404:
        return NotFoundError(error.text)
    if error.status == 401:
        return LogdirError(
            f"run '{name}': {error.url} asks for a token\n"
            "  try: token=…, or TRAINBOARD_TOKEN in the environment"
        )
    return LogdirError(f"run '{name}': {error.url} refuses it\n  {error.text}")
