"""The resources of a Postgres source: for each table its changes, and the rows that vanished at the source.

An application declares its tables and yields from `postgres_resources` in a `@dlt.source` of its own, whose signature
is its configuration:

    @dlt.source(name="shop", schema_contract=CONTRACT, max_table_nesting=0)
    def shop(snapshot: Snapshot, accept_deletes: Sequence[str] = ()):
        yield from postgres_resources(snapshot, TABLES, SourceOptions(accept_deletes=accept_deletes))
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import dlt
from dlt.common.schema.typing import TColumnSchema, TSchemaContractDict
from dlt.sources.sql_database.helpers import record_table_input

from exactly_once.incremental.delete_detection import (
    DELETED_AT,
    DeleteDetector,
    RowsToMerge,
    deletes_resource,
    deletes_resource_names,
    parse_names,
)
from exactly_once.incremental.delete_schedule import DeleteSchedule, ScheduledRows, default_seconds
from exactly_once.incremental.drop_unchanged import DropUnchanged
from exactly_once.incremental.raw_table import RawClients, RawTable
from exactly_once.incremental.resource_states import ResourceStates
from exactly_once.postgres.connection.server_identity import SaveServer, check_server, identifier, is_saved
from exactly_once.postgres.cursor_window import CursorColumn, CursorWindow, SaveWatermark
from exactly_once.postgres.key_reader import PrimaryKeyReader
from exactly_once.postgres.small_tables.unchanged import Unchanged
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.table_loader import BACKEND, LOAD_ID, ReadOptions, ScannerTableLoader
from exactly_once.postgres.tables.preflight import Accepted, Preflight, TablePlan
from exactly_once.postgres.tables.spec import SWEEP, Table, tables_by_name

# RAW follows new tables and columns; a type that changes is widened or accepted by this package, not by dlt.
CONTRACT: TSchemaContractDict = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
KEYS_HOURLY = 10_000_000  # of a table that each load compares; a larger one is compared the more rarely


@dataclass(frozen=True)
class SourceOptions:
    """How a source is loaded this time.

    Args:
        schema: of Postgres, of tables that name none.
        chunk_size: rows in one Arrow table of those that are compared with RAW.
        connections: that read a large table at the same time, at most; None: one for each processor of this machine. A
            busy source gets fewer.
        detect_deletes: whether to look for deleted rows; a schedule may load more often than that.
        accept_deletes: tables of which any fraction may vanish this once; "all": every table.
        accept_reread: tables that are read again whole however large they are; "all": every table.
        accept_type: columns, as table.column, whose new type RAW takes over; "all": every column.
        reread_limit: rows that a table may have to be read again because its definition changed.
        accept_server: whether another server than before has the same rows.
        strict: whether a refused table refuses the whole load.
        deletes_now: tables whose deletes are looked for whatever `deletes_every` says, as are those of
            `accept_deletes`; "all": every table.
    """

    schema: str = "public"
    chunk_size: int = 50_000
    connections: int | None = None
    detect_deletes: bool = True
    accept_deletes: Sequence[str] = ()
    accept_reread: Sequence[str] = ()
    accept_type: Sequence[str] = ()
    reread_limit: int = 10_000_000
    accept_server: bool = False
    strict: bool = False
    deletes_now: Sequence[str] = ()


def postgres_resources(
    snapshot: Snapshot, tables: Iterable[Table], options: SourceOptions | None = None
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each table, and after it the one that marks its deleted rows, where it has one.

    Call it inside of a `@dlt.source` function. A table that cannot be loaded exactly is refused, and the others are
    loaded.

    Raises:
        PipelineError: two tables have one name, an option names what is not there, or the server is another one than
            before.
    """
    options = options or SourceOptions()
    specs = tables_by_name(tables, snapshot.info)
    server = identifier(snapshot.engine)
    states = ResourceStates()
    check_server(server, states.source, options.accept_server, snapshot.info)
    accept_deletes = parse_names("accept_deletes", options.accept_deletes, specs)
    deletes_now = parse_names("deletes_now", options.deletes_now, specs) | accept_deletes
    accept_reread = parse_names("accept_reread", options.accept_reread, specs)
    accepted = Accepted(accept_reread, options.accept_type, options.reread_limit, specs)
    clients = RawClients()
    plans = Preflight(snapshot, options.schema, clients, accepted, states, options.strict).plans(specs)
    reads = [_read(snapshot, plan, clients, states, options) for plan in plans]
    swept = {read.source.name: read for read in reads if _is_swept(read, options)}
    unchanged = Unchanged(snapshot, clients, states)
    # What a read without rows saves is saved already.
    same_rows = unchanged.without_changes(reads) if is_saved(server, states.source) else set()
    same_keys = unchanged.with_equal_keys([read for read in swept.values() if not _is_scheduled(read)])
    deletes_names = deletes_resource_names(specs)
    for read in reads:
        name = read.source.name
        if name not in same_rows:
            yield _changes(read, options.chunk_size).add_step(read.plan.guard.step(SaveServer(server)))
        if name in swept and name not in same_keys:
            detector = _detector(read, name in accept_deletes, name in deletes_now)
            table = read.source
            yield deletes_resource(detector, deletes_names[name], table.raw_name, table.key, read.plan.guard)


def default_connections() -> int:
    """Return how many connections keep this machine's processors busy: Postgres needs as much of them as DuckDB."""
    return max(1, os.cpu_count() or 1)


def _read(
    snapshot: Snapshot, plan: TablePlan, clients: RawClients, states: ResourceStates, options: SourceOptions
) -> ReadOptions:
    source = plan.source
    window = _window(snapshot, plan, states)
    window.saved  # noqa: B018  a clock that went back refuses the load, not a table
    raw = RawTable(clients, source.raw_name, source.key, source.name)
    return ReadOptions(snapshot, plan, window, raw, options.connections or default_connections())


def _is_swept(read: ReadOptions, options: SourceOptions) -> bool:
    """Tell whether this load looks for deletes: not in the load that changes a column's type.

    RAW has values of the old type then; the next load does. The first load of a table whose comparisons have a schedule
    only begins it.
    """
    is_wanted = read.source.spec.deletes == SWEEP and options.detect_deletes and not read.plan.is_retyped
    return is_wanted and (read.raw.exists or _is_scheduled(read))


def _is_scheduled(read: ReadOptions) -> bool:
    """Tell whether some loads may not compare the keys of a table."""
    return not read.source.is_small if read.source.spec.deletes_every is None else bool(read.source.spec.deletes_every)


def _window(snapshot: Snapshot, plan: TablePlan, states: ResourceStates) -> CursorWindow:
    source, spec = plan.source, plan.source.spec
    cursor = None
    if source.cursor:
        cursor = CursorColumn(source.cursor, spec.lookback_seconds, spec.zone, source.cursor_digits)
    return CursorWindow(
        snapshot, states.of(source.name), cursor, is_whole=bool(plan.reasons), partitions=plan.partitions
    )


def _changes(read: ReadOptions, chunk_size: int) -> dlt.sources.DltResource:
    """Return the resource that merges a table's window into RAW.

    It is dlt's `sql_table` with the backend of table_loader.py, without the look-up of that one's twenty arguments in
    dlt's settings, which costs more than a small table.
    """
    source, guard = read.source, read.plan.guard
    described, engine = source.described, read.snapshot.engine
    columns: dict[str, Any] = dict(read.plan.columns)
    if source.cursor:  # of a row that comes twice in one load, as a change and as a missing row, the newest stays
        columns = columns | {source.cursor: columns[source.cursor] | {"dedup_sort": "desc"}}

    def rows() -> Iterator[Any]:
        loader = ScannerTableLoader(
            engine,
            BACKEND,  # type: ignore[arg-type]  # dlt's type lists its own backends alone
            described,
            columns,
            chunk_size=chunk_size,
            query_adapter_callback=lambda _, table: source.select(read.window.condition(table)),
            limit=dlt.current.resource().limit,
        )
        yield from loader.load_rows({"options": read})
        # dlt has its schema of the table now; its trace would write all columns as YAML, which takes as long as a read.
        dlt.current.resource().apply_hints(columns={})

    resource = dlt.resource(
        rows,
        name=source.name,
        table_name=source.raw_name,
        primary_key=source.key,
        write_disposition="merge",
        columns=[cast(TColumnSchema, one) for one in (*columns.values(), DELETED_AT, LOAD_ID)],
    )
    record_table_input(resource, engine, described.schema, described.name)
    resource.add_step(guard.step(DropUnchanged(read.raw, source.key, read.window.previously_loaded_mask)))
    return resource.add_step(guard.step(SaveWatermark(read.window)))


def _detector(read: ReadOptions, is_accepted: bool, is_forced: bool) -> RowsToMerge:
    """Return what compares a table's keys with RAW's, where this load does."""
    source, plan = read.source, read.plan
    keys = PrimaryKeyReader(read.snapshot, source, read.window)
    detector = DeleteDetector(read.raw, keys.iter_keys, keys.fetch_rows, source.spec.max_deleted_fraction, is_accepted)
    detector.with_types(plan.columns).with_digests(keys.digest_diff)
    every = cast(float | None, source.spec.deletes_every)  # the declaration has made seconds of a text
    seconds = default_seconds(keys.count, KEYS_HOURLY) if every is None else every
    state = partial(dlt.current.resource_state, source.name)
    return ScheduledRows(detector, DeleteSchedule(state, lambda: seconds, is_forced), plan.guard)
