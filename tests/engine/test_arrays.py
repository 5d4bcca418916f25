"""Array operations at their edges: what they refuse, in TensorFlow's words, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def run(fetches: Any, feeds: Any = None) -> Any:
    return tf.Session().run(fetches, feeds)


def unknown(value: Any) -> Any:
    """A tensor of which nothing is known before the run but its dtype."""
    array = np.asarray(value, np.float32 if isinstance(value, float) else None)
    return tf.placeholder_with_default(array, None)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.nn.top_k(tf.zeros([2, 3]), 4), "must have last dimension >= k = 4 but is 3"),
        (lambda: tf.gather_nd(tf.zeros([2]), [[0, 1]]), "indices.shape\\[-1\\] must be <="),
        (lambda: tf.scatter_nd([[0]], tf.zeros([2]), [3]), "The updates \\[2\\] must be \\[1\\]"),
        (lambda: tf.boolean_mask(tf.zeros([2]), True), "mask cannot be scalar"),
        (lambda: tf.boolean_mask(tf.zeros([2]), [True] * 3), "are incompatible"),
        (lambda: tf.pad([1.0, 2.0], [[2, 0]], "REFLECT"), "less than the dimension size"),
        (lambda: tf.pad([1.0, 2.0], [[1, 0], [1, 0]]), "first dimension of paddings must be the"),
        (lambda: tf.pad([1.0], [[1, 1]], "WRAP"), "Unknown padding mode: WRAP"),
        (lambda: tf.slice([1, 2, 3], [1], [3]), r"Expected size\[0\] in \[0, 2\], but got 3"),
        (lambda: tf.strided_slice([1, 2], [0], [1, 2]), "must have one length"),
        (lambda: tf.segment_sum(tf.zeros([3]), [0, 0]), "must be equal, but are 3 and 2"),
        (lambda: tf.matrix_inverse(tf.zeros([2, 3])), "must be equal, but are 2 and 3"),
        (lambda: tf.diag_part(tf.zeros([2, 3, 4])), "even and non-zero rank"),
        (lambda: tf.einsum("ii->i", tf.zeros([2, 2])), "appears more than once"),
        (lambda: tf.einsum("ij,jk->ik", tf.zeros([2, 2])), "Got 1 arguments for equation"),
        (lambda: tf.tensordot(tf.zeros([2, 3]), tf.zeros([2, 3]), 1), "Dimensions must be equal"),
        (lambda: tf.space_to_depth(tf.zeros([1, 3, 4, 1]), 2), "evenly divisible by 2 but is 3"),
        (lambda: tf.broadcast_static_shape([2], [3]), "Incompatible shapes for broadcasting"),
        (lambda: tf.sort([1, 2], direction="UP"), "UP should be one of"),
        (lambda: tf.image.central_crop(tf.zeros([2, 2, 1]), 0.0), "must be within"),
        (lambda: tf.image.resize_bilinear(tf.zeros([2, 2, 1]), [3, 3]), "Shape must be rank 4"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_while_building(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.nn.top_k(unknown([1.0, 2.0]), unknown(3))[0], "at least k=3 columns"),
        (lambda: tf.gather_nd(tf.zeros([2, 3]), [[0, 1], [5, 0]]),
         r"indices\[1\] = \[5,0\] does not index into param shape \[2,3\]"),
        (lambda: tf.gather(tf.zeros([2, 3]), [3], axis=1), r"indices = 3 is not in \[0, 3\)"),
        (lambda: tf.segment_sum(unknown([1.0, 2.0]), unknown([1, 0])), "ids are not increasing"),
        (lambda: tf.unsorted_segment_sum([1.0, 2.0], [0, 3], 2),
         r"segment_ids\[1\] = 3 is out of range \[0, 2\)"),
        (lambda: tf.sparse_to_dense([2, 1], [3], 1.0), r"indices\[1\] = \[1\] is out of order"),
        (lambda: tf.sparse_to_dense([1, 1], [3], 1.0), r"indices\[1\] = \[1\] is repeated"),
        (lambda: tf.sparse_to_dense([3], [3], 1.0), r"indices\[0\] = \[3\] is out of bounds"),
        (lambda: tf.matrix_inverse(tf.zeros([2, 2])), "Input is not invertible"),
        (lambda: tf.matrix_solve(tf.zeros([2, 2]), tf.ones([2, 1])), "matrix is not invertible"),
        (lambda: tf.cholesky(-tf.eye(2)), "Cholesky decomposition was not successful"),
        (lambda: tf.invert_permutation([0, 0]), "is not a permutation"),
        (lambda: tf.bincount([-1]), "must be non-negative"),
        (lambda: tf.truncatediv([1], [0]), "division by zero"),
        (lambda: tf.slice(unknown([1, 2, 3]), [1], [3]), r"Expected size\[0\] in \[0, 2\]"),
        (lambda: tf.reverse_sequence(unknown([[1.0, 2.0]]), unknown([3]), 1, 0),
         r"seq_lens\(0\) = 3 is not in"),
        (lambda: tf.image.resize_bilinear(unknown(np.zeros([1, 0, 2, 1])), [2, 2]),
         "non-zero size"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_the_run(build: Any, message: str) -> None:
    fetch = build()
    with pytest.raises(tf.errors.InvalidArgumentError, match=message) as caught:
        run(fetch)
    assert caught.value.op is not None


def test_names_are_those_of_tensorflow() -> None:
    x = tf.zeros([4, 4])
    made = [
        tf.nn.top_k(x, 2).values, tf.gather_nd(x, [[0]]), tf.pad(x, [[1, 1], [0, 0]]),
        tf.reverse(x, [0]), tf.slice(x, [0, 0], [1, 1]), tf.segment_sum(x, [0, 0, 1, 1]),
        tf.boolean_mask(x, [True] * 4), tf.cumsum(x), tf.matrix_inverse(x), tf.erf(x),
        tf.count_nonzero(x), tf.norm(x), tf.is_finite(x), tf.nn.in_top_k(x, [0, 1, 2, 3], 1),
        tf.strided_slice(x, [0], [1]), tf.unsorted_segment_mean(x, [0, 0, 1, 1], 2),
    ]  # fmt: skip
    assert [tensor.op.name for tensor in made] == [
        "TopKV2", "GatherNd", "Pad", "ReverseV2", "Slice", "SegmentSum", "boolean_mask/GatherV2",
        "Cumsum", "MatrixInverse", "Erf", "count_nonzero/Sum", "norm/Squeeze", "IsFinite",
        "in_top_k/InTopKV2", "StridedSlice", "UnsortedSegmentMean/truediv",
    ]  # fmt: skip


def test_top_k_comes_as_a_pair_with_names() -> None:
    found = run(tf.nn.top_k([[1.0, 9.0, 9.0, 2.0]], 3))
    assert found.values.tolist() == [[9.0, 9.0, 2.0]]
    assert found.indices.tolist() == [[1, 2, 3]]
    assert found.indices.dtype == np.int32


def test_targets_that_tie_with_the_kth_are_in_the_top_k() -> None:
    scores = [[1.0, 2.0, 2.0], [np.inf, 1.0, 2.0], [0.0, np.nan, 1.0], [3.0, 1.0, 2.0]]
    assert run(tf.nn.in_top_k(scores, [2, 1, 2, 3], 1)).tolist() == [True, False, False, False]


def test_sizes_that_a_slice_leaves_open_are_filled_in_by_the_run() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    begin = tf.placeholder(tf.int32, [2])
    part = tf.slice(x, begin, [-1, 2])
    assert part.get_shape().as_list() == [None, 2]
    value = np.arange(6.0).reshape(2, 3)
    assert run(part, {x: value, begin: [1, 1]}).tolist() == [[4.0, 5.0]]


def test_segments_without_rows_get_the_start_of_their_reduction() -> None:
    data, ids = [2.0, 4.0], [1, 1]
    fetches = [
        tf.segment_sum(data, ids), tf.segment_mean(data, ids), tf.segment_prod(data, ids),
        tf.segment_max(data, ids), tf.segment_min(data, ids),
    ]  # fmt: skip
    assert [x.tolist() for x in run(fetches)] == [[0, 6], [0, 3], [1, 8], [0, 4], [0, 2]]
    whole = run(tf.unsorted_segment_max([[3]], [[0]], 2)).tolist()
    assert whole == [3, -(2**31)]


def test_sorting_whole_numbers_does_not_overflow() -> None:
    least = -(2**31)
    assert run(tf.sort(tf.constant([5, least, -1]))).tolist() == [least, -1, 5]
    assert run(tf.argsort(np.array([5, 0, 255], np.uint8))).tolist() == [1, 0, 2]


def test_numbers_become_text_as_printf_writes_them() -> None:
    fetches = [
        tf.as_string([1, -2]), tf.as_string([1.5], precision=2), tf.as_string([True, False]),
        tf.as_string([3], width=4, fill="0"), tf.as_string([1.5], scientific=True, precision=1),
        tf.as_string([0.5], shortest=True),
        tf.string_join([["a", "b"], "c", ["d", "e"]], "-"),
    ]  # fmt: skip
    assert [x.tolist() for x in run(fetches)] == [
        [b"1", b"-2"], [b"1.50"], [b"true", b"false"], [b"0003"], [b"1.5e+00"], [b"0.5"],
        [b"a-c-d", b"b-c-e"],
    ]  # fmt: skip


def test_images_are_flipped_one_by_one_and_one_time_in_two() -> None:
    batch = tf.constant(np.arange(2.0).reshape(1, 1, 2, 1) * np.ones([200, 1, 1, 1]))
    flipped = run(tf.image.random_flip_left_right(batch, seed=1))[:, 0, 0, 0]
    assert set(flipped.tolist()) == {0.0, 1.0}
    assert 70 < flipped.sum() < 130
    up = tf.image.random_flip_up_down(tf.constant([[[0.0]], [[1.0]]]), seed=1)
    sess = tf.Session()
    seen = {float(sess.run(up)[0, 0, 0]) for _ in range(20)}
    assert seen == {0.0, 1.0}


def test_random_colours_stay_within_their_bounds() -> None:
    image = tf.constant([[[0.2], [0.6]]])
    brighter = tf.image.random_brightness(image, 0.1, seed=1)
    sharper = tf.image.random_contrast(image, 0.5, 2.0, seed=1)
    sess = tf.Session()
    for _ in range(10):
        moved, spread = sess.run([brighter, sharper])
        assert abs(moved[0, 0, 0] - 0.2) <= 0.1
        assert 0.2 <= spread[0, 1, 0] - spread[0, 0, 0] <= 0.8


def test_images_of_the_asked_size_stay_as_they_are() -> None:
    image = tf.zeros([4, 5, 3], tf.uint8)
    assert tf.image.resize_images(image, [4, 5]) is image


def test_resizing_keeps_the_aspect_ratio_if_asked() -> None:
    image = tf.zeros([10, 20, 3])
    resized = tf.image.resize_images(image, [8, 8], preserve_aspect_ratio=True)
    assert resized.get_shape().as_list() == [4, 8, 3]


def test_special_functions_at_their_poles() -> None:
    x = tf.constant([0.0, -1.0, np.inf, np.nan])
    gamma, psi, far = run([tf.lgamma(x), tf.digamma(x), tf.erfc(tf.constant([30.0, -30.0]))])
    assert gamma[:3].tolist() == [np.inf] * 3
    assert np.isnan(gamma[3])
    assert np.isnan(psi[[0, 1, 3]]).all()
    assert far.tolist() == [0.0, 2.0]


def test_special_functions_are_exact_in_double_precision() -> None:
    cases = [
        (tf.erf, 0.3, 0.3286267594591274), (tf.erf, -2.5, -0.999593047982555),
        (tf.erfc, 5.0, 1.5374597944280349e-12), (tf.erfc, 20.0, 5.395865611607901e-176),
        (tf.lgamma, 0.1, 2.252712651734206), (tf.lgamma, 50.5, 146.5192554907206),
        (tf.lgamma, -1.5, 0.8600470153764810), (tf.digamma, 0.25, -4.227453533376265),
        (tf.digamma, 12.0, 2.4426616799758123), (tf.digamma, -0.5, 0.03648997397857652),
    ]  # fmt: skip
    for function, x, want in cases:
        found = run(function(tf.constant(x, tf.float64)))
        np.testing.assert_allclose(found, want, rtol=1e-12, err_msg=f"{function.__name__}({x})")
    trigamma = run(tf.polygamma(tf.constant(1.0, tf.float64), tf.constant(1.0, tf.float64)))
    np.testing.assert_allclose(trigamma, np.pi**2 / 6, rtol=1e-14)


def test_no_gradient_flows_through_steps_and_ranges() -> None:
    x = tf.placeholder_with_default(3.5, [])
    through = [x // 1.0, tf.range(0.0, x)]
    assert tf.gradients(through, x) == [None]


def test_the_remainder_is_differentiated_twice() -> None:
    y = tf.constant(2.0)
    first = tf.gradients(tf.floormod(7.0, y) * y, y)[0]
    assert run([first, tf.gradients(first, y)[0]]) == [-5.0, -6.0]


@pytest.mark.parametrize("least", [-np.inf, -1.0])
def test_a_few_of_many_are_the_first_of_the_sorted(least: float) -> None:
    row = np.full(100, least)
    row[[7, 50, 51, 90]] = [3.0, 5.0, 5.0, np.nan]
    values, places = run(tf.nn.top_k(row, 6))
    np.testing.assert_array_equal(values, [np.nan, 5.0, 5.0, 3.0, least, least])
    assert places.tolist() == [90, 50, 51, 7, 0, 1]
