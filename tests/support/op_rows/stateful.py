"""Kinds whose results differ from run to run or that have none: no rows, tests of their own."""

from __future__ import annotations

from op_rows.row import Row

ROWS: list[Row] = []

ELSEWHERE = {
    "Placeholder", "NoOp", "ReversePermutation", "RandomStandardNormal", "RandomUniform",
    "TruncatedNormal", "RandomUniformInt", "RandomShuffle", "Multinomial",
    "RandomGamma", "RandomPoissonV2",    "VariableV2",
    "ReadVariable", "Assign", "AssignAdd", "AssignSub", "IsVariableInitialized", "ApplyUpdate",
    "ScalarSummary", "HistogramSummary", "TextSummary", "ImageSummary", "AudioSummary",
    "MergeSummary",
}  # fmt: skip
