"""1.x: Q-learning on a corridor: scopes by collection, target network copied by tf.assign."""

import collections
import random

import numpy as np
import tensorflow as tf

N = 6


class DeepQNetwork:
    def __init__(self):
        self.s = tf.placeholder(tf.float32, [None, N], name="s")
        self.q_target = tf.placeholder(tf.float32, [None, 2], name="Q_target")
        self.s_ = tf.placeholder(tf.float32, [None, N], name="s_")
        self.q_eval = self._net(self.s, "eval_net")
        self.q_next = self._net(self.s_, "target_net")
        with tf.variable_scope("loss"):
            self.loss = tf.reduce_mean(tf.squared_difference(self.q_target, self.q_eval))
        with tf.variable_scope("train"):
            self.train_op = tf.train.RMSPropOptimizer(0.01).minimize(self.loss)
        t_params = tf.get_collection("target_net_params")
        e_params = tf.get_collection("eval_net_params")
        assert len(t_params) == len(e_params) == 4
        self.replace = [tf.assign(t, e) for t, e in zip(t_params, e_params)]
        self.soft = tf.group(*[t.assign(0.9 * t + 0.1 * e) for t, e in zip(t_params, e_params)])
        self.memory = collections.deque(maxlen=500)
        self.sess = tf.Session()
        self.sess.run(tf.global_variables_initializer())

    def _net(self, s, scope):
        with tf.variable_scope(scope):
            names = [scope + "_params", tf.GraphKeys.GLOBAL_VARIABLES]
            w_init, b_init = tf.random_normal_initializer(0.0, 0.3), tf.constant_initializer(0.1)
            with tf.variable_scope("l1"):
                w1 = tf.get_variable("w1", [N, 16], initializer=w_init, collections=names)
                b1 = tf.get_variable("b1", [1, 16], initializer=b_init, collections=names)
                l1 = tf.nn.relu(tf.matmul(s, w1) + b1)
            with tf.variable_scope("l2"):
                w2 = tf.get_variable("w2", [16, 2], initializer=w_init, collections=names)
                b2 = tf.get_variable("b2", [1, 2], initializer=b_init, collections=names)
                return tf.matmul(l1, w2) + b2

    def learn(self):
        batch = random.sample(list(self.memory), 32)
        s, a, r, s_, done = map(np.array, zip(*batch))
        q_next, q_eval = self.sess.run([self.q_next, self.q_eval], {self.s_: s_, self.s: s})
        q_target = q_eval.copy()
        q_target[np.arange(32), a] = r + 0.9 * q_next.max(axis=1) * (1 - done)
        return self.sess.run([self.train_op, self.loss], {self.s: s, self.q_target: q_target})[1]


random.seed(0)
np.random.seed(0)
tf.set_random_seed(1)
agent = DeepQNetwork()
eye = np.eye(N)
tf.get_default_graph().finalize()
for step in range(400):
    at, action = random.randrange(N - 1), random.randrange(2)
    to = min(max(at + (1 if action else -1), 0), N - 1)
    agent.memory.append((eye[at], action, float(to == N - 1), eye[to], float(to == N - 1)))
    if step > 50:
        if step % 20 == 0:
            agent.sess.run(agent.replace)
        agent.learn()
agent.sess.run(agent.soft)
q = agent.sess.run(agent.q_eval, {agent.s: eye[:-1]})
print(np.round(q, 2))
assert (q.argmax(1) == 1).all()
agent.sess.close()
