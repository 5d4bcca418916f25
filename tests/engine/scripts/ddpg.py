"""1.x: deterministic policy gradient; targets are averages that a custom getter finds."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

LR_A, LR_C, GAMMA, TAU, MEMORY_CAPACITY, BATCH_SIZE = 0.001, 0.002, 0.9, 0.01, 50, 16


class DDPG(object):
    def __init__(
        self,
        a_dim,
        s_dim,
        a_bound,
    ):
        self.memory = np.zeros((MEMORY_CAPACITY, s_dim * 2 + a_dim + 1), dtype=np.float32)
        self.pointer = 0
        self.sess = tf.Session()
        self.a_dim, self.s_dim, self.a_bound = (
            a_dim,
            s_dim,
            a_bound,
        )
        self.S = tf.placeholder(tf.float32, [None, s_dim], "s")
        self.S_ = tf.placeholder(tf.float32, [None, s_dim], "s_")
        self.R = tf.placeholder(tf.float32, [None, 1], "r")

        self.a = self._build_a(
            self.S,
        )
        q = self._build_c(
            self.S,
            self.a,
        )
        a_params = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="Actor")
        c_params = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="Critic")
        ema = tf.train.ExponentialMovingAverage(decay=1 - TAU)  # soft replacement

        def ema_getter(getter, name, *args, **kwargs):
            return ema.average(getter(name, *args, **kwargs))

        target_update = [ema.apply(a_params), ema.apply(c_params)]  # soft update operation
        a_ = self._build_a(
            self.S_, reuse=True, custom_getter=ema_getter
        )  # replaced target parameters
        q_ = self._build_c(self.S_, a_, reuse=True, custom_getter=ema_getter)

        a_loss = -tf.reduce_mean(q)  # maximize the q
        self.atrain = tf.train.AdamOptimizer(LR_A).minimize(a_loss, var_list=a_params)

        with tf.control_dependencies(target_update):  # soft replacement happened at here
            q_target = self.R + GAMMA * q_
            self.td_error = td_error = tf.losses.mean_squared_error(labels=q_target, predictions=q)
            self.ctrain = tf.train.AdamOptimizer(LR_C).minimize(td_error, var_list=c_params)
        self.sess.run(tf.global_variables_initializer())
        print(q_, td_error, tf.get_collection(tf.GraphKeys.LOSSES))
        for v in tf.moving_average_variables():
            print(v.op.name, ema.average_name(v))

    def choose_action(self, s):
        return self.sess.run(self.a, {self.S: s[np.newaxis, :]})[0]

    def learn(self):
        indices = np.arange(BATCH_SIZE) * 3
        bt = self.memory[indices, :]
        bs = bt[:, : self.s_dim]
        ba = bt[:, self.s_dim : self.s_dim + self.a_dim]
        br = bt[:, -self.s_dim - 1 : -self.s_dim]
        bs_ = bt[:, -self.s_dim :]
        self.sess.run(self.atrain, {self.S: bs})
        self.sess.run(self.ctrain, {self.S: bs, self.a: ba, self.R: br, self.S_: bs_})
        print(self.sess.run(self.td_error, {self.S: bs, self.a: ba, self.R: br, self.S_: bs_}))

    def store_transition(self, s, a, r, s_):
        transition = np.hstack((s, a, [r], s_))
        self.memory[self.pointer % MEMORY_CAPACITY, :] = transition
        self.pointer += 1

    def _build_a(self, s, reuse=None, custom_getter=None):
        trainable = True if reuse is None else False
        with tf.variable_scope("Actor", reuse=reuse, custom_getter=custom_getter):
            net = tf.layers.dense(s, 30, activation=tf.nn.relu, name="l1", trainable=trainable)
            a = tf.layers.dense(
                net, self.a_dim, activation=tf.nn.tanh, name="a", trainable=trainable
            )
            return tf.multiply(a, self.a_bound, name="scaled_a")

    def _build_c(self, s, a, reuse=None, custom_getter=None):
        trainable = True if reuse is None else False
        with tf.variable_scope("Critic", reuse=reuse, custom_getter=custom_getter):
            n_l1 = 30
            w1_s = tf.get_variable("w1_s", [self.s_dim, n_l1], trainable=trainable)
            w1_a = tf.get_variable("w1_a", [self.a_dim, n_l1], trainable=trainable)
            b1 = tf.get_variable("b1", [1, n_l1], trainable=trainable)
            net = tf.nn.relu(tf.matmul(s, w1_s) + tf.matmul(a, w1_a) + b1)
            return tf.layers.dense(net, 1, trainable=trainable)  # Q(s,a)


ddpg = DDPG(1, 3, [2.0])
s = np.array([1.0, 0.0, 0.0])
for i in range(60):
    a = ddpg.choose_action(s) + np.sin(i)
    s_ = np.tanh(s * 0.9 + a)
    ddpg.store_transition(s, a, -(s_.sum() ** 2), s_)
    s = s_
    if ddpg.pointer > MEMORY_CAPACITY:
        ddpg.learn()

assert len(tf.moving_average_variables()) == 4 + 5
assert np.isfinite(ddpg.choose_action(s)).all() and ddpg.pointer == 60
