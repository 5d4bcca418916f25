"""Which TensorFlow this is like, and the switches between its 1.x and 2.x behaviour."""

from __future__ import annotations

from typing import NoReturn

from engine.errors import compose

VERSION = "1.15.0-trainboard"
GIT_VERSION = "trainboard"
COMPILER_VERSION = "none"


def executing_eagerly() -> bool:
    """False: operations go into a graph, and a session runs them."""
    return False


def disable_eager_execution() -> None:
    """Nothing: graphs are all there is."""


def disable_v2_behavior() -> None:
    """Nothing: this is the behaviour of 1.x."""


def enable_eager_execution(*_: object, **__: object) -> NoReturn:
    """Refused with RuntimeError: there are graphs and sessions only."""
    raise RuntimeError(
        compose(
            "tf.enable_eager_execution(): this engine runs graphs in sessions only",
            (),
            "leave the call out, and get values by sess.run(...)",
        )
    )


def enable_v2_behavior() -> NoReturn:
    """Refused with RuntimeError: there are graphs and sessions only."""
    raise RuntimeError(
        compose(
            "tf.enable_v2_behavior(): this engine has the behaviour of TensorFlow 1.x only",
            (),
            "leave the call out",
        )
    )


def enable_resource_variables() -> None:
    """Nothing: variables follow the rules of resource variables."""


def disable_resource_variables() -> None:
    """Nothing: see `enable_resource_variables`."""
