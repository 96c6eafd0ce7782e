"""What must hold of a table before a row of it is read: it is there and readable, its key and cursor carry a load.

A load refuses a table by the first line; `make doctor` prints the same lines.
"""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from exactly_once.postgres.tables.catalog import CatalogColumn, CatalogTable
from exactly_once.postgres.tables.source_table import SourceTable, quote
from exactly_once.postgres.tables.spec import NONE, SWEEP, TableOptions

TIMES = ("timestamptz", "timestamp")
# A float has values that differ and are equal (NaN of other bits, 0 and -0), documents and shapes have no order, and
# two arrays that differ in their bounds alone are one in JSON.
NO_KEYS = ("float4", "float8", "json", "jsonb", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle")
UTC = ("utc", "etc/utc", "gmt", "etc/gmt", "zulu", "etc/zulu", "universal", "etc/universal", "uct", "etc/uct")


def access_refusals(options: TableOptions, found: CatalogTable, role: str) -> Iterator[str]:
    """Yield why a table cannot be read, each in one line with the next step.

    Args:
        options: its line of TABLES.
        found: what the catalogue says.
        role: that reads.
    """
    name = f"{shown(found.schema)}.{shown(found.name)}"
    if found.oid is None:
        step = "restore it"
        if found.elsewhere:
            step = f'there is one in {", ".join(found.elsewhere)}: say "schema": "{found.elsewhere[0]}"'
        yield (f"Postgres has no table {name}; {step}, or take its line out of TABLES in pipelines/postgres.py")
        return
    if found.is_schema_closed:
        yield f"{role} may not look into {found.schema}; GRANT USAGE ON SCHEMA {shown(found.schema)} TO {shown(role)};"
        return
    yield from _rights(options, found, role, name)


def _rights(options: TableOptions, found: CatalogTable, role: str, name: str) -> Iterator[str]:
    if found.is_readable:
        return
    closed = [column.name for column in found.columns if not column.is_readable]
    if len(closed) == len(found.columns):
        yield f"{role} may not read {name}; GRANT SELECT ON {name} TO {shown(role)};"
    elif unread := [column for column in closed if column not in options.exclude]:
        names = ", ".join(f'"{column}"' for column in [*options.exclude, *unread])
        yield f'{role} may not read {", ".join(unread)} of {name}: say "exclude": [{names}] in TABLES'


def column_refusals(options: TableOptions, found: CatalogTable) -> Iterator[str]:
    """Yield what is wrong with the columns that a line of TABLES names, as the catalogue says."""
    if {column.name for column in found.columns} <= set(options.exclude):
        yield f"{options.name} has no column that is not excluded: take its line out of TABLES"
        return
    key = () if options.is_row_keyed else options.key
    more = () if options.deletes in (SWEEP, NONE) else (options.deletes,)
    for column in filter(None, (*key, options.cursor, *more, *options.exclude, *options.as_text)):
        if found.column(column) is None:
            yield f"{options.name} has no column {column}: restore it, or name another in TABLES"
            return
    for column in key:
        kind = found.column(column)
        if (kind.base in NO_KEYS or kind.is_array) and column not in options.as_text:
            yield (
                f'{options.name}.{column} is {kind.type}, which no warehouse compares as Postgres does: say "as_text": '
                f'["{column}"] in TABLES, or name another key'
            )
    if key and found.kind in ("r", "p") and not found.heirs and not is_unique(found, key):
        columns = ", ".join(map(shown, key))
        yield (
            f"{options.name}: no unique index holds ({', '.join(key)}) unique, so two rows may be one in RAW: CREATE "
            f'UNIQUE INDEX ON {shown(found.schema)}.{shown(found.name)} ({columns}); or say "key": "row" in TABLES'
        )
    if options.cursor and (kind := found.column(options.cursor)).base not in TIMES:
        yield (
            f"{options.name}.{options.cursor} is {kind.type}, no timestamp, and says nothing of transactions that are "
            "still open: name another cursor in TABLES, or None"
        )
    if options.cursor and found.is_delayed:
        yield (
            f"{options.name}: rows of a materialized view become visible when it is refreshed, and open transactions "
            "of a foreign table's server are not seen, so a cursor skips rows: set the cursor to None in TABLES"
        )
    if more and (kind := found.column(options.deletes)).base not in (*TIMES, "bool"):
        yield f"{options.name}.{options.deletes} is {kind.type}: deletes takes a timestamp or boolean column, or a word"


def is_unique(found: CatalogTable, key: Sequence[str]) -> bool:
    """Tell whether an index of Postgres holds the key unique: one of a table says nothing of those that inherit."""
    return not found.heirs and any(set(index) <= set(key) for index in found.unique)


def nullable(table: SourceTable) -> list[CatalogColumn]:
    """Return the columns of the key in which there may be a NULL."""
    key = () if table.options.is_row_keyed else table.options.key
    return [column for column in table.columns if column.name in key and not column.is_not_null]


def key_refusal(connection: sa.Connection, table: SourceTable) -> str | None:
    """Look for what the catalogue cannot exclude: a NULL in the key, and in a view two rows with one key."""
    for column in nullable(table):
        if connection.exec_driver_sql(
            f"select 1 from {_driver(table.quoted)} where {_driver(quote(column.name))} is null limit 1"
        ).first():
            return (
                f"{table.name}.{column.name} is a part of the key and is NULL in a row: DELETE or UPDATE those rows, "
                'or say "key": "row" in TABLES'
            )
    if table.options.is_row_keyed or is_unique(table.found, table.options.key):
        return None
    columns = ", ".join(map(quote, table.options.key))
    twice = f"select {columns} from {table.quoted} group by {columns} having count(*) > 1 limit 1"
    if row := connection.exec_driver_sql(_driver(twice)).first():
        shown = ", ".join(f"{name}={value}" for name, value in zip(table.options.key, row, strict=True))
        return f'{table.name}: two rows have the key {shown}: name a key that is unique, or say "key": "row" in TABLES'
    return None


def zone_refusal(table: SourceTable, settings: Sequence[tuple[str, str]]) -> str | None:
    """Tell that times without a zone are written in sessions that do not begin in UTC, where no zone is declared.

    Args:
        table: of which the cursor is looked at, and the column that says since when a row is deleted.
        settings: whose sessions begin in which zone.
    """
    line = table.options
    columns = [table.found.column(name) for name in (line.cursor, line.deletes) if name not in (None, SWEEP, NONE)]
    column = next((column for column in columns if column.base == "timestamp"), None)
    if column is None or line.zone:
        return None
    other = [(who, zone) for who, zone in settings if zone.strip("'\"").lower() not in UTC]
    if not other:
        return None
    who, zone = other[0]
    return (
        f"{table.name}.{column.name} is a timestamp without a zone, and sessions of {who} begin in {zone}: "
        f'say in which zone it is written, "zone": "{zone}" or "zone": "UTC", in TABLES'
    )


def shown(name: str) -> str:
    """Return a name as a person types it in SQL: quoted where it has to be."""
    return postgresql.dialect().identifier_preparer.quote(name)


def _driver(sql: str) -> str:
    return sql.replace("%", "%%")
