"""A linear support vector machine: the widest street between two clouds, with the hinge loss.

Each point x has a label y, -1 or +1. The loss of a point is max(0, 1 - y (x w + b)): nothing for
a point on its own side of the street, more the further it lies inside or beyond. The street is
2 / |w| wide, so a small penalty on |w| squared makes it as wide as the points allow; the points on
its edges are the support vectors. Points are drawn here, so it needs no data. Watch it:

    dashboard serve logs
"""

import argparse
from pathlib import Path

import numpy as np

import engine as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--logdir", default="logs/linear_svm", help="the run's directory")
parser.add_argument("--points", type=int, default=200)
parser.add_argument("--epochs", type=int, default=1000)
parser.add_argument("--learning-rate", type=float, default=0.1)
parser.add_argument("--penalty", type=float, default=0.01, help="what |w| squared costs")
parser.add_argument("--display-step", type=int, default=200)


def two_clouds(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points as float32 [count, 2] and labels of -1 or 1 as float32 [count, 1], well apart."""
    draw = np.random.default_rng(seed)
    labels = np.where(np.arange(count) % 2, 1.0, -1.0)[:, np.newaxis]
    points = draw.uniform(-1.0, 1.0, size=(count, 2)) + labels * [1.5, 0.0]
    return points.astype(np.float32), labels.astype(np.float32)


def main(argv: list[str] | None = None) -> tuple[float, float]:
    """Train, print and log; gives the accuracy and the width of the street."""
    args = parser.parse_args(argv)

    # 1. The data: the left cloud is -1, the right one +1, with a street of width 1 between.
    points, labels = two_clouds(args.points)

    with tf.Graph().as_default():
        # 2. The graph: the side of each point, the hinge, and the penalty.
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        y = tf.placeholder(tf.float32, [None, 1], name="y")
        w = tf.Variable(tf.zeros([2, 1]), name="weights")
        b = tf.Variable(0.0, name="bias")
        margin = y * (tf.matmul(x, w) + b)
        with tf.name_scope("loss"):
            hinge = tf.reduce_mean(tf.maximum(0.0, 1.0 - margin))
            loss = hinge + args.penalty * tf.reduce_sum(tf.square(w))
        with tf.name_scope("street"):
            width = 2.0 / tf.sqrt(tf.reduce_sum(tf.square(w)))
            # Numbers are not exact, so a support vector is one within a hundredth of the edge.
            support = tf.reduce_sum(tf.cast(margin <= 1.01, tf.float32))
        accuracy = tf.reduce_mean(tf.cast(margin > 0.0, tf.float32))
        # Steps that grow smaller: the hinge has an edge, around which constant ones jump.
        rate = tf.placeholder(tf.float32, [], name="rate")
        train = tf.train.GradientDescentOptimizer(rate).minimize(loss)

        tf.summary.scalar("hinge", hinge)
        tf.summary.scalar("loss", loss)
        tf.summary.scalar("width", width)
        tf.summary.scalar("support_vectors", support)
        tf.summary.histogram("margin", margin)
        summaries = tf.summary.merge_all()

        # 3. The training, and what it leaves behind.
        data = {x: points, y: labels}
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            for epoch in range(args.epochs):
                step = args.learning_rate / (1.0 + epoch / 200)
                sess.run(train, feed_dict={**data, rate: step})
                if epoch % 10 == 0:
                    writer.add_summary(sess.run(summaries, feed_dict=data), epoch)
                if epoch % args.display_step == 0:
                    now, wide = sess.run([loss, width], feed_dict=data)
                    print(f"Epoch: {epoch + 1:04d} loss= {now:.6f} width= {wide:.4f}")
            right, wide, count = sess.run([accuracy, width, support], feed_dict=data)
            print(f"Finished. accuracy= {right:.4f} width= {wide:.4f} support vectors= {count:.0f}")
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return float(right), float(wide)


if __name__ == "__main__":
    main()
