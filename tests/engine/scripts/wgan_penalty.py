"""1.x: a critic held to slope one: the penalty is a gradient of a gradient."""

import functools
import os

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

MODE, DIM, BATCH_SIZE, LAMBDA = "wgan-gp", 16, 6, 10
_params, _param_aliases = {}, {}


def param(name, *args, **kwargs):
    if name not in _params:
        kwargs["name"] = name
        p = tf.Variable(*args, **kwargs)
        p.param = True
        _params[name] = p
    result = _params[name]
    i = 0
    while result in _param_aliases:
        i += 1
        result = _param_aliases[result]
    return result


def params_with_name(name):
    return [p for n, p in _params.items() if name in n]


def Linear(name, input_dim, output_dim, inputs):
    with tf.name_scope(name) as scope:
        w = param(
            name + ".W",
            np.random.uniform(low=-0.1, high=0.1, size=(input_dim, output_dim)).astype("float32"),
        )
        if inputs.get_shape().ndims == 2:
            result = tf.matmul(inputs, w)
        else:
            reshaped_inputs = tf.reshape(inputs, [-1, input_dim])
            result = tf.matmul(reshaped_inputs, w)
            result = tf.reshape(result, tf.stack(tf.unstack(tf.shape(inputs))[:-1] + [output_dim]))
        return tf.nn.bias_add(result, param(name + ".b", np.zeros((output_dim,), dtype="float32")))


def LeakyReLU(x, alpha=0.2):
    return tf.maximum(alpha * x, x)


def Generator(n, noise):
    o = tf.nn.relu(Linear("Generator.1", 2, DIM, noise))
    return Linear("Generator.3", DIM, 2, tf.nn.relu(Linear("Generator.2", DIM, DIM, o)))


def Discriminator(inputs):
    output = LeakyReLU(Linear("Discriminator.1", 2, DIM, inputs))
    output = LeakyReLU(Linear("Discriminator.2", DIM, DIM, output))
    return tf.reshape(Linear("Discriminator.3", DIM, 1, output), [-1])


real_data = tf.placeholder(tf.float32, shape=[None, 2])
noise = tf.placeholder(tf.float32, [BATCH_SIZE, 2])
alpha = tf.placeholder(tf.float32, [BATCH_SIZE, 1])
fake_data = Generator(BATCH_SIZE, noise)
disc_real, disc_fake = Discriminator(real_data), Discriminator(fake_data)
disc_cost = tf.reduce_mean(disc_fake) - tf.reduce_mean(disc_real)
gen_cost = -tf.reduce_mean(disc_fake)
interpolates = alpha * real_data + ((1 - alpha) * fake_data)
disc_interpolates = Discriminator(interpolates)
gradients = tf.gradients(disc_interpolates, [interpolates])[0]
slopes = tf.sqrt(tf.reduce_sum(tf.square(gradients), reduction_indices=[1]))
gradient_penalty = tf.reduce_mean((slopes - 1) ** 2)
disc_cost += LAMBDA * gradient_penalty
disc_train_op = tf.train.AdamOptimizer(learning_rate=1e-2, beta1=0.5, beta2=0.9).minimize(
    disc_cost, var_list=params_with_name("Discriminator")
)
gen_train_op = (
    tf.train.AdamOptimizer(learning_rate=1e-2, beta1=0.5, beta2=0.9).minimize(
        gen_cost, var_list=params_with_name("Generator")
    )
    if len(params_with_name("Generator")) > 0
    else tf.no_op()
)
clip_ops = []
for var in params_with_name("Discriminator"):
    clip_bounds = [-0.5, 0.5]
    clip_ops.append(tf.assign(var, tf.clip_by_value(var, clip_bounds[0], clip_bounds[1])))
clip_disc_weights = tf.group(*clip_ops)
print("Generator params:")
for var in params_with_name("Generator"):
    print("\t{}\t{}".format(var.name, var.get_shape()))
r = np.random.RandomState(0)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(tf.global_variables_initializer())
    for it in range(6):
        f = {real_data: r.randn(6, 2) + 2, noise: r.randn(6, 2), alpha: r.rand(6, 1)}
        if it > 0:
            session.run(gen_train_op, f)
        c, _ = session.run([disc_cost, disc_train_op], f)
        session.run(clip_disc_weights)
        print(it, c)
    print(session.run(gradients, f))
    assert np.isfinite(c)
