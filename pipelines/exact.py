"""Every Postgres value exactly: what Arrow or a reader would bend travels as the text that Postgres itself writes.

A numeric without precision has up to 147,455 digits, a number in jsonb any precision at all: a float or a
decimal(38, 9) would cut both. RAW holds such values as text (jsonb and arrays as JSON text), and STAGING casts them
where it knows better. What no warehouse can hold in the column's own type (NaN in a numeric(12, 4), a time before
year 1) fails the read by name; an infinite time is the first or last one that every warehouse has.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

MAX_PRECISION = 38  # of a decimal in DuckDB, Snowflake and Arrow's decimal128

# These come through the wire without loss; whatever is not in here goes as text.
NATIVE = (sa.Boolean, sa.Integer, sa.Numeric, sa.Float, sa.Date, sa.DateTime, sa.Time, sa.LargeBinary, sa.String)
DOCUMENTS = (sa.JSON, sa.ARRAY)
# Of each type of time in DuckDB, the first and the last value that Arrow, DuckDB and Snowflake share.
TIMES = {
    "DATE": ("0001-01-01", "9999-12-31"),
    "TIMESTAMP": ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    "TIMESTAMPTZ": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
}


def exact_type(sql_type: sa.types.TypeEngine) -> sa.types.TypeEngine:
    """Return the SQLAlchemy type that dlt describes the column by: the one that `exact_query` selects."""
    if isinstance(sql_type, DOCUMENTS):
        return sa.JSON()
    if isinstance(sql_type, sa.Float):
        return sa.Numeric(asdecimal=False)  # dlt 1.31 knows a double by this; in SQLAlchemy 2.1 a Float is no Numeric
    return sql_type if is_native(sql_type) else sa.Text()


def loosen(table: sa.Table) -> None:
    """Let RAW accept a NULL in any column: Postgres may drop a NOT NULL tomorrow, and no file says that it has none."""
    for column in table.columns:
        column.info.setdefault("is_nullable", column.nullable)
        column.nullable = True


def exact_columns(table: sa.Table, deleted_at: str | None = None) -> list[sa.ColumnElement]:
    """Return every column, cast by Postgres where it needs that, and `_deleted_at`.

    Args:
        deleted_at: the column in which the application itself says since when a row is deleted; None: these rows live.
    """
    when = table.c[deleted_at] if deleted_at else sa.null()
    since = sa.cast(when, sa.DateTime(timezone=True)).label("_deleted_at")
    return [*(exact_column(column) for column in table.columns), since]


def exact_column(column: sa.Column) -> sa.ColumnElement:
    """Return the column as it is, or cast to the text that Postgres writes for it."""
    if is_native(column.type):
        return _without_nan(column) if isinstance(column.type, sa.Numeric) and column.type.asdecimal else column
    value = sa.func.to_json(column) if isinstance(column.type, sa.ARRAY) else column
    return sa.cast(value, sa.Text).label(column.name)


def exact_value(column: sa.ColumnElement) -> str:
    """Return DuckDB's SQL for a column that `exact_columns` selected, as it came through the wire."""
    name = '"' + column.name.replace('"', '""') + '"'
    # The widths that dlt gives a column whatever Postgres says: one type in RAW, in every file and in Arrow.
    if isinstance(column.type, sa.Integer):
        return f"{name}::BIGINT"
    if isinstance(column.type, sa.Float):
        return f"{name}::DOUBLE"
    kind = _time(column.type)
    if kind is None:
        return name
    first, last = (f"{kind} '{moment}'" for moment in TIMES[kind])
    complaint = column.name.replace("'", "''")
    return (
        f"CASE WHEN {name} IS NULL OR {name} BETWEEN {first} AND {last} THEN {name} "
        f"WHEN isinf({name}) THEN CASE WHEN {name} > {first} THEN {last} ELSE {first} END "
        f"ELSE error('{complaint} holds ' || {name}::VARCHAR || ', outside of the years 1 to 9999') END"
    )


def is_native(sql_type: sa.types.TypeEngine) -> bool:
    """Tell whether every value of this type survives the wire and Arrow."""
    if isinstance(sql_type, (sa.Enum, postgresql.CITEXT)) or not isinstance(sql_type, NATIVE):
        return False
    if isinstance(sql_type, sa.Numeric) and sql_type.asdecimal:
        precision, scale = sql_type.precision, sql_type.scale or 0
        return precision is not None and precision <= MAX_PRECISION and 0 <= scale <= precision
    return not (isinstance(sql_type, sa.Time) and sql_type.timezone)


def _without_nan(column: sa.Column) -> sa.ColumnElement:
    """Return the column, guarded: the wire's reader would take a NaN for 0, and no decimal has one."""
    # The cast fails at that row, and its message carries the words.
    complaint = sa.cast(sa.literal(f"{column.name} holds ", sa.Text) + sa.cast(column, sa.Text), column.type)
    return sa.case((column == sa.cast(sa.literal("NaN", sa.Text), column.type), complaint), else_=column).label(
        column.name
    )


def _time(sql_type: sa.types.TypeEngine) -> str | None:
    if isinstance(sql_type, sa.DateTime):
        return "TIMESTAMPTZ" if sql_type.timezone else "TIMESTAMP"
    return "DATE" if isinstance(sql_type, sa.Date) else None
