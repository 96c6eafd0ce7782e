"""One query of Postgres as Parquet files, written over several connections at the same time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from exactly_once.postgres.ctid_ranges import TARGET_FILE_BYTES, CtidRangeQueue, ctid_filter
from exactly_once.postgres.scanner import PostgresScanner, compile_sql, postgres_query
from exactly_once.process.parallel import Channel, produce

# Level 1 takes an eighth less of CPU than level 3, for files larger by a sixth. Snowflake reads Parquet's version 1.
PARQUET = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v1, WRITE_BLOOM_FILTER false, "
    f"ROW_GROUP_SIZE_BYTES '12MB', FILE_SIZE_BYTES {TARGET_FILE_BYTES * 3 // 2}, RETURN_STATS"
)


class ParallelParquetExport:
    """The files of one read, as (path, rows), as they are finished, in no order; iterate once.

    An error of one connection ends all, and so does stopping to iterate. At most two files a connection wait.

    Args:
        scanner: of the snapshot.
        query: of the table.
        selection: DuckDB's SQL of the columns of a file.
        folder: that the files are written to.
        ranges: of the table, shared by the connections; None: one connection reads all.
    """

    def __init__(
        self,
        scanner: PostgresScanner,
        query: sa.Select[Any],
        selection: str,
        folder: Path,
        ranges: CtidRangeQueue | None = None,
    ) -> None:
        self._scanner, self._query, self._selection = scanner, query, selection
        self._folder, self._ranges = folder, ranges
        self._sessions: list[duckdb.DuckDBPyConnection] = []

    def at_once(self, table: str | None = None) -> list[tuple[Path, int]]:
        """Return the files of a small read, made in this thread and in the session that small reads share.

        Args:
            table: what is read, for the line of an error.
        """
        with self._scanner.shared_session(table) as session:
            return [(path, rows) for path, rows, _ in self._copy(session, self._query, "all")]

    def __iter__(self) -> Iterator[tuple[Path, int]]:
        self._scanner.end_shared()
        connections = self._ranges.connections if self._ranges else 1
        return produce([self._export] * connections, on_stop=self._interrupt, name="export")

    def _interrupt(self) -> None:
        for session in list(self._sessions):
            session.interrupt()

    def _export(self, files: Channel[tuple[Path, int]]) -> None:
        with self._scanner.session() as session:
            self._sessions.append(session)
            try:
                self._export_ranges(session, files)
            finally:
                self._sessions.remove(session)

    def _export_ranges(self, session: duckdb.DuckDBPyConnection, files: Channel[tuple[Path, int]]) -> None:
        if self._ranges is None:
            self._write(session, self._query, "all", files)
            return
        while pages := self._ranges.next_range():
            files.check()
            first, behind = pages
            written = self._write(session, self._query.where(ctid_filter(pages)), str(first), files)
            if behind:
                self._ranges.observe(behind - first, written)

    def _write(
        self, session: duckdb.DuckDBPyConnection, query: sa.Select[Any], name: str, files: Channel[tuple[Path, int]]
    ) -> int:
        """Write one query's rows, hand the files over and return their bytes."""
        written = self._copy(session, query, name)
        for path, rows, _ in written:
            files.put((path, rows))
        return sum(size for _, _, size in written)

    def _copy(
        self, session: duckdb.DuckDBPyConnection, query: sa.Select[Any], name: str
    ) -> list[tuple[Path, int, int]]:
        """Write one query's rows and return the files as (path, rows, bytes)."""
        target = str(self._folder / name).replace("'", "''")
        found = session.execute(
            f"COPY (SELECT {self._selection} FROM {postgres_query(compile_sql(query))}) TO '{target}' ({PARQUET})"
        )
        return [(Path(path), rows, size) for path, rows, size, *_ in found.fetchall() if rows]
