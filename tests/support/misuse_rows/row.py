"""What a row of the misuse suite is, and the lines that scripts share."""

from __future__ import annotations

from dataclasses import dataclass

Error = type[Exception]


@dataclass(frozen=True)
class Row:
    """A script of a beginner and what it must be told; ``#!`` marks the line to be named."""

    name: str
    script: str
    error: Error
    phrase: str
    own: bool = True
    """Whether the message is ours: else it is Python's own, whose traceback shows the line."""

    @property
    def line(self) -> int:
        lines = self.script.split("\n")
        marked = [number for number, line in enumerate(lines, 1) if line.endswith("#!")]
        return marked[0] if marked else len(lines)


def row(name: str, error: Error, phrase: str, *lines: str, own: bool = True) -> Row:
    return Row(name, "\n".join(lines), error, phrase, own)


X = 'x = tf.placeholder(tf.float32, [None, 3], name="x")'
ANY = 'x = tf.placeholder(tf.float32, name="x")'
W = 'w = tf.Variable([1.0, 2.0], name="w")'
MATRIX = "x = tf.zeros([2, 3])"
SGD = "tf.train.GradientDescentOptimizer(0.1)"
