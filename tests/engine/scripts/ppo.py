"""1.x: proximal policy optimisation: a normal policy, an old copy of it, a clipped ratio."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

EP_MAX = 3
EP_LEN = 24
GAMMA = 0.9
A_LR = 0.0001
C_LR = 0.0002
BATCH = 8
A_UPDATE_STEPS = 3
C_UPDATE_STEPS = 3
S_DIM, A_DIM = 3, 1
METHOD = [
    dict(name="kl_pen", kl_target=0.01, lam=0.5),
    dict(name="clip", epsilon=0.2),
][1]


class Env(object):
    def reset(self):
        self.t = 0.3
        return np.array([np.cos(self.t), np.sin(self.t), 0.0])

    def step(self, a):
        self.t += 0.1 * float(np.asarray(a).ravel()[0])
        return (
            np.array([np.cos(self.t), np.sin(self.t), float(np.asarray(a).ravel()[0])]),
            -(self.t**2),
            False,
            {},
        )


class PPO(object):
    def __init__(self):
        self.sess = tf.Session()
        self.tfs = tf.placeholder(tf.float32, [None, S_DIM], "state")

        # critic
        with tf.variable_scope("critic"):
            l1 = tf.layers.dense(self.tfs, 10, tf.nn.relu)
            self.v = tf.layers.dense(l1, 1)
            self.tfdc_r = tf.placeholder(tf.float32, [None, 1], "discounted_r")
            self.advantage = self.tfdc_r - self.v
            self.closs = tf.reduce_mean(tf.square(self.advantage))
            self.ctrain_op = tf.train.AdamOptimizer(C_LR).minimize(self.closs)

        # actor
        pi, pi_params = self._build_anet("pi", trainable=True)
        oldpi, oldpi_params = self._build_anet("oldpi", trainable=False)
        with tf.variable_scope("sample_action"):
            self.sample_op = tf.squeeze(pi.sample(1), axis=0)  # choosing action
        with tf.variable_scope("update_oldpi"):
            self.update_oldpi_op = [oldp.assign(p) for p, oldp in zip(pi_params, oldpi_params)]

        self.tfa = tf.placeholder(tf.float32, [None, A_DIM], "action")
        self.tfadv = tf.placeholder(tf.float32, [None, 1], "advantage")
        with tf.variable_scope("loss"):
            with tf.variable_scope("surrogate"):
                # ratio = tf.exp(pi.log_prob(self.tfa) - oldpi.log_prob(self.tfa))
                ratio = pi.prob(self.tfa) / oldpi.prob(self.tfa)
                surr = ratio * self.tfadv
            if METHOD["name"] == "kl_pen":
                self.tflam = tf.placeholder(tf.float32, None, "lambda")
                kl = tf.distributions.kl_divergence(oldpi, pi)
                self.kl_mean = tf.reduce_mean(kl)
                self.aloss = -(tf.reduce_mean(surr - self.tflam * kl))
            else:  # clipping method, find this is better
                self.aloss = -tf.reduce_mean(
                    tf.minimum(
                        surr,
                        tf.clip_by_value(ratio, 1.0 - METHOD["epsilon"], 1.0 + METHOD["epsilon"])
                        * self.tfadv,
                    )
                )
        self.kl = tf.reduce_mean(tf.distributions.kl_divergence(oldpi, pi))
        self.ent = pi.entropy()
        with tf.variable_scope("atrain"):
            self.atrain_op = tf.train.AdamOptimizer(A_LR).minimize(self.aloss)
        tf.summary.FileWriter("log/", self.sess.graph)
        self.sess.run(tf.global_variables_initializer())
        self.sess.run(tf.global_variables_initializer())

    def update(self, s, a, r):
        self.sess.run(self.update_oldpi_op)
        adv = self.sess.run(self.advantage, {self.tfs: s, self.tfdc_r: r})
        # update actor
        [
            self.sess.run(self.atrain_op, {self.tfs: s, self.tfa: a, self.tfadv: adv})
            for _ in range(A_UPDATE_STEPS)
        ]
        # update critic
        [
            self.sess.run(self.ctrain_op, {self.tfs: s, self.tfdc_r: r})
            for _ in range(C_UPDATE_STEPS)
        ]
        print(
            *self.sess.run(
                [self.aloss, self.closs, self.kl, self.ent],
                {self.tfs: s, self.tfa: a, self.tfadv: adv, self.tfdc_r: r},
            )
        )

    def _build_anet(self, name, trainable):
        with tf.variable_scope(name):
            l1 = tf.layers.dense(self.tfs, 10, tf.nn.relu, trainable=trainable)
            mu = 2 * tf.layers.dense(l1, A_DIM, tf.nn.tanh, trainable=trainable)
            sigma = tf.layers.dense(l1, A_DIM, tf.nn.softplus, trainable=trainable)
            norm_dist = tf.distributions.Normal(loc=mu, scale=sigma)
        params = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope=name)
        return norm_dist, params

    def choose_action(self, s):
        s = s[np.newaxis, :]
        a = self.sess.run(self.sample_op, {self.tfs: s})[0]
        return np.clip(a, -2, 2)

    def get_v(self, s):
        if s.ndim < 2:
            s = s[np.newaxis, :]
        return self.sess.run(self.v, {self.tfs: s})[0, 0]


env = Env()
ppo = PPO()
all_ep_r = []
rs = np.random.RandomState(0)
for ep in range(EP_MAX):
    s = env.reset()
    buffer_s, buffer_a, buffer_r = [], [], []
    ep_r = 0
    for t in range(EP_LEN):  # in one episode
        a = ppo.choose_action(s)
        assert a.shape == (1,)
        a = rs.randn(1)
        s_, r, done, _ = env.step(a)
        buffer_s.append(s)
        buffer_a.append(a)
        buffer_r.append((r + 8) / 8)  # normalize reward, find to be useful
        s = s_
        ep_r += r
        if (t + 1) % BATCH == 0 or t == EP_LEN - 1:
            v_s_ = ppo.get_v(s_)
            discounted_r = []
            for r in buffer_r[::-1]:
                v_s_ = r + GAMMA * v_s_
                discounted_r.append(v_s_)
            discounted_r.reverse()
            bs, ba, br = (
                np.vstack(buffer_s),
                np.vstack(buffer_a),
                np.array(discounted_r)[:, np.newaxis],
            )
            buffer_s, buffer_a, buffer_r = [], [], []
            ppo.update(bs, ba, br)

loss, kl, entropy = ppo.sess.run([ppo.closs, ppo.kl, ppo.ent], {ppo.tfs: bs, ppo.tfdc_r: br})
assert np.isfinite(loss) and -1e-6 < kl < 0.5 and entropy.shape == (8, 1)
