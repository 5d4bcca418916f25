"""Serving a logdir: address and port, token, link, uvicorn."""

from __future__ import annotations

import contextlib
import errno
import re
import secrets
import socket
import ssl
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from dashboard.hosts import is_loopback

if TYPE_CHECKING:
    import uvicorn
    from dash import Dash

    from summaries.ingest import Ingest
    from summaries.reader import Reader

DEFAULT_PORT = 6006
# How many ports after the default are tried, as TensorBoard does, before giving up.
PORTS_TRIED = 100


class ServeError(Exception):
    """The dashboard cannot be served; the message says why and what to do."""


@dataclass(frozen=True)
class Tls:
    """The files of a certificate, in PEM, and of its key; the key may be in the same."""

    certificate: str
    key: str | None = None

    def check(self) -> None:
        """Raises `ServeError` unless they can be used: uvicorn would end with a traceback."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        except OSError as error:
            files = self.certificate if self.key is None else f"{self.certificate} and {self.key}"
            raise ServeError(
                f"certificate {files}: {error}\n"
                "  try: --tls-cert FILE --tls-key FILE, both in PEM; or neither, for plain http"
            ) from error


def checked_prefix(prefix: str) -> str:
    """The path prefix as the server takes it: ``tb/`` is ``/tb``; "" and "/" are none.

    Raises:
        ServeError: it is no path.
    """
    bare = prefix.strip("/")
    if bare and not re.fullmatch(r"[\w.~%@+-]+(/[\w.~%@+-]+)*", bare, re.ASCII):
        raise ServeError(f"path prefix '{prefix}': is no path\n  try: --path-prefix /tb")
    return f"/{bare}" if bare else ""


def listening_socket(host: str, port: int | None) -> socket.socket:
    """A socket listening on the port, or, if none was asked for, on 6006 or the next free one.

    Raises:
        ServeError: the port is taken, or the address is not this machine's.
    """
    candidates = [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED)
    for candidate in candidates:
        try:
            family, _, _, _, address = socket.getaddrinfo(
                host, candidate, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except socket.gaierror as error:
            raise ServeError(f"host '{host}': {error.strerror}") from error
        listener = socket.socket(family, socket.SOCK_STREAM)
        # A server that was just stopped leaves its port in TIME_WAIT for a minute.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            raise ServeError(_bind_problem(host, candidate, error)) from error
        return listener
    last = DEFAULT_PORT + PORTS_TRIED - 1
    raise ServeError(f"ports {DEFAULT_PORT} to {last} are all taken\n  try: --port 0 for any other")


def _bind_problem(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken\n  try: leave --port out, and the next free one is used"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has\n  try: a port above 1023"
    return f"cannot listen on {host}:{port}: {error.strerror}"


def link(
    host: str, port: int, token: str | None, path_prefix: str = "", scheme: str = "http"
) -> str:
    """The address to open in a browser."""
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
    if ":" in host:
        host = f"[{host}]"
    query = f"/?{urlencode({'token': token})}" if token else ""
    return f"{scheme}://{host}:{port}{path_prefix}{query}"


def serve(
    reader: Reader,
    *,
    logdir: str,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    open_browser: bool = False,
    ingest: Ingest | None = None,
    path_prefix: str = "",
    tls: Tls | None = None,
    read_only: bool = False,
    announce: Callable[[str], None] = print,
) -> None:
    """Serves the dashboard until interrupted; ``announce`` gets the link once it can be opened.

    On an address that others can reach, a token is made if none is given. With ``ingest`` it also
    takes values that writers elsewhere send; with ``path_prefix`` ("/tb") it lives below that path,
    as a proxy passes it on; with ``tls`` it answers https only; with ``read_only`` runs cannot be
    edited on the page.

    Raises:
        ServeError: the address or port cannot be used.
    """
    # Dash takes half a second to import; a port that is taken is told before that.
    listener = listening_socket(host, port)
    from dashboard.app import create_app

    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(18)
    path_prefix = checked_prefix(path_prefix)
    if tls is not None:
        tls.check()
    app = create_app(
        reader,
        logdir=logdir,
        token=token,
        host=host,
        ingest=ingest,
        path_prefix=path_prefix,
        read_only=read_only,
    )
    scheme = "http" if tls is None else "https"
    address = link(host, listener.getsockname()[1], token, path_prefix, scheme)

    def started() -> None:
        announce(address)
        if open_browser:
            # Some browsers' launchers do not return before the browser does.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with contextlib.suppress(KeyboardInterrupt):
        make_server(app, started, tls).run(sockets=[listener])


def make_server(
    app: Dash, started: Callable[[], None] = lambda: None, tls: Tls | None = None
) -> uvicorn.Server:
    """A uvicorn server of the app; ``started`` is called once it answers.

    Run it with ``run(sockets=[...])``. It ends the open event streams before it waits for the other
    requests: left alone they would hold the shutdown up for as long as a browser is open.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await app.server.state.feed.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app.server,
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=3,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
    )
    return Server(config)
