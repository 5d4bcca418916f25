"""``tf.test``: a test case that knows tensors and sessions."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
import unittest
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn
from unittest import mock

import numpy as np

from engine.defaults import default_session
from engine.errors import OpError
from engine.gradient_checker import compute_gradient, compute_gradient_error
from engine.graph import Graph, Tensor, get_default_graph, reset_default_graph
from engine.ops.constants import is_graph_value
from engine.placement import DeviceSpec
from engine.session import Session
from engine.state import DEFAULT_GRAPH_SEED

_DIRECTORIES: list[str] = []


def get_temp_dir() -> str:
    """A directory for the files of this process's tests, deleted at its end."""
    if not _DIRECTORIES:
        _DIRECTORIES.append(tempfile.mkdtemp(prefix="tf_test_"))
        atexit.register(shutil.rmtree, _DIRECTORIES[0], ignore_errors=True)
    return _DIRECTORIES[0]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the tests of the script and exit."""
    unittest.main(argv=None if argv is None else list(argv))


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """False: sessions run on the CPU."""
    del cuda_only, min_cuda_compute_capability
    return False


def is_built_with_cuda() -> bool:
    """False: there is nothing to build."""
    return False


def gpu_device_name() -> str:
    """The name of a GPU, ``""`` as there is none."""
    return ""


class TestCase(unittest.TestCase):
    """A test case; every test begins with an empty default graph and fixed seeds.

    Source: ``tf.test.TestCase``.
    """

    def setUp(self) -> None:
        self._session: Session | None = None
        random.seed(DEFAULT_GRAPH_SEED)
        np.random.seed(DEFAULT_GRAPH_SEED)
        reset_default_graph()
        get_default_graph().seed = DEFAULT_GRAPH_SEED

    def tearDown(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    # Sessions

    @contextmanager
    def session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> Iterator[Session]:
        """A new session, the default one inside."""
        del use_gpu, force_gpu
        with Session(graph=graph, config=config) as sess:
            yield sess

    @contextmanager
    def cached_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> Iterator[Session]:
        """The session of this test, the same one each time, the default one inside."""
        del use_gpu, force_gpu
        wanted = graph or get_default_graph()
        if self._session is None:
            self._session = Session(graph=wanted, config=config)
        elif self._session.graph is not wanted:
            raise ValueError("The graph used to get the cached session is different from before.")
        with wanted.as_default(), self._session.as_default():
            yield self._session

    def test_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> AbstractContextManager[Session]:
        """The session of this test, or a new one for another `graph`."""
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")
        if graph is None:
            return self.cached_session(graph, config, use_gpu, force_gpu)
        return self.session(graph, config, use_gpu, force_gpu)

    # Named as a test and no test: unittest runs it nevertheless and is told, pytest leaves it.
    test_session.__test__ = False  # type: ignore[attr-defined]

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in the default session or the one of this test."""
        session = default_session()
        if session is not None:
            return session.run(tensors)
        with self.cached_session() as sess:
            return sess.run(tensors)

    def get_temp_dir(self) -> str:
        """A directory for this test's files."""
        return tempfile.mkdtemp(dir=get_temp_dir())

    def _value(self, a: Any) -> Any:
        if is_graph_value(a):
            a = self.evaluate(a)
        if isinstance(a, list | tuple) and any(is_graph_value(item) for item in a):
            a = [self._value(item) for item in a]
        return np.asarray(a)

    # Assertions

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:  # noqa: N802
        """Fail unless both have the same shape and elements; NaN equals NaN."""
        x, y = self._value(a), self._value(b)
        self._same_shape(x, y, msg)
        same = x == y
        if x.dtype.kind in "fc" and y.dtype.kind in "fc":
            same = np.logical_or(same, np.logical_and(np.isnan(x), np.isnan(y)))
        if not np.all(same):
            self._differ(x, y, ~np.asarray(same), msg)

    def assertAllClose(  # noqa: N802
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None
    ) -> None:
        """Fail unless ``|a - b| <= atol + rtol * |b|`` everywhere; dicts, lists by their parts."""
        if isinstance(a, Mapping):
            self.assertIsInstance(b, Mapping, msg)
            self.assertCountEqual(a.keys(), b.keys(), msg)
            for key in a:
                self.assertAllClose(a[key], b[key], rtol, atol, f"{msg or ''} key {key!r}")
            return
        try:
            x, y = self._value(a), self._value(b)
        except ValueError:
            # Lists whose parts have different shapes.
            self.assertEqual(len(a), len(b), msg)
            for index, (left, right) in enumerate(zip(a, b, strict=True)):
                self.assertAllClose(left, right, rtol, atol, f"{msg or ''} part {index}")
            return
        self._same_shape(x, y, msg)
        close = np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=True)
        if not np.all(close):
            self._differ(x, y, ~close, f"{msg or ''} rtol={rtol} atol={atol}")

    def assertAllCloseAccordingToType(  # noqa: N802
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        msg: str | None = None,
    ) -> None:
        """`assertAllClose` with tolerances of the narrower dtype."""
        x, y = self._value(a), self._value(b)
        kinds = {x.dtype, y.dtype}
        if np.dtype(np.float32) in kinds or np.dtype(np.complex64) in kinds:
            rtol, atol = max(rtol, float_rtol), max(atol, float_atol)
        if np.dtype(np.float16) in kinds:
            rtol, atol = max(rtol, half_rtol), max(atol, half_atol)
        self.assertAllClose(x, y, rtol, atol, msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:  # noqa: N802
        """Fail if both are close everywhere."""
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        self.fail("The two values are close at all elements")

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:  # noqa: N802
        """Fail if both are equal everywhere."""
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        self.fail(msg or "The two values are equal at all elements")

    def assertNear(self, f1: Any, f2: Any, err: float, msg: str | None = None) -> None:  # noqa: N802
        """Fail unless two numbers are at most `err` apart."""
        apart = f"{f1!r} != {f2!r} +/- {err!r}{f' ({msg})' if msg else ''}"
        self.assertTrue(f1 == f2 or abs(f1 - f2) <= err, apart)

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: Any = None) -> None:  # noqa: N802
        """Fail unless two sequences of numbers are nowhere more than `err` apart."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for left, right in zip(farray1, farray2, strict=True):
            self.assertNear(float(left), float(right), err, msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: Any = None) -> None:  # noqa: N802
        """Fail unless the distance of two arrays, as vectors, is below `err`."""
        self.assertTrue(np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2)) < err, msg)

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:  # noqa: N802
        """Fail unless every element is greater."""
        self.assertGreater(np.min(self._value(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:  # noqa: N802
        """Fail unless every element is greater or equal."""
        self.assertGreaterEqual(np.min(self._value(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:  # noqa: N802
        """Fail unless every element is less."""
        self.assertLess(np.max(self._value(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:  # noqa: N802
        """Fail unless every element is less or equal."""
        self.assertLessEqual(np.max(self._value(a)), comparison_target)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:  # noqa: N802
        """Fail unless an array has the static shape of a tensor."""
        if not isinstance(np_array, np.ndarray | np.generic):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertEqual(list(np_array.shape), tf_tensor.get_shape().as_list(), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:  # noqa: N802
        """Fail unless a tensor or array has that dtype."""
        found = target.dtype.base_dtype if is_graph_value(target) else np.asarray(target).dtype
        self.assertTrue(found == expected_dtype, f"{found} is not {expected_dtype}")

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:  # noqa: N802
        """Fail unless two devices are the same once written in full."""
        one, other = (
            DeviceSpec.from_string(device or "").to_string() for device in (device1, device2)
        )
        self.assertEqual(one, other, msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:  # noqa: N802
        """Fail unless a text begins so."""
        if not actual.startswith(expected_start):
            self.fail(f"{actual!r} does not start with {expected_start!r} {msg or ''}")

    def assertItemsEqual(self, first: Any, second: Any, msg: Any = None) -> None:  # noqa: N802
        """Fail unless both have the same items, in whatever order."""
        self.assertCountEqual(first, second, msg)

    @contextmanager
    def assertRaisesWithPredicateMatch(  # noqa: N802
        self, exception_type: Any, expected_err_re_or_predicate: str | Callable[[Any], bool]
    ) -> Iterator[None]:
        """Fail unless an error is raised inside that matches a pattern or a predicate."""
        if isinstance(expected_err_re_or_predicate, str):
            with self.assertRaisesRegex(exception_type, expected_err_re_or_predicate):
                yield
            return
        try:
            yield
        except exception_type as error:
            self.assertTrue(expected_err_re_or_predicate(error), f"{type(error).__name__}: {error}")
        else:
            self.fail(f"{getattr(exception_type, '__name__', exception_type)} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:  # noqa: N802
        """Fail unless a run inside fails with an `OpError` that matches."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)

    def _same_shape(self, x: Any, y: Any, msg: str | None) -> None:
        self.assertEqual(
            x.shape, y.shape, f"Shape mismatch: expected {x.shape}, got {y.shape}. {msg or ''}"
        )

    def _differ(self, x: Any, y: Any, where: Any, msg: str | None) -> NoReturn:
        places = [tuple(map(int, place)) for place in np.argwhere(where)]
        shown = ", ".join(str(place) if place else "the scalar" for place in places[:5])
        raise self.failureException(
            f"{msg or ''} not equal at {len(places)} of {x.size} elements: {shown}"
            f"{' ...' if len(places) > 5 else ''}\n  first: {x!r}\n  second: {y!r}"
        )


__all__ = [
    "TestCase",
    "compute_gradient",
    "compute_gradient_error",
    "get_temp_dir",
    "gpu_device_name",
    "is_built_with_cuda",
    "is_gpu_available",
    "main",
    "mock",
]
