"""Candidate samplers: classes drawn to stand for all others in a loss over many classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, NamedTuple

import numpy as np

from engine.drawing import Stream, uniform, whole
from engine.dtypes import float32, int64
from engine.errors import compose
from engine.graph import Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.comparisons import equal
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import ones_like
from engine.ops.shaping import expand_dims, reshape
from engine.shapes import ShapeError
from engine.state import seeds


class CandidateSample(NamedTuple):
    """What a sampler gives; expected counts are how often a class is drawn on average."""

    sampled_candidates: Tensor
    """int64 [num_sampled]."""
    true_expected_count: Tensor
    """float32, in the shape of the true classes."""
    sampled_expected_count: Tensor
    """float32 [num_sampled]."""


@declared(eq=False)
class CandidateSampler(Op):
    """Draws `num_sampled` of `range_max` classes; input: the true classes [batch, num_true]."""

    num_true: int
    num_sampled: int
    unique: bool
    range_max: int
    seed: tuple[int, int] | None = None

    stateful = True

    def infer(self, true_classes: Spec) -> tuple[Spec, Spec, Spec]:
        if true_classes.dtype is not int64:
            raise TypeError(
                f"Input 'true_classes' of '{self.type}' Op has type {true_classes.dtype.name} "
                "that does not match expected type of int64"
            )
        dims = true_classes.dims
        if dims is not None and (len(dims) != 2 or dims[1] not in (None, self.num_true)):
            raise ShapeError(f"true_classes must be a matrix with {self.num_true} columns")
        drawn = (self.num_sampled,)
        return Spec(int64, drawn), Spec(float32, dims), Spec(float32, drawn)

    def probability(self, classes: Array) -> Array:
        """How probable each of these classes is in one draw, float64."""
        raise NotImplementedError

    def draw(self, stream: Stream, count: int) -> Array:
        """So many classes, independent of each other."""
        raise NotImplementedError

    def run(self, state: Any, op: Any, true_classes: Array) -> tuple[Array, Array, Array]:
        bad = true_classes[(true_classes < 0) | (true_classes >= self.range_max)]
        if bad.size:
            raise ValueError(f"`true_candidate` out of range [0, {self.range_max}), got {bad[0]}")
        stream = state.stream(op)
        if self.unique:
            sampled, tries = self._distinct(stream)
        else:
            sampled, tries = self.draw(stream, self.num_sampled), self.num_sampled
        return (
            sampled.astype(np.int64),
            self._expected(true_classes, tries),
            self._expected(sampled, tries),
        )

    def _distinct(self, stream: Stream) -> tuple[Array, int]:
        """Different classes, in the order of their first draw, and the draws that took."""
        drawn = np.empty(0, np.int64)
        while True:
            missing = self.num_sampled - np.unique(drawn).size
            more = self.draw(stream, max(2 * missing, 16))
            drawn = np.concatenate([drawn, more.astype(np.int64)])
            _, first = np.unique(drawn, return_index=True)
            if first.size >= self.num_sampled:
                first.sort()
                last = first[: self.num_sampled]
                return drawn[last], int(last[-1]) + 1 if last.size else 0

    def _expected(self, classes: Array, tries: int) -> Array:
        chance = self.probability(classes)
        # As TensorFlow has it, which spares itself the powers where no draw was a repetition.
        if tries == self.num_sampled:
            return (chance * tries).astype(np.float32)
        # Once at most: one minus the chance to be missed in every try.
        return (-np.expm1(tries * np.log1p(-chance))).astype(np.float32)

    def grad(self, *_: Any) -> tuple[Any, ...]:
        return (None,)


class LogUniformCandidateSampler(CandidateSampler):
    """P(class) = (log(class + 2) - log(class + 1)) / log(range_max + 1): Zipf's law, about."""

    def probability(self, classes: Array) -> Array:
        return np.log1p(1.0 / (classes + 1.0)) / np.log1p(self.range_max)

    def draw(self, stream: Stream, count: int) -> Array:
        scaled = np.exp(uniform(stream, count, np.float64) * np.log1p(self.range_max))
        # Rounding can reach range_max itself.
        return (scaled.astype(np.int64) - 1) % self.range_max


class UniformCandidateSampler(CandidateSampler):
    """Every class is as probable as any other."""

    def probability(self, classes: Array) -> Array:
        return np.full(classes.shape, 1.0 / self.range_max)

    def draw(self, stream: Stream, count: int) -> Array:
        return whole(stream, count, 0, self.range_max, np.int64)


@declared(eq=False)
class FixedUnigramCandidateSampler(CandidateSampler):
    """P(class) is proportional to a given weight."""

    weights: Array = field(default=None, repr=False)

    def probability(self, classes: Array) -> Array:
        return self.weights[classes] / self.weights.sum()

    def draw(self, stream: Stream, count: int) -> Array:
        up_to = np.cumsum(self.weights)
        return np.searchsorted(up_to, uniform(stream, count, np.float64) * up_to[-1], side="right")


def _sample(kind: Any, true_classes: Any, seed: int | None, name: str | None, *parts: Any) -> Any:
    graph = getattr(true_classes, "graph", None) or get_default_graph()
    num_true, num_sampled, unique, range_max, *more = parts
    if unique and num_sampled > range_max:
        raise ValueError(
            compose(
                f"{kind.__name__}: {num_sampled} different classes of {range_max} cannot be drawn",
                (),
                "unique=False, or a smaller num_sampled",
            )
        )
    with graph.as_default():
        key = seeds(graph.seed, seed, graph.version)
        definition = kind(num_true, num_sampled, unique, range_max, key, *more)
        classes = convert_to_tensor(true_classes, int64)
        return CandidateSample(*graph.create_op(definition, (classes,), name).outputs)


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> CandidateSample:
    """Classes drawn by an approximate Zipf law: for classes ordered from frequent to rare.

    `true_classes` is int64 [batch, num_true]; what the expected counts of the result are for. With
    `unique` the drawn classes are all different.

    Raises:
        ValueError: more different classes are asked for than there are.
    """
    parts = (num_true, num_sampled, unique, range_max)
    return _sample(LogUniformCandidateSampler, true_classes, seed, name, *parts)  # type: ignore[no-any-return]


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> CandidateSample:
    """Classes drawn with equal probability; the rest as `log_uniform_candidate_sampler`."""
    parts = (num_true, num_sampled, unique, range_max)
    return _sample(UniformCandidateSampler, true_classes, seed, name, *parts)  # type: ignore[no-any-return]


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    seed: int | None = None,
    name: str | None = None,
) -> CandidateSample:
    """Classes drawn by given counts, each to the power `distortion`.

    The counts are `unigrams`, or the last column of the comma-separated lines of `vocab_file`. The
    first `num_reserved_ids` classes have none and are never drawn. Of `num_shards` shards, this
    one draws the classes that leave the remainder `shard`.

    Raises:
        ValueError: not exactly one of the two sources, or another number of counts than classes.
    """
    if bool(vocab_file) == bool(len(unigrams)):
        raise ValueError("Must provide exactly one of vocab_file and unigrams")
    counts = list(unigrams)
    if vocab_file:
        with open(vocab_file, encoding="utf-8") as lines:  # noqa: PTH123 - a name, as TF takes it
            counts = [float(line.rsplit(",", 1)[-1]) for line in lines if line.strip()]
    weights = np.concatenate([np.zeros(num_reserved_ids), np.power(counts, distortion)])
    if weights.size != range_max:
        raise ValueError(
            f"range_max is {range_max}, but there are {weights.size} classes: {len(counts)} counts "
            f"and {num_reserved_ids} reserved ids"
        )
    weights[np.arange(range_max) % num_shards != shard] = 0
    if unique and np.count_nonzero(weights) < num_sampled:
        raise ValueError(f"There are fewer than {num_sampled} classes that can be drawn")
    parts = (num_true, num_sampled, unique, range_max, weights)
    return _sample(FixedUnigramCandidateSampler, true_classes, seed, name, *parts)  # type: ignore[no-any-return]


def hit_mask(true_classes: Tensor, sampled_candidates: Tensor) -> Tensor:
    """bool [batch, num_true, num_sampled]: where a drawn class is a true one."""
    return equal(
        expand_dims(true_classes, 2),
        reshape(sampled_candidates, [1, 1, -1]),
    )


def compute_accidental_hits(
    true_classes: Any,
    sampled_candidates: Any,
    num_true: int,
    seed: int | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """The drawn classes that are true ones: rows int32, places int64, weights float32, each [hits].

    A weight is the lowest float32: added to the logit, it takes the class out of a softmax.
    """
    del seed, num_true
    classes, drawn = convert_to_tensor(true_classes, int64), convert_to_tensor(sampled_candidates)
    with classes.graph.name_scope(name or "ComputeAccidentalHits"):
        hits = where(hit_mask(classes, drawn))
        places = hits[:, 2]
        weights = ones_like(places, float32) * float32.min
        return cast(hits[:, 0], "int32"), places, weights


OPS = (LogUniformCandidateSampler, UniformCandidateSampler, FixedUnigramCandidateSampler)
