"""Learning rates that fall with the steps; each is a scalar tensor for an optimizer to read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine.errors import compose
from engine.graph import Tensor, get_default_graph
from engine.ops.arithmetic import add, add_n, maximum, minimum, multiply, truediv
from engine.ops.casting import cast
from engine.ops.comparisons import greater
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import ceil, cos, exp, floor, log
from engine.ops.indexing import gather
from engine.ops.joining import stack
from engine.ops.powers import pow as raised


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate * decay_rate ** (step / decay_steps); with `staircase`, of whole numbers.

    Raises:
        ValueError: there is no `global_step`; likewise below.

    Source: ``tf.train.exponential_decay``; likewise below.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.train.exponential_decay(0.5, 20, 10, 0.5)))
    0.125
    """
    with _Schedule("exponential_decay", name, "ExponentialDecay", learning_rate, global_step) as s:
        factor = raised(s.number(decay_rate), s.progress(decay_steps, staircase))
        return multiply(s.rate, factor, name=s.scope)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate * exp(-decay_rate * step / decay_steps); with `staircase`, of whole numbers."""
    with _Schedule("natural_exp_decay", name, "NaturalExpDecay", learning_rate, global_step) as s:
        factor = exp(-s.number(decay_rate) * s.progress(decay_steps, staircase))
        return multiply(s.rate, factor, name=s.scope)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate / (1 + decay_rate * step / decay_steps); with `staircase`, of whole numbers."""
    with _Schedule("inverse_time_decay", name, "InverseTimeDecay", learning_rate, global_step) as s:
        divisor = 1.0 + s.number(decay_rate) * s.progress(decay_steps, staircase)
        return truediv(s.rate, divisor, name=s.scope)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """From learning_rate down to end_learning_rate in decay_steps, by (1 - progress) ** power.

    With `cycle`, it starts again from higher up whenever it has arrived: decay_steps is multiplied
    until it is beyond the step.
    """
    with _Schedule("polynomial_decay", name, "PolynomialDecay", learning_rate, global_step) as s:
        step, length, end = s.step, s.number(decay_steps), s.number(end_learning_rate)
        if cycle:
            length = length * maximum(ceil(step / length), 1.0)
        else:
            step = minimum(step, length)
        above = (s.rate - end) * raised(1.0 - step / length, s.number(power))
        return add(above, end, name=s.scope)


def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """From learning_rate along half a cosine to alpha * learning_rate in decay_steps.

    Source: Loshchilov & Hutter, *SGDR*, 2017; ``tf.train.cosine_decay``.
    """
    with _Schedule("cosine_decay", name, "CosineDecay", learning_rate, global_step) as s:
        length = s.number(decay_steps)
        wave = _half_cosine(minimum(s.step, length) / length)
        return multiply(s.rate, (1.0 - alpha) * wave + alpha)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: float = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """Half cosines one after the other, each `t_mul` times as long and `m_mul` as high.

    Source: Loshchilov & Hutter, *SGDR*, 2017; ``tf.train.cosine_decay_restarts``.
    """
    with _Schedule("cosine_decay_restarts", name, "SGDRDecay", learning_rate, global_step) as s:
        done = s.step / s.number(first_decay_steps)
        if t_mul == 1.0:
            restarts = floor(done)
            within = done - restarts
        else:
            # Lengths 1, t, t^2, ... sum up to (1 - t^n) / (1 - t).
            restarts = floor(log(1.0 - done * (1.0 - t_mul)) / math.log(t_mul))
            length = raised(s.number(t_mul), restarts)
            within = (done - (1.0 - length) / (1.0 - t_mul)) / length
        wave = raised(s.number(m_mul), restarts) * _half_cosine(within)
        return multiply(s.rate, (1.0 - alpha) * wave + alpha, name=s.scope)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: float = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """learning_rate * ((alpha + falling line) * cosine of `num_periods` waves + beta).

    Source: Bello et al., *Neural Optimizer Search with Reinforcement Learning*, 2017.
    """
    with _Schedule(
        "linear_cosine_decay", name, "LinearCosineDecay", learning_rate, global_step
    ) as s:
        done = minimum(s.step, s.number(decay_steps)) / s.number(decay_steps)
        wave = _half_cosine(2.0 * num_periods * done)
        return multiply(s.rate, (alpha + (1.0 - done)) * wave + beta, name=s.scope)


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """values[0] for x up to boundaries[0], values[1] up to boundaries[1], ..., else the last.

    Raises:
        ValueError: not one value more than boundaries, or dtypes that differ.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     step = tf.placeholder(tf.int64, [])
    ...     rate = tf.train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.25])
    ...     print([float(sess.run(rate, {step: at})) for at in (10, 11, 21)])
    [1.0, 0.5, 0.25]
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError(
            "The length of boundaries should be 1 less than the length of values: "
            f"{len(boundaries)} boundaries, {len(values)} values"
        )
    step = convert_to_tensor(x)
    with step.graph.as_default(), step.graph.name_scope(name or "PiecewiseConstant") as scope:
        dtype = step.dtype.base_dtype
        limits = [convert_to_tensor(limit) for limit in boundaries]
        for limit in limits:
            given = limit.dtype.base_dtype
            if given is not dtype and not (given.is_integer and dtype.is_integer):
                raise ValueError(
                    f"Boundaries ({given.name}) must have the same dtype as x ({dtype.name})."
                )
        tensors = [convert_to_tensor(value) for value in values]
        for tensor in tensors:
            if tensor.dtype.base_dtype is not tensors[0].dtype.base_dtype:
                raise ValueError(
                    "Values must have elements all with the same dtype "
                    f"({tensors[0].dtype.name} vs {tensor.dtype.name})."
                )
        if not limits:
            return tensors[0]
        passed = [cast(greater(step, cast(limit, dtype)), "int32") for limit in limits]
        return gather(stack(tensors), add_n(passed), name=scope)


def _half_cosine(done: Tensor) -> Tensor:
    return 0.5 * (1.0 + cos(done * math.pi))


class _Schedule:
    """The scope of one schedule's operations, with rate and step in the rate's dtype."""

    def __init__(self, function: str, name: str | None, scope: str, rate: Any, step: Any):
        if step is None:
            raise ValueError(
                compose(
                    f"global_step is required for {function}.",
                    (),
                    "tf.train.get_or_create_global_step(), also given to minimize(global_step=)",
                )
            )
        graph = getattr(step, "graph", None) or getattr(rate, "graph", None) or get_default_graph()
        self._contexts = (graph.as_default(), graph.name_scope(name or scope))
        self._given = rate, step

    def __enter__(self) -> _Schedule:
        self._contexts[0].__enter__()
        self.scope = self._contexts[1].__enter__()
        rate, step = self._given
        self.rate = convert_to_tensor(rate, name="learning_rate")
        self.dtype = self.rate.dtype.base_dtype
        self.step = cast(step, self.dtype)
        return self

    def __exit__(self, *error: Any) -> None:
        for context in reversed(self._contexts):
            context.__exit__(*error)

    def number(self, value: Any) -> Tensor:
        """A parameter in the dtype of the rate."""
        return cast(value, self.dtype)

    def progress(self, decay_steps: Any, staircase: bool) -> Tensor:
        """step / decay_steps, its fraction dropped with `staircase`."""
        part = self.step / self.number(decay_steps)
        return floor(part) if staircase else part
