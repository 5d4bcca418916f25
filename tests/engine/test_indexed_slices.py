"""Gradients of lookups: rows with indices, how they add up, are fetched, fed, clipped, applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

EXECUTORS = pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
TABLE = np.arange(12.0).reshape(6, 2) / 4 - 1


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def run(fetches: Any, feed: Any = None, executor: str = "plan") -> Any:
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feed)


# What a gradient is


def test_gradient_of_a_lookup_is_rows_with_flat_indices() -> None:
    table = tf.Variable(TABLE, name="table")
    rows = tf.nn.embedding_lookup(table, [[4, 1], [1, 0]])
    gradient = tf.gradients(tf.reduce_sum(rows * 3.0), table)[0]
    assert isinstance(gradient, tf.IndexedSlices)
    assert gradient.indices.get_shape() == [4]
    assert gradient.values.get_shape() == [4, 2]
    assert gradient.get_shape() == [6, 2]
    values, indices, dense_shape = run(gradient)
    assert values.tolist() == [[3, 3]] * 4
    assert indices.tolist() == [4, 1, 1, 0]
    assert dense_shape.tolist() == [6, 2]


def test_lookup_in_a_tensor_gives_rows_for_the_tensor_and_a_whole_gradient_behind_it() -> None:
    table = tf.Variable(TABLE)
    doubled = table * 2.0
    loss = tf.reduce_sum(tf.gather(doubled, [1, 1, 5]))
    of_tensor, of_table = tf.gradients(loss, [doubled, table])
    assert isinstance(of_tensor, tf.IndexedSlices)
    assert isinstance(of_table, tf.Tensor)
    assert run(of_table)[:, 0].tolist() == [0, 4, 0, 0, 0, 2]


def test_rows_of_two_lookups_are_put_one_after_the_other() -> None:
    table = tf.Variable(TABLE)
    loss = tf.reduce_sum(tf.gather(table, [0, 2])) + tf.reduce_sum(tf.gather(table, [2]) * 5.0)
    gradient = tf.gradients(loss, table)[0]
    assert isinstance(gradient, tf.IndexedSlices)
    found = run(gradient)
    assert sorted(zip(found.indices.tolist(), found.values[:, 0].tolist(), strict=True)) == [
        (0, 1), (2, 1), (2, 5)
    ]  # fmt: skip


def test_rows_and_a_whole_gradient_add_up_to_a_whole_one() -> None:
    table = tf.Variable(TABLE)
    gradient = tf.gradients(tf.reduce_sum(tf.gather(table, [3])) + tf.reduce_sum(table), table)[0]
    assert isinstance(gradient, tf.Tensor)
    assert run(gradient)[:, 1].tolist() == [1, 1, 1, 2, 1, 1]


def test_second_derivative_goes_through_rows() -> None:
    table = tf.Variable(TABLE)
    first = tf.gradients(tf.reduce_sum(tf.gather(table, [2, 2, 5]) ** 3), table)[0]
    second = tf.gradients(first.values, table)[0]
    whole = tf.gradients(tf.convert_to_tensor(first), table)[0]
    expected = np.zeros((6, 2))
    np.add.at(expected, [2, 2, 5], 6 * TABLE[[2, 2, 5]])
    np.testing.assert_allclose(run(tf.convert_to_tensor(second)), expected)
    np.testing.assert_allclose(run(tf.convert_to_tensor(whole)), expected)


@pytest.mark.parametrize("shape", [None, [None, 2], [None, None]])
def test_lookup_in_a_table_of_unknown_size_has_a_gradient_of_rows(shape: Any) -> None:
    table = tf.placeholder(tf.float64, shape)
    ids = tf.placeholder(tf.int32)
    gradient = tf.gradients(tf.gather(table, ids) ** 2, table)[0]
    found = run(gradient, {table: TABLE, ids: [[1], [3]]})
    assert found.values.tolist() == [[-1, -0.5], [1, 1.5]]
    assert found.dense_shape.tolist() == [6, 2]


def test_lookup_of_nothing_has_an_empty_gradient() -> None:
    table = tf.Variable(TABLE)
    ids = tf.placeholder(tf.int32, [None])
    gradient = tf.gradients(tf.gather(table, ids), table)[0]
    whole = tf.convert_to_tensor(gradient)
    train = tf.train.MomentumOptimizer(1.0, 0.5).apply_gradients([(gradient, table)])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values, dense, _ = sess.run([gradient, whole, train], {ids: []})
        assert values.values.shape == (0, 2)
        assert not dense.any()
        np.testing.assert_array_equal(sess.run(table), TABLE)


# The class


def slices() -> Any:
    values = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="v")
    return tf.IndexedSlices(values, tf.constant([4, 0, 4], name="i"), tf.constant([5, 2], name="s"))


def test_it_tells_of_itself_what_its_values_tell() -> None:
    x = slices()
    assert (x.name, x.op.name, x.dtype, x.device) == ("v:0", "v", tf.float32, "")
    assert x.graph is tf.get_default_graph()
    assert str(x) == (
        'IndexedSlices(indices=Tensor("i:0", shape=(3,), dtype=int32), '
        'values=Tensor("v:0", shape=(3, 2), dtype=float32), '
        'dense_shape=Tensor("s:0", shape=(2,), dtype=int32))'
    )
    assert run((-x).values)[0].tolist() == [-1, -2]


@EXECUTORS
def test_written_out_it_sums_rows_of_one_index(executor: str) -> None:
    whole = tf.convert_to_tensor(slices())
    assert whole.get_shape() == [5, 2]
    assert run(whole, None, executor).tolist() == [[3, 4], [0, 0], [0, 0], [0, 0], [6, 8]]


def test_it_stands_where_a_tensor_may_stand() -> None:
    x = slices()
    ones = tf.ones([5, 2])
    assert run(tf.add_n([x, ones]))[4].tolist() == [7, 9]
    assert run(ones * x)[4].tolist() == [6, 8]
    assert run(tf.reduce_sum(x)) == 21


def test_without_a_shape_it_cannot_be_written_out() -> None:
    x = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]))
    assert run(x).dense_shape is None
    with pytest.raises(ValueError, match="Tensor conversion requested for IndexedSlices without"):
        tf.convert_to_tensor(x)


def test_index_without_a_row_is_told() -> None:
    x = tf.IndexedSlices(tf.ones([2, 1]), tf.constant([1, 7]), tf.constant([3, 1]))
    for executor in ("plan", "debug"):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"indices\[1\] = 7 is not in \[0, 3\)"
        ):
            run(tf.convert_to_tensor(x), None, executor)


# Fetching and feeding


def test_fetched_alone_and_in_structures() -> None:
    x = slices()
    alone, (again, total), named = run([x, (x, tf.reduce_sum(x)), {"x": x}])
    assert isinstance(alone, tf.IndexedSlicesValue)
    assert alone.indices.tolist() == again.indices.tolist() == [4, 0, 4]
    assert total == 21
    assert named["x"].values.shape == (3, 2)


def test_fed_as_a_whole() -> None:
    rows, places = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    x = tf.IndexedSlices(rows, places, tf.placeholder(tf.int32))
    whole = tf.convert_to_tensor(x)
    other = tf.IndexedSlicesValue([[9.0, 9.0]], [1], [2, 2])
    with tf.Session() as sess:
        assert sess.run(whole, {x: other}).tolist() == [[0, 0], [9, 9]]
        assert sess.run(whole, {x: ([[7.0, 7.0]], [0], [1, 2])}).tolist() == [[7, 7]]
        assert sess.make_callable(whole, [x])(other).shape == (2, 2)
        assert "UnsortedSegmentSum" in sess.explain(whole, {x: other})
        with pytest.raises(TypeError, match="a tuple of 3 arrays"):
            sess.run(whole, {x: 1.0})


# Clipping


def test_clipping_leaves_the_indices() -> None:
    x = slices()
    by_value = run(tf.clip_by_value(x, 2.0, 5.0))
    assert by_value.values.tolist() == [[2, 2], [3, 4], [5, 5]]
    assert by_value.indices.tolist() == [4, 0, 4]
    np.testing.assert_allclose(np.linalg.norm(run(tf.clip_by_norm(x, 2.0)).values), 2, rtol=1e-6)
    assert run(tf.scalar_mul(2.0, x)).values[2].tolist() == [10, 12]


def test_global_norm_is_that_of_the_rows_as_they_stand() -> None:
    x, y = slices(), tf.constant([3.0])
    (clipped, rest, nothing), norm = tf.clip_by_global_norm([x, y, None], 5.0)
    found, other, total = run([clipped, rest, norm])
    assert nothing is None
    np.testing.assert_allclose(total, np.sqrt(91 + 9), rtol=1e-6)
    np.testing.assert_allclose(found.values[1], [1.5, 2], rtol=1e-6)
    np.testing.assert_allclose(other, [1.5], rtol=1e-6)


# Optimizers


def optimizers() -> list[Any]:
    t = tf.train
    return [
        t.GradientDescentOptimizer(0.5),
        t.MomentumOptimizer(0.5, 0.9),
        t.MomentumOptimizer(0.5, 0.9, use_nesterov=True),
        t.RMSPropOptimizer(0.1, 0.8, 0.5),
        t.RMSPropOptimizer(0.1, 0.8, 0.5, centered=True),
        t.AdagradOptimizer(0.5),
        t.AdadeltaOptimizer(0.5, 0.9, 1e-2),
        t.FtrlOptimizer(0.5, l1_regularization_strength=0.1),
        t.ProximalGradientDescentOptimizer(0.5, 0.1, 0.1),
        t.ProximalAdagradOptimizer(0.5, 0.1, 0.1, 0.1),
        t.AdagradDAOptimizer(0.5, tf.constant(0, tf.int64), 0.1, 0.05, 0.1),
    ]


@EXECUTORS
@pytest.mark.parametrize("number", range(11))
def test_given_rows_move_as_in_a_whole_update_and_others_not_at_all(
    number: int, executor: str
) -> None:
    """The rows 1 and 4, the latter twice, against a table of those two rows alone."""
    few = tf.Variable(TABLE[[1, 4]])
    table = tf.Variable(TABLE)
    picked = tf.reduce_sum(tf.sin(tf.gather(few, [1, 0, 1])))
    looked_up = tf.reduce_sum(tf.sin(tf.gather(table, [4, 1, 4])))
    small, large = optimizers()[number], optimizers()[number]
    dense = tf.convert_to_tensor(tf.gradients(picked, few)[0])
    steps = [small.apply_gradients([(dense, few)]), large.minimize(looked_up, var_list=[table])]
    assert tf.get_default_graph().get_operations()[-1].type == "NoOp"
    slots = [(small.get_slot(few, s), large.get_slot(table, s)) for s in large.get_slot_names()]
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        starts = sess.run([slot for _, slot in slots])
        for _ in range(4):
            sess.run(steps)
        rest = [0, 2, 3, 5]
        after = sess.run(table)
        np.testing.assert_allclose(after[[1, 4]], sess.run(few), rtol=1e-12)
        np.testing.assert_array_equal(after[rest], TABLE[rest])
        for (of_few, of_table), start in zip(slots, starts, strict=True):
            found = sess.run(of_table)
            np.testing.assert_allclose(found[[1, 4]], sess.run(of_few), rtol=1e-12)
            np.testing.assert_array_equal(found[rest], start[rest])


@EXECUTORS
def test_adam_moves_rows_without_a_gradient_by_their_momentum(executor: str) -> None:
    table, same = tf.Variable(TABLE), tf.Variable(TABLE)
    ids = tf.placeholder(tf.int32, [2])
    sparse = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(tf.gather(table, ids) ** 2))
    whole = tf.reduce_sum(tf.matmul(tf.one_hot(ids, 6, dtype=tf.float64), same) ** 2)
    dense = tf.train.AdamOptimizer(0.1).minimize(whole)
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([sparse, dense], {ids: [0, 3]})
        moved = sess.run(table)
        sess.run([sparse, dense], {ids: [1, 3]})
        after = sess.run(table)
        assert (after[0] != moved[0]).all()
        np.testing.assert_allclose(after, sess.run(same), rtol=1e-12)


@EXECUTORS
def test_tables_of_one_axis_and_of_three(executor: str) -> None:
    flat, deep = tf.Variable(TABLE[:, 0]), tf.Variable(TABLE.reshape(3, 2, 2))
    loss = tf.reduce_sum(tf.gather(flat, [5, 5])) + tf.reduce_sum(tf.gather(deep, [[2], [0]]))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert (sess.run(flat) - TABLE[:, 0]).tolist() == [0, 0, 0, 0, 0, -2]
        assert (sess.run(deep) - TABLE.reshape(3, 2, 2))[:, 0, 0].tolist() == [-1, 0, -1]


@EXECUTORS
def test_number_of_rows_that_only_the_run_knows(executor: str) -> None:
    table, wanted = tf.Variable(TABLE), tf.placeholder(tf.bool, [6])
    rows = tf.gather(table, tf.reshape(tf.where(wanted), [-1]))
    train = tf.train.AdagradOptimizer(1.0, 1.0).minimize(tf.reduce_sum(rows))
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train, {wanted: [False, True, False, False, True, False]})
        moved = sess.run(table) - TABLE
        np.testing.assert_allclose(moved[:, 0], [0, -(0.5**0.5), 0, 0, -(0.5**0.5), 0])


def test_rows_and_whole_variables_in_one_optimizer() -> None:
    table, w = tf.Variable(TABLE), tf.Variable([[1.0], [2.0]], dtype=tf.float64)
    b = tf.Variable(np.float64(0.5))
    output = tf.matmul(tf.nn.embedding_lookup(table, [0, 2]), w) + b
    loss = tf.reduce_sum(output**2)
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(loss)
        value, _ = sess.run([loss, train])
        assert value == before
        for _ in range(30):
            sess.run(train)
        assert sess.run(loss) < before / 100
        np.testing.assert_array_equal(sess.run(table)[[1, 3, 4, 5]], TABLE[[1, 3, 4, 5]])


def test_an_update_by_rows_writes_nothing_of_the_tables_size() -> None:
    table = tf.Variable(tf.zeros([5000, 8]))
    ids = tf.placeholder(tf.int32, [3])
    loss = tf.reduce_sum(tf.nn.embedding_lookup(table, ids) * 2.0)
    train = tf.train.AdagradOptimizer(0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train, {ids: [1, 2, 3]})
        (entry,) = [e for e in sess._entries.values() if e.slots]
        (plan,) = entry.plans.values()
        assert plan.segment.nbytes < 5000


def test_constraint_is_applied_after_the_update() -> None:
    w = tf.Variable([0.5, 2.0], constraint=lambda value: tf.clip_by_value(value, 0.0, 1.0))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(w))
    assert run([train]) == [None]
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(train)
        assert sess.run(w).tolist() == [0, 1]


# Changes of rows


@EXECUTORS
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (tf.scatter_update, [7, 2, 9]),
        (tf.scatter_add, [8, 2, 15]),
        (tf.scatter_sub, [-6, 2, -7]),
        (tf.scatter_mul, [7, 2, 72]),
        (tf.scatter_div, [1 / 7, 2, 4 / 18]),
        (tf.scatter_min, [1, 2, 2]),
        (tf.scatter_max, [7, 2, 9]),
    ],
)
def test_scatter_changes_rows_repeated_ones_one_by_one(
    change: Any, expected: Any, executor: str
) -> None:
    v = tf.Variable(np.array([1.0, 2.0, 4.0]), name="v")
    changed = change(v, [0, 2, 2], [7.0, 2.0, 9.0])
    assert changed.op.name == change.__name__.title().replace("_", "")
    np.testing.assert_allclose(run([changed, v], None, executor), [expected, expected])


@EXECUTORS
def test_scatter_of_rows_and_of_one_number(executor: str) -> None:
    v = tf.Variable(tf.zeros([3, 2]))
    rows = tf.scatter_add(v, [[0], [2]], [[[1.0, 2.0]], [[3.0, 4.0]]])
    with tf.Session(executor=executor) as sess:
        sess.run(v.initializer)
        assert sess.run(rows).tolist() == [[1, 2], [0, 0], [3, 4]]
        assert sess.run(tf.scatter_sub(v, 2, [1.0, 1.0]))[2].tolist() == [2, 3]
        assert sess.run(tf.scatter_add(v, [1, 1], 2.0))[1].tolist() == [4, 4]
        assert sess.run(v.scatter_sub(tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]))))[
            1
        ].tolist() == [3, 3]


@EXECUTORS
def test_scatter_nd_changes_elements_and_rows(executor: str) -> None:
    v = tf.Variable(tf.zeros([3, 2]))
    with tf.Session(executor=executor) as sess:
        sess.run(v.initializer)
        at = [[0, 1], [2, 0], [2, 0]]
        assert sess.run(tf.scatter_nd_add(v, at, [1.0, 2.0, 3.0])).tolist() == [
            [0, 1], [0, 0], [5, 0]
        ]  # fmt: skip
        assert sess.run(tf.scatter_nd_sub(v, [[2, 0]], [1.0]))[2, 0] == 4
        assert sess.run(v.scatter_nd_update([[1]], [[7.0, 8.0]]))[1].tolist() == [7, 8]


def test_scatter_out_of_range_and_of_a_wrong_shape_is_told() -> None:
    v = tf.Variable(tf.zeros([3, 2]), name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"indices\[1\] = 3 is not in \[0, 3\)"
        ):
            sess.run(tf.scatter_update(v, [0, 3], tf.ones([2, 2])))
        with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into shape"):
            sess.run(tf.scatter_nd_add(v, [[0, 2]], [1.0]))
    with pytest.raises(ValueError, match=r"Must have updates\.shape = indices\.shape"):
        tf.scatter_add(v, [0], tf.ones([2, 2]))
    with pytest.raises(TypeError, match="A variable is needed here"):
        tf.scatter_add(tf.zeros([3]), [0], [1.0])


def test_reads_come_before_and_control_dependencies_after_a_scatter() -> None:
    v = tf.Variable([1.0, 2.0])
    read = v + 0.0
    change = tf.scatter_add(v, [1], [5.0])
    with tf.control_dependencies([change]):
        after = v.read_value()
    assert [x.tolist() for x in run([read, change, after])] == [[1, 2], [1, 7], [1, 7]]


def test_rows_can_be_waited_for_and_gated() -> None:
    table = tf.Variable(TABLE)
    loss = tf.reduce_sum(tf.gather(table, [1])) + tf.reduce_sum(tf.Variable(np.float64(1.0)))
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(loss, gate_gradients=optimizer.GATE_GRAPH)
    assert isinstance(pairs[0][0], tf.IndexedSlices)
    with tf.control_dependencies([pairs[0][0]]):
        after = tf.identity(table)
    train = tf.group(optimizer.apply_gradients(pairs), pairs[0][0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before, _ = sess.run([after, train])
        np.testing.assert_array_equal(before, TABLE)
        assert sess.run(table)[1].tolist() == (TABLE[1] - 1).tolist()


@EXECUTORS
def test_rows_of_a_table_whose_size_may_change(executor: str) -> None:
    given = tf.placeholder(tf.float64)
    table = tf.Variable(given, validate_shape=False)
    gradient = tf.IndexedSlices(tf.constant([[1.0], [2.0]], tf.float64), tf.constant([1, 1]))
    train = tf.train.GradientDescentOptimizer(1.0).apply_gradients([(gradient, table)])
    with tf.Session(executor=executor) as sess:
        for rows in (2, 4):
            sess.run(table.initializer, {given: np.zeros((rows, 1))})
            sess.run(train)
            assert sess.run(table)[:, 0].tolist() == [0, -3, 0, 0][:rows]
