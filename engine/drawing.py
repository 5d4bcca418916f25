"""How random numbers come from a counter: bits, and what is made of them. The definition.

Every random operation has a stream of 64-bit words, numbered from 0, of its own. Words 4 b to
4 b + 3 are the four outputs of Philox4x64-10 for the counter (b + 1, 0, 0, 0) and the key (graph
seed, op seed), both modulo 2^64. A draw takes words from a whole number of blocks on and leaves the
rest of its last block unused, so that the state of a stream is one number: the blocks used so far.
It is 0 in a new session and grows with every run.

From words to numbers, element by element in row-major order:

- halves: word i gives the 32-bit numbers 2 i (its low half) and 2 i + 1 (its high half);
- uniform in [0, 1): float32 is the top 24 bits of a half times 2^-24, float16 the top 11 bits of a
  half times 2^-11, float64 the top 53 bits of a word times 2^-53;
- normal, Box & Muller (1958): for n numbers, m = ceil(n / 2) and 2 m uniforms; with u of the first
  m, v of the last m, and r = sqrt(-2 log(u + e)), where e is the uniforms' step, number i is
  r cos(2 pi v) and number m + i is r sin(2 pi v). In float32 all of it is float32; float16 is
  rounded from that;
- normal within two deviations: with c = erf(sqrt(2)) and x = c (2 u - 1 + e), number i is
  x P(-log((1 - x) (1 + x))), the inverse of the distribution function; P is `_QUANTILE`;
- whole numbers from low to high: low + word modulo (high - low); its bias is below
  (high - low) / 2^64;
- a random order: the stable order of one word for each row;
- a class by probabilities: the first whose running sum of probabilities is more than u (float64)
  times the whole sum;
- gamma and Poisson numbers: see `gamma` and `poisson`.

Sources: Salmon et al., *Parallel random numbers: as easy as 1, 2, 3* (2011); Box & Muller, *A note
on the generation of random normal deviates* (1958).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.special_numerics import chebyshev, lgamma

Array = Any

_QUANTILE = (
    1.6711990526454503, 0.42239407102052756, 0.003079824132489811, -0.001389092990158425,
    4.80492335988974e-05, 7.209164811683995e-06, -6.370243341560096e-07, -2.95977200341609e-08,
    5.9895776490261995e-09, 1.468821664910591e-11, -4.7917411645729025e-11,
    1.5692027576619729e-12, 3.312855386040319e-13, -2.4252325279975635e-14,
    -1.8631346479536695e-15, 2.6337439020384795e-16,
)  # fmt: skip
"""sqrt(2) erfinv(x) / x over 2 w / `_WIDEST` - 1 with w = -log(1 - x^2): Chebyshev coefficients."""
_WIDEST = 2.419902881891105
"""w at two deviations."""
_WITHIN = 0.9544997361036416
"""erf(sqrt(2)): the probability within two deviations."""
_STRIP = 16384
"""Numbers transformed at a time, so that the passes over them stay in the cache."""


class Stream:
    """The words of one operation in one session, in order.

    Without a key it is unpredictable.
    """

    def __init__(self, key: tuple[int, int] | None):
        if key is None:
            words = np.random.SeedSequence().generate_state(2, np.uint64)
        else:
            words = np.array([part % 2**64 for part in key], np.uint64)
        self._philox = np.random.Philox(key=words)
        self.blocks = 0
        """Blocks of four words used so far."""

    def words(self, count: int) -> Array:
        """The next words, uint64 [count], from a block's start."""
        blocks = -(-count // 4)
        self.blocks += blocks
        return self._philox.random_raw(4 * blocks)[:count]

    def halves(self, count: int) -> Array:
        """The next 32-bit numbers, uint32 [count]."""
        words = self.words(-(-count // 2))
        return words.astype("<u8", copy=False).view("<u4")[:count]


def uniform(stream: Stream, count: int, dtype: Any) -> Array:
    """Uniform numbers in [0, 1), float [count]."""
    dtype = np.dtype(dtype)
    if dtype == np.float64:
        return (stream.words(count) >> np.uint64(11)) * 2.0**-53
    kept = 11 if dtype == np.float16 else 24
    bits = stream.halves(count)
    bits >>= np.uint32(32 - kept)
    result = bits.astype(np.float32)
    result *= np.float32(2.0**-kept)
    return result.astype(dtype, copy=False)


def _step(dtype: Any) -> float:
    return 2.0**-53 if dtype == np.float64 else 2.0**-24


def normal(stream: Stream, count: int, dtype: Any) -> Array:
    """Normal numbers of mean 0 and deviation 1, float [count]."""
    wide: Any = np.float64 if np.dtype(dtype) == np.float64 else np.float32
    half = -(-count // 2)
    drawn = uniform(stream, 2 * half, wide)
    lengths, angles = drawn[:half], drawn[half:]
    step, turn = wide(_step(wide)), wide(2 * np.pi)
    scratch = np.empty(min(half, _STRIP), wide)
    for start in range(0, half, _STRIP):
        r, a = lengths[start : start + _STRIP], angles[start : start + _STRIP]
        sine = scratch[: len(r)]
        r += step
        np.log(r, r)
        r *= wide(-2)
        np.sqrt(r, r)
        a *= turn
        np.sin(a, sine)
        np.cos(a, a)
        # The two halves of one array: cosines go first, sines second.
        a *= r
        np.multiply(sine, r, r)
        sine[:] = a
        a[:] = r
        r[:] = sine
    return drawn[:count].astype(dtype, copy=False)


def truncated_normal(stream: Stream, count: int, dtype: Any) -> Array:
    """Normal numbers within two deviations, float [count]."""
    wide: Any = np.float64 if np.dtype(dtype) == np.float64 else np.float32
    x = uniform(stream, count, wide)
    least = 0.0 if wide is np.float64 else 1e-9
    for start in range(0, count, _STRIP):
        part = x[start : start + _STRIP]
        part *= wide(2)
        part += wide(_step(wide) - 1)
        part *= wide(_WITHIN)
        w = -np.log((1 - part) * (1 + part))
        part *= chebyshev(np, _QUANTILE, w * wide(2 / _WIDEST) - 1, least)
    return x.astype(dtype, copy=False)


def whole(stream: Stream, count: int, low: int, high: int, dtype: Any) -> Array:
    """Whole numbers from `low` up to but without `high`, [count].

    Raises:
        ValueError: there is no number between them.
    """
    if high <= low:
        raise ValueError(f"Need minval < maxval, got {low} >= {high}")
    drawn = stream.words(count)
    if high - low < 2**64:
        drawn = drawn % np.uint64(high - low)
    # Two's complement: the sum modulo 2^64 is the right number for signed ones too.
    return (drawn + np.uint64(low % 2**64)).astype(np.dtype(dtype))


def order(stream: Stream, count: int) -> Array:
    """The numbers 0 to count - 1 in random order, int64 [count]."""
    return np.argsort(stream.words(count), kind="stable")


_TABLE = 1 << 20
"""Comparisons made at once; beyond it a row is searched at a time."""


def classes(stream: Stream, logits: Array, count: int) -> Array:
    """Class numbers by unnormalized log-probabilities [rows, classes], int64 [rows, count].

    A logit that is not finite has probability 0.

    Raises:
        ValueError: there is no class.
    """
    rows, number = logits.shape
    if not number:
        raise ValueError("num_classes should be positive, got 0")
    known = np.isfinite(logits)
    wide = np.where(known, logits, -np.inf).astype(np.float64)
    top = wide.max(axis=1, keepdims=True)
    sums = np.cumsum(np.exp(wide - np.where(np.isfinite(top), top, 0.0)), axis=1)
    places = uniform(stream, rows * count, np.float64).reshape(rows, count) * sums[:, -1:]
    if rows * count * number <= _TABLE:
        found = (places[:, :, None] >= sums[:, None, :]).sum(axis=2)
    else:
        found = np.empty((rows, count), np.int64)
        for row in range(rows):
            found[row] = np.searchsorted(sums[row], places[row], side="right")
    return np.minimum(found, number - 1)


def gamma(stream: Stream, alpha: Array) -> Array:
    """Gamma numbers of shape parameter `alpha` and scale 1, float64; NaN unless alpha > 0.

    Until every place has its number: for the places left, in order, normals z, then uniforms u.
    With d = max(alpha, alpha + 1 if alpha < 1) - 1 / 3 and v = (1 + z / sqrt(9 d))^3, d v is taken
    if v > 0 and log(u) < z^2 / 2 + d - d v + d log(v). At last one uniform w for each place:
    where alpha < 1 the number is multiplied with w^(1 / alpha).

    Source: Marsaglia & Tsang, *A simple method for generating gamma variables* (2000).
    """
    flat = np.ravel(alpha).astype(np.float64)
    d = np.where(flat < 1, flat + 1, flat) - 1 / 3
    result = np.full(flat.shape, np.nan)
    left = np.flatnonzero((flat > 0) & np.isfinite(flat))
    while left.size:
        z = normal(stream, left.size, np.float64)
        u = uniform(stream, left.size, np.float64)
        d_left = d[left]
        v = (1 + z / np.sqrt(9 * d_left)) ** 3
        positive = np.where(v > 0, v, 1.0)
        bound = 0.5 * z * z + d_left - d_left * positive + d_left * np.log(positive)
        taken = (v > 0) & (np.log(u) < bound)
        result[left[taken]] = (d_left * v)[taken]
        left = left[~taken]
    w = uniform(stream, flat.size, np.float64)
    boost = np.where(flat < 1, w ** (1 / np.where(flat > 0, flat, 1.0)), 1.0)
    return (result * boost).reshape(np.shape(alpha))


_FEW = 10.0
"""The rate from which on Poisson numbers are found by rejection."""


def poisson(stream: Stream, rate: Array) -> Array:
    """Poisson numbers of the given rates, float64; NaN for a negative rate.

    One uniform u for each place. Where the rate is below 10 the number is the first k whose
    running sum of probabilities is more than u. For the others, in order, until each has its
    number, uniforms u and v: Hörmann's PTRS.

    Source: Hörmann, *The transformed rejection method for generating Poisson random variables*
    (1993).
    """
    flat = np.ravel(rate).astype(np.float64)
    result = np.where((flat >= 0) & np.isfinite(flat), 0.0, np.nan)
    u = uniform(stream, flat.size, np.float64)
    term = np.exp(-flat)
    total, k = term.copy(), 0
    left = np.flatnonzero((flat >= 0) & (flat < _FEW))
    while left.size and k < 200:
        left = left[u[left] >= total[left]]
        k += 1
        result[left] = k
        term[left] *= flat[left] / k
        total[left] += term[left]
    left = np.flatnonzero(np.isfinite(flat) & (flat >= _FEW))
    while left.size:
        found = _transformed(stream, flat[left])
        taken = ~np.isnan(found)
        result[left[taken]] = found[taken]
        left = left[~taken]
    return result.reshape(np.shape(rate))


def _transformed(stream: Stream, rate: Array) -> Array:
    """One round of PTRS: a number, or NaN where it was rejected."""
    u = uniform(stream, rate.size, np.float64) - 0.5
    v = uniform(stream, rate.size, np.float64)
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    near = 0.5 - np.abs(u)
    k = np.floor((2 * a / near + b) * u + rate + 0.43)
    quick = (near >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    possible = (k >= 0) & ~((near < 0.013) & (v > near))
    safe = np.where(k >= 0, k, 0.0)
    left = np.log(v * inverse / (a / (near * near) + b))
    slow = possible & (left <= safe * np.log(rate) - rate - lgamma(np, safe + 1))
    return np.where(quick | slow, k, np.nan)
