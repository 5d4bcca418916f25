"""The scripts of pages with cards in groups of tags; they draw nothing alone."""

from __future__ import annotations

CARD_GROUP_SCRIPTS = ("components/tag_groups.js", "components/card_groups.js")
"""``trainboard.cardGroups``: tags by prefix, the filter, groups that fold, what is on screen."""
