"""1.x: tf.app.flags and tf.app.run, decayed rate, clipped gradients, moving averages of weights."""

import numpy as np
import tensorflow as tf

flags = tf.app.flags
FLAGS = flags.FLAGS
flags.DEFINE_integer("script_steps", 80, "Number of steps.")
flags.DEFINE_float("script_rate", 0.5, "Initial learning rate.")
flags.DEFINE_string("script_dir", "out", "Where to put things.")
flags.DEFINE_boolean("script_verbose", True, "Whether to print.")


def main(_):
    rng = np.random.RandomState(0)
    data = rng.randn(64, 5).astype(np.float32)
    target = data.dot(np.arange(5.0).reshape(5, 1)) + 1
    with tf.Graph().as_default():
        x = tf.constant(data)
        y = tf.constant(target, dtype=tf.float32)
        with tf.variable_scope("linear", initializer=tf.zeros_initializer()):
            w = tf.get_variable("w", [5, 1])
            b = tf.get_variable("b", [1])
        loss = tf.losses.mean_squared_error(y, tf.matmul(x, w) + b)
        global_step = tf.train.create_global_step()
        lr = tf.train.polynomial_decay(FLAGS.script_rate, global_step, FLAGS.script_steps, 0.01)
        tvars = tf.trainable_variables()
        grads, norm = tf.clip_by_global_norm(tf.gradients(loss, tvars), 5.0)
        train = tf.train.GradientDescentOptimizer(lr).apply_gradients(
            zip(grads, tvars), global_step=global_step
        )
        ema = tf.train.ExponentialMovingAverage(0.9, num_updates=global_step)
        with tf.control_dependencies([train]):
            train_op = ema.apply(tvars)
        shadow = ema.average(w)
        assert shadow.op.name == "linear/w/ExponentialMovingAverage"
        print(sorted(ema.variables_to_restore()))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in range(FLAGS.script_steps):
                _, value, rate, size = sess.run([train_op, loss, lr, norm])
                if FLAGS.script_verbose and step % 20 == 0:
                    print("step %d: loss %.4f, rate %.3f, norm %.3f" % (step, value, rate, size))
            assert value < 1e-2, value
            np.testing.assert_allclose(sess.run(shadow), np.arange(5.0).reshape(5, 1), atol=0.1)


if __name__ == "__main__":
    tf.app.run()
