"""Which variables have no value yet, and a check that all have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.graph import Operation, Tensor, get_default_graph
from engine.ops.choosing import where
from engine.ops.comparisons import logical_not
from engine.ops.constants import constant
from engine.ops.control import group, no_op
from engine.ops.indexing import gather
from engine.ops.joining import stack
from engine.ops.shaping import reshape
from engine.ops.state import is_variable_initialized
from engine.variables import Variable, global_variables, local_variables


def report_uninitialized_variables(
    var_list: Sequence[Variable] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of the variables (all global and local ones) without a value: string [count].

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable(1.0, name="w")
    ...     print(sess.run(tf.report_uninitialized_variables()))
    [b'w']
    """
    variables = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    graph = variables[0].graph if variables else get_default_graph()
    with graph.as_default(), graph.name_scope(name), graph.control_dependencies(None):
        if not variables:
            return constant([], "string")
        known = stack([is_variable_initialized(variable) for variable in variables])
        missing = reshape(where(logical_not(known)), [-1])
        return gather(constant([variable.op.name for variable in variables]), missing)


def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Operation | None:
    """An operation that fails with FailedPreconditionError while one of them has no value.

    None if there are no variables.
    """
    variables = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    if not variables:
        return None
    with variables[0].graph.as_default() as graph, graph.control_dependencies(None):
        reads = [variable.read_value() for variable in variables]
        return group(*reads, name="assert_variables_initialized") if reads else no_op()
