"""The dashboard: `dashboard serve LOGDIR`."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("trainboard")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"
