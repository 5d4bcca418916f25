"""``tf.train.Saver``: variables to checkpoints and back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoints import (
    SUFFIX,
    CheckpointReader,
    checkpoint_exists,
    data_path,
    get_checkpoint_mtimes,
    remove_checkpoint,
    write_state,
)
from engine.durable import replacing, write_whole
from engine.errors import (
    FailedPreconditionError,
    compose,
)
from engine.graph import Graph, Operation, get_default_graph
from engine.meta_graph import MetaGraphDef, export_meta_graph, meta_graph_of
from engine.op import Array
from engine.restoring import restored
from engine.session import BaseSession
from engine.tensor_file import write_tensors
from engine.variables import GraphKeys, Variable

_LARGEST_KEPT = 1 << 25
"""Bytes of a written graph up to which it is kept for the next save."""


@dataclass
class SaverDef:
    """The settings of a saver, as a meta graph keeps them."""

    max_to_keep: int = 5
    keep_checkpoint_every_n_hours: float = 10000.0
    sharded: bool = False
    version: int = 2
    V1 = 1
    V2 = 2
    filename_tensor_name = "save/Const:0"
    save_tensor_name = "save/control_dependency:0"
    restore_op_name = "save/restore_all"


class Saver:
    """Saves variables of a session to files and restores them.

    `var_list` is a list of variables, or a mapping from names in the file to variables; by default
    all variables of the default graph. The newest `max_to_keep` checkpoints are kept (all, with
    None or 0), and besides them one every `keep_checkpoint_every_n_hours`.

    A checkpoint ``p-7`` is ``p-7.safetensors``, in a layout that other programs read, with
    ``p-7.index`` (a list of what is in it) and ``p-7.meta`` (the graph). Each file appears at once
    and whole: a process killed while it saves leaves the checkpoint before.

    Raises:
        ValueError: there are no variables, or two of one name.
        TypeError: something in `var_list` is no variable.

    >>> import os, tempfile, engine as tf
    >>> directory = tempfile.mkdtemp()
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable([1.0, 2.0], name="w")
    ...     saver = tf.train.Saver()
    ...     sess.run(tf.global_variables_initializer())
    ...     path = saver.save(sess, os.path.join(directory, "model"), global_step=7)
    ...     sess.run(w.assign([0.0, 0.0]))
    ...     saver.restore(sess, path)
    ...     print(os.path.basename(path), sess.run(w))
    array([0., 0.], dtype=float32)
    model-7 [1. 2.]

    Source: ``tf.train.Saver``.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: SaverDef | None = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: Any = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ):
        # One file holds everything and needs no operations, so these change nothing.
        del name, restore_sequentially, builder, write_version, filename
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. "
                "Either set defer_build=False or var_list=None."
            )
        self.saver_def = saver_def or SaverDef(
            max_to_keep or 0, keep_checkpoint_every_n_hours, sharded
        )
        self._given = var_list
        self._reshape = reshape
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._relative = save_relative_paths
        self._last: list[tuple[str, float]] = []
        self._next_preserved = time.time() + self._hours() * 3600
        self._variables: dict[str, Variable] | None = None
        self._meta: tuple[Any, bytes] | None = None
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Settle which variables are meant; done at construction unless it was deferred."""
        if self._variables is not None:
            return
        given = self._given
        if given is None:
            graph = get_default_graph()
            given = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
            given += graph.get_collection(GraphKeys.SAVEABLE_OBJECTS)
        self._variables = _by_name(given)
        if not self._variables and not self._allow_empty:
            raise ValueError("No variables to save")

    def _hours(self) -> float:
        return self.saver_def.keep_checkpoint_every_n_hours

    def _built(self) -> dict[str, Variable]:
        if self._variables is None:
            raise RuntimeError("Saver is not built: call build() once the variables are there.")
        return self._variables

    # Saving

    def save(
        self,
        sess: Any,
        save_path: Any,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Write a checkpoint and give its path: `save_path`, with ``-7`` for a `global_step` of 7.

        The values are those between two runs; runs in other threads wait. None for a saver of
        nothing (`allow_empty`).

        Raises:
            FailedPreconditionError: a variable has no value yet.
            ValueError: the directory above that of the files is not there.
            ResourceExhaustedError: the disk is full; the checkpoints before are intact.
        """
        del strip_default_attrs, save_debug_info
        variables = self._built()
        session = _session(sess)
        latest = latest_filename or "checkpoint"
        if Path(latest).name != latest:
            raise ValueError("'latest_filename' must not contain path components")
        prefix = self._prefix(session, os.fspath(save_path), global_step)
        directory = Path(prefix).parent
        try:
            # One folder is made, as TensorFlow's writer does; above it none.
            directory.mkdir(exist_ok=True)
        except (FileNotFoundError, FileExistsError, NotADirectoryError):
            raise ValueError(
                compose(
                    f"Parent directory of {prefix} doesn't exist, can't save.",
                    (),
                    f"os.makedirs({str(directory)!r})",
                )
            ) from None
        if not variables:
            return None
        self._write_values(session, prefix, variables)
        if write_meta_graph:
            self._write_meta(f"{prefix}.{meta_graph_suffix}", session.graph)
        outdated = self._record(prefix)
        if write_state:
            self._write_state(directory, prefix, latest)
        # Last of all: until here the checkpoint file may speak of them.
        for path in outdated:
            remove_checkpoint(path, meta_graph_suffix=meta_graph_suffix)
        return prefix

    def _prefix(self, session: BaseSession, path: str, global_step: Any) -> str:
        if not path:
            raise ValueError("save_path must be the path of a file, got ''")
        if global_step is None:
            return path
        if isinstance(global_step, Variable) or hasattr(global_step, "op"):
            global_step = session.run(global_step)
        step = np.asarray(global_step)
        if step.dtype.kind not in "iu" or step.ndim:
            raise TypeError(f"global_step must be an integer or a variable, got {global_step!r}")
        return f"{path}-{int(step):08d}" if self._pad_step_number else f"{path}-{int(step)}"

    def _write_values(
        self, session: BaseSession, prefix: str, variables: Mapping[str, Variable]
    ) -> None:
        with session.held() as state:
            arrays: dict[str, Array] = {}
            for name, variable in variables.items():
                op = _operation(session, variable)
                stored = state.variable(op)
                if not stored.initialized:
                    raise FailedPreconditionError(
                        str(op),
                        op,
                        compose(
                            f"Attempting to use uninitialized value {op.name}",
                            [f"variable made at {op.origin}", f"while saving {prefix!r}"],
                            "sess.run(tf.global_variables_initializer()) before saving",
                        ),
                    )
                arrays[name] = stored.array
            with replacing(prefix + SUFFIX, f"checkpoint {prefix!r}") as file:
                # Straight from the variables' own memory, which nobody changes meanwhile.
                write_tensors(file, arrays)
        listed = {
            name: {"dtype": variable.dtype.base_dtype.name, "shape": variable.get_shape().as_list()}
            for name, variable in sorted(variables.items())
        }
        text = json.dumps({"values": Path(prefix + SUFFIX).name, "tensors": listed}, indent=1)
        write_whole(f"{prefix}.index", text.encode(), f"checkpoint {prefix!r}")

    def _write_meta(self, path: str, graph: Graph) -> None:
        sizes = [len(graph.get_collection_ref(key)) for key in graph.get_all_collection_keys()]
        key = (graph, graph.version, tuple(sizes))
        if self._meta is None or self._meta[0] != key:
            # The graph is the same at most saves; writing it down takes longer than its file.
            self._meta = (key, meta_graph_of(graph, self.settings()).SerializeToString())
        write_whole(path, self._meta[1], "meta graph")
        if len(self._meta[1]) > _LARGEST_KEPT:
            self._meta = None

    def _record(self, prefix: str) -> list[str]:
        """Count a checkpoint in; those that are not kept any more come back."""
        most = self.saver_def.max_to_keep
        outdated = []
        if most:
            self._last = [item for item in self._last if item[0] != prefix]
            self._last.append((prefix, time.time()))
        while most and len(self._last) > most:
            path, moment = self._last.pop(0)
            if moment > self._next_preserved:
                self._next_preserved += self._hours() * 3600
            else:
                outdated.append(path)
        return outdated

    def _write_state(self, directory: Path, prefix: str, latest: str) -> None:
        write_state(
            os.fspath(directory),
            prefix,
            self.last_checkpoints,
            latest,
            [moment for _, moment in self._last],
            self._next_preserved - self._hours() * 3600,
            self._relative,
        )

    # Restoring

    def restore(self, sess: Any, save_path: Any) -> None:
        """Give the variables the values of a checkpoint; no initializer has to run before.

        All or nothing: if anything does not fit, every variable keeps its value.

        Raises:
            ValueError: there is no checkpoint of that path.
            NotFoundError: it has no value of a variable's name.
            InvalidArgumentError: a value has another shape or dtype than its variable.
            DataLossError: it is damaged; the message names the tensor.
        """
        variables = self._built()
        if not variables:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        session = _session(sess)
        path = os.fspath(save_path)
        if not checkpoint_exists(path):
            raise ValueError(
                compose(
                    f"The passed save_path is not a valid checkpoint: {path}",
                    (),
                    "tf.train.latest_checkpoint(directory)",
                )
            )
        reader = CheckpointReader(path)
        values = {
            name: restored(reader, name, variable, path, self._reshape)
            for name, variable in variables.items()
        }
        with session.held() as state:
            for name, variable in variables.items():
                stored = state.variable(_operation(session, variable))
                np.copyto(stored.array, values[name])
                stored.initialized = True

    # What it knows of the past

    @property
    def last_checkpoints(self) -> list[str]:
        """The paths of the checkpoints that are kept, oldest first."""
        return [path for path, _ in self._last]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Take these for the checkpoints saved so far, oldest first."""
        if not isinstance(last_checkpoints, list):
            raise TypeError("last_checkpoints must be a list")
        self._last = [(path, float("inf")) for path in last_checkpoints]

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: Sequence[tuple[str, float]]
    ) -> None:
        """Take these for the checkpoints saved so far, with the seconds when, oldest first."""
        self._last = list(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Take those of these checkpoints that are still there for the ones saved so far."""
        there = [path for path in checkpoint_paths if data_path(path) is not None]
        self._last = list(zip(there, get_checkpoint_mtimes(there), strict=True))

    def as_saver_def(self) -> SaverDef:
        """The settings."""
        return self.saver_def

    def export_meta_graph(
        self,
        filename: Any = None,
        collection_list: Any = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> MetaGraphDef:
        """The default graph with its collections and this saver's settings as data.

        It is written to `filename` if one is given.
        """
        return export_meta_graph(
            filename,
            saver_def=self.settings(),
            collection_list=collection_list,
            export_scope=export_scope,
            clear_devices=clear_devices,
        )

    def settings(self) -> dict[str, Any]:
        """What a meta graph keeps of it: its settings, and names in files by variables."""
        names = {key: variable.name for key, variable in self._built().items()}
        return {**vars(self.saver_def), "names": names}


def _by_name(given: Any) -> dict[str, Variable]:
    if isinstance(given, Mapping):
        found = dict(given)
        for item in found.values():
            if not isinstance(item, Variable):
                raise TypeError(
                    "names_to_saveables must be a dict mapping string names to "
                    f"Tensors/Variables. Not a variable: {item}"
                )
        return found
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__") or hasattr(given, "op"):
        raise TypeError(f"Variables to save should be passed in a dict or a list. Got {given}")
    found = {}
    for item in given:
        if not isinstance(item, Variable):
            raise TypeError(f"Variable to save is not a Variable: {item}")
        if item.op.name in found:
            raise ValueError(f"At least two variables have the same name: {item.op.name}")
        found[item.op.name] = item
    return found


def _session(sess: Any) -> BaseSession:
    inner = sess._tf_sess() if hasattr(sess, "_tf_sess") else sess
    if not isinstance(inner, BaseSession):
        raise TypeError(f"'sess' must be a Session; {sess}")
    return inner


def _operation(session: BaseSession, variable: Variable) -> Operation:
    if variable.graph is not session.graph:
        raise ValueError(
            compose(
                f"Variable {variable.name!r} is not an element of the session's graph.",
                [f"made at {variable.op.origin}"],
                "tf.Session(graph=...) with the graph the saver was made in",
            )
        )
    return variable.op
