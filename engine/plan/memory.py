"""The memory of each buffer: copies avoided, work in place, dead memory used again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.op import Array
from engine.plan.lowering import Call, Ref

_LINE = 64
"""Bytes of a cache line, and of the widest vector."""
_SLAB = 1 << 14


def elide_copies(calls: list[Call], kept: set[int]) -> list[Call]:
    """Calls with the copies removed whose source can be computed in its destination at once.

    A gradient is then written into its slice of the arena by the operation that computes it, and
    a slot's new value into the slot. `kept` are ids of buffers that are handed out at the end.
    """
    users: dict[int, list[int]] = {}
    for position, call in enumerate(calls):
        for arg in _refs(call):
            users.setdefault(id(arg.root), []).append(position)
    removed: set[int] = set()
    for position, call in enumerate(calls):
        if call.function is not np.copyto or len(call.args) != 2:
            continue
        target, source = call.args
        if _can_write_through(calls, position, target, source, users, kept):
            moved = users.pop(id(source.root))
            _redirect(calls, moved, source, target)
            # Not by `source.root`: it is the destination's by now.
            places = users.setdefault(id(target.root), [])
            places[:] = sorted({*places, *moved})
            removed.add(position)
    return [call for position, call in enumerate(calls) if position not in removed]


def _can_write_through(
    calls: list[Call],
    position: int,
    target: Ref,
    source: Ref,
    users: dict[int, list[int]],
    kept: set[int],
) -> bool:
    root = source.root
    if not isinstance(root, Ref) or root.kind != "buffer" or id(root) in kept:
        return False
    if source.dtype != target.dtype or source.size != target.size or target.kind != "array":
        return False
    if source is not root and not _is_whole_reshape(source, root):
        return False
    if source.dims != target.dims or not target.memory().flags.c_contiguous:
        return False
    places = users[id(root)]
    first, last = places[0], places[-1]
    if first >= position:
        return False
    # From its first write to its last use, nobody else may look at or change the destination.
    for place in users.get(id(target.root), ()):
        if place == position or not first <= place <= last:
            continue
        call = calls[place]
        if place == first:
            touches = [ref for ref in call.reads() if ref.overlaps(target)]
            if not touches or (
                call.elementwise and all(_same_span(ref, target) for ref in touches)
            ):
                continue
            return False
        if any(ref.overlaps(target) for ref in _refs(call)):
            return False
    if last > position:
        return all(not _writes_into(calls[place], root) for place in places if place > position)
    return True


def _writes_into(call: Call, root: Ref) -> bool:
    return call.writes is not None and call.writes.root is root


def _same_span(ref: Ref, target: Ref) -> bool:
    a, b = ref.memory(), target.memory()
    return bool(
        a.shape == b.shape
        and a.strides == b.strides
        and a.__array_interface__["data"] == b.__array_interface__["data"]
    )


def _is_whole_reshape(source: Ref, root: Ref) -> bool:
    return source.size == root.size and bool(source.model().flags.c_contiguous)


def _redirect(calls: list[Call], places: list[int], source: Ref, target: Ref) -> None:
    """Make `target`'s memory that of the buffer behind `source`, everywhere it is used."""
    root = source.root
    root.array = target.memory().reshape(root.dims)
    root.kind = "array"
    new_root, span = target.root, target.span
    for place in places:
        for ref in _refs(calls[place]):
            if ref.root is root and ref is not root:
                ref.root, ref.kind, ref.array, ref.span = new_root, "array", None, span
    root.root, root.span = new_root, span


def assign(calls: list[Call], kept: Iterable[Ref], poison: bool = False) -> tuple[list[Call], int]:
    """Memory for every buffer; the calls (with poisoning if asked), and the bytes allocated.

    Threads at work at the same time have memory apart.

    A buffer lives from its first write to its last use; those of `kept` to the end. With `poison`,
    memory is overwritten with nonsense as soon as it is free, so that a wrong reuse shows.
    """
    pool = Pool()
    result = _assign(calls, kept, poison, pool)
    pools: dict[int, Pool] = {}
    for call in result:
        for number, lane in enumerate(call.lanes or ()):
            lane[:] = _assign(lane, (), poison, pools.setdefault(number, Pool()))
    return result, pool.allocated + sum(own.allocated for own in pools.values())


def _assign(calls: list[Call], kept: Iterable[Ref], poison: bool, pool: Pool) -> list[Call]:
    last: dict[int, int] = {}
    roots_of: list[dict[int, Ref]] = []
    for position, call in enumerate(calls):
        roots: dict[int, Ref] = {}
        for ref in _refs(call):
            root = ref.root
            last[id(root)] = position
            # What has memory already is that of all threads, seen from one of them.
            if isinstance(root, Ref) and root.kind == "buffer" and root.array is None:
                roots[id(root)] = root
        roots_of.append(roots)
    for ref in kept:
        last[id(ref.root)] = len(calls)
    blocks: dict[int, Array] = {}
    result: list[Call] = []
    for position, call in enumerate(calls):
        result.append(call)
        roots = roots_of[position]
        for key, root in roots.items():
            if key in blocks:
                continue
            dying = _in_place(call, root, last, blocks, position) if call.writes is root else None
            if dying is not None:
                blocks[key], root.array = blocks[id(dying)], dying.array
                continue
            nbytes = root.nbytes
            block = blocks[key] = pool.take(nbytes)
            root.array = block[:nbytes].view(root.dtype).reshape(root.dims)
        ending = [key for key in roots if last[key] == position]
        if not ending:
            continue
        held = {id(blocks[key]) for key in roots if last[key] > position}
        for key in ending:
            if id(blocks[key]) not in held:
                held.add(id(blocks[key]))
                pool.give(blocks[key])
                if poison:
                    result.append(Call(_spoil, (blocks[key],), None, call.op))
    return result


def _in_place(
    call: Call, root: Ref, last: dict[int, int], blocks: dict[int, Array], position: int
) -> Ref | None:
    """An input that dies here and is like the output, which may take its memory."""
    if not call.elementwise or root.size == 1:
        # NumPy takes three times as long over one element in place as into other memory.
        return None
    reads = call.reads()
    for ref in reads:
        if id(ref.root) != id(ref) or ref.dims != root.dims or ref.dtype != root.dtype:
            continue
        if last[id(ref)] != position or id(ref) not in blocks:
            continue
        # Every other input over that memory must be the very same elements.
        if all(other is ref or other.root is not ref for other in reads):
            return ref
    return None


class Pool:
    """Memory that is free at one moment of the plan, by size."""

    def __init__(self) -> None:
        self.allocated = 0
        self._free: dict[int, list[Array]] = {}
        self._slab = np.zeros(0, np.uint8)

    def take(self, nbytes: int) -> Array:
        """At least this many bytes: free ones if some are not far too large, else new zeros.

        Zeros, not garbage: whoever reads too early gets the same wrong number every time.
        """
        fitting = [size for size in self._free if nbytes <= size <= 2 * nbytes + _LINE]
        if fitting:
            size = min(fitting)
            blocks = self._free[size]
            block = blocks.pop()
            if not blocks:
                del self._free[size]
            return block
        size = max(nbytes, 1)
        self.allocated += size
        if size > _SLAB // 8:
            return _aligned(size)
        # Small ones share an allocation; each begins a cache line of its own.
        room = -(-size // _LINE) * _LINE
        if self._slab.nbytes < room:
            self._slab = _aligned(_SLAB)
        block, self._slab = self._slab[:size], self._slab[room:]
        return block

    def give(self, block: Array) -> None:
        """This memory is free from now on."""
        self._free.setdefault(block.nbytes, []).append(block)


def _aligned(size: int) -> Array:
    raw = np.zeros(size + _LINE, np.uint8)
    shift = -raw.__array_interface__["data"][0] % _LINE
    return raw[shift : shift + size]


def _spoil(block: Array) -> None:
    block.fill(0xFF)  # NaN in every float format, -1 in every integer


def _refs(call: Call) -> list[Ref]:
    found: list[Any] = [arg for arg in call.args if isinstance(arg, Ref)]
    return found
