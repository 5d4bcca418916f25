"""ScopeGraph: a run's graph as scopes that open and close."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class ScopeGraph(ClientComponent):
    """The graph of one of the shown runs; reads ``trainboard.runs`` and ``/api/graph``."""

    # In load order: numbers first (model, layout), then what draws, then the component.
    scripts = (
        "components/scope_graph_layout.js",
        "components/scope_graph_model.js",
        "components/scope_graph_size.js",
        "components/scope_graph_scene.js",
        "components/scope_graph_colour.js",
        "components/scope_graph_paint.js",
        "components/scope_graph_camera.js",
        "components/scope_graph_keys.js",
        "components/scope_graph_panel.js",
        "components/scope_graph.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
