"""A generative adversarial network in one dimension: a generator learns to draw as the data does.

Two networks of tf.layers in variable scopes of their own, the discriminator applied twice with the
same variables, and an optimizer for each over the variables of its scope:

    python examples/gan.py
"""

import argparse
from pathlib import Path

import numpy as np

import engine as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--logdir", default="logs/gan", help="the run's directory")
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--learning-rate", type=float, default=0.001)

MEAN, DEVIATION = 4.0, 0.5
"""What the data is drawn from: a normal distribution."""


def generator(noise: tf.Tensor) -> tf.Tensor:
    """Samples [n, 1] made of noise [n, 1]."""
    with tf.variable_scope("generator"):
        h = tf.layers.dense(noise, 16, activation=tf.nn.softplus, name="hidden")
        return tf.layers.dense(h, 1, name="samples")


def discriminator(samples: tf.Tensor, reuse: bool) -> tf.Tensor:
    """How real samples look: positive for yes, [n, 1]."""
    with tf.variable_scope("discriminator", reuse=reuse):
        h = tf.layers.dense(samples, 32, activation=tf.nn.leaky_relu, name="first")
        h = tf.layers.dense(h, 32, activation=tf.nn.leaky_relu, name="second")
        return tf.layers.dense(h, 1, name="score")


def main(argv: list[str] | None = None) -> tuple[float, float]:
    """Train, print and log; gives mean and deviation of what the generator draws at the end."""
    args = parser.parse_args(argv)
    with tf.Graph().as_default():
        tf.set_random_seed(2)
        real = tf.placeholder(tf.float32, [None, 1], name="real")
        noise = tf.placeholder(tf.float32, [None, 1], name="noise")
        made = generator(noise)
        on_real, on_made = discriminator(real, reuse=False), discriminator(made, reuse=True)
        # The generator wants the discriminator to take what it makes for real.
        for_real = tf.losses.sigmoid_cross_entropy(tf.ones_like(on_real), on_real)
        for_made = tf.losses.sigmoid_cross_entropy(tf.zeros_like(on_made), on_made)
        judge_loss = for_real + for_made
        forge_loss = tf.losses.sigmoid_cross_entropy(tf.ones_like(on_made), on_made)

        def optimizer() -> tf.train.AdamOptimizer:
            return tf.train.AdamOptimizer(args.learning_rate, beta1=0.5)

        def variables(scope: str) -> list[tf.Variable]:
            return tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope)

        judge = optimizer().minimize(judge_loss, var_list=variables("discriminator"))
        forge = optimizer().minimize(forge_loss, var_list=variables("generator"))
        logged = tf.summary.merge(
            [
                tf.summary.scalar("discriminator_loss", judge_loss),
                tf.summary.scalar("generator_loss", forge_loss),
                tf.summary.histogram("samples", made),
            ]
        )

        draw = np.random.default_rng(1)
        shape = (args.batch_size, 1)
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            for step in range(args.steps):
                batch = {real: draw.normal(MEAN, DEVIATION, shape), noise: draw.normal(size=shape)}
                sess.run(judge, batch)
                sess.run(forge, {noise: draw.normal(size=shape)})
                if step % 100 == 0:
                    writer.add_summary(sess.run(logged, batch), step)
            samples = sess.run(made, {noise: draw.normal(size=(5000, 1))})
            found = float(samples.mean()), float(samples.std())
            print(f"data: mean {MEAN}, deviation {DEVIATION}")
            print(f"made: mean {found[0]:.2f}, deviation {found[1]:.2f}")
            print(f"Now: dashboard serve {Path(args.logdir).parent}")
            return found


if __name__ == "__main__":
    main()
