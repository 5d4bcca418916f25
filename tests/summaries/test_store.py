"""The event store: exact, sealed in one transaction, shared by processes, migrated in order."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text

from summaries import DamagedStoreError, SchemaVersionError
from summaries.records import Scalars
from summaries.store import schema
from summaries.store.connect import file_system_type, is_network_path
from summaries.store.reading import StoreReader
from summaries.store.sealing import CHUNK
from summaries.store.writing import StoreWriter


def points(n: int, start: int = 0, seed: int = 0) -> Scalars:
    values = np.random.default_rng(seed + start).standard_normal(n)
    walls = 1.8e9 + np.arange(start, start + n) * 0.01
    return Scalars(np.arange(start, start + n), np.round(walls, 6), values)


def counts(path: Path) -> tuple[int, int]:
    """(points in the tail, chunks)"""
    connection = sqlite3.connect(path)
    queries = ("SELECT coalesce(sum(n), 0) FROM tail", "SELECT count(*) FROM chunk")
    found = [connection.execute(query).fetchone()[0] for query in queries]
    connection.close()
    return found[0], found[1]


@pytest.mark.parametrize("batch", [1000, 4095, 4096, 4097, 50_000])
def test_points_come_back_bit_for_bit_however_they_were_batched(
    database: str | Path, batch: int
) -> None:
    n = 100_000
    whole = points(n)
    store = StoreWriter(database)
    run_id = store.start_run("a", {}).id
    for at in range(0, n, batch):
        part = slice(at, at + batch)
        store.append(
            run_id, {"x": Scalars(whole.step[part], whole.wall_time[part], whole.value[part])}
        )
    store.close()
    back = StoreReader(database).scalars("a", "x")
    assert back is not None
    assert back.value.tobytes() == whole.value.tobytes()
    assert (back.step == whole.step).all()
    np.testing.assert_allclose(back.wall_time, whole.wall_time, atol=1e-6, rtol=0)


def test_nan_infinities_negative_zero_and_payloads_survive_in_rows_and_in_chunks(
    tmp_path: Path,
) -> None:
    odd = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324, -1.7e308])
    odd[1:2].view(np.uint64)[0] = 0xFFF8_0000_0000_1234
    for n in (8, CHUNK + 8):
        values = np.resize(odd, n)
        store = StoreWriter(tmp_path / f"{n}.db")
        run_id = store.start_run("a", {}).id
        store.append(run_id, {"x": Scalars(np.zeros(n, dtype=np.int64), np.full(n, 1e9), values)})
        store.close()
        back = StoreReader(tmp_path / f"{n}.db").scalars("a", "x")
        assert back is not None
        assert back.value.tobytes() == values.tobytes()


def test_reading_from_a_sequence_number_on_gives_the_rest(database: str | Path) -> None:
    whole = points(3 * CHUNK + 100)
    store = StoreWriter(database)
    run_id = store.start_run("a", {}).id
    store.append(run_id, {"x": whole})
    reader = StoreReader(database)
    for start in (
        0,
        1,
        CHUNK - 1,
        CHUNK,
        2 * CHUNK + 7,
        3 * CHUNK,
        3 * CHUNK + 99,
        3 * CHUNK + 100,
    ):
        back = reader.scalars("a", "x", start)
        assert back is not None
        assert (back.value == whole.value[start:]).all()
    store.close()


def test_full_chunks_leave_the_tail_and_a_rest_is_sealed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    store = StoreWriter(path)
    run_id = store.start_run("a", {}).id
    store.append(run_id, {"x": points(CHUNK - 1), "few": points(10)})
    assert counts(path) == (CHUNK - 1 + 10, 0)
    store.append(run_id, {"x": points(601, CHUNK - 1)})
    assert counts(path) == (600 + 10, 1)
    store.seal_rests(run_id)
    assert counts(path) == (10, 2)
    store.append(run_id, {"x": points(5, CHUNK + 600)})
    store.close()
    back = StoreReader(path).scalars("a", "x")
    assert back is not None
    assert back.step.tolist() == list(range(CHUNK + 605))


def test_an_error_between_chunk_and_tail_leaves_neither_half(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    store = StoreWriter(path)
    run_id = store.start_run("a", {}).id
    store.append(run_id, {"x": points(CHUNK - 1)})
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TRIGGER refuse BEFORE DELETE ON tail BEGIN SELECT RAISE(ABORT, 'pulled'); END"
    )
    connection.commit()
    with pytest.raises(Exception, match="pulled"):
        store.append(run_id, {"x": points(1, CHUNK - 1)})
    assert counts(path) == (CHUNK - 1, 0)
    connection.execute("DROP TRIGGER refuse")
    connection.commit()
    connection.close()
    store.append(run_id, {"x": points(1, CHUNK - 1)})
    assert counts(path) == (0, 1)
    store.close()


@pytest.mark.parametrize("n", [5000, 16 * CHUNK, 20 * CHUNK + 17, 40 * CHUNK])
@pytest.mark.parametrize("pixels", [10, 300, 2000])
def test_bins_cover_every_point_once_and_keep_the_extremes(
    database: str | Path, n: int, pixels: int
) -> None:
    whole = points(n)
    store = StoreWriter(database)
    run_id = store.start_run("a", {}).id
    for at in range(0, n, 30_000):
        part = slice(at, at + 30_000)
        store.append(
            run_id, {"x": Scalars(whole.step[part], whole.wall_time[part], whole.value[part])}
        )
    store.close()
    bins, total = StoreReader(database).bins("x", ["a"], pixels, None)["a"]
    assert total == n
    assert bins.count.sum() == n
    assert (bins.step_min[1:] == bins.step_max[:-1] + 1).all()
    assert bins.min.min() == whole.value.min()
    assert bins.max.max() == whole.value.max()
    assert (bins.mean * bins.count).sum() / n == pytest.approx(whole.value.mean(), abs=1e-6)


def test_a_million_points_are_overviewed_from_few_bins(database: str | Path) -> None:
    store = StoreWriter(database)
    run_id = store.start_run("a", {}).id
    for at in range(0, 1_000_000, 100_000):
        store.append(run_id, {"x": points(100_000, at)})
    store.close()
    reader = StoreReader(database)
    assert len(reader.bins("x", ["a"], 2000, None)["a"][0]) < 10_000
    window = reader.bins("x", ["a"], 2000, (500_000, 501_000))["a"][0]
    assert (window.count == 1).all()
    assert (window.step_min[0], window.step_max[-1]) == (500_000, 501_000)


def test_two_processes_may_add_to_one_series(database: str | Path) -> None:
    first, second = (StoreWriter(database) for _ in range(2))
    run_id = first.start_run("a", {}).id
    joined = second.start_run("a", {"lr": 1})
    assert (joined.id, joined.name, joined.is_new) == (run_id, "a", False)
    for at in range(0, 10_000, 500):
        first.append(run_id, {"x": points(250, at)})
        second.append(run_id, {"x": points(250, at + 250)})
    first.close()
    second.close()
    back = StoreReader(database).scalars("a", "x")
    assert back is not None
    assert back.step.tolist() == list(range(10_000))


def test_extremes_and_last_value_are_kept_up_to_date(database: str | Path) -> None:
    store = StoreWriter(database)
    run_id = store.start_run("a", {}).id
    for values in ([3.0, 1.0], [np.nan], [7.0, -np.inf], [2.0]):
        n = len(values)
        store.append(run_id, {"x": Scalars(np.arange(n), np.full(n, 1e9), np.array(values))})
    store.close()
    (series,) = StoreReader(database).series()
    assert (series.n, series.last_value) == (6, 2.0)
    assert (series.min_value, series.min_step) == (1.0, 1)
    assert (series.max_value, series.max_step) == (7.0, 0)


def test_a_taken_name_gets_the_next_free_number(database: str | Path) -> None:
    store = StoreWriter(database)
    names = [store.start_run("a_b", {}, exist="new").name for _ in range(3)]
    names.append(store.start_run("aXb-2", {}, exist="new").name)
    assert names == ["a_b", "a_b-2", "a_b-3", "aXb-2"]
    store.close()


def test_many_that_open_a_new_database_at_once_all_can(database: str | Path) -> None:
    for round in range(5):
        where = database.parent / f"{round}.db" if isinstance(database, Path) else database
        barrier, errors = threading.Barrier(8), []

        def begin(
            where: str | Path = where,
            barrier: threading.Barrier = barrier,
            errors: list[Exception] = errors,
        ) -> None:
            barrier.wait()
            try:
                store = StoreWriter(where)
                store.end_run(store.start_run("a", exist="new").id)
                store.close()
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []


# -- migrations -----------------------------------------------------------------------------------


def test_migrations_run_once_each_in_order() -> None:
    def add_column(connection: object) -> None:
        connection.execute(text("ALTER TABLE run ADD COLUMN mood TEXT"))  # type: ignore[attr-defined]

    engine = create_engine("sqlite://")
    longer = (*schema.MIGRATIONS, ("add mood", add_column))
    with engine.begin() as connection:
        schema.migrate(connection)
        assert schema.current_version(connection) == len(schema.MIGRATIONS)
        schema.migrate(connection, longer)
        schema.migrate(connection, longer)
        assert schema.current_version(connection) == len(longer)
        names = connection.execute(text("SELECT name FROM schema_version ORDER BY version")).all()
        assert [n for (n,) in names] == [name for name, _ in longer]
        connection.execute(text("SELECT mood FROM run"))
    engine.dispose()


def test_a_newer_schema_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    StoreWriter(path).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO schema_version VALUES (99, 'from the future', 0)")
    connection.commit()
    connection.close()
    for opened in (StoreWriter, StoreReader):
        with pytest.raises(SchemaVersionError, match="version 99") as caught:
            opened(path)
        assert "pip install --upgrade trainboard" in str(caught.value)
        assert str(path) in str(caught.value)


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    for opened in (StoreWriter, StoreReader):
        with pytest.raises(DamagedStoreError, match="recipes"):
            opened(path)
    assert path.read_bytes() == before
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
    connection.close()


# -- network disks -----------------------------------------------------------------------------


def test_the_file_system_of_the_longest_mount_point_counts(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    inside = tmp_path / "my data" / "logs"
    inside.mkdir(parents=True)
    escaped = str(tmp_path / "my data").replace(" ", "\\040")
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {escaped} nfs4 rw 0 0\nbroken\n")
    assert file_system_type(inside, mounts) == "nfs4"
    assert file_system_type(tmp_path, mounts) == "ext4"
    assert file_system_type(tmp_path, tmp_path / "missing") == ""
    assert not is_network_path(tmp_path)


def test_a_network_disk_gets_a_database_a_run_without_a_shared_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import summaries

    monkeypatch.setattr("summaries.store.connect.is_network_path", lambda path: True)
    with summaries.init(tmp_path / "logs", name="a/b") as run:
        run.log({"x": 1.0})
        assert not (tmp_path / "logs" / "a" / "b" / "events.db-wal").exists()
        assert run.name == "a/b"
    assert "network disk" in caplog.text
    assert not (tmp_path / "logs" / "events.db").exists()
    with summaries.open_logdir(tmp_path / "logs") as reader:
        assert reader.scalars("a/b", "x").value.tolist() == [1.0]
