"""``tf.data``: datasets and iterators."""

from typing import Any

from engine.data.dataset import Dataset, TextLineDataset
from engine.data.iterators import Iterator


def make_one_shot_iterator(dataset: Dataset) -> Iterator:
    """An iterator that needs no initializer and goes through the elements once a session."""
    return dataset.make_one_shot_iterator()


def make_initializable_iterator(dataset: Dataset, shared_name: str | None = None) -> Iterator:
    """An iterator that begins anew whenever its ``initializer`` is run."""
    return dataset.make_initializable_iterator(shared_name)


def get_output_types(dataset_or_iterator: Any) -> Any:
    """The dtype of each leaf of an element."""
    return dataset_or_iterator.output_types


def get_output_shapes(dataset_or_iterator: Any) -> Any:
    """What is known of the shape of each leaf of an element."""
    return dataset_or_iterator.output_shapes


def get_output_classes(dataset_or_iterator: Any) -> Any:
    """The class of each leaf of an element."""
    return dataset_or_iterator.output_classes


__all__ = [
    "Dataset",
    "Iterator",
    "TextLineDataset",
    "get_output_classes",
    "get_output_shapes",
    "get_output_types",
    "make_initializable_iterator",
    "make_one_shot_iterator",
]
