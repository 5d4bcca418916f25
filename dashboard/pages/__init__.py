"""The pages of the dashboard, in the order of the navigation, and how to write one.

A page is one file with one subclass of `dashboard.pages.page.Page`, and one line in `PAGES`. The
shell (`dashboard/shell.py`) draws the header, the navigation and the run list, and puts
``page.layout()`` into ``<main id="page">`` when the address is the page's ``path``.

On the server
    - ``__init__(reader)`` is called once; ``layout()`` for each visit, and must not read: what a
      page shows, its component fetches from a route. Components live in ``dashboard/components/``:
      a subclass of `dashboard.components.component.ClientComponent` and a plain JavaScript file
      that is named in the page's ``scripts``. Ids are prefixed by the page: ``histograms-view``.
    - A read is ``await asyncio.to_thread(self.reader.histograms, run, tag)``: the server has one
      event loop, and a read on it stops everybody's page. All callbacks are ``async def``.
    - A route is ``Route("/api/histograms", self.serve)`` with ``async def serve(request)``; it
      returns any Starlette response (`dashboard.http.json_response` writes NaN and infinities as
      strings, `dashboard.http.binary_response` named typed arrays). `KeyError` becomes 404,
      `ValueError` 400, anything else 500, each with ``{"error": {"message": ...}}``.
    - No kit is imported that adds scripts to every page (weigh it: the first paint waits for them).

In the browser, ``window.trainboard`` holds (files in ``dashboard/components/``):
    - ``view``: the state that all pages share and that the address carries.
      ``view.get()`` is ``{runFilter, selection, smoothing, axis, logY, theme, tagFilter, ...}``
      with ``axis`` one of ``step | relative | wall``; ``view.set({smoothing: 0.8})``;
      ``view.subscribe(fn)`` calls ``fn(state, changedKeys)`` and returns an unsubscriber. A page
      may keep own keys: ``view.declare("histMode", "ridge")`` before the first use, values are
      JSON-able and those equal to the default stay out of the address.
    - ``runs``: what is in the logdir. ``runs.all()`` is ``[{id, name, title, status, created,
      updated, slot, color}]`` oldest first; ``runs.shown()`` those selected and passing the
      filter; ``runs.get(name)``; ``runs.color(name)`` the colour in the current theme;
      ``runs.series(kind)`` is ``Map tag -> Map run name -> {n, firstStep, lastStep, lastValue}``;
      ``runs.subscribe(fn)`` calls ``fn({runs, series, shown, theme})`` (booleans; ``series`` a Set
      of changed ``"kind\\ntag"``) after new data, a changed selection or theme: this is also how a
      page stays live. ``runs.ready`` is a Promise of the first listing.
    - ``theme``: ``theme.current()`` is ``"light" | "dark"``; colours are CSS variables (``--bg``,
      ``--card``, ``--line``, ``--text``, ``--muted``, ``--accent``; see ``assets/``) that a canvas
      reads by ``theme.css("--line")``.
    - ``http``: ``http.json(url)`` and ``http.arrays(url, body)`` fetch, decode and throw an `Error`
      with the server's message.
    - ``plotly()``: a Promise of Plotly, loaded on first use.
    - React is global (``React.createElement``); a component is ``window.trainboard.Name = function
      (props) {...}`` for a Python class ``Name``.
"""

from __future__ import annotations

from dashboard.pages.alerts import AlertsPage
from dashboard.pages.compare import ComparePage
from dashboard.pages.console import ConsolePage
from dashboard.pages.custom import CustomPage
from dashboard.pages.embeddings import EmbeddingsPage
from dashboard.pages.graphs import GraphsPage
from dashboard.pages.histograms import HistogramsPage
from dashboard.pages.hparams import HparamsPage
from dashboard.pages.media import MediaPage
from dashboard.pages.meshes import MeshesPage
from dashboard.pages.overview import OverviewPage
from dashboard.pages.page import Page
from dashboard.pages.pr_curves import PrCurvesPage
from dashboard.pages.run import RunPage
from dashboard.pages.runs import RunsPage
from dashboard.pages.scalars import ScalarsPage
from dashboard.pages.system import SystemPage
from dashboard.pages.tables import TablesPage
from dashboard.pages.text import TextPage

PAGES: tuple[type[Page], ...] = (
    OverviewPage,
    ScalarsPage,
    RunsPage,
    ComparePage,
    HparamsPage,
    HistogramsPage,
    MediaPage,
    TextPage,
    TablesPage,
    PrCurvesPage,
    EmbeddingsPage,
    MeshesPage,
    CustomPage,
    GraphsPage,
    SystemPage,
    ConsolePage,
    AlertsPage,
    RunPage,
)
