"""The code in docs/adding.md works as it stands there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

import engine as tf

GUIDE = Path(__file__).parent.parent.parent / "docs" / "adding.md"


def written(name: str) -> Any:
    """The object of that name made by the guide's Python blocks."""
    blocks = re.findall(
        r"^ *```python\n(.*?)^ *```", GUIDE.read_text(encoding="utf-8"), re.S | re.M
    )
    space: dict[str, Any] = {}
    for block in blocks:
        if name in block:
            exec(textwrap.dedent(block), space)
    return space[name]


def test_the_operation_of_the_guide() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float64, [2])
        y = written("cbrt")(x)
        assert y.op.name == "Cbrt"
        np.testing.assert_allclose(sess.run(y, {x: [8.0, 27.0]}), [2, 3])
        np.testing.assert_allclose(
            sess.run(tf.gradients(y, x)[0], {x: [8.0, 27.0]}), [1 / 12, 1 / 27]
        )


def test_the_operation_with_an_attribute_of_the_guide() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant([1.0, 2.0])
        y = written("shifted")(x, 0.5)
        assert y.op.get_attr("by") == 0.5
        assert [a.tolist() for a in sess.run([y, tf.gradients(y, x)[0]])] == [[1.5, 2.5], [1, 1]]


def test_the_optimizer_of_the_guide() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.Variable(np.array([1.0, -2.0]))
        optimizer = written("AdagradOptimizer")(0.5, initial_accumulator_value=0.0)
        train = optimizer.minimize(tf.reduce_sum(tf.square(w)))
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        np.testing.assert_allclose(sess.run(w), [0.5, -1.5])
