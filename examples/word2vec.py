"""Word vectors by skip-gram: words that stand in the same company get vectors that are close.

The text is made here, of sentences about animals, fruits and cities. Each word has to tell its
neighbours from words drawn at random (noise-contrastive estimation), so that a step costs a few
rows of the tables, however many words there are. Watch it while it trains:

    dashboard serve logs
"""

import argparse
from pathlib import Path

import numpy as np

import engine as tf

GROUPS = {
    "animal": ["dog", "cat", "horse", "cow", "sheep", "goat", "donkey", "hen"],
    "fruit": ["apple", "pear", "plum", "cherry", "lemon", "grape", "peach", "fig"],
    "city": ["paris", "london", "rome", "madrid", "berlin", "vienna", "oslo", "lisbon"],
}
SENTENCES = [
    "the {animal} sleeps in the warm barn and wakes at dawn",
    "our {animal} ran across the field to the water",
    "the farmer feeds the {animal} hay and strokes it",
    "she peels a ripe {fruit} and bakes a sweet pie",
    "the basket holds a juicy {fruit} from the garden",
    "he drinks the cold juice of one {fruit} every morning",
    "the night train to {city} leaves the station late",
    "they stayed a week in {city} and saw the museum",
    "the mayor of {city} opened a new bridge yesterday",
]

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--logdir", default="logs/word2vec", help="the run's directory")
parser.add_argument("--steps", type=int, default=2000)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--embedding-size", type=int, default=24)
parser.add_argument("--window", type=int, default=3, help="neighbours on each side")
parser.add_argument("--num-sampled", type=int, default=16, help="words drawn against each batch")
parser.add_argument("--learning-rate", type=float, default=2.0)


def make_text(sentences: int, rng: np.random.Generator) -> list[list[str]]:
    """Sentences as lists of words."""
    text = []
    for _ in range(sentences):
        words = {group: rng.choice(members) for group, members in GROUPS.items()}
        text.append(str(rng.choice(SENTENCES)).format(**words).split())
    return text


def skip_grams(text: list[list[int]], window: int) -> np.ndarray:
    """Pairs of a word and one of its neighbours, int [pairs, 2]."""
    return np.array(
        [
            (word, sentence[other])
            for sentence in text
            for place, word in enumerate(sentence)
            for other in range(max(0, place - window), min(len(sentence), place + window + 1))
            if other != place
        ]
    )


def main(argv: list[str] | None = None) -> float:
    """Train, print and log; the share of nearest neighbours that are of the word's own group."""
    args = parser.parse_args(argv)
    rng = np.random.default_rng(0)

    # 1. The data: words numbered from frequent to rare, as the sampler expects it.
    text = make_text(1200, rng)
    words, counts = np.unique([word for sentence in text for word in sentence], return_counts=True)
    vocabulary = list(words[np.argsort(-counts)])
    number = {word: i for i, word in enumerate(vocabulary)}
    pairs = skip_grams([[number[word] for word in sentence] for sentence in text], args.window)

    with tf.Graph().as_default():
        tf.set_random_seed(1)
        # 2. The graph: a table of vectors, one of outputs, and the loss on a few rows of them.
        train_inputs = tf.placeholder(tf.int32, [args.batch_size], name="words")
        train_labels = tf.placeholder(tf.int32, [args.batch_size, 1], name="neighbours")
        size, width = len(vocabulary), args.embedding_size
        embeddings = tf.Variable(tf.random_uniform([size, width], -1.0, 1.0), name="embeddings")
        nce_weights = tf.Variable(tf.truncated_normal([size, width], stddev=width**-0.5))
        nce_biases = tf.Variable(tf.zeros([size]))
        embed = tf.nn.embedding_lookup(embeddings, train_inputs)
        loss = tf.reduce_mean(
            tf.nn.nce_loss(
                weights=nce_weights, biases=nce_biases, labels=train_labels, inputs=embed,
                num_sampled=args.num_sampled, num_classes=size,
            )
        )  # fmt: skip
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(args.learning_rate, step, args.steps, 0.05)
        train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)

        lengths = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
        directions = embeddings / lengths
        similarity = tf.matmul(directions, directions, transpose_b=True)

        tf.summary.scalar("loss", loss)
        tf.summary.scalar("learning_rate", rate)
        summaries = tf.summary.merge_all()

        # 3. The training, and which words ended up beside each other.
        with tf.Session() as sess, tf.summary.FileWriter(args.logdir, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            total = 0.0
            for i in range(1, args.steps + 1):
                batch = pairs[rng.integers(0, len(pairs), args.batch_size)]
                feed = {train_inputs: batch[:, 0], train_labels: batch[:, 1:]}
                _, value = sess.run([train, loss], feed_dict=feed)
                total += value
                if i % 100 == 0:
                    writer.add_summary(sess.run(summaries, feed_dict=feed), i)
                if i % 500 == 0:
                    print(f"Step: {i:05d} loss= {total / 500:.4f}")
                    total = 0.0
            close = similarity.eval()
        print(f"Now: dashboard serve {Path(args.logdir).parent}")
    return share_of_own_group(close, number)


def share_of_own_group(similarity: np.ndarray, number: dict[str, int]) -> float:
    """The share of the three nearest words of each group's words that are of that group."""
    vocabulary = list(number)
    own = []
    for members in GROUPS.values():
        for word in members:
            nearest = [vocabulary[i] for i in np.argsort(-similarity[number[word]])[1:4]]
            own += [other in members for other in nearest]
            print(f"{word:>8}: {', '.join(nearest)}")
    return float(np.mean(own))


if __name__ == "__main__":
    main()
