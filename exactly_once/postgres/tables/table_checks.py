"""What must hold of a table before a row is read: it exists, is readable, and its key and cursor fit a load.

A load refuses a table by the first line; the checks of `checks.py` print the same lines.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from exactly_once.partitions.declaration import SENSIBLE
from exactly_once.postgres.tables.catalog import CatalogColumn, CatalogTable
from exactly_once.postgres.tables.source_table import SourceTable, quote
from exactly_once.postgres.tables.spec import NONE, SWEEP, Table
from exactly_once.source_info import SourceInfo
from exactly_once.spec import nearest

TIMES = ("timestamptz", "timestamp")
PARTITIONS = (*TIMES, "date", "int2", "int4", "int8")
# A float has values that differ and are equal (NaN of other bits, 0 and -0), documents and shapes have no order, and
# two arrays that differ in their bounds alone are one in JSON.
NO_KEYS = ("float4", "float8", "json", "jsonb", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle")
UTC = ("utc", "etc/utc", "gmt", "etc/gmt", "zulu", "etc/zulu", "universal", "etc/universal", "uct", "etc/uct")


def access_refusals(
    spec: Table, found: CatalogTable, role: str, info: SourceInfo, is_loaded: bool = False
) -> Iterator[str]:
    """Yield why a table cannot be read, each in one line with the next step.

    Args:
        spec: the declaration of the table.
        found: what the catalogue says.
        role: that reads.
        info: of the source.
        is_loaded: whether RAW has the table from an earlier load.
    """
    name = f"{shown(found.schema)}.{shown(found.name)}"
    if found.oid is None:
        yield f"{info.label} has no table {name}; {_table_step(found, is_loaded)}, or take it out of {info.declared_in}"
        return
    if found.is_schema_closed:
        yield f"{role} may not look into {found.schema}; GRANT USAGE ON SCHEMA {shown(found.schema)} TO {shown(role)};"
        return
    yield from _missing_grants(spec, found, role, info)


def _table_step(found: CatalogTable, is_loaded: bool) -> str:
    """Return what to do about a table that is not there."""
    if found.elsewhere:
        return f'there is one in {", ".join(found.elsewhere)}: say schema="{found.elsewhere[0]}"'
    if is_loaded:
        return "restore it"
    schema, _, table = found.name.partition(".")
    if table and (schema != found.schema or table in found.neighbours):
        return f'say table="{table}", schema="{schema}"'
    near = nearest(found.name, found.neighbours)
    return f"did you mean {shown(near)}? Correct its name" if near else "correct its name"


def _missing_grants(spec: Table, found: CatalogTable, role: str, info: SourceInfo) -> Iterator[str]:
    if found.is_readable:
        return
    name = f"{shown(found.schema)}.{shown(found.name)}"
    closed = [column.name for column in found.columns if not column.is_readable]
    if len(closed) == len(found.columns):
        yield f"{role} may not read {name}; GRANT SELECT ON {name} TO {shown(role)};"
    elif unread := [column for column in closed if column not in spec.exclude]:
        names = ", ".join(f'"{column}"' for column in [*spec.exclude, *unread])
        yield f"{role} may not read {', '.join(unread)} of {name}: say exclude=[{names}] in {info.declared_in}"


def column_refusals(spec: Table, found: CatalogTable, info: SourceInfo, loaded: Collection[str] = ()) -> Iterator[str]:
    """Yield what is wrong with the columns that a declaration names, as the catalogue says.

    Args:
        spec: the declaration of the table.
        found: what the catalogue says.
        info: of the source.
        loaded: the columns, by their names at the source, that RAW has from an earlier load.
    """
    if {column.name for column in found.columns} <= set(spec.exclude):
        yield f"{spec.name} has no column that is not excluded: take it out of {info.declared_in}"
        return
    named = (*spec.key_columns, spec.cursor, _deletes_column(spec), spec.partition, *spec.exclude, *spec.as_text)
    for column in filter(None, named):
        if found.column(column) is None:
            yield f"{spec.name} has no column {column}; {_column_step(column, found, loaded)} in {info.declared_in}"
            return
    yield from _key_refusals(spec, found, info)
    yield from _cursor_refusals(spec, found, info)
    yield from _partition_refusals(spec, found)
    if (deletes := _deletes_column(spec)) and (kind := found.known_column(deletes)).base not in (*TIMES, "bool"):
        yield f"{spec.name}.{deletes} is {kind.type}: deletes takes a timestamp or boolean column, or a word"


def _column_step(column: str, found: CatalogTable, loaded: Collection[str]) -> str:
    """Return what to do about a column that is not there."""
    if column in loaded:
        return "restore it, or name another"
    parts = [part.strip() for part in column.split(",")]
    if len(parts) > 1 and all(map(found.column, parts)):
        listed = ", ".join(f'"{part}"' for part in parts)
        return f"say [{listed}], each name by itself,"
    if column in ("None", "none"):
        return "say None without quotes"
    near = nearest(column, [one.name for one in found.columns])
    return f"did you mean {near}? Correct it" if near else "name another"


def _deletes_column(spec: Table) -> str | None:
    return None if spec.deletes in (SWEEP, NONE) else spec.deletes


def _key_refusals(spec: Table, found: CatalogTable, info: SourceInfo) -> Iterator[str]:
    key = spec.key_columns
    for column in key:
        kind = found.known_column(column)
        if (kind.base in NO_KEYS or kind.is_array) and column not in spec.as_text:
            yield (
                f"{spec.name}.{column} is {kind.type}, which no warehouse compares as Postgres does: say "
                f'as_text=["{column}"] in {info.declared_in}, or name another key'
            )
    if key and found.kind in ("r", "p") and not found.heirs and not is_unique(found, key):
        columns = ", ".join(map(shown, key))
        yield (
            f"{spec.name}: no unique index holds ({', '.join(key)}) unique, so two rows may be one in RAW: CREATE "
            f'UNIQUE INDEX ON {shown(found.schema)}.{shown(found.name)} ({columns}); or say key="row" in '
            f"{info.declared_in}"
        )


def _cursor_refusals(spec: Table, found: CatalogTable, info: SourceInfo) -> Iterator[str]:
    if not spec.cursor:
        return
    if (kind := found.known_column(spec.cursor)).base not in TIMES:
        yield (
            f"{spec.name}.{spec.cursor} is {kind.type}, no timestamp, and says nothing of transactions that are "
            f"still open: name another cursor in {info.declared_in}, or None"
        )
    if found.is_delayed:
        yield (
            f"{spec.name}: rows of a materialized view become visible when it is refreshed, and open transactions "
            f"of a foreign table's server are not seen, so a cursor skips rows: say cursor=None in {info.declared_in}"
        )


def _partition_refusals(spec: Table, found: CatalogTable) -> Iterator[str]:
    if not spec.partition:
        return
    kind = found.known_column(spec.partition)
    if kind.base not in PARTITIONS or kind.is_array:
        fitting = [one.name for one in found.columns if one.base in PARTITIONS and one.name != spec.cursor]
        near = f", e.g. {fitting[0]}" if fitting else ""
        yield f"{spec.name}.{spec.partition} is {kind.type}, and the partition column of the table: {SENSIBLE}{near}"


def is_unique(found: CatalogTable, key: Sequence[str]) -> bool:
    """Tell whether an index holds the key unique; one of a table says nothing of tables that inherit from it."""
    return not found.heirs and any(set(index) <= set(key) for index in found.unique)


def nullable_key_columns(table: SourceTable) -> list[CatalogColumn]:
    """Return the columns of the key in which there may be a NULL."""
    key = table.spec.key_columns
    return [column for column in table.columns if column.name in key and not column.is_not_null]


def key_refusal(connection: sa.Connection, table: SourceTable) -> str | None:
    """Return why the key is not one, as far as the catalogue cannot say: it is NULL, or two rows of a view have it."""
    for column in nullable_key_columns(table):
        if connection.exec_driver_sql(
            f"select 1 from {_driver(table.quoted)} where {_driver(quote(column.name))} is null limit 1"
        ).first():
            return (
                f"{table.name}.{column.name} is a part of the key and is NULL in a row: DELETE or UPDATE those rows, "
                f'or say key="row" in {table.info.declared_in}'
            )
    if table.spec.is_row_keyed or is_unique(table.catalog, table.spec.key):
        return None
    columns = ", ".join(map(quote, table.spec.key))
    twice = f"select {columns} from {table.quoted} group by {columns} having count(*) > 1 limit 1"
    if row := connection.exec_driver_sql(_driver(twice)).first():
        shown = ", ".join(f"{name}={value}" for name, value in zip(table.spec.key, row, strict=True))
        return (
            f"{table.name}: two rows have the key {shown}: name a key that is unique, or say "
            f'key="row" in {table.info.declared_in}'
        )
    return None


def zone_refusal(table: SourceTable, settings: Sequence[tuple[str, str]]) -> str | None:
    """Return why the zone of a cursor or of a column of deletes is ambiguous: a `timestamp` without a declared zone.

    Args:
        table: with these columns.
        settings: whose sessions begin in which zone, from `zone_settings`.
    """
    spec = table.spec
    named = (spec.cursor, _deletes_column(spec))
    columns = [table.catalog.known_column(name) for name in named if name]
    column = next((column for column in columns if column.base == "timestamp"), None)
    if column is None or spec.zone:
        return None
    other = [(who, zone) for who, zone in settings if zone.strip("'\"").lower() not in UTC]
    if not other:
        return None
    who, zone = other[0]
    return (
        f"{table.name}.{column.name} is a timestamp without a zone, and sessions of {who} begin in {zone}: say in "
        f'which zone it is written, zone="{zone}" or zone="UTC", in {table.info.declared_in}'
    )


def shown(name: str) -> str:
    """Return a name as a person types it in SQL: quoted where it has to be."""
    dialect: Any = postgresql.dialect
    return str(dialect().identifier_preparer.quote(name))


def _driver(sql: str) -> str:
    return sql.replace("%", "%%")
