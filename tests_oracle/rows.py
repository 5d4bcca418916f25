"""The rows of the operations' contract suite as cases: value, name, shape, dtype and gradients."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests_oracle.apis import SUPPORT, under
from tests_oracle.outcome import Case


def cases(mine: Any, other: Any) -> list[tuple[Case, Case]]:
    """Each row under both APIs, by name."""
    own, theirs = _rows(mine), _rows(other)
    return [
        (_case(name, row), _case(name, theirs[name])) for name, row in own.items() if name in theirs
    ]


def _rows(api: Any) -> dict[str, Any]:
    found = {}
    with under(api):
        for module in pkgutil.iter_modules([str(SUPPORT / "op_rows")]):
            rows = getattr(importlib.import_module(f"op_rows.{module.name}"), "ROWS", ())
            found.update({f"{module.name}/{row.name}": row for row in rows})
    return found


def _case(name: str, row: Any) -> Case:
    return Case(name, lambda tf: _facts(tf, row))


def _facts(tf: Any, row: Any) -> Mapping[str, Any]:
    arrays = [np.asarray(array) for array in row.inputs]
    fed = [
        tf.placeholder(tf.as_dtype(a.dtype), a.shape, name=f"in{n}") for n, a in enumerate(arrays)
    ]
    result = row.function(*fed)
    results = list(result) if isinstance(result, list | tuple) else [result]
    feeds = dict(zip(fed, arrays, strict=True))
    facts: dict[str, Any] = {
        "name": [item.name for item in results],
        "shape": [str(item.get_shape()) for item in results],
        "dtype": [item.dtype.base_dtype.name for item in results],
    }
    gradients: list[Any] = []
    inputs = [x for x in fed if x.dtype.is_floating]
    if row.differentiable and inputs:
        weights = [
            tf.constant(
                np.linspace(0.5, 1.5, max(1, _count(item))).reshape(_sizes(item)), item.dtype
            )
            if item.get_shape().is_fully_defined()
            else None
            for item in results
        ]
        gradients = tf.gradients(results, inputs, grad_ys=weights)
    flowing = [g for g in gradients if g is not None]
    with tf.Session() as sess:
        facts["value"] = sess.run(results, feeds)
        facts["gradient"] = [sess.run(tf.convert_to_tensor(g), feeds) for g in flowing]
    facts["gradients reach"] = [g is not None for g in gradients]
    return facts


def _count(tensor: Any) -> int:
    return int(np.prod(_sizes(tensor), dtype=np.int64))


def _sizes(tensor: Any) -> list[int]:
    return [int(size) for size in tensor.get_shape().as_list()]
