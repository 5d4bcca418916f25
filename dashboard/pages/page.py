"""The contract of a page: what the shell asks of it, and the two records it answers with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from dashboard.http import Endpoint

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from summaries.reader import Reader


@dataclass(frozen=True)
class Callback:
    """A Dash callback as data: a plain ``async`` function and what it is wired to."""

    function: Callable[..., Awaitable[Any]]
    output: Any
    """One ``dash.Output`` or a list of them."""
    inputs: tuple[Any, ...]
    """``dash.Input`` and ``dash.State``, in the order of the function's arguments."""
    prevent_initial_call: bool = False


@dataclass(frozen=True)
class Route:
    """An HTTP route of a page; ``endpoint`` is ``async (Request) -> Response``."""

    path: str
    """Below ``/api/``."""
    endpoint: Endpoint
    methods: tuple[str, ...] = ("GET",)


class Page(ABC):
    """One page of the dashboard."""

    path: ClassVar[str]
    """Where it lives: ``/histograms``."""
    title: ClassVar[str]
    icon: ClassVar[str]
    """The inside of a 20 x 20 line drawing in SVG: ``<path d="M2 16h16"/>``."""
    kinds: ClassVar[tuple[str, ...]] = ()
    """The navigation leads to it only where a run logged one of these; if none: always.

    ``scalar:system/`` are the scalars whose tag begins with that.
    """
    keys: ClassVar[str] = ""
    """What opens it from the keyboard: ``g s``."""
    in_navigation: ClassVar[bool] = True
    """False for a page that is only reached by links, as that of one run."""
    scripts: ClassVar[tuple[str, ...]] = ()
    """JavaScript files of its components, relative to the package ``dashboard``, in load order."""
    is_start: ClassVar[bool] = False
    """Whether "/" shows it; if none says so, the first page is shown."""
    run_list: ClassVar[bool] = True
    """Whether the run list stands beside it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    @abstractmethod
    def layout(self) -> Component:
        """The page's components; called for each visit, so it must not read from the store."""

    def callbacks(self) -> tuple[Callback, ...]:
        """Its Dash callbacks; the functions are plain ``async`` ones that a test can call."""
        return ()

    def routes(self) -> tuple[Route, ...]:
        """Its own HTTP routes."""
        return ()
