"""NumPy kernels of plain LSTM sequences, forward and backward.

Inside, arrays are feature first (``[features, batch]``), so that each gate is one contiguous block:
elementwise work on [128, 128] takes 2.5 us there, 6 to 10 us on a block's columns. The inputs of
all steps are laid out once as ``[x; h; 1]``; a step is then one product with ``[kernel; bias]``,
which costs no more than adding a product computed beforehand would (0.15 ms a step at 128 units).

Examples do not meet but in the gradients of the weights, so each of the engine's threads takes its
own ones through all steps. What a forward run keeps for the gradient lies thread by thread, in
memory that only these two kernels read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.kernels.blas import address_of, blas, gemm
from engine.kernels.lanes import LANES, OVER_LANES, cores, split
from engine.op import Array

GATES = 4
"""In the order of the kernel's columns: input, candidate, forget, output."""


_LANE_EXAMPLES = 32
"""Examples that a thread should have at least: products of fewer columns are thin."""


def parts(batch: int) -> list[tuple[int, int]]:
    """The examples of each thread: (first, last + 1)."""
    return split(batch, min(cores(), max(1, batch // _LANE_EXAMPLES)))


def _own(memory: Array, part: tuple[int, int]) -> Array:
    """One thread's share of [..., batch], in one piece."""
    batch = memory.shape[-1]
    rest = memory.size // max(batch, 1)
    first, last = part
    return memory.reshape(-1)[rest * first : rest * last].reshape(*memory.shape[:-1], last - first)


def _maybe(array: Array | None, *index: Any) -> Array | None:
    return None if array is None else array[index]


def scaled_weights(kernel: Array, bias: Array, forget_bias: float, weights: Array) -> None:
    """[kernel; bias] such that tanh of the product gives every gate: sigmoid(x) is
    (1 + tanh(x / 2)) / 2, so the columns of the three sigmoids are halved."""
    units = bias.shape[0] // GATES
    factors = np.full(bias.shape, 0.5, weights.dtype)
    factors[units : 2 * units] = 1
    np.multiply(kernel, factors, weights[:-1])
    np.multiply(bias, factors, weights[-1])
    weights[-1, 2 * units : 3 * units] += 0.5 * forget_bias


def forward(
    x: Array,
    c_first: Array,
    h_first: Array,
    kernel: Array,
    bias: Array,
    lengths: Array | None,
    hs: Array | None,
    h_last: Array | None,
    c_last: Array | None,
    joined: Array,
    gates: Array,
    cells: Array,
    squashed: Array,
    weights: Array,
    block: Array,
    forget_bias: float,
) -> None:
    """All steps, into the given memory; what is None is not wanted.

    `joined` becomes [x; h; 1] of every step, `gates` the tanh of the scaled products, `cells` c
    before every step and after the last, `squashed` tanh of c.
    """
    scaled_weights(kernel, bias, forget_bias, weights)

    def piece(part: tuple[int, int]) -> Callable[[], None]:
        own = slice(*part)
        return lambda: _forward(
            x[:, own],
            c_first[own],
            h_first[own],
            _maybe(lengths, own),
            _maybe(hs, ..., own),
            _maybe(h_last, own),
            _maybe(c_last, own),
            [_own(memory, part) for memory in (joined, gates, cells, squashed)],
            weights,
            _own(block, part),
        )

    LANES.run([piece(part) for part in parts(x.shape[1])])


setattr(forward, OVER_LANES, True)


def _forward(
    x: Array,
    c_first: Array,
    h_first: Array,
    lengths: Array | None,
    hs: Array | None,
    h_last: Array | None,
    c_last: Array | None,
    kept: Sequence[Array],
    weights: Array,
    block: Array,
) -> None:
    joined, gates, cells, squashed = kept
    steps, _, inputs = x.shape
    units = c_first.shape[1]
    half = weights.dtype.type(0.5)
    alive: Any = None if lengths is None else np.arange(steps)[:, None] < lengths
    joined[:-1, :inputs] = x.transpose(0, 2, 1)
    joined[:, -1] = 1
    hidden = joined[:, inputs:-1]
    hidden[0] = h_first.T
    cells[0] = c_first.T
    turned = weights.T
    for t in range(steps):
        gate, before, c = gates[t % len(gates)], cells[t], cells[t + 1]
        np.matmul(turned, joined[t], gate)
        np.tanh(gate, gate)
        write, candidate = gate[:units], gate[units : 2 * units]
        forget, output = gate[2 * units : 3 * units], gate[3 * units :]
        # (c (1 + forget) + candidate (1 + write)) / 2, the halves of the sigmoids put together
        np.multiply(forget, before, c)
        np.add(c, before, c)
        np.multiply(write, candidate, block)
        np.add(block, candidate, block)
        np.add(c, block, c)
        np.multiply(c, half, c)
        tanh_c, h = squashed[t % len(squashed)], hidden[t + 1]
        np.tanh(c, tanh_c)
        np.multiply(output, tanh_c, block)
        np.add(block, tanh_c, block)
        np.multiply(block, half, h)
        if alive is not None and not alive[t].all():
            over = ~alive[t]
            np.copyto(c, before, where=over)
            np.copyto(h, hidden[t], where=over)
        if hs is not None:
            if alive is None:
                np.copyto(hs[t], h)
            else:
                np.multiply(h, alive[t], hs[t])
    if h_last is not None:
        np.copyto(h_last, hidden[steps].T)
    if c_last is not None:
        np.copyto(c_last, cells[steps].T)


def backward(
    x: Array,
    c_first: Array,
    h_first: Array,
    kernel: Array,
    bias: Array,
    lengths: Array | None,
    joined: Array,
    gates: Array,
    cells: Array,
    squashed: Array,
    dhs: Array | None,
    dh_last: Array | None,
    dc_last: Array | None,
    dx: Array | None,
    dc_first: Array | None,
    dh_first: Array | None,
    dkernel: Array | None,
    dbias: Array | None,
    weights: Array,
    totals: Array,
    dgates: Array,
    slopes: Array,
    djoined: Array,
    dh: Array,
    dc: Array,
    block: Array,
    other: Array,
    forget_bias: float,
) -> None:
    """The gradients of all steps, into the given memory; what is None is not wanted or not there.

    `totals`: for every thread the sum of the weights' gradients, and those of one step. `dgates` is
    without the factors of the gates (1/4 for the sigmoids, 1/2 for the candidate): they are in the
    weights that it is multiplied by, and put into the weights' gradient at the end.
    """
    del forget_bias  # Its effect is in what the forward run kept.
    units = c_first.shape[1]
    factors = np.full(bias.shape, 0.25, weights.dtype)
    factors[units : 2 * units] = 0.5
    np.multiply(kernel, factors, weights[:-1])
    wants_weights = dkernel is not None or dbias is not None

    def piece(number: int, part: tuple[int, int]) -> Callable[[], None]:
        own = slice(*part)
        return lambda: _backward(
            _maybe(lengths, own),
            [_own(memory, part) for memory in (joined, gates, cells, squashed)],
            _maybe(dhs, ..., own),
            _maybe(dh_last, own),
            _maybe(dc_last, own),
            _maybe(dx, slice(None), own),
            _maybe(dc_first, own),
            _maybe(dh_first, own),
            weights,
            totals[number] if wants_weights else None,
            [_own(memory, part) for memory in (dgates, slopes, djoined, dh, dc, block, other)],
        )

    lanes = parts(x.shape[1])
    LANES.run([piece(number, part) for number, part in enumerate(lanes)])
    total = totals[0, 0]
    for more in totals[1 : len(lanes), 0] if wants_weights else ():
        np.add(total, more, total)
    for target, source in ((dkernel, total[:-1]), (dbias, total[-1])):
        if target is not None:
            np.multiply(source, factors, target)


setattr(backward, OVER_LANES, True)


def _add_product(joined: Array, dgates: Array, sums: Array, add: bool) -> None:
    """sums[0] (+)= joined @ dgates.T, with sums[1] as memory where BLAS cannot add by itself."""
    total, of_step = sums
    found = blas()
    product = found.product(total.dtype) if found is not None else None
    if product is not None:
        (rows, batch), columns = joined.shape, dgates.shape[0]
        a, b = (address_of(joined), batch, False), (address_of(dgates), batch, True)
        gemm(product, (rows, columns, batch), a, b, (address_of(total), columns), add)
    elif add:
        np.matmul(joined, dgates.T, of_step)
        np.add(total, of_step, total)
    else:
        np.matmul(joined, dgates.T, total)


def _backward(
    lengths: Array | None,
    kept: Sequence[Array],
    dhs: Array | None,
    dh_last: Array | None,
    dc_last: Array | None,
    dx: Array | None,
    dc_first: Array | None,
    dh_first: Array | None,
    weights: Array,
    sums: Array | None,
    scratch: Sequence[Array],
) -> None:
    joined, gates, cells, squashed = kept
    dgates, slopes, djoined, dh, dc, block, other = scratch
    steps, units = squashed.shape[:2]
    inputs = joined.shape[1] - units - 1
    dtype = weights.dtype.type
    half, one = dtype(0.5), dtype(1)
    alive: Any = None if lengths is None else np.arange(steps)[:, None] < lengths
    # Without dx only the rows of h are needed.
    first = 0 if dx is not None else inputs
    back, djoin = weights[first:-1], djoined[first:]
    into_h = djoined[inputs:]
    dh[...] = 0 if dh_last is None else dh_last.T
    dc[...] = 0 if dc_last is None else dc_last.T
    d_write, d_candidate = dgates[:units], dgates[units : 2 * units]
    d_forget, d_output = dgates[2 * units : 3 * units], dgates[3 * units :]
    for t in range(steps - 1, -1, -1):
        gate, before, tanh_c = gates[t], cells[t], squashed[t]
        write, candidate = gate[:units], gate[units : 2 * units]
        forget, output = gate[2 * units : 3 * units], gate[3 * units :]
        over = None if alive is None or alive[t].all() else ~alive[t]
        if over is not None:
            # The state of these examples stays: so do its gradients.
            passed_h, passed_c = dh * over, dc * over
        if dhs is not None:
            np.add(dh, dhs[t], dh)
        # dc += dh sigmoid(output) (1 - tanh(c)^2)
        np.multiply(tanh_c, tanh_c, block)
        np.subtract(one, block, block)
        np.multiply(block, dh, block)
        np.multiply(output, block, other)
        np.add(other, block, other)
        np.multiply(other, half, other)
        np.add(dc, other, dc)
        np.multiply(dh, tanh_c, d_output)
        np.multiply(dc, candidate, d_write)
        np.multiply(dc, write, d_candidate)
        np.add(d_candidate, dc, d_candidate)
        np.multiply(dc, before, d_forget)
        # The slope of every gate at once: that of tanh, in which the sigmoids are written.
        np.multiply(gate, gate, slopes)
        np.subtract(one, slopes, slopes)
        np.multiply(dgates, slopes, dgates)
        np.multiply(forget, dc, block)
        np.add(block, dc, block)
        np.multiply(block, half, dc)
        if over is not None:
            np.multiply(dgates, alive[t], dgates)
        np.matmul(back, dgates, djoin)
        if sums is not None:
            _add_product(joined[t], dgates, sums, t < steps - 1)
        if dx is not None:
            np.copyto(dx[t], djoined[:inputs].T)
        dh = into_h
        if over is not None:
            np.multiply(dc, alive[t], dc)
            np.add(dc, passed_c, dc)
            np.add(dh, passed_h, dh)
    for target, source in ((dh_first, dh), (dc_first, dc)):
        if target is not None:
            np.copyto(target, source.T)
