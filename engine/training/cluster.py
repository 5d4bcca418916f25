"""Clusters by name: specifications, servers that connect nowhere, variables spread over tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import UnimplementedError, compose
from engine.node import Operation
from engine.placement import DeviceSpec

_ON_SERVERS = ("Variable", "VariableV2", "VarHandleOp")


class ClusterSpec:
    """The tasks of a cluster by job: ``{"ps": ["a:2222"], "worker": ["b:2222", "c:2222"]}``.

    >>> import engine as tf
    >>> spec = tf.train.ClusterSpec({"ps": ["a:2222"], "worker": {1: "b:2222"}})
    >>> spec.jobs, spec.num_tasks("worker"), spec.task_address("worker", 1)
    (['ps', 'worker'], 1, 'b:2222')
    """

    def __init__(self, cluster: Any):
        if isinstance(cluster, ClusterSpec):
            cluster = cluster.as_dict()
        if not isinstance(cluster, Mapping):
            raise TypeError(
                "`cluster` must be a dictionary mapping one or more job names to lists of network "
                "addresses, or a `ClusterDef` protocol buffer"
            )
        self._tasks: dict[str, dict[int, str]] = {}
        for job, tasks in cluster.items():
            if isinstance(tasks, Mapping):
                numbered = dict(tasks)
            elif isinstance(tasks, list | tuple):
                numbered = dict(enumerate(tasks))
            else:
                raise TypeError(f"The tasks for job {job!r} must be a list or a dictionary.")
            for number, address in numbered.items():
                if not isinstance(address, str):
                    raise TypeError(f"Task address must be bytes or unicode: {address!r}")
                if not isinstance(number, int):
                    raise TypeError(f"Task numbers must be integers: {number!r}")
            self._tasks[job] = numbered

    def as_dict(self) -> dict[str, Any]:
        """The tasks by job: a list where they are numbered without a gap, else a dictionary."""
        return {
            job: [tasks[number] for number in range(len(tasks))]
            if sorted(tasks) == list(range(len(tasks)))
            else dict(tasks)
            for job, tasks in self._tasks.items()
        }

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._tasks)

    def _job(self, job_name: str) -> dict[int, str]:
        if job_name not in self._tasks:
            raise ValueError(f"No such job in cluster: {job_name!r}")
        return self._tasks[job_name]

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has; ValueError if there is no such job."""
        return len(self._job(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks; ValueError if there is no such job."""
        return sorted(self._job(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task; ValueError if there is none of that number."""
        tasks = self._job(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job by task number, None for numbers left out."""
        tasks = self._job(job_name)
        return [tasks.get(number) for number in range(max(tasks, default=-1) + 1)]

    def as_cluster_def(self) -> dict[str, Any]:
        """The same as `as_dict`."""
        return self.as_dict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and self._tasks == other._tasks

    def __hash__(self) -> int:
        return hash(tuple((job, tuple(tasks.items())) for job, tasks in self._tasks.items()))

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def __repr__(self) -> str:
        return f"ClusterSpec({self.as_dict()!r})"


class Server:
    """A task of a cluster by its address. Making one connects nowhere and listens to nothing.

    Raises:
        ValueError: the job or task is not in the cluster.
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ):
        del config, start
        self.cluster_spec = ClusterSpec(server_or_cluster_def)
        jobs = self.cluster_spec.jobs
        if job_name is None:
            if len(jobs) != 1:
                raise ValueError("Must specify an explicit `job_name`.")
            job_name = jobs[0]
        if task_index is None:
            indices = self.cluster_spec.task_indices(job_name)
            if len(indices) != 1:
                raise ValueError("Must specify an explicit `task_index`.")
            task_index = indices[0]
        self._address = self.cluster_spec.task_address(job_name, task_index)
        self._protocol = protocol or "grpc"
        self.job_name, self.task_index = job_name, task_index

    @property
    def target(self) -> str:
        """What a session is given to run there; ``""``, this process, for a local server."""
        return f"{self._protocol}://{self._address}" if self._address else ""

    @property
    def server_def(self) -> dict[str, Any]:
        """The cluster and the task's place in it."""
        return {
            "cluster": self.cluster_spec.as_dict(),
            "job_name": self.job_name,
            "task_index": self.task_index,
            "protocol": self._protocol,
        }

    def start(self) -> None:
        """Nothing: there is no server to start."""

    def join(self) -> None:
        """Refused: it would wait for ever for work that cannot reach it.

        Raises:
            UnimplementedError: always.
        """
        raise UnimplementedError(
            None,
            None,
            compose(
                f"tf.train.Server.join(): task {self.task_index} of job {self.job_name!r} serves "
                "nobody",
                [f"cluster: {self.cluster_spec.as_dict()}"],
                "run the worker's part alone, with tf.Session()",
            ),
        )

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """A cluster of one task, which is this process."""
        return Server({"local": [""]}, config=config, start=start)


def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Sequence[str] | None = None,
    ps_strategy: Callable[[Operation], int] | None = None,
) -> Callable[[Operation], str] | None:
    """A device function: variables on the tasks of `ps_device` in turn, all else on the worker.

    None where there are no such tasks, which leaves devices as they are.

    Raises:
        TypeError: `ps_strategy` is no function.
    """
    if cluster is not None:
        job = DeviceSpec.from_string(ps_device).job
        spec = ClusterSpec(cluster)
        ps_tasks = spec.num_tasks(job) if job in spec.jobs else 0
    if not ps_tasks:
        return None
    if ps_strategy is not None and not callable(ps_strategy):
        raise TypeError("ps_strategy must be callable")
    on_servers = tuple(ps_ops) if ps_ops is not None else _ON_SERVERS
    chosen = ps_strategy or _RoundRobin(ps_tasks)

    def place(op: Operation) -> str:
        if not merge_devices and op.device:
            return op.device
        wanted = DeviceSpec.from_string(op.device or "")
        if op.type in on_servers and ps_device:
            server = DeviceSpec.from_string(ps_device)
            if server.job and server.task is None:
                server = server.merged_into(DeviceSpec(task=chosen(op)))
            return wanted.merged_into(server).to_string()
        return wanted.merged_into(DeviceSpec.from_string(worker_device or "")).to_string()

    return place


class _RoundRobin:
    """One task after the other."""

    def __init__(self, tasks: int):
        self._tasks = tasks
        self._next = 0

    def __call__(self, op: Operation) -> int:
        task = self._next
        self._next = (task + 1) % self._tasks
        return task
