"""Differences that are meant, by family/case and fact, and why."""

from __future__ import annotations

EXPLAINED: dict[str, str] = {}
