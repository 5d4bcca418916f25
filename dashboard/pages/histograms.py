"""The histograms page: how the values of a tensor are distributed, and how that changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.histogram_view import HistogramView
from dashboard.histogram_cache import HistogramCache
from dashboard.histogram_numbers import (
    BASIS_POINTS,
    HistogramNumbers,
    common_range,
    histogram_numbers,
    thinned,
)
from dashboard.http import binary_response
from dashboard.pages.page import Page, Route

if TYPE_CHECKING:
    from summaries.reader import Reader

MOST_STEPS = 400
MOST_BINS = 256


class HistogramsPage(Page):
    """All histogram series of the shown runs; drawn in the browser by `HistogramView`."""

    path = "/histograms"
    title = "Histograms"
    keys = "g d"
    kinds = ("histogram",)
    icon = '<path d="M2.5 17h15"/><path d="M4.5 17v-4h3V17M8.5 13V5.5h3V17M11.5 17V9.5h3V17"/>'
    scripts = HistogramView.scripts

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self._cache = HistogramCache(reader)

    def layout(self) -> Component:
        return html.Div(HistogramView(id="histograms-view"), className="page-histograms")

    def routes(self) -> tuple[Route, ...]:
        return (Route("/api/histograms", self.serve_histograms),)

    async def serve_histograms(self, request: Request) -> Response:
        """``/api/histograms?run=A&tag=T&steps=200&bins=64&clip=1``: what one card draws.

        With ``beside=B`` (any number of times) the bins span what A and those runs need together.

        The header has ``n``, ``bins``, ``logged``, ``basis_points``; the arrays are step f8 [n],
        wall_time f8 [n], edges f8 [bins + 1], counts f4 [n, bins], percentiles f8 [n, 9],
        outside f8 [n], nonfinite f8 [n, 3]. A step is exact up to 2**53, as in JavaScript.
        """
        query = request.query_params
        steps = bounded("steps", query.get("steps", "200"), 2, MOST_STEPS)
        bins = bounded("bins", query.get("bins", "64"), 2, MOST_BINS)
        numbers = await asyncio.to_thread(
            self.numbers,
            query.get("run", ""),
            query.get("tag", ""),
            steps,
            bins,
            query.get("clip", "1") != "0",
            query.getlist("beside"),
        )
        header = {
            "n": len(numbers.step),
            "bins": bins,
            "logged": numbers.logged,
            "basis_points": BASIS_POINTS,
        }
        return binary_response(
            header,
            [
                numbers.step.astype(np.float64),
                numbers.wall_time,
                numbers.edges,
                numbers.counts.astype(np.float32),
                numbers.percentiles,
                numbers.outside,
                numbers.nonfinite.astype(np.float64),
            ],
        )

    def numbers(
        self,
        run: str,
        tag: str,
        steps: int,
        bins: int,
        clip: bool,
        beside: Sequence[str] = (),
    ) -> HistogramNumbers:
        """What one card draws: at most ``steps`` histograms in ``bins`` common bins."""
        records, logged = self._cache.records(run, tag)
        spans = [common_range(records, clip)]
        for other in beside:
            # A run may be deleted, or lack the tag, between the page's listing and this request.
            with contextlib.suppress(KeyError):
                spans.append(common_range(self._cache.records(other, tag)[0], clip))
        span = (min(low for low, _ in spans), max(high for _, high in spans))
        return histogram_numbers(thinned(records, steps), span, bins, logged)


def bounded(name: str, text: str, low: int, high: int) -> int:
    """The whole number in the query, held within ``low`` and ``high``.

    Raises:
        ValueError: it is not a whole number.
    """
    try:
        return min(max(int(text), low), high)
    except ValueError:
        raise ValueError(f"{name}='{text}': expects a whole number from {low} to {high}") from None
