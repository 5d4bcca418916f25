"""Dropout: a random mask, drawn in one go, and a product."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import int32
from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Spec
from engine.ops.arithmetic import multiply
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.joining import stack
from engine.ops.random import RandomOp
from engine.ops.sizes import shape as shape_of
from engine.shapes import TensorShape, merge
from engine.state import seeds

_COARSE = 0.1
"""The chance from which on 16 random bits an element tell it to 1e-4 of itself."""


class DropoutMask(RandomOp):
    """1 / keep_prob with that probability, else 0; inputs: sizes, keep_prob."""

    def infer(self, sizes: Spec, keep_prob: Spec) -> Spec:
        merge(keep_prob.dims, ())
        return Spec(self.dtype, sizes.sizes)

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        sizes, keep_prob = args
        keep = float(keep_prob)
        if not 0 < keep <= 1:
            raise ValueError(f"keep_prob must be in the range (0, 1], got {keep:g}")
        if keep == 1:
            return np.ones(tuple(sizes), self.dtype.np)
        # Raw bits against a threshold: a third of the time of uniform floats and their floor.
        bits = 16 if keep >= _COARSE else 32
        count = int(np.prod(sizes))
        raw = state.stream(op).words(-(-count * bits // 64))
        words = raw.view(np.uint16 if bits == 16 else np.uint32)[:count]
        kept = words < round(keep * 2**bits)
        return np.multiply(kept, self.dtype.np.type(1 / keep)).reshape(tuple(sizes))


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Each element with probability `keep_prob`, divided by it, else 0; drawn anew in every run.

    `keep_prob` (or ``1 - rate``) is a number or a scalar tensor. Along axes where `noise_shape` is
    1, elements are kept or dropped together; None there stands for the size of x.

    Raises:
        ValueError: x is not floating point, a probability outside (0, 1] or none at all. At run
            InvalidArgumentError for a fed probability outside.

    Source: Srivastava et al., *Dropout*, 2014; ``tf.nn.dropout``.
    """
    tensor = convert_to_tensor(x, name="x")
    if not tensor.spec.dtype.is_floating:
        raise ValueError(
            "x has to be a floating point tensor since it's going to be scaled. Got a "
            f"{tensor.spec.dtype} tensor instead."
        )
    keep = _kept(tensor, keep_prob, rate)
    if not is_graph_value(keep) and keep == 1:
        return tensor
    with tensor.graph.name_scope(name or "dropout"):
        dtype = tensor.dtype.base_dtype
        chance = convert_to_tensor(keep, dtype, "keep_prob")
        sizes = _noise_sizes(tensor, noise_shape)
        kind = DropoutMask(dtype, seeds(tensor.graph.seed, seed, tensor.graph.version))
        result = multiply(tensor, make(kind, (sizes, chance), "mask"), name="mul")
        result.set_shape(tensor.spec.dims)
        return result


def _kept(x: Tensor, keep_prob: Any, rate: Any) -> Any:
    if (keep_prob is None) == (rate is None):
        raise ValueError(
            misuse(
                "`rate` must be provided."
                if rate is None
                else "Cannot specify both 'keep_prob' and 'rate'.",
                [f"for the dropout of {x!r}"],
                "keep_prob=0.8, or rate=0.2, which is the same",
            )
        )
    if rate is not None:
        if not is_graph_value(rate) and not 0 <= rate < 1:
            raise ValueError(
                misuse(
                    f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}",
                    [f"for the dropout of {x!r}"],
                    "the part that is dropped, as 0.2",
                )
            )
        return 1 - rate
    if not is_graph_value(keep_prob) and not 0 < keep_prob <= 1:
        raise ValueError(
            misuse(
                "keep_prob must be a scalar tensor or a float in the range (0, 1], got "
                f"{keep_prob:g}",
                [f"for the dropout of {x!r}"],
                "the part that is kept, as 0.8",
            )
        )
    return keep_prob


def _noise_sizes(x: Tensor, noise_shape: Any) -> Tensor:
    if noise_shape is None:
        return shape_of(x)
    if is_graph_value(noise_shape):
        return integers(noise_shape)
    given = noise_shape.as_list() if isinstance(noise_shape, TensorShape) else list(noise_shape)
    if None not in given:
        return integers(given)
    known = x.spec.dims or (None,) * len(given)
    if len(known) != len(given):
        raise ValueError(f"noise_shape {given} has not the rank of {x}")
    dynamic = shape_of(x)
    filled = [
        (size if size is not None else dynamic[axis]) if wanted is None else wanted
        for axis, (wanted, size) in enumerate(zip(given, known, strict=True))
    ]
    return stack([convert_to_tensor(size, int32) for size in filled])


OPS = (DropoutMask,)
