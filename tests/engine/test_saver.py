"""Saver and checkpoints: what is written, what comes back, what is refused and how."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf

DTYPES = [
    tf.float16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16,
    tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128,
]  # fmt: skip


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def two_variables() -> tuple[tf.Variable, tf.Variable]:
    return tf.Variable([1.0, 2.0], name="w"), tf.Variable(3, name="n")


def initialized() -> tf.Session:
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


def saved(directory: Path, step: int | None = None) -> str:
    two_variables()
    with initialized() as sess:
        path = tf.train.Saver().save(sess, directory / "model", global_step=step)
    assert path is not None
    return path


def test_save_returns_the_path_with_the_step(tmp_path: Path) -> None:
    assert saved(tmp_path, 7) == str(tmp_path / "model-7")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"checkpoint", "model-7.safetensors", "model-7.index", "model-7.meta"}


def test_the_step_may_be_a_variable_and_padded(tmp_path: Path) -> None:
    step = tf.Variable(12, name="step")
    with initialized() as sess:
        saver = tf.train.Saver(pad_step_number=True)
        assert saver.save(sess, str(tmp_path / "m"), step) == str(tmp_path / "m-00000012")
        with pytest.raises(TypeError, match="integer"):
            saver.save(sess, str(tmp_path / "m"), 1.5)


def test_restore_works_without_initializers(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        w, n = two_variables()
        tf.train.Saver().restore(sess, path)
        assert sess.run(w).tolist() == [1.0, 2.0]
        assert sess.run(n) == 3


def test_restore_reaches_plans_made_before_it(tmp_path: Path) -> None:
    w, _ = two_variables()
    with initialized() as sess:
        saver = tf.train.Saver()
        path = saver.save(sess, str(tmp_path / "m"))
        twice = w * 2.0
        sess.run(w.assign([5.0, 5.0]))
        assert sess.run(twice).tolist() == [10.0, 10.0]
        saver.restore(sess, path)
        assert sess.run(twice).tolist() == [2.0, 4.0]


def test_a_trained_model_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    b = tf.Variable([0.5, 0.5], name="b")
    loss = tf.reduce_sum(tf.square(w * b - 1.0))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    with initialized() as sess:
        for _ in range(3):
            sess.run(train)
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
        want = [sess.run([loss, train])[0] for _ in range(4)]
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, path)
        assert [sess.run([loss, train])[0] for _ in range(4)] == want


def test_a_checkpoint_is_of_one_moment_while_another_thread_trains(tmp_path: Path) -> None:
    a, b = tf.Variable(tf.zeros([1000]), name="a"), tf.Variable(tf.zeros([1000]), name="b")
    both = tf.group(a.assign_add(tf.ones([1000])), b.assign_add(tf.ones([1000])))
    saver = tf.train.Saver(max_to_keep=None)
    stop = threading.Event()
    with initialized() as sess:
        step = sess.make_callable(both)

        def train() -> None:
            while not stop.is_set():
                step()

        thread = threading.Thread(target=train)
        thread.start()
        try:
            paths = [saver.save(sess, str(tmp_path / "m"), number) for number in range(8)]
        finally:
            stop.set()
            thread.join()
    for path in paths:
        values = {*tf.train.load_variable(path, "a").tolist()}
        assert len(values) == 1 and values == {*tf.train.load_variable(path, "b").tolist()}


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)], ids=str)
def test_every_dtype_comes_back_bit_by_bit(
    dtype: tf.DType, shape: tuple[int, ...], tmp_path: Path
) -> None:
    value = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2 + 1).astype(dtype.np)
    if dtype.np.kind in "fc" and value.size:
        value.reshape(-1)[0] = np.nan if dtype.np.kind == "f" else 1 - 2j
    v = tf.Variable(tf.constant(value), name="v")
    with initialized() as sess:
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
        assert v.dtype.base_dtype is dtype
    got = tf.train.load_variable(path, "v")
    assert got.dtype == value.dtype and got.shape == value.shape
    assert got.tobytes() == value.tobytes()


def test_strings_come_back(tmp_path: Path) -> None:
    v = tf.Variable([["a", ""], ["größer", "\0x"]], name="v")
    with initialized() as sess:
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
        sess.run(v.assign([["", ""], ["", ""]]))
        tf.train.Saver().restore(sess, path)
        assert sess.run(v).tolist() == [[b"a", b""], ["größer".encode(), b"\0x"]]


def test_the_file_is_laid_out_as_safetensors_says(tmp_path: Path) -> None:
    data = Path(saved(tmp_path) + ".safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert header["w"]["dtype"] == "F32" and header["w"]["shape"] == [2]
    begin, end = header["w"]["data_offsets"]
    assert np.frombuffer(data[8 + length + begin : 8 + length + end], "<f4").tolist() == [1, 2]
    assert all(isinstance(value, str) for value in header["__metadata__"].values())
    assert max(header[name]["data_offsets"][1] for name in ("w", "n")) == len(data) - 8 - length


def test_a_safetensors_file_of_another_program_is_read(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    content = len(header).to_bytes(8, "little") + header + np.array([4, 5], "<f4").tobytes()
    (tmp_path / "other.safetensors").write_bytes(content)
    w, _ = two_variables()
    with tf.Session() as sess:
        tf.train.Saver([w]).restore(sess, str(tmp_path / "other.safetensors"))
        assert sess.run(w).tolist() == [4.0, 5.0]


def test_npz_is_restored(tmp_path: Path) -> None:
    np.savez(tmp_path / "old.npz", w=np.array([7, 8], np.float32), n=np.int32(9))
    w, n = two_variables()
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, str(tmp_path / "old.npz"))
        assert sess.run([w, n])[1] == 9 and sess.run(w).tolist() == [7.0, 8.0]


# The checkpoint file


def test_the_checkpoint_file_reads_as_tensorflows_does(tmp_path: Path) -> None:
    saved(tmp_path, 7)
    lines = (tmp_path / "checkpoint").read_text().splitlines()
    assert lines[0] == f'model_checkpoint_path: "{tmp_path / "model-7"}"'
    assert lines[1] == f'all_model_checkpoint_paths: "{tmp_path / "model-7"}"'


def test_the_state_of_a_file_that_tensorflow_wrote(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text(
        'model_checkpoint_path: "a \\"b\\"-2"\nall_model_checkpoint_paths: "a-1"\n'
        'all_model_checkpoint_paths: "a \\"b\\"-2"\n'
    )
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state is not None
    assert state.model_checkpoint_path == str(tmp_path / 'a "b"-2')
    assert state.all_model_checkpoint_paths == [str(tmp_path / "a-1"), str(tmp_path / 'a "b"-2')]


@pytest.mark.parametrize("content", ["", "garbage", "\x00\xff", "model_checkpoint_path: 3 4"])
def test_no_state_where_the_file_is_missing_or_damaged(content: str, tmp_path: Path) -> None:
    assert tf.train.get_checkpoint_state(str(tmp_path / "none")) is None
    (tmp_path / "checkpoint").write_text(content)
    assert tf.train.get_checkpoint_state(str(tmp_path)) is None
    assert tf.train.latest_checkpoint(str(tmp_path)) is None


def test_latest_checkpoint_is_one_that_exists(tmp_path: Path) -> None:
    path = saved(tmp_path, 7)
    assert tf.train.latest_checkpoint(str(tmp_path)) == path
    tf.train.remove_checkpoint(path)
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    assert not tf.train.checkpoint_exists(path)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]


def test_relative_paths_outlive_a_move(tmp_path: Path) -> None:
    two_variables()
    (tmp_path / "old").mkdir()
    with initialized() as sess:
        saver = tf.train.Saver(save_relative_paths=True)
        saver.save(sess, str(tmp_path / "old" / "m"), 1)
    (tmp_path / "old").rename(tmp_path / "new")
    assert tf.train.latest_checkpoint(str(tmp_path / "new")) == str(tmp_path / "new" / "m-1")


def test_a_relative_save_path_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    two_variables()
    (tmp_path / "run").mkdir()
    with initialized() as sess:
        assert tf.train.Saver().save(sess, "run/m", 1) == "run/m-1"
    assert tf.train.latest_checkpoint("run") == "run/m-1"
    assert 'path: "m-1"' in (tmp_path / "run" / "checkpoint").read_text()


def test_the_newest_five_are_kept(tmp_path: Path) -> None:
    two_variables()
    with initialized() as sess:
        saver = tf.train.Saver()
        for step in range(7):
            saver.save(sess, str(tmp_path / "m"), step)
    assert saver.last_checkpoints == [str(tmp_path / f"m-{step}") for step in range(2, 7)]
    assert len(list(tmp_path.glob("*.safetensors"))) == len(list(tmp_path.glob("*.meta"))) == 5
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state is not None and state.all_model_checkpoint_paths == saver.last_checkpoints


def test_all_are_kept_with_max_to_keep_none(tmp_path: Path) -> None:
    two_variables()
    with initialized() as sess:
        saver = tf.train.Saver(max_to_keep=None)
        for step in range(7):
            saver.save(sess, str(tmp_path / "m"), step)
    assert len(list(tmp_path.glob("*.safetensors"))) == 7


def test_one_every_n_hours_is_kept_besides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_variables()
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    with initialized() as sess:
        saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=2)
        for step in range(6):
            now[0] += 3600.0
            saver.save(sess, str(tmp_path / "m"), step)
    kept = sorted(path.stem for path in tmp_path.glob("*.safetensors"))
    assert kept == ["m-2", "m-4", "m-5"]


def test_saving_again_under_one_name_is_one_checkpoint(tmp_path: Path) -> None:
    two_variables()
    with initialized() as sess:
        saver = tf.train.Saver(max_to_keep=2)
        for _ in range(4):
            path = saver.save(sess, str(tmp_path / "m"))
    assert saver.last_checkpoints == [path]
    assert tf.train.checkpoint_exists(path)


def test_recovered_checkpoints_are_deleted_in_their_turn(tmp_path: Path) -> None:
    old = saved(tmp_path, 1)
    with tf.Graph().as_default():
        two_variables()
        with initialized() as sess:
            saver = tf.train.Saver(max_to_keep=1)
            saver.recover_last_checkpoints([old, str(tmp_path / "gone")])
            assert saver.last_checkpoints == [old]
            saver.save(sess, str(tmp_path / "model"), 2)
    assert not tf.train.checkpoint_exists(old)


def test_the_state_is_not_written_when_not_asked(tmp_path: Path) -> None:
    two_variables()
    with initialized() as sess:
        tf.train.Saver().save(sess, str(tmp_path / "m"), write_meta_graph=False, write_state=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.index", "m.safetensors"]


def test_update_checkpoint_state_refuses_its_own_path(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="conflicts with path"):
        tf.train.update_checkpoint_state(str(tmp_path), str(tmp_path / "checkpoint"))


# Names, shapes, errors


def test_restore_by_name_map(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        other = tf.Variable([0.0, 0.0], name="other")
        left = tf.Variable(1.0, name="left")
        sess.run(left.initializer)
        tf.train.Saver({"w": other}).restore(sess, path)
        assert sess.run(other).tolist() == [1.0, 2.0]
        assert sess.run(left) == 1.0


def test_a_missing_key_is_not_found(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.Variable([0.0], name="q")
        with pytest.raises(tf.errors.NotFoundError, match="Key q not found in checkpoint") as told:
            tf.train.Saver().restore(sess, path)
        assert "it holds: n, w" in str(told.value) and "test_saver.py" in str(told.value)


def test_another_shape_is_refused_and_nothing_is_restored(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with tf.Graph().as_default(), initialized():
        pass
    with tf.Graph().as_default():
        n = tf.Variable(0, name="n")
        tf.Variable([1.0, 2.0, 3.0], name="w")
        with initialized() as sess:
            with pytest.raises(
                tf.errors.InvalidArgumentError,
                match=r"Assign requires shapes of both tensors to match. "
                r"lhs shape= \[3\] rhs shape= \[2\]",
            ):
                tf.train.Saver().restore(sess, path)
            assert sess.run(n) == 0


def test_reshape_takes_another_shape_of_as_many_elements(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.Variable([[0.0], [0.0]], name="w")
        tf.train.Saver([w], reshape=True).restore(sess, path)
        assert sess.run(w).tolist() == [[1.0], [2.0]]


def test_another_dtype_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.Variable(1.0, name="n")
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match="expected dtype float does not equal original dtype int32",
        ):
            tf.train.Saver().restore(sess, path)


def test_what_a_saver_refuses(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    w, n = two_variables()
    with pytest.raises(ValueError, match="two variables have the same name: w"):
        tf.train.Saver([w, n, w])
    with pytest.raises(TypeError, match="passed in a dict or a list"):
        tf.train.Saver(3)
    with pytest.raises(TypeError, match="Not a variable"):
        tf.train.Saver({"a": 3})
    saver = tf.train.Saver()
    with pytest.raises(TypeError, match="must be a Session"):
        saver.save(None, str(tmp_path / "m"))
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value w"):
            saver.save(sess, str(tmp_path / "m"))
        sess.run(tf.global_variables_initializer())
        with pytest.raises(ValueError, match="path components"):
            saver.save(sess, str(tmp_path / "m"), latest_filename="a/b")
        with pytest.raises(ValueError, match=r"Parent directory of .* doesn't exist, can't save"):
            saver.save(sess, str(tmp_path / "no" / "one" / "m"))
        made = saver.save(sess, str(tmp_path / "folder" / "m"))
        assert tf.train.latest_checkpoint(str(tmp_path / "folder")) == made
        with pytest.raises(ValueError, match="The passed save_path is not a valid checkpoint: "):
            saver.restore(sess, str(tmp_path / "nothing"))
        with pytest.raises(ValueError, match="Can't load save_path when it is None"):
            saver.restore(sess, None)
    with (
        tf.Graph().as_default(),
        tf.Session() as sess,
        pytest.raises(ValueError, match="not an element of the session's graph"),
    ):
        tf.constant(1.0)
        saver.save(sess, str(tmp_path / "m"))


def test_an_empty_saver_where_it_is_allowed(tmp_path: Path) -> None:
    with tf.Session() as sess:
        tf.constant(1.0)
        assert tf.train.Saver(allow_empty=True).save(sess, str(tmp_path / "m")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_deferred_saver_takes_the_variables_of_its_building(tmp_path: Path) -> None:
    saver = tf.train.Saver(defer_build=True)
    w, _ = two_variables()
    saver.build()
    with initialized() as sess:
        path = saver.save(sess, str(tmp_path / "m"))
    assert tf.train.list_variables(path) == [("n", []), ("w", [2])]
    with pytest.raises(ValueError, match="cannot be deferred"):
        tf.train.Saver([w], defer_build=True)


def test_the_reader_tells_what_is_there(tmp_path: Path) -> None:
    path = saved(tmp_path)
    reader = tf.train.NewCheckpointReader(path)
    assert reader.get_variable_to_shape_map() == {"w": [2], "n": []}
    assert reader.get_variable_to_dtype_map() == {"w": tf.float32, "n": tf.int32}
    assert reader.has_tensor("w") and not reader.has_tensor("q")
    assert "w (FLOAT) [2]" in reader.debug_string()
    with pytest.raises(tf.errors.NotFoundError, match="Key q not found in checkpoint"):
        reader.get_tensor("q")
    with pytest.raises(tf.errors.NotFoundError, match="Failed to find any matching files for"):
        tf.train.NewCheckpointReader(str(tmp_path / "mode"))
    assert tf.train.list_variables(str(tmp_path)) == [("n", []), ("w", [2])]
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file"):
        (tmp_path / "checkpoint").unlink()
        tf.train.list_variables(str(tmp_path))
