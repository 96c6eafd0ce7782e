"""The backend "postgres_scanner" of dlt's `sql_table`: rows of Postgres that no Python object holds.

Import this module, then use the backend as any of dlt's: `sql_table(engine, table="orders", backend=BACKEND)`. It reads
a table as of one snapshot and yields Arrow tables; `incremental`, limits, maps and filters of dlt work as with its
backend "pyarrow". `type_adapter_callback=dlt_type` (tables/type_mapping.py) makes every value exact.

`postgres_resources` (source.py) gives it `ReadOptions`. Then a table's rows are Parquet files, written over several
connections, which dlt takes unchanged: they have the columns of dlt's schema, in their order, and `_dlt_load_id`. Rows
that an earlier load may have brought come as Arrow tables, which the steps behind compare with RAW.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dlt
import pyarrow as pa
import sqlalchemy as sa
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.pipeline import current_pipeline
from dlt.common.schema.typing import C_DLT_LOAD_ID, TColumnSchema
from dlt.extract.incremental import IncrementalResourceWrapper
from dlt.extract.items_transform import LimitItem, MetricsItem
from dlt.sources.sql_database.helpers import BaseTableLoader, register_table_loader_backend
from sqlalchemy.sql.selectable import SelectBase

from exactly_once.errors import TableError
from exactly_once.incremental.raw_table import RawTable
from exactly_once.postgres.ctid_ranges import CtidRangeQueue, free_connections, is_long_scan, table_size
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.future_rows import FutureRows
from exactly_once.postgres.parquet_export import ParallelParquetExport
from exactly_once.postgres.scanner import compile_sql, errors_of, new_scanner, postgres_query
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.tables.catalog import CatalogTable, check_not_rewritten
from exactly_once.postgres.tables.preflight import TablePlan
from exactly_once.postgres.tables.query_columns import query_columns
from exactly_once.postgres.tables.source_table import SourceTable, quote
from exactly_once.postgres.tables.table_shape import STATE
from exactly_once.postgres.tables.type_mapping import duckdb_cast, select_expression

BACKEND = "postgres_scanner"
FOLDER = "wire"  # in the pipeline's working folder; the next run removes what a killed one leaves there
WIDE = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE_BYTES '12MB', ROW_GROUP_SIZE 2048"
WIDE_ROW = 8_192  # bytes
NULL_TYPES = {
    "bigint": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN", "timestamp": "TIMESTAMPTZ", "date": "DATE",
    "time": "TIME", "binary": "BLOB",
}  # fmt: skip
APPLIED = (LimitItem, MetricsItem)  # `refuse_steps` names the first by itself, and the second only counts
STEPS = {
    "MapItem": "add_map", "YieldMapItem": "add_yield_map", "FilterItem": "add_filter", "Incremental": "incremental",
    "IncrementalResourceWrapper": "incremental",
}  # fmt: skip
LOAD_ID = {"name": C_DLT_LOAD_ID, "data_type": "text", "nullable": True}


@dataclass(frozen=True)
class ReadOptions:
    """What an exactly-once read needs beyond dlt's arguments; `backend_kwargs={"options": ReadOptions(…)}`.

    Args:
        snapshot: that the table is read from.
        plan: of the table.
        window: of the table.
        raw: what RAW has of the table.
        connections: that read it at the same time, at most.
    """

    snapshot: Snapshot
    plan: TablePlan
    window: CursorWindow
    raw: RawTable
    connections: int = 1

    @property
    def source(self) -> SourceTable:
        """The table."""
        return self.plan.source


class ScannerTableLoader(BaseTableLoader):
    """Reads one table; dlt makes it from the arguments of `sql_table`."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yield Arrow tables, or Parquet files as dlt imports them."""
        given = dict(backend_kwargs or {})
        options: ReadOptions | None = given.pop("options", None)
        if given:
            raise TableError(
                f'Table {self.table.name}: backend="{BACKEND}" has no {", ".join(given)}: take it out of '
                "backend_kwargs. Nothing of the table was read."
            )
        if options is None:
            yield from plain_rows(self)
        else:
            yield from options.plan.guard.rows(self._rows(options))

    def _rows(self, options: ReadOptions) -> Iterator[Any]:
        refuse_steps(self)
        source = options.source
        with errors_of(source.name):
            yield from self._read(options, cast("sa.Select[Any]", self.make_query()))  # by source.py's adapter
        check_not_rewritten(self.engine, source.name, source.catalog)
        state = dlt.current.resource_state()
        if state.get(STATE) != options.plan.shape:
            state[STATE] = options.plan.shape

    def _read(self, options: ReadOptions, query: sa.Select[Any]) -> Iterator[Any]:
        future = FutureRows(self.engine, options.source, options.window)
        if options.raw.exists and options.window.overlaps_last_load(self.table):
            yield from map(future.check, self._tables(options, query))
        else:
            yield from self._files(options, query, future)

    def _tables(self, options: ReadOptions, query: sa.Select[Any]) -> Iterator[pa.Table]:
        selected = options.source.scan(query)
        options.snapshot.scanner.end_shared()
        with options.snapshot.scanner.session() as session:
            if not is_wide(options.source.catalog):
                for batch in session.execute(selected).to_arrow_reader(self.chunk_size):
                    yield pa.Table.from_batches([batch])
                return
            # DuckDB's batches have at least 2,048 rows; a file's row groups have as many as 12 MB hold.
            with _folder() as folder:
                target = folder / "all.parquet"
                escaped = str(target).replace("'", "''")
                session.execute(f"COPY ({selected}) TO '{escaped}' ({WIDE})")
                if target.exists():
                    import pyarrow.parquet as pq

                    file = pq.ParquetFile(target)
                    for group in range(file.num_row_groups):
                        yield file.read_row_group(group)

    def _files(self, options: ReadOptions, query: sa.Select[Any], future: FutureRows) -> Iterator[Any]:
        # dlt makes its schema of the table with the first item.
        hints = dlt.mark.make_hints(write_disposition="append")
        yield dlt.mark.with_hints([], hints) if _is_first_load(options) else []
        selection = self._selection(query, options.source)
        is_small = options.source.is_small
        ranges = None if is_small else self._ranges(options, query)
        with _folder() as folder:
            export = ParallelParquetExport(options.snapshot.scanner, query, selection, folder, ranges)
            for path, rows in export.at_once() if is_small else export:
                is_divided = future.are_in_file(path) and options.raw.exists and options.window.start
                for item in future.divide(path) if is_divided else [(path, rows)]:
                    if isinstance(item, pa.Table):
                        yield item
                    else:
                        yield dlt.mark.with_file_import(str(item[0]), "parquet", item[1], hints=[])
                path.unlink()  # dlt has a link of its own

    def _selection(self, query: sa.Select[Any], source: SourceTable) -> str:
        """Return the columns of a file: those of dlt's schema in its order, or dlt would write each file again."""
        values = source.values(query)
        values[C_DLT_LOAD_ID] = f"'{dlt.current.load_package_state()['load_id']}'"
        name = cast(str, dlt.current.resource().table_name)  # no function: source.py says the name
        columns = dlt.current.source_schema().get_table_columns(name)
        names = dict.fromkeys(columns) | dict.fromkeys(values)
        return ", ".join(f"{values.get(name) or null_of(columns[name])} AS {quote(name)}" for name in names)

    def _ranges(self, options: ReadOptions, query: sa.Select[Any]) -> CtidRangeQueue | None:
        """Return the ranges to read over several connections; None: one connection reads all at once."""
        if options.connections < 2 or options.source.spec.is_row_keyed:  # whose rows are numbered over all of it
            return None
        with self.engine.connect() as connection:
            size = table_size(connection, options.source.quoted)
            if size.is_small:
                return None
            if options.window.start:
                plan = connection.exec_driver_sql(
                    f"EXPLAIN (FORMAT json) {compile_sql(query).replace('%', '%%')}"
                ).scalar_one()
                if not is_long_scan(plan):
                    return None
            return CtidRangeQueue(size, free_connections(connection, options.connections))


def plain_rows(loader: BaseTableLoader) -> Iterator[pa.Table]:
    """Yield the rows of a loader's query as Arrow tables, as of one snapshot of its engine's database.

    Raises:
        TableError: Postgres refuses the query, or a value does not fit the type that dlt reflected.
    """
    from dlt.common.libs.pyarrow import columns_to_arrow

    table, engine = loader.table.name, loader.engine
    if engine.dialect.name != "postgresql":
        raise TableError(
            f'Table {table}: backend="{BACKEND}" reads Postgres, and the address is of {engine.dialect.name}: use a '
            'backend of dlt\'s (backend="pyarrow"). Nothing of the table was read.'
        )
    query = loader.make_query()
    hints = {name: hint for name, hint in loader.columns.items() if "data_type" in hint}
    types = columns_to_arrow(hints, DestinationCapabilitiesContext.generic_capabilities("parquet"), "UTC")
    with errors_of(table), new_scanner(engine) as scanner, scanner.session() as session:
        if loader.row_order or loader.query_adapter_callback:  # which may order the rows
            session.execute("SET preserve_insertion_order = true")
        rows = session.execute(_plain_sql(engine, query))
        for batch in rows.to_arrow_reader(loader.chunk_size):
            yield _cast(pa.Table.from_batches([batch]), types, table)


def _plain_sql(engine: sa.Engine, query: SelectBase | sa.TextClause) -> str:
    """Return DuckDB's SQL of a query's rows, each value exact."""
    sql = compile_sql(query).rstrip("; \n")
    exact = sa.select(*map(select_expression, query_columns(engine, query, sql)))
    columns = ", ".join(f"{duckdb_cast(column)} AS {quote(column.name)}" for column in exact.selected_columns)
    return f"SELECT {columns} FROM {postgres_query(f'{compile_sql(exact)} FROM ({sql}) AS plain')}"


def _cast(rows: pa.Table, types: pa.Schema, table: str) -> pa.Table:
    """Return the rows with the types that dlt reflected, e.g. a numeric without precision as a decimal."""
    for number, field in enumerate(rows.schema):
        if field.name not in types.names or types.field(field.name).type == field.type:
            continue
        kind = types.field(field.name).type
        try:
            rows = rows.set_column(number, field.name, rows.column(number).cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TableError(
                f"{table}.{field.name}: a value does not fit {kind} ({str(error).splitlines()[0]}): pass "
                "type_adapter_callback=dlt_type to sql_table, which loads such columns as text. Nothing of "
                f"{table} was loaded."
            ) from error
    return rows


def refuse_steps(loader: ScannerTableLoader) -> None:
    """Refuse the steps of a resource that dlt applies to rows: files pass them by.

    Raises:
        TableError: the resource has `incremental`, `add_limit`, `add_map`, `add_filter`, or a step that is not of
            this package.
    """
    found = ["incremental"] if loader.incremental else []
    found += ["add_limit"] if loader.limit else []
    pipe = dlt.current.resource()._pipe  # noqa: SLF001  dlt lists a resource's steps nowhere else
    for step in pipe.steps:
        kind = type(step)
        is_ours = kind.__module__.split(".")[0] == __name__.split(".")[0]
        is_empty = isinstance(step, IncrementalResourceWrapper) and not step.incremental
        if step is not pipe.gen and not is_ours and not is_empty and not isinstance(step, APPLIED):
            found.append(STEPS.get(kind.__name__, kind.__name__))
    if found:
        raise TableError(
            f'Table {loader.table.name}: backend="{BACKEND}" does not apply {" and ".join(dict.fromkeys(found))}: its '
            'rows pass by in files. Take it away, or use a backend of dlt\'s (backend="pyarrow"); a condition on rows '
            "goes into query_adapter_callback. Nothing of the table was read."
        )


def is_wide(found: CatalogTable) -> bool:
    """Tell whether a row is so wide on the average that 2,048 of them are much for the memory."""
    return bool(found.bytes and found.rows and found.bytes / max(found.rows, 1) > WIDE_ROW)


def null_of(column: TColumnSchema) -> str:
    """Return DuckDB's SQL for a column of RAW that the source does not have: NULL, of RAW's type."""
    if column.get("data_type") == "decimal":
        return f"NULL::DECIMAL({column.get('precision') or 38}, {column.get('scale') or 0})"
    return f"NULL::{NULL_TYPES.get(column.get('data_type') or '', 'VARCHAR')}"


def _is_first_load(options: ReadOptions) -> bool:
    """Tell whether a merge would find nothing to merge with: then the rows are appended.

    Each comes once: tables/table_checks.py has refused a key that is not unique in the snapshot, and one snapshot holds
    each key once. After a kill it still does (exactly_once/recovery/pending.py).
    """
    return not options.raw.exists and options.raw.is_empty()


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for the time of a read, in the pipeline's working folder."""
    folder = Path(current_pipeline().working_dir) / FOLDER
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield Path(place)


register_table_loader_backend(BACKEND, ScannerTableLoader)
