"""1.x: tf.data: map, shuffle, repeat, batch, padded batch, reinitializable, end of data."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
features = rng.randn(100, 4).astype(np.float32)
labels = (features.sum(1) > 0).astype(np.int32)
features_placeholder = tf.placeholder(features.dtype, features.shape)
labels_placeholder = tf.placeholder(labels.dtype, labels.shape)
dataset = tf.data.Dataset.from_tensor_slices((features_placeholder, labels_placeholder))
dataset = dataset.map(lambda f, l: (f * 2.0, tf.one_hot(l, 2)))
dataset = dataset.shuffle(buffer_size=50).batch(25).prefetch(1)
validation = tf.data.Dataset.from_tensor_slices(
    (features * 2.0, np.eye(2)[labels].astype(np.float32))
).batch(100)
iterator = tf.data.Iterator.from_structure(dataset.output_types, dataset.output_shapes)
next_features, next_labels = iterator.get_next()
train_init = iterator.make_initializer(dataset)
validation_init = iterator.make_initializer(validation)
print(dataset.output_shapes, dataset.output_types)
logits = tf.layers.dense(next_features, 2)
loss = tf.losses.softmax_cross_entropy(next_labels, logits)
train_op = tf.train.AdamOptimizer(0.1).minimize(loss)
accuracy, accuracy_op = tf.metrics.accuracy(tf.argmax(next_labels, 1), tf.argmax(logits, 1))
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    for _ in range(10):
        sess.run(train_init, {features_placeholder: features, labels_placeholder: labels})
        steps = 0
        while True:
            try:
                sess.run(train_op)
                steps += 1
            except tf.errors.OutOfRangeError:
                break
        assert steps == 4
    sess.run(validation_init)
    sess.run(accuracy_op)
    print(sess.run(accuracy))
    assert sess.run(accuracy) > 0.9


def generate():
    for n in range(1, 5):
        yield np.arange(n)


lengths = tf.data.Dataset.from_generator(generate, tf.int64, tf.TensorShape([None]))
batched = lengths.padded_batch(2, padded_shapes=[None]).repeat(2)
element = batched.make_one_shot_iterator().get_next()
counts = tf.data.Dataset.range(6).filter(lambda n: tf.equal(n % 2, 0)).make_initializable_iterator()
number = counts.get_next()
with tf.Session() as sess:
    assert sess.run(element).tolist() == [[0, 0], [0, 1]]
    assert sess.run(element).shape == (2, 4)
    sess.run(counts.initializer)
    assert [sess.run(number) for _ in range(3)] == [0, 2, 4]
    try:
        sess.run(number)
    except tf.errors.OutOfRangeError as end:
        print(end.message.splitlines()[0])
        assert "End of sequence" in str(end)
