"""``tf.contrib.slim.utils``: the outputs that layers left in collections."""

from __future__ import annotations

from typing import Any

from engine.contrib.model_variables import collect_output
from engine.graph import Tensor, get_default_graph


def collect_named_outputs(collections: Any, alias: str, outputs: Tensor) -> Tensor:
    """The tensor, added to the collections under an alias."""
    return collect_output(outputs, collections, alias)


def get_tensor_aliases(tensor: Tensor) -> list[str]:
    """The aliases of a tensor; its operation's name if it has none."""
    return list(getattr(tensor, "aliases", ())) or [tensor.name.removesuffix(":0")]


def convert_collection_to_dict(collection: str, clear_collection: bool = False) -> dict[str, Any]:
    """The tensors of a collection by their aliases, the scopes of their layers.

    >>> import engine as tf
    >>> slim = tf.contrib.slim
    >>> with tf.Graph().as_default():
    ...     y = slim.fully_connected(tf.zeros([2, 3]), 4, scope="fc1", outputs_collections="ends")
    ...     print(slim.utils.convert_collection_to_dict("ends"))
    {'fc1': <tf.Tensor 'fc1/Relu:0' shape=(2, 4) dtype=float32>}
    """
    graph = get_default_graph()
    tensors = graph.get_collection(collection)
    if clear_collection:
        graph.clear_collection(collection)
    return {alias: tensor for tensor in tensors for alias in get_tensor_aliases(tensor)}


__all__ = ["collect_named_outputs", "convert_collection_to_dict", "get_tensor_aliases"]
