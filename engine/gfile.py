"""``tf.gfile``: files and directories, with TensorFlow's errors."""

from __future__ import annotations

import builtins
import errno
import glob
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnknownError,
)

Name = str | bytes | os.PathLike[str]


@dataclass(frozen=True)
class FileStatistics:
    """Size in bytes, time of the last change in nanoseconds, and whether it is a directory."""

    length: int
    mtime_nsec: int
    is_directory: bool


_KINDS: dict[int, type[OpError]] = {
    errno.ENOENT: NotFoundError,
    errno.EEXIST: AlreadyExistsError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.ENOTEMPTY: FailedPreconditionError,
    errno.EISDIR: FailedPreconditionError,
    errno.ENOTDIR: FailedPreconditionError,
    errno.ENOSPC: ResourceExhaustedError,
}


def _text(name: Name) -> str:
    return os.fsdecode(name)


@contextmanager
def _told(name: Name) -> Iterator[None]:
    """The system's errors as TensorFlow's: ``path; No such file or directory``."""
    try:
        yield
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, UnknownError)
        raise kind(None, None, f"{_text(name)}; {error.strerror or error}") from error


class GFile:
    """A file, opened at its first use; text unless the mode has a ``b``.

    >>> import os, tempfile, engine as tf
    >>> path = os.path.join(tempfile.mkdtemp(), "notes.txt")
    >>> with tf.gfile.GFile(path, "w") as file:
    ...     file.write("one\\ntwo\\n")
    >>> with tf.gfile.GFile(path) as file:
    ...     print(file.readlines())
    ['one\\n', 'two\\n']
    """

    def __init__(self, name: Name, mode: str = "r"):
        if mode.replace("b", "").replace("+", "") not in ("r", "w", "a"):
            raise UnknownError(None, None, f"mode is not 'r' or 'w' or 'a': {mode!r}")
        self._name = _text(name)
        self._mode = mode
        self._file: IO[Any] | None = None

    @property
    def name(self) -> str:
        """The path."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode it was made with."""
        return self._mode

    def _opened(self) -> IO[Any]:
        if self._file is None:
            with _told(self._name):
                if "b" in self._mode:
                    self._file = builtins.open(self._name, self._mode)  # noqa: PTH123, SIM115
                else:
                    self._file = builtins.open(  # noqa: PTH123, SIM115
                        self._name, self._mode, encoding="utf-8", newline=""
                    )
        return self._file

    def _readable(self) -> IO[Any]:
        if "r" not in self._mode and "+" not in self._mode:
            raise PermissionDeniedError(None, None, "File isn't open for reading")
        return self._opened()

    def read(self, n: int = -1) -> Any:
        """The next `n` characters or bytes, all that is left by default."""
        file = self._readable()
        with _told(self._name):
            return file.read(n)

    def readline(self) -> Any:
        """The next line with its end, empty at the end of the file."""
        return self._readable().readline()

    def readlines(self) -> list[Any]:
        """All lines that are left."""
        return self._readable().readlines()

    def write(self, file_content: Any) -> None:
        """Add to the file."""
        if "r" in self._mode and "+" not in self._mode:
            raise PermissionDeniedError(None, None, "File isn't open for writing")
        file = self._opened()
        if isinstance(file_content, str) and "b" in self._mode:
            file_content = file_content.encode()
        elif isinstance(file_content, bytes) and "b" not in self._mode:
            file_content = file_content.decode()
        with _told(self._name):
            file.write(file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to a place in the file."""
        place = position if offset is None else offset
        if place is None:
            raise TypeError("seek(): offset argument required")
        self._opened().seek(place, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._opened().tell()

    def size(self) -> int:
        """The size in bytes."""
        return Stat(self._name).length

    def flush(self) -> None:
        """Hand what was written to the system."""
        if self._file is not None:
            with _told(self._name):
                self._file.flush()

    def close(self) -> None:
        """Close the file; it opens again when it is used again."""
        if self._file is not None:
            with _told(self._name):
                self._file.close()
            self._file = None

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None and "w" in self._mode:
            self._opened()  # Written with nothing in it, it is there all the same.
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._readable())

    def __del__(self) -> None:
        # Scripts write `GFile(path, "rb").read()` and drop the file.
        if getattr(self, "_file", None) is not None:
            self.close()


FastGFile = GFile
Open = GFile


def Exists(filename: Name) -> bool:  # noqa: N802 - TensorFlow's name
    """Whether there is a file or directory of that name."""
    return Path(_text(filename)).exists()


def IsDirectory(dirname: Name) -> bool:  # noqa: N802 - TensorFlow's name
    """Whether there is a directory of that name."""
    return Path(_text(dirname)).is_dir()


def ListDirectory(dirname: Name) -> list[str]:  # noqa: N802 - TensorFlow's name
    """The names in a directory, in order; NotFoundError if it is not there."""
    if not IsDirectory(dirname):
        raise NotFoundError(None, None, f"Could not find directory {_text(dirname)}")
    with _told(dirname):
        return sorted(entry.name for entry in Path(_text(dirname)).iterdir())


def MakeDirs(dirname: Name) -> None:  # noqa: N802 - TensorFlow's name
    """Make a directory and those above it, where they are missing."""
    with _told(dirname):
        Path(_text(dirname)).mkdir(parents=True, exist_ok=True)


def MkDir(dirname: Name) -> None:  # noqa: N802 - TensorFlow's name
    """Make a directory; its parent must be there, and it must not."""
    with _told(dirname):
        Path(_text(dirname)).mkdir()


def Glob(filename: Name | Sequence[Name]) -> list[str]:  # noqa: N802 - TensorFlow's name
    """The paths that match a pattern, or one of several; in order."""
    patterns = [filename] if isinstance(filename, str | bytes | os.PathLike) else filename
    return [path for pattern in patterns for path in sorted(glob.glob(_text(pattern)))]  # noqa: PTH207


def Remove(filename: Name) -> None:  # noqa: N802 - TensorFlow's name
    """Delete a file; NotFoundError if it is not there."""
    with _told(filename):
        Path(_text(filename)).unlink()


def DeleteRecursively(dirname: Name) -> None:  # noqa: N802 - TensorFlow's name
    """Delete a directory with all that is in it; NotFoundError if it is not there."""
    path = Path(_text(dirname))
    with _told(dirname):
        if path.is_file() or path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)


def Copy(oldpath: Name, newpath: Name, overwrite: bool = False) -> None:  # noqa: N802
    """Copy a file; AlreadyExistsError where one is in the way, unless `overwrite`."""
    _refuse_existing(newpath, overwrite)
    with _told(oldpath):
        shutil.copyfile(_text(oldpath), _text(newpath))


def Rename(oldname: Name, newname: Name, overwrite: bool = False) -> None:  # noqa: N802
    """Rename or move; AlreadyExistsError where something is in the way, unless `overwrite`."""
    _refuse_existing(newname, overwrite)
    with _told(oldname):
        Path(_text(oldname)).replace(_text(newname))


def _refuse_existing(name: Name, overwrite: bool) -> None:
    if not overwrite and Exists(name):
        raise AlreadyExistsError(None, None, f"file already exists: {_text(name)}")


def Stat(filename: Name) -> FileStatistics:  # noqa: N802 - TensorFlow's name
    """Size, time and kind of a file; NotFoundError if it is not there."""
    with _told(filename):
        found = Path(_text(filename)).stat()
    return FileStatistics(found.st_size, found.st_mtime_ns, IsDirectory(filename))


def Walk(top: Name, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:  # noqa: N802
    """Each directory below `top` with its directories and files; `top` first if `in_order`."""
    for directory, below, files in os.walk(_text(top), topdown=in_order):
        below.sort()
        yield directory, list(below), sorted(files)


__all__ = [
    "Copy",
    "DeleteRecursively",
    "Exists",
    "FastGFile",
    "FileStatistics",
    "GFile",
    "Glob",
    "IsDirectory",
    "ListDirectory",
    "MakeDirs",
    "MkDir",
    "Open",
    "Remove",
    "Rename",
    "Stat",
    "Walk",
]
