"""1.x: two graphs, feeds of intermediate tensors, collections, printing, a TestCase."""

import numpy as np
import tensorflow as tf

g1, g2 = tf.Graph(), tf.Graph()
with g1.as_default():
    v = tf.get_variable("v", shape=[1], initializer=tf.zeros_initializer())
with g2.as_default():
    v = tf.get_variable("v", shape=[1], initializer=tf.ones_initializer())


class GraphsTest(tf.test.TestCase):
    def test_two_graphs_hold_their_own_variables(self):
        for graph, value in ((g1, 0.0), (g2, 1.0)):
            with tf.Session(graph=graph) as sess:
                tf.global_variables_initializer().run()
                with tf.variable_scope("", reuse=True):
                    self.assertAllEqual(sess.run(tf.get_variable("v")), [value])

    def test_a_tensor_of_another_graph_is_refused(self):
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.constant(1)
            with self.assertRaisesRegex(ValueError, "is not an element of this graph"):
                sess.run(g1.get_tensor_by_name("v:0"))

    def test_intermediate_tensors_can_be_fed(self):
        with self.test_session() as sess:
            a = tf.placeholder(tf.float32, name="a")
            b = a * 2
            c = b + 1
            self.assertAllClose(sess.run(c, {b: 10.0}), 11.0)
            self.assertAllClose(c.eval({"a:0": 3.0}), 7.0)
            with self.assertRaisesRegex(tf.errors.InvalidArgumentError, "You must feed a value"):
                sess.run(c)

    def test_printing(self):
        with tf.Graph().as_default():
            w = tf.Variable(tf.zeros([2, 3]), name="w")
            self.assertEqual(str(w), "<tf.Variable 'w:0' shape=(2, 3) dtype=float32_ref>")
            self.assertEqual(str(w.initializer.name), "w/Assign")
            t = tf.nn.relu(w, name="r")
            self.assertEqual(str(t), 'Tensor("r:0", shape=(2, 3), dtype=float32)')
            self.assertEqual(repr(t.op), "<tf.Operation 'r' type=Relu>")
            self.assertIn('name: "r"', str(t.op))
            self.assertEqual(str(tf.TensorShape([None, 3])), "(?, 3)")
            self.assertEqual(repr(tf.float32), "tf.float32")
            self.assertEqual(str(tf.float32), "<dtype: 'float32'>")

    def test_collections_by_scope(self):
        with tf.Graph().as_default():
            for scope in ("first", "second"):
                with tf.variable_scope(scope, regularizer=tf.nn.l2_loss):
                    tf.get_variable("w", [2], initializer=tf.constant_initializer(2.0))
            found = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "second")
            self.assertEqual([v.name for v in found], ["second/w:0"])
            total = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
            with tf.Session() as sess:
                sess.run(tf.variables_initializer(found))
                left = sess.run(tf.report_uninitialized_variables())
                self.assertEqual([n.decode() for n in left], ["first/w"])
                with self.assertRaises(tf.errors.FailedPreconditionError):
                    sess.run(total)
                sess.run(tf.global_variables_initializer())
                self.assertNear(8.0, sess.run(total), 1e-6)

    def test_gradient_checker(self):
        with self.test_session():
            x = tf.constant(np.linspace(0.1, 1, 6).reshape(2, 3), tf.float32)
            error = tf.test.compute_gradient_error(x, [2, 3], tf.tanh(x), [2, 3])
            self.assertLess(error, 1e-3)


if __name__ == "__main__":
    tf.test.main()
