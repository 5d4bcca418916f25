"""Reading saved models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.checkpoints import checkpoint_exists
from engine.errors import compose
from engine.importing import import_meta_graph
from engine.meta_graph import MetaGraphDef
from engine.saved_model.builder import FILE_NAME, FORMAT
from engine.saved_model.signature_def_utils import SignatureDef


def maybe_saved_model_directory(export_dir: Any) -> bool:
    """Whether a directory seems to hold a saved model."""
    return (Path(os.fspath(export_dir)) / FILE_NAME).is_file()


def load(
    sess: Any,
    tags: Sequence[str],
    export_dir: Any,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    **saver_options: Any,
) -> MetaGraphDef:
    """Add the graph of these tags to the session's graph, and restore its variables.

    What comes back tells the signatures: ``meta.signature_def["serving_default"].inputs``.

    Raises:
        OSError: there is no saved model in the directory, or it cannot be read.
        RuntimeError: none of its graphs has exactly these tags.
    """
    del saver_options
    directory = Path(os.fspath(export_dir))
    entry = _with_tags(_read(directory), tags, directory)
    meta = MetaGraphDef()
    meta.take(entry["meta"])
    meta.signature_def = {key: SignatureDef.of(value) for key, value in entry["signatures"].items()}
    with sess.graph.as_default():
        saver = import_meta_graph(meta, import_scope=import_scope, input_map=input_map)
    values = directory / "variables" / "variables"
    if saver is not None and checkpoint_exists(values):
        saver.restore(sess, values)
    if entry["main_op"] is not None:
        prefix = f"{import_scope}/" if import_scope else ""
        sess.run(prefix + entry["main_op"])
    return meta


def _read(directory: Path) -> list[dict[str, Any]]:
    path = directory / FILE_NAME
    if not path.is_file():
        raise OSError(f"SavedModel file does not exist at: {path}")
    try:
        data = json.loads(path.read_bytes())
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise OSError(
            compose(
                f"Cannot parse file {path}: not a saved model that this engine wrote",
                (),
                "tf.saved_model.simple_save(sess, directory, inputs, outputs)",
            )
        )
    graphs: list[dict[str, Any]] = data["meta_graphs"]
    return graphs


def _with_tags(
    graphs: Sequence[dict[str, Any]], tags: Sequence[str], directory: Path
) -> dict[str, Any]:
    wanted = sorted([tags] if isinstance(tags, str) else tags)
    for entry in graphs:
        if entry["tags"] == wanted:
            return entry
    raise RuntimeError(
        compose(
            f"MetaGraphDef associated with tags {', '.join(map(repr, wanted))} could not be found "
            f"in SavedModel '{directory}'",
            [f"it has: {', '.join(entry['tags'])}" for entry in graphs],
        )
    )
