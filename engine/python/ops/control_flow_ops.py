"""``tensorflow.python.ops.control_flow_ops``: what scripts import of it."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.casting import identity
from engine.ops.constants import convert_to_tensor
from engine.python.names import names_of
from engine.scopes import control_dependencies, name_scope

__getattr__ = names_of(__name__)


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Tensor:
    """`output_tensor`, once all of `dependencies` have run."""
    with name_scope(name or "control_dependency") as scope:
        value = convert_to_tensor(output_tensor)
        with control_dependencies(list(dependencies)):
            return identity(value, name=scope)
