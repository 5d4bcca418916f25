"""Random numbers: their definition by a counter, their moments, and when they repeat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf
from engine import drawing
from engine.drawing import Stream

WORD = 2**64


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture(params=["plan", "debug"])
def new_session(request: pytest.FixtureRequest) -> Any:
    return lambda: tf.Session(executor=request.param)


def philox(counter: int, key: tuple[int, int]) -> list[int]:
    """Philox4x64-10 as the paper gives it, in whole numbers."""
    words, (k0, k1) = [counter, 0, 0, 0], key
    for _ in range(10):
        high0, low0 = divmod(words[0] * 0xD2E7470EE14C6C93, WORD)
        high1, low1 = divmod(words[2] * 0xCA5A826395121157, WORD)
        words = [high1 ^ words[1] ^ k0, low1, high0 ^ words[3] ^ k1, low0]
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) % WORD, (k1 + 0xBB67AE8584CAA73B) % WORD
    return words


def test_words_are_the_blocks_of_philox_by_counter() -> None:
    stream = Stream((7, -3))
    key = (7, WORD - 3)
    want = [word for block in range(3) for word in philox(block + 1, key)]
    assert stream.words(4).tolist() == want[:4]
    assert stream.words(5).tolist() == want[4:9]
    assert stream.blocks == 3
    assert stream.words(1).tolist() == philox(4, key)[:1]


def test_halves_are_the_low_and_then_the_high_part_of_a_word() -> None:
    (word,) = Stream((1, 2)).words(1).tolist()
    assert Stream((1, 2)).halves(2).tolist() == [word % 2**32, word >> 32]


@pytest.mark.parametrize(("dtype", "bits"), [(np.float16, 11), (np.float32, 24), (np.float64, 53)])
def test_uniforms_are_the_top_bits(dtype: Any, bits: int) -> None:
    found = drawing.uniform(Stream((1, 2)), 5, dtype)
    if dtype is np.float64:
        want = [(word >> 11) / 2**53 for word in Stream((1, 2)).words(5).tolist()]
    else:
        want = [(half >> (32 - bits)) / 2**bits for half in Stream((1, 2)).halves(5).tolist()]
    assert found.dtype == dtype
    assert found.tolist() == want


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normals_are_pairs_by_box_and_muller(dtype: Any) -> None:
    n = 40001
    found = drawing.normal(Stream((1, 2)), n, dtype)
    uniforms = drawing.uniform(Stream((1, 2)), n + 1, dtype).astype(np.float64)
    step = 2.0**-24 if dtype is np.float32 else 2.0**-53
    length = np.sqrt(-2 * np.log(uniforms[:20001] + step))
    turn = 2 * np.pi * uniforms[20001:]
    want = np.concatenate([length * np.cos(turn), length * np.sin(turn)])[:n]
    tolerance = 5e-6 if dtype is np.float32 else 1e-13
    np.testing.assert_allclose(found, want, rtol=0, atol=tolerance)


def test_truncated_normals_invert_the_distribution_function() -> None:
    from math import erf, sqrt

    found = drawing.truncated_normal(Stream((1, 2)), 500, np.float64)
    uniforms = drawing.uniform(Stream((1, 2)), 500, np.float64)
    back = [(erf(x / sqrt(2)) / erf(sqrt(2)) + 1) / 2 for x in found.tolist()]
    np.testing.assert_allclose(back, uniforms, rtol=0, atol=1e-14)


def test_numbers_of_a_seed_stay_what_they_are() -> None:
    tf.set_random_seed(42)
    drawn = [
        tf.random_uniform([3], seed=1),
        tf.random_normal([3], seed=2),
        tf.truncated_normal([3], seed=3, dtype=tf.float64),
        tf.random_uniform([4], -5, 100, tf.int32, seed=4),
        tf.random_shuffle(tf.range(6), seed=5),
        tf.multinomial([[0.0, 1.0, 2.0]], 6, seed=6),
    ]
    found = tf.Session().run(drawn)
    np.testing.assert_allclose(found[0], [0.87004638, 0.44374686, 0.17185938], rtol=1e-6)
    np.testing.assert_allclose(found[1], [0.72907591, 0.71820295, -0.37177575], rtol=1e-5)
    np.testing.assert_allclose(
        found[2], [0.531773294804681, -1.3404553213841564, -0.25644974757458344], rtol=1e-12
    )
    assert found[3].tolist() == [84, 98, 40, -3]
    assert found[4].tolist() == [2, 3, 0, 1, 5, 4]
    assert found[5].tolist() == [[2, 2, 2, 1, 1, 2]]


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
def test_moments_are_those_of_the_distributions(dtype: Any) -> None:
    n = 40000
    drawn = [
        tf.random_normal([n], 3.0, 2.0, dtype, seed=1),
        tf.random_uniform([n], 2.0, 4.0, dtype, seed=2),
        tf.truncated_normal([n], dtype=dtype, seed=3),
        tf.random_gamma([n], 3.0, 2.0, dtype, seed=4),
        tf.random_gamma([n], 0.5, None, dtype, seed=5),
    ]
    found = [x.astype(np.float64) for x in tf.Session().run(drawn)]
    moments = [(3, 2), (3, 1 / np.sqrt(3)), (0, 0.8796), (1.5, np.sqrt(3) / 2), (0.5, np.sqrt(0.5))]
    for x, (mean, deviation) in zip(found, moments, strict=True):
        assert x.mean() == pytest.approx(mean, abs=0.04)
        assert x.std() == pytest.approx(deviation, rel=0.03)
    assert found[1].min() >= 2 and found[1].max() <= 4
    assert np.abs(found[2]).max() <= 2


@pytest.mark.parametrize("rate", [0.0, 0.5, 9.5, 10.0, 80.0])
def test_poisson_numbers_have_their_rate_as_mean_and_variance(rate: float) -> None:
    found = tf.Session().run(tf.random_poisson(rate, [20000], tf.float64, seed=3))
    assert found.mean() == pytest.approx(rate, rel=0.03)
    assert found.var() == pytest.approx(rate, rel=0.05)
    assert (found == np.floor(found)).all()


def test_distributions_take_a_parameter_for_each_place() -> None:
    gamma = tf.random_gamma([4], [[0.5], [3.0]], [1.0, 2.0, 4.0], seed=1)
    poisson = tf.random_poisson([1.0, 50.0], [4000], tf.int32, seed=1)
    assert gamma.get_shape().as_list() == [4, 2, 3]
    found = tf.Session().run([gamma, poisson])
    assert found[0].shape == (4, 2, 3)
    assert found[1].dtype == np.int32
    np.testing.assert_allclose(found[1].mean(0), [1, 50], rtol=0.05)


def test_parameters_out_of_range_give_nan_rather_than_hang() -> None:
    bad = tf.constant([-1.0, 0.0, np.inf, np.nan])
    gamma = tf.Session().run(tf.random_gamma([], bad, seed=1, dtype=tf.float32))
    assert np.isnan(gamma).all()
    poisson = tf.Session().run(tf.random_poisson([-1.0, np.inf, np.nan], [], seed=1))
    assert np.isnan(poisson).all()


def test_whole_numbers_cover_their_range_alone() -> None:
    x = tf.random_uniform([3000], -2, 3, tf.int32, seed=1)
    counts = np.bincount(tf.Session().run(x) + 2, minlength=5)
    assert len(counts) == 5
    assert counts.min() > 500
    wide = tf.random_uniform([50], tf.int64.min, tf.int64.max, tf.int64, seed=1)
    found = tf.Session().run(wide)
    assert found.min() < -(2**61) and found.max() > 2**61


def test_an_empty_range_of_whole_numbers_is_refused() -> None:
    x = tf.random_uniform([2], 3, tf.placeholder_with_default(3, []), tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Need minval < maxval, got 3 >= 3"):
        tf.Session().run(x)


def test_classes_follow_the_softmax_of_their_logits(new_session: Any) -> None:
    logits = np.log([[0.1, 0.2, 0.7], [0.5, 1e-30, 0.5]])
    found = new_session().run(tf.multinomial(logits, 20000, seed=1))
    shares = [np.bincount(row, minlength=3) / 20000 for row in found]
    np.testing.assert_allclose(shares, [[0.1, 0.2, 0.7], [0.5, 0, 0.5]], atol=0.02)
    impossible = new_session().run(tf.multinomial([[-np.inf, 0.0, np.nan]], 100))
    assert set(impossible.ravel().tolist()) == {1}


def test_many_classes_are_drawn_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = np.linspace(-1, 1, 60).reshape(3, 20)
    few = drawing.classes(Stream((1, 2)), logits, 50)
    monkeypatch.setattr(drawing, "_TABLE", 0)
    assert drawing.classes(Stream((1, 2)), logits, 50).tolist() == few.tolist()


def test_a_shuffle_keeps_every_row(new_session: Any) -> None:
    x = np.arange(20).reshape(10, 2)
    found = new_session().run(tf.random_shuffle(x, seed=1))
    assert found.tolist() != x.tolist()
    assert sorted(found.tolist()) == x.tolist()


def test_a_crop_is_a_part_of_the_value_and_moves(new_session: Any) -> None:
    x = np.arange(100).reshape(10, 10)
    crop = tf.random_crop(x, [3, 4], seed=1)
    assert crop.get_shape().as_list() == [3, 4]
    sess = new_session()
    corners = set()
    for _ in range(20):
        found = sess.run(crop)
        row, column = divmod(int(found[0, 0]), 10)
        assert found.tolist() == x[row : row + 3, column : column + 4].tolist()
        corners.add((row, column))
    assert len(corners) > 5
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected size\[0\] in \[0, 10\]"):
        sess.run(tf.random_crop(tf.placeholder_with_default(x, [None, 10]), [11, 4]))


def test_streams_repeat_in_each_session_and_advance_with_each_run(new_session: Any) -> None:
    tf.set_random_seed(5)
    x = [tf.random_normal([3]), tf.random_uniform([3]), tf.random_shuffle(tf.range(50))]
    runs = []
    for _ in range(2):
        with new_session() as sess:
            runs.append([np.concatenate(sess.run(x)).tolist() for _ in range(3)])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1] != runs[0][2]


def test_both_executors_draw_the_same_numbers() -> None:
    x = [
        tf.random_normal([5], seed=1),
        tf.random_gamma([5], 0.7, seed=2),
        tf.random_poisson(20.0, [5], seed=3),
        tf.truncated_normal([5], seed=4),
    ]
    plan, debug = tf.Session(), tf.Session(executor="debug")
    for _ in range(2):
        for a, b in zip(plan.run(x), debug.run(x), strict=True):
            assert a.tolist() == b.tolist()


def test_a_seed_fixes_a_stream_wherever_its_operation_stands() -> None:
    first = tf.random_normal([4], seed=3)
    with tf.Graph().as_default():
        tf.zeros([2])
        tf.random_uniform([2], seed=9)
        later = tf.random_normal([4], seed=3)
        other = tf.random_normal([4], seed=4)
        moved, different = tf.Session().run([later, other])
    assert tf.Session().run(first).tolist() == moved.tolist() != different.tolist()


def test_the_seed_of_the_graph_alone_gives_each_operation_its_own_stream() -> None:
    tf.set_random_seed(1)
    x, y = tf.random_uniform([4]), tf.random_uniform([4])
    a, b = tf.Session().run([x, y])
    assert a.tolist() != b.tolist()


def test_without_a_seed_sessions_differ() -> None:
    x = tf.random_uniform([4])
    assert tf.Session().run(x).tolist() != tf.Session().run(x).tolist()


def test_a_negative_size_is_refused() -> None:
    x = tf.random_normal(tf.placeholder_with_default([-1, 2], [2]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must not have negative dimensions"):
        tf.Session().run(x)


def test_seeds_are_told_as_tensorflow_tells_them() -> None:
    assert tf.get_seed(None) == (None, None)
    assert tf.get_seed(7) == (87654321, 7)
    tf.set_random_seed(3)
    tf.zeros([2])
    assert tf.get_seed(7) == (3, 7)
    assert tf.get_seed(None) == (3, 1)
    tf.set_random_seed(0)
    assert tf.get_seed(0) == (0, 2**31 - 1)
