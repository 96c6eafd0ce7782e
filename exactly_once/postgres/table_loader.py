"""The backend "wire" of dlt's `sql_table`: Parquet files straight from Postgres, over several connections.

A file goes through dlt as it is: it has the columns that dlt's schema has, in their order, and `_dlt_load_id`. Rows
that an earlier load may have brought come as Arrow tables instead, so that the steps behind compare them with RAW.
"""

import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from dlt.common.schema.typing import C_DLT_LOAD_ID, TColumnSchema
from dlt.extract.incremental import IncrementalResourceWrapper
from dlt.extract.items_transform import LimitItem, MetricsItem
from dlt.sources.sql_database.helpers import BaseTableLoader, register_table_loader_backend

from exactly_once.errors import TableError
from exactly_once.incremental.raw_table import RawTable
from exactly_once.postgres.ctid_ranges import (
    TARGET_FILE_BYTES,
    CtidRangeQueue,
    ctid_filter,
    free_connections,
    is_long_scan,
    table_size,
)
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.future_rows import FutureRows
from exactly_once.postgres.scanner import compile_sql, errors_of, postgres_query
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.tables.catalog import CatalogTable, check_not_rewritten
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.table_shape import STATE, Shape
from exactly_once.table_guard import TableGuard

BACKEND = "wire"
FOLDER = "wire"  # in the pipeline's working folder: what a killed run leaves there is removed by the next one
# Level 1 takes an eighth less of CPU than level 3, for files larger by a sixth. Snowflake reads Parquet's version 1.
PARQUET = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v1, WRITE_BLOOM_FILTER false, "
    f"ROW_GROUP_SIZE_BYTES '12MB', FILE_SIZE_BYTES {TARGET_FILE_BYTES * 3 // 2}, RETURN_STATS"
)
WIDE = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE_BYTES '12MB', ROW_GROUP_SIZE 2048"
WIDE_ROW = 8_192  # bytes
EMPTY = {
    "bigint": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN", "timestamp": "TIMESTAMPTZ", "date": "DATE",
    "time": "TIME", "binary": "BLOB",
}  # fmt: skip
SEEN = (IncrementalResourceWrapper, LimitItem, MetricsItem)  # the loader has the first two; the third only counts
STEPS = {"MapItem": "add_map", "YieldMapItem": "add_yield_map", "FilterItem": "add_filter"}
LOAD_ID = {"name": C_DLT_LOAD_ID, "data_type": "text", "nullable": True}


@dataclass(frozen=True)
class ReadOptions:
    """What the loader needs beyond dlt's arguments.

    Args:
        moment: the snapshot.
        window: of the table.
        raw: what RAW has of the table.
        connections: that read it at the same time, at most.
        source: the table as the source has it.
        guard: of the table.
        shape: of the table, to be kept once it has been read.
    """

    moment: Snapshot
    window: CursorWindow
    raw: RawTable
    connections: int
    source: SourceTable
    guard: TableGuard
    shape: Shape


class ScannerTableLoader(BaseTableLoader):
    """Reads one table; dlt makes it with what `sql_table` was told, and a `Reading` in `backend_kwargs`."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yield Parquet files as dlt imports them, or Arrow tables of rows that may be old."""
        reading: ReadOptions = (backend_kwargs or {})["reading"]
        yield from reading.guard.rows(self._rows(reading))

    def _rows(self, reading: ReadOptions) -> Iterator[Any]:
        refuse_steps(self)
        with errors_of(reading.source.name):
            yield from self._read(reading, self.make_query())
        check_not_rewritten(self.engine, reading.source.name, reading.source.found)
        state = dlt.current.resource_state()
        if state.get(STATE) != reading.shape:
            state[STATE] = reading.shape

    def _read(self, reading: ReadOptions, query: sa.Select) -> Iterator[Any]:
        future = FutureRows(self.engine, reading.source, reading.window)
        if reading.raw.exists and reading.window.may_reread(self.table):
            yield from map(future.look, self._tables(reading, query))
        else:
            yield from self._files(reading, query, future)

    def _tables(self, reading: ReadOptions, query: sa.Select) -> Iterator[pa.Table]:
        selected = reading.source.read(query)
        with reading.moment.wire.session() as session:
            if not is_wide(reading.source.found):
                for batch in session.execute(selected).to_arrow_reader(self.chunk_size):
                    yield pa.Table.from_batches([batch])
                return
            # DuckDB's batches have 2,048 rows at least; a file's row groups have as many as 12 MB hold.
            with self._folder() as place:
                target = str(place / "all.parquet").replace("'", "''")
                session.execute(f"COPY ({selected}) TO '{target}' ({WIDE})")
                if (place / "all.parquet").exists():
                    file = pq.ParquetFile(place / "all.parquet")
                    for group in range(file.num_row_groups):
                        yield file.read_row_group(group)

    def _files(self, reading: ReadOptions, query: sa.Select, future: FutureRows) -> Iterator[Any]:
        # dlt makes its schema of the table with the first item.
        yield (
            dlt.mark.with_hints([], dlt.mark.make_hints(write_disposition="append")) if self._is_first(reading) else []
        )
        selection = self._selection(query, reading.source)
        parts, streams = self._parts(reading, query)
        with self._folder() as place:
            for path, rows in ParallelParquetExport(reading.moment, query, selection, parts, streams, place):
                is_divided = future.are_in_file(path) and reading.raw.exists and reading.window.start
                for item in future.divide(path) if is_divided else [(path, rows)]:
                    if isinstance(item, pa.Table):
                        yield item
                    else:
                        yield dlt.mark.with_file_import(str(item[0]), "parquet", item[1], hints=[])
                path.unlink()  # dlt has a link of its own

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """Make a folder for the time of a read, in the pipeline's working folder."""
        folder = Path(dlt.current.pipeline().working_dir) / FOLDER
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield Path(place)

    def _is_first(self, reading: ReadOptions) -> bool:
        """Tell whether a merge would find nothing to merge with: then the rows are copied into RAW as they come.

        Each comes once: tables/table_checks.py has refused a key that is not unique in the snapshot, and one
        snapshot holds each key once; so it does after a kill (exactly_once/recovery/pending.py).
        """
        return not reading.raw.exists and reading.raw.is_empty()

    def _selection(self, query: sa.Select, source: SourceTable) -> str:
        """Return the columns of a file: those of dlt's schema in its order, or dlt would write each file again."""
        values = source.values(query)
        values[C_DLT_LOAD_ID] = f"'{dlt.current.load_package_state()['load_id']}'"
        columns = dlt.current.source_schema().get_table_columns(dlt.current.resource().table_name)
        names = dict.fromkeys(columns) | dict.fromkeys(values)
        return ", ".join(f"{values.get(name) or empty(columns[name])} AS {_name(name)}" for name in names)

    def _parts(self, reading: ReadOptions, query: sa.Select) -> tuple[CtidRangeQueue | None, int]:
        """Return the ranges to read and over how many connections; None for the ranges: all at once."""
        if reading.connections < 2 or reading.source.options.is_row_keyed:  # whose rows are numbered over all of it
            return None, 1
        with self.engine.connect() as connection:
            size = table_size(connection, reading.source.quoted)
            if size.is_small:
                return None, 1
            if reading.window.start:
                plan = connection.exec_driver_sql(
                    f"EXPLAIN (FORMAT json) {compile_sql(query).replace('%', '%%')}"
                ).scalar()
                if not is_long_scan(plan):
                    return None, 1
            streams = free_connections(connection, reading.connections)
        return CtidRangeQueue(size, streams), streams


def refuse_steps(loader: ScannerTableLoader) -> None:
    """Refuse what dlt would do to rows on their way: they come in files, which pass by it.

    Raises:
        TableError: the resource has `incremental`, `add_limit`, `add_map`, `add_filter`, or a step that is not of
            this package.
    """
    found = ["incremental"] if loader.incremental else []
    found += ["add_limit"] if loader.limit else []
    pipe = dlt.current.resource()._pipe
    for step in pipe.steps:
        kind = type(step)
        is_ours = kind.__module__.split(".")[0] == __name__.split(".")[0]
        if step is not pipe.gen and not is_ours and not isinstance(step, SEEN):
            found.append(STEPS.get(kind.__name__, kind.__name__))
    if found:
        raise TableError(
            f'Table {loader.table.name}: backend="{BACKEND}" does not apply {" and ".join(dict.fromkeys(found))}: its '
            'rows pass by in files. Take it away, or use a backend of dlt\'s (backend="pyarrow"); a condition on rows '
            "goes into query_adapter_callback. Nothing of the table was read."
        )


class ParallelParquetExport:
    """The files of one read, as they are finished, in no order; iterate once.

    An error of one stream ends all, and so does whoever stops to iterate. No more than two files a stream wait.
    """

    def __init__(
        self,
        moment: Snapshot,
        query: sa.Select,
        selection: str,
        parts: CtidRangeQueue | None,
        streams: int,
        folder: Path,
    ) -> None:
        self._moment, self._query, self._selection = moment, query, selection
        self._parts, self._folder = parts, folder
        self._is_stopped = threading.Event()
        self._finished: queue.Queue[tuple[Path, int] | BaseException | None] = queue.Queue(2 * streams)
        self._sessions: list[duckdb.DuckDBPyConnection] = []
        self._threads = [threading.Thread(target=self._stream, name=f"wire-{n}") for n in range(streams)]

    def __iter__(self) -> Iterator[tuple[Path, int]]:
        self._moment.wire  # noqa: B018  opened here, before the threads share it
        for thread in self._threads:
            thread.start()
        try:
            for _ in self._threads:
                while (item := self._finished.get()) is not None:
                    if isinstance(item, BaseException):
                        raise item
                    yield item
        finally:
            self._stop()

    def _stop(self) -> None:
        self._is_stopped.set()
        while any(thread.is_alive() for thread in self._threads):
            for session in list(self._sessions):
                session.interrupt()  # it may come before the statement: then again
            try:
                self._finished.get(timeout=0.05)
            except queue.Empty:
                continue

    def _stream(self) -> None:
        try:
            with ExitStack() as stack:
                session = stack.enter_context(self._moment.wire.session())
                self._sessions.append(session)
                stack.callback(self._sessions.remove, session)
                if self._parts is None:
                    self._write(session, self._query, "all")
                else:
                    while (part := self._parts.take()) and not self._is_stopped.is_set():
                        written = self._write(session, self._query.where(ctid_filter(part)), str(part[0]))
                        if part[1]:
                            self._parts.learn(part[1] - part[0], written)
        except BaseException as error:  # noqa: BLE001  whoever iterates raises it
            self._put(error)
        else:
            self._put(None)

    def _write(self, session: duckdb.DuckDBPyConnection, query: sa.Select, name: str) -> int:
        """Write one query's rows, hand the files over and return their bytes."""
        target = str(self._folder / name).replace("'", "''")
        found = session.execute(
            f"COPY (SELECT {self._selection} FROM {postgres_query(compile_sql(query))}) TO '{target}' ({PARQUET})"
        )
        files = [(Path(path), rows, size) for path, rows, size, *_ in found.fetchall() if rows]
        for path, rows, _ in files:
            self._put((path, rows))
        return sum(size for _, _, size in files)

    def _put(self, item: tuple[Path, int] | BaseException | None) -> None:
        while not self._is_stopped.is_set():
            try:
                return self._finished.put(item, timeout=0.05)
            except queue.Full:
                continue


def is_wide(found: CatalogTable) -> bool:
    """Tell whether a row is so wide on the average that 2,048 of them are much for the memory."""
    return bool(found.bytes and found.rows and found.bytes / max(found.rows, 1) > WIDE_ROW)


def empty(column: TColumnSchema) -> str:
    """Return DuckDB's SQL for a column of RAW that the source does not have: NULL, of RAW's type."""
    if column.get("data_type") == "decimal":
        return f"NULL::DECIMAL({column.get('precision') or 38}, {column.get('scale') or 0})"
    return f"NULL::{EMPTY.get(column.get('data_type', ''), 'VARCHAR')}"


def default_connections() -> int:
    """Return how many connections keep this machine's processors busy: Postgres needs as much as we do."""
    return max(1, os.cpu_count() or 1)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


register_table_loader_backend(BACKEND, ScannerTableLoader)
