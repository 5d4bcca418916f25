"""Training loops: coordinators, hooks, monitored sessions, supervisors, clusters by name."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Any:
    """What was logged at level INFO."""
    before = tf.logging.get_verbosity()
    tf.logging.set_verbosity(tf.logging.INFO)
    yield lambda: [
        line.removeprefix("INFO:tensorflow:") for line in capsys.readouterr().err.splitlines()
    ]
    tf.logging.set_verbosity(before)


# Coordinator


def test_threads_stop_when_one_asks() -> None:
    coord = tf.train.Coordinator()
    seen: list[int] = []

    def work(number: int) -> None:
        while not coord.should_stop():
            if number == 2:
                coord.request_stop()
        seen.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    coord.join(threads)
    assert sorted(seen) == [0, 1, 2] and coord.joined


def test_the_first_error_of_a_thread_comes_out_of_join() -> None:
    coord = tf.train.Coordinator()

    def fail() -> None:
        with coord.stop_on_exception():
            raise ValueError("broken")

    thread = threading.Thread(target=fail)
    thread.start()
    with pytest.raises(ValueError, match="broken"):
        coord.join([thread])
    coord.clear_stop()
    assert not coord.should_stop()
    coord.request_stop()
    coord.join([])


def test_the_end_of_the_input_is_no_error() -> None:
    coord = tf.train.Coordinator()
    with coord.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "end")
    assert coord.should_stop()
    coord.join([])


def test_errors_can_be_given_as_they_are() -> None:
    for given in (KeyError("k"), (KeyError, KeyError("k"), None)):
        coord = tf.train.Coordinator()
        coord.request_stop(given)
        with pytest.raises(KeyError):
            coord.raise_requested_exception()
        with pytest.raises(KeyError):
            coord.join([])


def test_threads_that_do_not_end_are_told() -> None:
    coord = tf.train.Coordinator()
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, name="stubborn")
    thread.start()
    coord.request_stop()
    with pytest.raises(RuntimeError, match="threads still running: stubborn"):
        coord.join([thread], stop_grace_period_secs=0.01)
    coord.join([thread], stop_grace_period_secs=0.01, ignore_live_threads=True)
    go_on.set()
    thread.join()


def test_a_looper_calls_until_it_is_stopped() -> None:
    coord = tf.train.Coordinator()
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        if len(calls) == 3:
            coord.request_stop()

    tf.train.LooperThread.loop(coord, 0.001, call)
    coord.join()
    assert len(calls) == 3


def test_queue_runners_are_started_where_there_are_some() -> None:
    tf.constant(1)
    with pytest.raises(ValueError, match="No default session is registered"):
        tf.train.start_queue_runners()
    with tf.Session() as sess:
        assert tf.train.start_queue_runners(sess) == []
        assert tf.train.start_queue_runners(coord=tf.train.Coordinator()) == []


# Monitored sessions


def counting() -> tuple[Any, Any]:
    """A loss that falls by half each step, and the step's operation."""
    step = tf.train.get_or_create_global_step()
    w = tf.Variable(8.0, name="w")
    loss = tf.identity(w, name="loss")
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss * loss / 2, step)
    return loss, train


def test_a_hook_stops_at_a_step_and_no_run_follows() -> None:
    _, train = counting()
    hook = tf.train.StopAtStepHook(last_step=3)
    with tf.train.MonitoredTrainingSession(hooks=[hook]) as sess:
        runs = 0
        while not sess.should_stop():
            sess.run(train)
            runs += 1
        with pytest.raises(RuntimeError, match="after should_stop requested"):
            sess.run(train)
    assert runs == 3
    assert sess.should_stop()
    with pytest.raises(RuntimeError, match="already closed"):
        sess.run(train)


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    values = []
    for _ in range(2):
        with tf.Graph().as_default():
            loss, train = counting()
            hooks = [tf.train.StopAtStepHook(num_steps=2)]
            with tf.train.MonitoredTrainingSession(
                checkpoint_dir=str(tmp_path), hooks=hooks, save_summaries_steps=None,
                log_step_count_steps=None,
            ) as sess:  # fmt: skip
                while not sess.should_stop():
                    values.append(float(sess.run([loss, train])[0]))
    assert values == [8.0, 4.0, 2.0, 1.0]
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "model.ckpt-4")


def test_checkpoints_come_every_so_many_steps_and_at_the_end(tmp_path: Path) -> None:
    _, train = counting()
    saved: list[Any] = []

    class Listener:
        def begin(self) -> None:
            saved.append("begin")

        def before_save(self, session: Any, step: int) -> None:
            pass

        def after_save(self, session: Any, step: int) -> None:
            saved.append(step)

        def end(self, session: Any, step: int) -> None:
            saved.append("end")

    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2, listeners=[Listener()])
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        for _ in range(5):
            sess.run(train)
    assert saved == ["begin", 0, 2, 4, 5, "end"]


def test_the_end_of_the_data_ends_the_block() -> None:
    following = tf.data.Dataset.range(3).make_one_shot_iterator().get_next()
    ended: list[str] = []

    class Hook(tf.train.SessionRunHook):
        def end(self, session: Any) -> None:
            ended.append("end")

    seen = []
    with tf.train.MonitoredTrainingSession(hooks=[Hook()]) as sess:
        while not sess.should_stop():
            seen.append(int(sess.run(following)))
    assert seen == [0, 1, 2] and ended == ["end"]


def test_an_error_comes_out_and_hooks_do_not_end() -> None:
    ended: list[str] = []

    class Hook(tf.train.SessionRunHook):
        def end(self, session: Any) -> None:
            ended.append("end")

    with (
        pytest.raises(ZeroDivisionError),
        tf.train.MonitoredTrainingSession(hooks=[Hook()]) as sess,
    ):
        sess.run(tf.train.get_global_step() or sess.graph.get_operations()[0])
        raise ZeroDivisionError
    assert ended == [] and sess.should_stop()


def test_hooks_fetch_and_feed_along() -> None:
    x = tf.placeholder(tf.float32, [])
    y = x * 2
    seen: list[Any] = []

    class Hook(tf.train.SessionRunHook):
        def before_run(self, run_context: Any) -> Any:
            assert run_context.original_args.fetches is y
            return tf.train.SessionRunArgs({"x": x}, {x: 3.0})

        def after_run(self, run_context: Any, run_values: Any) -> None:
            seen.append(float(run_values.results["x"]))

    with tf.train.MonitoredSession(hooks=[Hook()]) as sess:
        assert sess.run(y) == 6.0
        assert seen == [3.0]
        with pytest.raises(RuntimeError, match="Same tensor is fed"):
            sess.run(y, {x: 1.0})
    with tf.train.MonitoredSession(hooks=[tf.train.FeedFnHook(lambda: {x: 4.0})]) as sess:
        assert sess.run(y) == 8.0


def test_tensors_are_logged_every_so_many_runs(shown: Any) -> None:
    _, train = counting()
    hook = tf.train.LoggingTensorHook({"loss": "loss:0"}, every_n_iter=2, at_end=True)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        for _ in range(4):
            sess.run(train)
    lines = [line.partition(" (")[0] for line in shown()]
    assert lines == ["loss = 8.0", "loss = 2.0", "loss = 0.5"]


def test_a_formatter_makes_the_text_and_lists_are_tagged_by_name(shown: Any) -> None:
    loss, train = counting()
    hook = tf.train.LoggingTensorHook(
        [loss], every_n_iter=1, formatter=lambda values: f"now {values['loss:0']}"
    )
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        sess.run(train)
    assert shown() == ["now 8.0"]


def test_summaries_and_speed_are_written(tmp_path: Path, shown: Any) -> None:
    from summaries import open_logdir

    loss, train = counting()
    tf.summary.scalar("half", loss)
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=str(tmp_path), save_summaries_steps=2, log_step_count_steps=2,
        hooks=[tf.train.StopAtStepHook(last_step=6)],
    ) as sess:  # fmt: skip
        while not sess.should_stop():
            sess.run(train)
    reader = open_logdir(tmp_path)
    try:
        run = reader.runs()[0].name
        losses = reader.scalars(run, "half")
        assert list(losses.step) == [1, 3, 5] and list(losses.value) == [8.0, 2.0, 0.5]
        assert len(reader.scalars(run, "global_step/sec").step) >= 2
    finally:
        reader.close()
    assert any(line.startswith("global_step/sec: ") for line in shown())


def test_nan_stops_or_fails() -> None:
    x = tf.placeholder(tf.float32, [])
    with (
        pytest.raises(tf.train.NanLossDuringTrainingError, match="NaN loss during training"),
        tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(x)]) as sess,
    ):
        sess.run(x, {x: np.nan})
    hook = tf.train.NanTensorHook(x, fail_on_nan_loss=False)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        sess.run(x, {x: 1.0})
        assert not sess.should_stop()
        sess.run(x, {x: np.nan})
        assert sess.should_stop()


def test_a_scaffold_brings_its_own_initialization() -> None:
    v = tf.Variable(1.0)
    x = tf.placeholder(tf.float32, [])
    more = v.assign_add(0.5)
    scaffold = tf.train.Scaffold(
        init_op=v.assign(x).op,
        init_feed_dict={x: 5.0},
        init_fn=lambda scaffold, sess: sess.run(more),
    )
    final = tf.train.FinalOpsHook(v)
    with tf.train.MonitoredTrainingSession(scaffold=scaffold, hooks=[final]) as sess:
        assert sess.run(v) == 5.5
        assert sess.graph.finalized
    assert final.final_ops_values == 5.5


def test_a_saver_takes_a_monitored_session(tmp_path: Path) -> None:
    _, train = counting()
    saver = tf.train.Saver()
    with tf.train.MonitoredSession() as sess:
        sess.run(train)
        path = saver.save(sess, str(tmp_path / "m"))
    assert tf.train.load_variable(path, "w") == 4.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.train.StopAtStepHook(),
        lambda: tf.train.StopAtStepHook(1, 2),
        lambda: tf.train.LoggingTensorHook(["x"], 1, 2.0),
        lambda: tf.train.LoggingTensorHook(["x"]),
        lambda: tf.train.LoggingTensorHook(["x"], every_n_iter=0),
        lambda: tf.train.SecondOrStepTimer(),
        lambda: tf.train.SummarySaverHook(save_steps=1),
        lambda: tf.train.CheckpointSaverHook("x"),
    ],
)
def test_hooks_refuse_what_contradicts_itself(make: Any) -> None:
    with pytest.raises(ValueError, match=r"xactly one|invalid"):
        make()


def test_hooks_that_count_need_a_global_step() -> None:
    tf.constant(1)
    with pytest.raises(RuntimeError, match="Global step should be created to use StopAtStepHook"):
        tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(last_step=3)])


# Supervisor


def test_a_supervisor_restores_what_the_one_before_saved(tmp_path: Path) -> None:
    reached = []
    for _ in range(2):
        with tf.Graph().as_default():
            _, train = counting()
            step = tf.train.get_global_step()
            sv = tf.train.Supervisor(logdir=str(tmp_path), save_model_secs=0)
            with sv.managed_session() as sess:
                for _ in range(3):
                    sess.run(train)
                reached.append(int(sess.run(step)))
                sv.request_stop()
                assert sv.should_stop()
    assert reached == [3, 6]
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "model.ckpt-6")


def test_a_supervisor_without_a_directory_writes_nothing() -> None:
    _, train = counting()
    sv = tf.train.Supervisor(logdir=None, init_fn=lambda sess: None)
    with sv.managed_session() as sess:
        sess.run(train)
        with pytest.raises(RuntimeError, match="requires a summary writer"):
            sv.summary_computed(sess, b"")


def test_an_error_inside_a_managed_session_comes_out(tmp_path: Path) -> None:
    _, train = counting()
    sv = tf.train.Supervisor(logdir=str(tmp_path))
    with pytest.raises(ZeroDivisionError), sv.managed_session() as sess:
        sess.run(train)
        raise ZeroDivisionError
    assert tf.train.load_variable(str(tmp_path), "w") == 4.0


# Clusters by name

CLUSTER = {"ps": ["a:1", "b:1"], "worker": {1: "c:2"}}


def test_a_cluster_is_looked_up_by_job_and_task() -> None:
    spec = tf.train.ClusterSpec(CLUSTER)
    assert spec.as_dict() == CLUSTER and spec.jobs == ["ps", "worker"]
    assert spec.num_tasks("ps") == 2 and spec.task_indices("worker") == [1]
    assert spec.job_tasks("worker") == [None, "c:2"]
    assert spec.task_address("ps", 1) == "b:1"
    assert tf.train.ClusterSpec(spec) == spec and bool(spec)
    assert repr(spec) == f"ClusterSpec({CLUSTER!r})"


def test_what_is_not_in_a_cluster_is_told() -> None:
    spec = tf.train.ClusterSpec(CLUSTER)
    with pytest.raises(ValueError, match="No such job in cluster: 'x'"):
        spec.num_tasks("x")
    with pytest.raises(ValueError, match="No task with index 5 in job 'ps'"):
        spec.task_address("ps", 5)
    for wrong in (3, {"ps": "a:1"}, {"ps": [3]}, {"ps": {"0": "a"}}):
        with pytest.raises(TypeError):
            tf.train.ClusterSpec(wrong)


def test_a_server_is_made_without_connecting() -> None:
    server = tf.train.Server(CLUSTER, job_name="worker", task_index=1)
    assert server.target == "grpc://c:2"
    assert server.server_def["task_index"] == 1
    with pytest.raises(ValueError, match="explicit `task_index`"):
        tf.train.Server(CLUSTER, job_name="ps")
    with pytest.raises(ValueError, match="explicit `job_name`"):
        tf.train.Server(CLUSTER)
    with pytest.raises(tf.errors.UnimplementedError, match="serves nobody"):
        server.join()
    local = tf.train.Server.create_local_server()
    x = tf.constant(1)
    with tf.Session(local.target) as sess:
        assert sess.run(x) == 1


def test_variables_go_to_the_parameter_servers_in_turn() -> None:
    with tf.device(
        tf.train.replica_device_setter(cluster=CLUSTER, worker_device="/job:worker/task:1")
    ):
        a, b, c = (tf.Variable(1.0, name=name) for name in "abc")
        y = a + b
        with tf.device("/gpu:0"):
            z = y * c
    assert [v.device for v in (a, b, c)] == [
        "/job:ps/task:0", "/job:ps/task:1", "/job:ps/task:0",
    ]  # fmt: skip
    assert a.initializer.device == "/job:ps/task:0"
    assert y.device == "/job:worker/task:1"
    assert z.device == "/job:worker/task:1/device:GPU:0"


def test_no_servers_place_nothing_and_a_strategy_chooses() -> None:
    assert tf.train.replica_device_setter() is None
    with pytest.raises(TypeError, match="callable"):
        tf.train.replica_device_setter(2, ps_strategy=3)  # type: ignore[arg-type]
    with tf.device(tf.train.replica_device_setter(5, ps_strategy=lambda op: 4)):
        assert tf.Variable(1.0).device == "/job:ps/task:4"
