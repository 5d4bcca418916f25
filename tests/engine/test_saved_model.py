"""Saved models: written with their signatures, loaded where nothing of their code is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import engine as tf


def model() -> tuple[Any, Any]:
    with tf.device("/gpu:0"):
        x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[2.0], [3.0]], name="w")
    return x, tf.matmul(x, w, name="y")


@pytest.fixture
def directory(tmp_path: Path) -> str:
    place = str(tmp_path / "new" / "model")
    with tf.Graph().as_default(), tf.Session() as sess:
        x, y = model()
        sess.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(sess, place, {"features": x}, {"score": y})
    return place


def test_a_model_is_loaded_by_its_signature(directory: str) -> None:
    assert tf.saved_model.loader.maybe_saved_model_directory(directory)
    with tf.Graph().as_default(), tf.Session() as sess:
        meta = tf.saved_model.loader.load(sess, [tf.saved_model.tag_constants.SERVING], directory)
        key = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
        signature = meta.signature_def[key]
        assert signature.method_name == "tensorflow/serving/predict"
        features = signature.inputs["features"]
        assert features.tensor_shape.as_list() == [None, 2] and features.dtype == 1
        score = sess.run(signature.outputs["score"].name, {features.name: [[1.0, 1.0]]})
        assert score.tolist() == [[5.0]]


def test_a_model_is_loaded_below_a_scope(directory: str) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.saved_model.load(sess, ["serve"], directory, import_scope="old")
        assert sess.run("old/y:0", {"old/x:0": [[1.0, 0.0]]}).tolist() == [[2.0]]


def test_graphs_under_several_tags_share_their_values(tmp_path: Path) -> None:
    place = tmp_path / "model"
    with tf.Graph().as_default(), tf.Session() as sess:
        x, y = model()
        begun = tf.Variable(0, name="begun", collections=[tf.GraphKeys.LOCAL_VARIABLES])
        sess.run(tf.global_variables_initializer())
        utils = tf.saved_model.utils
        signature = tf.saved_model.signature_def_utils.build_signature_def(
            {"x": utils.build_tensor_info(x)}, {"y": utils.build_tensor_info(y)}, "mine"
        )
        builder = tf.saved_model.builder.SavedModelBuilder(place)
        with pytest.raises(AssertionError, match="has not been saved yet"):
            builder.add_meta_graph(["other"])
        builder.add_meta_graph_and_variables(
            sess, ["train"], {"mine": signature}, main_op=begun.assign(7).op
        )
        builder.add_meta_graph(["other", "a"])
        with pytest.raises(AssertionError, match="has already been saved"):
            builder.add_meta_graph_and_variables(sess, ["train"])
        assert builder.save() == str(place / "saved_model.pb")
    for tags in (["train"], ["a", "other"]):
        with tf.Graph().as_default(), tf.Session() as sess:
            meta = tf.saved_model.loader.load(sess, tags, place)
            assert sess.run("w:0").tolist() == [[2.0], [3.0]]
            if tags == ["train"]:
                assert meta.signature_def["mine"].method_name == "mine"
                assert sess.run("begun:0") == 7


def test_what_is_refused(directory: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="already exists, and isn't empty"):
        tf.saved_model.Builder(directory)
    with pytest.raises(ValueError, match="cannot be None or empty"):
        tf.saved_model.predict_signature_def({}, {})
    with tf.Graph().as_default(), tf.Session() as sess:
        with pytest.raises(RuntimeError, match="tags 'x' could not be found") as told:
            tf.saved_model.load(sess, ["x"], directory)
        assert "it has: serve" in str(told.value)
        with pytest.raises(OSError, match="SavedModel file does not exist at"):
            tf.saved_model.load(sess, ["serve"], tmp_path)
        (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
        with pytest.raises(OSError, match="Cannot parse file"):
            tf.saved_model.load(sess, ["serve"], tmp_path)
