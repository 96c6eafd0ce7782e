"""The tables that are read, made by SQL in a Postgres of their own."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2

# 14 columns of the kinds that cost: text of several lengths, numerics, a uuid, times, jsonb of some 100 bytes.
MAIN = {
    "event_id": ("bigint primary key", "n"),
    "message_id": ("uuid not null", "md5(n::text)::uuid"),
    "account_id": ("integer not null", "(n * 7919 % 30011)::int"),
    "event_type": ("text not null", "(array['sent', 'delivered', 'opened', 'clicked', 'bounced'])[1 + n % 5]"),
    "recipient": ("text not null", "'person.' || n * 31 % 1000003 || '@example-' || n % 97 || '.com'"),
    "subject": ("text", "case when n % 7 > 0 then 'Crème brûlée “' || n % 1009 || '” for you, and more of it' end"),
    "amount": ("numeric(12, 4) not null", "(n * 13 % 99999989) / 10000.0"),
    "balance": ("numeric(18, 2)", "case when n % 11 > 0 then (n * 104729 - 50000000) / 100.0 end"),
    "is_test": ("boolean not null", "n % 50 = 0"),
    "attempt": ("smallint not null", "(n % 9)::smallint"),
    "sent_on": ("date not null", "date '2024-01-01' + (n % 700)::int"),
    "created_at": ("timestamptz not null", "timestamptz '2024-01-01 00:00Z' + n % 60000000 * interval '1.000217 s'"),
    "updated_at": ("timestamptz not null", "timestamptz '2024-03-01 00:00Z' + n % 60000000 * interval '1.000217 s'"),
    "payload": (
        "jsonb not null",
        """('{"client": "mail-' || n % 40 || '", "price": ' || n % 997 || '.50, "tags": ["a", "b' || n % 13
            || '"], "ip": "10.0.' || n % 256 || '.' || n % 251 || '", "retry": false}')::jsonb""",
    ),
}
KEY = {"event_id": MAIN["event_id"]}
CURSOR = {"updated_at": MAIN["updated_at"]}
KINDS = (
    ("integer", "(n * {i} % 1000003)::int"),
    ("text", "'word ' || n * {i} % 10007"),
    ("numeric(12, 4)", "(n * {i} % 9999991) / 10000.0"),
    ("timestamptz", "timestamptz '2024-01-01 00:00Z' + n * {i} % 50000000 * interval '1 s'"),
    ("boolean", "n % {i} = 0"),
)
WIDE = KEY | {f"c{i}": (KINDS[i % 5][0], KINDS[i % 5][1].format(i=i)) for i in range(1, 199)} | CURSOR
NARROW = KEY | {"amount": ("integer not null", "(n % 1000)::int")} | CURSOR
JSON = KEY | CURSOR
JSON["document"] = (
    "jsonb not null",
    "jsonb_build_object('n', n, "
    + ", ".join(f"'field_{i}', jsonb_build_array(md5((n + {i})::text), n % {i + 2}, {i}.25)" for i in range(25))
    + ")",
)


@dataclass(frozen=True)
class Table:
    """A table to create: columns as {name: (type, expression of n)}, rows as a share of those of the main table."""

    name: str
    columns: dict[str, tuple[str, str]]
    share: float = 1.0

    def rows(self, rows: int) -> int:
        """Return how many rows it has where the main table has `rows`."""
        return max(1, int(rows * self.share))


TABLES = {
    table.name: table
    for table in (
        Table("events", MAIN),
        Table("events_few", MAIN, 1 / 30),  # for a reader that would take an hour over all of them
        Table("events_10x", MAIN, 10),
        Table("wide", WIDE, 1 / 10),
        Table("narrow", NARROW),
        Table("json_heavy", JSON, 1 / 10),
    )
}


def make(url: str, table: Table, rows: int) -> None:
    """Create and fill a table, with its key, an index on its cursor and the trigger that sets the cursor.

    It is unlogged and without autovacuum: the server's own work would distort a figure.
    """
    definitions = ", ".join(f"{name} {kind}" for name, (kind, _) in table.columns.items())
    values = ", ".join(expression for _, expression in table.columns.values())
    execute(
        url,
        f"create unlogged table {table.name} ({definitions}) with (autovacuum_enabled = false)",
        f"insert into {table.name} select {values} from generate_series(1::bigint, {rows}) n",
        f"create index on {table.name} (updated_at)",
        """create or replace function touch() returns trigger language plpgsql as
           $$ begin new.updated_at := now(); return new; end $$""",
        f"create trigger touch before update on {table.name} for each row execute function touch()",
        f"vacuum analyze {table.name}",
    )


def change(url: str, name: str, remainder: int) -> int:
    """Change each hundredth row of `name` and return their number."""
    return execute(url, f"update {name} set amount = amount + 1 where event_id % 100 = {remainder % 100}")


def drop(url: str, name: str) -> None:
    """Drop a table if it exists."""
    execute(url, f"drop table if exists {name}")


def version(url: str) -> str:
    """Return the server's version."""
    return select(url, "show server_version")[0][0].split()[0]


def execute(url: str, *statements: str) -> int:
    """Run statements, each in a transaction of its own, and return how many rows the last one wrote."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return cursor.rowcount


def select(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, in UTC."""
    with closing(psycopg2.connect(url, options="-c timezone=UTC")) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
