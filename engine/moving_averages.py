"""Moving averages of variables and tensors, kept beside them while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.dtypes import float32
from engine.errors import compose
from engine.graph import Operation, Tensor, get_default_graph
from engine.ops.arithmetic import minimum
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor
from engine.ops.control import group
from engine.ops.filling import zeros
from engine.ops.powers import pow as power
from engine.variable_scope import get_variable_scope
from engine.variables import GraphKeys, Variable, moving_average_variables, trainable_variables


class ExponentialMovingAverage:
    """average = decay * average + (1 - decay) * value, for any number of variables or tensors.

    With `num_updates`, the decay is at most (1 + num_updates) / (10 + num_updates), so that the
    average follows quickly at first. Averages of variables start at their initial values, those of
    tensors at zero, which `zero_debias` makes up for.

    Source: ``tf.train.ExponentialMovingAverage``; the correction of the start from Kingma & Ba,
    *Adam*, 2015, section 3.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable(1.0, name="w")
    ...     ema = tf.train.ExponentialMovingAverage(0.5)
    ...     follow = ema.apply([w])
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(w.assign(3.0).op)
    ...     sess.run(follow)
    ...     print(ema.average(w).op.name, sess.run(ema.average(w)))
    w/ExponentialMovingAverage 2.0
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ):
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Variable] = {}

    @property
    def name(self) -> str:
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Operation:
        """An operation that, run, moves the averages of these (all trainable variables) on.

        Raises:
            TypeError: one of them is not floating point.
        """
        items = trainable_variables() if var_list is None else list(var_list)
        corrected = set()
        for item in items:
            if not item.dtype.base_dtype.is_floating:
                raise TypeError(f"The variables must be half, float, or double: {item.name}")
            if item not in self._averages:
                self._averages[item] = self._new_average(item)
                if self._zero_debias and not isinstance(item, Variable):
                    corrected.add(item)
        graph = items[0].graph if items else get_default_graph()
        with graph.as_default(), graph.name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, float32, "decay")
            if self._num_updates is not None:
                updates = cast(self._num_updates, float32, name="num_updates")
                decay = minimum(decay, (1.0 + updates) / (10.0 + updates))
            moves = [
                assign_moving_average(self._averages[item], item, decay, item in corrected)
                for item in items
            ]
            return group(*moves, name=scope)

    def average(self, var: Any) -> Variable | None:
        """The variable that holds the average of `var`, None if it has none."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name of the variable that holds the average of `var`, or would hold it."""
        if var in self._averages:
            return self._averages[var].op.name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(
        self, moving_avg_variables: Sequence[Variable] | None = None
    ) -> dict[str, Variable]:
        """What a `Saver` needs to load the averages in place of the variables: by saved name."""
        if moving_avg_variables is None:
            moving_avg_variables = [*trainable_variables(), *moving_average_variables()]
        averaged = dict.fromkeys(moving_avg_variables)
        found = {self.average_name(variable): variable for variable in averaged}
        names = {variable.op.name for variable in averaged}
        for variable in get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES):
            if variable.op.name not in names and variable.op.name not in found:
                found[variable.op.name] = variable
        return found

    def _new_average(self, item: Any) -> Variable:
        graph = item.graph
        outer = get_variable_scope().name
        name = f"{item.op.name}/{self._name}"
        path = f"{outer}/{name}" if outer else name
        with (
            graph.as_default(),
            graph.control_dependencies(None),
            graph.name_scope(None),
            graph.colocate_with(item.op),
        ):
            if isinstance(item, Variable):
                graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, item)
                return Variable(item.initialized_value(), trainable=False, name=path)
            if not item.get_shape().is_fully_defined():
                raise ValueError(
                    compose(
                        f"ExponentialMovingAverage: the shape of {item} is not known",
                        [f"made at {item.op.origin}"],
                        "an average over the batch, as tf.reduce_mean(x, 0)",
                    )
                )
            start = zeros([int(size) for size in item.get_shape()], item.dtype.base_dtype)
            return Variable(start, trainable=False, name=path)


def assign_moving_average(
    variable: Variable,
    value: Any,
    decay: Any,
    zero_debias: bool = True,
    name: str | None = None,
) -> Any:
    """A tensor that, run, moves `variable` by (1 - decay) towards `value` and gives it.

    With `zero_debias`, `variable` becomes the average divided by the weight of the values so far,
    so that the zero it started at does not show.
    """
    graph = variable.graph
    with graph.as_default(), graph.name_scope(name or "AssignMovingAvg") as scope:
        dtype = variable.dtype.base_dtype
        step = 1.0 - convert_to_tensor(decay, None if isinstance(decay, Tensor) else dtype)
        step = cast(step, dtype)
        target = convert_to_tensor(value, dtype)
        if not zero_debias:
            return variable.assign_sub((variable.as_tensor() - target) * step, name=scope)
        with graph.control_dependencies(None), graph.name_scope(None):
            start = zeros([int(size) for size in variable.get_shape()], dtype)
            biased = Variable(start, trainable=False, name=f"{variable.op.name}/biased")
            first = zeros([], dtype)
            count = Variable(first, trainable=False, name=f"{variable.op.name}/local_step")
        moved = biased.assign_sub((biased.as_tensor() - target) * step)
        weight = 1.0 - power(1.0 - step, count.assign_add(1.0))
        return variable.assign(moved / weight, name=scope)
