"""What the reader asks a database, as text to the driver.

SQLAlchemy compiles a statement anew for each engine, and a logdir of 500 run directories is 500
engines: opening them took 2.5 s, and 0.9 s with these.
"""

from __future__ import annotations

from summaries.store import schema

_RUN_COLUMNS = ", ".join(column.name for column in schema.run.columns)
_SERIES_COLUMNS = ", ".join(f"series.{column.name}" for column in schema.series.columns)

UUID = "SELECT uuid FROM store"
REVISION = "SELECT revision FROM store"
CHANGED_RUNS = (
    f"SELECT {_RUN_COLUMNS}, (SELECT p.name FROM run AS p WHERE p.id = run.parent_id) AS parent"
    " FROM run WHERE record_revision > ? ORDER BY id"
)
RUN_ID = "SELECT id FROM run WHERE name = ?"
RUN_IDS = "SELECT id FROM run"
REMOVED_NAMES = "SELECT name FROM removed WHERE revision > ?"
CHANGED_TAGS = "SELECT run_id, kind, tag, ranks, n FROM series WHERE revision > ?"
PULSE = "SELECT id, heartbeat, updated FROM run WHERE status = 'running'"
WRITERS = (
    "SELECT run_id, process_key, heartbeat FROM writer WHERE status = 'running'"
    " AND run_id IN (SELECT id FROM run WHERE status = 'running')"
)
# What changes whenever anything that readers show does; a file's size and time tell the same.
STAMP = (
    "SELECT uuid, revision, (SELECT coalesce(max(heartbeat), 0) FROM run WHERE status = 'running')"
    " FROM store"
)
VIEWS = "SELECT name, state, created, updated FROM saved_view ORDER BY name"
_SERIES = (
    f"SELECT {_SERIES_COLUMNS}, run.name AS run FROM series JOIN run ON run.id = series.run_id"
    " WHERE series.revision > ?"
)
_IN_ORDER = " ORDER BY series.run_id, series.tag, series.kind"
SERIES = _SERIES + _IN_ORDER
FIRST_SERIES = f"{SERIES} LIMIT ?"
N_SERIES = "SELECT count(*) FROM series WHERE revision > ? AND n > 0"
SERIES_OF_TAGS = (
    f"SELECT {_SERIES_COLUMNS}, run.name AS run FROM series JOIN run ON run.id = series.run_id"
    " WHERE series.kind = ? AND series.tag IN ({})"
    f"{_IN_ORDER}"
)
SERIES_OF_RUN = f"{_SERIES} AND run.name = ?{_IN_ORDER}"
REPLACED = (
    "SELECT tag, kind, rewound, replaced.step, n, data FROM replaced"
    " JOIN run ON run.id = replaced.run_id WHERE run.name = ? ORDER BY replaced.id"
)
CHUNKS_FROM = (
    "SELECT seq, n, data FROM chunk WHERE series_id = ? AND level = 0 AND seq + n > ? AND seq < ?"
    " ORDER BY idx"
)
# From a sequence number on, every so many, and the newest.
EVENTS_FROM = (
    "SELECT step, wall_us, data, rank FROM event WHERE series_id = ? AND seq >= ?"
    " AND ((seq - ?) % ? = 0 OR seq = ?) ORDER BY seq"
)
EVENTS_BETWEEN = (
    "SELECT step, wall_us, data, rank FROM event WHERE series_id = ? AND seq >= ? AND seq < ?"
    " ORDER BY seq"
)
EVENT_STEPS = "SELECT step, wall_us, rank FROM event WHERE series_id = ? AND seq >= ? ORDER BY seq"
EVENTS_TO_COPY = (
    "SELECT step, wall_us, data, rank, blob FROM event WHERE series_id = ? AND seq >= ? AND seq < ?"
    " ORDER BY seq"
)
BLOB = "SELECT data, media_type FROM blob WHERE sha256 = ?"

# How many sealed points lie in the steps asked for: of a chunk that only touches them, the share
# that its steps, taken as evenly spread, have in them.
POINTS_IN_RANGE = """
SELECT coalesce(sum(n * (
    CAST(CASE WHEN step_max < ? THEN step_max ELSE ? END AS FLOAT)
    - CASE WHEN step_min > ? THEN step_min ELSE ? END + 1.0)
    / (CAST(step_max AS FLOAT) - step_min + 1.0)), 0)
FROM chunk WHERE series_id = ? AND level = 0 AND step_max >= ? AND step_min <= ?
"""

MOST_IN = 500
"""Databases bound the number of parameters of one statement."""


def _marks(n: int) -> str:
    return ", ".join("?" * n)


def series_of_runs(n: int) -> str:
    """Name and place of the series of a kind and tag, of n runs by name."""
    return (
        "SELECT run.name, series.id, series.n, series.sealed, series.chunks, series.ranks"
        " FROM series JOIN run ON run.id = series.run_id"
        f" WHERE series.kind = ? AND series.tag = ? AND run.name IN ({_marks(n)})"
    )


def tails(n: int) -> str:
    """The packets of n series by id that reach beyond a sequence number."""
    return (
        f"SELECT series_id, seq, n, data FROM tail WHERE series_id IN ({_marks(n)})"
        " AND seq + n > ? ORDER BY series_id, seq"
    )


def chunks(exact: bool, in_range: bool) -> str:
    """Points or bins of a series' chunks at a level from an index on, in a range of steps."""
    query = (
        f"SELECT seq, {'n, data' if exact else 'n_bins, bins'} FROM chunk"
        " WHERE series_id = ? AND level = ? AND idx >= ?"
    )
    return query + (" AND step_max >= ? AND step_min <= ?" if in_range else "")
