"""TensorFlow's error classes, and how our messages are put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.advice import way_out as known_way_out
from engine.origin import user_line

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


def compose(headline: str, facts: Iterable[str] = (), way_out: str | None = None) -> str:
    """A message: the problem, one indented line a fact, then what to try.

    >>> print(compose("matmul 'y': inner dimensions differ", ["a: [2, 3]"], "transpose b"))
    matmul 'y': inner dimensions differ
      a: [2, 3]
      try: transpose b
    """
    lines = [headline, *(f"  {fact}" for fact in facts)]
    if way_out:
        lines.append(f"  try: {way_out}")
    return "\n".join(lines)


def misuse(headline: str, facts: Iterable[str] = (), way_out: str | None = None) -> str:
    """A message as `compose` makes it, with the user's line that is being run as the last fact.

    Without a `way_out` the one known for such a problem is told.
    """
    return compose(headline, [*facts, f"at {user_line()}"], way_out or known_way_out(headline))


class OpError(Exception):
    """What a session raises when a run fails; knows the operation that failed.

    ``op`` is the `Operation` or None, ``node_def`` its text form or None, ``message`` the text,
    ``error_code`` TensorFlow's number for the class.

    Source: ``tf.errors.OpError``.
    """

    code = UNKNOWN

    def __init__(self, node_def: str | None, op: Any, message: str, error_code: int | None = None):
        super().__init__(message)
        self.node_def = node_def
        self.op = op
        self.message = message
        self.error_code = self.code if error_code is None else error_code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> Any:
        # Without the operation: its graph does not travel between processes.
        return type(self), (self.node_def, None, self.message, self.error_code)


class CancelledError(OpError):
    """The run was cancelled."""

    code = CANCELLED


class UnknownError(OpError):
    """No better class is known."""

    code = UNKNOWN


class InvalidArgumentError(OpError):
    """An operation was given something it cannot work on."""

    code = INVALID_ARGUMENT


class DeadlineExceededError(OpError):
    """It took longer than allowed."""

    code = DEADLINE_EXCEEDED


class NotFoundError(OpError):
    """Something asked for by name is not there."""

    code = NOT_FOUND


class AlreadyExistsError(OpError):
    """Something to be made is there already."""

    code = ALREADY_EXISTS


class PermissionDeniedError(OpError):
    """The caller may not do this."""

    code = PERMISSION_DENIED


class ResourceExhaustedError(OpError):
    """Memory or another resource ran out."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(OpError):
    """The state is not ready for this, as a variable that was not initialized."""

    code = FAILED_PRECONDITION


class AbortedError(OpError):
    """The run was aborted."""

    code = ABORTED


class OutOfRangeError(OpError):
    """An iteration went past its end."""

    code = OUT_OF_RANGE


class UnimplementedError(OpError):
    """The operation is not available here."""

    code = UNIMPLEMENTED


class InternalError(OpError):
    """A mistake of the engine itself."""

    code = INTERNAL


class UnavailableError(OpError):
    """A device or worker cannot be reached."""

    code = UNAVAILABLE


class DataLossError(OpError):
    """Stored data is damaged."""

    code = DATA_LOSS


class UnauthenticatedError(OpError):
    """The caller did not say who it is."""

    code = UNAUTHENTICATED


_BY_CODE: dict[int, type[OpError]] = {
    kind.code: kind
    for kind in (
        CancelledError,
        UnknownError,
        InvalidArgumentError,
        DeadlineExceededError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnimplementedError,
        InternalError,
        UnavailableError,
        DataLossError,
        UnauthenticatedError,
    )
}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of a code; KeyError for a number that is no code.

    >>> exception_type_from_error_code(OUT_OF_RANGE).__name__
    'OutOfRangeError'
    """
    return _BY_CODE[error_code]


def error_code_from_exception_type(kind: type[Exception]) -> int:
    """The code of a class, UNKNOWN for one that is not TensorFlow's."""
    return kind.code if issubclass(kind, OpError) else UNKNOWN
