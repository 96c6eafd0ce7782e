"""Compare a source table with a warehouse by value: rows that are missing, stale, doubled or resurrected."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg2

from tests.support.compare import AS_TEXT

PAGE = 10_000


@dataclass
class Outcome:
    """`lost` has the updated_at of each source row that is missing or stale; `resurrected` counts deleted rows."""

    rows: int = 0
    lost: list[datetime] = field(default_factory=list)
    doubled: int = 0
    resurrected: int = 0

    def add(self, other: "Outcome") -> None:
        """Add what was found in another table."""
        self.rows, self.lost = self.rows + other.rows, self.lost + other.lost
        self.doubled, self.resurrected = self.doubled + other.doubled, self.resurrected + other.resurrected


def compare(url: str, table: str, file: Path, relation: str, *, alive: str = "true", is_exact: bool = True) -> Outcome:
    """Compare a table of Postgres with a relation of a DuckDB file.

    Args:
        alive: the condition of the relation's rows that are not deleted.
        is_exact: compare every value; else only the types that stock dlt loads unchanged.
    """
    with (
        closing(psycopg2.connect(url, application_name="mailblaze comparison")) as connection,
        connection.cursor() as cursor,
        duckdb.connect(str(file), read_only=True) as warehouse,
    ):
        warehouse.execute("set TimeZone = 'UTC'")
        key = _key(cursor, table)
        selected = _columns(cursor, table, is_exact)
        columns = {name: selected[name] for name in ("updated_at", *key)} | selected
        cursor.execute(f"select {', '.join(columns.values())} from {table} order by {', '.join(key)}")
        names, keys = ", ".join(f'"{name}"' for name in columns), ", ".join(key)
        landed = warehouse.execute(f"select {names} from {relation} where {alive} order by {keys}")
        outcome = _merge(_pages(cursor), _pages(landed), slice(1, 1 + len(key)))
        doubled = f"select count(*) from (select {keys} from {relation} group by all having count(*) > 1)"
        ((outcome.doubled,),) = warehouse.execute(doubled).fetchall()
    return outcome


def _merge(source: Iterator[tuple], landed: Iterator[tuple], key: slice) -> Outcome:
    outcome, row = Outcome(), next(landed, None)
    for wanted in source:
        outcome.rows += 1
        while row is not None and row[key] < wanted[key]:
            outcome.resurrected += 1
            row = next(landed, None)
        is_there = False
        while row is not None and row[key] == wanted[key]:
            is_there = is_there or row == wanted
            row = next(landed, None)
        if not is_there:
            outcome.lost.append(wanted[0])
    outcome.resurrected += sum(1 for _ in landed) + (row is not None)
    return outcome


def _key(cursor, table: str) -> Sequence[str]:
    cursor.execute(
        """select attname from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
        where indisprimary and indrelid = %s::regclass order by array_position(indkey, attnum)""",
        (table,),
    )
    return [name for (name,) in cursor.fetchall()]


def _columns(cursor, table: str, is_exact: bool) -> dict[str, str]:
    """Return the columns, each with the SQL that selects it as RAW holds it."""
    cursor.execute(
        """select column_name, data_type, data_type = 'numeric' and numeric_precision is null
        from information_schema.columns where table_schema = 'public' and table_name = %s order by ordinal_position""",
        (table,),
    )
    return {
        name: ("{}::text" if is_unbounded else AS_TEXT.get(kind, "{}")).format(f'"{name}"')
        for name, kind, is_unbounded in cursor.fetchall()
        if is_exact or (not is_unbounded and kind not in AS_TEXT)
    }


def _pages(cursor) -> Iterator[tuple]:
    while rows := cursor.fetchmany(PAGE):
        for row in rows:
            yield tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
