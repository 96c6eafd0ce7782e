"""Types of Postgres to types of dlt and DuckDB, without loss: a value that has no exact type comes as Postgres's text.

A numeric without precision has up to 147,455 digits and a number in jsonb any precision: a float or a decimal(38, 9)
would cut both. RAW holds such values as text, and jsonb and arrays as JSON text. A value that no warehouse can hold in
the column's type (NaN in a numeric(12, 4), a time before year 1) fails the read with its column and key; an infinite
time becomes the first or last one that every warehouse has.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from exactly_once.names import DELETED_AT
from exactly_once.postgres.tables.catalog import CatalogColumn

MAX_PRECISION = 38  # of a decimal in DuckDB, Snowflake and Arrow's decimal128

# The scanner and Arrow have an exact type for these; every other type comes as text.
LOSSLESS = (sa.Boolean, sa.Integer, sa.Numeric, sa.Float, sa.Date, sa.DateTime, sa.Time, sa.LargeBinary, sa.String)
DOCUMENTS = (sa.JSON, sa.ARRAY)
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "bool": sa.Boolean(),
    "int2": sa.SmallInteger(),
    "int4": sa.Integer(),
    "int8": sa.BigInteger(),
    "float4": sa.REAL(),
    "float8": sa.Float(),
    "text": sa.Text(),
    "varchar": sa.String(),
    "bytea": sa.LargeBinary(),
    "date": sa.Date(),
    "timestamp": sa.DateTime(),
    "timestamptz": sa.DateTime(timezone=True),
    "time": sa.Time(),
    "json": sa.JSON(),
    "jsonb": postgresql.JSONB(),
}
# Of each type of time in DuckDB, the first and the last value that Arrow, DuckDB and Snowflake share.
TIMES = {
    "DATE": ("0001-01-01", "9999-12-31"),
    "TIMESTAMP": ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    "TIMESTAMPTZ": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
}


def source_type(column: CatalogColumn, is_text: bool = False) -> sa.types.TypeEngine[Any]:
    """Return the SQLAlchemy type of a column of the catalogue; of a domain, that of its base.

    Args:
        column: of the catalogue.
        is_text: whether it comes as text whatever it is.
    """
    if is_text:
        return sa.types.NullType()
    if column.is_array:
        return sa.ARRAY(sa.types.NullType())
    if column.base == "numeric":
        if column.modifier < 4:
            return sa.Numeric()
        scale = ((column.modifier - 4) & 0x7FF ^ 1024) - 1024  # eleven bits, signed
        return sa.Numeric((column.modifier - 4) >> 16 & 0xFFFF, scale)
    return TYPES.get(column.base, sa.types.NullType())


def dlt_type(sql_type: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Return the SQLAlchemy type that dlt describes a column by: the one that `select_expression` returns.

    It is the `type_adapter_callback` of dlt's `sql_table`.
    """
    if isinstance(sql_type, DOCUMENTS):
        return sa.JSON()
    if isinstance(sql_type, sa.Float):
        return sa.Numeric(asdecimal=False)  # dlt 1.31 knows a double by this; in SQLAlchemy 2.1 a Float is no Numeric
    return sql_type if is_lossless(sql_type) else sa.Text()


def source_of(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return the column as the source names it; the table that dlt sees has the names of RAW."""
    quoted = '"' + column.name.replace('"', '""') + '"'
    return sa.literal_column(column.info.get("source", quoted), column.type)


def select_list(table: sa.Table, deleted_at: sa.ColumnElement[Any] | None = None) -> list[sa.ColumnElement[Any]]:
    """Return every column under its name in RAW, cast by Postgres where it needs that, and `_deleted_at`.

    Args:
        table: as exactly_once/postgres/tables/source_table.py describes it.
        deleted_at: since when a row is deleted, where a column says so; None: the rows are not deleted.
    """
    since = sa.cast(sa.null() if deleted_at is None else deleted_at, sa.DateTime(timezone=True)).label(DELETED_AT)
    return [*(select_expression(column) for column in table.columns), since]


def select_expression(column: sa.Column[Any]) -> sa.Label[Any]:
    """Return the column under its name in RAW, as it is or cast to the text that Postgres writes for it."""
    value = source_of(column)
    if isinstance(column.type, sa.REAL):
        # The shortest text that is this float4: 0.1 stays 0.1, which as eight bytes it would not.
        value = sa.cast(sa.cast(value, sa.Text), sa.Double)
    elif is_lossless(column.type):
        if isinstance(column.type, sa.Numeric) and not isinstance(column.type, sa.Float):
            value = _without_nan(column)
        elif column.info.get("is_domain"):
            value = sa.cast(value, column.type)
    else:
        value = sa.cast(sa.func.to_json(value) if isinstance(column.type, sa.ARRAY) else value, sa.Text)
    return value.label(column.name)


def duckdb_cast(
    column: sa.ColumnElement[Any], key: Sequence[str] = (), is_json_text: bool = False, shown: str | None = None
) -> str:
    """Return DuckDB's SQL that casts a column of `select_list`, as the scanner returns it, to its type in RAW.

    Args:
        column: as selected.
        key: columns of the same row that name it in a complaint.
        is_json_text: whether Postgres has not checked that the text is a document for every reader (json, not jsonb).
        shown: the column's name at the source, for a complaint; None: as selected.
    """
    fail = partial(_failure, column.name, shown or column.name, key)
    name: str = '"' + column.name.replace('"', '""') + '"'
    # dlt's own widths, whatever Postgres says: one type in RAW, in every file and in Arrow.
    if isinstance(column.type, sa.Integer):
        return f"{name}::BIGINT"
    if isinstance(column.type, sa.Float | sa.Double):
        return f"{name}::DOUBLE"
    if isinstance(column.type, sa.Time):
        what = fail("no time of a day")
        return f"CASE WHEN {name} = TIME '24:00:00' THEN {what} ELSE {name} END"
    if is_json_text:
        what = fail("not JSON for every reader", is_shown=False)
        return f"CASE WHEN {name} IS NULL OR json_valid({name}) THEN {name} ELSE {what} END"
    kind = _time(column.type)
    if kind is None:
        return name
    first, last = (f"{kind} '{time}'" for time in TIMES[kind])
    if column.name in key:  # two keys must stay two
        return f"CASE WHEN {name} BETWEEN {first} AND {last} THEN {name} ELSE {fail('no key that RAW can hold')} END"
    return (
        f"CASE WHEN {name} IS NULL OR {name} BETWEEN {first} AND {last} THEN {name} "
        f"WHEN isinf({name}) THEN CASE WHEN {name} > {first} THEN {last} ELSE {first} END "
        f"ELSE {fail('outside of the years 1 to 9999')} END"
    )


def is_lossless(sql_type: sa.types.TypeEngine[Any]) -> bool:
    """Tell whether the scanner and Arrow keep every value of this type."""
    if isinstance(sql_type, (sa.Enum, postgresql.CITEXT)) or not isinstance(sql_type, LOSSLESS):
        return False
    if isinstance(sql_type, sa.Numeric) and sql_type.asdecimal:
        precision, scale = sql_type.precision, sql_type.scale or 0
        return precision is not None and precision <= MAX_PRECISION and 0 <= scale <= precision
    return not (isinstance(sql_type, sa.Time) and sql_type.timezone)


def _without_nan(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return the column with a check for NaN, which the scanner would read as 0 and no decimal has."""
    value = sa.cast(source_of(column), column.type) if column.info.get("is_domain") else source_of(column)
    # The cast fails at that row, and its message carries the words.
    words = sa.cast(sa.literal(f"column {column.info.get('name', column.name)} holds "), sa.Text) + sa.cast(
        value, sa.Text
    )
    for number, part in enumerate(column.info.get("key", ())):
        words = words + sa.literal(" in the row " if not number else ", ") + sa.cast(sa.literal_column(part), sa.Text)
    return sa.case((value == sa.cast(sa.literal("NaN"), column.type), sa.cast(words, column.type)), else_=value)


def _failure(name: str, shown: str, key: Sequence[str], why: str, is_shown: bool = True) -> str:
    """Return DuckDB's SQL that fails with the column, the row's key and, unless it may be personal text, the value.

    Args:
        name: of the column as selected.
        shown: its name at the source.
        key: columns of the same row.
        why: the value cannot be loaded.
        is_shown: whether the message has the value.
    """
    column = shown.replace("'", "''")
    quoted = '"' + name.replace('"', '""') + '"'
    value = f"' || {quoted}::VARCHAR || ', " if is_shown else "a text that is "
    row = " || ', ' || ".join('"' + part.replace('"', '""') + '"::VARCHAR' for part in key)
    return f"error('column {column} holds {value}{why}'{f' || {chr(39)} in the row {chr(39)} || {row}' if row else ''})"


def _time(sql_type: sa.types.TypeEngine[Any]) -> str | None:
    if isinstance(sql_type, sa.DateTime):
        return "TIMESTAMPTZ" if sql_type.timezone else "TIMESTAMP"
    return "DATE" if isinstance(sql_type, sa.Date) else None
