"""The dashboard in a notebook: a server in a thread of this process, and a frame that shows it."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import secrets
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from dashboard.cli import named_logdirs
from dashboard.serve import ServeError, checked_prefix, listening_socket, make_server
from summaries import open_logdir

if TYPE_CHECKING:
    import uvicorn

    from summaries.places import Logdirs
    from summaries.reader import Reader

START_S = 20.0
THEMES = ("system", "light", "dark")
PROXY_VARIABLE = "TRAINBOARD_PROXY_URL"
PORT_SIGN = "%PORT%"


@dataclass(frozen=True)
class Shown:
    """A dashboard that this process serves; as the last value of a cell it shows itself."""

    url: str
    """Where this process serves it; a browser behind a proxy has another address for it."""
    port: int
    height: int
    theme: str
    _served: _Served

    def stop(self) -> None:
        """Ends the server, and with it every frame that shows it."""
        self._served.stop()

    def _address(self) -> str:
        query = {"token": self._served.token} if self._served.token is not None else {}
        if self.theme != "system":
            query["theme"] = self.theme
        return f"{self._served.address}/" + (f"?{urlencode(query)}" if query else "")

    def _repr_html_(self) -> str:
        colab = _colab()
        if colab is None:
            style = "box-sizing:border-box;border:1px solid #8884;border-radius:8px"
            return (
                f'<iframe src="{escape(self._address())}" title="trainboard" width="100%" '
                f'height="{self.height}" style="{style}"></iframe>'
            )
        # Colab's page is elsewhere: only its own proxy reaches this process.
        colab.serve_kernel_port_as_iframe(self.port, height=str(self.height))
        return ""

    def __repr__(self) -> str:
        return f"trainboard at {self._address()}"


def _colab() -> Any:
    """Colab's module for what a cell shows; None anywhere else."""
    try:
        return importlib.import_module("google.colab.output")
    except ImportError:
        return None


def proxy_template(given: str | None = None) -> str:
    """The address by which a browser finds a port of this machine, with ``%PORT%`` in it.

    "" where it finds the port itself. What is given comes first, then ``TRAINBOARD_PROXY_URL``,
    then JupyterHub's own where its proxy for ports, jupyter-server-proxy, is installed.

    Raises:
        ValueError: there is no ``%PORT%`` in it.
    """
    template = os.environ.get(PROXY_VARIABLE) if given is None else given
    if template is None:
        base = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
        if not base or importlib.util.find_spec("jupyter_server_proxy") is None:
            return ""
        template = f"{base.rstrip('/')}/proxy/{PORT_SIGN}/"
    if template and PORT_SIGN not in template:
        raise ValueError(
            f"proxy '{template}': lacks the place of the port\n  try: /proxy/{PORT_SIGN}/"
        )
    return template


class _Served:
    """One logdir's server."""

    def __init__(self, key: tuple[str, str], logdir: Logdirs, port: int) -> None:
        from dashboard.app import create_app

        self.key = key
        self.reader: Reader = open_logdir(logdir)
        try:
            listener = listening_socket("127.0.0.1", port)
        except ServeError:
            self.reader.close()
            raise
        self.port = int(listener.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self.token: str | None = None
        prefix, host = "", None if _colab() is not None else "127.0.0.1"
        if key[1]:
            # A proxy passes on the name by which the browser knows it, which nobody can tell here:
            # instead of the name a token says that the request may pass.
            self.address = key[1].replace(PORT_SIGN, str(self.port)).rstrip("/")
            self.token = secrets.token_urlsafe(18)
            prefix = checked_prefix(urlsplit(self.address).path)
        app = create_app(
            self.reader, logdir=self.reader.logdir, host=host, token=self.token, path_prefix=prefix
        )
        started = threading.Event()
        self.server: uvicorn.Server = make_server(app, started.set)
        self.thread = threading.Thread(
            target=self.server.run,
            kwargs={"sockets": [listener]},
            daemon=True,
            name=f"trainboard {self.port}",
        )
        self.thread.start()
        if not started.wait(START_S):
            self.stop()
            raise ServeError(f"port {self.port}: the server did not start in {START_S:.0f} s")

    def stop(self) -> None:
        _served.pop(self.key, None)
        self.server.should_exit = True
        self.thread.join(10)
        self.reader.close()


_served: dict[tuple[str, str], _Served] = {}


def show(
    logdir: Logdirs,
    *,
    height: int = 800,
    port: int = 0,
    theme: str = "system",
    proxy: str | None = None,
) -> Shown:
    """See `dashboard.show`."""
    if theme not in THEMES:
        raise ValueError(f"theme '{theme}': is none of {', '.join(THEMES)}")
    named = repr(sorted(logdir.items())) if isinstance(logdir, Mapping) else str(logdir)
    key = named, proxy_template(proxy)
    served = _served.get(key)
    if served is not None and (not served.thread.is_alive() or port not in (0, served.port)):
        served.stop()
        served = None
    if served is None:
        served = _served[key] = _Served(key, logdir, port)
    return Shown(f"http://127.0.0.1:{served.port}", served.port, height, theme, served)


class _Arguments(argparse.ArgumentParser):
    """Says what is wrong in the notebook instead of ending it."""

    def error(self, message: str) -> Any:
        raise ValueError(f"%trainboard: {message}\n  try: %trainboard LOGDIR [--height N]")


def magic(line: str) -> Shown:
    """``%trainboard LOGDIR [--height N] [--port P] [--theme light]``: the dashboard in this cell.

    As ``%tensorboard``, it takes ``--logdir LOGDIR`` as well; several go by name, ``a=logs``.
    """
    parser = _Arguments(prog="%trainboard", add_help=False)
    parser.add_argument("logdirs", nargs="*")
    parser.add_argument("--logdir", action="append", default=[])
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--theme", choices=THEMES, default="system")
    parser.add_argument("--proxy")
    options = parser.parse_args(shlex.split(line))
    logdirs = options.logdirs + options.logdir
    if not logdirs:
        parser.error("which LOGDIR?")
    return show(
        named_logdirs(logdirs),
        height=options.height,
        port=options.port,
        theme=options.theme,
        proxy=options.proxy,
    )
