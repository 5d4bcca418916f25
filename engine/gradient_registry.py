"""Gradient rules that scripts register by name, to put in the place of operations' own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import compose
from engine.graph import Operation

_RULES: dict[str, Callable[..., Any] | None] = {}
"""By name; None for kinds that have no gradient. One for the process, as in TensorFlow: scripts
register at import, before there is a graph."""


class RegisterGradient:
    """A decorator that registers ``function(op, *gradients)`` as a gradient rule under a name.

    The function gets the operation and the gradient of each of its outputs, and gives one gradient
    for each of its inputs. `Graph.gradient_override_map` puts it in the place of a kind's own.

    Raises:
        KeyError: the name is taken.

    >>> import engine as tf
    >>> @tf.RegisterGradient("Backwards")
    ... def _backwards(op, grad):
    ...     return -grad
    >>> with tf.Graph().as_default() as graph, tf.Session() as sess:
    ...     x = tf.constant(3.0)
    ...     with graph.gradient_override_map({"Square": "Backwards"}):
    ...         y = tf.square(x)
    ...     print(sess.run(tf.gradients(y, x)[0]))
    -1.0
    """

    def __init__(self, op_type: str):
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        _register(self._op_type, f)
        return f


def NotDifferentiable(op_type: str) -> None:  # noqa: N802 - TensorFlow's name
    """Say that operations of this kind have no gradient."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _register(op_type, None)


def _register(name: str, rule: Callable[..., Any] | None) -> None:
    if name in _RULES:
        before = getattr(_RULES[name], "__module__", "NotDifferentiable")
        raise KeyError(
            f"Registering two gradient with name {name!r}! (Previous registration was in {before})"
        )
    _RULES[name] = rule


def registered_rule(op: Operation) -> Callable[..., Any] | None:
    """The rule registered for this operation, in the form of ``Op.grad``; None if there is none.

    Raises:
        LookupError: the operation asks for a name that nobody has registered.
    """
    name = op.gradient_name or op.type
    if name not in _RULES:
        if op.gradient_name is None:
            return None
        raise LookupError(
            compose(
                f"gradient registry has no entry for: {name}",
                [f"operation '{op.name}' (op type: {op.type}), made at {op.origin}"],
                f"@tf.RegisterGradient({name!r}) before tf.gradients",
            )
        )
    rule = _RULES[name]

    def apply(outputs: Any, flowing: Any, *inputs: Any) -> tuple[Any, ...]:
        if rule is None:
            return (None,) * len(inputs)
        found = rule(op, *flowing) if isinstance(flowing, tuple) else rule(op, flowing)
        results = tuple(found) if isinstance(found, list | tuple) else (found,)
        if len(results) != len(inputs):
            raise ValueError(
                f"Num gradients {len(results)} generated for op {op.name} do not match num "
                f"inputs {len(inputs)}"
            )
        return results

    return apply
