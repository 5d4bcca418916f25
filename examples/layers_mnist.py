"""A convolutional network on MNIST with tf.layers: convolutions, batch normalization, dropout.

Give the folder with the four gzipped IDX files of MNIST; nothing is downloaded. Without it the
5,000 digits that travel with trainboard are used:

    python examples/layers_mnist.py --data path/to/mnist
"""

import argparse
import gzip
from pathlib import Path

import numpy as np

import engine as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", type=Path, help="folder with the four .gz files of MNIST")
parser.add_argument("--logdir", default="logs/layers_mnist", help="the run's directory")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--images", type=int, default=10_000, help="how many of them to train with")
parser.add_argument("--batch-size", type=int, default=25)
parser.add_argument("--learning-rate", type=float, default=0.001)


def read_idx(path: Path) -> np.ndarray:
    """The array in a gzipped IDX file: uint8 [count] or [count, rows, columns]."""
    with gzip.open(path) as file:
        content = file.read()
    axes = content[3]
    sizes = np.frombuffer(content, ">i4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def load(folder: Path | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images [n, 28, 28, 1] in 0..1 and labels int32 [n]; those of the test."""
    if folder is None:
        from dashboard.playground.data_sets import digits

        d = digits()
        parts = [d.train_images, d.train_labels.argmax(1), d.test_images, d.test_labels.argmax(1)]
    else:
        names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
        try:
            parts = [read_idx(folder / f"{name}-ubyte.gz") for name in names]
        except FileNotFoundError as error:
            parser.error(f"--data {folder}: there is no {Path(error.filename).name} in it")
        parts = [parts[0] / 255, parts[1], parts[2] / 255, parts[3]]
    for i in (0, 2):
        parts[i] = parts[i].reshape(-1, 28, 28, 1).astype(np.float32)
        parts[i + 1] = parts[i + 1].astype(np.int32)
    return parts[0], parts[1], parts[2], parts[3]


def network(x: tf.Tensor, training: tf.Tensor) -> tf.Tensor:
    """The scores of the ten digits, [n, 10]."""
    with tf.variable_scope("network"):
        h = tf.layers.conv2d(x, 16, 5, padding="same", use_bias=False)
        h = tf.nn.relu(tf.layers.batch_normalization(h, momentum=0.9, training=training))
        h = tf.layers.max_pooling2d(h, 2, 2)
        h = tf.layers.conv2d(h, 32, 5, padding="same", activation=tf.nn.relu)
        h = tf.layers.max_pooling2d(h, 2, 2)
        h = tf.layers.dense(tf.layers.flatten(h), 128, activation=tf.nn.relu)
        h = tf.layers.dropout(h, 0.25, training=training)
        return tf.layers.dense(h, 10, name="scores")


def main(argv: list[str] | None = None) -> float:
    """Train, print and log; gives the accuracy on the test images."""
    args = parser.parse_args(argv)
    images, labels, test_images, test_labels = load(args.data)
    images, labels = images[: args.images], labels[: args.images]

    with tf.Graph().as_default():
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 28, 28, 1], name="x")
        y = tf.placeholder(tf.int32, [None], name="y")
        training = tf.placeholder_with_default(False, [], name="training")
        logits = network(x, training)
        loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
        accuracy, count = tf.metrics.accuracy(y, tf.argmax(logits, 1))
        step = tf.train.get_or_create_global_step()
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train = tf.train.AdamOptimizer(args.learning_rate).minimize(loss, step)
        logged_loss = tf.summary.scalar("batch_loss", loss)
        logged_accuracy = tf.summary.scalar("test_accuracy", accuracy)

        order = np.random.default_rng(1)
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            for epoch in range(args.epochs):
                shuffled = order.permutation(len(images))
                for start in range(0, len(images) - args.batch_size + 1, args.batch_size):
                    rows = shuffled[start : start + args.batch_size]
                    batch = {x: images[rows], y: labels[rows], training: True}
                    _, now, logged = sess.run([train, step, logged_loss], batch)
                    writer.add_summary(logged, now)
                sess.run(tf.local_variables_initializer())
                for start in range(0, len(test_images), 500):
                    part = slice(start, start + 500)
                    sess.run(count, {x: test_images[part], y: test_labels[part]})
                reached, logged = sess.run([accuracy, logged_accuracy])
                writer.add_summary(logged, now)
                print(f"Epoch: {epoch + 1:02d} accuracy= {reached:.4f}")
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return float(reached)


if __name__ == "__main__":
    main()
