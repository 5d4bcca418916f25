"""Files that are either there whole or not at all, whatever happens to the process that writes."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import (
    NotFoundError,
    OpError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnknownError,
    compose,
)

_STEP = re.compile(r"(.*?)(-\d+)?((?:\.[A-Za-z]\w*)*)\Z", re.DOTALL)
"""Of a file's name: what comes before a step's number, the number if there is one, the endings."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path: str | os.PathLike[str], what: str) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` at the end; not if anything goes wrong.

    The bytes are on the disk before the name is: after a crash the name stands for all of the old
    contents or all of the new. `what` says in errors what is being written.

    Raises:
        ResourceExhaustedError: there is no room for it. Other `OpError`s by what the system says.
    """
    target = Path(path)
    # In the same directory, as a rename across file systems would be a copy; with the process's
    # number, as two processes may save under one name at once.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        _clear_leftovers(target)
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_directory(target.parent)
    except OSError as error:
        raise told(error, f"{what}: cannot write", target) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], data: bytes, what: str) -> None:
    """`data` as the contents of `path`, all of it or, if anything goes wrong, what was there."""
    with replacing(path, what) as file:
        file.write(data)


def _clear_leftovers(target: Path) -> None:
    """Remove what processes that were killed while they wrote it left beside it.

    Checkpoints of other steps count as well: nobody writes one of the same number again.
    """
    stem, step, ending = _STEP.match(target.name).groups()  # type: ignore[union-attr]
    number = "-[0-9]*" if step else ""
    for found in target.parent.glob(f".{_literal(stem)}{number}{_literal(ending)}.*.tmp"):
        process = found.name.split(".")[-2]
        if process.isdigit() and not _is_running(int(process)):
            found.unlink(missing_ok=True)


def told(error: OSError, problem: str, path: Path) -> OpError:
    """The error of TensorFlow's for one of the system's."""
    kind: Callable[..., Any] = UnknownError
    way_out = None
    if error.errno in _NO_ROOM:
        kind, way_out = ResourceExhaustedError, "free some space; what was saved before is intact"
    elif isinstance(error, FileNotFoundError):
        kind = NotFoundError
    elif isinstance(error, PermissionError):
        kind = PermissionDeniedError
    facts = [f"file: {path}", f"system: {error.strerror or error}"]
    made: OpError = kind(None, None, compose(problem, facts, way_out))
    return made


def _sync_directory(path: Path) -> None:
    try:
        number = os.open(path, os.O_RDONLY)
    except OSError:
        return  # Directories cannot be opened on every system; the rename is atomic all the same.
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
