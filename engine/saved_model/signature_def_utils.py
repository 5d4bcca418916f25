"""Signatures: which tensors of a graph are its inputs and outputs, under names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.dtypes import as_dtype
from engine.graph import Tensor
from engine.saved_model.signature_constants import PREDICT_METHOD_NAME
from engine.shapes import TensorShape


@dataclass
class TensorInfo:
    """A tensor by its name, TensorFlow's number of its dtype, and its sizes."""

    name: str
    dtype: int
    shape: list[int | None] | None

    @property
    def tensor_shape(self) -> TensorShape:
        """The shape."""
        return TensorShape(self.shape)


@dataclass
class SignatureDef:
    """Inputs and outputs by name, and what the signature is for."""

    inputs: dict[str, TensorInfo] = field(default_factory=dict)
    outputs: dict[str, TensorInfo] = field(default_factory=dict)
    method_name: str = ""

    def plain(self) -> dict[str, Any]:
        """The signature as JSON-able data."""
        return asdict(self)

    @staticmethod
    def of(data: Mapping[str, Any]) -> SignatureDef:
        """The signature of what `plain` gives."""
        inputs, outputs = (
            {key: TensorInfo(**info) for key, info in data[side].items()}
            for side in ("inputs", "outputs")
        )
        return SignatureDef(inputs, outputs, data["method_name"])


def build_tensor_info(tensor: Tensor) -> TensorInfo:
    """What a signature keeps of a tensor."""
    return TensorInfo(
        tensor.name,
        as_dtype(tensor.dtype).base_dtype.as_datatype_enum,
        None if tensor.spec.dims is None else list(tensor.spec.dims),
    )


def build_signature_def(
    inputs: Mapping[str, TensorInfo] | None = None,
    outputs: Mapping[str, TensorInfo] | None = None,
    method_name: str | None = None,
) -> SignatureDef:
    """A signature of tensors that `build_tensor_info` described."""
    return SignatureDef(dict(inputs or {}), dict(outputs or {}), method_name or "")


def predict_signature_def(
    inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]
) -> SignatureDef:
    """A signature for predicting, of tensors by name.

    Raises:
        ValueError: there are no inputs, or no outputs.
    """
    if not inputs or not outputs:
        raise ValueError("Prediction inputs and outputs cannot be None or empty.")
    given, results = (
        {key: build_tensor_info(tensor) for key, tensor in side.items()}
        for side in (inputs, outputs)
    )
    return SignatureDef(given, results, PREDICT_METHOD_NAME)
