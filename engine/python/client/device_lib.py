"""``tensorflow.python.client.device_lib``: the devices of this machine, which scripts count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.session import Session


@dataclass(frozen=True)
class DeviceAttributes:
    """A device: its name, as ``/device:CPU:0``, and its kind, as ``CPU``."""

    name: str
    device_type: str


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """The devices that a session of this configuration has.

    >>> [device.device_type for device in list_local_devices()]
    ['CPU']
    """
    with Session(config=session_config) as sess:
        names = [name.rpartition("/")[2] for name in sess.list_devices()]
    return [DeviceAttributes(f"/{name}", name.split(":")[1].upper()) for name in names]
