"""t-SNE and UMAP in a process of their own: ``python -m dashboard.projection_worker``.

Their minutes then hold up no page, and cancelling is ending the process. It reads one line of JSON
(``method``, ``shape`` and the settings) and a float32 matrix from its input, and writes lines of
JSON with ``stage`` and ``progress``, then one with ``shape`` and the float32 coordinates, or one
with ``error``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sys
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

_ITERATION = re.compile(r"\[t-SNE\] Iteration (\d+)")
_PERCENT = re.compile(r"(\d+)%\|")
_STAGES = (
    ("nearest neighbors", "finding nearest neighbours"),
    ("Nearest Neighbor", "finding nearest neighbours"),
    ("conditional probabilities", "comparing neighbourhoods"),
    ("fuzzy simplicial set", "comparing neighbourhoods"),
    ("Construct embedding", "laying out"),
    ("[t-SNE] Iteration", "laying out"),
)


class Teller:
    """What the libraries print, turned into lines of JSON about how far they are."""

    encoding = "utf-8"

    def __init__(self, out: IO[bytes], iterations: int) -> None:
        self._out = out
        self._iterations = iterations
        self._stage = "starting"
        self._progress = 0.0

    def write(self, text: str) -> int:
        """Takes what is printed; tells if it says something new."""
        before = (self._stage, self._progress)
        for sign, stage in _STAGES:
            if sign in text:
                self._stage = stage
        iteration = _ITERATION.findall(text)
        percent = _PERCENT.findall(text)
        if iteration:
            self._progress = min(1.0, int(iteration[-1]) / self._iterations)
        elif percent:
            self._stage, self._progress = "laying out", int(percent[-1]) / 100
        if before != (self._stage, self._progress):
            self.tell({"stage": self._stage, "progress": self._progress})
        return len(text)

    def flush(self) -> None:
        """Each line is sent as it is written."""

    def isatty(self) -> bool:
        """No: the progress bar is to come as plain text."""
        return False

    def tell(self, message: Mapping[str, Any], content: bytes = b"") -> None:
        """Sends one line and what belongs to it."""
        self._out.write(json.dumps(message).encode() + b"\n" + content)
        self._out.flush()


def tsne(matrix: Float32, settings: Mapping[str, Any]) -> Float32:
    """Coordinates float32 [n, dims] by t-SNE.

    Source: L. van der Maaten, G. Hinton: Visualizing data using t-SNE, 2008; Barnes-Hut, 2014.
    """
    # Deferred: an optional package, and one that takes a second to import.
    model = importlib.import_module("sklearn.manifold").TSNE(
        n_components=settings["dims"],
        # sklearn refuses a perplexity of n or more.
        perplexity=min(settings["perplexity"], max(1.0, (len(matrix) - 1) / 3)),
        max_iter=settings["iterations"],
        metric=settings["metric"],
        init="pca",
        random_state=0,
        verbose=2,
        n_jobs=1,
    )
    return np.asarray(model.fit_transform(matrix), np.float32)


def umap(matrix: Float32, settings: Mapping[str, Any]) -> Float32:
    """Coordinates float32 [n, dims] by UMAP.

    Source: L. McInnes, J. Healy, J. Melville: UMAP, 2018, arXiv:1802.03426.
    """
    # Deferred: an optional package, and one that takes some seconds to import.
    model = importlib.import_module("umap").UMAP(
        n_components=settings["dims"],
        n_neighbors=min(settings["neighbours"], len(matrix) - 1),
        min_dist=settings["min_dist"],
        metric=settings["metric"],
        # Few rows have fewer eigenvectors than its spectral start needs.
        init="spectral" if len(matrix) > settings["dims"] + 2 else "random",
        random_state=0,
        n_jobs=1,
        verbose=True,
        tqdm_kwds={"file": sys.stdout, "mininterval": 0.3},
    )
    return np.asarray(model.fit_transform(matrix), np.float32)


def main() -> None:
    """Reads one task, does it, tells what came of it."""
    with contextlib.suppress(OSError):
        os.nice(5)
    settings = json.loads(sys.stdin.buffer.readline())
    shape = settings["shape"]
    data = sys.stdin.buffer.read(4 * shape[0] * shape[1])
    matrix = np.frombuffer(data, "<f4").reshape(shape)
    teller = Teller(sys.stdout.buffer, settings.get("iterations", 1))
    method = {"tsne": tsne, "umap": umap}[settings["method"]]
    try:
        # Not a text file in all its methods, but in all that printing and tqdm call.
        out: Any = teller
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            found = method(matrix, settings)
    except Exception as error:
        # Told to the page in the library's own words.
        teller.tell({"error": f"{type(error).__name__}: {error}"})
        return
    teller.tell({"shape": found.shape}, np.ascontiguousarray(found, "<f4").tobytes())


if __name__ == "__main__":
    main()
