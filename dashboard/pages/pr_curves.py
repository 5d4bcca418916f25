"""The precision-recall page: what each threshold of a classifier gives, and how that changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.pr_view import PrView
from dashboard.curve_numbers import curve_numbers
from dashboard.http import binary_response
from dashboard.pages.page import Page, Route
from summaries.records import Float64, PrCurveRecord

MOST_CURVES = 400
"""One request asks for no more."""


class PrCurvesPage(Page):
    """All precision-recall curves of the shown runs; drawn in the browser by `PrView`."""

    path = "/pr"
    title = "PR curves"
    keys = "g p"
    kinds = ("pr_curve",)
    icon = '<path d="M3 3v14h14"/><path d="M3.5 5.5c7 0 11.5 1.5 12 11"/>'
    scripts = PrView.scripts

    def layout(self) -> Component:
        return html.Div(PrView(id="pr-view"), className="page-pr")

    def routes(self) -> tuple[Route, ...]:
        return (Route("/api/pr", self.serve_curves, ("POST",)),)

    async def serve_curves(self, request: Request) -> Response:
        """``/api/pr`` with ``{"tag": T, "items": [[run, number], ...]}``: curves of one card.

        ``number`` is the curve's sequence number in its series. The header has ``curves``: of each
        item ``run, number, step, wall_time, k`` and its `CurveNumbers`, or ``run, number, error``;
        the arrays are, for each curve in that order, f8 [6 * k]: true positives, false positives,
        true negatives, false negatives, precision, recall, by ascending threshold i / (k - 1).
        """
        tag, items = _wanted(await request.json())
        header, arrays = await asyncio.to_thread(self.curves, tag, items)
        return binary_response({"curves": header}, arrays)

    def curves(
        self, tag: str, items: list[tuple[str, int]]
    ) -> tuple[list[dict[str, Any]], list[Float64]]:
        """What `serve_curves` answers: what is known of each curve, and the arrays of all."""
        found: list[dict[str, Any]] = []
        arrays: list[Float64] = []
        for run, number in items:
            entry: dict[str, Any] = {"run": run, "number": number}
            try:
                records = self.reader.records(run, tag, "pr_curve", number, number + 1)
            except KeyError as error:
                # Deleted since the page's listing: the others are still shown.
                found.append({**entry, "error": str(error.args[0])})
                continue
            if not records:
                found.append({**entry, "error": f"pr_curve '{tag}': has no number {number} now"})
                continue
            record: PrCurveRecord = records[0]
            place = {
                "step": record.step,
                "wall_time": record.wall_time,
                "k": len(record.precision),
            }
            found.append({**entry, **place, **asdict(curve_numbers(record))})
            arrays.append(_packed(record))
        return found, arrays


def _packed(record: PrCurveRecord) -> Float64:
    return np.concatenate(
        (
            record.true_positive_counts,
            record.false_positive_counts,
            record.true_negative_counts,
            record.false_negative_counts,
            record.precision,
            record.recall,
        )
    )


def _wanted(body: Any) -> tuple[str, list[tuple[str, int]]]:
    """The tag and the items of a request.

    Raises:
        ValueError: the body has another form.
    """
    items = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or len(items) > MOST_CURVES:
        raise ValueError(f"items: expects a list of at most {MOST_CURVES} [run, number]")
    wanted = []
    for item in items:
        match item:
            case [str(run), int(number)] if number >= 0:
                wanted.append((run, number))
            case _:
                raise ValueError(f"items: expects [run, number]\n  got {item!r:.80}")
    return str(body.get("tag", "")), wanted
