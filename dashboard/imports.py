"""Imports that must be whole before another thread goes on."""

from __future__ import annotations

import contextlib
import importlib


def settle_pandas() -> None:
    """Imports pandas, where it is installed, on the thread that calls: the server's own.

    What Dash answers is looked through for pandas' values as soon as `sys.modules` has the name;
    while another thread is still importing it (scikit-learn does), every page would fail. Call it
    before handing work to a thread that may import pandas. 0.3 s the first time.
    """
    with contextlib.suppress(ImportError):
        importlib.import_module("pandas")
