"""The scripts of every page that shows one step at a time; they draw nothing alone."""

from __future__ import annotations

STEP_SCRIPTS = (
    "components/media_steps.js",
    "components/media_stepbar.js",
)
"""``trainboard.steps``: steps of series, the linked step, ``StepBar``, ``CardStep``."""
