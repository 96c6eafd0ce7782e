"""Rows whose cursor lies in the future: no watermark says that they changed, so each load compares them with RAW.

They come with the window's rows, from one scan. A file that has some is divided: they go on as Arrow tables, which are
compared, and the others as a file.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from dlt.common.schema.typing import C_DLT_LOAD_ID

from exactly_once.postgres.connection.open_transactions import warn
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.tables.source_table import SourceTable, quote
from exactly_once.postgres.tables.type_mapping import source_of

BATCH = 10_000  # rows
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v1, ROW_GROUP_SIZE_BYTES '12MB'"


class FutureRows:
    """Finds such rows in what a load reads of one table, and reports once that there are some.

    Args:
        engine: of the snapshot.
        source: the table.
        window: of the load.
    """

    def __init__(self, engine: sa.Engine, source: SourceTable, window: CursorWindow) -> None:
        self._engine, self._source, self._window = engine, source, window
        self._is_reported = False

    def are_in_file(self, path: Path) -> bool:
        """Tell from the footer of a Parquet file whether some are in it."""
        if self._window.cursor is None:
            return False
        import pyarrow.parquet as pq

        footer = pq.read_metadata(path)
        column = footer.schema.names.index(self._window.cursor)
        for group in range(footer.num_row_groups):
            found = footer.row_group(group).column(column).statistics
            if found is not None and found.has_min_max and found.max >= self._bound(found.max.tzinfo):
                self._report()
                return True
        return False

    def check(self, rows: pa.Table) -> pa.Table:
        """Return an Arrow table unchanged; report if some are in it."""
        if self._window.cursor is not None and not self._is_reported:
            import pyarrow.compute as pc

            cursor = rows.column(self._window.cursor)
            if pc.any(pc.greater_equal(cursor, pa.scalar(self._bound(cursor.type.tz), cursor.type))).as_py():
                self._report()
        return rows

    def divide(self, path: Path) -> Iterator[pa.Table | tuple[Path, int]]:
        """Yield them as Arrow tables, then the rest of the file, if any, as (path, rows)."""
        import pyarrow.parquet as pq

        cursor, place = quote(self._window.cursor or ""), str(path).replace("'", "''")
        rest = path.with_name(f"{path.name}.rest.parquet")
        with duckdb.connect(config={"memory_limit": "256MB", "preserve_insertion_order": False}) as database:
            database.execute("SET TimeZone = 'UTC'")
            ((kind,),) = database.execute(f"SELECT typeof({cursor}) FROM '{place}' LIMIT 1").fetchall()
            bound = self._bound("ZONE" in kind).replace(tzinfo=None)
            is_future = f"coalesce({cursor} >= CAST('{bound}{'+00' if 'ZONE' in kind else ''}' AS {kind}), false)"
            columns = f"* EXCLUDE ({C_DLT_LOAD_ID})"
            found = database.execute(f"SELECT {columns} FROM '{place}' WHERE {is_future}")
            for batch in found.to_arrow_reader(BATCH):
                yield pa.Table.from_batches([batch])
            target = str(rest).replace("'", "''")
            database.execute(f"COPY (SELECT * FROM '{place}' WHERE NOT {is_future}) TO '{target}' ({PARQUET})")
        if rest.exists():
            if rows := pq.read_metadata(rest).num_rows:
                yield rest, rows
            rest.unlink(missing_ok=True)

    def _bound(self, has_zone: object) -> datetime:
        return self._window.bound(self._window.future, has_zone)

    def _report(self) -> None:
        if self._is_reported:
            return
        self._is_reported = True
        source, table = self._source, self._source.described
        cursor = source_of(table.c[source.cursor or ""])
        key = [sa.cast(source_of(table.c[name]), sa.Text) for name in source.key]
        query = sa.select(*key, sa.cast(cursor, sa.Text), sa.func.count().over()).select_from(table)
        with self._engine.connect() as connection:
            *found, newest, count = connection.execute(
                query.where(self._window.is_future(table)).order_by(cursor.desc()).limit(1)
            ).one()
        row = ", ".join(f"{name}={value}" for name, value in zip(source.key, found, strict=True))
        warn(
            source.info,
            f"{source.name}.{source.spec.cursor} lies in the future in {count:,} rows, up to {newest} ({row}): they "
            "are loaded, and each load compares them again; correct them at the source",
        )
