"""Every Postgres value exactly: what Arrow or a driver would bend travels as the text that Postgres itself writes.

A numeric without precision has up to 147,455 digits, a number in jsonb any precision at all: a float or a
decimal(38, 9) would cut both. RAW holds such values as text (jsonb and arrays as JSON text), and STAGING casts them
where it knows better.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

MAX_PRECISION = 38  # of a decimal in DuckDB, Snowflake and Arrow's decimal128

# The drivers hand these over without loss; whatever is not in here goes as text.
NATIVE = (sa.Boolean, sa.Integer, sa.Numeric, sa.Date, sa.DateTime, sa.Time, sa.LargeBinary, sa.String)
DOCUMENTS = (sa.JSON, sa.ARRAY)


def exact_type(sql_type: sa.types.TypeEngine) -> sa.types.TypeEngine:
    """Return the SQLAlchemy type that dlt describes the column by: the one that `exact_query` selects."""
    if isinstance(sql_type, DOCUMENTS):
        return sa.JSON()
    return sql_type if is_native(sql_type) else sa.Text()


def loosen(table: sa.Table) -> None:
    """Let RAW accept a NULL in any column but the key: Postgres may drop a NOT NULL tomorrow."""
    for column in table.columns:
        column.info.setdefault("is_nullable", column.nullable)
        column.nullable = not column.primary_key


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
        return column
    value = sa.func.to_json(column) if isinstance(column.type, sa.ARRAY) else column
    return sa.cast(value, sa.Text).label(column.name)


def is_native(sql_type: sa.types.TypeEngine) -> bool:
    """Tell whether every value of this type survives the driver and Arrow."""
    if isinstance(sql_type, (sa.Enum, postgresql.CITEXT)) or not isinstance(sql_type, NATIVE):
        return False
    if isinstance(sql_type, sa.Numeric) and sql_type.asdecimal:
        return sql_type.precision is not None and sql_type.precision <= MAX_PRECISION and (sql_type.scale or 0) >= 0
    return True
