"""MailBlaze's operational Postgres into RAW.POSTGRES_<TABLE>: `python pipelines/postgres.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.interrupts import watch

    watch()

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import dlt
from dlt.common.configuration.inject import with_config
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.sources.sql_database import sql_table

from exactly_once.errors import check_at_import
from exactly_once.incremental.delete_detection import (
    DELETED_AT,
    DeleteDetector,
    deletes_resource,
    deletes_resource_names,
    parse_names,
)
from exactly_once.incremental.drop_unchanged import DropUnchanged
from exactly_once.incremental.raw_table import RawClients, RawTable
from exactly_once.postgres.connection.address import PostgresCredentials
from exactly_once.postgres.connection.server_identity import SaveServer, check_server, identifier
from exactly_once.postgres.connection.session_settings import SEARCH_PATH
from exactly_once.postgres.cursor_window import CursorWindow, SaveWatermark
from exactly_once.postgres.key_reader import PrimaryKeyReader
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.table_loader import BACKEND, LOAD_ID, ReadOptions, default_connections
from exactly_once.postgres.tables.preflight import Accepted, plan_tables
from exactly_once.postgres.tables.spec import SWEEP, table_options
from exactly_once.postgres.tables.type_mapping import dlt_type

# A table for each line.
# key      its primary key, or the columns of another unique index; "row" where it has none: rows are compared whole.
# cursor   the column that a trigger moves on every change, or None: the table is read whole.
# deletes  "sweep" marks rows that vanished upstream with _deleted_at, "none" says that rows are never deleted; another
#          word is the column in which the application itself says since when, or whether, a row is deleted.
# lag      (0) seconds that are read again, where the application sets the cursor itself, long before it commits.
# share    (0.2) of the rows that may vanish from one load to the next; more is refused.
# zone     the zone of times without one, in which such a cursor is written, e.g. "America/New_York".
# schema, table   where it is and what it is called at the source, where that is not `public` and the line's name.
# raw      its name in RAW behind POSTGRES_, where that is not the line's name.
# exclude  columns that are not loaded.  as_text  columns that are loaded as Postgres writes them, e.g. dates BC.
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
check_at_import(table_options, TABLES)


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
    accept_reread: Sequence[str] = (),
    accept_type: Sequence[str] = (),
    reread_limit: int = 10_000_000,
    accept_server: bool = False,
    strict: bool = False,
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each line of TABLES, and after each swept table the one that marks its deletes.

    A table that cannot be loaded exactly is refused by itself, and the others are loaded.

    Args:
        moment: what all tables are read from.
        schema: the Postgres schema that holds those whose line names none.
        chunk_size: rows in one Arrow table of those that are compared with RAW.
        connections: that read a large table at the same time, at most; None: one for each processor of this machine. A
            busy source gets fewer.
        sweep: whether to look for deleted rows; a schedule may load more often than it sweeps.
        accept_deletes: tables of which any share may vanish this once; "all" stands for every one.
        accept_reread: tables that are read again whole however large they are; "all" stands for every one.
        accept_type: columns, as table.column, whose new type RAW takes over; "all" stands for every one.
        reread_limit: rows that a table may have to be read again because its definition changed.
        accept_server: whether another server than before has the same rows.
        strict: whether a refused table refuses the whole load.

    Raises:
        PipelineError: TABLES or an argument names what is not there, or the server is another one than before.
    """
    server = identifier(moment.engine)
    check_server(server, dlt.current.source_state(), accept_server)
    options = table_options(TABLES)
    deletes = parse_names("accept_deletes", accept_deletes, options)
    accepted = Accepted(parse_names("accept_reread", accept_reread, options), accept_type, reread_limit, options)
    reader = RawClients()
    sweeps = deletes_resource_names(options)
    for plan in plan_tables(moment, options, schema, reader, accepted, strict):
        source = plan.source
        state = partial(dlt.current.resource_state, source.name)
        window = CursorWindow(
            moment,
            state,
            source.cursor,
            source.options.lag,
            source.options.zone,
            is_whole=bool(plan.reasons),
            partitions=plan.partitions,
            digits=source.cursor_digits,
        )
        window.saved  # noqa: B018  a clock that went back refuses the load, not a table
        raw = RawTable(reader, source.options.raw_name, source.key, source.name)
        reading = ReadOptions(moment, window, raw, connections or default_connections(), source, plan.guard, plan.shape)
        yield _changes(reading, plan.columns, chunk_size).add_step(plan.guard.step(SaveServer(server)))
        # In the load that changes a column's type RAW has values of the old one: the next load looks for deletes.
        if source.options.deletes == SWEEP and sweep and not plan.is_retyped:
            keys = PrimaryKeyReader(moment, source, window)
            swept = DeleteDetector(
                raw, keys.stream, keys.fetch, source.options.share, source.name in deletes, plan.columns
            )
            yield deletes_resource(swept, sweeps[source.name], source.options.raw_name, source.key, plan.guard)


def _changes(reading: ReadOptions, columns: TTableSchemaColumns, chunk_size: int) -> dlt.sources.DltResource:
    source, window, guard = reading.source, reading.window, reading.guard
    described = source.described
    resource = sql_table(
        reading.moment.engine,
        table=described.name,
        metadata=described.metadata,
        backend=BACKEND,
        backend_kwargs={"reading": reading},
        chunk_size=chunk_size,
        primary_key=source.key,
        write_disposition="merge",
        type_adapter_callback=dlt_type,
        query_adapter_callback=lambda query, table: source.select(window.condition(table)),
    )
    if resource.name != source.name:
        resource = resource.with_name(source.name)
    if source.cursor:  # of a row that comes twice in one load (read, and then swept) the newest version stays
        columns = columns | {source.cursor: columns[source.cursor] | {"dedup_sort": "desc"}}
    resource.apply_hints(table_name=source.options.raw_name, columns=[DELETED_AT, LOAD_ID, *columns.values()])
    resource.add_step(guard.step(DropUnchanged(reading.raw, source.key, window.is_reread)))
    return resource.add_step(guard.step(SaveWatermark(window)))


@contextmanager
def opened() -> Iterator[dlt.sources.DltSource]:
    """Open the source on one snapshot, and close that at the end: an open one keeps Postgres from cleaning up."""
    with snapshot() as moment:
        yield postgres(moment)


def load():
    """Load what changed in Postgres since the last load, and return its report."""
    from pipelines import loading

    return loading.load("postgres", opened)


if __name__ == "__main__":
    from pipelines.command import run

    run("postgres", load, flags={"accept_server": "the rows that RAW has moved to this server: go on with it"})
