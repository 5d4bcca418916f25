"""Errors of kernels, told in the name of the operation they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from engine.advice import way_out
from engine.errors import FailedPreconditionError, InvalidArgumentError, OpError, compose
from engine.graph import Operation

INITIALIZE = (
    "sess.run(tf.global_variables_initializer()) after the last variable is made and before using "
    "them, in this very session"
)


def in_the_name_of(op: Operation, error: Exception) -> Exception:
    """The error to raise for a kernel's `error`: refused inputs become InvalidArgumentError."""
    if isinstance(error, OpError):
        return error
    if not isinstance(error, ValueError | ArithmeticError | IndexError | TypeError):
        return error
    facts = [f"in '{op.name}' (op: '{op.type}'), made at {op.origin}", *op.facts()]
    advice = way_out(str(error), op.type) or "sess.run() of the inputs, to see what it was given"
    return InvalidArgumentError(str(op), op, compose(str(error), facts, advice))


def uninitialized(
    op: Operation, also: Sequence[str] = (), advice: str = INITIALIZE
) -> FailedPreconditionError:
    """The error for a run that needs the value of a variable that has none."""
    return FailedPreconditionError(
        str(op),
        op,
        compose(
            f"Attempting to use uninitialized value {op.name}",
            [f"variable made at {op.origin}", *also],
            advice,
        ),
    )
