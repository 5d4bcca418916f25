"""Errors of kernels, told in the name of the operation they belong to."""

from __future__ import annotations

from engine.advice import way_out
from engine.errors import InvalidArgumentError, OpError, compose
from engine.graph import Operation


def in_the_name_of(op: Operation, error: Exception) -> Exception:
    """The error to raise for a kernel's `error`: refused inputs become InvalidArgumentError."""
    if isinstance(error, OpError):
        return error
    if not isinstance(error, ValueError | ArithmeticError | IndexError | TypeError):
        return error
    facts = [f"in '{op.name}' (op: '{op.type}'), made at {op.origin}", *op.facts()]
    advice = way_out(str(error), op.type) or "sess.run() of the inputs, to see what it was given"
    return InvalidArgumentError(str(op), op, compose(str(error), facts, advice))
