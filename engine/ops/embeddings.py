"""Looking up rows of tables, in one piece or in parts."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.indexing import gather


def embedding_lookup(
    params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None
) -> Tensor:
    """Rows of one table `params` at `ids`, with the shape of ids in front."""
    return gather(
        params[0] if isinstance(params, list | tuple) else params,
        ids,
        name=name or "embedding_lookup",
    )
