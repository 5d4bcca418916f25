"""The configuration and option messages that scripts hand to sessions, as plain classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.errors import misuse
from engine.trace import StepStats


class Message:
    """What the messages share: a field that there is not is refused as protocol buffers do."""

    def __new__(cls, *_: Any, **fields_given: Any) -> Any:
        known = cls.__dataclass_fields__  # type: ignore[attr-defined]
        for name in fields_given:
            if name not in known:
                raise ValueError(
                    misuse(
                        f'Protocol message {cls.__name__} has no "{name}" field.',
                        (),
                        f"one of {', '.join(known)}",
                    )
                )
        return super().__new__(cls)


@dataclass
class GPUOptions(Message):
    """Settings for GPUs; they change nothing on the CPU."""

    per_process_gpu_memory_fraction: float = 0.0
    allow_growth: bool = False
    visible_device_list: str = ""
    allocator_type: str = ""


@dataclass
class GraphOptions(Message):
    """Settings for graph optimization, accepted as they are."""

    enable_bfloat16_sendrecv: bool = False
    infer_shapes: bool = True
    optimizer_options: Any = None


@dataclass
class ConfigProto(Message):
    """How a session places and runs operations.

    ``device_count={"CPU": 3}`` makes ``/cpu:0`` to ``/cpu:2``; ``allow_soft_placement`` runs on
    the CPU what asks for a device that is not there; ``log_device_placement`` prints where each
    operation runs to stderr. ``intra_op_parallelism_threads`` bounds the engine's own threads, 0
    being one a core; BLAS's are its own business.
    """

    device_count: Mapping[str, int] = field(default_factory=dict)
    allow_soft_placement: bool = False
    log_device_placement: bool = False
    intra_op_parallelism_threads: int = 0
    inter_op_parallelism_threads: int = 0
    operation_timeout_in_ms: int = 0
    isolate_session_state: bool = False
    gpu_options: GPUOptions = field(default_factory=GPUOptions)
    graph_options: GraphOptions = field(default_factory=GraphOptions)


@dataclass
class RunOptions(Message):
    """Options of one run.

    `trace_level` is one of ``NO_TRACE`` to ``FULL_TRACE``, all but the first of which trace alike;
    a run longer than `timeout_in_ms` (0 for no limit) fails; `output_partition_graphs` leaves what
    ran in `RunMetadata.partition_graphs`.
    """

    trace_level: int = 0
    timeout_in_ms: int = 0
    inter_op_thread_pool: int = 0
    output_partition_graphs: bool = False
    report_tensor_allocations_upon_oom: bool = False
    NO_TRACE: ClassVar[int] = 0
    SOFTWARE_TRACE: ClassVar[int] = 1
    HARDWARE_TRACE: ClassVar[int] = 2
    FULL_TRACE: ClassVar[int] = 3


@dataclass
class RunMetadata(Message):
    """What a run tells about itself: `step_stats` is an `engine.trace.StepStats`."""

    step_stats: StepStats = field(default_factory=StepStats)
    cost_graph: Any = None
    partition_graphs: list[Any] = field(default_factory=list)
