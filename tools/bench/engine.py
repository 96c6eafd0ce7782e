"""Read every row of a Postgres table into Parquet with one library alone. It runs in `.venv-bench`.

`python engine.py ENGINE URL TABLE FOLDER` uses none of our packages: no snapshot is shared, and every type is the
library's own.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq

STREAMS = 2


def adbc(url: str, table: str, folder: Path) -> None:
    """Read two ranges of pages side by side with ADBC's driver."""
    import adbc_driver_postgresql.dbapi as driver

    def read(number: int, condition: str) -> None:
        with driver.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"select * from {table} where {condition}")
            write(cursor.fetch_record_batch(), folder / f"{number}.parquet")

    side_by_side(read, url, table)


def connectorx(url: str, table: str, folder: Path) -> None:
    """Read one stream with connectorx, which makes Arrow batches as they come."""
    import connectorx

    url = url.replace("postgresql+psycopg2:", "postgresql:")
    write(
        connectorx.read_sql(url, f"select * from {table}", return_type="arrow_stream", batch_size=50_000),
        folder / "0.parquet",
    )


def duckdb(url: str, table: str, folder: Path) -> None:
    """Read two ranges of pages side by side with DuckDB's scanner."""
    import duckdb as library
    import duckdb_extension_postgres_scanner

    library.execute("set threads = 1")
    extension = next(Path(duckdb_extension_postgres_scanner.__path__[0]).rglob("*.duckdb_extension"))
    library.execute(f"load '{extension}'")
    library.execute(f"attach '{url}' as source (type postgres, read_only)")

    def read(number: int, condition: str) -> None:
        query = f"select * from {table} where {condition}".replace("'", "''")
        target = f"to '{folder / f'{number}.parquet'}' (format parquet, compression zstd, compression_level 1)"
        with library.cursor() as session:
            session.execute(f"copy (select * from postgres_query('source', '{query}')) {target}")

    side_by_side(read, url, table)


def side_by_side(read: Callable[[int, str], None], url: str, table: str) -> None:
    """Call `read` with a number and the condition of a range of pages, once for each range, in threads."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"select pg_relation_size('{table}') / 8192")
        ((pages,),) = cursor.fetchall()
    connection.close()
    middle = pages // STREAMS
    threads = [
        threading.Thread(target=read, args=arguments)
        for arguments in ((0, f"ctid < '({middle},0)'::tid"), (1, f"ctid >= '({middle},0)'::tid"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write(batches: pa.RecordBatchReader, target: Path) -> None:
    """Write a stream of Arrow batches to a Parquet file, with Arrow's storage types for what Parquet cannot name."""
    plain = pa.schema([(field.name, getattr(field.type, "storage_type", field.type)) for field in batches.schema])
    with pq.ParquetWriter(target, plain, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            arrays = [getattr(array, "storage", array) for array in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=plain))


def main(engine: str, url: str, table: str, folder: str) -> None:
    """Read the whole table with one engine."""
    {"adbc": adbc, "connectorx": connectorx, "duckdb": duckdb}[engine](url, table, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
