"""1.x: Coordinator threads, hooks and MonitoredTrainingSession that comes back where it stopped."""

import threading
import time

import numpy as np
import tensorflow as tf

seen = []


def my_loop(coord, worker_id):
    while not coord.should_stop():
        seen.append(worker_id)
        if len(seen) > 20:
            coord.request_stop()
        time.sleep(0.001)


coord = tf.train.Coordinator()
threads = [threading.Thread(target=my_loop, args=(coord, i)) for i in range(3)]
for t in threads:
    t.start()
coord.join(threads)
assert len(seen) > 20 and coord.should_stop()

x = tf.constant(np.linspace(0, 1, 20).reshape(-1, 1), tf.float32)
y = 3 * x - 1
w = tf.get_variable("w", [1, 1], initializer=tf.zeros_initializer)
b = tf.get_variable("b", [1], initializer=tf.zeros_initializer)
loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
global_step = tf.train.get_or_create_global_step()
train_op = tf.train.GradientDescentOptimizer(0.3).minimize(loss, global_step=global_step)
tf.summary.scalar("loss", loss)


class LoggerHook(tf.train.SessionRunHook):
    def begin(self):
        self.values = []

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(loss)

    def after_run(self, run_context, run_values):
        self.values.append(run_values.results)


for last in (60, 120):
    hook = LoggerHook()
    hooks = [tf.train.StopAtStepHook(last_step=last), hook, tf.train.NanTensorHook(loss)]
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir="train_logs", hooks=hooks, save_checkpoint_secs=60, log_step_count_steps=None
    ) as mon_sess:
        while not mon_sess.should_stop():
            mon_sess.run(train_op)
    print(last, len(hook.values), hook.values[0], hook.values[-1])
    assert len(hook.values) == 60
assert hook.values[-1] < 5e-3
assert tf.train.latest_checkpoint("train_logs").endswith("model.ckpt-120")
