"""What the engine's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lecture import LECTURE

import engine as tf

# The lecture is not ours to bring along: where it is not there, there is nothing to run word for
# word, and `test_lecture_blocks.py` runs its blocks retyped.
collect_ignore = [] if LECTURE.is_file() else ["test_lecture_verbatim.py"]


@pytest.fixture(autouse=True)
def verbosity_as_it_was() -> Iterator[None]:
    """Scripts that are run as tests turn messages off, for the whole process."""
    before = tf.logging.get_verbosity()
    yield
    tf.logging.set_verbosity(before)
