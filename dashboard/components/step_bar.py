"""The scripts of every page whose values are looked at one step at a time; they draw nothing alone."""

from __future__ import annotations

STEP_SCRIPTS = (
    "components/media_steps.js",
    "components/media_stepbar.js",
)
"""``trainboard.steps``: the steps of series, the linked step, its slider ``StepBar``, ``CardStep``."""
