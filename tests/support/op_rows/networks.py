"""Rows of activations and losses."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import HOT, ROW, A, smooth

ROWS = [
    smooth("tanh", tf.tanh, A, kinds="Tanh", expected=np.tanh),
    smooth("sigmoid", tf.sigmoid, A, kinds="Sigmoid", expected=lambda x: 1 / (1 + np.exp(-x))),
    smooth("softplus", tf.nn.softplus, A, kinds="Softplus", expected=lambda x: np.log1p(np.exp(x))),
    smooth("softsign", tf.nn.softsign, A, kinds="Softsign"),
    smooth("relu", tf.nn.relu, A, kinds="Relu ReluGrad", expected=lambda x: np.maximum(x, 0)),
    smooth("relu6", lambda x: tf.nn.relu6(x * 3.5), A, kinds="Relu6"),
    smooth("elu", tf.nn.elu, A, kinds="Elu"),
    smooth("leaky_relu", tf.nn.leaky_relu, A, kinds="Maximum"),
    smooth("softmax", tf.nn.softmax, A, kinds="Softmax"),
    smooth("softmax_axis_0", lambda x: tf.nn.softmax(x, dim=0), A, kinds="Softmax"),
    smooth("log_sigmoid", tf.log_sigmoid, A, kinds="Softplus",
           expected=lambda x: -np.log1p(np.exp(-x))),
    smooth("log_softmax", tf.nn.log_softmax, A, kinds="LogSoftmax"),
    smooth("bias_add", tf.nn.bias_add, A, ROW, kinds="BiasAdd", expected=np.add),
    smooth("softmax_cross_entropy",
           lambda x: tf.nn.softmax_cross_entropy_with_logits(labels=HOT, logits=x), A,
           kinds="SoftmaxCrossEntropyWithLogits StopGradient"),
    smooth("softmax_cross_entropy_v2",
           lambda x, z: tf.nn.softmax_cross_entropy_with_logits_v2(labels=z, logits=x), A, HOT,
           kinds="SoftmaxCrossEntropyWithLogits"),
    smooth("sparse_cross_entropy",
           lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 0], logits=x), A,
           kinds="SparseSoftmaxCrossEntropyWithLogits"),
    smooth("sigmoid_cross_entropy",
           lambda x: tf.nn.sigmoid_cross_entropy_with_logits(labels=HOT, logits=x), A,
           kinds="Log1p"),
    smooth("l2_loss", tf.nn.l2_loss, A, kinds="L2Loss", expected=lambda x: (x * x).sum() / 2),
]  # fmt: skip

ELSEWHERE = {"RandomOrthogonal"}  # test_initializers.py
