"""The dashboard in a notebook: a server in a thread of this process, and a frame that shows it."""

from __future__ import annotations

import argparse
import importlib
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from dashboard.cli import named_logdirs
from dashboard.serve import ServeError, listening_socket, make_server
from summaries import open_logdir

if TYPE_CHECKING:
    import uvicorn

    from summaries.places import Logdirs
    from summaries.reader import Reader

START_S = 20.0
THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class Shown:
    """A dashboard that this process serves; as the last value of a cell it shows itself."""

    url: str
    port: int
    height: int
    theme: str
    _served: _Served

    def stop(self) -> None:
        """Ends the server, and with it every frame that shows it."""
        self._served.stop()

    def _address(self) -> str:
        return f"{self.url}/?theme={self.theme}" if self.theme != "system" else f"{self.url}/"

    def _repr_html_(self) -> str:
        try:
            colab = importlib.import_module("google.colab.output")
        except ImportError:
            return (
                f'<iframe src="{escape(self._address())}" title="trainboard" width="100%" '
                f'height="{self.height}" style="border:1px solid #8884;border-radius:8px"></iframe>'
            )
        # Colab's page is elsewhere: only its own proxy reaches this process.
        colab.serve_kernel_port_as_iframe(self.port, height=str(self.height))
        return ""

    def __repr__(self) -> str:
        return f"trainboard at {self._address()}"


class _Served:
    """One logdir's server."""

    def __init__(self, key: str, logdir: Logdirs, port: int) -> None:
        from dashboard.app import create_app

        self.key = key
        self.reader: Reader = open_logdir(logdir)
        try:
            listener = listening_socket("127.0.0.1", port)
        except ServeError:
            self.reader.close()
            raise
        self.port = int(listener.getsockname()[1])
        app = create_app(self.reader, logdir=self.reader.logdir, host="127.0.0.1")
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
            raise ServeError(f"port {self.port}: the server did not start in {START_S:.0f} s")

    def stop(self) -> None:
        _served.pop(self.key, None)
        self.server.should_exit = True
        self.thread.join(10)
        self.reader.close()


_served: dict[str, _Served] = {}


def show(logdir: Logdirs, *, height: int = 800, port: int = 0, theme: str = "system") -> Shown:
    """See `dashboard.show`."""
    if theme not in THEMES:
        raise ValueError(f"theme '{theme}': is none of {', '.join(THEMES)}")
    key = repr(sorted(logdir.items())) if isinstance(logdir, Mapping) else str(logdir)
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
    options = parser.parse_args(shlex.split(line))
    logdirs = options.logdirs + options.logdir
    if not logdirs:
        parser.error("which LOGDIR?")
    return show(
        named_logdirs(logdirs), height=options.height, port=options.port, theme=options.theme
    )
