"""Iterators' kinds: they keep state, so `test_data.py` has their tests."""

from __future__ import annotations

from op_rows.row import Row

ROWS: list[Row] = []

ELSEWHERE = {"IteratorV2", "OneShotIterator", "MakeIterator", "IteratorGetNext"}
