"""MART of two DuckDB files compared: which rows and which columns differ."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

SIDES = ("before", "after")


@dataclass(frozen=True)
class Difference:
    """The difference of one table.

    `rows` are the counts before and after, None if the table does not exist. `only` are the counts of rows, by shared
    columns, that exist on one side only. A changed type is `old → new`. By the key of the table, `keys` are the rows
    removed and added, and `columns` the rows in which a column differs; None if the table has no unique key.
    """

    table: str
    rows: tuple[int | None, int | None]
    only: tuple[int, int] = (0, 0)
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    retyped: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[int, int] | None = None
    columns: Mapping[str, int] | None = None

    def __bool__(self) -> bool:
        return None in self.rows or any((*self.only, self.added, self.removed, self.retyped))


@contextmanager
def both(before: Path, after: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open two warehouses read-only, as `before` and `after`."""
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(after.parent / "spilled")}) as connection:
        for side, path in zip(SIDES, (before, after), strict=True):
            connection.execute(f"attach '{path}' as {side} (read_only)")
        yield connection


def difference(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str] = ()) -> Difference:
    """Return the difference of a table of MART; `key` are its key columns."""
    old, new = (_columns(connection, side, table) for side in SIDES)
    rows = (_count(connection, "before", table) if old else None, _count(connection, "after", table) if new else None)
    if None in rows:
        return Difference(table, rows)
    shared = [name for name in old if old[name] == new.get(name)]
    columns = (
        ", ".join(f'"{name}"' for name in shared) or "null"
    )  # without a shared column, only the counts of rows compare
    before, after = (f"select {columns} from {side}.MART.{table}" for side in SIDES)
    only = _rows_of(connection, f"{before} except all {after}"), _rows_of(connection, f"{after} except all {before}")
    keys, differing = _by_key(connection, table, key, shared) if any(only) else (None, None)
    return Difference(
        table,
        rows,
        only,
        added=[f"{name} {new[name]}" for name in new if name not in old],
        removed=[name for name in old if name not in new],
        retyped={name: f"{old[name]} → {new[name]}" for name in old if name in new and name not in shared},
        keys=keys,
        columns=differing,
    )


def gone(connection: duckdb.DuckDBPyConnection, table: str) -> Difference:
    """Return the difference of a table that is no longer in the project; it may still exist, since dbt drops none."""
    return Difference(table, (_count(connection, "before", table), None))


def _by_key(
    connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str], shared: Sequence[str]
) -> tuple[tuple[int, int] | None, dict[str, int] | None]:
    """Return how many keys were removed and added, and for each column in how many other rows it differs."""
    if not key or not set(key) <= set(shared) or any(_is_doubled(connection, side, table, key) for side in SIDES):
        return None, None
    met = " and ".join(f'one."{name}" = other."{name}"' for name in key)
    counted = [
        f'count(*) filter (where one."{name}" is distinct from other."{name}")' for name in shared if name not in key
    ]
    found, *counts = _one(
        connection,
        f"select {', '.join(['count(*)', *counted])} "
        f"from before.MART.{table} one join after.MART.{table} other on {met}",
    )
    old, new = (_count(connection, side, table) for side in SIDES)
    differing = zip([name for name in shared if name not in key], counts, strict=True)
    return (old - found, new - found), {name: count for name, count in differing if count}


def _columns(connection: duckdb.DuckDBPyConnection, side: str, table: str) -> dict[str, str]:
    """Return the types of a table's columns by name; empty if the table does not exist."""
    sql = (
        "select column_name, lower(data_type) from duckdb_columns() semi join duckdb_tables() "
        "using (database_name, schema_name, table_name) "
        "where database_name = ? and schema_name = 'MART' and table_name = ? order by column_index"
    )
    return dict(connection.execute(sql, [side, table]).fetchall())


def _is_doubled(connection: duckdb.DuckDBPyConnection, side: str, table: str, key: Sequence[str]) -> bool:
    listed = ", ".join(f'"{name}"' for name in key)
    return _one(connection, f"select count(*) > count(distinct ({listed})) from {side}.MART.{table}")[0]


def _count(connection: duckdb.DuckDBPyConnection, side: str, table: str) -> int:
    return _one(connection, f"select count(*) from {side}.MART.{table}")[0]


def _rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return _one(connection, f"select count(*) from ({query})")[0]


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    (row,) = connection.execute(sql).fetchall()
    return row
