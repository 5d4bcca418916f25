"""What `gradients` may be told, registered and custom gradients, second derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def run(fetches: Any, feed: Any = None) -> Any:
    with tf.Session() as sess:
        return sess.run(fetches, feed)


def test_hessian_of_a_vector() -> None:
    x = tf.constant([1.0, 2.0, 3.0])
    found = tf.hessians(x[0] ** 2 * x[1] + tf.exp(x[2]), x)[0]
    assert found.get_shape() == [3, 3]
    np.testing.assert_allclose(run(found), [[4, 2, 0], [2, 0, 0], [0, 0, np.exp(3.0)]], rtol=1e-6)


def test_hessian_of_a_matrix_has_its_shape_twice() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    found = run(tf.hessians(tf.reduce_sum(tf.square(x)), x)[0])
    np.testing.assert_array_equal(found.reshape(4, 4), 2 * np.eye(4))


def test_hessian_needs_a_known_shape_and_a_path() -> None:
    x = tf.placeholder(tf.float32, [None])
    with pytest.raises(ValueError, match="unknown shape"):
        tf.hessians(tf.reduce_sum(x * x), x)
    with pytest.raises(ValueError, match="does not lead to ys"):
        tf.hessians(tf.reduce_sum(x), tf.constant([1.0]))


def test_unconnected_gradients_are_none_or_zeros() -> None:
    x, other = tf.constant(2.0), tf.constant([1.0, 1.0])
    assert tf.gradients(x * x, [x, other])[1] is None
    found = tf.gradients(x * x, [x, other], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    assert run(found)[1].tolist() == [0, 0]
    assert run(tf.gradients(x, other, unconnected_gradients="zero"))[0].tolist() == [0, 0]
    with pytest.raises(ValueError, match="nothing"):
        tf.gradients(x, other, unconnected_gradients="nothing")


def test_gradients_stop_where_they_are_told_to() -> None:
    a = tf.constant(0.5)
    b = a * 2.0
    through, stopped = (
        tf.gradients(a + b, [a, b]),
        tf.gradients(a + b, [a, b], stop_gradients=[a, b]),
    )
    assert run(through) == [3, 1]
    assert run(stopped) == [1, 1]


def test_aggregation_methods_are_checked() -> None:
    x = tf.constant(2.0)
    y = x * x + x
    methods = tf.AggregationMethod
    for method in (methods.ADD_N, methods.EXPERIMENTAL_TREE, methods.EXPERIMENTAL_ACCUMULATE_N):
        assert run(tf.gradients(y, x, aggregation_method=method)) == [5]
    with pytest.raises(ValueError, match="Invalid aggregation_method specified 9"):
        tf.gradients(y, x, aggregation_method=9)


# Registered gradients


@tf.RegisterGradient("GuidedReluOfTheTests")
def guided_relu(op: Any, grad: Any) -> Any:
    passing = tf.cast(op.outputs[0] > 0.0, tf.float32) * tf.cast(grad > 0.0, tf.float32)
    return passing * grad


def test_override_map_guides_back_propagation_through_relu() -> None:
    x = tf.constant([1.0, -1.0, 2.0])
    weights = tf.constant([1.0, 1.0, -1.0])
    with tf.get_default_graph().gradient_override_map({"Relu": "GuidedReluOfTheTests"}):
        guided = tf.nn.relu(x)
    plain = tf.nn.relu(x)
    assert run(tf.gradients(guided * weights, x))[0].tolist() == [1, 0, 0]
    assert run(tf.gradients(plain * weights, x))[0].tolist() == [1, 0, -1]


def test_override_map_turns_gradients_around_through_identity() -> None:
    tf.RegisterGradient("FlippedInTheTests")(lambda op, grad: [tf.negative(grad) * 0.5])
    x = tf.Variable(3.0)
    with tf.get_default_graph().gradient_override_map({"Identity": "FlippedInTheTests"}):
        flipped = tf.identity(x * 2.0)
    gradient = tf.gradients(flipped, x)
    with tf.Session() as sess:
        sess.run(x.initializer)
        assert sess.run([flipped, gradient]) == [6, [-1]]


def test_override_map_gives_a_gradient_to_what_has_none() -> None:
    tf.RegisterGradient("StraightThroughInTheTests")(lambda op, grad: grad)
    x = tf.constant([-0.2, 1.7])
    assert not run(tf.gradients(tf.sign(x), x))[0].any()
    with tf.get_default_graph().gradient_override_map({"Sign": "StraightThroughInTheTests"}):
        signs = tf.sign(x)
    assert run([signs, tf.gradients(signs, x)[0]])[1].tolist() == [1, 1]


def test_unknown_and_repeated_names_are_told() -> None:
    x = tf.constant(1.0)
    with tf.get_default_graph().gradient_override_map({"Exp": "NobodyRegisteredThis"}):
        y = tf.exp(x)
    with pytest.raises(LookupError, match="has no entry for: NobodyRegisteredThis"):
        tf.gradients(y, x)
    with pytest.raises(KeyError, match="Registering two gradient with name"):
        tf.RegisterGradient("GuidedReluOfTheTests")(guided_relu)
    with (
        pytest.raises(TypeError, match="dictionary mapping strings to strings"),
        tf.get_default_graph().gradient_override_map({"Relu": 3}),  # type: ignore[dict-item]
    ):
        pass


def test_not_differentiable_stops_gradients() -> None:
    tf.NotDifferentiable("NothingInTheTests")
    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": "NothingInTheTests"}):
        y = tf.square(x)
    assert tf.gradients(y, x) == [None]
    assert tf.NoGradient is tf.NotDifferentiable


def test_registered_rule_must_give_one_gradient_an_input() -> None:
    tf.RegisterGradient("TooManyInTheTests")(lambda op, grad: (grad, grad))
    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Exp": "TooManyInTheTests"}):
        y = tf.exp(x)
    with pytest.raises(ValueError, match="Num gradients 2 generated for op Exp do not match"):
        tf.gradients(y, x)


# Custom gradients


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
def test_custom_gradient_of_several_arguments_and_results(executor: str) -> None:
    @tf.custom_gradient
    def both(x: Any, y: Any) -> Any:
        def grad(of_sum: Any, of_product: Any) -> Any:
            return of_sum * 10.0, of_product * 100.0

        return (x + y, x * y), grad

    a, b = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    total, product = both(a, b)
    gradients = tf.gradients([total, product * 2.0], [a, b])
    only_total = tf.gradients(total, [a, b])
    with tf.Session(executor=executor) as sess:
        found = sess.run([total, product, *gradients, *only_total])
    assert [x.tolist() for x in found] == [
        [4, 6], [3, 8], [10, 10], [200, 200], [10, 10], [0, 0]
    ]  # fmt: skip


def test_custom_gradient_clips_what_flows_back() -> None:
    @tf.custom_gradient
    def clipped(x: Any) -> Any:
        return tf.identity(x), lambda dy: tf.clip_by_norm(dy, 1.0)

    w = tf.Variable([3.0, 4.0])
    loss = tf.reduce_sum(tf.square(clipped(w)))
    with tf.Session() as sess:
        sess.run(w.initializer)
        np.testing.assert_allclose(sess.run(tf.gradients(loss, w)[0]), [0.6, 0.8], rtol=1e-6)


def test_custom_gradient_with_a_gradient_too_few_is_told() -> None:
    @tf.custom_gradient
    def product(x: Any, y: Any) -> Any:
        return x * y, lambda dy: [dy]

    x = tf.constant(1.0)
    with pytest.raises(ValueError, match="gave 1 gradients for 2 arguments"):
        tf.gradients(product(x, x), x)


# Optimizers


def test_gate_and_list_arguments_are_checked() -> None:
    w = tf.Variable([1.0, 2.0])
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    loss = tf.reduce_sum(w * w)
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        optimizer.compute_gradients(loss, gate_gradients=5)
    with pytest.raises(TypeError, match=r"Argument is not a tf\.Variable"):
        optimizer.compute_gradients(loss, [3])
    with pytest.raises(ValueError, match="No variables provided"):
        optimizer.apply_gradients([])
    with pytest.raises(TypeError, match="Gradient must be convertible to a Tensor"):
        optimizer.apply_gradients([(object(), w)])
    for gate in (optimizer.GATE_NONE, optimizer.GATE_OP, optimizer.GATE_GRAPH):
        (pair,) = optimizer.compute_gradients(loss, [[w]], gate, None, True, [1.0])
        assert pair[1] is w


def test_gradients_of_inputs_come_from_compute_gradients_too() -> None:
    x = tf.placeholder(tf.float32, [])
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    (pair,) = optimizer.compute_gradients(x * x, [x])
    assert run(pair[0], {x: 3.0}) == 6
    with pytest.raises(NotImplementedError, match="Trying to update a Tensor"):
        optimizer.apply_gradients([pair])


def test_weights_of_the_loss_scale_the_step() -> None:
    w = tf.Variable([1.0, 1.0])
    train = tf.train.GradientDescentOptimizer(1.0).minimize(
        w * 2.0, grad_loss=tf.constant([0.5, 0.25])
    )
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(train)
        assert sess.run(w).tolist() == [0, 0.5]


class Signs(tf.train.Optimizer):
    """Steps of one size, with a count of them: written as for TensorFlow."""

    def __init__(self, rate: float, use_locking: bool = False, name: str = "Signs"):
        super().__init__(use_locking, name)
        self._rate = rate

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "steps", self._name)

    def _prepare(self) -> None:
        self._rate_tensor = tf.convert_to_tensor(self._rate, name="rate")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        steps = self.get_slot(var, "steps")
        assert steps is not None
        counted = steps.assign_add(tf.ones_like(grad))
        return tf.group(var.assign_sub(self._rate_tensor * tf.sign(grad)), counted)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return var.scatter_sub(tf.scalar_mul(self._rate, grad))


def test_optimizer_written_for_tensorflow_works() -> None:
    w, table = tf.Variable([1.0, -2.0]), tf.Variable(tf.zeros([3, 1]))
    optimizer = Signs(0.5)
    loss = tf.reduce_sum(w * w) + tf.reduce_sum(tf.gather(table, [1]))
    step = tf.train.get_or_create_global_step()
    train = optimizer.minimize(loss, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert sess.run(w).tolist() == [0.5, -1.5]
        assert sess.run(optimizer.get_slot(w, "steps")).tolist() == [1, 1]
        assert sess.run(table)[:, 0].tolist() == [0, -0.5, 0]
        assert sess.run(step) == 1


def test_two_optimizers_share_a_table_by_rows_and_whole() -> None:
    table = tf.Variable(tf.zeros([4, 1]))
    rows = tf.train.MomentumOptimizer(1.0, 0.5).minimize(tf.reduce_sum(tf.gather(table, [2, 2])))
    whole = tf.train.AdagradOptimizer(1.0, 1.0, name="Other").minimize(tf.reduce_sum(table))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(whole)
        sess.run(rows)
        np.testing.assert_allclose(sess.run(table)[:, 0], -np.sqrt([0.5] * 4) - [0, 0, 2, 0])
