"""``from tensorflow.python.framework import ops``, with the package's name changed."""

from engine.gradient_registry import NotDifferentiable, RegisterGradient
from engine.graph import Graph, Operation, Tensor, get_default_graph, reset_default_graph
from engine.ops.constants import convert_to_tensor
from engine.scopes import add_to_collection, get_collection, name_scope
from engine.variables import GraphKeys

__all__ = [
    "Graph",
    "GraphKeys",
    "NotDifferentiable",
    "Operation",
    "RegisterGradient",
    "Tensor",
    "add_to_collection",
    "convert_to_tensor",
    "get_collection",
    "get_default_graph",
    "name_scope",
    "reset_default_graph",
]
