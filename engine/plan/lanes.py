"""Calls shared out over the engine's threads: the rows of a batch, and the strips of an arena.

Most of a training step treats the examples of its batch apart: each thread ("lane") does the whole
sequence of calls for its own rows, and meets the others only where rows are mixed. A gradient of
weights is a sum over rows: every lane sums its own into memory of its own, and the sums are added
when all are done. Measured on a step of two hidden layers: two meetings a step against two for
every product that BLAS shares out itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from engine.kernels.lanes import LANES, OVER_LANES, split
from engine.ops.rowwise import BY_ROWS
from engine.plan.lowering import Call, Ref, Shared
from engine.plan.postponed import Postponed
from engine.plan.rows import Lane, Place, place_in

_AT_ONCE = LANES.run
_LEAST_GAIN_US = 120.0
"""What sharing must save over one thread: meeting costs about half of it."""
_LEAST_PRODUCT_GAIN_US = 100.0
"""The same for one product by itself, which costs a meeting of its own."""
_CALL_US = 0.5
"""Python's part of a call: threads wait for each other's."""
_MOST_SUMMED = 1 << 20
"""Elements of a sum over rows that lanes keep apart; larger ones are better left to BLAS."""
_LEAST_ROWS = 48
_SMALL_WEIGHTS = 1 << 18
"""Every lane's product reads all the weights: large ones want as many rows to be worth it."""
_FEW = 256
"""Elements below which a call other than a product is never worth a thread's while."""
_GFLOPS, _GBYTES = 80.0, 8.0
"""Of one core, for the estimate: multiplications and additions, and memory passed over."""


def share(calls: list[Call], feeds: Sequence[Ref], kept: Iterable[Ref], lanes: int) -> list[Call]:
    """The calls in an order that keeps their meaning, some of them gathered into calls by lanes.

    A gathered call has `Call.lanes`: what each thread does at the same time as the others.
    """
    if lanes < 2:
        return calls
    strips = any(call.lane is not None for call in calls)
    pays = _could_pay(calls, lanes)
    if not pays and not strips:
        return calls
    rows = _batch(calls, feeds) if pays else 0
    shared = _Sharing(calls, {id(ref.root) for ref in kept}, rows, lanes).result()
    return [_in_parts(call, lanes) for call in shared]


def owns_the_cores(calls: list[Call]) -> bool:
    """Whether a program shares work out over threads, so that BLAS has to keep to one.

    OpenBLAS's threads go on turning for some 20 ms after a product, and would take a core from the
    program's own.
    """
    return any(
        call.lanes is not None or getattr(call.function, OVER_LANES, False) for call in calls
    )


def _in_parts(call: Call, lanes: int) -> Call:
    """A large product as one for each lane: of rows of the result, or of columns where it is wide.

    Such as remain: of weights that are too large to be read by every lane, or sums of their
    gradients that are too large to be kept apart.
    """
    if call.function is not np.dot or call.lanes is not None or call.lane is not None:
        return call
    a, b, out = call.args
    if any(ref.dims is None or len(ref.dims) != 2 for ref in (a, b, out)):
        return call
    if _gain_us(call, lanes) < _LEAST_PRODUCT_GAIN_US:
        return call
    rows, columns = out.dims
    tall = rows >= columns
    places: list[Any] = [(0, 1), None, (0, 1)] if tall else [None, (1, 1), (1, 1)]
    # np.dot wants its result in one piece; np.matmul takes columns of a larger one.
    part = call if tall else Call(np.matmul, call.args, out, call.op)
    owners = []
    for number, span in enumerate(split(rows if tall else columns, lanes)):
        owner = Lane(span, number, set(), set())
        owner.add(part, places, is_sum=False)
        owners.append(owner)
    return _gathered([owner.calls for owner in owners], set(), owners)


def _could_pay(calls: list[Call], lanes: int) -> bool:
    """Whether there is enough to do at all; most small programs are decided here."""
    known = (call for call in calls if call.writes is not None and call.writes.dims)
    worth = (
        call
        for call in known
        if call.function is np.dot or (call.writes is not None and call.writes.size >= _FEW)
    )
    return sum(max(_gain_us(call, lanes), 0.0) for call in worth) >= _LEAST_GAIN_US


def _batch(calls: list[Call], feeds: Sequence[Ref]) -> int:
    """The size that the leading axes of what comes from outside have in common, 0 if none."""
    found: dict[int, int] = {}
    results = [call.result for call in calls if isinstance(call.result, Ref)]
    for ref in (*feeds, *results):
        if ref.dims and ref.dims[0] > 1 and ref.dtype.kind != "O":
            found[ref.dims[0]] = found.get(ref.dims[0], 0) + ref.nbytes
    return max(found, key=lambda size: found[size], default=0)


class _Region:
    """Calls that lanes may do at the same time, and those that have to come before."""

    def __init__(self) -> None:
        self.before: list[Call] = []
        self.calls: list[tuple[Call, list[Any]]] = []
        """Each with the place of the rows in every argument (None: taken whole)."""
        self.places: dict[int, Place | None] = {}
        """Of every reference to what the region computes by rows."""
        self.rows: dict[int, Ref] = {}
        """The roots that it computes by rows."""
        self.sums: list[Ref] = []
        """What it sums over rows."""
        self.read: list[Ref] = []
        self.gain_us = 0.0

    def reads_a_sum(self, refs: Iterable[Ref]) -> bool:
        return any(ref.overlaps(total) for ref in refs for total in self.sums)

    def touches(self, ref: Ref) -> bool:
        """Whether the region computes (part of) this memory."""
        return id(ref.root) in self.rows or any(ref.overlaps(total) for total in self.sums)


class _Sharing:
    """One program's calls on their way to lanes."""

    def __init__(self, calls: list[Call], kept: set[int], rows: int, lanes: int):
        self.calls = calls
        self.kept = kept
        self.rows = rows
        self.lanes = lanes
        self.parts = split(rows, lanes) if rows > 1 else []
        self.uses: dict[int, int] = {}
        for call in calls:
            for root in {id(ref.root) for ref in _refs(call)}:
                self.uses[root] = self.uses.get(root, 0) + 1
        self.done: list[Call] = []
        self.region = _Region()
        self.strips: list[Call] = []
        self.waiting: list[tuple[Ref, list[Ref]]] = []
        """Arenas of gradients whose lanes' sums are still apart: the first lane's, the others'."""
        self.postponed = Postponed(calls)

    def result(self) -> list[Call]:
        for position, call in enumerate(self.calls):
            if self.postponed.takes(position, call):
                continue
            if call.lane is not None:
                self._end_region()
                self.strips.append(call)
                continue
            if self.strips and not self._goes_before_strips(call):
                self._end_strips()
            if not self.strips:
                self._take(call)
        self._end_strips()
        self._end_region()
        self._join_sums(self.waiting)
        return self.done

    # Rows

    def _take(self, call: Call) -> None:
        places = self._places(call)
        if places is None and self._goes_before(call):
            self._join_before(call)
            self.region.before.append(call)
            return
        if places is None:
            self._end_region()
            places = self._places(call)
        if places is None:
            self._join_sums([item for item in self.waiting if _touches(call, item[0])])
            self.done.append(call)
            return
        self._join_before(call)
        self._add(call, places)

    def _join_before(self, call: Call) -> None:
        for item in [item for item in self.waiting if _touches(call, item[0])]:
            self.waiting.remove(item)
            self.region.before += _additions(*item)

    def _goes_before(self, call: Call) -> bool:
        """Whether a call that cannot be shared may be done before the whole region."""
        region = self.region
        if not region.calls or any(region.touches(ref) for ref in _refs(call)):
            return not region.calls
        written = call.writes
        return written is None or not any(written.overlaps(ref) for ref in region.read)

    def _add(self, call: Call, places: list[Any]) -> None:
        region, out = self.region, call.writes
        assert out is not None
        if places[-1] is None:
            region.sums.append(out)
        else:
            region.rows[id(out.root)] = out.root
        region.read += [ref for ref in call.reads() if id(ref.root) not in region.rows]
        region.calls.append((call, places[:-1]))
        region.gain_us += _gain_us(call, self.lanes)

    def _place(self, ref: Ref) -> Place | None:
        """Where the rows lie in a reference to what the region computes."""
        places = self.region.places
        if id(ref) not in places:
            places[id(ref)] = place_in(ref, self.rows)
        return places[id(ref)]

    def _places(self, call: Call) -> list[Any] | None:
        """The rows' place in every argument, and last in the result (None: a sum over rows).

        None altogether if the rows cannot be done apart, or too much of the region is read.
        """
        out = call.writes
        if out is None or call.result is not None or not self.parts or not out.size:
            return None
        refs = _refs(call)
        if any(ref.dims is None or ref.dtype.kind == "O" for ref in refs):
            return None
        if self.region.reads_a_sum(refs):
            return None
        if call.elementwise:
            return self._elementwise(call, out)
        if call.function is np.dot:
            return self._product(call, out)
        if call.function is np.matmul:
            return self._elementwise(call, out) if len(out.dims or ()) > 2 else None
        if getattr(call.function, "__name__", "") == "reduce":
            return self._reduction(call, out)
        if getattr(call.function, BY_ROWS, False):
            return self._by_rows(call, out)
        return None

    def _rows_of(self, ref: Ref, axis: int, times: int) -> bool:
        """Whether the rows of a reference can be taken apart along an axis."""
        if self.region.touches(ref):
            return self._place(ref) == (axis, times)
        dims = ref.dims or ()
        return axis < len(dims) and dims[axis] == times * self.rows

    def _times(self, size: int) -> int:
        """How many elements of an axis belong to one row, 0 if it is not one of rows."""
        return size // self.rows if size % self.rows == 0 else 0

    def _target(self, out: Ref, times: int) -> bool:
        """Whether lanes may write their rows of this memory."""
        if out.root.__class__ is not Ref or out.root.kind != "buffer":
            return False
        return self._new_place(out) == (0, times)

    def _new_place(self, out: Ref) -> Place | None:
        return self._place(out) if self.region.touches(out) else place_in(out, self.rows)

    def _elementwise(self, call: Call, out: Ref) -> list[Any] | None:
        dims = out.dims or ()
        times = self._times(dims[0]) if dims else 0
        if not times or not self._target(out, times):
            return None
        places: list[Any] = []
        for arg in call.args:
            if not isinstance(arg, Ref):
                places.append(None)
            elif len(arg.dims or ()) == len(dims) and self._rows_of(arg, 0, times):
                places.append((0, times))
            elif self.region.touches(arg) or (
                len(arg.dims or ()) == len(dims) and arg.dims and arg.dims[0] != 1
            ):
                return None
            else:
                places.append(None)
        return [*places, (0, times)]

    def _by_rows(self, call: Call, out: Ref) -> list[Any] | None:
        times = self._times((out.dims or (0,))[0])
        if not times or not self._target(out, times):
            return None
        if not all(self._rows_of(ref, 0, times) for ref in _refs(call)):
            return None
        return [(0, times) if isinstance(arg, Ref) else None for arg in (*call.args, out)]

    def _product(self, call: Call, out: Ref) -> list[Any] | None:
        a, b = call.args[:2]
        a_dims, b_dims = a.dims, b.dims
        if len(a_dims) == 2 and len(b_dims) <= 2 and not self.region.touches(b):
            times = self._times(a_dims[0])
            enough = a_dims[0] >= _LEAST_ROWS * self.lanes or b.size <= _SMALL_WEIGHTS
            if times and enough and self._rows_of(a, 0, times) and self._target(out, times):
                return [(0, times), None, (0, times), (0, times)]
        times = self._times(b_dims[0])
        last = len(a_dims) - 1
        shares = times and self._rows_of(a, last, times) and self._rows_of(b, 0, times)
        if shares and self._may_sum(out) and (self.region.touches(a) or self.region.touches(b)):
            return [(last, times), (0, times), None, None]
        return None

    def _reduction(self, call: Call, out: Ref) -> list[Any] | None:
        x, axis = call.args[:2]
        dims = x.dims
        axes = tuple(a % len(dims) for a in (axis if isinstance(axis, tuple) else (axis,)))
        times = self._times(dims[0]) if dims else 0
        if not times or not self._rows_of(x, 0, times):
            return None
        if 0 not in axes:
            if not self._target(out, times):
                return None
            target: Any = (0, times)
        elif call.function == np.add.reduce and self._may_sum(out) and self.region.touches(x):
            target = None
        else:
            return None
        places = [target if arg is out else None for arg in call.args]
        return [(0, times), *places[1:], target]

    def _may_sum(self, out: Ref) -> bool:
        kind = out.root.__class__
        return out.size <= _MOST_SUMMED and (
            kind is Shared or (kind is Ref and out.root.kind == "buffer")
        )

    def _end_region(self) -> None:
        region, self.region = self.region, _Region()
        self.done += region.before
        if not region.calls or region.gain_us < _LEAST_GAIN_US:
            self.done += [call for call, _ in region.calls]
            return
        inside: dict[int, int] = {}
        for call, _ in region.calls:
            for root in {id(ref.root) for ref in _refs(call)}:
                inside[root] = inside.get(root, 0) + 1
        private = {
            root
            for root in region.rows
            if root not in self.kept and inside[root] == self.uses[root]
        }
        viewed = {
            id(ref.root)
            for call, _ in region.calls
            for ref in _refs(call)
            if ref.parent is not None
        }
        lanes = [Lane(part, number, private, viewed) for number, part in enumerate(self.parts)]
        for call, places in region.calls:
            is_sum = call.writes is not None and any(call.writes is total for total in region.sums)
            for lane in lanes:
                lane.add(call, places, is_sum)
        self.done.append(_gathered([lane.calls for lane in lanes], private, lanes))
        self._collect(region.sums, lanes[1:])

    def _collect(self, sums: list[Ref], others: list[Lane]) -> None:
        """Add what the lanes have summed, at once or, for arenas, when it is wanted."""
        arenas: dict[int, Ref] = {}
        for total in sums:
            root = total.root
            if not isinstance(root, Shared):
                self.done += _additions(total, [lane.shadow(total) for lane in others])
            elif id(root) not in arenas:
                flat = root.flat
                arenas[id(root)] = Ref(
                    "array", flat.shape, flat.dtype, "gradients", array=flat, root=root,
                    span=(0, flat.size),
                )  # fmt: skip
        for whole in arenas.values():
            covered = sum(total.size for total in sums if total.root is whole.root)
            shadows = [lane.arena_shadow(whole.root) for lane in others]
            if covered == whole.size:
                self.waiting.append((whole, shadows))
                continue
            for total in sums:
                if total.root is whole.root:
                    self.done += _additions(total, [lane.shadow(total) for lane in others])

    # Strips

    def _goes_before_strips(self, call: Call) -> bool:
        written = [strip.writes for strip in self.strips if strip.writes is not None]
        refs = _refs(call)
        if any(ref.overlaps(out) for ref in refs for out in written):
            return False
        if call.writes is not None and any(
            call.writes.overlaps(ref) for strip in self.strips for ref in strip.reads()
        ):
            return False
        if any(_touches(call, whole) for whole, _ in self.waiting):
            return False
        self.done.append(call)
        return True

    def _end_strips(self) -> None:
        strips, self.strips = self.strips, []
        if not strips:
            return
        lanes: list[list[Call]] = [[] for _ in range(self.lanes)]
        owner: dict[int, set[int]] = {}
        for call in strips:
            assert call.lane is not None
            lanes[call.lane].append(call)
            for ref in _refs(call):
                owner.setdefault(id(ref.root), set()).add(call.lane)
        inside: dict[int, int] = {}
        for call in strips:
            for root in {id(ref.root) for ref in _refs(call)}:
                inside[root] = inside.get(root, 0) + 1
        private = {
            root
            for root, numbers in owner.items()
            if len(numbers) == 1 and inside[root] == self.uses[root] and root not in self.kept
        }
        for item in list(self.waiting):
            if any(_touches(call, item[0]) for call in strips):
                self.waiting.remove(item)
                self._add_in_strips(lanes, *item)
        self.postponed.put_before(lanes, strips)
        self.done.append(_gathered([lane for lane in lanes if lane], private))

    def _add_in_strips(self, lanes: list[list[Call]], whole: Ref, shadows: list[Ref]) -> None:
        """Every lane adds the sums of the part of the gradients that it will use."""
        spans = []
        for lane in lanes:
            found = [
                ref.span
                for call in lane
                for ref in _refs(call)
                if ref.root is whole.root and ref.span is not None
            ]
            spans.append((min(a for a, _ in found), max(b for _, b in found)) if found else (0, 0))
        for lane, (first, last) in zip(lanes, spans, strict=True):
            if last > first:
                parts = [_flat(ref, first, last) for ref in (whole, *shadows)]
                lane[:0] = _additions(parts[0], parts[1:])

    def _join_sums(self, items: list[tuple[Ref, list[Ref]]]) -> None:
        for item in list(items):
            self.waiting.remove(item)
            self.done += _additions(*item)


def _gathered(lanes: list[list[Call]], private: set[int], owners: Sequence[Lane] = ()) -> Call:
    """One call for all of them; its arguments are what they share with the rest."""
    own = {id(root) for lane in owners for key, root in lane.roots.items() if key in private}
    shared: dict[int, Ref] = {}
    results: set[int] = set()
    for lane in lanes:
        for call in lane:
            if call.result is not None:
                results.add(id(call.result))
            for ref in _refs(call):
                root = ref.root
                if id(root) in private or id(root) in own or id(root) in results:
                    continue
                if isinstance(root, Ref) and root.kind in ("buffer", "local"):
                    shared[id(root)] = root
    gathered = Call(_AT_ONCE, tuple(shared.values()), None, lanes[0][0].op)
    gathered.lanes = lanes
    return gathered


def _additions(total: Ref, others: list[Ref]) -> list[Call]:
    return [Call(np.add, (total, other, total), total, None, elementwise=True) for other in others]


def _flat(ref: Ref, first: int, last: int) -> Ref:
    return Ref(
        "array", (last - first,), ref.dtype, ref.label, array=ref.array[first:last],
        root=ref.root, span=(first, last),
    )  # fmt: skip


def _touches(call: Call, whole: Ref) -> bool:
    return any(ref.root is whole.root for ref in _refs(call))


def _refs(call: Call) -> list[Ref]:
    return [arg for arg in call.args if isinstance(arg, Ref)]


def _gain_us(call: Call, lanes: int) -> float:
    """Roughly what sharing a call saves; less than nothing for one over a few elements."""
    refs = [ref for ref in _refs(call) if ref.dims is not None]
    if call.function is np.dot and len(call.args[0].dims) == 2:
        a, out = call.args[0], call.args[2]
        alone = 2e-3 * out.size * a.dims[1] / _GFLOPS
    else:
        alone = max(ref.nbytes for ref in refs) * len(refs) / (_GBYTES * 1e3)
    return float(alone * (1 - 1 / lanes) - _CALL_US * (lanes - 1))
