"""1.x: mixture density, Kalman filter by scan, k-means, EM, a map, waves, life."""

import numpy as np
import tensorflow as tf

# MDN
KMIX, NOUT = 4, 12
x = tf.placeholder(dtype=tf.float32, shape=[None, 1], name="x")
y = tf.placeholder(dtype=tf.float32, shape=[None, 1], name="y")
Wh = tf.Variable(tf.random_normal([1, 6], stddev=0.5, dtype=tf.float32))
bh = tf.Variable(tf.random_normal([1, 6], stddev=0.5, dtype=tf.float32))
Wo = tf.Variable(tf.random_normal([6, NOUT], stddev=0.5, dtype=tf.float32))
bo = tf.Variable(tf.random_normal([1, NOUT], stddev=0.5, dtype=tf.float32))
output = tf.matmul(tf.nn.tanh(tf.matmul(x, Wh) + bh), Wo) + bo


def get_mixture_coef(output):
    out_pi, out_sigma, out_mu = tf.split(axis=1, num_or_size_splits=3, value=output)
    max_pi = tf.reduce_max(out_pi, 1, keep_dims=True)
    out_pi = tf.subtract(out_pi, max_pi)
    out_pi = tf.exp(out_pi)
    normalize_pi = tf.reciprocal(tf.reduce_sum(out_pi, 1, keep_dims=True))
    out_pi = tf.multiply(normalize_pi, out_pi)
    return out_pi, tf.exp(out_sigma), out_mu


out_pi, out_sigma, out_mu = get_mixture_coef(output)


def tf_normal(y, mu, sigma):
    result = tf.subtract(y, mu)
    result = tf.multiply(result, tf.reciprocal(sigma))
    result = -tf.square(result) / 2
    return tf.multiply(tf.exp(result), tf.reciprocal(sigma)) * (1 / np.sqrt(2 * np.pi))


lossfunc = tf.reduce_mean(
    -tf.log(tf.reduce_sum(tf.multiply(tf_normal(y, out_mu, out_sigma), out_pi), 1, keep_dims=True))
)
train_op = tf.train.AdamOptimizer(0.02).minimize(lossfunc)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    t = np.linspace(-1, 1, 12).reshape(-1, 1)
    for i in range(4):
        print(s.run([lossfunc, train_op], {x: np.sin(3 * t), y: t})[0])
# Kalman by scan
tf.reset_default_graph()
A = tf.constant([[1.0, 1.0], [0.0, 1.0]])
H = tf.constant([[1.0, 0.0]])
Q = tf.eye(2) * 0.01
R = tf.Variable([[0.1]])
zs = tf.constant([1.0, 2.1, 2.9, 4.2, 5.0])


def kstep(prev, z):
    m, P, _ = prev
    m = tf.matmul(A, m)
    P = tf.matmul(tf.matmul(A, P), A, transpose_b=True) + Q
    S = tf.matmul(tf.matmul(H, P), tf.transpose(H)) + R
    K = tf.matmul(tf.matmul(P, H, transpose_b=True), tf.matrix_inverse(S))
    r = z - tf.matmul(H, m)
    ll = -0.5 * (tf.squeeze(r) ** 2 / tf.squeeze(S) + tf.log(2 * np.pi * tf.squeeze(S)))
    return m + tf.matmul(K, r), tf.matmul(tf.eye(2) - tf.matmul(K, H), P), ll


ms, Ps, lls = tf.scan(kstep, zs, initializer=(tf.zeros([2, 1]), tf.eye(2), tf.constant(0.0)))
g = tf.gradients(tf.reduce_sum(lls), R)
print(ms, lls)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    print(*s.run([ms, lls, g[0]]))
# kmeans
tf.reset_default_graph()
pts = np.random.RandomState(0).randn(30, 2) + np.repeat([[0, 0], [6, 6], [0, 6]], 10, 0)
vectors = tf.constant(pts)
centroids = tf.Variable(tf.slice(vectors, [0, 0], [3, -1]))
exp_v, exp_c = tf.expand_dims(vectors, 0), tf.expand_dims(centroids, 1)
assignments = tf.argmin(tf.reduce_sum(tf.square(tf.subtract(exp_v, exp_c)), 2), 0)
means = tf.concat(
    [
        tf.reduce_mean(
            tf.gather(vectors, tf.reshape(tf.where(tf.equal(assignments, c)), [1, -1])),
            reduction_indices=[1],
        )
        for c in range(3)
    ],
    0,
)
update = tf.assign(centroids, means)
print(vectors.get_shape(), exp_v.get_shape(), means.get_shape(), assignments.dtype)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for _ in range(5):
        _, cv, av = s.run([update, centroids, assignments])
    print(cv, av)
# GMM EM
tf.reset_default_graph()
X = tf.placeholder(tf.float64, [None, 2])
mu = tf.Variable(pts[[0, 10, 20]], dtype=tf.float64)
var = tf.Variable(np.ones((3, 2)))
wt = tf.Variable(np.ones(3) / 3)
dist = tf.squared_difference(X[None], mu[:, None])
e = (
    -0.5 * tf.reduce_sum(dist / var[:, None] + tf.log(2 * np.pi * var)[:, None], 2)
    + tf.log(wt)[:, None]
)
ls = tf.reduce_logsumexp(e, 0)
gam = tf.exp(e - ls)
gs = tf.reduce_sum(gam, 1)
nm = tf.matmul(gam, X) / gs[:, None]
nv = (
    tf.reduce_sum(tf.squared_difference(X[None], nm[:, None]) * gam[..., None], 1)
    / tf.expand_dims(gs, 1)
    + 1e-6
)
em = tf.group(mu.assign(nm), var.assign(nv), wt.assign(gs / tf.cast(tf.shape(X)[0], tf.float64)))
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for _ in range(4):
        print(s.run([tf.reduce_mean(ls), em], {X: pts})[0])
    print(*s.run([mu, var, wt]))
# SOM
tf.reset_default_graph()
m, n, dim = 3, 2, 2
weightage = tf.Variable(np.random.RandomState(1).randn(m * n, dim).astype(np.float32))
loc = tf.constant(np.array([[i, j] for i in range(m) for j in range(n)]))
vect = tf.placeholder("float", [dim])
it = tf.placeholder("float")
bmu = tf.argmin(
    tf.sqrt(
        tf.reduce_sum(tf.pow(tf.subtract(weightage, tf.stack([vect for i in range(m * n)])), 2), 1)
    ),
    0,
)
slice_input = tf.pad(tf.reshape(bmu, [1]), np.array([[0, 1]]))
bmu_loc = tf.reshape(tf.slice(loc, slice_input, tf.constant(np.array([1, 2]))), [2])
lr_op = tf.subtract(1.0, tf.div(it, 10))
alpha_op = tf.multiply(0.3, lr_op)
sigma_op = tf.multiply(1.5, lr_op)
dsq = tf.reduce_sum(tf.pow(tf.subtract(loc, tf.stack([bmu_loc for i in range(m * n)])), 2), 1)
nf = tf.exp(tf.negative(tf.div(tf.cast(dsq, "float32"), tf.pow(sigma_op, 2))))
lro = tf.multiply(alpha_op, nf)
mult = tf.stack([tf.tile(tf.slice(lro, np.array([i]), np.array([1])), [dim]) for i in range(m * n)])
delta = tf.multiply(mult, tf.subtract(tf.stack([vect for i in range(m * n)]), weightage))
top = tf.assign(weightage, tf.add(weightage, delta))
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for k in range(8):
        s.run(top, {vect: pts[k * 3], it: k})
    print(s.run(weightage))
    print(bmu_loc, alpha_op, nf)
# raindrops + life
tf.reset_default_graph()
sess = tf.InteractiveSession()


def make_kernel(a):
    a = np.asarray(a)
    a = a.reshape(list(a.shape) + [1, 1])
    return tf.constant(a, dtype=1)


def simple_conv(x, k):
    x = tf.expand_dims(tf.expand_dims(x, 0), -1)
    return tf.nn.depthwise_conv2d(x, k, [1, 1, 1, 1], padding="SAME")[0, :, :, 0]


lap = make_kernel([[0.5, 1.0, 0.5], [1.0, -6.0, 1.0], [0.5, 1.0, 0.5]])
u0 = np.zeros([10, 10], np.float32)
u0[4, 4] = 3
eps = tf.placeholder(tf.float32, shape=())
damping = tf.placeholder(tf.float32, shape=())
U = tf.Variable(u0)
Ut = tf.Variable(np.zeros_like(u0))
U_ = U + eps * Ut
Ut_ = Ut + eps * (simple_conv(U, lap) - damping * Ut)
step = tf.group(U.assign(U_), Ut.assign(Ut_))
tf.global_variables_initializer().run()
for i in range(10):
    step.run({eps: 0.03, damping: 0.04})
print(U.eval()[3:6, 3:6])
board = tf.placeholder(tf.int32, shape=[5, 5])


def upd(b):
    nb = sum(np.roll(np.roll(b, i, 0), j, 1) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i or j))
    return np.where(np.logical_or(nb == 3, np.logical_and(b, nb == 2)), 1, 0).astype(np.int32)


nxt = tf.py_func(upd, [board], [tf.int32])
b = np.zeros((5, 5), np.int32)
b[2, 1:4] = 1
for i in range(2):
    b = sess.run(nxt, {board: b})[0]
print(b.ravel()[10:15], nxt[0].shape)

assert b.ravel()[10:15].tolist() == [0, 1, 1, 1, 0]
sess.close()
