"""Names of runs: what is taken as one, and one for those who give none."""

from __future__ import annotations

import random
from pathlib import PurePosixPath

from summaries.errors import LogdirError

_FIRST = ("amber", "brisk", "calm", "dusty", "eager", "gentle", "hazy", "jolly", "keen", "lucid")
_SECOND = ("otter", "falcon", "maple", "comet", "lynx", "meadow", "orchid", "quartz", "raven")


def as_run_name(name: str) -> str:
    """The name in its plain form, refused where it is not a relative path.

    Raises:
        TypeError: not a str.
        LogdirError: empty, absolute, or with a part ``..``.
    """
    if not isinstance(name, str):
        raise TypeError(f"init: name must be a str\n  got {type(name).__name__}: {name!r:.200}")
    # A lone surrogate cannot be written as UTF-8.
    storable = name.encode("utf-8", "replace").decode("utf-8")
    tidy = PurePosixPath(storable.replace("\\", "/").replace("\0", ""))
    if not tidy.parts or tidy.is_absolute() or ".." in tidy.parts or len(name) > 500:
        raise LogdirError(
            f"run name '{name[:80]}': must be a relative path of at most 500 characters\n"
            "  try: name='lr=0.1/seed=3'"
        )
    return str(tidy)


def made_up_name() -> str:
    """A name that is easy to say and to tell apart: ``keen-otter-4821``."""
    chooser = random.SystemRandom()  # not the script's seeded generator
    return f"{chooser.choice(_FIRST)}-{chooser.choice(_SECOND)}-{chooser.randrange(10_000):04d}"
