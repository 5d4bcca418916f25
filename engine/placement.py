"""Device strings: parsed, merged field by field, and matched with the devices there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.errors import InvalidArgumentError, compose, misuse

SOFT_PLACEMENT_VARIABLE = "TRAINBOARD_SOFT_PLACEMENT"


@dataclass(frozen=True)
class DeviceSpec:
    """A device by its parts, each of them None where it is left open.

    >>> DeviceSpec.from_string("/gpu:1").merged_into(DeviceSpec(job="ps", task=0)).to_string()
    '/job:ps/task:0/device:GPU:1'
    """

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    @staticmethod
    def from_string(text: str) -> DeviceSpec:
        """The parts of a string such as ``/job:ps/task:0/gpu:1``.

        Raises:
            ValueError: a part is not known.
        """
        spec = DeviceSpec()
        for part in text.split("/"):
            if not part:
                continue
            fields = part.split(":")
            kind = fields[0]
            try:
                if kind == "job" and len(fields) == 2:
                    spec = replace(spec, job=fields[1])
                elif kind in ("replica", "task") and len(fields) == 2:
                    number = int(fields[1])
                    spec = (
                        replace(spec, replica=number)
                        if kind == "replica"
                        else replace(spec, task=number)
                    )
                elif kind == "device" and len(fields) in (2, 3):
                    index = None if len(fields) == 2 or fields[2] == "*" else int(fields[2])
                    spec = replace(spec, device_type=fields[1].upper(), device_index=index)
                elif kind.lower() in ("cpu", "gpu", "tpu", "xla_cpu", "xla_gpu"):
                    index = None if len(fields) == 1 or fields[1] == "*" else int(fields[1])
                    spec = replace(spec, device_type=kind.upper(), device_index=index)
                else:
                    raise ValueError(part)
            except ValueError as error:
                raise ValueError(
                    misuse(
                        f"Unknown attribute '{kind}' is encountered while parsing the device "
                        f"spec: '{text}'.",
                        (),
                        "'/cpu:0', '/gpu:1', '/device:GPU:1' or '/job:ps/task:0'",
                    )
                ) from error
        return spec

    def to_string(self) -> str:
        parts = []
        if self.job is not None:
            parts.append(f"/job:{self.job}")
        if self.replica is not None:
            parts.append(f"/replica:{self.replica}")
        if self.task is not None:
            parts.append(f"/task:{self.task}")
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            parts.append(f"/device:{self.device_type}:{index}")
        return "".join(parts)

    def merged_into(self, outer: DeviceSpec) -> DeviceSpec:
        """This spec with its open parts taken from an outer scope's."""
        own_device = self.device_type is not None
        return DeviceSpec(
            job=outer.job if self.job is None else self.job,
            replica=outer.replica if self.replica is None else self.replica,
            task=outer.task if self.task is None else self.task,
            device_type=self.device_type if own_device else outer.device_type,
            device_index=self.device_index if own_device else outer.device_index,
        )

    def matches(self, device: DeviceSpec) -> bool:
        """Whether a full device name satisfies every part given here."""
        return all(
            asked is None or asked == has
            for asked, has in (
                (self.job, device.job),
                (self.replica, device.replica),
                (self.task, device.task),
                (self.device_type, device.device_type),
                (self.device_index, device.device_index),
            )
        )


def soft_placement_asked() -> bool:
    """Whether the environment asks for soft placement (``TRAINBOARD_SOFT_PLACEMENT=1``)."""
    return os.environ.get(SOFT_PLACEMENT_VARIABLE, "") not in ("", "0")


def place(name: str, device: str, available: Sequence[str], soft: bool, origin: str) -> str:
    """The full name of the device an operation runs on.

    `name`, `device` and `origin` are the operation's; `available` are full device names, the
    first of them the default.

    Raises:
        InvalidArgumentError: there is no such device and soft placement is off.
    """
    if not device:
        return available[0]
    asked = DeviceSpec.from_string(device)
    for candidate in available:
        if asked.matches(DeviceSpec.from_string(candidate)):
            return candidate
    if soft:
        return available[0]
    raise InvalidArgumentError(
        None,
        None,
        compose(
            f"Cannot assign a device for operation {name}: {{{{node {name}}}}} was explicitly "
            f"assigned to {device} but available devices are [ {', '.join(available)} ]. "
            "Make sure the device specification refers to a valid device.",
            [f"made at {origin}"],
            "tf.Session(config=tf.ConfigProto(allow_soft_placement=True)), or set "
            f"{SOFT_PLACEMENT_VARIABLE}=1, to run it on {available[0]}",
        ),
    )
