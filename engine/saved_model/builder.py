"""Writing saved models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.durable import write_whole
from engine.errors import compose
from engine.graph import Tensor
from engine.meta_graph import meta_graph_of
from engine.saved_model.signature_constants import DEFAULT_SERVING_SIGNATURE_DEF_KEY
from engine.saved_model.signature_def_utils import SignatureDef, predict_signature_def
from engine.saved_model.tag_constants import SERVING
from engine.saver import Saver

FORMAT = "trainboard saved model 1"
FILE_NAME = "saved_model.pb"
"""TensorFlow's name, which scripts look for; what is in it is JSON."""


class SavedModelBuilder:
    """Collects graphs under tags and writes them to a directory that is new or empty.

    Raises:
        AssertionError: there is something in the directory.
    """

    def __init__(self, export_dir: Any):
        self._directory = Path(os.fspath(export_dir))
        if self._directory.exists() and any(self._directory.iterdir()):
            raise AssertionError(
                compose(
                    "Export directory already exists, and isn't empty. Please choose a different "
                    "export directory, or delete all the contents of the specified directory: "
                    f"{self._directory}",
                )
            )
        self._graphs: list[dict[str, Any]] = []

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Sequence[str],
        signature_def_map: Mapping[str, SignatureDef] | None = None,
        assets_collection: Any = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Add the graph of a session, and save its variables' values.

        Raises:
            AssertionError: a graph has been added already.
        """
        if self._graphs:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. Please invoke "
                "`add_meta_graph()` instead."
            )
        del assets_collection, strip_default_attrs
        target = self._directory / "variables"
        target.mkdir(parents=True, exist_ok=True)
        with sess.graph.as_default():
            saver = saver or Saver(allow_empty=True)
            saver.save(sess, target / "variables", write_meta_graph=False, write_state=False)
        self._graph = sess.graph
        self._add(saver, tags, signature_def_map, clear_devices, main_op, legacy_init_op)

    def add_meta_graph(
        self,
        tags: Sequence[str],
        signature_def_map: Mapping[str, SignatureDef] | None = None,
        assets_collection: Any = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Add the graph once more under other tags, for the same values.

        Raises:
            AssertionError: no values have been saved yet.
        """
        del assets_collection, strip_default_attrs
        if not self._graphs:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        with self._graph.as_default():
            saver = saver or Saver(allow_empty=True)
        self._add(saver, tags, signature_def_map, clear_devices, main_op, legacy_init_op)

    def _add(
        self,
        saver: Saver,
        tags: Sequence[str],
        signatures: Mapping[str, SignatureDef] | None,
        clear_devices: bool,
        main_op: Any,
        legacy_init_op: Any,
    ) -> None:
        meta = meta_graph_of(self._graph, saver.settings())
        if clear_devices:
            for node in meta.graph_def.node:
                node.device = ""
        begins = main_op if main_op is not None else legacy_init_op
        self._graphs.append(
            {
                "tags": sorted(tags),
                "meta": meta.plain(),
                "signatures": {key: value.plain() for key, value in (signatures or {}).items()},
                "main_op": None if begins is None else begins.name,
            }
        )

    def save(self, as_text: bool = False) -> str:
        """Write the directory's file; gives its path."""
        del as_text
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / FILE_NAME
        data = {"format": FORMAT, "meta_graphs": self._graphs}
        write_whole(path, json.dumps(data).encode(), "saved model")
        return str(path)


def simple_save(
    session: Any,
    export_dir: Any,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Tensor],
    legacy_init_op: Any = None,
) -> None:
    """Write the graph of a session with one signature for predicting, tagged ``serve``.

    >>> import os, tempfile, engine as tf
    >>> directory = os.path.join(tempfile.mkdtemp(), "model")
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [None])
    ...     y = x * tf.Variable(2.0)
    ...     sess.run(tf.global_variables_initializer())
    ...     tf.saved_model.simple_save(sess, directory, {"x": x}, {"y": y})
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     meta = tf.saved_model.loader.load(sess, ["serve"], directory)
    ...     signature = meta.signature_def["serving_default"]
    ...     print(sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: [1.0, 2.0]}))
    [2. 4.]
    """
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        [SERVING],
        {DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)},
        legacy_init_op=legacy_init_op,
        clear_devices=True,
    )
    builder.save()
