"""MailBlaze's operational Postgres into RAW.POSTGRES_<TABLE>: `python pipelines/postgres.py`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.common.configuration.inject import with_config
from dlt.sources.sql_database import sql_table

from pipelines.exact import exact_columns, exact_type, loosen
from pipelines.postgres_address import PostgresCredentials
from pipelines.postgres_keys import PostgresKeys
from pipelines.postgres_sessions import SEARCH_PATH
from pipelines.raw_table import RawReader, RawTable
from pipelines.snapshot import Snapshot
from pipelines.sweep import DELETED_AT, Sweep, accepted, sweep_resource
from pipelines.unchanged import DropUnchanged
from pipelines.window import SaveHorizon, Window
from pipelines.wire_loader import BACKEND, LOAD_ID, Reading, connections_here

# A table for each line.
# key      its primary key.
# cursor   the column that a trigger moves on every change, or None: the table is read whole.
# deletes  "sweep" marks rows that vanished upstream with _deleted_at, "none" says that rows are never deleted; another
#          word is the column in which the application itself says since when a row is deleted.
# lag      (0) seconds that are read again, where the application sets the cursor itself, long before it commits.
# share    (0.2) of the rows that may vanish from one load to the next; more is refused.
TABLES: dict[str, dict[str, Any]] = {
    "plans": {"key": ["plan_id"], "cursor": None, "deletes": "sweep"},  # a handful of rows
    "accounts": {"key": ["account_id"], "cursor": "updated_at", "deletes": "sweep"},
    "users": {"key": ["user_id"], "cursor": "updated_at", "deletes": "sweep"},
    "subscriptions": {"key": ["subscription_id"], "cursor": "updated_at", "deletes": "sweep"},
    "invoices": {"key": ["invoice_id"], "cursor": "updated_at", "deletes": "sweep"},
    "lists": {"key": ["list_id"], "cursor": "updated_at", "deletes": "sweep"},
    "contacts": {"key": ["contact_id"], "cursor": "updated_at", "deletes": "sweep"},
    "list_memberships": {"key": ["list_id", "contact_id"], "cursor": "updated_at", "deletes": "sweep"},
    "campaigns": {"key": ["campaign_id"], "cursor": "updated_at", "deletes": "sweep"},
}
CONTRACT = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}


@with_config(sections=("sources", "postgres"))
def snapshot(
    credentials: PostgresCredentials = dlt.secrets.value,
    guard: float = 0.25,
    readers: Sequence[str] = (),
    search_path: str = SEARCH_PATH,
) -> Snapshot:
    """Return a snapshot of the configured Postgres, not yet taken; close it when all is read.

    Args:
        credentials: of a role that may read the tables and belongs to pg_read_all_stats.
        guard: see `Snapshot`.
        readers: see `Snapshot`; e.g. ["pg_dump"].
        search_path: see `Snapshot`; e.g. "pg_catalog, public, pg_temp".
    """
    return Snapshot(credentials.to_url(), guard, readers, search_path)


@dlt.source(name="postgres", schema_contract=CONTRACT, max_table_nesting=0)
def postgres(
    moment: Snapshot,
    schema: str = "public",
    chunk_size: int = 50_000,
    connections: int | None = None,
    sweep: bool = True,
    accept_deletes: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each line of TABLES, and after each swept table the one that marks its deletes.

    Args:
        moment: what all tables are read from.
        schema: the Postgres schema that holds them.
        chunk_size: rows in one Arrow table of those that are compared with RAW.
        connections: that read a large table at the same time, at most; None: one for each processor of this machine. A
            busy source gets fewer.
        sweep: whether to look for deleted rows; a schedule may load more often than it sweeps.
        accept_deletes: tables of which any share may vanish this once; "all" stands for every one.
    """
    accept = accepted(accept_deletes, TABLES)
    reader = RawReader()
    metadata = sa.MetaData(schema=schema)
    for name, table in TABLES.items():
        window = Window(moment, partial(dlt.current.resource_state, name), table["cursor"], table.get("lag", 0.0))
        raw = RawTable(reader, f"postgres_{name}", table["key"])
        reading = Reading(moment, window, raw, connections or connections_here())
        yield _changes(reading, metadata, name, table, chunk_size)
        if table["deletes"] == "sweep" and sweep:
            keys = PostgresKeys(moment, metadata, name, table["key"], window)
            swept = Sweep(raw, keys.stream, keys.fetch, table.get("share", 0.2), name in accept)
            yield sweep_resource(swept, name, f"postgres_{name}", table["key"])


def _changes(
    reading: Reading, metadata: sa.MetaData, name: str, table: dict[str, Any], chunk_size: int
) -> dlt.sources.DltResource:
    deleted_at = table["deletes"] if table["deletes"] not in ("sweep", "none") else None
    resource = sql_table(
        reading.moment.engine,
        table=name,
        metadata=metadata,
        backend=BACKEND,
        backend_kwargs={"reading": reading},
        chunk_size=chunk_size,
        primary_key=table["key"],
        write_disposition="merge",
        table_adapter_callback=loosen,
        type_adapter_callback=exact_type,
        query_adapter_callback=lambda query, found: query.with_only_columns(*exact_columns(found, deleted_at)).where(
            reading.window.condition(found)
        ),
    )
    # Of a row that comes twice in one load (read, and then swept) the newest version stays.
    newest = [{"name": table["cursor"], "dedup_sort": "desc"}] if table["cursor"] else []
    resource.apply_hints(table_name=f"postgres_{name}", columns=[DELETED_AT, LOAD_ID, *newest])
    resource.add_step(DropUnchanged(reading.raw, table["key"], reading.window.is_reread))
    return resource.add_step(SaveHorizon(reading.window))


@contextmanager
def opened() -> Iterator[dlt.sources.DltSource]:
    """Open the source on one snapshot, and close that at the end: an open one keeps Postgres from cleaning up."""
    with snapshot() as moment:
        yield postgres(moment)


def load():
    """Load what changed in Postgres since the last load, and return its report."""
    from pipelines.load import load

    return load("postgres", opened)


if __name__ == "__main__":
    from pipelines.command import run

    run("postgres", load)
