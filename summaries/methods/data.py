"""Arrays and what is drawn of them: histograms, tensors, curves, meshes, embeddings, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from summaries.kinds import buckets, embedding, mesh, pr_curve, table
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import layout as layout_kind
from summaries.kinds import tensor as tensor_kind
from summaries.methods.base import Methods
from summaries.records import HistogramRecord

_OURS = ("tensorflow", "auto")
"""What torch and tensorboardX call the bins that one need not think about."""


class DataMethods(Methods):
    """The methods of a writer for arrays."""

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Log the distribution of an array; NaN and infinities are counted apart.

        Args:
            tag: the series' name.
            values: numbers of any shape: array, tensor, list.
            global_step: as in `add_scalar`.
            bins: "tensorflow" or "auto" for bins that follow the data; else how many, their edges
                ascending (values outside are not counted in a bin), or a rule of
                `numpy.histogram_bin_edges` such as "fd".
            walltime: as in `add_scalar`.
            max_bins: with bins of your own: neighbours are counted together down to about so many.

        Raises:
            TypeError: values are not real numbers.
            ValueError: no such bins.
        """
        name, step, wall_time = self._place("add_histogram", tag, global_step, walltime)
        if isinstance(bins, str) and bins in _OURS:
            self._log_event(histogram_kind.event(name, values, step, wall_time))
            return
        array = histogram_kind.as_values(name, values)
        record = buckets.record(name, array, bins, max_bins, step, wall_time)
        self._log_event(histogram_kind.event_of_record(name, record))

    def add_histogram_raw(
        self,
        tag: str,
        min: Any,
        max: Any,
        num: Any,
        sum: Any,
        sum_squares: Any,
        bucket_limits: Any,
        bucket_counts: Any,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log a histogram that is counted already, in TensorBoard's form.

        Args:
            tag: the series' name.
            min: the smallest value; the first bucket begins there.
            max: the largest.
            num: how many values there are.
            sum: their sum.
            sum_squares: the sum of their squares.
            bucket_limits: [k] the right limit of each bucket.
            bucket_counts: [k] how many values lie in it.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.

        Raises:
            TypeError, ValueError: no such numbers, or lengths that differ.
        """
        numbers = (min, max, num, sum, sum_squares)
        name, step, wall_time = self._place("add_histogram_raw", tag, global_step, walltime)
        event = buckets.event_of_raw(name, numbers, bucket_limits, bucket_counts, step, wall_time)
        self._log_event(event)

    def add_histogram_record(
        self,
        tag: str,
        histogram: HistogramRecord,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log a histogram that is counted already; its own step and time are not looked at."""
        name, step, wall_time = self._place("add_histogram_record", tag, global_step, walltime)
        placed = replace(histogram, step=step, wall_time=wall_time)
        self._log_event(histogram_kind.event_of_record(name, placed))

    def add_tensor(
        self, tag: str, tensor: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log an array of any shape as it is; read it back with `Reader.tensors`.

        Raises:
            TypeError: no array of numbers.
        """
        name, step, wall_time = self._place("add_tensor", tag, global_step, walltime)
        self._log_event(tensor_kind.event(name, tensor, step, wall_time))

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: Any = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log the precision-recall curve of a binary classifier.

        Args:
            tag: the series' name.
            labels: [n] true or false.
            predictions: [n] probabilities in 0 to 1.
            global_step: as in `add_scalar`.
            num_thresholds: points of the curve, 127 at most.
            weights: of each prediction, or None.
            walltime: as in `add_scalar`.

        Raises:
            TypeError, ValueError: no such labels and predictions.
        """
        name, step, wall_time = self._place("add_pr_curve", tag, global_step, walltime)
        self._log_event(
            pr_curve.event(name, labels, predictions, step, wall_time, num_thresholds, weights)
        )

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: Any = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log a precision-recall curve that is computed already.

        Args:
            tag: the series' name.
            true_positive_counts: [k], as are the other five.
            false_positive_counts: at or above each threshold, but labelled false.
            true_negative_counts: below it, and labelled false.
            false_negative_counts: below it, but labelled true.
            precision: TP / (TP + FP).
            recall: TP / (TP + FN).
            global_step: as in `add_scalar`.
            num_thresholds: taken for compatibility; the arrays' length tells it.
            weights: taken for compatibility; the counts hold them.
            walltime: as in `add_scalar`.

        Raises:
            TypeError, ValueError: no such arrays.
        """
        name, step, wall_time = self._place("add_pr_curve_raw", tag, global_step, walltime)
        columns = (
            true_positive_counts,
            false_positive_counts,
            true_negative_counts,
            false_negative_counts,
            precision,
            recall,
        )
        self._log_event(pr_curve.event_of_counts(name, columns, step, wall_time))

    def add_mesh(
        self,
        tag: str,
        vertices: Any,
        colors: Any = None,
        faces: Any = None,
        config_dict: Mapping[str, Any] | None = None,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log meshes, or point clouds where there are no faces.

        Args:
            tag: the series' name.
            vertices: coordinates [batch, n, 3] or [n, 3].
            colors: of each vertex, 0 to 255.
            faces: [batch, m, 3] or [m, 3], indices of the vertices of each triangle.
            config_dict: settings of the scene for TensorBoard's viewer.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.

        Raises:
            TypeError, ValueError: no such arrays.
        """
        name, step, wall_time = self._place("add_mesh", tag, global_step, walltime)
        self._log_event(mesh.event(name, vertices, step, wall_time, colors, faces, config_dict))

    def add_embedding(
        self,
        mat: Any,
        metadata: Sequence[Any] | None = None,
        label_img: Any = None,
        global_step: Any = None,
        tag: str = "default",
        metadata_header: Sequence[Any] | None = None,
    ) -> None:
        """Log one vector a row, with labels and pictures of the rows.

        Args:
            mat: [n, d]
            metadata: n labels; with a header n rows of as many.
            label_img: [n, channels, height, width], as in `add_images`.
            global_step: as in `add_scalar`.
            tag: the series' name.
            metadata_header: names of the labels' columns.

        Raises:
            TypeError, ValueError: no such arrays, or not n labels or pictures.
        """
        name, step, wall_time = self._place("add_embedding", tag, global_step, None)
        self._log_event(
            embedding.event(name, mat, step, wall_time, metadata, label_img, metadata_header)
        )

    def add_table(
        self,
        tag: str,
        table_data: Any,
        global_step: Any = None,
        walltime: float | None = None,
        columns: Sequence[Any] | None = None,
    ) -> None:
        """Log a table: a pandas frame, a mapping of columns, a list of mappings or of rows.

        Args:
            tag: the series' name.
            table_data: the table.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.
            columns: the columns' names, for a list of rows.

        Raises:
            TypeError, ValueError: no such table.
        """
        name, step, wall_time = self._place("add_table", tag, global_step, walltime)
        self._log_event(table.event(name, table_data, step, wall_time, columns))

    def add_custom_scalars(self, layout: Mapping[str, Any]) -> None:
        """Say which scalars share a chart; a later call adds to it.

        Args:
            layout: category to chart to ``["Multiline", tags]``, or ``["Margin", [value, lower,
                upper]]`` for a line in a band.

        Raises:
            TypeError, ValueError: no such layout.
        """
        self._log_event(layout_kind.event(layout, 0, self._now()))

    def add_custom_scalars_multilinechart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Have these scalars share a chart."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Draw the first of three scalars as a line, in the band of the two others.

        Raises:
            ValueError: not three tags.
        """
        self.add_custom_scalars({category: {title: ["Margin", tags]}})
