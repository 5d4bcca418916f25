"""Sessions: what can be fetched and fed, what state does, and what misuse is told."""

from __future__ import annotations

import tracemalloc
from collections import namedtuple
from collections.abc import Iterator

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


# Fetches


def test_fetches_keep_their_structure() -> None:
    Pair = namedtuple("Pair", "a b")
    x = tf.constant(2.0, name="x")
    op = tf.no_op()
    with tf.Session() as sess:
        assert sess.run(x) == 2.0
        assert isinstance(sess.run(x), np.float32)
        assert sess.run([x, [x, (x,)], {"k": x}]) == [2.0, [2.0, (2.0,)], {"k": 2.0}]
        assert sess.run(Pair(x, op)) == Pair(2.0, None)
        assert sess.run(["x:0", "x"]) == [2.0, None]
        assert sess.run([]) == []
        assert sess.run((x, x)) == (2.0, 2.0)
        assert sess.run(tf.constant("text")) == b"text"


def test_fetch_of_none_or_a_number_is_a_type_error() -> None:
    tf.constant(1)
    with tf.Session() as sess:
        with pytest.raises(TypeError, match=r'has invalid type "NoneType"\. Cannot be None'):
            sess.run(None)
        with pytest.raises(TypeError, match="has invalid type"):
            sess.run([3])


def test_fetch_of_another_graph_or_an_unknown_name_is_a_value_error() -> None:
    tf.constant(1)
    with tf.Graph().as_default():
        stranger = tf.constant(1.0)
    with tf.Session() as sess:
        with pytest.raises(ValueError, match="cannot be interpreted as a Tensor"):
            sess.run(stranger)
        with pytest.raises(ValueError, match="refers to a Tensor which does not exist"):
            sess.run("nothing:0")


def test_what_is_handed_out_is_the_callers_own() -> None:
    v = tf.Variable([1.0, 2.0])
    y = v * 2.0
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first, held = sess.run([y, v])
        first[:], held[:] = -1, -1
        assert sess.run(y).tolist() == [2.0, 4.0]
        assert sess.run(v).tolist() == [1.0, 2.0]


# Feeds


def test_any_tensor_can_be_fed() -> None:
    c = tf.constant(1.0, name="c")
    v = tf.Variable(3.0)
    y = c * 2.0 + v
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(y) == 5.0
        assert sess.run(y, {c: 2.0}) == 7.0
        assert sess.run(y, {"c:0": 2.0}) == 7.0
        assert sess.run(y, {v: 10.0}) == 12.0
        assert sess.run([c, y], {c: 4.0}) == [4.0, 11.0]
        assert sess.run(y, {y: 1.5}) == 1.5


def test_feeds_convert_as_numpy_does() -> None:
    n = tf.placeholder(tf.int32)
    with tf.Session() as sess:
        assert sess.run(n, {n: 1.5}) == 1
        assert sess.run(n + 1, {n: np.array([1, 2], np.int64)}).tolist() == [2, 3]
        with pytest.raises(TypeError, match="is not compatible with Tensor type int32"):
            sess.run(n, {n: 2**40})


def test_feed_of_a_wrong_shape_names_tensor_and_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with (
        tf.Session() as sess,
        pytest.raises(
            ValueError,
            match=r"of shape \(4, 2\) for Tensor 'x:0', which has shape '\(\?, 3\)'",
        ),
    ):
        sess.run(x, {x: np.zeros((4, 2))})


def test_feed_keys_and_values_must_fit() -> None:
    x = tf.placeholder(tf.float32, name="x")
    with tf.Session() as sess:
        with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
            sess.run(x, {"nothing:0": 1.0})
        with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
            sess.run(x, {3: 1.0})
        with pytest.raises(TypeError, match=r"feed cannot be a tf\.Tensor object"):
            sess.run(x, {x: tf.constant(1.0)})


def test_unfed_placeholder_is_told_with_dtype_shape_and_line() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(x * 2.0)
    assert (
        "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,3]"
        in str(caught.value)
    )
    assert "test_session_runs.py:" in str(caught.value)
    assert caught.value.op.name == "x"


def test_plans_follow_the_fed_sizes() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    total = tf.reduce_sum(tf.tanh(x) * 0.0 + 1.0)
    with tf.Session() as sess:
        for n in (1, 5, 2, 5, 1):
            assert sess.run(total, {x: np.zeros((n, 2))}) == 2 * n


# Sessions


def test_closed_and_empty_sessions_say_so() -> None:
    with tf.Session() as sess, pytest.raises(RuntimeError, match="The Session graph is empty"):
        sess.run(tf.Graph())
    x = tf.constant(1.0)
    sess = tf.Session()
    assert sess.run(x) == 1.0
    sess.close()
    with pytest.raises(RuntimeError, match=r"Attempted to use a closed Session\."):
        sess.run(x)


def test_eval_needs_a_session() -> None:
    x = tf.constant(1.0)
    with pytest.raises(ValueError, match="No default session is registered"):
        x.eval()
    with tf.Session() as sess:
        assert x.eval() == x.eval(session=sess) == 1.0
        assert tf.get_default_session() is sess
    assert tf.get_default_session() is None


def test_interactive_session_is_default_until_closed() -> None:
    sess = tf.InteractiveSession()
    assert (tf.constant(2.0) + 1.0).eval() == 3.0
    sess.close()
    assert tf.get_default_session() is None


def test_session_for_a_cluster_is_made_without_connecting() -> None:
    x = tf.constant(1.0)
    with tf.Session("grpc://example.org:2222") as sess, pytest.raises(tf.errors.UnavailableError):
        sess.run(x)


def test_make_callable_takes_the_fed_values_in_order() -> None:
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with tf.Session() as sess:
        assert sess.make_callable(x - y, [y, x])(1.0, 5.0) == 4.0


# Variables and order


def test_uninitialized_variable_is_a_failed_precondition() -> None:
    w = tf.Variable(1.0, name="w")
    with (
        tf.Session() as sess,
        pytest.raises(
            tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value w"
        ) as caught,
    ):
        sess.run(w + 1.0)
    assert caught.value.op is w.op


def test_reads_that_nothing_orders_come_before_writes() -> None:
    v = tf.Variable(5)
    read = v + 0
    up = v.assign_add(1)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([read, up]) == [5, 6]
        assert sess.run([v, v.assign_add(1)]) == [7, 7]
        assert sess.run([v.assign_add(1), v.assign_add(2)]) == [10, 10]


def test_control_dependencies_order_reads_after_writes() -> None:
    v = tf.Variable(1)
    with tf.control_dependencies([v.assign_add(10)]):
        after = tf.identity(v)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(after) == 11
        assert sess.run([v.value(), after]) == [11, 21]


def test_old_value_outlives_the_write() -> None:
    v = tf.Variable([1.0, 2.0])
    old = v.value()
    with tf.control_dependencies([v.assign([5.0, 5.0])]):
        difference = v.value() - old
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(difference).tolist() == [4.0, 3.0]


def test_sessions_do_not_share_variables() -> None:
    v = tf.Variable(1)
    up = v.assign_add(1)
    with tf.Session() as a, tf.Session() as b:
        a.run(v.initializer)
        b.run(v.initializer)
        assert [a.run(up), a.run(up), b.run(up)] == [2, 3, 2]


def test_load_and_eval_of_a_variable() -> None:
    v = tf.Variable([1.0, 2.0])
    with tf.Session():
        v.load([3.0, 4.0])
        assert v.eval().tolist() == [3.0, 4.0]


def test_variable_refuses_an_ellipsis_and_an_unknown_shape() -> None:
    with pytest.raises(ValueError, match="is no initial value"):
        tf.Variable(...)
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        tf.Variable(tf.placeholder(tf.float32))


# Random numbers


def test_seeded_streams_restart_with_each_session_and_advance_with_each_run() -> None:
    tf.set_random_seed(1)
    x, y = tf.random_normal([3]), tf.random_normal([3])
    with tf.Session() as a, tf.Session() as b:
        first, second = a.run(x), a.run(x)
        assert not np.array_equal(first, second)
        assert np.array_equal(b.run(x), first)
        assert not np.array_equal(b.run(y), first)


def test_random_ops_are_drawn_once_a_run_and_never_merged() -> None:
    x = tf.random_uniform([1000], seed=3)
    y = tf.random_uniform([1000], seed=4)
    with tf.Session() as sess:
        a, b, c = sess.run([x, x + 0.0, y])
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)
        assert 0 <= a.min() < 0.1 and 0.9 < a.max() < 1


def test_distributions_are_what_they_are_called() -> None:
    tf.set_random_seed(7)
    with tf.Session() as sess:
        normal = sess.run(tf.random_normal([20000], 1.0, 2.0))
        cut = sess.run(tf.truncated_normal([20000]))
        whole = sess.run(tf.random_uniform([1000], 2, 5, tf.int32))
        rows = sess.run(tf.random_shuffle(tf.range(10)))
        drawn = sess.run(tf.multinomial([[0.0, 10.0]], 50))
        kept = sess.run(tf.nn.dropout(tf.ones([10000]), 0.25))
    assert abs(normal.mean() - 1) < 0.05 and abs(normal.std() - 2) < 0.05
    assert np.abs(cut).max() <= 2
    assert sorted(set(whole.tolist())) == [2, 3, 4]
    assert sorted(rows.tolist()) == list(range(10))
    assert drawn.shape == (1, 50) and drawn.mean() > 0.9
    assert set(np.unique(kept).tolist()) == {0.0, 4.0} and abs((kept > 0).mean() - 0.25) < 0.03


# Errors of operations


def test_a_failing_kernel_is_told_in_its_operations_name() -> None:
    x = tf.placeholder(tf.int32, name="x")
    y = tf.floordiv(7, x, name="quotient")
    with tf.Session() as sess:
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="Integer division by zero"
        ) as caught:
            sess.run(y, {x: 0})
        assert caught.value.op is y.op
        assert "'quotient'" in str(caught.value) and "test_session_runs.py:" in str(caught.value)
        assert sess.run(y, {x: 2}) == 3


def test_sizes_that_only_the_run_shows_not_to_fit_are_told() -> None:
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    product = tf.matmul(x, y, name="product")
    with (
        tf.Session() as sess,
        pytest.raises(
            tf.errors.InvalidArgumentError,
            match="Dimensions must be equal, but are 3 and 2 for 'product'",
        ),
    ):
        sess.run(product, {x: np.ones((2, 3)), y: np.ones((2, 2))})


def test_gather_refuses_a_row_that_is_not_there() -> None:
    i = tf.placeholder(tf.int32, [None])
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"3 is not in \[0, 3\)"),
    ):
        sess.run(tf.gather(tf.ones([3, 2]) * 2.0, i), {i: [3]})


# Devices


def test_missing_device_is_an_error_that_tells_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINBOARD_SOFT_PLACEMENT", raising=False)
    with tf.device("/gpu:1"):
        product = tf.matmul(tf.constant([[3.0, 3.0]]), tf.constant([[2.0], [2.0]]), name="product")
    assert product.device == "/device:GPU:1"
    x = tf.placeholder(tf.float32)
    with tf.device("/gpu:1"):
        z = tf.multiply(x, x, name="z")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(z, {x: 1.0})
    assert "Cannot assign a device for operation z" in str(caught.value)
    assert "allow_soft_placement=True" in str(caught.value)
    assert "TRAINBOARD_SOFT_PLACEMENT=1" in str(caught.value)
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
        assert sess.run(product) == 12.0
    monkeypatch.setenv("TRAINBOARD_SOFT_PLACEMENT", "1")
    with tf.Session() as sess:
        assert sess.run(z, {x: 3.0}) == 9.0


def test_folded_operations_are_placed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINBOARD_SOFT_PLACEMENT", raising=False)
    with tf.device("/gpu:1"):
        product = tf.constant(3.0) * 2.0
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match="Cannot assign a device"),
    ):
        sess.run(product)


def test_device_count_makes_cpus_and_placement_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tf.device("/cpu:2"):
        y = tf.add(tf.placeholder_with_default(1.0, []), 1.0, name="y")
    config = tf.ConfigProto(device_count={"CPU": 3}, log_device_placement=True)
    with tf.Session(config=config) as sess:
        assert sess.run(y) == 2.0
        assert len(sess.list_devices()) == 3
    assert "y: (Add): /job:localhost/replica:0/task:0/device:CPU:2" in capsys.readouterr().err


def test_device_scopes_merge_field_by_field() -> None:
    with tf.device("/job:ps/task:0"):
        with tf.device("/gpu:1"):
            assert tf.constant(1).device == "/job:ps/task:0/device:GPU:1"
            with tf.device(None):
                assert tf.constant(1).device == ""
        v = tf.Variable(1.0)
    assert v.device == v.initializer.device == "/job:ps/task:0"
    with tf.device(lambda op: "/cpu:0" if op.type == "Const" else "/cpu"):
        assert tf.constant(1).device == "/device:CPU:0"
        assert tf.placeholder(tf.int32).device == "/device:CPU:*"
    with pytest.raises(
        ValueError, match="Unknown attribute 'foo' is encountered while parsing the device spec"
    ):
        tf.device("/foo:0").__enter__()


def test_explain_shows_one_line_a_call() -> None:
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    with tf.Session() as sess:
        text = sess.explain(tf.tanh(tf.matmul(x, x)) + 1.0, {x: np.eye(2)})
    assert "dot(x, x, MatMul)" in text
    assert "tanh(MatMul, MatMul)" in text


def test_a_long_plan_is_a_loop_over_its_calls_and_names_the_one_that_fails() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float64, [3])
        last = tf.placeholder(tf.int32, [])
        y = x
        for number in range(1500):
            y = tf.maximum(y * 1.001 + 0.001, y)
            if number == 700:
                quotient = tf.floordiv(7, tf.cast(y, tf.int32), name="quotient")
                y += tf.cast(quotient, tf.float64) * 0.0
        unknown = tf.reshape(y, tf.stack([last]), name="sizes_of_the_run")
        gradient = tf.gradients(y, x)[0]
        found = sess.run([y, unknown, gradient], {x: [1.0, 2.0, 3.0], last: 3})
        growth = 1.001**1500
        wanted = growth * np.arange(1.0, 4.0) + (growth - 1.0)
        np.testing.assert_allclose(found, [wanted, wanted, [growth] * 3], rtol=1e-9)
        assert "in_turn(calls" in sess.explain([y, gradient], {x: np.ones(3)})
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero") as caught:
            sess.run(y, {x: [1.0, -0.9, 3.0]})
        assert caught.value.op is quotient.op


def test_a_variable_cannot_be_fed_and_trained_in_one_run() -> None:
    w = tf.Variable(1.0)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(w * w)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="fed in the same run"):
            sess.run(train, {w: np.float32(3.0)})
        with pytest.raises(tf.errors.InvalidArgumentError, match="fed in the same run"):
            sess.run(w.assign_add(1.0), {w: 3.0})
        assert sess.run(w) == 1.0


def test_memory_does_not_grow_with_runs_or_with_fed_sizes() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.reduce_sum(tf.tanh(x))
    with tf.Session() as sess:
        for n in range(1, 100):
            sess.run(y, {x: np.zeros(n, np.float32)})
        assert sum(len(entry.plans) for entry in sess._entries.values()) <= 32
        feed = {x: np.zeros(5, np.float32)}
        sess.run(y, feed)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2000):
            sess.run(y, feed)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert grown < 2000


def test_what_leaves_the_range_of_floats_is_no_warning() -> None:
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as sess:
        assert np.isneginf(sess.run(tf.log(x), {x: [0.0, 1.0, 2.0]})[0])
        assert np.isinf(sess.run(tf.exp(x) / 0.0, {x: [0.0, 1.0, 200.0]})).all()


def test_views_survive_the_reuse_of_memory() -> None:
    x = tf.placeholder(tf.float32, [4, 4])
    base = x + 1.0
    row = base[tf.placeholder_with_default(2, [])]
    busy = tf.exp(tf.tanh(base * 3.0) + tf.sigmoid(base))
    value = np.arange(16.0).reshape(4, 4)
    with tf.Session(executor="poisoned") as sess:
        row_now, _ = sess.run([row * 1.0, tf.reduce_sum(busy * busy)], {x: value})
    assert row_now.tolist() == (value[2] + 1).tolist()
