"""The dashboard: `dashboard serve LOGDIR`, and `show` and ``%trainboard`` in a notebook."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.notebook import Shown
    from summaries.places import Logdirs

try:
    __version__ = version("trainboard")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"


def show(
    logdir: Logdirs,
    *,
    height: int = 800,
    port: int = 0,
    theme: str = "system",
    proxy: str | None = None,
) -> Shown:
    """The dashboard over a logdir inside a notebook, served by this process until it ends.

    Args:
        logdir: what `summaries.open_logdir` takes.
        height: of the frame, in pixels.
        port: to listen on; 0 for any free one. The same logdir is served once.
        theme: "system", "light" or "dark".
        proxy: where the browser finds a port of this machine, ``/proxy/%PORT%/``; None for what
            ``TRAINBOARD_PROXY_URL`` says, or JupyterHub's; "" for none.

    Raises:
        LogdirError: there is no such directory.
        ServeError: the port cannot be used.

    Example::

        import dashboard
        dashboard.show("logs")
    """
    from dashboard import notebook  # Dash takes half a second to import

    return notebook.show(logdir, height=height, port=port, theme=theme, proxy=proxy)


def load_ipython_extension(ipython: Any) -> None:
    """Adds the magic ``%trainboard LOGDIR``; called by ``%load_ext dashboard``."""
    from dashboard.notebook import magic

    ipython.register_magic_function(magic, magic_name="trainboard")
