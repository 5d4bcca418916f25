"""HparamView: parallel coordinates, best runs, importance and a scatter matrix of the runs."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class HparamView(ClientComponent):
    """The HParams page; reads ``trainboard.runs``, ``records`` and ``/api/importance``."""

    scripts = (
        "components/series_math.js",
        "components/hparam_columns.js",
        "components/parallel_model.js",
        "components/colour_scale.js",
        "components/parallel_plot.js",
        "components/parallel_heads.js",
        "components/table_text.js",
        "components/best_runs.js",
        "components/importance_panel.js",
        "components/scatter_matrix.js",
        "components/hparam_controls.js",
        "components/hparam_view.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
