"""Datasets and iterators: what comes, in which order, and where it ends."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf
from engine.data.steps import Step

Dataset = tf.data.Dataset


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def all_of(dataset: Any, most: int = 1000) -> list[Any]:
    """The elements a session gets, as lists."""
    following = dataset.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as sess:
        while len(found) < most:
            try:
                value = sess.run(following)
            except tf.errors.OutOfRangeError:
                return found
            found.append(plain(value))
    return found


def plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


# Where elements come from


def test_slices_of_one_array() -> None:
    dataset = Dataset.from_tensor_slices(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32))
    assert dataset.output_types is tf.float32
    assert dataset.output_shapes.as_list() == [2]
    assert all_of(dataset) == [[1.0, 2.0], [3.0, 4.0]]


def test_slices_of_nested_structures() -> None:
    dataset = Dataset.from_tensor_slices(({"a": [1, 2], "b": ["x", "y"]}, [0.5, 1.5]))
    assert dataset.output_types == ({"a": tf.int32, "b": tf.string}, tf.float32)
    assert all_of(dataset) == [({"a": 1, "b": b"x"}, 0.5), ({"a": 2, "b": b"y"}, 1.5)]


def test_a_named_tuple_stays_one() -> None:
    Pair = namedtuple("Pair", "left right")
    following = Dataset.from_tensor_slices(Pair([1, 2], [3, 4])).make_one_shot_iterator().get_next()
    assert isinstance(following, Pair)
    with tf.Session() as sess:
        assert plain(sess.run(following.right)) == 3


def test_tensors_are_one_element() -> None:
    assert all_of(Dataset.from_tensors(([1, 2], 3.0))) == [([1, 2], 3.0)]


def test_numbers_of_a_range() -> None:
    assert all_of(Dataset.range(3)) == [0, 1, 2]
    assert all_of(Dataset.range(5, 1, -2)) == [5, 3]
    assert Dataset.range(3).output_types is tf.int64


def test_a_range_too_long_for_memory_is_counted() -> None:
    assert all_of(Dataset.range(10**12).skip(1).batch(2), most=2) == [[1, 2], [3, 4]]


def test_a_zip_ends_with_the_shortest() -> None:
    zipped = Dataset.zip((Dataset.range(4), {"b": Dataset.from_tensor_slices([7.0, 8.0])}))
    assert all_of(zipped) == [(0, {"b": 7.0}), (1, {"b": 8.0})]


def test_a_generator_is_called_anew_for_each_pass() -> None:
    calls: list[int] = []

    def numbers() -> Iterator[Any]:
        calls.append(1)
        yield 1, [0.5]
        yield 2, [1.5, 2.5]

    dataset = Dataset.from_generator(numbers, (tf.int32, tf.float32), (tf.TensorShape([]), [None]))
    assert [shape.as_list() for shape in dataset.output_shapes] == [[], [None]]
    assert all_of(dataset.repeat(2)) == [(1, [0.5]), (2, [1.5, 2.5])] * 2
    assert len(calls) == 2


def test_a_generator_may_have_arguments() -> None:
    dataset = Dataset.from_generator(
        lambda stop: iter(range(stop)), tf.int64, tf.TensorShape([]), args=(3,)
    )
    assert all_of(dataset) == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "could not be converted to the expected type"),
        ((1, 2), "did not match the expected structure"),
        ([1, 2], r"shape \(2,\) where an element of shape \(\) was expected"),
    ],
)
def test_what_a_generator_must_not_yield(value: Any, message: str) -> None:
    dataset = Dataset.from_generator(lambda: iter([value]), tf.int32, tf.TensorShape([]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        all_of(dataset)


def test_lines_of_text_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\r\n")
    (tmp_path / "b.txt").write_bytes(b"three")
    dataset = Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    assert len(all_of(dataset)) == 2
    lines = tf.data.TextLineDataset([str(tmp_path / "a.txt"), str(tmp_path / "b.txt")])
    assert all_of(lines.skip(1)) == [b"two", b"three"]
    with pytest.raises(ValueError, match="No files matched"):
        Dataset.list_files(str(tmp_path / "*.csv"))


def test_what_cannot_be_sliced() -> None:
    with pytest.raises(ValueError, match="rank >= 1"):
        Dataset.from_tensor_slices(3.0)
    with pytest.raises(ValueError, match="Dimensions 2 and 3 are not compatible"):
        Dataset.from_tensor_slices(([1, 2], [1, 2, 3]))
    with pytest.raises(TypeError, match="do not support Python lists"):
        Dataset.zip([Dataset.range(1)])


# What becomes of them


def test_batches_and_their_remainder() -> None:
    assert all_of(Dataset.range(5).batch(2)) == [[0, 1], [2, 3], [4]]
    dropped = Dataset.range(5).batch(2, drop_remainder=True)
    assert dropped.output_shapes.as_list() == [2]
    assert all_of(dropped) == [[0, 1], [2, 3]]
    assert Dataset.range(5).batch(2).output_shapes.as_list() == [None]
    assert all_of(Dataset.range(4).batch(2).batch(2)) == [[[0, 1], [2, 3]]]


def test_batches_go_over_the_ends_of_passes() -> None:
    assert all_of(Dataset.range(3).repeat(2).batch(4)) == [[0, 1, 2, 0], [1, 2]]
    assert all_of(Dataset.range(3).batch(2).repeat(2)) == [[0, 1], [2]] * 2


def test_repeat_without_end_and_of_nothing() -> None:
    assert all_of(Dataset.range(2).repeat(), most=5) == [0, 1, 0, 1, 0]
    assert all_of(Dataset.range(0).repeat()) == []
    assert all_of(Dataset.range(0).map(lambda x: x).repeat()) == []
    assert all_of(Dataset.range(3).repeat(0)) == []


def test_take_skip_and_shard() -> None:
    assert all_of(Dataset.range(5).take(2)) == [0, 1]
    assert all_of(Dataset.range(5).take(-1)) == [0, 1, 2, 3, 4]
    assert all_of(Dataset.range(5).skip(3)) == [3, 4]
    assert all_of(Dataset.range(5).skip(9)) == []
    assert all_of(Dataset.range(5).skip(-1)) == []
    assert all_of(Dataset.range(5).shard(2, 1)) == [1, 3]
    with pytest.raises(ValueError, match="index must be between"):
        Dataset.range(5).shard(2, 2)


def test_map_is_a_graph_function_of_each_element() -> None:
    dataset = Dataset.from_tensor_slices(([1.0, 2.0], [3, 4])).map(
        lambda x, y: {"sum": x + tf.to_float(y), "hot": tf.one_hot(y, 5)}, num_parallel_calls=4
    )
    assert dataset.output_shapes["hot"].as_list() == [5]
    assert all_of(dataset)[0] == {"sum": 4.0, "hot": [0, 0, 0, 1, 0]}


def test_map_of_a_dict_has_one_argument_and_a_list_is_a_tensor() -> None:
    dataset = Dataset.from_tensor_slices({"a": [1, 2]}).map(lambda d: [d["a"], d["a"] * 10])
    assert dataset.output_shapes.as_list() == [2]
    assert all_of(dataset) == [[1, 10], [2, 20]]


def test_map_draws_anew_for_each_element_and_alike_in_each_session() -> None:
    tf.set_random_seed(1)
    dataset = Dataset.range(3).map(lambda x: tf.random_uniform([]))
    first = all_of(dataset)
    assert len(set(first)) == 3
    assert all_of(dataset) == first


def test_filter_keeps_what_is_true() -> None:
    assert all_of(Dataset.range(6).filter(lambda x: tf.equal(x % 2, 0))) == [0, 2, 4]
    with pytest.raises(ValueError, match="scalar boolean"):
        Dataset.range(6).filter(lambda x: x)


def test_flat_map_and_interleave() -> None:
    assert all_of(Dataset.range(4).flat_map(lambda x: Dataset.range(x))) == [0, 0, 1, 0, 1, 2]
    mixed = Dataset.range(3).interleave(
        lambda x: Dataset.from_tensors(x).repeat(3), cycle_length=2, block_length=2
    )
    assert all_of(mixed) == [0, 0, 1, 1, 0, 1, 2, 2, 2]
    with pytest.raises(TypeError, match="must return a `Dataset`"):
        Dataset.range(3).flat_map(lambda x: x)


def test_concatenate_cache_prefetch_apply_and_unbatch() -> None:
    assert all_of(Dataset.range(2).concatenate(Dataset.range(3))) == [0, 1, 0, 1, 2]
    with pytest.raises(TypeError, match="different types"):
        Dataset.range(2).concatenate(Dataset.from_tensors(1.0))
    drawn = all_of(Dataset.range(3).map(lambda x: tf.random_uniform([])).cache().repeat(2))
    assert drawn[:3] == drawn[3:]
    assert all_of(Dataset.range(2).prefetch(1)) == [0, 1]
    assert all_of(Dataset.range(2).apply(lambda d: d.repeat(2))) == [0, 1, 0, 1]
    assert all_of(Dataset.range(3).batch(2).unbatch()) == [0, 1, 2]


def test_padded_batches_fill_up_to_the_largest() -> None:
    dataset = Dataset.range(1, 4).map(lambda x: (tf.fill([tf.cast(x, tf.int32)], x), x))
    assert all_of(dataset.padded_batch(2, ([None], []))) == [
        ([[1, 0], [2, 2]], [1, 2]),
        ([[3, 3, 3]], [3]),
    ]
    filled = dataset.padded_batch(3, ([4], []), padding_values=(np.int64(-1), np.int64(0)))
    assert all_of(filled)[0][0] == [[1, -1, -1, -1], [2, 2, -1, -1], [3, 3, 3, -1]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="smaller size than the input"):
        all_of(dataset.padded_batch(3, ([2], [])))


def test_elements_of_different_shapes_cannot_be_batched() -> None:
    dataset = Dataset.range(1, 3).map(lambda x: tf.range(x))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="different shapes in component 0"
    ) as told:
        all_of(dataset.batch(2))
    assert "IteratorGetNext" in str(told.value)


def test_what_numbers_are_refused() -> None:
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="batch_size must be greater than zero"):
            Dataset.range(3).batch(wrong)
        with pytest.raises(ValueError, match="buffer_size must be greater than zero"):
            Dataset.range(3).shuffle(wrong)
    with pytest.raises(TypeError, match="count must be a whole number"):
        Dataset.range(3).take(1.5)


def test_a_function_may_use_tensors_around_it_on_either_side() -> None:
    two = tf.constant(2)
    assert all_of(Dataset.from_tensor_slices([1, 3]).map(lambda x: x - two)) == [-1, 1]
    assert all_of(Dataset.from_tensor_slices([1, 3]).map(lambda x: two - x)) == [1, -1]
    assert all_of(Dataset.from_tensor_slices([1, 3]).map(lambda x: two)) == [2, 2]
    assert all_of(Dataset.from_tensor_slices([1, 3]).filter(lambda x: two < x)) == [3]
    stacked = Dataset.from_tensor_slices([1, 3]).map(lambda x: tf.stack([two, x, two * 2]))
    assert all_of(stacked) == [[2, 1, 4], [2, 3, 4]]


def test_functions_inside_functions_use_what_is_around_both() -> None:
    ten = tf.constant(10, tf.int64)
    nested = Dataset.range(1, 3).flat_map(lambda x: Dataset.range(x).map(lambda y: ten * x + y))
    assert all_of(nested) == [10, 20, 21]


def test_what_a_function_uses_has_its_value_of_the_initialization() -> None:
    w = tf.Variable(1.0, name="w")
    x = tf.placeholder(tf.float32, [])
    dataset = Dataset.from_tensor_slices([1.0, 2.0, 3.0]).map(lambda value: w * value + x)
    iterator = dataset.make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(iterator.initializer, {x: 0.5})
        assert sess.run(following) == 1.5
        sess.run(w.assign(5.0))
        assert sess.run(following) == 2.5
        sess.run(iterator.initializer, {x: 0.0})
        assert sess.run(following) == 5.0
    with pytest.raises(ValueError, match=r"Cannot capture a .* by value"):
        dataset.make_one_shot_iterator()


def test_a_function_cannot_use_a_graph_that_is_not_around_it() -> None:
    with tf.Graph().as_default():
        other = tf.constant(1)
    for function in (lambda x: x * other, lambda x: other * x):
        with pytest.raises(ValueError, match="must be from the same graph"):
            Dataset.from_tensor_slices([1, 2]).map(function)


# Shuffling


def test_shuffle_gives_every_element_once_in_another_order_each_pass() -> None:
    found = all_of(Dataset.range(50).shuffle(50, seed=1).repeat(2))
    assert sorted(found[:50]) == sorted(found[50:]) == list(range(50))
    assert found[:50] != found[50:] and found[:50] != list(range(50))


def test_a_seeded_shuffle_is_alike_in_every_session_and_iterator() -> None:
    dataset = Dataset.range(20).shuffle(5, seed=3)
    assert all_of(dataset) == all_of(dataset)
    assert all_of(Dataset.range(20).shuffle(20)) != all_of(Dataset.range(20).shuffle(20))


def test_the_graphs_seed_seeds_a_shuffle() -> None:
    tf.set_random_seed(5)
    dataset = Dataset.range(20).shuffle(20)
    assert all_of(dataset) == all_of(dataset)


def test_shuffle_without_reshuffling_repeats_its_order() -> None:
    found = all_of(Dataset.range(20).shuffle(20, reshuffle_each_iteration=False).repeat(2))
    assert found[:20] == found[20:]


def test_a_small_buffer_mixes_no_farther_than_its_size() -> None:
    found = all_of(Dataset.range(100).shuffle(3, seed=1))
    assert sorted(found) == list(range(100))
    assert all(value <= place + 2 for place, value in enumerate(found))


def test_each_place_is_as_likely() -> None:
    found = np.array(all_of(Dataset.range(4).shuffle(4, seed=2).repeat(250)))
    counts = np.stack([np.bincount(column, minlength=4) for column in found.reshape(250, 4).T])
    assert counts.min() > 40 and counts.max() < 85


class Opaque(Step):
    """The elements of another step, which it does not tell are rows."""

    def __init__(self, parent: Step):
        super().__init__(parent.structure, [parent])

    def start(self, run: Any) -> Iterator[Any]:
        return self.parents[0].start(run)


CHAINS: dict[str, Callable[[Any], Any]] = {
    "batch": lambda d: d.batch(3),
    "shuffle whole": lambda d: d.shuffle(100, seed=1).batch(3),
    "shuffle exactly": lambda d: d.shuffle(11, seed=1).batch(3),
    "shuffle a part": lambda d: d.shuffle(4, seed=1).batch(3),
    "shuffle repeat": lambda d: d.shuffle(4, seed=1).repeat(3).batch(4),
    "shuffle fixed": lambda d: d.shuffle(9, 1, False).repeat(3).batch(4),
    "repeat shuffle": lambda d: d.repeat(3).shuffle(7, seed=1).batch(4),
    "repeat for ever": lambda d: d.repeat().shuffle(7, seed=1).batch(4).take(9),
    "drop": lambda d: d.shuffle(4, seed=1).repeat(2).batch(4, drop_remainder=True),
    "take skip": lambda d: d.skip(2).shuffle(5, seed=2).take(6).skip(1).repeat(2).batch(3),
    "shard": lambda d: d.shuffle(5, seed=2).repeat(2).shard(3, 1).batch(2),
    "shards in order": lambda d: d.shard(4, 3).batch(2),
    "zip": lambda d: Dataset.zip((d, d.skip(1))).shuffle(6, seed=1).batch(3),
    "cache": lambda d: d.cache().shuffle(6, seed=1).repeat(2).batch(3),
    "cached shuffle": lambda d: d.shuffle(6, seed=1).cache().repeat(2).batch(3),
    "twice": lambda d: d.shuffle(3, seed=1).shuffle(5, seed=2).batch(2),
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS.keys())
def test_rows_and_elements_come_out_exactly_alike(chain: Callable[[Any], Any]) -> None:
    arrays = (np.arange(11), np.arange(22.0).reshape(11, 2))
    dataset = Dataset.from_tensor_slices(arrays)
    fast = chain(dataset)
    slow = chain(Dataset(Opaque(dataset.step)))
    want = all_of(slow)
    assert want and all_of(fast) == want


def test_a_long_shuffle_of_rows_is_that_of_elements() -> None:
    dataset = Dataset.range(30_000)
    fast = dataset.shuffle(1000, seed=1).batch(7000)
    slow = Dataset(Opaque(dataset.step)).shuffle(1000, seed=1).batch(7000)
    assert all_of(fast) == all_of(slow)


# Iterators


def test_the_end_is_told_and_stays() -> None:
    following = Dataset.range(1).make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert sess.run(following) == 0
        for _ in range(2):
            with pytest.raises(tf.errors.OutOfRangeError, match="End of sequence") as told:
                sess.run(following)
        assert told.value.op is following.op


def test_the_end_changes_nothing() -> None:
    following = Dataset.range(1).make_one_shot_iterator().get_next()
    v = tf.Variable(0, dtype=tf.int64)
    add = v.assign_add(following + 1)
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(add)
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(add)
        assert sess.run(v) == 1


def test_an_initializable_iterator_begins_anew_with_what_it_is_fed() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    size = tf.placeholder(tf.int64, [])
    iterator = Dataset.from_tensor_slices(x).batch(size).make_initializable_iterator()
    following = iterator.get_next()
    data = np.array([[1, 2], [3, 4]], np.float32)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="has not been initialized"):
            sess.run(following)
        sess.run(iterator.initializer, {x: data, size: 2})
        data[:] = 0
        assert plain(sess.run(following)) == [[1, 2], [3, 4]]
        sess.run(iterator.initializer, {x: [[5, 6]], size: 2})
        assert plain(sess.run(following)) == [[5, 6]]
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(following)


def test_sessions_iterate_on_their_own() -> None:
    following = Dataset.range(3).make_one_shot_iterator().get_next()
    with tf.Session() as one, tf.Session() as two:
        assert [one.run(following), one.run(following), two.run(following)] == [0, 1, 0]


def test_one_iterator_takes_datasets_in_turn() -> None:
    iterator = tf.data.Iterator.from_structure(tf.int64, tf.TensorShape([]))
    train = iterator.make_initializer(Dataset.range(2))
    test = iterator.make_initializer(Dataset.range(10, 12))
    following = iterator.get_next()
    with tf.Session() as sess:
        sess.run(train)
        assert sess.run(following) == 0
        sess.run(test)
        assert sess.run(following) == 10
    with pytest.raises(TypeError, match=r"Expected output types tf\.int64 but got"):
        iterator.make_initializer(Dataset.from_tensors(1.0))
    with pytest.raises(TypeError, match="Expected output shapes compatible with"):
        iterator.make_initializer(Dataset.range(4).batch(2))
    with pytest.raises(ValueError, match="does not have an initializer"):
        iterator.initializer  # noqa: B018


def test_a_fed_handle_chooses_the_iterator() -> None:
    first = Dataset.range(3).make_one_shot_iterator()
    second = Dataset.range(10, 13).make_initializable_iterator()
    handle = tf.placeholder(tf.string, [])
    following = tf.data.Iterator.from_string_handle(
        handle, first.output_types, first.output_shapes
    ).get_next()
    with tf.Session() as sess:
        one, two = sess.run([first.string_handle(), second.string_handle()])
        sess.run(second.initializer)
        got = [sess.run(following, {handle: name}) for name in (one, two, one, two)]
        assert got == [0, 10, 1, 11]


def test_all_outputs_of_one_element_belong_together() -> None:
    x, y = Dataset.from_tensor_slices(([1, 2], [10, 20])).make_one_shot_iterator().get_next()
    total = x + y
    with tf.Session() as sess:
        assert plain(sess.run(total)) == 11
        assert tuple(map(plain, sess.run([x, y]))) == (2, 20)


def test_a_fed_element_takes_none_from_the_dataset() -> None:
    x, y = Dataset.from_tensor_slices(([1, 2], [10, 20])).make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert sess.run(x * 2, {x: 7}) == 14
        assert sess.run(x + y, {x: 7}) == 17
        assert sess.run(x + y) == 22


def test_an_iterator_advances_after_what_must_come_first() -> None:
    iterator = Dataset.range(5, 7).make_initializable_iterator()
    with tf.control_dependencies([iterator.initializer]):
        following = iterator.get_next()
    with tf.Session() as sess:
        assert sess.run(following) == 5
        assert sess.run(following) == 5


def test_the_oracle_gets_the_same_elements() -> None:
    x, y = (
        Dataset.from_tensor_slices((np.arange(6.0).reshape(3, 2), ["a", "b", "c"]))
        .batch(2)
        .make_one_shot_iterator()
        .get_next()
    )
    with tf.Session(executor="debug") as oracle, tf.Session(executor="poisoned") as plan:
        for _ in range(2):
            for got, want in zip(plan.run([x * 2, y]), oracle.run([x * 2, y]), strict=True):
                assert plain(got) == plain(want)


def test_explain_takes_no_element_and_shows_a_plan_for_its_sizes() -> None:
    x = Dataset.from_tensor_slices(np.ones([3, 2])).batch(2).make_one_shot_iterator().get_next()
    y = tf.exp(x, name="y")
    with tf.Session() as sess:
        assert "exp(IteratorGetNext, y)" in sess.explain(y)
        assert sess.run(y).shape == (2, 2)
        assert sess.run(y).shape == (1, 2)


def test_one_shot_refuses_what_is_known_only_in_a_session() -> None:
    with pytest.raises(ValueError, match=r"Cannot capture a placeholder .* by value"):
        Dataset.from_tensor_slices(tf.placeholder(tf.float32, [None])).make_one_shot_iterator()
    w = tf.Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match=r"stateful node \(name:w, type:VariableV2\)"):
        Dataset.from_tensor_slices(w * 2.0).make_one_shot_iterator()
    iterator = Dataset.from_tensor_slices(w * 2.0).make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(iterator.initializer)
        assert sess.run(following) == 2.0


def test_one_shot_computes_what_follows_from_constants() -> None:
    assert all_of(Dataset.from_tensor_slices(tf.constant([1, 2]) * 3)) == [3, 6]


def test_a_model_trains_on_batches() -> None:
    x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    iterator = (
        Dataset.from_tensor_slices((x, 3 * x + 1))
        .shuffle(64, seed=1)
        .batch(16)
        .make_initializable_iterator()
    )
    features, targets = iterator.get_next()
    w, b = tf.Variable([[0.0]]), tf.Variable([0.0])
    loss = tf.reduce_mean(tf.square(tf.matmul(features, w) + b - targets))
    train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(40):
            sess.run(iterator.initializer)
            with pytest.raises(tf.errors.OutOfRangeError):
                while True:
                    sess.run(train)
        assert abs(sess.run(w)[0, 0] - 3) < 0.01 and abs(sess.run(b)[0] - 1) < 0.01


def test_elements_are_the_callers_own() -> None:
    batches = Dataset.from_tensor_slices([1, 2, 3]).batch(3).repeat(2)
    following = batches.make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        sess.run(following)[:] = 0
        assert plain(sess.run(following)) == [1, 2, 3]


def test_a_graph_with_an_iterator_can_be_written_and_fed_again() -> None:
    following = Dataset.range(3).make_one_shot_iterator().get_next()
    tf.multiply(following, 2, name="y")
    data = tf.get_default_graph().as_graph_def().SerializeToString()
    json.dumps(tf.get_default_graph().as_graph_def())
    with tf.Graph().as_default(), tf.Session() as sess:
        y, get = tf.import_graph_def(
            tf.GraphDef.FromString(data), return_elements=["y:0", "IteratorGetNext:0"]
        )
        assert sess.run(y, {get: 4}) == 8
        with pytest.raises(tf.errors.UnimplementedError, match="OneShotIterator"):
            sess.run(y)


def test_functions_of_the_module_are_the_methods() -> None:
    dataset = Dataset.range(2)
    with tf.Session() as sess:
        assert sess.run(tf.data.make_one_shot_iterator(dataset).get_next()) == 0
        iterator = tf.data.make_initializable_iterator(dataset)
        sess.run(iterator.initializer)
        assert sess.run(iterator.get_next("named")) == 0
    assert tf.data.get_output_types(dataset) is tf.int64
    assert tf.data.get_output_shapes(iterator).as_list() == []
    assert tf.data.get_output_classes(dataset) is tf.Tensor
