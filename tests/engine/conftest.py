"""What the engine's tests need from beside the repository."""

from __future__ import annotations

from lecture import LECTURE

# The lecture is not ours to bring along: where it is not there, there is nothing to run word for
# word, and `test_lecture_blocks.py` runs its blocks retyped.
collect_ignore = [] if LECTURE.is_file() else ["test_lecture_verbatim.py"]
