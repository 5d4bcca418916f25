"""Random matrices of orthonormal rows or columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType
from engine.graph import Tensor, get_default_graph
from engine.op import Array
from engine.ops.constants import integers, make
from engine.ops.random import RandomOp
from engine.state import seeds


class RandomOrthogonal(RandomOp):
    """A uniformly drawn orthogonal matrix, cut to the sizes; leading axes count as rows."""

    def draw(self, generator: np.random.Generator, sizes: tuple[int, ...], dtype: Any) -> Array:
        rows, columns = int(np.prod(sizes[:-1])), sizes[-1]
        drawn = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(drawn)
        # Without the signs the decomposition prefers some matrices over others.
        q *= np.sign(np.diag(r))
        return np.ascontiguousarray(q.T if rows < columns else q, dtype).reshape(sizes)


def random_orthogonal(
    shape: list[int], gain: float, dtype: DType, seed: int | None = None
) -> Tensor:
    """A matrix [prod(shape[:-1]), shape[-1]] of orthonormal rows or columns, times `gain`.

    Source: Mezzadri, *How to generate random matrices from the classical compact groups*, 2007.
    """
    graph = get_default_graph()
    drawn = make(
        RandomOrthogonal(dtype, seeds(graph.seed, seed, graph.version)), (integers(shape),), None
    )
    return drawn if gain == 1.0 else drawn * gain


OPS = (RandomOrthogonal,)
