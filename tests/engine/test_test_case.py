"""``tf.test``: sessions of a test, and assertions that fail when they should."""

from __future__ import annotations

import subprocess
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def case() -> Any:
    class Case(tf.test.TestCase):  # type: ignore[misc, name-defined, unused-ignore]
        def runTest(self) -> None:
            pass

    made = Case()
    made.setUp()
    yield made
    made.tearDown()
    tf.reset_default_graph()


def test_the_session_of_a_test_is_one_and_the_default(case: Any) -> None:
    v = tf.Variable(1.0)
    with case.test_session() as sess:
        sess.run(v.initializer)
        assert v.eval() == 1.0
    with case.cached_session() as again:
        assert again is sess and again.run(v) == 1.0
    with case.session() as other, pytest.raises(tf.errors.FailedPreconditionError):
        other.run(v)


def test_a_graph_of_its_own_gets_a_session_of_its_own(case: Any) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.constant(3)
        with case.test_session(graph=graph) as sess:
            assert sess.run(x) == 3


def test_evaluate_runs_in_the_default_session_or_makes_one(case: Any) -> None:
    x = tf.constant([1, 2])
    assert case.evaluate(x).tolist() == [1, 2]
    with tf.Session():
        assert case.evaluate({"x": x})["x"].tolist() == [1, 2]


def test_each_test_begins_with_an_empty_graph_and_fixed_seeds(case: Any) -> None:
    tf.constant(1)
    drawn = case.evaluate(tf.random_normal([3])), np.random.rand()
    case.tearDown()
    case.setUp()
    tf.constant(1)
    assert case.evaluate(tf.random_normal([3])).tolist() == drawn[0].tolist()
    assert np.random.rand() == drawn[1]


HOLD: list[Callable[[Any], Any]] = [
    lambda c: c.assertAllEqual([1, 2], tf.constant([1, 2])),
    lambda c: c.assertAllEqual([np.nan, 1.0], np.array([np.nan, 1.0])),
    lambda c: c.assertAllEqual([b"a"], tf.constant(["a"])),
    lambda c: c.assertAllClose(1.0, 1.0 + 1e-7),
    lambda c: c.assertAllClose({"a": [1.0], "b": 2.0}, {"a": tf.constant([1.0]), "b": 2.0}),
    lambda c: c.assertAllClose([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]]),
    lambda c: c.assertAllCloseAccordingToType(np.float16(1), np.float16(1.001)),
    lambda c: c.assertNotAllClose([1.0], [2.0]),
    lambda c: c.assertNotAllEqual([1], [2]),
    lambda c: c.assertNear(1.0, 1.1, 0.2),
    lambda c: c.assertArrayNear([1.0, 2.0], [1.05, 2.0], 0.1),
    lambda c: c.assertNDArrayNear(np.ones(2), np.ones(2) + 0.01, 0.1),
    lambda c: c.assertAllGreater([1, 2], 0),
    lambda c: c.assertAllGreaterEqual([1, 2], 1),
    lambda c: c.assertAllLess([1, 2], 3),
    lambda c: c.assertAllLessEqual([1, 2], 2),
    lambda c: c.assertShapeEqual(np.zeros([2, 3]), tf.zeros([2, 3])),
    lambda c: c.assertDTypeEqual(tf.zeros([2]), np.float32),
    lambda c: c.assertDeviceEqual("/cpu:0", "/device:CPU:0"),
    lambda c: c.assertStartsWith("abc", "ab"),
    lambda c: c.assertItemsEqual([1, 2], [2, 1]),
]
FAIL: list[Callable[[Any], Any]] = [
    lambda c: c.assertAllEqual([1, 2], tf.constant([1, 3])),
    lambda c: c.assertAllEqual([1, 2], [[1, 2]]),
    lambda c: c.assertAllEqual([np.nan], [1.0]),
    lambda c: c.assertAllClose(1.0, 1.1),
    lambda c: c.assertAllClose([1.0, 2.0], [1.0]),
    lambda c: c.assertAllClose({"a": 1.0}, {"b": 1.0}),
    lambda c: c.assertAllClose({"a": 1.0}, {"a": 2.0}),
    lambda c: c.assertAllClose([[1.0], [1.0, 2.0]], [[1.0], [1.0, 3.0]]),
    lambda c: c.assertAllCloseAccordingToType(np.float16(1), np.float16(1.1)),
    lambda c: c.assertNotAllClose([1.0], [1.0]),
    lambda c: c.assertNotAllEqual([1], [1]),
    lambda c: c.assertNear(1.0, 1.3, 0.2),
    lambda c: c.assertArrayNear([1.0, 2.0], [1.5, 2.0], 0.1),
    lambda c: c.assertNDArrayNear(np.ones(2), np.zeros(2), 0.1),
    lambda c: c.assertAllGreater([1, 2], 1),
    lambda c: c.assertAllGreaterEqual([1, 2], 2),
    lambda c: c.assertAllLess([1, 2], 2),
    lambda c: c.assertAllLessEqual([1, 2], 1),
    lambda c: c.assertShapeEqual(np.zeros([2, 3]), tf.zeros([3, 2])),
    lambda c: c.assertDTypeEqual(tf.zeros([2]), np.float64),
    lambda c: c.assertDeviceEqual("/cpu:0", "/cpu:1"),
    lambda c: c.assertStartsWith("abc", "b"),
    lambda c: c.assertItemsEqual([1, 2], [2, 2]),
]


@pytest.mark.parametrize("check", HOLD, ids=range(len(HOLD)))
def test_assertions_that_hold(check: Callable[[Any], Any], case: Any) -> None:
    check(case)


@pytest.mark.parametrize("check", FAIL, ids=range(len(FAIL)))
def test_assertions_that_fail(check: Callable[[Any], Any], case: Any) -> None:
    with pytest.raises(AssertionError):
        check(case)


def test_a_failure_tells_where(case: Any) -> None:
    with pytest.raises(AssertionError, match=r"1 of 4 elements: \(1, 0\)"):
        case.assertAllClose([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.5, 4.0]])


def test_errors_of_runs_are_matched_by_pattern_or_predicate(case: Any) -> None:
    x = tf.placeholder(tf.float32, name="x")
    with tf.Session() as sess:
        with case.assertRaisesOpError("You must feed a value"):
            sess.run(x)
        with case.assertRaisesOpError(lambda error: error.op.name == "x"):
            sess.run(x)
        with pytest.raises(AssertionError), case.assertRaisesOpError(lambda error: False):
            sess.run(x)
        with pytest.raises(AssertionError), case.assertRaisesOpError("anything"):
            pass
        with (
            pytest.raises(AssertionError, match="ValueError not raised"),
            case.assertRaisesWithPredicateMatch(ValueError, lambda error: True),
        ):
            pass


def test_each_test_gets_a_directory(case: Any) -> None:
    one, two = case.get_temp_dir(), case.get_temp_dir()
    assert one != two and Path(one).is_dir()
    assert Path(one).parent == Path(tf.test.get_temp_dir())


def test_there_is_no_gpu() -> None:
    assert not tf.test.is_gpu_available() and not tf.test.is_built_with_cuda()
    assert tf.test.gpu_device_name() == ""
    assert issubclass(tf.test.TestCase, unittest.TestCase)


SCRIPT = """
import engine as tf
class SquareTest(tf.test.TestCase):
    def testSquare(self):
        with self.test_session():
            self.assertAllEqual(tf.square([2, 3]).eval(), [4, 9])
    def testWrong(self):
        self.assertAllEqual(self.evaluate(tf.square(2)), 5)
tf.test.main()
"""


def test_main_runs_the_tests_of_a_script(start_script: Start) -> None:
    process = start_script(SCRIPT)
    _, err = process.communicate()
    assert process.returncode == 1
    assert "FAILED (failures=1, skipped=1)" in err, err
