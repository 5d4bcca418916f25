"""Random matrices of orthonormal rows or columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.drawing import normal
from engine.dtypes import DType
from engine.graph import Tensor, get_default_graph
from engine.op import Array
from engine.ops.constants import integers, make
from engine.ops.random import RandomOp
from engine.state import seeds


class RandomOrthogonal(RandomOp):
    """A uniformly drawn orthogonal matrix, cut to the sizes; leading axes count as rows."""

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        sizes = tuple(int(size) for size in args[0])
        rows, columns = math.prod(sizes[:-1]), sizes[-1]
        drawn = normal(state.stream(op), rows * columns, np.float64)
        q, r = np.linalg.qr(drawn.reshape(max(rows, columns), min(rows, columns)))
        # Without the signs the decomposition prefers some matrices over others.
        q *= np.sign(np.diag(r))
        matrix = q.T if rows < columns else q
        return np.ascontiguousarray(matrix, self.dtype.np).reshape(sizes)


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
