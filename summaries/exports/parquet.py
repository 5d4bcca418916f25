"""Parquet: every point a row, for pandas, DuckDB and the like."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from summaries.exports.selection import Selection

NAME = "parquet"


def write(selection: Selection, out: Path) -> list[Path]:
    """One file: run, tag (dictionaries), step int64, wall_time in UTC, value float64, rank int32.

    Raises:
        ImportError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # the extra `parquet`: 0.2 s and 100 MB that few need
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            "export to Parquet needs pyarrow\n  try: pip install trainboard[parquet]"
        ) from error
    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [
            ("run", text),
            ("tag", text),
            ("step", pa.int64()),
            ("wall_time", pa.timestamp("us", tz="UTC")),
            ("value", pa.float64()),
            ("rank", pa.int32()),
        ]
    )
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for run, tag, points in selection.scalars():
            n = len(points)
            same = pa.array(np.zeros(n, dtype=np.int32))
            rank = np.zeros(n, dtype=np.int32) if points.rank is None else points.rank
            writer.write_table(
                pa.table(
                    [
                        pa.DictionaryArray.from_arrays(same, pa.array([run])),
                        pa.DictionaryArray.from_arrays(same, pa.array([tag])),
                        points.step,
                        # Whole microseconds, which a float64 of seconds only nearly holds.
                        pa.array(np.rint(points.wall_time * 1e6).astype("datetime64[us]")).cast(
                            pa.timestamp("us", tz="UTC")
                        ),
                        points.value,
                        rank.astype(np.int32),
                    ],
                    schema=schema,
                )
            )
    return [out]
