"""``tf.data.Dataset``: where elements come from and what becomes of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from typing import Any

from engine.data import batches, steps, transformations
from engine.data.iterators import Iterator, initializable, one_shot
from engine.data.structure import mapped
from engine.graph import Tensor
from engine.shapes import TensorShape


class Dataset:
    """A sequence of elements: nested tuples and dicts of tensors.

    Rows of arrays in memory are shuffled, repeated and batched without a Python loop over them.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     dataset = tf.data.Dataset.from_tensor_slices([1, 2, 3]).repeat(2).batch(4)
    ...     batch = dataset.make_one_shot_iterator().get_next()
    ...     print(sess.run(batch), sess.run(batch))
    [1 2 3 1] [2 3]

    Source: ``tf.data.Dataset`` of TensorFlow 1.x.
    """

    def __init__(self, step: steps.Step):
        self.step = step
        """How its elements are made."""

    @property
    def output_types(self) -> Any:
        """The dtype of each leaf of an element."""
        return mapped(lambda spec: spec.dtype, self.step.structure)

    @property
    def output_shapes(self) -> Any:
        """What is known of the shape of each leaf."""
        return mapped(lambda spec: TensorShape(spec.dims), self.step.structure)

    @property
    def output_classes(self) -> Any:
        """The class of each leaf: `Tensor`."""
        return mapped(lambda spec: Tensor, self.step.structure)

    def __repr__(self) -> str:
        types = mapped(repr, self.output_types)
        return f"<{type(self.step).__name__}Dataset shapes: {self.output_shapes}, types: {types}>"

    # Iterators

    def make_one_shot_iterator(self) -> Iterator:
        """An iterator that needs no initializer and goes through the elements once a session.

        Raises:
            ValueError: the dataset depends on placeholders or variables.
        """
        return one_shot(self.step)

    def make_initializable_iterator(self, shared_name: str | None = None) -> Iterator:
        """An iterator that begins anew whenever its ``initializer`` is run."""
        del shared_name
        return initializable(self.step)

    # Where elements come from

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element: the tensors as they are."""
        return Dataset(steps.FromTensors(tensors))

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """An element for each index of the first axis, which all tensors share.

        Raises:
            ValueError: a tensor is a scalar, or the first sizes differ.
        """
        return Dataset(steps.FromTensorSlices(tensors))

    @staticmethod
    def range(*args: Any) -> Dataset:
        """int64 numbers, as Python's range gives them."""
        return Dataset(steps.Range(*args))

    @staticmethod
    def zip(datasets: Any) -> Dataset:
        """Elements of several datasets side by side, in the structure that the datasets are in.

        Raises:
            TypeError: something in it is no dataset.
        """
        if isinstance(datasets, list):
            raise TypeError(
                "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects. "
                "Nested structures do not support Python lists; please use a tuple instead."
            )
        return Dataset(steps.Zip(mapped(_step_of, datasets)))

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any,
        output_shapes: Any = None,
        args: Any = None,
    ) -> Dataset:
        """What a Python generator yields; `generator` is called anew for each pass."""
        return Dataset(steps.FromGenerator(generator, output_types, output_shapes, args))

    @staticmethod
    def list_files(file_pattern: str, shuffle: bool | None = None, seed: Any = None) -> Dataset:
        """The paths that match a pattern: in random order, or sorted with ``shuffle=False``.

        Raises:
            ValueError: none does.
        """
        found = sorted(glob.glob(os.fspath(file_pattern)))  # noqa: PTH207 - paths as given
        if not found:
            raise ValueError(f"No files matched pattern: {file_pattern}")
        listed = Dataset.from_tensor_slices(found)
        return listed if shuffle is False else listed.shuffle(len(found), seed)

    # What becomes of them

    def batch(self, batch_size: Any, drop_remainder: Any = False) -> Dataset:
        """`batch_size` elements stacked into one; fewer at the end, unless they are dropped."""
        return Dataset(batches.Batch(self.step, batch_size, drop_remainder))

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any,
        padding_values: Any = None,
        drop_remainder: Any = False,
    ) -> Dataset:
        """Elements stacked after each was filled up to `padded_shapes`.

        Unknown sizes go to the largest of the batch; zeros fill, or `padding_values`.
        """
        return Dataset(
            batches.PaddedBatch(
                self.step, batch_size, padded_shapes, padding_values, drop_remainder
            )
        )

    def shuffle(
        self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: bool | None = None
    ) -> Dataset:
        """The elements in random order, as far as a buffer of that size mixes them.

        With `seed`, or after ``tf.set_random_seed``, the order is the same in every session. Each
        pass has its own unless `reshuffle_each_iteration` is False.
        """
        return Dataset(
            transformations.Shuffle(self.step, buffer_size, seed, reshuffle_each_iteration)
        )

    def repeat(self, count: Any = None) -> Dataset:
        """The elements `count` times over; without end for None or -1."""
        return Dataset(transformations.Repeat(self.step, count))

    def take(self, count: Any) -> Dataset:
        """The first `count` elements."""
        return Dataset(transformations.Take(self.step, count))

    def skip(self, count: Any) -> Dataset:
        """All but the first `count` elements."""
        return Dataset(transformations.Skip(self.step, count))

    def shard(self, num_shards: Any, index: Any) -> Dataset:
        """Every `num_shards`-th element, from number `index` on."""
        return Dataset(transformations.Shard(self.step, num_shards, index))

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """`map_func` of each element; a tuple's parts are arguments of their own.

        It is called once, with tensors, and gives tensors. What it uses of the graph around it
        has the value of the moment in which the iterator was initialized.
        """
        del num_parallel_calls
        return Dataset(transformations.Map(self.step, map_func))

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which `predicate` gives true."""
        return Dataset(transformations.Filter(self.step, predicate))

    def flat_map(self, map_func: Callable[..., Any]) -> Dataset:
        """The elements of the datasets that `map_func` gives, one dataset after the other."""
        return Dataset(transformations.Interleave(self.step, map_func, 1, 1))

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any,
        block_length: Any = 1,
        num_parallel_calls: Any = None,
    ) -> Dataset:
        """The elements of the datasets that `map_func` gives, `block_length` of each in turn."""
        del num_parallel_calls
        return Dataset(transformations.Interleave(self.step, map_func, cycle_length, block_length))

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements, then those of another dataset.

        Raises:
            TypeError: theirs have other dtypes.
        """
        return Dataset(transformations.Concatenate(self.step, dataset.step))

    def cache(self, filename: str = "") -> Dataset:
        """The elements, those of the first pass kept in memory for later ones."""
        del filename
        return Dataset(transformations.Cache(self.step))

    def prefetch(self, buffer_size: Any) -> Dataset:
        """The elements as they are.

        Nothing is made ahead: batches of arrays in memory cost less than handing them over
        between threads, and functions of elements run under the interpreter's lock.
        """
        transformations.number_of(buffer_size, "buffer_size")
        return self

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function of the whole dataset gives."""
        result = transformation_func(self)
        if not isinstance(result, Dataset):
            raise TypeError("`transformation_func` must return a Dataset.")
        return result

    def unbatch(self) -> Dataset:
        """The rows of each element, one after the other."""
        return Dataset(batches.Unbatch(self.step))


def _step_of(dataset: Any) -> steps.Step:
    if not isinstance(dataset, Dataset):
        raise TypeError(
            "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects, "
            f"got {dataset!r}"
        )
    return dataset.step


class TextLineDataset(Dataset):
    """The lines of text files, one after the other."""

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
    ):
        del buffer_size, num_parallel_reads
        if compression_type:
            raise ValueError(
                f"TextLineDataset reads plain files, not {compression_type!r} ones: unpack them"
            )
        super().__init__(steps.TextLines(filenames))
