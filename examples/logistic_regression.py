"""Logistic regression: two clouds of points told apart by a line, with the loss log(1 + exp(-y f)).

Each point x has a label y, -1 or +1; f = x w + b is how far it lies on the positive side, and
1 / (1 + exp(-f)) how likely its label is +1. The points are drawn here, so it needs no data.
Watch it while it trains:

    dashboard serve logs
"""

import argparse
from pathlib import Path

import numpy as np

import engine as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--logdir", default="logs/logistic_regression", help="the run's directory")
parser.add_argument("--points", type=int, default=400, help="half of them for the test")
parser.add_argument("--epochs", type=int, default=300)
parser.add_argument("--learning-rate", type=float, default=0.5)
parser.add_argument("--display-step", type=int, default=50)


def two_clouds(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points as float32 [count, 2] and labels of -1 or 1 as float32 [count, 1]; clouds overlap."""
    draw = np.random.default_rng(seed)
    labels = np.where(np.arange(count) % 2, 1.0, -1.0)[:, np.newaxis]
    points = draw.normal(size=(count, 2)) + labels * [1.5, 1.0]
    return points.astype(np.float32), labels.astype(np.float32)


def main(argv: list[str] | None = None) -> tuple[float, float]:
    """Train, print and log; gives the test loss and the accuracy on the test points."""
    args = parser.parse_args(argv)

    # 1. The data: the first half to learn from, the second to test with.
    points, labels = two_clouds(args.points)
    half = args.points // 2

    with tf.Graph().as_default():
        # 2. The graph: where the points lie, how wrong that is, and what makes it less wrong.
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        y = tf.placeholder(tf.float32, [None, 1], name="y")
        w = tf.Variable(tf.zeros([2, 1]), name="weights")
        b = tf.Variable(0.0, name="bias")
        f = tf.matmul(x, w) + b
        with tf.name_scope("loss"):
            # 1 + exp(-y f) is as large as the point is wrong; the log makes it nearly linear.
            loss = tf.reduce_mean(tf.log(1.0 + tf.exp(-y * f)))
        with tf.name_scope("accuracy"):
            accuracy = tf.reduce_mean(tf.cast(y * f > 0.0, tf.float32))
        train = tf.train.GradientDescentOptimizer(args.learning_rate).minimize(loss)

        tf.summary.scalar("test_loss", loss)
        tf.summary.scalar("test_accuracy", accuracy)
        tf.summary.histogram("probability", tf.sigmoid(f))
        tf.summary.histogram("weights", w)
        summaries = tf.summary.merge_all()

        # 3. The training, and what it leaves behind.
        learn = {x: points[:half], y: labels[:half]}
        test = {x: points[half:], y: labels[half:]}
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            for epoch in range(args.epochs):
                sess.run(train, feed_dict=learn)
                if epoch % 10 == 0:
                    writer.add_summary(sess.run(summaries, feed_dict=test), epoch)
                if epoch % args.display_step == 0:
                    now, right = sess.run([loss, accuracy], feed_dict=test)
                    print(f"Epoch: {epoch + 1:04d} loss= {now:.6f} accuracy= {right:.4f}")
            now, right = sess.run([loss, accuracy], feed_dict=test)
            print(f"Finished. loss= {now:.6f} accuracy= {right:.4f}")
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return float(now), float(right)


if __name__ == "__main__":
    main()
