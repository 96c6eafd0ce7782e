"""Row-by-row comparison of a source and RAW, with code that the pipelines do not share."""

import itertools
from collections.abc import Iterator
from contextlib import closing

import duckdb
import psycopg2

from pipelines import postgres
from tests.support.tables import names

# What a test selects to see a value in full, where a driver's own type would hide a difference.
AS_TEXT = {"jsonb": "{}::text", "ARRAY": "to_json({})::text", "uuid": "{}::text", "USER-DEFINED": "{}::text"}


def assert_raw_equals_source(platform, *also: tuple[str, str]) -> None:
    """Compare every declared table, and others as (table, key), with RAW's undeleted rows, value by value."""
    for table, key in [*((table.name, ", ".join(table.key_columns)) for table in postgres.TABLES), *also]:
        assert differences(platform, table, key) == [], table


def source_counts(platform) -> dict[str, int]:
    return {name: platform.source(f"select count(*) from {name}")[0][0] for name in names()}


def differences(platform, table: str, key: str) -> list[tuple]:
    """Return the first rows in which Postgres and RAW differ as (side, row); empty: they are equal."""
    source, raw = source_rows(platform, table, key), raw_rows(platform, table, key)
    pairs = itertools.zip_longest(source, raw)
    return list(itertools.islice(((left, right) for left, right in pairs if left != right), 5))


def columns(platform, table: str) -> list[tuple[str, str, bool]]:
    """Return (name, Postgres type, whether it is a numeric without precision) of each column, in order."""
    return platform.source(
        f"""select column_name, data_type, data_type = 'numeric' and numeric_precision is null
        from information_schema.columns where table_schema = 'public' and table_name = '{table}'
        order by ordinal_position"""
    )


def source_rows(platform, table: str, key: str) -> Iterator[tuple]:
    """Yield Postgres's rows of a table in the order of the key, in a form in which no driver hides a difference."""
    parts = [
        ("{}::text" if is_unbounded else AS_TEXT.get(kind, "{}")).format(f'"{name}"')
        for name, kind, is_unbounded in columns(platform, table)
    ]
    with closing(psycopg2.connect(platform.postgres_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(parts)} from {table} order by {key}")
        for row in cursor:
            yield tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def raw_rows(platform, table: str, key: str) -> Iterator[tuple]:
    names = ", ".join(f'"{name}"' for name, _, _ in columns(platform, table))
    with duckdb.connect(str(platform.warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        result = connection.execute(
            f"select {names} from RAW.POSTGRES_{table} where _deleted_at is null order by {key}"
        )
        while rows := result.fetchmany(10_000):
            yield from rows
