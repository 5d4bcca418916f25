"""Errors of kernels, told in the name of the operation they belong to."""

from __future__ import annotations

from engine.errors import FailedPreconditionError, InvalidArgumentError, OpError, compose
from engine.graph import Operation


def in_the_name_of(op: Operation, error: Exception) -> Exception:
    """The error to raise for a kernel's `error`: refused inputs become InvalidArgumentError."""
    if isinstance(error, OpError):
        return error
    if not isinstance(error, ValueError | ArithmeticError | IndexError | TypeError):
        return error
    facts = [f"in '{op.name}' (op: '{op.type}'), made at {op.origin}", *op.facts()]
    return InvalidArgumentError(str(op), op, compose(str(error), facts))


def uninitialized(op: Operation) -> FailedPreconditionError:
    """The error for a run that needs the value of a variable that has none."""
    return FailedPreconditionError(
        str(op),
        op,
        compose(
            f"Attempting to use uninitialized value {op.name}",
            [f"variable made at {op.origin}"],
            "sess.run(tf.global_variables_initializer()) before using the variables",
        ),
    )
