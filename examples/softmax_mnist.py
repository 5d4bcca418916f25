"""Softmax regression on MNIST in batches: one layer from 784 pixels to 10 digits.

Give the folder with the four gzipped IDX files of MNIST; nothing is downloaded. Without it the
5,000 digits that travel with trainboard are used, on which it reaches about 0.88:

    python examples/softmax_mnist.py --data path/to/mnist
"""

import argparse
import gzip
from pathlib import Path

import numpy as np

import engine as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", type=Path, help="folder with the four .gz files of MNIST")
parser.add_argument("--logdir", default="logs/softmax_mnist", help="the run's directory")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=100)
parser.add_argument("--learning-rate", type=float, default=0.5)


def read_idx(path: Path) -> np.ndarray:
    """The array in a gzipped IDX file: uint8 [count] or [count, rows, columns]."""
    with gzip.open(path) as file:
        content = file.read()
    axes = content[3]
    sizes = np.frombuffer(content, ">i4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def load(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images as float32 [n, 784] in 0..1, labels one-hot as float32 [n, 10]."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    flat = images.reshape(len(images), -1).astype(np.float32) / 255
    return flat, np.eye(10, dtype=np.float32)[labels]


def load_all(folder: Path | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels; a slice of them without a folder."""
    if folder is None:
        from dashboard.playground.data_sets import digits

        slice_ = digits()
        return slice_.train_images, slice_.train_labels, slice_.test_images, slice_.test_labels
    try:
        return *load(folder, "train"), *load(folder, "t10k")
    except FileNotFoundError as error:
        parser.error(f"--data {folder}: there is no {Path(error.filename).name} in it")


def main(argv: list[str] | None = None) -> float:
    """Train, print and log; gives the accuracy on the test images."""
    args = parser.parse_args(argv)
    images, labels, test_images, test_labels = load_all(args.data)

    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784], name="x")
        y = tf.placeholder(tf.float32, [None, 10], name="y")
        with tf.name_scope("softmax_layer"):
            W = tf.Variable(tf.zeros([784, 10]), name="weights")
            b = tf.Variable(tf.zeros([10]), name="biases")
            logits = tf.matmul(x, W) + b
        with tf.name_scope("loss"):
            rows = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)
            cost = tf.reduce_mean(rows)
        with tf.name_scope("accuracy"):
            hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
            accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
        train = tf.train.GradientDescentOptimizer(args.learning_rate).minimize(cost)

        during = tf.summary.merge([tf.summary.scalar("batch_loss", cost)])
        after = tf.summary.merge(
            [
                tf.summary.scalar("test_accuracy", accuracy),
                tf.summary.scalar("test_loss", cost),
                tf.summary.histogram("weights", W),
                tf.summary.histogram("biases", b),
            ]
        )

        order = np.random.default_rng(1)
        batches = len(images) // args.batch_size
        test = {x: test_images, y: test_labels}
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            for epoch in range(args.epochs):
                shuffled = order.permutation(len(images))
                total = 0.0
                for i in range(batches):
                    rows = shuffled[i * args.batch_size : (i + 1) * args.batch_size]
                    batch = {x: images[rows], y: labels[rows]}
                    _, loss, logged = sess.run([train, cost, during], feed_dict=batch)
                    total += loss
                    if i % 10 == 0:
                        writer.add_summary(logged, epoch * batches + i)
                reached, logged = sess.run([accuracy, after], feed_dict=test)
                writer.add_summary(logged, (epoch + 1) * batches)
                print(f"Epoch: {epoch + 1:02d} cost= {total / batches:.6f} accuracy= {reached:.4f}")
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return float(accuracy.eval(test))


if __name__ == "__main__":
    main()
