"""1.x: an image as the Variable: content and Gram losses through fixed random convolutions."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
content = rng.rand(1, 16, 16, 3).astype(np.float32)
style = (np.indices((16, 16)).sum(0) % 4 / 3.0)[None, :, :, None].repeat(3, 3).astype(np.float32)
kernels = [rng.randn(3, 3, 3, 8).astype(np.float32) / 5, rng.randn(3, 3, 8, 8) / 8]


def net(image):
    layers = {}
    current = image - 0.5
    for i, k in enumerate(kernels):
        kernel = tf.constant(k, dtype=tf.float32)
        current = tf.nn.relu(tf.nn.conv2d(current, kernel, [1, 1, 1, 1], "SAME"))
        layers["relu%d" % i] = current
        current = tf.nn.avg_pool(current, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    return layers


def gram(layer):
    _, height, width, number = (i.value for i in layer.get_shape())
    feats = tf.reshape(layer, (-1, number))
    return tf.matmul(tf.transpose(feats), feats) / (height * width * number)


style_features = {}
g = tf.Graph()
with g.as_default(), g.device("/cpu:0"), tf.Session() as sess:
    image = tf.placeholder("float", shape=style.shape)
    for name, layer in net(image).items():
        style_features[name] = gram(layer).eval(feed_dict={image: style})
g = tf.Graph()
with g.as_default(), tf.Session() as sess:
    image = tf.placeholder("float", shape=content.shape)
    content_features = net(image)["relu1"].eval(feed_dict={image: content})

with tf.Graph().as_default():
    tf.set_random_seed(0)
    initial = tf.random_normal(content.shape) * 0.256 + 0.5
    image = tf.Variable(initial)
    layers = net(image)
    content_loss = 2 * tf.nn.l2_loss(layers["relu1"] - content_features) / content_features.size
    style_loss = sum(2 * tf.nn.l2_loss(gram(layers[n]) - style_features[n]) for n in layers)
    tv_loss = (
        tf.nn.l2_loss(image[:, 1:, :, :] - image[:, :-1, :, :]) / 700
        + tf.nn.l2_loss(image[:, :, 1:, :] - image[:, :, :-1, :]) / 700
    )
    loss = content_loss + 5 * style_loss + 0.01 * tv_loss
    train_step = tf.train.AdamOptimizer(0.02).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first = loss.eval()
        for i in range(80):
            train_step.run()
        last = loss.eval()
        print(first, last, image.eval().shape)
        assert last < first / 4
