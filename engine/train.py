"""``tf.train``: optimizers and the global step."""

from __future__ import annotations

from typing import Any

from engine.checkpoints import (
    CheckpointReader,
    CheckpointState,
    NewCheckpointReader,
    checkpoint_exists,
    get_checkpoint_mtimes,
    get_checkpoint_state,
    latest_checkpoint,
    list_variables,
    load_checkpoint,
    load_variable,
    remove_checkpoint,
    update_checkpoint_state,
)
from engine.graph import Graph, get_default_graph
from engine.importing import import_meta_graph, write_graph
from engine.meta_graph import export_meta_graph
from engine.optimizers import (
    AdamOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
    RMSPropOptimizer,
)
from engine.saver import Saver, SaverDef
from engine.summary import FileWriter as SummaryWriter
from engine.variables import GraphKeys, Variable

__all__ = [
    "AdamOptimizer",
    "CheckpointReader",
    "CheckpointState",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "NewCheckpointReader",
    "Optimizer",
    "RMSPropOptimizer",
    "Saver",
    "SaverDef",
    "SummaryWriter",
    "checkpoint_exists",
    "create_global_step",
    "export_meta_graph",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
    "import_meta_graph",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "remove_checkpoint",
    "update_checkpoint_state",
    "write_graph",
]


def get_global_step(graph: Graph | None = None) -> Variable | None:
    """The graph's global step variable, None if it has none."""
    found = (graph or get_default_graph()).get_collection(GraphKeys.GLOBAL_STEP)
    return found[0] if found else None


def create_global_step(graph: Graph | None = None) -> Variable:
    """A new global step variable, int64 [], starting at 0.

    Raises:
        ValueError: the graph has one already.
    """
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with (graph or get_default_graph()).as_default() as target:
        step = Variable(0, trainable=False, name="global_step", dtype="int64")
        target.add_to_collection(GraphKeys.GLOBAL_STEP, step)
    return step


def get_or_create_global_step(graph: Graph | None = None) -> Variable:
    """The graph's global step variable, made if it has none."""
    return get_global_step(graph) or create_global_step(graph)


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number in a global step variable in a session."""
    return int(sess.run(global_step_tensor))
