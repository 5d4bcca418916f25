"""`dashboard demo`: real models train while the page is open.

The lecture's linear regression on all four columns of the Advertising table, a softmax classifier
on a slice of MNIST, and a small sweep of it, all with the engine, each in its own run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

import engine as tf
from dashboard.playground.data_sets import Advertising, Digits, advertising, digits
from summaries import Image, init

Training = Iterator[None]
"""A training that goes on by one step each time it is asked for the next."""

SWEEP = tuple(
    (optimizer, learning_rate)
    for optimizer, rates in (("gradient-descent", (0.5, 0.1, 0.02)), ("adam", (0.02, 0.005, 0.001)))
    for learning_rate in rates
)


def _optimizer(name: str, learning_rate: float) -> tf.train.Optimizer:
    if name == "adam":
        return tf.train.AdamOptimizer(learning_rate)
    return tf.train.GradientDescentOptimizer(learning_rate)


def linear_regression(
    logdir: Path, data: Advertising, optimizer: str, learning_rate: float, steps: int
) -> Training:
    """Sales from the three budgets, logged by summary ops and a FileWriter, graph included."""
    budgets = (data.budgets - data.budgets.mean(0)) / data.budgets.std(0)
    graph = tf.Graph()
    with graph.as_default():
        with tf.name_scope("input"):
            x = tf.placeholder(tf.float32, [None, 3], name="budgets")
            y = tf.placeholder(tf.float32, [None, 1], name="sales")
        with tf.name_scope("model"):
            weights = tf.Variable(tf.zeros([3, 1]), name="weights")
            bias = tf.Variable(tf.zeros([1]), name="bias")
            prediction = tf.matmul(x, weights) + bias
        with tf.name_scope("cost"):
            error = prediction - y
            cost = tf.reduce_mean(tf.square(error)) / 2.0
        with tf.name_scope("train"):
            train = _optimizer(optimizer, learning_rate).minimize(cost)
        tf.summary.scalar("advertising/cost", cost)
        for row, medium in enumerate(("tv", "radio", "newspaper")):
            tf.summary.scalar(f"advertising/{medium}", tf.reduce_sum(tf.gather(weights, [row])))
        tf.summary.scalar("advertising/bias", tf.reduce_sum(bias))
        merged = tf.summary.merge_all()
        residuals = tf.summary.histogram("advertising/residuals", error)
        initialize = tf.global_variables_initializer()
    feed = {x: budgets, y: data.sales}
    # No default graph or session: other trainings run between two steps of this one.
    with (
        closing(tf.Session(graph=graph)) as session,
        closing(tf.summary.FileWriter(str(logdir / "advertising" / optimizer), graph)) as writer,
    ):
        session.run(initialize)
        for step in range(steps):
            _, summary = session.run([train, merged], feed)
            writer.add_summary(summary, step)
            if step % 10 == 0:
                writer.add_summary(session.run(residuals, feed), step)
            yield


def softmax_classifier(
    logdir: Path, data: Digits, optimizer: str, learning_rate: float, steps: int, seed: int = 0
) -> Training:
    """Which digit a picture shows, logged with ``run.log``: loss, accuracy, what weights see."""
    graph = tf.Graph()
    with graph.as_default():
        with tf.name_scope("input"):
            x = tf.placeholder(tf.float32, [None, 784], name="pixels")
            y = tf.placeholder(tf.float32, [None, 10], name="digits")
        with tf.name_scope("softmax"):
            weights = tf.Variable(tf.zeros([784, 10]), name="weights")
            bias = tf.Variable(tf.zeros([10]), name="bias")
            logits = tf.matmul(x, weights) + bias
        with tf.name_scope("loss"):
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
        with tf.name_scope("train"):
            trainer = _optimizer(optimizer, learning_rate)
            gradients = trainer.compute_gradients(loss)
            train = trainer.apply_gradients(gradients)
            slope = tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(g)) for g, _ in gradients]))
        with tf.name_scope("accuracy"):
            hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
            accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
        initialize = tf.global_variables_initializer()
    order = np.random.default_rng(seed)
    config = {"optimizer": optimizer, "learning_rate": learning_rate, "batch": 100}
    name = f"mnist/{optimizer}/lr={learning_rate:g}"
    test = {x: data.test_images, y: data.test_labels}
    with closing(tf.Session(graph=graph)) as session, init(logdir, name, config) as run:
        run.log_graph(graph)
        session.run(initialize)
        for step in range(steps):
            rows = order.integers(0, len(data.train_images), 100)
            batch = {x: data.train_images[rows], y: data.train_labels[rows]}
            _, now, hit, norm = session.run([train, loss, accuracy, slope], batch)
            run.log({"train": {"loss": now, "accuracy": hit, "gradient_norm": norm}}, step)
            if step % 10 == 0 or step == steps - 1:
                test_loss, test_accuracy = session.run([loss, accuracy], test)
                gap = test_loss - now
                run.log({"test": {"loss": test_loss, "accuracy": test_accuracy, "gap": gap}}, step)
            if step % 20 == 0:
                seen, offsets = session.run([weights, bias])
                run.log({"softmax/weights": seen, "softmax/bias": offsets}, step)
            if step % 100 == 0:
                run.log({"softmax/templates": Image(_templates(seen))}, step)
            yield


def _templates(weights: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> object:
    """What each of the ten outputs looks for, side by side; float32 [28, 280], 0 to 1."""
    tiles = weights.T.reshape(10, 28, 28)
    largest = max(float(np.abs(tiles).max()), 1e-6)
    return np.concatenate(list(tiles), axis=1) / (2.0 * largest) + 0.5


def trainings(logdir: Path, steps: int) -> list[Training]:
    """Every training of the demo, the first ones first to start."""
    table, pictures = advertising(), digits()
    return [
        linear_regression(logdir, table, "adam", 0.1, steps),
        softmax_classifier(logdir, pictures, *SWEEP[0], steps),
        linear_regression(logdir, table, "gradient-descent", 0.05, steps),
        *(softmax_classifier(logdir, pictures, *member, steps) for member in SWEEP[1:]),
    ]


def train_all(logdir: Path, steps: int, steps_per_s: float) -> None:
    """Train all side by side, a new one joining every second, at a pace an eye can follow."""
    waiting = trainings(logdir, steps)
    running: list[Training] = []
    started = time.monotonic()
    rounds = 0
    while waiting or running:
        if waiting and (not running or rounds >= len(running) * steps_per_s):
            running.append(waiting.pop(0))
        running = [training for training in running if next(training, StopIteration) is None]
        rounds += 1
        time.sleep(max(0.0, started + rounds / steps_per_s - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logdir", type=Path)
    parser.add_argument("--steps", type=int, default=1200, help="of each training")
    parser.add_argument("--steps-per-s", type=float, default=25.0)
    arguments = parser.parse_args()
    train_all(arguments.logdir, arguments.steps, arguments.steps_per_s)


if __name__ == "__main__":
    main()
