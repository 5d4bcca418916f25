"""Variables that start with the values of a checkpoint: ``tf.train.init_from_checkpoint``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.checkpoints import CheckpointReader, latest_checkpoint, load_checkpoint
from engine.dtypes import DType
from engine.errors import compose
from engine.graph import Operation
from engine.logging import warning
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import cast
from engine.ops.constants import make
from engine.ops.control import group
from engine.saver import Saver
from engine.session import Session
from engine.shapes import Dims, compatible
from engine.variable_store import store_of
from engine.variables import Variable


@declared
class RestoredValue(Op):
    """The value of one name in a checkpoint, read when it is run."""

    path: str
    tensor: str
    dtype: DType
    dims: Dims

    stateful = True

    @property
    def type(self) -> str:
        return "RestoreV2"

    def infer(self) -> Spec:
        return Spec(self.dtype, self.dims)

    def run(self, state: Any, op: Any) -> Array:
        return load_checkpoint(self.path).get_tensor(self.tensor)

    def grad(self, *_: Any) -> tuple[Any, ...]:
        return ()


def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: Any) -> None:
    """Nothing; the initializers of variables from now on give them values of a checkpoint.

    assignment_map: from names in the checkpoint to variables, to their names in the current scope,
    or to lists of such; or from a scope of the checkpoint to one of the graph, both ending in
    ``/``, where ``/`` alone is the root; or pairs instead of a dict. The checkpoint is there
    again when initializers run.

    Raises:
        ValueError: a name is in neither place, or a shape is another one.
        NotFoundError: there is no such checkpoint.

    Source: ``tf.train.init_from_checkpoint``.

    >>> import os, tempfile, engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.get_variable("old/w", initializer=[1.0, 2.0])
    ...     sess.run(tf.global_variables_initializer())
    ...     path = tf.train.Saver().save(sess, os.path.join(tempfile.mkdtemp(), "model"))
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.get_variable("new/w", [2])
    ...     tf.train.init_from_checkpoint(path, {"old/": "new/"})
    ...     sess.run(tf.global_variables_initializer())
    ...     print(sess.run(w))
    [1. 2.]
    """
    path = os.fspath(ckpt_dir_or_file)
    if Path(path).is_dir():
        path = latest_checkpoint(path) or path
    reader = load_checkpoint(path)
    known = store_of().variables
    pairs = assignment_map.items() if isinstance(assignment_map, Mapping) else assignment_map
    for name, given in pairs:
        if isinstance(given, str) and given not in known:
            for tensor, variable in _below(reader, path, name, given):
                _start(reader, path, tensor, variable)
            continue
        for item in given if isinstance(given, list | tuple) else [given]:
            _start(reader, path, name, known[item] if isinstance(item, str) else item)


def _below(
    reader: CheckpointReader, path: str, name: str, scope: str
) -> Iterator[tuple[str, Variable]]:
    """The variables of a scope, and what they are called below `name` in the checkpoint."""
    if not name.endswith("/") or not scope.endswith("/"):
        raise ValueError(
            compose(
                f"Assignment map with scope only name {scope} should map to scope only {name}. "
                "Should be 'scope/': 'other_scope/'.",
                [f"there is no variable {scope!r} made by tf.get_variable"],
            )
        )
    own, theirs = (text.removeprefix("/") if text == "/" else text for text in (scope, name))
    for full, variable in sorted(store_of().variables.items()):
        if full.startswith(own):
            tensor = theirs + full.removeprefix(own)
            if not reader.has_tensor(tensor):
                raise _absent(f"{tensor} ({full.removeprefix(own)} in {name})", path, variable)
            yield tensor, variable


def _start(reader: CheckpointReader, path: str, tensor: str, variable: Variable) -> None:
    if not reader.has_tensor(tensor):
        raise _absent(tensor, path, variable)
    dims = tuple(reader.get_variable_to_shape_map()[tensor])
    if not compatible(variable.get_shape().sizes(), dims):
        raise ValueError(
            compose(
                f"Shape of variable {variable.name} ({variable.get_shape()}) doesn't match with "
                f"shape of tensor {tensor} ({list(dims)}) from checkpoint reader.",
                [f"variable made at {variable.op.origin}", f"checkpoint: {path}"],
            )
        )
    dtype = reader.get_variable_to_dtype_map()[tensor]
    with variable.graph.as_default(), variable.graph.name_scope("init_from_checkpoint"):
        value = make(RestoredValue(path, tensor, dtype, dims), (), "checkpoint_initializer")
        variable.start_with(cast(value, variable.dtype.base_dtype))


def _absent(tensor: str, path: str, variable: Variable) -> ValueError:
    return ValueError(
        compose(
            f"Tensor {tensor} is not found in {path} checkpoint",
            [f"wanted for variable {variable.name!r}, made at {variable.op.origin}"],
            "tf.train.list_variables(path) shows what it holds",
        )
    )


def assign_from_checkpoint_fn(
    model_path: Any,
    var_list: Any,
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable[[Session], None] | None:
    """A function of a session that gives variables the values of a checkpoint.

    var_list: variables, or a dict from names in the checkpoint. With `ignore_missing_vars` those
    that the checkpoint does not hold stay as they are; None if it holds none of them.

    Raises:
        ValueError: there are no variables.

    Source: ``tf.contrib.framework.assign_from_checkpoint_fn``.
    """
    if not var_list:
        raise ValueError("var_list cannot be empty")
    path = os.fspath(model_path)
    wanted = var_list if isinstance(var_list, Mapping) else {v.op.name: v for v in var_list}
    if ignore_missing_vars:
        reader = load_checkpoint(path)
        missing = [name for name in wanted if not reader.has_tensor(name)]
        for name in missing:
            warning("Variable %s missing in checkpoint %s", name, path)
        wanted = {name: wanted[name] for name in wanted if name not in missing}
        if not wanted:
            warning("No Variables to restore")
            return None
    saver = Saver(wanted, reshape=reshape_variables)
    return lambda session: saver.restore(session, path)


def assign_from_checkpoint(
    model_path: Any, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[Operation, dict[Any, Array]]:
    """An operation that gives variables the values of a checkpoint, and what to feed to it.

    Raises:
        ValueError: the checkpoint misses one, without `ignore_missing_vars`; a shape differs.

    Source: ``tf.contrib.framework.assign_from_checkpoint``.
    """
    path = os.fspath(model_path)
    reader = load_checkpoint(path)
    wanted = var_list if isinstance(var_list, Mapping) else {v.op.name: v for v in var_list}
    starts, feed = [], {}
    for name, variable in wanted.items():
        if not reader.has_tensor(name):
            if ignore_missing_vars:
                warning("Variable %s missing in checkpoint %s", name, path)
                continue
            raise _absent(name, path, variable)
        value = reader.get_tensor(name)
        if not compatible(variable.get_shape().sizes(), value.shape):
            raise ValueError(
                f"Total size of new array must be unchanged for {name} "
                f"lh_shape: [{value.shape}], rh_shape: [{variable.get_shape()}]"
            )
        starts.append(variable.initializer)
        feed[variable.initial_value] = value
    return group(*starts, name="assign_from_checkpoint"), feed
