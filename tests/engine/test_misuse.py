"""Every misuse is told with TensorFlow's class and words, the user's line and a way out."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
from misuse_rows import SUBJECTS, Row
from misuse_rows.row import SGD, Error, W

import engine as tf
from engine.errors import InvalidArgumentError, OpError

ROWS = [
    pytest.param(item, id=f"{subject}-{item.name}")
    for subject, rows in SUBJECTS.items()
    for item in rows
    if "conv2d" not in item.script or hasattr(tf.nn, "conv2d")
]


def told(script: str, error: Error) -> Exception:
    """The error that the script runs into."""
    code = compile(script, "/home/user/train.py", "exec")
    with tf.Graph().as_default(), pytest.raises(error) as caught:
        exec(code, {"tf": tf, "np": np})
    return caught.value


@pytest.mark.parametrize("item", ROWS)
def test_misuse_is_told(item: Row) -> None:
    error = told(item.script, item.error)
    message = str(error)
    assert re.search(item.phrase, message, re.MULTILINE), message
    if item.own:
        assert re.search(rf"\btrain\.py:{item.line}\b", message), message
        assert re.search(r"^  try: \S", message, re.MULTILINE), message


def test_an_unknown_name_is_told_with_the_names_that_are_like_it() -> None:
    script = 'tf.constant(1.0, name="loss")\ntf.get_default_graph().get_tensor_by_name("los:0")'
    assert "try: 'loss:0'" in str(told(script, KeyError))


def test_a_loss_without_gradients_is_told_with_the_step_where_they_end() -> None:
    script = f"{W}\ny = tf.round(w)\nloss = tf.reduce_sum(y * 2.0)\n{SGD}.minimize(loss)"
    message = str(told(script, ValueError))
    assert "try: the value before tf.round(): a step has no slope ('" in message
    assert "', made at train.py:2)" in message


def test_an_absent_device_is_replaced_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tf.Graph().as_default():
        with tf.device("/gpu:1"):
            x = tf.constant(2.0)
        with pytest.raises(InvalidArgumentError, match="TRAINBOARD_SOFT_PLACEMENT=1"):
            tf.Session().run(x)
        assert tf.Session(config=tf.ConfigProto(allow_soft_placement=True)).run(x) == 2.0
        monkeypatch.setenv("TRAINBOARD_SOFT_PLACEMENT", "1")
        assert tf.Session().run(x) == 2.0


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
def test_an_error_in_a_run_knows_the_operation_and_where_it_was_made(executor: str) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.int32, name="x")
        code = compile("y = tf.floordiv(7, x, name='share')", "/home/user/train.py", "exec")
        space = {"tf": tf, "x": x}
        exec(code, space)
        y = space["y"]
        with pytest.raises(InvalidArgumentError) as caught:
            tf.Session(executor=executor).run(y, {x: 0})
    error = caught.value
    assert error.op is y.op
    assert error.node_def == str(y.op) and 'op: "FloorDiv"' in error.node_def
    assert error.message == str(error)
    assert error.error_code == tf.errors.INVALID_ARGUMENT == 3
    assert "in 'share' (op: 'FloorDiv'), made at train.py:1" in str(error)


# Error classes


CODES = {
    "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9, "ABORTED": 10, "OUT_OF_RANGE": 11, "UNIMPLEMENTED": 12,
    "INTERNAL": 13, "UNAVAILABLE": 14, "DATA_LOSS": 15, "UNAUTHENTICATED": 16,
}  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_every_code_has_its_class(name: str) -> None:
    kind = tf.errors.exception_type_from_error_code(CODES[name])
    assert getattr(tf.errors, name) == CODES[name]
    words = name.title().replace("_", "")
    assert kind.__name__ == words + ("" if words.endswith("Error") else "Error")
    assert issubclass(kind, OpError)
    error = kind(None, None, "what went wrong")
    assert (error.error_code, error.message) == (CODES[name], "what went wrong")
    assert tf.errors.error_code_from_exception_type(kind) == CODES[name]


def test_codes_and_classes_that_are_not_known() -> None:
    assert tf.errors.OK == 0
    with pytest.raises(KeyError):
        tf.errors.exception_type_from_error_code(99)
    assert tf.errors.error_code_from_exception_type(ValueError) == tf.errors.UNKNOWN


def test_an_error_travels_between_processes() -> None:
    error = tf.errors.OutOfRangeError("node", None, "the end")
    again = pickle.loads(pickle.dumps(error))
    assert (again.node_def, again.message, again.error_code) == ("node", "the end", 11)
