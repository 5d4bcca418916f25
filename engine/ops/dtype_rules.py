"""Which dtypes an operation takes: TypeErrors in TensorFlow's words."""

from __future__ import annotations

from engine.dtypes import DType, float16, float32, float64, int32, int64
from engine.op import Op, Spec

FLOATS = (float16, float32, float64)
INDICES = (int32, int64)


def allow(spec: Spec, label: str, allowed: tuple[DType, ...]) -> None:
    """TypeError if input `label` has none of the allowed dtypes."""
    if spec.dtype not in allowed:
        raise TypeError(
            f"Value passed to parameter '{label}' has DataType {spec.dtype.name} not in list of "
            f"allowed values: {', '.join(dtype.name for dtype in allowed)}"
        )


def need_numbers(spec: Spec, label: str) -> None:
    """TypeError if input `label` is not of a number type."""
    if not spec.dtype.is_numeric:
        allow(spec, label, (*FLOATS, *INDICES))


def need_same(op: Op, spec: Spec, label: str, other: Spec, other_label: str) -> None:
    """TypeError if two inputs differ in dtype."""
    if spec.dtype is not other.dtype:
        raise TypeError(
            f"Input '{label}' of '{op.type}' Op has type {spec.dtype.name} that does not match "
            f"type {other.dtype.name} of argument '{other_label}'"
        )
