"""The rows of the operations' contract suite as cases: value, name, shape, dtype and gradients."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests_oracle.apis import SUPPORT, under
from tests_oracle.outcome import Case, Sizes


def cases(mine: Any, other: Any) -> list[tuple[Case, Case]]:
    """Each row under both APIs, by name."""
    own, theirs = _rows(mine), _rows(other)
    pairs = []
    for name, row in own.items():
        for dtype in (None, np.float32) if name.split("/")[0] in _SINGLE_ONLY else (None,):
            title = name if dtype is None else f"{name}/float32"
            pairs.append((_case(title, row, dtype), _case(title, theirs[name], dtype)))
    return pairs


_SINGLE_ONLY = ("normalization", "places", "images", "volumes", "boxes")
"""Families in which TensorFlow has some operations for single precision alone: run in it too."""


def _rows(api: Any) -> dict[str, Any]:
    found = {}
    with under(api):
        for module in pkgutil.iter_modules([str(SUPPORT / "op_rows")]):
            rows = getattr(importlib.import_module(f"op_rows.{module.name}"), "ROWS", ())
            found.update({f"{module.name}/{row.name}": row for row in rows})
    return found


def _case(name: str, row: Any, dtype: Any) -> Case:
    return Case(name, lambda tf: _facts(tf, row, dtype))


def _facts(tf: Any, row: Any, dtype: Any) -> Mapping[str, Any]:
    arrays = [np.asarray(array) for array in row.inputs]
    arrays = [a.astype(dtype) if dtype and a.dtype.kind == "f" else a for a in arrays]
    fed = [
        tf.placeholder(tf.as_dtype(a.dtype), a.shape, name=f"in{n}") for n, a in enumerate(arrays)
    ]
    result = row.function(*fed)
    results = list(result) if isinstance(result, list | tuple) else [result]
    feeds = dict(zip(fed, arrays, strict=True))
    facts: dict[str, Any] = {
        "name": [item.name for item in results],
        "shape": [Sizes(item.get_shape().as_list() if item.get_shape().ndims is not None else None)
                  for item in results],
        "dtype": [item.dtype.base_dtype.name for item in results],
    }  # fmt: skip
    inputs = [x for x in fed if x.dtype.is_floating] if row.differentiable else []
    weights = [tf.placeholder(item.dtype.base_dtype) for item in results]
    gradients = tf.gradients(results, inputs, grad_ys=weights) if inputs else []
    flowing = [tf.convert_to_tensor(g) for g in gradients if g is not None]
    with tf.Session() as sess:
        facts["value"] = values = sess.run(results, feeds)
        # Different ones for every element, so that a gradient in the wrong place shows.
        feeds |= {
            weight: np.linspace(0.5, 1.5, np.size(value)).reshape(np.shape(value))
            for weight, value in zip(weights, values, strict=True)
            if inputs
        }
        facts["gradient"] = sess.run(flowing, feeds)
    facts["gradients reach"] = [g is not None for g in gradients]
    return facts
