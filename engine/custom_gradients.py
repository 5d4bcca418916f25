"""``tf.custom_gradient``: functions that bring their own gradient along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import wraps
from typing import Any

import numpy as np

from engine.errors import compose
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import identity
from engine.ops.constants import convert_to_tensor


@declared(eq=False)
class IdentityN(Op):
    """The results of a function, then its arguments, unchanged; the gradient is the function's."""

    results: int
    rule: Callable[..., Any] = field(repr=False)
    """From a gradient for each result to one for each argument."""

    every_gradient = True

    def infer(self, *specs: Spec) -> tuple[Spec, ...]:
        return tuple(Spec(spec.dtype, spec.dims) for spec in specs)

    def numpy(self, *arrays: Array) -> tuple[Array, ...]:
        return arrays

    def lower(self, b: Any, out: Any, *inputs: Any) -> None:
        for target, source in zip(out if isinstance(out, tuple) else (out,), inputs, strict=True):
            if target is not None:
                b.call(np.copyto, target, source, writes=target)

    def xla(self, jnp: Any, *arrays: Any) -> Any:
        return arrays

    def grad(self, y: Any, dy: Any, *inputs: Tensor) -> tuple[Any, ...]:
        flowing = dy if isinstance(dy, tuple) else (dy,)
        found = self.rule(*flowing[: self.results])
        gradients = list(found) if isinstance(found, list | tuple) else [found]
        arguments = len(inputs) - self.results
        if len(gradients) != arguments:
            raise ValueError(
                compose(
                    f"custom_gradient: the gradient function gave {len(gradients)} gradients for "
                    f"{arguments} arguments",
                    (),
                    "one gradient (or None) for each argument, in their order",
                )
            )
        tensors = [None if item is None else convert_to_tensor(item) for item in gradients]
        return (*[None] * self.results, *tensors)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function like `f`, which gives its result and a function for its gradient.

    ``f(*tensors)`` returns ``(result, grad)``; ``grad`` takes a gradient for each result and gives
    one for each argument. Variables that `f` uses are to be among its arguments: gradients do not
    reach others.

    Source: ``tf.custom_gradient``.

    >>> import engine as tf
    >>> @tf.custom_gradient
    ... def log1pexp(x):
    ...     e = tf.exp(x)
    ...     return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant(100.0)
    ...     print(sess.run(tf.gradients(log1pexp(x), x)[0]))
    1.0
    """

    @wraps(f)
    def with_own_gradient(*args: Any, **kwargs: Any) -> Any:
        # Copies, so that nothing but the new operation leads from the arguments to the results.
        given = [identity(argument) for argument in args]
        result, rule = f(*given, **kwargs)
        several = isinstance(result, list | tuple)
        results = [convert_to_tensor(item) for item in (result if several else [result])]
        graph = results[0].graph
        made = graph.create_op(IdentityN(len(results), rule), (*results, *given)).outputs
        kept = made[: len(results)]
        return type(result)(kept) if several else kept[0]

    return with_own_gradient
