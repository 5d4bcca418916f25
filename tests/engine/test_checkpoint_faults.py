"""Checkpoints when things go wrong: killed processes, full disks, damaged and missing files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import engine as tf

Start = Callable[..., "subprocess.Popen[str]"]

SAVING_WITHOUT_END = """
import sys
import numpy as np
import engine as tf
directory, same_name = sys.argv[1], sys.argv[2] == "same"
a = tf.Variable(np.zeros(300_000, np.float32), name="a")
b = tf.Variable(np.zeros(300_000, np.float32), name="b")
step = tf.Variable(0, name="step")
with tf.control_dependencies([a.assign_add(tf.ones([300_000])), b.assign_sub(tf.ones([300_000]))]):
    forward = step.assign_add(1)
saver = tf.train.Saver(max_to_keep=2)
with tf.Session() as sess:
    latest = tf.train.latest_checkpoint(directory)
    if latest:
        saver.restore(sess, latest)
        kept = tf.train.get_checkpoint_state(directory).all_model_checkpoint_paths
        saver.recover_last_checkpoints(kept)
    else:
        sess.run(tf.global_variables_initializer())
    print("ready", flush=True)
    while True:
        number = sess.run(forward)
        saver.save(sess, directory + "/m", global_step=None if same_name else number)
"""


@pytest.mark.parametrize("names", ["numbered", "same"])
def test_a_killed_process_leaves_a_whole_checkpoint(
    names: str, tmp_path: Path, start_script: Start
) -> None:
    moments = random.Random(4)
    reached = 0
    for _ in range(12):
        process = start_script(SAVING_WITHOUT_END, tmp_path, names)
        assert process.stdout is not None and process.stderr is not None
        if process.stdout.readline() != "ready\n":
            pytest.fail(process.stderr.read())
        time.sleep(moments.uniform(0.0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        latest = tf.train.latest_checkpoint(str(tmp_path))
        if latest is None:
            assert reached == 0, "a checkpoint that was there is gone"
            continue
        reader = tf.train.NewCheckpointReader(latest)
        step = int(reader.get_tensor("step"))
        # All of one moment: every variable has made as many steps.
        assert set(reader.get_tensor("a").tolist()) == {float(step)}
        assert set(reader.get_tensor("b").tolist()) == {float(-step)}
        assert step >= reached
        reached = step
    assert reached > 0
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state is not None
    for path in state.all_model_checkpoint_paths[-1:]:
        assert tf.train.checkpoint_exists(path)


def test_what_a_killed_process_left_is_cleared(tmp_path: Path, start_script: Start) -> None:
    done = start_script("import os; print(os.getpid())")
    number = done.communicate()[0].strip()
    for name in ("m.safetensors", "m.index", "m.meta", "checkpoint"):
        (tmp_path / f".{name}.{number}.tmp").write_bytes(b"half")
    kept = tmp_path / f".m.safetensors.{os.getppid()}.tmp"
    kept.write_bytes(b"of a process that is still writing")
    save_numbers(tmp_path)
    assert list(tmp_path.glob(".*")) == [kept]


def test_what_was_left_of_other_steps_is_cleared_too(tmp_path: Path, start_script: Start) -> None:
    done = start_script("import os; print(os.getpid())")
    number = done.communicate()[0].strip()
    for name in ("m-1000.safetensors", "m-999.index", "m-1.meta"):
        (tmp_path / f".{name}.{number}.tmp").write_bytes(b"half")
    others = {tmp_path / f".{name}.{number}.tmp" for name in ("n-1000.index", "m-x.index")}
    for other in others:
        other.write_bytes(b"of another model")
    save_numbers(tmp_path, step=2000)
    assert set(tmp_path.glob(".*")) == others


FULL_DISK = """
import resource, sys
import numpy as np
import engine as tf
directory = sys.argv[1]
v = tf.Variable(np.ones(50_000, np.float32), name="v")
with tf.Session() as sess:
    sess.run(v.initializer)
    saver = tf.train.Saver(max_to_keep=1)
    saver.save(sess, directory + "/m", 1)
    sess.run(v.assign_add(np.ones(50_000)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        saver.save(sess, directory + "/m", 2)
    except tf.errors.ResourceExhaustedError as error:
        print(error)
"""


def test_a_full_disk_is_told_and_leaves_the_checkpoint_before(
    tmp_path: Path, start_script: Start
) -> None:
    process = start_script(FULL_DISK, tmp_path)
    out, err = process.communicate()
    assert "m-2" in out and "cannot write" in out and "free some space" in out, err
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "m-1")
    assert set(tf.train.load_variable(str(tmp_path), "v").tolist()) == {1.0}
    assert not list(tmp_path.glob("*tmp*")) and not list(tmp_path.glob(".*"))


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").mkdir()
    (tmp_path / "m.safetensors" / "in the way").write_text("x")
    with pytest.raises(tf.errors.OpError, match="cannot write"):
        save_numbers(tmp_path)


def save_numbers(directory: Path, step: int | None = None) -> str:
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.Variable([1.0, 2.0], name="first")
        tf.Variable([[True, False]], name="second")
        tf.Variable(["text", "more"], name="third")
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(directory / "m"), global_step=step)
    assert path is not None
    return path


def restored(path: str) -> list[object]:
    with tf.Graph().as_default(), tf.Session() as sess:
        variables = [
            tf.Variable([0.0, 0.0], name="first"),
            tf.Variable([[False, False]], name="second"),
            tf.Variable(["", ""], name="third"),
        ]
        tf.train.Saver().restore(sess, path)
        return [value.tolist() for value in sess.run(variables)]


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = save_numbers(tmp_path)
    file = Path(path + ".safetensors")
    whole = file.read_bytes()
    want = restored(path)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        file.write_bytes(damaged)
        try:
            got = restored(path)
        except tf.errors.DataLossError as error:
            assert "m.safetensors" in str(error)
        else:
            # White space between the header's parts may change without harm.
            assert got == want, place


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    path = save_numbers(tmp_path)
    file = Path(path + ".safetensors")
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(tf.errors.DataLossError):
            restored(path)


def test_the_message_names_the_damaged_tensor(tmp_path: Path) -> None:
    path = save_numbers(tmp_path)
    file = Path(path + ".safetensors")
    whole = bytearray(file.read_bytes())
    place = whole.index(np.array([1, 2], "<f4").tobytes())
    whole[place] ^= 1
    file.write_bytes(whole)
    with pytest.raises(tf.errors.DataLossError, match="tensor 'first'") as told:
        restored(path)
    assert "checksum" in str(told.value) and "try: an older checkpoint" in str(told.value)
    file.write_bytes(whole[: place + 3])
    with pytest.raises(tf.errors.DataLossError, match="cut off within tensor"):
        restored(path)


def test_a_damaged_file_restores_nothing(tmp_path: Path) -> None:
    path = save_numbers(tmp_path)
    file = Path(path + ".safetensors")
    whole = bytearray(file.read_bytes())
    whole[-1] ^= 1
    file.write_bytes(whole)
    with tf.Graph().as_default(), tf.Session() as sess:
        first = tf.Variable([0.0, 0.0], name="first")
        third = tf.Variable(["", ""], name="third")
        tf.Variable([[False, False]], name="second")
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.DataLossError):
            tf.train.Saver().restore(sess, path)
        assert sess.run(first).tolist() == [0.0, 0.0]
        assert sess.run(third).tolist() == [b"", b""]


def test_a_file_that_is_gone_is_no_valid_checkpoint(tmp_path: Path) -> None:
    path = save_numbers(tmp_path)
    Path(path + ".safetensors").unlink()
    with pytest.raises(ValueError, match="not a valid checkpoint"):
        restored(path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 40, b"PK\x03\x04 no zip", b"\x02\0\0\0\0\0\0\0[]"], ids=repr
)
def test_what_is_no_checkpoint_at_all_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(tf.errors.DataLossError, match="header"):
        tf.train.NewCheckpointReader(str(tmp_path / "m"))


def test_a_damaged_npz_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", first=np.zeros(100, np.float32))
    whole = bytearray((tmp_path / "m.npz").read_bytes())
    whole[150] ^= 255
    (tmp_path / "m.npz").write_bytes(whole)
    with pytest.raises(tf.errors.DataLossError, match=r"m\.npz"):
        tf.train.NewCheckpointReader(str(tmp_path / "m.npz")).get_tensor("first")


def test_an_npz_of_python_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", first=np.array([{}], object))
    with pytest.raises(tf.errors.DataLossError, match="not plain arrays"):
        tf.train.NewCheckpointReader(str(tmp_path / "m.npz"))
