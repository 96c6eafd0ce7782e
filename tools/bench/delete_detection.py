"""Delete detection of many keys: seconds and peak memory of comparing every key of Postgres with every key of RAW.

`python -m tools.bench.delete_detection [ROWS]`; a real Postgres, a DuckDB file. One row in a thousand is deleted.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb
import psycopg2
import pyarrow as pa
import sqlalchemy as sa

from exactly_once.incremental.key_diff import BATCH, SortedKeyDiff
from exactly_once.postgres.cursor_window import CursorColumn, CursorWindow
from exactly_once.postgres.key_reader import PrimaryKeyReader
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.tables.catalog import read_catalog
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.spec import Table
from mock_services.postgres.server import EmbeddedPostgres


class DuckDbKeys:
    """RAW without a dlt pipeline: the same streamed query, the same fetches."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(str(path))

    def keys(self):
        rows = self._connection.execute("select row_id from raw where _deleted_at is null order by row_id")
        yield from map(pa.Table.from_batches, ([batch] for batch in rows.to_arrow_reader(BATCH)))


def measure(rows: int) -> tuple[float, float, int]:
    """Return seconds, peak MB of this process and the number of deleted rows found."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres", ephemeral=True) as server:
        connection = psycopg2.connect(server.url())
        with connection, connection.cursor() as cursor:
            cursor.execute(
                f"""create table rows (row_id bigint primary key, updated_at timestamptz default now());
                insert into rows select n from generate_series(1, {rows}) n where n % 1000 > 0"""
            )
        connection.close()
        raw = DuckDbKeys(Path(folder) / "raw.duckdb")
        raw._connection.execute(
            f"create table raw as select range + 1 as row_id, null::timestamptz as _deleted_at from range({rows})"
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with Snapshot(sa.make_url(server.url())) as snapshot:
            with snapshot.engine.connect() as catalog:
                (table,) = read_catalog(catalog, [("public", "rows")])
            spec = Table("rows", key="row_id", cursor="updated_at", deletes="sweep")
            window = CursorWindow(snapshot, dict, CursorColumn("updated_at"))
            keys = PrimaryKeyReader(snapshot, SourceTable(spec, table, snapshot.info), window)
            began = time.monotonic()
            found = sum(is_gone for is_gone, _ in SortedKeyDiff(raw.keys(), keys.iter_keys()).iter_differences())
            seconds = time.monotonic() - began
    return seconds, max(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the delete detection of a table by its keys.")
    parser.add_argument("count", nargs="?", type=int, default=3_000_000, help="keys (3000000)")
    count = parser.parse_args().count
    took, peak, gone = measure(count)
    print(f"sweep of {count:,} keys: {took:.1f} s, peak {peak:.0f} MB, {gone:,} vanished rows found")
