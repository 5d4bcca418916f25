"""Linear regression of sales on the TV budget: y = W x + b, fitted by Adam.

The data are 200 markets from "An Introduction to Statistical Learning". Watch it while it trains:

    dashboard serve logs
"""

import argparse
from pathlib import Path

import numpy as np

import engine as tf

DATA = Path(__file__).parent.parent / "dashboard" / "playground" / "data" / "Advertising.csv"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", type=Path, default=DATA, help="Advertising.csv")
parser.add_argument("--logdir", default="logs/linear_regression", help="the run's directory")
parser.add_argument("--epochs", type=int, default=1000)
parser.add_argument("--learning-rate", type=float, default=0.1)
parser.add_argument("--display-step", type=int, default=100)


def main(argv: list[str] | None = None) -> tuple[float, float, float]:
    """Train, print and log; gives W, b and half the mean squared error."""
    args = parser.parse_args(argv)

    # 1. The data: a column of budgets and a column of sales.
    table = np.genfromtxt(args.data, delimiter=",", names=True)
    train_X = table["TV"][:, np.newaxis]
    train_Y = table["Sales"][:, np.newaxis]
    n_samples = len(train_X)

    with tf.Graph().as_default():
        # 2. The graph: inputs, a line, how wrong it is, and what makes it less wrong.
        X = tf.placeholder("float", [None, 1], name="X")
        Y = tf.placeholder("float", [None, 1], name="Y")
        W = tf.Variable(0.1, name="weight")
        b = tf.Variable(0.0, name="bias")
        prediction = tf.add(tf.mul(X, W), b)
        with tf.name_scope("cost"):
            errors = prediction - Y
            cost = tf.reduce_sum(tf.pow(errors, 2)) / (2 * n_samples)
        optimizer = tf.train.AdamOptimizer(args.learning_rate).minimize(cost)

        tf.summary.scalar("half_mse", cost)
        tf.summary.scalar("W", W)
        tf.summary.scalar("b", b)
        tf.summary.histogram("errors", errors)
        tf.summary.histogram("prediction", prediction)
        summaries = tf.summary.merge_all()
        init = tf.global_variables_initializer()

        # 3. The training, and what it leaves behind.
        data = {X: train_X, Y: train_Y}
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(init)
            for epoch in range(args.epochs):
                sess.run(optimizer, feed_dict=data)
                if epoch % 10 == 0:
                    writer.add_summary(sess.run(summaries, feed_dict=data), epoch)
                if epoch % args.display_step == 0:
                    c, w_now, b_now = sess.run([cost, W, b], feed_dict=data)
                    print(f"Epoch: {epoch + 1:04d} cost= {c:.9f} W= {w_now:.6g} b= {b_now:.6g}")
            c, w_now, b_now = sess.run([cost, W, b], feed_dict=data)
            print(f"Finished. cost= {c:.7g} W= {w_now:.6g} b= {b_now:.6g}")
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return float(w_now), float(b_now), float(c)


if __name__ == "__main__":
    main()
