"""``tf.sparse``: sparse tensors under the names of TensorFlow 1.13 and later."""

from engine.ops.sparse import SparseTensor
from engine.ops.sparse import sparse_placeholder as placeholder
from engine.ops.sparse import sparse_reduce_sum as reduce_sum
from engine.ops.sparse import sparse_tensor_dense_matmul as matmul
from engine.ops.sparse import sparse_tensor_dense_matmul as sparse_dense_matmul
from engine.ops.sparse import sparse_tensor_to_dense as to_dense

__all__ = [
    "SparseTensor",
    "matmul",
    "placeholder",
    "reduce_sum",
    "sparse_dense_matmul",
    "to_dense",
]
