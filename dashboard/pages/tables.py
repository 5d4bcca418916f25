"""The tables page: logged tables sorted, filtered, compared between steps and runs."""

from __future__ import annotations

import asyncio
import csv
import io
import re

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.table_view import TableView
from dashboard.http import json_response
from dashboard.pages.page import Page, Route
from dashboard.steps_api import whole_number
from summaries.records import TableRecord

MOST_ROWS = 50_000
"""What comes into the page of a longer table; the file that is saved has all of it."""


class TablesPage(Page):
    """All tables of the shown runs; drawn in the browser by `TableView`."""

    path = "/tables"
    title = "Tables"
    kinds = ("table",)
    icon = (
        '<rect x="2.5" y="3.5" width="15" height="13" rx="1.5"/>'
        '<path d="M2.5 8h15M2.5 12.3h15M8 3.5v13"/>'
    )
    scripts = TableView.scripts

    def layout(self) -> Component:
        return html.Div(TableView(id="tables-view"), className="page-tables")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/table", self.serve_table),
            Route("/api/table.csv", self.serve_csv),
        )

    async def serve_table(self, request: Request) -> Response:
        """``/api/table?run=A&tag=T&at=3``: ``{"columns", "rows", "n_rows"}``, the first rows."""
        table = await self._asked(request)
        return json_response(
            {
                "columns": table.columns,
                "rows": table.rows[:MOST_ROWS],
                "n_rows": len(table.rows),
            }
        )

    async def serve_csv(self, request: Request) -> Response:
        """``/api/table.csv?run=A&tag=T&at=3``: the whole table as a file."""
        table = await self._asked(request)
        query = request.query_params
        stem = re.sub(r"[^\w.=-]+", "_", f"{query.get('run')}-{query.get('tag')}-{table.step}")
        return Response(
            await asyncio.to_thread(csv_text, table),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{_ascii(stem)}.csv"'},
        )

    async def _asked(self, request: Request) -> TableRecord:
        query = request.query_params
        at = whole_number("at", query.get("at", ""))
        return await asyncio.to_thread(self.table, query.get("run", ""), query.get("tag", ""), at)

    def table(self, run: str, tag: str, at: int) -> TableRecord:
        """The table with that sequence number.

        Raises:
            KeyError: there is none.
        """
        records: list[TableRecord] = self.reader.records(run, tag, "table", at, at + 1)
        if not records:
            raise KeyError(f"table '{tag}': run '{run}' has no value number {at}")
        return records[0]


def csv_text(table: TableRecord) -> str:
    """The table as comma-separated values, its columns' names in the first line."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue()


def _ascii(name: str) -> str:
    # A header of HTTP holds no other letters.
    return name.encode("ascii", "replace").decode().replace("?", "_")[:150]
