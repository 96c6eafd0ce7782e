"""The backend "wire" of dlt's `sql_table`: Parquet files straight from Postgres, over several connections.

A file goes through dlt as it is: it has the columns that dlt's schema has, in their order, and `_dlt_load_id`. Rows
that an earlier load may have brought come as Arrow tables instead, so that the steps behind compare them with RAW.
"""

import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import sqlalchemy as sa
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.extract.incremental import IncrementalResourceWrapper
from dlt.extract.items_transform import LimitItem, MetricsItem
from dlt.sources.sql_database.helpers import BaseTableLoader, register_table_loader_backend

from pipelines.errors import TableRefused
from pipelines.exact import exact_value
from pipelines.page_ranges import FILE, PageRanges, free_connections, is_long_scan, table_size, within
from pipelines.raw_table import RawTable
from pipelines.snapshot import READER, Snapshot
from pipelines.window import Window
from pipelines.wire import rows_of, sql_text

BACKEND = "wire"
FOLDER = "wire"  # in the pipeline's working folder: what a killed run leaves there is removed by the next one
# Level 1 takes an eighth less of CPU than level 3, for files larger by a sixth. Snowflake reads Parquet's version 1.
PARQUET = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v1, WRITE_BLOOM_FILTER false, "
    f"ROW_GROUP_SIZE_BYTES '12MB', FILE_SIZE_BYTES {FILE * 3 // 2}, RETURN_STATS"
)
SEEN = (IncrementalResourceWrapper, LimitItem, MetricsItem)  # the loader has the first two; the third only counts
STEPS = {"MapItem": "add_map", "YieldMapItem": "add_yield_map", "FilterItem": "add_filter"}
LOAD_ID = {"name": C_DLT_LOAD_ID, "data_type": "text", "nullable": True}


@dataclass(frozen=True)
class Reading:
    """What the loader needs beyond dlt's arguments: the snapshot, the window, what RAW has, and connections at most."""

    moment: Snapshot
    window: Window
    raw: RawTable
    connections: int


class WireLoader(BaseTableLoader):
    """Reads one table; dlt makes it with what `sql_table` was told, and a `Reading` in `backend_kwargs`."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yield Parquet files as dlt imports them, or Arrow tables of rows that may be old."""
        reading: Reading = (backend_kwargs or {})["reading"]
        refuse_steps(self)
        query = self.make_query()
        if reading.raw.exists and reading.window.may_reread(self.table):
            yield from self._tables(reading, query)
        else:
            yield from self._files(reading, query)

    def _tables(self, reading: Reading, query: sa.Select) -> Iterator[pa.Table]:
        columns = ", ".join(f"{exact_value(column)} AS {_name(column.name)}" for column in query.selected_columns)
        with reading.moment.wire.session() as session:
            rows = session.execute(f"SELECT {columns} FROM {rows_of(sql_text(query))}")
            for batch in rows.to_arrow_reader(self.chunk_size):
                yield pa.Table.from_batches([batch])

    def _files(self, reading: Reading, query: sa.Select) -> Iterator[Any]:
        # dlt makes its schema of the table with the first item.
        yield (
            dlt.mark.with_hints([], dlt.mark.make_hints(write_disposition="append")) if self._is_first(reading) else []
        )
        selection = self._selection(query)
        parts, streams = self._parts(reading, query)
        folder = Path(dlt.current.pipeline().working_dir) / FOLDER
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f"{self.table.name}-") as place:
            for path, rows in Streams(reading.moment, query, selection, parts, streams, Path(place)):
                yield dlt.mark.with_file_import(str(path), "parquet", rows, hints=[])
                path.unlink()  # dlt has a link of its own

    def _is_first(self, reading: Reading) -> bool:
        """Tell whether a merge would find nothing to merge with: then the rows are copied into RAW as they come.

        Each comes once, for one snapshot holds each key once; so it does after a kill (pipelines/settle.py).
        """
        key = {column.name for column in self.table.primary_key}
        return bool(key) and key <= set(reading.raw.key) and not reading.raw.exists and reading.raw.is_empty()

    def _selection(self, query: sa.Select) -> str:
        """Return the columns of a file: those of dlt's schema in its order, or dlt would write each file again."""
        schema = dlt.current.source_schema()
        values = {
            schema.naming.normalize_identifier(column.name): exact_value(column) for column in query.selected_columns
        }
        values[C_DLT_LOAD_ID] = f"'{dlt.current.load_package_state()['load_id']}'"
        table = schema.naming.normalize_tables_path(dlt.current.resource().table_name)
        names = dict.fromkeys(schema.get_table_columns(table)) | dict.fromkeys(values)
        return ", ".join(f"{values.get(name, 'NULL')} AS {_name(name)}" for name in names)

    def _parts(self, reading: Reading, query: sa.Select) -> tuple[PageRanges | None, int]:
        """Return the ranges to read and over how many connections; None for the ranges: all at once."""
        if reading.connections < 2:
            return None, 1
        with self.engine.connect() as connection:
            size = table_size(connection, self.table)
            if size.is_small:
                return None, 1
            if reading.window.start:
                plan = connection.exec_driver_sql(
                    f"EXPLAIN (FORMAT json) {sql_text(query).replace('%', '%%')}"
                ).scalar()
                if not is_long_scan(plan):
                    return None, 1
            streams = free_connections(connection, reading.connections, READER)
        return PageRanges(size, streams), streams


def refuse_steps(loader: WireLoader) -> None:
    """Refuse what dlt would do to rows on their way: they come in files, which pass by it.

    Raises:
        TableRefused: the resource has `incremental`, `add_limit`, `add_map`, `add_filter`, or a step that is not of
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
        raise TableRefused(
            f'Table {loader.table.name}: backend="{BACKEND}" does not apply {" and ".join(dict.fromkeys(found))}: its '
            'rows pass by in files. Take it away, or use a backend of dlt\'s (backend="pyarrow"); a condition on rows '
            "goes into query_adapter_callback. Nothing of the table was read."
        )


class Streams:
    """The files of one read, as they are finished, in no order; iterate once.

    An error of one stream ends all, and so does whoever stops to iterate. No more than two files a stream wait.
    """

    def __init__(
        self, moment: Snapshot, query: sa.Select, selection: str, parts: PageRanges | None, streams: int, folder: Path
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
                        written = self._write(session, self._query.where(within(part)), str(part[0]))
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
            f"COPY (SELECT {self._selection} FROM {rows_of(sql_text(query))}) TO '{target}' ({PARQUET})"
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


def connections_here() -> int:
    """Return how many connections keep this machine's processors busy: Postgres needs as much as we do."""
    return max(1, os.cpu_count() or 1)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


register_table_loader_backend(BACKEND, WireLoader)
