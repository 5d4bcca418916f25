"""One thread's part of the rows of a batch: its calls, and its views of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.op import Array
from engine.plan.lowering import Call, Ref, Shared

Place = tuple[int, int]
"""Where the rows of the batch lie in a reference: the axis, and elements of it for each row."""


class Lane:
    """One thread's calls: the region's, over its own rows."""

    def __init__(self, part: tuple[int, int], number: int, private: set[int], viewed: set[int]):
        self.part = part
        self.number = number
        self.private = private
        self.viewed = viewed
        """Roots that are used through views as well, so that they are needed in full size."""
        self.calls: list[Call] = []
        self.roots: dict[int, Ref] = {}
        self._arenas: dict[int, Shared] = {}
        self._whole: dict[int, Ref] = {}
        self._taken: dict[Any, Ref] = {}
        self._held: list[Any] = []
        """Keeps alive what is known by its id."""

    def add(self, call: Call, places: list[Any], is_sum: bool) -> None:
        args: list[Any] = []
        written: Ref | None = None
        for arg, place in zip(call.args, places, strict=True):
            if not isinstance(arg, Ref):
                args.append(arg)
                continue
            if arg is call.writes and is_sum:
                found = self.shadow(arg) if self.number else arg
            else:
                found = self._rows(arg, place, call.op) if place else self._own(arg)
            if arg is call.writes:
                written = found
            args.append(found)
        self.calls.append(Call(call.function, tuple(args), written, call.op, call.elementwise))

    def _rows(self, ref: Ref, place: Place, op: Any) -> Ref:
        key = (id(ref), place)
        found = self._taken.get(key)
        if found is None:
            axis, times = place
            first, last = self.part[0] * times, self.part[1] * times
            root = ref.root
            if ref is root and id(root) in self.private and id(root) not in self.viewed:
                dims = (last - first, *(ref.dims or ())[1:])
                found = self.roots[id(root)] = Ref("buffer", dims, ref.dtype, ref.label)
                self._taken[key] = found
                self._held.append(ref)
                return found
            take = _taking(axis, first, last)
            source = self._own(ref)
            sizes = list(source.dims or ())
            sizes[axis] = last - first
            dims = tuple(sizes)
            if source.kind == "local":
                found = Ref("local", dims, source.dtype, source.label)
                self.calls.append(Call(take, (source,), None, op, result=found))
            else:
                found = Ref(
                    source.kind, dims, source.dtype, source.label, parent=source,
                    make_view=take, fixed=source.fixed,
                )  # fmt: skip
            self._taken[key] = found
            self._held.append(ref)
        return found

    def _own(self, ref: Ref) -> Ref:
        """The same reference into this lane's own memory, if it is private."""
        if id(ref.root) not in self.private:
            return ref
        return self._again(ref, self._root(ref.root))

    def _root(self, root: Ref) -> Ref:
        if id(root) not in self.roots:
            self.roots[id(root)] = Ref("buffer", root.dims, root.dtype, root.label)
            self._held.append(root)
        return self.roots[id(root)]

    def _again(self, ref: Ref, root: Ref) -> Ref:
        """The view `ref` of its root, of another root like it."""
        if ref.parent is None:
            return root
        found = self._whole.get(id(ref))
        if found is None:
            found = self._whole[id(ref)] = Ref(
                root.kind, ref.dims, ref.dtype, ref.label,
                parent=self._again(ref.parent, root), make_view=ref.make_view,
            )  # fmt: skip
            self._held.append(ref)
        return found

    def shadow(self, total: Ref) -> Ref:
        """This lane's own memory for a sum over rows."""
        root = total.root
        if isinstance(root, Shared):
            own = self.arena_shadow(root)
            assert total.span is not None
            first, last = total.span
            array = own.array[first:last].reshape(total.dims)
            return Ref(
                "array", total.dims, total.dtype, total.label, array=array, root=own.root,
                span=total.span,
            )  # fmt: skip
        return self._again(total, self._root(root))

    def arena_shadow(self, root: Shared) -> Ref:
        """A flat array like the arena of gradients, for this lane's sums."""
        if id(root) not in self._arenas:
            self._arenas[id(root)] = Shared(np.zeros_like(root.flat))
            self._held.append(root)
        own = self._arenas[id(root)]
        return Ref(
            "array", own.flat.shape, own.flat.dtype, "gradients", array=own.flat, root=own,
            span=(0, own.flat.size),
        )  # fmt: skip


def _taking(axis: int, first: int, last: int) -> Callable[[Array], Array]:
    index = (slice(None),) * axis + (slice(first, last),)

    def rows(array: Array) -> Array:
        return array[index]

    return rows


def place_in(ref: Ref, rows: int) -> Place | None:
    """The axis along which the rows of a root lie in a view of it; None if they are mixed."""
    root = ref.root
    dims = root.dims
    if not dims or dims[0] % rows or not root.size:
        return None
    base = np.empty(dims, root.dtype)
    view = _seen(ref, base)
    half = rows // 2
    edge = base[: half * (dims[0] // rows)].nbytes
    start = base.__array_interface__["data"][0]
    for axis, size in enumerate(view.shape):
        if size % rows:
            continue
        times = size // rows
        before = np.moveaxis(view, axis, 0)[: half * times]
        after = np.moveaxis(view, axis, 0)[half * times :]
        low, high = np.lib.array_utils.byte_bounds(before), np.lib.array_utils.byte_bounds(after)
        if low[0] >= start and low[1] <= start + edge <= high[0]:
            return axis, times
    return None


def _seen(ref: Ref, base: Array) -> Array:
    return base if ref.parent is None else ref.make_view(_seen(ref.parent, base))
