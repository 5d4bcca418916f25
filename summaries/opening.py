"""A run opened where its destination says: in a database, or in a spool that a thread sends on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from summaries.destination import Destination, Server
from summaries.errors import RemoteError, StoreWriteError
from summaries.pipeline import Pipeline

if TYPE_CHECKING:
    from summaries.store.runs import Exist


def open_pipeline(
    place: Destination,
    config: Mapping[str, Any] | None = None,
    *,
    exist: Exist = "join",
    key: str | None = None,
    rank: int = 0,
    fields: Mapping[str, Any] | None = None,
    fork: tuple[str, int] | None = None,
    rewind_step: int | None = None,
    **options: Any,
) -> Pipeline:
    """The pipeline of a run that now is running.

    Args:
        place: the database and the run's name in it.
        config: JSON-able settings.
        exist: what to do where there is such a run, as in `StoreWriter.start_run`.
        key: the run's id.
        rank: which of the run's processes this is.
        fields: further columns of the run's record.
        fork: name of the run to begin with, and the first step that is not its any more.
        rewind_step: what the run has at this step and later is taken out of sight.
        options: as in `Pipeline`.

    Raises:
        StoreWriteError, DamagedStoreError, SchemaVersionError: the store cannot be used.
        NotFoundError, LogdirError: against what ``exist`` demands; the server refuses it.
    """
    common: dict[str, Any] = {"key": key, "rank": rank, "fields": fields, **options}
    if place.server is not None:
        assert isinstance(place.where, Path)
        return RemotePipeline(
            place.server, place.where, place.name, config, exist=exist, fork=fork,
            rewind_step=rewind_step, **common,
        )  # fmt: skip
    pipeline = Pipeline(place.where, place.name, config, exist=exist, **common)
    if fork is not None and pipeline.started.is_new:
        pipeline.fork(*fork)
    if rewind_step is not None and not pipeline.started.is_new:
        pipeline.rewind(rewind_step)
    return pipeline


class RemotePipeline(Pipeline):
    """Writes to a spool, from which a thread sends to a server."""

    def __init__(
        self,
        server: Server,
        path: Path,
        name: str,
        config: Mapping[str, Any] | None,
        *,
        exist: Exist,
        key: str | None,
        rank: int,
        fields: Mapping[str, Any] | None,
        fork: tuple[str, int] | None,
        rewind_step: int | None,
        **options: Any,
    ) -> None:
        """Open the spool, and ask the server for the run.

        Raises:
            NotFoundError, LogdirError: the server refuses it.
            StoreWriteError: the spool cannot be written; or the run is to be one that is there
                already, and the server does not answer.
        """
        # Only runs that are sent pay for these.
        from summaries.http_client import refused
        from summaries.remote import RemoteRun
        from summaries.spool import Order

        own_key = key or uuid4().hex
        super().__init__(path, name, config, key=own_key, rank=rank, fields=fields, **options)
        spool = path.parent
        order = Order.of_this_process(
            name, own_key, key is not None or exist == "must", exist, rank, self.store_uuid()
        )
        order = replace(order, fork=fork, rewind=rewind_step)
        record = {**dict(fields or {}), "config": dict(config or {})}
        try:
            self._remote = RemoteRun(server, spool, order, record, self._ended)
        except (RemoteError, OSError) as error:
            super().close("failed")
            shutil.rmtree(spool, ignore_errors=True)
            if isinstance(error, RemoteError):
                raise refused(error, name) from error
            raise StoreWriteError(f"run '{name}': {error}") from error
        opened = self._remote.opened
        if opened is not None:
            self.name = str(opened["run"])
            self.started = replace(
                self.started,
                name=self.name,
                key=str(opened["key"]),
                is_new=bool(opened["is_new"]),
                last_step=opened["last_step"],
            )

    def rewind(self, step: int, rank: int | None = None) -> None:
        """Have the server rewind, behind all that was logged before.

        Raises:
            StoreWriteError: the server does not answer.
        """
        self._refuse_if_closed()
        self.flush()
        try:
            self._remote.rewind(step, rank)
        except (OSError, RemoteError) as error:
            raise StoreWriteError(f"run '{self.name}': cannot be rewound\n  {error}") from error

    def _revive(self) -> None:
        if self._remote.is_dropped:
            raise StoreWriteError(
                f"run '{self.name}': the process that opened it has ended, and it with that\n"
                "  try: open the run in the process that logs"
            )
        super()._revive()

    def close(self, status: str = "finished", *, wait: bool = True) -> None:
        """As `Pipeline.close`; then send the rest."""
        super().close(status, wait=wait)
        if not self._orphaned:
            self._remote.close(status, wait=wait)
