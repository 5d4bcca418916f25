"""Sessions: fetches and feeds in, values out."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import numpy as np

from engine.config import ConfigProto, RunMetadata, RunOptions
from engine.defaults import STACKS, remove_last
from engine.devices.base import Device, Segment
from engine.devices.cpu import CpuDevice, DebugDevice
from engine.errors import (
    InvalidArgumentError,
    OpError,
    UnavailableError,
    misuse,
)
from engine.feeds import FeedSlot, check_shape, convert_feed, feed_slots, spread_feeds
from engine.fetches import flatten, structure_of
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.graph_def import GraphDef
from engine.kernels.lanes import cores
from engine.op import Spec
from engine.pauses import collector_paused
from engine.placement import place, soft_placement_asked
from engine.plan.failures import INITIALIZE, in_the_name_of, uninitialized
from engine.plan.program import build, pulled_operations
from engine.plan.source import FILE_NAME, operation_of
from engine.plan.timing import Deadline, Timing
from engine.state import State
from engine.trace import step_stats

_MOST_PLANS = 32
"""Plans kept for one combination of fetches and feeds, one for each fed size."""

_FED = object()
"""Marks the key of one fetch with feeds."""


class _Entry:
    """One combination of fetches and feed keys, resolved; its plans by fed sizes."""

    __slots__ = (
        "__weakref__",
        "deadline",
        "leaves",
        "plans",
        "pulled",
        "pulls",
        "rebuild",
        "slots",
        "spread",
        "timed",
    )

    def __init__(
        self,
        leaves: list[Tensor | Operation],
        rebuild: Callable[[list[Any]], Any],
        slots: list[FeedSlot],
        spread: Callable[[Any], list[Any]] | None,
    ):
        self.spread = spread
        """Takes fed values apart, where a key stands for several tensors."""
        self.leaves = leaves
        self.rebuild = rebuild
        self.slots = slots
        self.pulls: list[tuple[Operation, Any]] = []
        """Operations that give their outputs before the run, and the place of a fed input."""
        self.pulled: list[FeedSlot] = []
        self.plans: dict[Any, _Plan] = {}
        self.timed: _Entry | None = None
        """Its twin with programs that mark the time, made when a run is first traced."""
        self.deadline: Deadline | None = None
        """The twin's clock."""

    def twin(self) -> _Entry:
        """The same run, timed."""
        if self.timed is None:
            # It is given what its original has taken apart and converted.
            self.timed = _Entry(self.leaves, self.rebuild, self.slots, None)
            self.timed.pulls, self.timed.pulled = self.pulls, self.pulled
            self.timed.deadline = Deadline()
        return self.timed


class _Plan:
    """A compiled segment and whether its variables are known to be initialized."""

    __slots__ = ("checked", "run", "segment", "timing")

    def __init__(self, segment: Segment, timing: Timing | None):
        self.segment = segment
        self.run = segment.run
        self.checked = False
        self.timing = timing


class BaseSession:
    """Runs parts of one graph; holds its variables' values.

    `target` names a cluster (constructing does not connect); `config` is a `ConfigProto`.
    """

    def __init__(
        self,
        target: str = "",
        graph: Graph | None = None,
        config: ConfigProto | None = None,
        *,
        executor: str = "plan",
    ):
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(_wrong("graph", "a tf.Graph", graph, "tf.Session(graph=tf.Graph())"))
        if config is not None and not isinstance(config, ConfigProto):
            raise TypeError(
                _wrong("config", "a tf.ConfigProto", config, "tf.Session(config=tf.ConfigProto())")
            )
        if target is not None and not isinstance(target, str | bytes):
            raise TypeError(
                _wrong("target", "a string", target, "tf.Session(graph=..., config=...)")
            )
        self._target = target
        self._graph = get_default_graph() if graph is None else graph
        self._config = config or ConfigProto()
        count = max(1, self._config.device_count.get("CPU", 1))
        threads = self._config.intra_op_parallelism_threads or cores()
        make = _DEVICES[executor]
        self._devices: list[Device] = [make(index, threads) for index in range(count)]
        self._optimize = executor != "debug"
        self._state = State()
        self._entries: dict[Any, _Entry] = {}
        self._callables: WeakSet[_Entry] = WeakSet()
        self._generation = 0
        self._lock = threading.RLock()
        self._closed = False
        self._logged: set[Operation] = set()

    @property
    def graph(self) -> Graph:
        return self._graph

    @property
    def graph_def(self) -> GraphDef:
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        return self._target

    def list_devices(self) -> list[str]:
        """The full names of the devices there are."""
        return [device.name for device in self._devices]

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """The values of `fetches`, in the same structure of lists, tuples and dicts.

        A tensor gives a NumPy array (a scalar for rank 0), an operation None, a variable its value
        after the run. `feed_dict` gives tensors (or names such as ``"x:0"``) values for this run.
        What comes back is the caller's own.

        `options` (`RunOptions`) may ask for a trace, which `run_metadata` (`RunMetadata`) receives
        as ``step_stats``, and for a limit of time, which is looked at between operations.

        Raises:
            RuntimeError: the session is closed, or its graph empty.
            TypeError, ValueError: a fetch or feed is not possible.
            InvalidArgumentError: a placeholder was not fed, or an operation refused its inputs.
            FailedPreconditionError: a variable is not initialized.
            DeadlineExceededError: it took longer than ``options.timeout_in_ms``.

        >>> import engine as tf
        >>> with tf.Graph().as_default(), tf.Session() as sess:
        ...     x = tf.placeholder(tf.float32, name="x")
        ...     sess.run({"twice": x * 2}, {x: 3.0})
        {'twice': np.float32(6.0)}
        """
        with self._lock:
            kind = type(fetches)
            try:
                if kind is list or kind is tuple:
                    key: Any = (kind, *fetches, *feed_dict) if feed_dict else (kind, *fetches)
                    key = (len(fetches), key)
                else:
                    key = (_FED, fetches, *feed_dict) if feed_dict else fetches
                entry = self._entries.get(key)
            except TypeError:
                # Nested lists and dicts have no hash; neither has a feed key that is no tensor.
                key, entry = None, None
            if entry is None or self._closed:
                entry = self._entry(fetches, feed_dict, key)
            if options is not None or run_metadata is not None:
                values = list(feed_dict.values()) if feed_dict else []
                return entry.rebuild(self._run_with(entry, values, options, run_metadata))
            return entry.rebuild(self._run_entry(entry, feed_dict.values() if feed_dict else ()))

    def _run_entry(self, entry: _Entry, given: Any) -> list[Any]:
        plan, arrays = self._planned(entry, given)
        return self._execute(plan, arrays)

    def _planned(self, entry: _Entry, given: Any) -> tuple[_Plan, list[Any]]:
        """The plan for these values, compiled if there is none, and the arrays it takes."""
        arrays: list[Any] = []
        sizes: list[Any] = []
        if entry.spread is not None:
            given = entry.spread(given)
        for slot, value in zip(entry.slots, given, strict=True):
            if type(value) is not np.ndarray or value.dtype is not slot.np_dtype:
                value = convert_feed(slot, value)
            arrays.append(value)
            sizes.append(value.shape)
        if entry.pulls:
            self._pull(entry, arrays)
            sizes = [array.shape for array in arrays]
        signature = tuple(sizes)
        plan = entry.plans.get(signature)
        if plan is None:
            plan = self._compile(entry, arrays, signature)
        return plan, arrays

    def _execute(self, plan: _Plan, arrays: list[Any]) -> list[Any]:
        if not plan.checked:
            self._check_initialized(plan.segment)
        try:
            results = plan.run(arrays)
        except OpError:
            raise
        except Exception as error:
            raise self._told(error, plan.segment) from error
        if not plan.checked:
            for op in plan.segment.assigns:
                self._state.variable(op).initialized = True
            plan.checked = True
        return results

    def _run_with(self, entry: _Entry, given: list[Any], options: Any, metadata: Any) -> list[Any]:
        """A run with options: traced, limited in time."""
        asked = _checked(options, RunOptions, "options")
        told = _checked(metadata, RunMetadata, "run_metadata")
        timeout = asked.timeout_in_ms or self._config.operation_timeout_in_ms
        traced = asked.trace_level != RunOptions.NO_TRACE
        timed = entry.twin() if traced or timeout else entry
        if timed.deadline is not None:
            timed.deadline.allow(timeout)
        began, start = time.time_ns(), time.perf_counter_ns()
        if entry.spread is not None:
            given = entry.spread(given)
        arrays = [
            value
            if type(value) is np.ndarray and value.dtype is slot.np_dtype
            else convert_feed(slot, value)
            for slot, value in zip(entry.slots, given, strict=True)
        ]
        converting = time.perf_counter_ns() - start if arrays else 0
        plan, arrays = self._planned(timed, arrays)
        results = self._execute(plan, arrays)
        if traced and plan.timing is not None:
            told.step_stats = step_stats(
                plan.timing.read(),
                plan.timing.without_calls(),
                began,
                converting,
                self._device_of,
            )
        if asked.output_partition_graphs:
            ran = {op.name for op in plan.segment.operations}
            nodes = [node for node in self._graph.as_graph_def()["nodes"] if node["name"] in ran]
            told.partition_graphs = [{"nodes": nodes}]
        return results

    def _device_of(self, op: Operation | None) -> str:
        names = self.list_devices()
        return names[0] if op is None else place(op.name, op.device, names, True, op.origin)

    def _entry(self, fetches: Any, feed_dict: Any, key: Any) -> _Entry:
        """The entry found by the whole structure, made if there is none."""
        self._check_usable()
        structure = structure_of(fetches)
        if structure is not None:
            # A named tuple equals the plain one, so `key` does not tell structures apart.
            key = (structure, *feed_dict) if feed_dict else structure
        try:
            entry = self._entries.get(key)
        except TypeError:
            key, entry = None, None
        if entry is None:
            entry = self._resolve(fetches, feed_dict)
            if key is not None:
                self._entries[key] = entry
        return entry

    def _resolve(self, fetches: Any, feed_dict: Any) -> _Entry:
        self._check_usable()
        leaves, rebuild = flatten(fetches, self._graph)
        slots = feed_slots(feed_dict, self._graph)
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]

        def restore(values: list[Any]) -> Any:
            found = iter(values)
            return rebuild([next(found) if isinstance(leaf, Tensor) else None for leaf in leaves])

        if isinstance(fetches, Tensor) or (
            len(leaves) == 1
            and fetches is not None
            and not isinstance(fetches, list | tuple | dict)
        ):
            restore = _first if tensors else _nothing
        elif type(fetches) is list and len(tensors) == len(leaves) == len(fetches):
            restore = _same
        entry = _Entry(leaves, restore, slots, spread_feeds(feed_dict))
        fed = {slot.tensor: position for position, slot in enumerate(slots)}
        for op in pulled_operations(leaves, fed) if self._graph.pulls else ():
            entry.pulls.append((op, fed.get(op.inputs[0])))
            entry.pulled += [FeedSlot(x) for x in op.outputs if x not in fed]
        return entry

    def _pull(self, entry: _Entry, arrays: list[Any], keep: bool = False) -> None:
        """Add the outputs of what is asked before the run; with `keep` they come again."""
        fed = {slot.tensor for slot in entry.slots}
        for op, position in entry.pulls:
            source = op.inputs[0].op
            pull, run = op.definition.pull, source.definition.run
            assert pull is not None
            if position is not None:
                handle = arrays[position]
            else:
                assert run is not None
                handle = run(self._state, source)
            values = pull(self._state, op, handle, keep)
            arrays += [x for x, y in zip(values, op.outputs, strict=True) if y not in fed]

    def _check_usable(self) -> None:
        if self._closed:
            raise RuntimeError(
                misuse(
                    "Attempted to use a closed Session.",
                    (),
                    "run before close() and inside `with tf.Session() as sess:`, whose end "
                    "closes it and drops its variables",
                )
            )
        if not self._graph.version:
            raise RuntimeError(
                misuse(
                    "The Session graph is empty. Add operations to the graph before calling run().",
                    (),
                    "make the session after the graph, inside `with graph.as_default():` or as "
                    "tf.Session(graph=graph)",
                )
            )
        if self._target:
            raise UnavailableError(
                None,
                None,
                misuse(
                    f"This session is for a cluster at {self._target!r}, not reached from here.",
                    (),
                    "tf.Session() without a target runs in this process",
                ),
            )

    def _compile(self, entry: _Entry, arrays: Sequence[Any], signature: Any) -> _Plan:
        slots = [*entry.slots, *entry.pulled]
        for slot, array in zip(slots, arrays, strict=True):
            check_shape(slot, array)
        feeds = {
            slot.tensor: Spec(slot.tensor.spec.dtype, array.shape)
            for slot, array in zip(slots, arrays, strict=True)
        }
        try:
            with collector_paused():
                program = build(entry.leaves, feeds, optimize=self._optimize)
                for op in program.operations:
                    self._place(op)
                timing = None if entry.deadline is None else Timing(program, entry.deadline)
                plan = _Plan(self._devices[0].compile(program, self._state, timing), timing)
        finally:
            # Also after an interrupted compilation: what it moved stays moved.
            if self._state.generation != self._generation:
                self._generation = self._state.generation
                for other in (*self._entries.values(), *self._callables):
                    other.plans.clear()
                    if other.timed is not None:
                        other.timed.plans.clear()
        if len(entry.plans) >= _MOST_PLANS:
            # Oldest first; a plan holds its buffers, and sizes that keep changing would pile up.
            del entry.plans[next(iter(entry.plans))]
        entry.plans[signature] = plan
        return plan

    def _place(self, op: Operation) -> None:
        if not op.device and not self._config.log_device_placement:
            return
        soft = self._config.allow_soft_placement or soft_placement_asked()
        try:
            device = place(op.name, op.device, self.list_devices(), soft, op.origin)
        except InvalidArgumentError as error:
            error.op, error.node_def = op, str(op)
            raise
        if self._config.log_device_placement and op not in self._logged:
            self._logged.add(op)
            print(f"{op.name}: ({op.type}): {device}", file=sys.stderr)

    def _check_initialized(self, segment: Segment) -> None:
        for op in segment.reads_first:
            if not self._state.variable(op).initialized:
                raise uninitialized(
                    op,
                    self._also_uninitialized(segment, op),
                    f"'{op.name}' is given its first value in this very run: start the other "
                    "variable from its initialized_value()"
                    if _initializes(segment, op)
                    else INITIALIZE,
                )

    def _also_uninitialized(self, segment: Segment, first: Operation) -> list[str]:
        others = [
            op.name
            for op in segment.reads_first
            if op is not first and not self._state.variable(op).initialized
        ]
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if others[5:] else "")
        return [f"neither are: {shown}"] if others else []

    def _told(self, error: Exception, segment: Segment) -> Exception:
        """The error of a kernel in the name of the operation it belongs to."""
        op = operation_of(error, FILE_NAME, segment.lines)
        return error if op is None else in_the_name_of(op, error)

    def make_callable(
        self, fetches: Any, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function of the fed values, in the order of `feed_list`, that runs `fetches`.

        >>> import engine as tf
        >>> with tf.Graph().as_default(), tf.Session() as sess:
        ...     x = tf.placeholder(tf.float32)
        ...     twice = sess.make_callable(x * 2, [x])
        ...     print(twice(4.0))
        8.0
        """
        del accept_options
        feeds = dict.fromkeys(feed_list or ())
        with self._lock:
            entry = self._resolve(fetches, feeds)
            self._callables.add(entry)

        def call(*values: Any) -> Any:
            if len(values) != len(feeds):
                raise TypeError(
                    misuse(
                        f"expected {len(feeds)} fed values, got {len(values)}",
                        [f"fed: {', '.join(str(feed) for feed in feeds)}"],
                        "one value for each tensor of feed_list, in its order",
                    )
                )
            with self._lock:
                if self._closed:
                    self._check_usable()
                return entry.rebuild(self._run_entry(entry, values))

        return call

    def explain(self, fetches: Any, feed_dict: Mapping[Any, Any] | None = None) -> str:
        """The source of the plan that runs `fetches` with feeds of these sizes.

        >>> import engine as tf
        >>> with tf.Graph().as_default(), tf.Session() as sess:
        ...     x = tf.placeholder(tf.float32, [2], name="x")
        ...     print(sess.explain(tf.exp(x, name="y"), {x: [0., 0.]}))
        def step(feeds):
            x, = feeds
            exp(x, y)
            return [y.copy()]
        <BLANKLINE>
        """
        with self._lock:
            entry = self._resolve(fetches, feed_dict)
            given: Any = (feed_dict or {}).values()
            if entry.spread is not None:
                given = entry.spread(given)
            arrays = [
                convert_feed(slot, value) for slot, value in zip(entry.slots, given, strict=True)
            ]
            self._pull(entry, arrays, keep=True)
            return self._compile(entry, arrays, None).segment.text

    @contextmanager
    def held(self) -> Iterator[State]:
        """The variables' storage as runs left it; no run of another thread begins inside."""
        with self._lock:
            if self._closed:
                self._check_usable()
            yield self._state

    def close(self) -> None:
        """Free the variables; the session cannot be used any more."""
        self._closed = True
        self._entries.clear()
        self._state = State()

    @contextmanager
    def as_default(self) -> Iterator[BaseSession]:
        """Make this the session that ``eval`` and ``run`` of tensors and operations use."""
        STACKS.sessions.append(self)
        try:
            yield self
        finally:
            remove_last(STACKS.sessions, self)


_DEVICES: dict[str, Callable[[int, int], Device]] = {
    "plan": lambda index, threads: CpuDevice(index, threads=threads),
    "poisoned": lambda index, threads: CpuDevice(index, poison=True, threads=threads),
    "debug": lambda index, threads: DebugDevice(index),
}


def _initializes(segment: Segment, variable: Operation) -> bool:
    return any(op.name == f"{variable.name}/Assign" for op in segment.operations)


def _checked(given: Any, kind: Any, argument: str) -> Any:
    """The options given, or those that say nothing."""
    if given is None:
        return kind()
    if not isinstance(given, kind):
        name = kind.__name__
        raise TypeError(_wrong(argument, f"a tf.{name}", given, f"{argument}=tf.{name}(...)"))
    return given


def _wrong(argument: str, wanted: str, given: Any, way_out: str) -> str:
    return misuse(
        f"{argument} must be {wanted}, but got {type(given)}", [f"given: {given!r}"], way_out
    )


def _first(values: list[Any]) -> Any:
    return values[0]


def _nothing(values: list[Any]) -> None:
    return None


def _same(values: list[Any]) -> list[Any]:
    return values


class Session(BaseSession):
    """A session that is the default one inside ``with``; leaving closes it.

    `executor` chooses how programs run: ``"plan"``, the compiled plan; ``"debug"``, operation by
    operation in fresh arrays; ``"poisoned"``, the plan with freed memory overwritten.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(tf.constant(6.0).eval())
    6.0
    """

    def __enter__(self) -> Session:
        STACKS.graphs.append(self._graph)
        STACKS.sessions.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        remove_last(STACKS.sessions, self)
        remove_last(STACKS.graphs, self._graph)
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Nothing: sessions of this process share no containers."""


class InteractiveSession(BaseSession):
    """A session that is the default one from its making until it is closed."""

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None
    ):
        super().__init__(target, graph, config)
        self._has_graph = graph is not None
        STACKS.sessions.append(self)
        if self._has_graph:
            STACKS.graphs.append(self._graph)

    def close(self) -> None:
        if not self._closed:
            remove_last(STACKS.sessions, self)
            if self._has_graph:
                remove_last(STACKS.graphs, self._graph)
        super().close()


def get_default_session() -> Any:
    """The innermost default session of this thread, or None."""
    return STACKS.sessions[-1] if STACKS.sessions else None
