"""Checkpoints on disk: which there are, what is in them, and the ``checkpoint`` file."""

from __future__ import annotations

import glob
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype
from engine.durable import told, write_whole
from engine.errors import DataLossError, NotFoundError, compose
from engine.op import Array
from engine.tensor_file import TensorFile

SUFFIX = ".safetensors"
"""Of the file that holds a checkpoint's values."""

_FIELD = re.compile(r'^\s*(\w+)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([-+.\w]+))\s*$')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass
class CheckpointState:
    """What a ``checkpoint`` file says: the newest checkpoint and all that are kept, by path."""

    model_checkpoint_path: str = ""
    all_model_checkpoint_paths: list[str] = field(default_factory=list)
    all_model_checkpoint_timestamps: list[float] = field(default_factory=list)
    last_preserved_timestamp: float = 0.0

    def __str__(self) -> str:
        lines = [f"model_checkpoint_path: {_quoted(self.model_checkpoint_path)}"]
        for path in self.all_model_checkpoint_paths:
            lines.append(f"all_model_checkpoint_paths: {_quoted(path)}")
        for time in self.all_model_checkpoint_timestamps:
            lines.append(f"all_model_checkpoint_timestamps: {time!r}")
        if self.last_preserved_timestamp:
            lines.append(f"last_preserved_timestamp: {self.last_preserved_timestamp!r}")
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _parsed(text: str) -> CheckpointState | None:
    state = CheckpointState()
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _FIELD.match(line)
        if found is None:
            return None
        name, quoted, plain = found.groups()
        value = (
            re.sub(r"\\(.)", lambda m: _ESCAPES.get(m.group(1), m.group(1)), quoted)
            if quoted is not None
            else plain
        )
        try:
            if name == "model_checkpoint_path":
                state.model_checkpoint_path = value
            elif name == "all_model_checkpoint_paths":
                state.all_model_checkpoint_paths.append(value)
            elif name == "all_model_checkpoint_timestamps":
                state.all_model_checkpoint_timestamps.append(float(value))
            elif name == "last_preserved_timestamp":
                state.last_preserved_timestamp = float(value)
        except ValueError:
            return None
    return state


def state_file(directory: str, latest_filename: str | None = None) -> Path:
    """The path of the ``checkpoint`` file of a directory."""
    return Path(directory) / (latest_filename or "checkpoint")


def get_checkpoint_state(
    checkpoint_dir: Any, latest_filename: str | None = None
) -> CheckpointState | None:
    """What the ``checkpoint`` file of a directory says, None if there is none to read.

    Relative paths in it come back below `checkpoint_dir`.
    """
    directory = os.fspath(checkpoint_dir)
    try:
        text = state_file(directory, latest_filename).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    state = _parsed(text)
    if state is None or not state.model_checkpoint_path:
        return None
    state.model_checkpoint_path = _below(directory, state.model_checkpoint_path)
    state.all_model_checkpoint_paths = [
        _below(directory, path) for path in state.all_model_checkpoint_paths
    ]
    return state


def _below(directory: str, path: str) -> str:
    return path if Path(path).is_absolute() else os.path.join(directory, path)  # noqa: PTH118 - keeps "./" as given


def update_checkpoint_state(
    save_dir: Any,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Write the ``checkpoint`` file of a directory.

    Raises:
        RuntimeError: a checkpoint has the path that the file would get.
    """
    write_state(
        os.fspath(save_dir),
        model_checkpoint_path,
        all_model_checkpoint_paths or (),
        latest_filename,
        all_model_checkpoint_timestamps or (),
        last_preserved_timestamp or 0.0,
    )


def write_state(
    directory: str,
    newest: str,
    kept: Sequence[str],
    latest_filename: str | None = None,
    times: Sequence[float] = (),
    preserved: float = 0.0,
    relative: bool = False,
) -> None:
    """Write the ``checkpoint`` file; with `relative`, paths as seen from its directory."""
    paths = list(kept)
    if newest not in paths:
        paths.append(newest)
        times = ()
    target = state_file(directory, latest_filename)
    if os.fspath(target) == newest:
        raise RuntimeError(
            f"Save path '{newest}' conflicts with path used for checkpoint state.  "
            "Please use a different save path."
        )
    # A file in the directory it tells of stays true when the directory is moved.
    if relative or not Path(directory).is_absolute():
        newest = os.path.relpath(newest, directory) if _same_kind(newest, directory) else newest
        paths = [os.path.relpath(p, directory) if _same_kind(p, directory) else p for p in paths]
    state = CheckpointState(newest, paths, list(times), preserved)
    write_whole(target, str(state).encode(), "checkpoint state")


def _same_kind(path: str, directory: str) -> bool:
    return Path(path).is_absolute() == Path(directory).is_absolute()


def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The path of the newest checkpoint of a directory, to restore from; None if there is none."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is not None and checkpoint_exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    return None


def data_path(checkpoint_prefix: Any) -> Path | None:
    """The file that holds a checkpoint's values, None if there is none.

    ``model-7`` stands for ``model-7.safetensors`` or ``model-7.npz``; a file may be named itself.
    """
    prefix = os.fspath(checkpoint_prefix)
    for path in (Path(prefix + SUFFIX), Path(prefix), Path(prefix + ".npz")):
        if path.is_file():
            return path
    return None


def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint of that path."""
    return data_path(checkpoint_prefix) is not None


def get_checkpoint_mtimes(checkpoint_prefixes: Sequence[Any]) -> list[float]:
    """When these checkpoints were written, in seconds; those that are not there are left out."""
    found = [data_path(prefix) for prefix in checkpoint_prefixes]
    return [path.stat().st_mtime for path in found if path is not None]


def remove_checkpoint(
    checkpoint_prefix: Any, checkpoint_format_version: Any = None, meta_graph_suffix: str = "meta"
) -> None:
    """Delete the files of a checkpoint."""
    prefix = os.fspath(checkpoint_prefix)
    for suffix in (SUFFIX, ".index", f".{meta_graph_suffix}"):
        Path(prefix + suffix).unlink(missing_ok=True)


class CheckpointReader:
    """What is in one checkpoint: names, shapes, dtypes, and values, checked as they are read.

    Raises:
        NotFoundError: there is no checkpoint of that path.
        DataLossError: it is damaged.

    >>> import os, tempfile, engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable([1.0, 2.0], name="w")
    ...     sess.run(tf.global_variables_initializer())
    ...     path = tf.train.Saver().save(sess, os.path.join(tempfile.mkdtemp(), "model"))
    >>> reader = tf.train.NewCheckpointReader(path)
    >>> reader.get_variable_to_shape_map(), reader.get_tensor("w")
    ({'w': [2]}, array([1., 2.], dtype=float32))
    """

    def __init__(self, filepattern: Any):
        path = data_path(filepattern)
        if path is None:
            raise NotFoundError(
                None,
                None,
                compose(
                    "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
                    f"files for {os.fspath(filepattern)}",
                    _nearby(os.fspath(filepattern)),
                    "tf.train.latest_checkpoint(directory)",
                ),
            )
        try:
            self._file: TensorFile | _NumpyFile = (
                _NumpyFile(path) if zipfile.is_zipfile(path) else TensorFile(path)
            )
            self._known = {
                name: (entry.dtype, entry.shape) for name, entry in self._file.entries.items()
            }
        except OSError as error:
            raise told(error, "checkpoint: cannot read", path) from error

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether the checkpoint holds a value of that name."""
        return tensor_str in self._known

    def get_tensor(self, tensor_str: str) -> Array:
        """The value of that name.

        Raises:
            NotFoundError: there is none.
            DataLossError: its bytes are not those that were written.
        """
        if tensor_str not in self._known:
            raise NotFoundError(
                None,
                None,
                compose(
                    f"Key {tensor_str} not found in checkpoint",
                    [
                        f"checkpoint: {self._file.path}",
                        f"it holds: {', '.join(sorted(self._known)) or 'nothing'}",
                    ],
                ),
            )
        try:
            return self._file.read(tensor_str)
        except OSError as error:
            raise told(error, f"tensor {tensor_str!r}: cannot read", self._file.path) from error

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Names and their shapes."""
        return {name: list(shape) for name, (_, shape) in self._known.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """Names and their dtypes."""
        return {name: dtype for name, (dtype, _) in self._known.items()}

    def debug_string(self) -> str:
        """A line for each value: name, dtype, shape."""
        return "\n".join(
            f"{name} ({dtype.proto_name.upper()}) {list(shape)}"
            for name, (dtype, shape) in sorted(self._known.items())
        )


NewCheckpointReader = CheckpointReader


@dataclass(frozen=True)
class _NumpyEntry:
    dtype: DType
    shape: tuple[int, ...]


class _NumpyFile:
    """The arrays of an .npz file."""

    def __init__(self, path: Path):
        self.path = path
        try:
            with np.load(path, allow_pickle=False) as arrays:
                self._arrays: Mapping[str, Array] = {name: _plain(arrays[name]) for name in arrays}
        except (ValueError, zipfile.BadZipFile, EOFError) as error:
            raise DataLossError(
                None,
                None,
                compose(f"checkpoint '{path.name}': damaged, or not plain arrays", [str(error)]),
            ) from error
        self.entries = {
            name: _NumpyEntry(as_dtype(array.dtype), array.shape)
            for name, array in self._arrays.items()
        }

    def read(self, name: str) -> Array:
        return self._arrays[name].copy()


def _plain(array: Array) -> Array:
    if array.dtype.kind in "SU":
        texts = np.empty(array.shape, object)
        for index, item in np.ndenumerate(array):
            texts[index] = item.encode() if isinstance(item, str) else bytes(item)
        return texts
    return array


def _nearby(prefix: str) -> list[str]:
    directory, name = os.path.split(prefix)
    pattern = f"{glob.escape(os.path.join(directory or '.', name[:1]))}*{SUFFIX}"  # noqa: PTH118
    found = sorted(Path(path).name.removesuffix(SUFFIX) for path in glob.glob(pattern))  # noqa: PTH207
    return [f"checkpoints there: {', '.join(found[:5])}"] if found else []


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """The reader of a checkpoint, or of the newest one of a directory.

    Raises:
        ValueError: the directory has none.
    """
    path = os.fspath(ckpt_dir_or_file)
    if Path(path).is_dir():
        latest = latest_checkpoint(path)
        if latest is None:
            raise ValueError(
                f"Couldn't find 'checkpoint' file or checkpoints in given directory {path}"
            )
        path = latest
    return CheckpointReader(path)


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """Names and shapes of what a checkpoint holds, by name."""
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def load_variable(ckpt_dir_or_file: Any, name: str) -> Array:
    """The value of that name in a checkpoint."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))
