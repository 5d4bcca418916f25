"""What a server does with the values that writers elsewhere send: one store, safe to ask twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from summaries import messages
from summaries.destination import DATABASE_NAME, is_url, split_postgres_url
from summaries.errors import NotFoundError, StoreWriteError
from summaries.process import Identity
from summaries.replicate import StoreTarget, fork_run

# Columns of a run's record that its writer may set.
_PLAIN = ("notes", "run_group", "job_type", "display_name", "colour")
_MERGED = ("config", "hparams", "summary", "axes", "environment")


class Ingest:
    """Takes what writers send into a logdir's shared database. Thread-safe."""

    def __init__(self, logdir: str | Path) -> None:
        """Open or make the database.

        Args:
            logdir: a directory or a PostgreSQL URL.

        Raises:
            StoreWriteError, DamagedStoreError, SchemaVersionError: it cannot be used.
        """
        where = split_postgres_url(str(logdir))[0] if is_url(logdir) else Path(logdir)
        self._where = where / DATABASE_NAME if isinstance(where, Path) else where
        self._target = StoreTarget(self._where)
        self._store = self._target.store
        self._lock = threading.Lock()
        self._runs: dict[str, int] = {}
        """Ids of runs by key."""
        self._acts: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "open": self._open,
            "record": self._record,
            "beat": self._beat,
            "rewind": self._rewind,
            "end": self._end,
            "copy/open": self._copy_open,
            "copy/close": self._copy_close,
        }

    def close(self) -> None:
        """Give the database back."""
        with self._lock:
            self._target.close()

    def answer(self, act: str, message: bytes) -> dict[str, Any]:
        """What the act named gives back, JSON-able.

        Args:
            act: "open", "append", "record", "beat", "rewind", "end", "copy/open", "copy/close".
            message: as in `summaries.messages`.

        Raises:
            KeyError: no such act, or no such run.
            ValueError: the message is damaged; for "append" `GapError`, if it does not follow.
            StoreWriteError: the database cannot be written.
        """
        with self._lock:
            self._follow_file()
            if act == "append":
                return self._append(message)
            return self._acts[act](messages.decode(message)[0])

    def _follow_file(self) -> None:
        """Go on in a new database where ours was removed or replaced: its writers send it all."""
        try:
            self._store.check_file()
        except StoreWriteError:
            new = StoreTarget(self._where)
            self._target.close()
            self._target, self._store = new, new.store
            self._runs.clear()

    def _id(self, key: str) -> int:
        found = self._runs.get(key)
        if found is None:
            from summaries.store import runs

            with self._store.transaction() as connection:
                found = runs.id_of_key(connection, key)
            self._runs[key] = found
        return found

    def _writer(self, header: Mapping[str, Any]) -> tuple[int, int]:
        """Ids of the run that the source sends to, and of its entry among the writers."""
        source = str(header["source"])
        known = self._known_source(source)
        if known is None:
            raise NotFoundError(f"source '{source}': it has opened no run here")
        return known[0], known[2]

    def _open(self, header: dict[str, Any]) -> dict[str, Any]:
        """Start or join the run; asked again for the same source, what is known of it."""
        from summaries.store import copying

        source, key = str(header["source"]), str(header["key"])
        identity = Identity(str(header["host"]), int(header["pid"]), str(header["process_key"]))
        known = self._known_source(source)
        if known is None:
            fields = {c: header["record"][c] for c in (*_PLAIN, "labels") if c in header["record"]}
            fields["environment"] = header["record"].get("environment", {})
            # A key that is the sender's own is there only if this was asked before, and cut off.
            by_key = bool(header["by_key"]) or self._has_key(key)
            started = self._store.start_run(
                str(header["name"]),
                header["record"].get("config", {}),
                exist=header["exist"] if header["by_key"] or not by_key else "join",
                key=key if by_key else None,
                new_key=key,
                rank=int(header["rank"]),
                fields=fields,
                identity=identity,
            )
            run_id, key = started.id, started.key
            last_step, is_new = started.last_step, started.is_new
            with self._store.transaction() as connection:
                copying.note_source(connection, run_id, source, started.writer_id)
            if header.get("fork") and is_new:
                parent, step = header["fork"]
                fork_run(self._store, run_id, str(parent), int(step))
            if header.get("rewind") is not None:
                self._store.rewind(run_id, int(header["rewind"]))
        else:
            run_id, key, _ = known
            last_step, is_new = None, False
        self._runs[key] = run_id
        with self._store.transaction() as connection:
            have = copying.lengths(connection, run_id, source)
            name = copying.name_of(connection, run_id)
        return {
            "run": name,
            "key": key,
            "is_new": is_new,
            "last_step": last_step,
            "have": [[*series, n] for series, n in have.items()],
        }

    def _has_key(self, key: str) -> bool:
        try:
            return bool(self._id(key))
        except NotFoundError:
            return False

    def _known_source(self, source: str) -> tuple[int, str, int] | None:
        from summaries.store import copying

        with self._store.transaction() as connection:
            return copying.run_of_source(connection, source)

    def _append(self, message: bytes) -> dict[str, Any]:
        key, source, part = messages.decode_part(message)
        run_id = self._id(key)
        self._store.append(run_id, part.scalars, part.events, starts=part.starts, source=source)
        return {"taken": len(part)}

    def _record(self, header: dict[str, Any]) -> dict[str, Any]:
        run_id, record = self._id(str(header["key"])), header["record"]
        plain = {c: record[c] for c in (*_PLAIN, "labels") if c in record}
        if plain:
            self._store.update_run(run_id, **plain)
        for column in _MERGED:
            if record.get(column):
                self._store.merge_json(run_id, column, record[column])
        return {}

    def _beat(self, header: dict[str, Any]) -> dict[str, Any]:
        from summaries.store import runs

        run_id, writer = self._writer(header)
        with self._store.transaction() as connection:
            runs.beat(connection, run_id, writer)
        return {}

    def _rewind(self, header: dict[str, Any]) -> dict[str, Any]:
        rank = header.get("only_rank")
        moved = self._store.rewind(
            self._id(str(header["key"])), int(header["step"]), None if rank is None else int(rank)
        )
        return {"moved": moved}

    def _end(self, header: dict[str, Any]) -> dict[str, Any]:
        from summaries.store import runs

        run_id, writer = self._writer(header)
        self._store.seal_rests(run_id)
        with self._store.transaction() as connection:
            runs.end(connection, run_id, writer, str(header["status"]))
        return {}

    # -- copies of whole runs ---------------------------------------------------------------------

    def _copy_open(self, header: dict[str, Any]) -> dict[str, Any]:
        replaced = [(*row[:-1], messages.of_text(row[-1])) for row in header["replaced"]]
        have = self._target.open_run(header["record"], replaced)
        self._runs.pop(str(header["record"]["key"]), None)
        return {"have": [[*series, n] for series, n in have.items()]}

    def _copy_close(self, header: dict[str, Any]) -> dict[str, Any]:
        self._target.close_run(header["record"])
        return {}
