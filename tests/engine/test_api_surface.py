"""The names that TensorFlow 0.x and 1.x scripts use are there, by how many scripts need them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

import engine as tf

SCRIPT: Any = tf

HALF = """
Session placeholder float32 Variable reduce_mean global_variables_initializer
initialize_all_variables matmul train.AdamOptimizer random_normal argmax cast equal nn.relu
reduce_sum reshape add train.GradientDescentOptimizer constant square zeros
nn.softmax_cross_entropy_with_logits nn.softmax_cross_entropy_with_logits_v2 int32 train.Saver
nn.softmax nn.conv2d variable_scope summary.FileWriter train.SummaryWriter set_random_seed
get_variable nn.max_pool nn.dropout log name_scope transpose multiply mul sqrt nn.sigmoid
summary.merge_all InteractiveSession nn.bias_add summary.scalar summary.histogram summary.image
random_uniform concat expand_dims device truncated_normal Graph ConfigProto subtract sub shape pow
nn.embedding_lookup ones get_default_graph abs app.run train.get_checkpoint_state exp
trainable_variables gradients nn.sigmoid_cross_entropy_with_logits split assign sigmoid add_n
train.RMSPropOptimizer div maximum nn.tanh nn.nce_loss nn.l2_loss negative neg identity cond group
convert_to_tensor contrib.layers.xavier_initializer reset_default_graph bool nn.avg_pool
clip_by_value round greater train.global_step train.import_meta_graph int16 arg_min
data.Dataset.from_tensor_slices disable_v2_behavior
"""

EIGHTY = """
layers.dense layers.conv2d layers.max_pooling2d layers.dropout layers.flatten squeeze
app.flags.DEFINE_string app.flags.DEFINE_integer app.flags.DEFINE_float app.flags.DEFINE_boolean
app.flags.FLAGS flags.FLAGS get_collection add_to_collection GraphKeys.TRAINABLE_VARIABLES
GraphKeys.GLOBAL_VARIABLES GraphKeys.VARIABLES GraphKeys.UPDATE_OPS
GraphKeys.REGULARIZATION_LOSSES GraphKeys.SUMMARIES GraphKeys.LOSSES ones_like zeros_like
nn.dynamic_rnn nn.rnn_cell.BasicLSTMCell nn.rnn_cell.LSTMCell nn.rnn_cell.BasicRNNCell
nn.rnn_cell.MultiRNNCell nn.rnn_cell.DropoutWrapper nn.rnn_cell.LSTMStateTuple nn.static_rnn nn.rnn
contrib.rnn.BasicLSTMCell contrib.rnn.LSTMCell contrib.rnn.BasicRNNCell contrib.rnn.MultiRNNCell
contrib.rnn.DropoutWrapper contrib.rnn.static_rnn constant_initializer
truncated_normal_initializer random_normal_initializer random_uniform_initializer zeros_initializer
nn.sparse_softmax_cross_entropy_with_logits train.start_queue_runners one_hot global_variables
all_variables int64 float64 slice gather gather_nd stack pack unstack unpack tile range fill
linspace scalar_summary merge_all_summaries histogram_summary image_summary clip_by_global_norm
reduce_max reduce_min losses.mean_squared_error contrib.layers.fully_connected
contrib.layers.flatten train.exponential_decay nn.lrn get_variable_scope errors.OutOfRangeError
nn.xw_plus_b train.latest_checkpoint argmin sign to_float to_int64 stop_gradient nn.in_top_k
nn.top_k truediv mod nn.conv2d_transpose tanh sin cos floor diag unsorted_segment_sum
contrib.seq2seq.sequence_loss train.MomentumOptimizer train.AdagradOptimizer
nn.weighted_cross_entropy_with_logits nn.softplus TensorShape squared_difference multinomial
matrix_inverse batch_matmul AUTO_REUSE
"""

# Without queues, readers and the decoding of images, which are left to files and tf.data.
NINETY_FIVE = """
train.ExponentialMovingAverage train.Coordinator control_dependencies gfile.GFile gfile.FastGFile
gfile.Exists gfile.MakeDirs gfile.DeleteRecursively gfile.ListDirectory gfile.Glob GraphDef
import_graph_def nn.moments nn.batch_normalization nn.fused_batch_norm image.flip_left_right
image.random_flip_left_right image.resize_bilinear image.resize_images image.random_brightness
image.random_contrast image.per_image_standardization image.resize_image_with_crop_or_pad
random_crop string uint8 float16 nn.zero_fraction nn.rnn_cell.GRUCell contrib.rnn.GRUCell
GPUOptions RunOptions RunMetadata sparse_to_dense size test.TestCase test.main
placeholder_with_default minimum nn.elu contrib.legacy_seq2seq.sequence_loss_by_example assign_add
assign_sub no_op floordiv logging.info logging.set_verbosity summary.merge summary.text
local_variables_initializer metrics.accuracy where train.export_meta_graph
layers.batch_normalization layers.conv2d_transpose layers.average_pooling2d nn.l2_normalize
train.Server train.ClusterSpec nn.sampled_softmax_loss cholesky while_loop IndexedSlices py_func
train.AdadeltaOptimizer train.FtrlOptimizer train.piecewise_constant train.polynomial_decay
train.inverse_time_decay train.natural_exp_decay train.get_or_create_global_step
nn.bidirectional_dynamic_rnn nn.static_bidirectional_rnn clip_by_norm global_norm errors.OpError
add_check_numerics_ops check_numerics test.compute_gradient_error test.compute_gradient
contrib.layers.l2_regularizer contrib.layers.batch_norm contrib.layers.conv2d segment_sum
segment_mean reduce_prod reduce_any reduce_all cumsum case map_fn scan Print Assert
matrix_determinant matrix_solve self_adjoint_eig pad reverse boolean_mask unique diag_part
meshgrid tensordot einsum train.write_graph train.replica_device_setter gradient_checker
data.Dataset.range summary.audio nn.depthwise_conv2d nn.separable_conv2d nn.crelu nn.relu6
"""


def missing(names: str) -> list[str]:
    found: list[str] = []
    for name in names.split():
        try:
            reduce(getattr, name.split("."), SCRIPT)
        except AttributeError:
            found.append(name)
    return found


@pytest.mark.parametrize(
    "names", [HALF, EIGHTY, NINETY_FIVE], ids=["half", "eighty percent", "ninety-five percent"]
)
def test_the_names_that_scripts_use_are_there(names: str) -> None:
    assert missing(names) == []


def test_every_exported_name_exists() -> None:
    for module in (tf, tf.nn, tf.train, tf.summary, tf.errors, tf.layers, tf.losses, tf.metrics,
                   tf.image, tf.data, tf.test, tf.gfile, tf.logging):  # fmt: skip
        names = getattr(module, "__all__", ())
        assert [name for name in names if not hasattr(module, name)] == []
