"""A counter: a variable that every run adds one to."""

import argparse
from pathlib import Path

import engine as tf

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--logdir", default="logs/counter", help="where to log the count and the graph")
parser.add_argument("--steps", type=int, default=3)


def main(argv: list[str] | None = None) -> int:
    args = parser.parse_args(argv)
    with tf.Graph().as_default():
        # A variable is a node of the graph; its number lives in the session.
        state = tf.Variable(0, name="counter")
        update = tf.assign(state, tf.add(state, tf.constant(1)))
        count = tf.scalar_summary("count", update)

        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            print(sess.run(state))
            with tf.train.SummaryWriter(args.logdir, sess.graph) as writer:
                for step in range(args.steps):
                    value, summary = sess.run([update, count])
                    writer.add_summary(summary, step)
                    print(value)
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return int(sess.run(state))


if __name__ == "__main__":
    main()
