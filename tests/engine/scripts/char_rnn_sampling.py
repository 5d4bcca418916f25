"""1.x: a character model of stacked LSTMs; sampling feeds the state back as it came."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

text = "hello world, how is the world today? hello there. " * 4
chars = sorted(set(text))
vocab = {c: i for i, c in enumerate(chars)}
data = np.array([vocab[c] for c in text])


class Args:
    rnn_size = 12
    num_layers = 2
    batch_size = 3
    seq_length = 7
    vocab_size = len(chars)
    grad_clip = 5.0
    model = "lstm"


class Model:
    def __init__(self, args, training=True):
        self.args = args
        if not training:
            args.batch_size = 1
            args.seq_length = 1
        cell_fn = {
            "rnn": tf.nn.rnn_cell.BasicRNNCell,
            "gru": tf.nn.rnn_cell.GRUCell,
            "lstm": tf.nn.rnn_cell.BasicLSTMCell,
        }[args.model]
        cells = []
        for _ in range(args.num_layers):
            cell = cell_fn(args.rnn_size)
            if training:
                cell = tf.nn.rnn_cell.DropoutWrapper(
                    cell, input_keep_prob=1.0, output_keep_prob=1.0
                )
            cells.append(cell)
        self.cell = cell = tf.nn.rnn_cell.MultiRNNCell(cells, state_is_tuple=True)
        self.input_data = tf.placeholder(tf.int32, [args.batch_size, args.seq_length])
        self.targets = tf.placeholder(tf.int32, [args.batch_size, args.seq_length])
        self.initial_state = cell.zero_state(args.batch_size, tf.float32)
        with tf.variable_scope("rnnlm"):
            softmax_w = tf.get_variable("softmax_w", [args.rnn_size, args.vocab_size])
            softmax_b = tf.get_variable("softmax_b", [args.vocab_size])
            embedding = tf.get_variable("embedding", [args.vocab_size, args.rnn_size])
            inputs = tf.nn.embedding_lookup(embedding, self.input_data)
            inputs, state = tf.nn.dynamic_rnn(cell, inputs, initial_state=self.initial_state)
        output = tf.reshape(inputs, [-1, args.rnn_size])
        self.logits = tf.matmul(output, softmax_w) + softmax_b
        self.probs = tf.nn.softmax(self.logits)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
            logits=self.logits, labels=tf.reshape(self.targets, [-1])
        )
        with tf.name_scope("cost"):
            self.cost = tf.reduce_sum(loss) / args.batch_size / args.seq_length
        self.final_state = state
        self.lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(self.cost, tvars), args.grad_clip)
        with tf.name_scope("optimizer"):
            optimizer = tf.train.AdamOptimizer(self.lr)
        self.train_op = optimizer.apply_gradients(zip(grads, tvars))
        tf.summary.histogram("logits", self.logits)
        tf.summary.histogram("loss", loss)
        tf.summary.scalar("train_loss", self.cost)

    def sample(self, sess, num=20, prime="he"):
        state = sess.run(self.cell.zero_state(1, tf.float32))
        for char in prime[:-1]:
            x = np.zeros((1, 1))
            x[0, 0] = vocab[char]
            feed = {self.input_data: x, self.initial_state: state}
            [state] = sess.run([self.final_state], feed)
        ret = prime
        char = prime[-1]
        for n in range(num):
            x = np.zeros((1, 1))
            x[0, 0] = vocab[char]
            feed = {self.input_data: x, self.initial_state: state}
            [probs, state] = sess.run([self.probs, self.final_state], feed)
            p = probs[0]
            char = chars[int(np.argmax(p))]
            ret += char
        return ret


model = Model(Args())
print(
    model.initial_state[0].c.name if hasattr(model.initial_state[0], "c") else model.initial_state
)
with tf.Session() as sess:
    summaries = tf.summary.merge_all()
    writer = tf.summary.FileWriter("log")
    writer.add_graph(sess.graph)
    sess.run(tf.global_variables_initializer())
    saver = tf.train.Saver(tf.global_variables())
    for e in range(8):
        sess.run(tf.assign(model.lr, 0.02 * (0.97**e)))
        state = sess.run(model.initial_state)
        for b in range(4):
            xs = data[b * 21 : b * 21 + 21].reshape(3, 7)
            ys = data[b * 21 + 1 : b * 21 + 22].reshape(3, 7)
            feed = {model.input_data: xs, model.targets: ys}
            for i, (c, h) in enumerate(model.initial_state):
                feed[c] = state[i].c
                feed[h] = state[i].h
            summ, train_loss, state, _ = sess.run(
                [summaries, model.cost, model.final_state, model.train_op], feed
            )
            writer.add_summary(summ, e * 4 + b)
        print(e, train_loss)
    saver.save(sess, "./model.ckpt", global_step=7)
tf.reset_default_graph()
m = Model(Args(), training=False)
with tf.Session() as sess:
    tf.global_variables_initializer().run()
    saver = tf.train.Saver(tf.global_variables())
    ckpt = tf.train.get_checkpoint_state(".")
    if ckpt and ckpt.model_checkpoint_path:
        saver.restore(sess, ckpt.model_checkpoint_path)
        print(m.sample(sess))
        text = m.sample(sess)
        assert len(text) == 22 and set(text) <= set(chars)
assert train_loss < 2.6
