"""The configuration and option messages that scripts hand to sessions, as plain classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class GPUOptions:
    """Settings for GPUs; they change nothing on the CPU."""

    per_process_gpu_memory_fraction: float = 0.0
    allow_growth: bool = False
    visible_device_list: str = ""
    allocator_type: str = ""


@dataclass
class GraphOptions:
    """Settings for graph optimization, accepted as they are."""

    enable_bfloat16_sendrecv: bool = False
    infer_shapes: bool = True
    optimizer_options: Any = None


@dataclass
class ConfigProto:
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
class RunOptions:
    """Options of one run."""

    trace_level: int = 0
    timeout_in_ms: int = 0
    NO_TRACE = 0
    SOFTWARE_TRACE = 1
    HARDWARE_TRACE = 2
    FULL_TRACE = 3


@dataclass
class RunMetadata:
    """What a run tells about itself."""

    step_stats: Any = None
    cost_graph: Any = None
    partition_graphs: list[Any] = field(default_factory=list)
