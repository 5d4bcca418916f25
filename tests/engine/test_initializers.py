"""Initializers: their numbers, their settings, both eras' names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(7)
        yield graph


def value(tensor: Any) -> Any:
    with tf.Session() as sess:
        return sess.run(tensor)


@pytest.mark.parametrize(
    ("initializer", "shape", "expected"),
    [
        (tf.zeros_initializer(), [2, 2], [[0, 0], [0, 0]]),
        (tf.ones_initializer(tf.int32), [3], [1, 1, 1]),
        (tf.constant_initializer(2.5), [2], [2.5, 2.5]),
        (tf.constant_initializer([1.0, 2.0, 3.0, 4.0]), [2, 2], [[1, 2], [3, 4]]),
        (tf.initializers.identity(3.0), [2, 3], [[3, 0, 0], [0, 3, 0]]),
    ],
)
def test_fixed_values(initializer: Any, shape: list[int], expected: Any) -> None:
    tensor = initializer(shape)
    assert tensor.get_shape().as_list() == shape
    assert value(tensor).tolist() == expected


def test_the_call_may_choose_the_dtype() -> None:
    assert tf.zeros_initializer()([2], dtype=tf.int64).dtype is tf.int64
    assert tf.random_normal_initializer(dtype=tf.float64)([2]).dtype is tf.float64
    assert tf.initializers.he_normal()([2, 2], dtype=tf.float64).dtype is tf.float64


# Each limit or deviation worked out from the paper's formula for a kernel [5, 5, 3, 64].
KERNEL = [5, 5, 3, 64]


@pytest.mark.parametrize(
    ("initializer", "limit"),
    [
        (tf.glorot_uniform_initializer(), math.sqrt(6 / (75 + 1600))),
        (tf.initializers.he_uniform(), math.sqrt(6 / 75)),
        (tf.initializers.lecun_uniform(), math.sqrt(3 / 75)),
        (tf.uniform_unit_scaling_initializer(1.43), 1.43 * math.sqrt(3 / 75)),
        (tf.variance_scaling_initializer(2.0, "fan_out", "uniform"), math.sqrt(6 / 1600)),
        (tf.random_uniform_initializer(-0.5, 0.5), 0.5),
    ],
)
def test_uniform_numbers_fill_their_limits(initializer: Any, limit: float) -> None:
    drawn = value(initializer(KERNEL))
    assert np.abs(drawn).max() <= limit
    assert np.abs(drawn).max() > 0.99 * limit
    assert abs(drawn.mean()) < 0.05 * limit


@pytest.mark.parametrize(
    ("initializer", "deviation", "cut"),
    [
        (tf.glorot_normal_initializer(), math.sqrt(2 / (75 + 1600)), True),
        (tf.initializers.he_normal(), math.sqrt(2 / 75), True),
        (tf.initializers.lecun_normal(), math.sqrt(1 / 75), True),
        (tf.variance_scaling_initializer(), math.sqrt(1 / 75), True),
        (tf.variance_scaling_initializer(3.0, "fan_avg", "normal"), math.sqrt(6 / 1675), True),
        (
            tf.variance_scaling_initializer(distribution="untruncated_normal"),
            math.sqrt(1 / 75),
            False,
        ),
        (tf.random_normal_initializer(0.0, 0.1), 0.1, False),
    ],
)
def test_normal_numbers_have_their_deviation(initializer: Any, deviation: float, cut: bool) -> None:
    drawn = value(initializer(KERNEL))
    assert drawn.std() == pytest.approx(deviation, rel=0.05)
    # The truncated normal is widened so that its deviation after the cut is the wanted one.
    assert bool(np.abs(drawn).max() <= 2 * deviation / 0.8796) is cut


@pytest.mark.parametrize("shape", [[6, 4], [4, 6], [2, 3, 4]])
def test_orthogonal_rows_or_columns(shape: list[int]) -> None:
    drawn = value(tf.orthogonal_initializer(gain=2.0)(shape)).reshape(-1, shape[-1])
    small = drawn @ drawn.T if drawn.shape[0] < drawn.shape[1] else drawn.T @ drawn
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-5)


def test_a_seed_repeats_the_numbers_in_every_session() -> None:
    for kind in (tf.orthogonal_initializer, tf.glorot_normal_initializer):
        tensor = kind(seed=3)([3, 3])
        assert value(tensor).tolist() == value(tensor).tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.variance_scaling_initializer(scale=0.0), "`scale` must be positive"),
        (lambda: tf.variance_scaling_initializer(mode="fan"), "Invalid `mode` argument: 'fan'"),
        (
            lambda: tf.variance_scaling_initializer(distribution="flat"),
            "Invalid `distribution` argument: 'flat'",
        ),
        (lambda: tf.orthogonal_initializer()([3]), "must be at least two-dimensional"),
        (lambda: tf.initializers.identity()([2, 2, 2]), "only be used for 2D matrices"),
        (lambda: tf.constant_initializer([1.0, 2.0], verify_shape=True)([3]), "shape"),
    ],
)
def test_what_makes_no_initial_value_is_refused(make: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


@pytest.mark.parametrize(
    ("initializer", "config"),
    [
        (tf.zeros_initializer(tf.int32), {"dtype": "int32"}),
        (tf.constant_initializer(3.0), {"value": 3.0, "dtype": "float32"}),
        (
            tf.random_uniform_initializer(0, 2, 5),
            {"minval": 0, "maxval": 2, "seed": 5, "dtype": "float32"},
        ),
        (tf.glorot_uniform_initializer(4), {"seed": 4, "dtype": "float32"}),
        (
            tf.initializers.he_normal(),
            {
                "scale": 2.0,
                "mode": "fan_in",
                "distribution": "truncated_normal",
                "seed": None,
                "dtype": "float32",
            },
        ),
    ],
)
def test_settings_go_out_and_come_back(initializer: Any, config: dict[str, Any]) -> None:
    assert initializer.get_config() == config
    again = type(initializer).from_config(config)
    assert again.get_config() == config


def test_the_namespace_has_the_short_names() -> None:
    short = tf.initializers
    assert short.zeros is tf.zeros_initializer
    assert short.variance_scaling is tf.variance_scaling_initializer
    assert short.truncated_normal is tf.truncated_normal_initializer
    v = tf.Variable(1.0)
    with tf.Session() as sess:
        sess.run([short.global_variables(), tf.tables_initializer()])
        assert sess.run(v) == 1.0


def test_a_variable_names_the_operations_of_its_initializer() -> None:
    v = tf.get_variable("w", [2, 3])
    b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
    assert v.initial_value.op.name.startswith("w/Initializer/random_uniform")
    assert b.initial_value.op.name == "b/Initializer/zeros"
