"""What a script written for another writer would stumble over in the signature of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

_STARS = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def differences(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    *,
    ordered: bool = True,
    own_defaults: Iterable[str] = (),
) -> list[str]:
    """One line for each parameter of theirs that ours does not take the same way.

    Args:
        ours: our function.
        theirs: the peer's.
        ordered: whether the parameters must stand in the same places. Where torch and tensorboardX
            differ, torch's order is ours, and tensorboardX's further names come behind.
        own_defaults: parameters whose default is ours by choice.
    """
    mine = inspect.signature(ours).parameters
    names = list(mine)
    found = []
    wanted = [p for p in inspect.signature(theirs).parameters.values() if p.kind not in _STARS]
    for place, parameter in enumerate(wanted):
        name = parameter.name
        if name not in mine:
            found.append(f"{name} is missing")
            continue
        if ordered and names[place] != name:
            found.append(f"{name} is in place {names.index(name)}, not {place}")
        if name in own_defaults:
            continue
        default = mine[name].default
        # A default where theirs has none is no stumbling block.
        if parameter.default is not inspect.Parameter.empty and default != parameter.default:
            found.append(f"{name}={default!r}, not {parameter.default!r}")
    return found
