"""Every kind of operation: shapes, unknown sizes, dtypes, odd inputs, the plan, gradients."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest
from op_rows import all_rows, kinds_tested_elsewhere
from op_rows.row import Row

import engine as tf
from engine import ops, summary
from engine.op import Op

ROWS = all_rows()
SMOOTH = [row for row in ROWS if row.differentiable]
FAMILIES = [
    importlib.import_module(f"engine.ops.{found.name}")
    for found in pkgutil.iter_modules(ops.__path__)
]


def build(row: Row, unknown: str = "", dtype: Any = None) -> tuple[list[Any], Any]:
    shapes = {"": lambda a: a.shape, "sizes": lambda a: [None] * a.ndim, "rank": lambda a: None}
    fed = [tf.placeholder(_dtype_of(array, dtype), shapes[unknown](array)) for array in row.inputs]
    return fed, row.function(*fed)


def _dtype_of(array: Any, dtype: Any) -> Any:
    return dtype if dtype is not None and array.dtype.kind == "f" else array.dtype


def feed_for(row: Row, fed: list[Any]) -> dict[Any, Any]:
    return dict(zip(fed, row.inputs, strict=True))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_static_shape_is_that_of_the_result(row: Row) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row)
        result = sess.run(y, feed_for(row, fed))
        assert y.get_shape().is_compatible_with(np.shape(result))
        assert y.get_shape().is_fully_defined() != row.open_shape
        assert y.dtype.as_numpy_dtype == np.asarray(result).dtype
        if row.expected is not None:
            np.testing.assert_allclose(result, row.expected(*row.inputs), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("unknown", ["sizes", "rank"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_unknown_sizes_stay_compatible_and_compute_the_same(row: Row, unknown: str) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row)
        try:
            loose, z = build(row, unknown)
        except ValueError as error:
            # Some functions build by the rank, as a slice does, and say so.
            assert unknown == "rank" and "rank" in str(error), error
            return
        want = sess.run(y, feed_for(row, fed))
        got = sess.run(z, feed_for(row, loose))
        assert z.get_shape().is_compatible_with(np.shape(want))
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_plan_agrees_with_the_specification(row: Row) -> None:
    with tf.Graph().as_default():
        fed, y = build(row)
        # Through buffers of the plan's own, so that more than views of the feeds is tried.
        near = [x + 0.0 if x.dtype.is_floating else x for x in fed]
        z = row.function(*near)
        feed = feed_for(row, fed)
        with tf.Session(executor="poisoned") as plan, tf.Session(executor="debug") as oracle:
            for _ in range(2):
                for got, want in zip(plan.run([y, z], feed), oracle.run([y, z], feed), strict=True):
                    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.name)
@pytest.mark.parametrize("unknown", ["", "sizes"])
def test_gradient_is_the_numeric_one(row: Row, unknown: str) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row, unknown)
        scale = tf.placeholder(y.dtype)
        shape = sess.run(tf.shape(y), feed_for(row, fed))
        weights = np.cos(np.arange(1.0, 1.0 + np.prod(shape)))
        total = tf.reduce_sum(y * scale)
        feed = feed_for(row, fed) | {scale: weights.reshape(shape)}
        wanted = [x for x in fed if x.dtype.is_floating]
        # Written out, as those of lookups are rows with indices.
        whole = [tf.convert_to_tensor(gradient) for gradient in tf.gradients(total, wanted)]
        symbolic = dict(zip(wanted, sess.run(whole, feed), strict=True))
        value = sess.make_callable(total, [*fed, scale])
        for index, (x, array) in enumerate(zip(fed, row.inputs, strict=True)):
            if x not in symbolic:
                continue
            numeric = np.zeros(array.shape)
            for place in np.ndindex(*array.shape):
                moved = []
                for sign in (1, -1):
                    changed = [np.array(x) for x in row.inputs]
                    changed[index][place] += sign * row.step
                    moved.append(value(*changed, weights.reshape(shape)))
                numeric[place] = (moved[0] - moved[1]) / (2 * row.step)
            np.testing.assert_allclose(symbolic[x], numeric, rtol=row.tolerance, atol=row.tolerance)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float16])
@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.name)
def test_narrow_floats_keep_their_dtype_through_value_and_gradient(row: Row, dtype: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row, dtype=dtype)
        exact, z = build(row)
        sources = [x for x in fed if x.dtype.is_floating]
        grads = tf.gradients(y, sources)
        assert [g.dtype for g in grads] == [x.dtype for x in sources]
        got, want = sess.run(y, feed_for(row, fed)), sess.run(z, feed_for(row, exact))
        sess.run(grads, feed_for(row, fed))
        assert got.dtype == y.dtype.as_numpy_dtype
        if not row.double_only:
            tolerance = 1e-5 if dtype is tf.float32 else 2e-2
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def odd_inputs(row: Row, how: str) -> list[Any]:
    """The row's inputs, made empty along the first axis, or with a NaN and an infinity in them."""
    changed = []
    for array in row.inputs:
        array = np.array(array)
        if how == "empty" and array.ndim:
            array = array[:0]
        elif how == "scalar":
            array = array.reshape(-1)[0]
        elif how == "nan" and array.dtype.kind == "f" and array.size:
            array.reshape(-1)[0] = np.nan
            array.reshape(-1)[-1] = np.inf
        changed.append(array)
    return changed


@pytest.mark.parametrize("how", ["empty", "scalar", "nan"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_odd_inputs_give_what_the_specification_gives_or_are_refused(row: Row, how: str) -> None:
    given = odd_inputs(row, how)
    with tf.Graph().as_default():
        fed = [tf.placeholder(array.dtype, array.shape) for array in given]
        feed = dict(zip(fed, given, strict=True))
        try:
            y = row.function(*fed)
        except (ValueError, TypeError) as error:
            assert str(error)
            return
        results: list[Any] = []
        for executor in ("debug", "poisoned"):
            with tf.Session(executor=executor) as sess:
                try:
                    results.append(sess.run(y, feed))
                except tf.errors.InvalidArgumentError as error:
                    assert error.op is not None
                    results.append(type(error))
        oracle, plan = results
        if isinstance(oracle, type) or isinstance(plan, type):
            assert oracle is plan
            return
        assert plan.dtype == oracle.dtype
        np.testing.assert_allclose(plan, oracle, rtol=1e-12, atol=1e-14)


def test_every_kind_has_a_row() -> None:
    covered = {kind for row in ROWS for kind in row.kinds.split()} | kinds_tested_elsewhere()
    kinds: set[str] = set()
    for family in (*FAMILIES, summary):
        for kind in getattr(family, "OPS", ()):
            assert issubclass(kind, Op)
            assert kind.__doc__, kind
            kinds.add(kind.__name__)
    assert {kind.replace("AnyTrue", "Any") for kind in kinds} - covered == set()
