"""1.x: an encoder and decoder of attention blocks with padding and causal masks."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)


def normalize(inputs, epsilon=1e-8, scope="ln", reuse=None):
    with tf.variable_scope(scope, reuse=reuse):
        inputs_shape = inputs.get_shape()
        params_shape = inputs_shape[-1:]
        mean, variance = tf.nn.moments(inputs, [-1], keep_dims=True)
        beta = tf.Variable(tf.zeros(params_shape))
        gamma = tf.Variable(tf.ones(params_shape))
        normalized = (inputs - mean) / ((variance + epsilon) ** (0.5))
        return gamma * normalized + beta


def embedding(
    inputs, vocab_size, num_units, zero_pad=True, scale=True, scope="embedding", reuse=None
):
    with tf.variable_scope(scope, reuse=reuse):
        lookup_table = tf.get_variable(
            "lookup_table",
            dtype=tf.float32,
            shape=[vocab_size, num_units],
            initializer=tf.contrib.layers.xavier_initializer(),
        )
        if zero_pad:
            lookup_table = tf.concat((tf.zeros(shape=[1, num_units]), lookup_table[1:, :]), 0)
        outputs = tf.nn.embedding_lookup(lookup_table, inputs)
        if scale:
            outputs = outputs * (num_units**0.5)
    return outputs


def positional_encoding(
    inputs, num_units, zero_pad=True, scale=True, scope="positional_encoding", reuse=None
):
    N, T = inputs.get_shape().as_list()
    with tf.variable_scope(scope, reuse=reuse):
        position_ind = tf.tile(tf.expand_dims(tf.range(T), 0), [tf.shape(inputs)[0], 1])
        position_enc = np.array(
            [
                [pos / np.power(10000, 2.0 * i / num_units) for i in range(num_units)]
                for pos in range(T)
            ]
        )
        position_enc[:, 0::2] = np.sin(position_enc[:, 0::2])  # dim 2i
        position_enc[:, 1::2] = np.cos(position_enc[:, 1::2])  # dim 2i+1
        lookup_table = tf.convert_to_tensor(position_enc, dtype=tf.float32)
        return tf.nn.embedding_lookup(lookup_table, position_ind)


def multihead_attention(
    queries,
    keys,
    num_units=None,
    num_heads=8,
    dropout_rate=0,
    is_training=True,
    causality=False,
    scope="multihead_attention",
    reuse=None,
):
    with tf.variable_scope(scope, reuse=reuse):
        if num_units is None:
            num_units = queries.get_shape().as_list[-1]
        Q = tf.layers.dense(queries, num_units, activation=tf.nn.relu)  # (N, T_q, C)
        K = tf.layers.dense(keys, num_units, activation=tf.nn.relu)  # (N, T_k, C)
        V = tf.layers.dense(keys, num_units, activation=tf.nn.relu)  # (N, T_k, C)
        Q_ = tf.concat(tf.split(Q, num_heads, axis=2), axis=0)  # (h*N, T_q, C/h)
        K_ = tf.concat(tf.split(K, num_heads, axis=2), axis=0)  # (h*N, T_k, C/h)
        V_ = tf.concat(tf.split(V, num_heads, axis=2), axis=0)  # (h*N, T_k, C/h)
        outputs = tf.matmul(Q_, tf.transpose(K_, [0, 2, 1]))  # (h*N, T_q, T_k)
        outputs = outputs / (K_.get_shape().as_list()[-1] ** 0.5)
        key_masks = tf.sign(tf.abs(tf.reduce_sum(keys, axis=-1)))  # (N, T_k)
        key_masks = tf.tile(key_masks, [num_heads, 1])  # (h*N, T_k)
        key_masks = tf.tile(
            tf.expand_dims(key_masks, 1), [1, tf.shape(queries)[1], 1]
        )  # (h*N, T_q, T_k)
        paddings = tf.ones_like(outputs) * (-(2**32) + 1)
        outputs = tf.where(tf.equal(key_masks, 0), paddings, outputs)  # (h*N, T_q, T_k)
        if causality:
            diag_vals = tf.ones_like(outputs[0, :, :])  # (T_q, T_k)
            tril = tf.matrix_band_part(diag_vals, -1, 0)
            masks = tf.tile(
                tf.expand_dims(tril, 0), [tf.shape(outputs)[0], 1, 1]
            )  # (h*N, T_q, T_k)
            paddings = tf.ones_like(masks) * (-(2**32) + 1)
            outputs = tf.where(tf.equal(masks, 0), paddings, outputs)  # (h*N, T_q, T_k)
        outputs = tf.nn.softmax(outputs)  # (h*N, T_q, T_k)
        query_masks = tf.sign(tf.abs(tf.reduce_sum(queries, axis=-1)))  # (N, T_q)
        query_masks = tf.tile(query_masks, [num_heads, 1])  # (h*N, T_q)
        query_masks = tf.tile(
            tf.expand_dims(query_masks, -1), [1, 1, tf.shape(keys)[1]]
        )  # (h*N, T_q, T_k)
        outputs *= query_masks  # broadcasting. (N, T_q, C)
        outputs = tf.layers.dropout(
            outputs, rate=dropout_rate, training=tf.convert_to_tensor(is_training)
        )
        outputs = tf.matmul(outputs, V_)  # ( h*N, T_q, C/h)
        outputs = tf.concat(tf.split(outputs, num_heads, axis=0), axis=2)  # (N, T_q, C)
        outputs += queries
        return normalize(outputs)  # (N, T_q, C)


def feedforward(inputs, num_units=[2048, 512], scope="ff", reuse=None):
    with tf.variable_scope(scope, reuse=reuse):
        params = {
            "inputs": inputs,
            "filters": num_units[0],
            "kernel_size": 1,
            "activation": tf.nn.relu,
            "use_bias": True,
        }
        outputs = tf.layers.conv1d(**params)
        params = {
            "inputs": outputs,
            "filters": num_units[1],
            "kernel_size": 1,
            "activation": None,
            "use_bias": True,
        }
        outputs = tf.layers.conv1d(**params)
        outputs += inputs
        return normalize(outputs)


def label_smoothing(inputs, epsilon=0.1):
    K = inputs.get_shape().as_list()[-1]  # number of channels
    return ((1 - epsilon) * inputs) + (epsilon / K)


x = tf.placeholder(tf.int32, shape=(None, 6))
y = tf.placeholder(tf.int32, shape=(None, 6))
decoder_inputs = tf.concat((tf.ones_like(y[:, :1]) * 2, y[:, :-1]), -1)  # 2:<S>
is_training = True
with tf.variable_scope("encoder"):
    enc = embedding(x, vocab_size=12, num_units=8, scope="enc_embed")
    enc += positional_encoding(x, num_units=8, zero_pad=False, scale=False, scope="enc_pe")
    for i in range(2):
        with tf.variable_scope("num_blocks_{}".format(i)):
            enc = multihead_attention(
                queries=enc,
                keys=enc,
                num_units=8,
                num_heads=2,
                dropout_rate=0.0,
                is_training=is_training,
                causality=False,
            )
            enc = feedforward(enc, num_units=[16, 8])
with tf.variable_scope("decoder"):
    dec = embedding(decoder_inputs, vocab_size=12, num_units=8, scope="dec_embed")
    dec += embedding(
        tf.tile(
            tf.expand_dims(tf.range(tf.shape(decoder_inputs)[1]), 0),
            [tf.shape(decoder_inputs)[0], 1],
        ),
        vocab_size=6,
        num_units=8,
        zero_pad=False,
        scale=False,
        scope="dec_pe",
    )
    with tf.variable_scope("num_blocks_0"):
        dec = multihead_attention(
            queries=dec, keys=dec, num_units=8, num_heads=2, causality=True, scope="self_attention"
        )
        dec = multihead_attention(
            queries=dec,
            keys=enc,
            num_units=8,
            num_heads=2,
            causality=False,
            scope="vanilla_attention",
        )
        dec = feedforward(dec, num_units=[16, 8])
logits = tf.layers.dense(dec, 12)
preds = tf.to_int32(tf.arg_max(logits, dimension=-1))
istarget = tf.to_float(tf.not_equal(y, 0))
acc = tf.reduce_sum(tf.to_float(tf.equal(preds, y)) * istarget) / (tf.reduce_sum(istarget))
y_smoothed = label_smoothing(tf.one_hot(y, depth=12))
loss = tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y_smoothed)
mean_loss = tf.reduce_sum(loss * istarget) / (tf.reduce_sum(istarget))
global_step = tf.Variable(0, name="global_step", trainable=False)
optimizer = tf.train.AdamOptimizer(learning_rate=0.01, beta1=0.9, beta2=0.98, epsilon=1e-8)
train_op = optimizer.minimize(mean_loss, global_step=global_step)
print(logits, preds, enc, acc)
r = np.random.RandomState(0)
X = r.randint(3, 12, (4, 6))
X[0, 4:] = 0
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(6):
        print(*sess.run([mean_loss, acc, train_op], {x: X, y: X[:, ::-1]})[:2])
    print(sess.run(logits, {x: X, y: X}))
    preds_ = np.zeros((4, 6), np.int32)
    for j in range(6):
        _preds = sess.run(preds, {x: X, y: preds_})
        preds_[:, j] = _preds[:, j]
    print(preds_)
    early = sess.run(logits, {x: X, y: X})[:, :3]
    X2 = X.copy()
    X2[:, 4:] = 3
    # What comes later is hidden from the decoder, not from the encoder.
    np.testing.assert_allclose(sess.run(logits, {x: X, y: X2})[:, :3], early, rtol=1e-4, atol=1e-5)
