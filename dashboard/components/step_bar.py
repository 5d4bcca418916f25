"""The scripts of every page whose values are looked at one step at a time."""

from __future__ import annotations

STEP_SCRIPTS = (
    "components/media_steps.js",
    "components/media_stepbar.js",
    "components/tag_groups.js",
)
"""``trainboard.steps``: which steps series have, the linked one, ``StepBar``, ``CardStep``."""
