"""Lookups in tables, whole and in parts, and sparse tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

TABLE = np.arange(14.0, dtype=np.float32).reshape(7, 2)


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def run(fetches: Any, feed: Any = None) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feed)


def parts(strategy: str) -> list[Any]:
    if strategy == "mod":
        return [tf.Variable(TABLE[part::3]) for part in range(3)]
    return [tf.Variable(TABLE[a:b]) for a, b in ((0, 3), (3, 5), (5, 7))]


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_table_in_parts_looks_up_and_learns_like_a_whole_one(strategy: str) -> None:
    tables, ids = parts(strategy), tf.placeholder(tf.int64, [None, 2])
    rows = tf.nn.embedding_lookup(tables, ids, partition_strategy=strategy)
    assert rows.get_shape().as_list() == [None, 2, 2]
    gradients = tf.gradients(tf.reduce_sum(rows * rows), tables)
    assert all(isinstance(gradient, tf.IndexedSlices) for gradient in gradients)
    whole = [tf.convert_to_tensor(gradient) for gradient in gradients]
    places = [[5, 0], [6, 3], [5, 2]]
    found, dense = run([rows, whole], {ids: places})
    np.testing.assert_array_equal(found, TABLE[places])
    expected = np.zeros_like(TABLE)
    np.add.at(expected, np.ravel(places), 2 * TABLE[np.ravel(places)])
    pieces = (
        [expected[part::3] for part in range(3)]
        if strategy == "mod"
        else [expected[:3], expected[3:5], expected[5:]]
    )
    for got, want in zip(dense, pieces, strict=True):
        np.testing.assert_array_equal(got, want)


def test_strategy_and_tables_are_checked() -> None:
    with pytest.raises(ValueError, match="Unrecognized partition strategy: rows"):
        tf.nn.embedding_lookup(tf.constant(TABLE), [1], partition_strategy="rows")
    with pytest.raises(ValueError, match="Need at least one param"):
        tf.nn.embedding_lookup([], [1])


def test_long_rows_are_scaled_down_to_the_largest_norm() -> None:
    rows = run(tf.nn.embedding_lookup(tf.constant(TABLE), [0, 3], max_norm=2.0))
    np.testing.assert_allclose(rows[0], TABLE[0])
    np.testing.assert_allclose(rows[1], TABLE[3] * 2 / np.linalg.norm(TABLE[3]), rtol=1e-6)


def test_id_without_a_row_is_told() -> None:
    for tables in (tf.Variable(TABLE), parts("mod")):
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"):
            run(tf.nn.embedding_lookup(tables, [0, 9]))


PLACES = [[0, 0], [0, 1], [2, 0]]
IDS = [1, 3, 6]
WEIGHTS = [1.0, 3.0, 0.5]


@pytest.mark.parametrize(
    ("combiner", "expected"),
    [
        ("sum", [TABLE[1] + 3 * TABLE[3], TABLE[0], 0.5 * TABLE[6]]),
        ("mean", [(TABLE[1] + 3 * TABLE[3]) / 4, TABLE[0], TABLE[6]]),
        ("sqrtn", [(TABLE[1] + 3 * TABLE[3]) / np.sqrt(10), TABLE[0], TABLE[6]]),
    ],
)
def test_sparse_ids_combine_their_rows(combiner: str, expected: Any) -> None:
    ids = tf.SparseTensor(PLACES, tf.constant(IDS, tf.int64), [3, 2])
    weights = tf.SparseTensor(PLACES, WEIGHTS, [3, 2])
    rows = run(tf.nn.embedding_lookup_sparse(tf.constant(TABLE), ids, weights, combiner=combiner))
    np.testing.assert_allclose(rows, [expected[0], 0 * expected[1], expected[2]], rtol=1e-6)


def test_sparse_ids_without_weights_are_averaged() -> None:
    ids = tf.SparseTensor(PLACES, tf.constant(IDS, tf.int64), [3, 2])
    rows = run(tf.nn.embedding_lookup_sparse(tf.constant(TABLE), ids, None))
    np.testing.assert_allclose(rows, [(TABLE[1] + TABLE[3]) / 2, [0, 0], TABLE[6]])
    with pytest.raises(TypeError, match="sp_ids must be SparseTensor"):
        tf.nn.embedding_lookup_sparse(tf.constant(TABLE), [1], None)
    with pytest.raises(ValueError, match="combiner must be one of"):
        tf.nn.embedding_lookup_sparse(tf.constant(TABLE), ids, None, combiner="max")


# Sparse tensors


def test_sparse_tensor_is_fetched_and_fed_as_a_value() -> None:
    x = tf.sparse_placeholder(tf.float32, name="x")
    doubled = tf.SparseTensor(x.indices, x.values * 2.0, x.dense_shape)
    given = tf.SparseTensorValue([[0, 1], [2, 0]], [5.0, 7.0], [3, 2])
    found, total = run([doubled, tf.sparse_reduce_sum(x)], {x: given})
    assert isinstance(found, tf.SparseTensorValue)
    assert found.values.tolist() == [10, 14]
    assert found.dense_shape.tolist() == [3, 2]
    assert total == 12
    assert run(doubled, {x: found}).values.tolist() == [20, 28]


def test_sparse_tensor_written_out_and_summed() -> None:
    x = tf.SparseTensor(indices=[[0, 1], [2, 0]], values=[5.0, 7.0], dense_shape=[3, 2])
    assert run(tf.sparse_tensor_to_dense(x, -1.0)).tolist() == [[-1, 5], [-1, -1], [7, -1]]
    assert run(tf.sparse_reduce_sum(x, 0)).tolist() == [7, 5]
    assert run(tf.sparse_reduce_sum(x, 1, keep_dims=True)).tolist() == [[5], [0], [7]]
    assert x.get_shape() == [3, 2]


def test_sparse_to_dense_takes_one_value_or_many() -> None:
    assert run(tf.sparse_to_dense([1, 3], [5], 2.0)).tolist() == [0, 2, 0, 2, 0]
    labels = tf.sparse_to_dense(tf.stack([[0, 1], [2, 0]], axis=1), [2, 3], 1.0, 0.0)
    assert run(labels).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_place_outside_is_told() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = \[5\] is out of"):
        run(tf.sparse_to_dense([1, 5], [5], 2.0))


def test_sparse_times_dense_refuses_other_sizes() -> None:
    x = tf.SparseTensor([[0, 1]], [5.0], [3, 2])
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3"):
        tf.sparse_tensor_dense_matmul(x, tf.ones([3, 1]))
    with pytest.raises(TypeError, match="Input must be a SparseTensor"):
        tf.sparse_tensor_dense_matmul(tf.ones([2, 2]), tf.ones([2, 1]))


def test_rows_of_strings_are_looked_up() -> None:
    words = tf.placeholder(tf.string, [3])
    assert run(tf.gather(words, [2, 0]), {words: ["a", "b", "c"]}).tolist() == [b"c", b"a"]


def test_sparse_names_of_later_versions() -> None:
    x = tf.sparse.placeholder(tf.float32, [2, 2])
    given = {x.indices: [[1, 0]], x.values: [3.0]}
    assert run(tf.sparse.to_dense(x), given).tolist() == [[0, 0], [3, 0]]
    assert run(tf.sparse.matmul(x, tf.constant([[2.0], [1.0]])), given).tolist() == [[0], [6]]
