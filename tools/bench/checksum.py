"""Checks that every value of a table was loaded: without that, no figure counts.

`python -m tools.bench.checksum URL WAREHOUSE TABLE…` says what RAW comes to.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from tools.bench.process import run
from tools.bench.source import select


class RowsDiffer(Exception):
    """RAW differs from the source."""


def compare(url: str, table: str, warehouse: Path, expected: tuple[int, int] | None = None) -> tuple[int, int]:
    """Compare a table with the undeleted rows of its RAW table and return (rows, checksum).

    Args:
        url: of the source.
        table: its name there; RAW's is POSTGRES_<TABLE>.
        warehouse: the DuckDB file.
        expected: what the source came to, where that is known and nothing changed since.

    Raises:
        RowsDiffer: a row or a value is missing, doubled or another one.
    """
    source = expected or of_source(url, table)
    # In a process of its own: the memory of this one would be counted with whatever it starts next.
    said = run([sys.executable, "-m", "tools.bench.checksum", url, warehouse, table]).result
    raw = tuple(said[table])
    if raw != source:
        raise RowsDiffer(
            f"{table}: RAW holds {raw[0]:,} rows with checksum {raw[1]}, the source {source[0]:,} with {source[1]}"
        )
    return source


def compare_all(url: str, tables: Sequence[str], warehouse: Path) -> None:
    """Compare several tables, RAW's side in one process.

    Raises:
        RowsDiffer: a row or a value of a table is missing, doubled or another one.
    """
    said = run([sys.executable, "-m", "tools.bench.checksum", url, warehouse, *tables]).result
    for table in tables:
        rows, checksum = of_source(url, table)
        if said[table] != [rows, checksum]:
            raise RowsDiffer(f"{table}: RAW holds rows and checksum {said[table]}, the source {[rows, checksum]}")


def of_source(url: str, table: str) -> tuple[int, int]:
    """Return (rows, the sum of a 60 bit hash of each row) of a Postgres table."""
    text = ", ".join(_in_postgres(name, kind) for name, kind in _columns(url, table))
    row = f"('x' || substr(md5(array_to_string(array[{text}], '|')), 1, 15))::bit(60)::bigint"
    rows, total = select(url, f"select count(*), coalesce(sum({row}), 0) from {table}")[0]
    return rows, int(total)


def of_raw(url: str, table: str, warehouse: Path) -> tuple[int, int]:
    """Return the same of the rows in RAW that are not marked as deleted."""
    text = ", ".join(_in_duckdb(name, kind) for name, kind in _columns(url, table))
    row = f"('0x' || substr(md5(concat_ws('|', {text})), 1, 15))::bigint"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        ((rows, total),) = connection.execute(
            f"select count(*), coalesce(sum({row}), 0) from RAW.POSTGRES_{table} where _deleted_at is null"
        ).fetchall()
    return rows, int(total)


def _columns(url: str, table: str) -> list[tuple[str, str]]:
    return select(
        url,
        f"""select column_name, data_type from information_schema.columns
            where table_name = '{table}' order by ordinal_position""",
    )


# Both write a value as the same text. White space inside jsonb is nobody's promise.
def _in_postgres(name: str, kind: str) -> str:
    match kind:
        case "timestamp with time zone":
            text = f"(extract(epoch from {name}) * 1000000)::bigint::text"
        case "jsonb":
            text = f"replace({name}::text, ' ', '')"
        case _:
            text = f"{name}::text"
    return f"coalesce({text}, '∅')"


def _in_duckdb(name: str, kind: str) -> str:
    match kind:
        case "timestamp with time zone":
            text = f"epoch_us({name})::varchar"
        case "jsonb":
            text = f"replace({name}::varchar, ' ', '')"
        case _:
            text = f"{name}::varchar"
    return f"coalesce({text}, '∅')"


if __name__ == "__main__":
    address, file, *names = sys.argv[1:]
    print(json.dumps({name: of_raw(address, name, Path(file)) for name in names}))
