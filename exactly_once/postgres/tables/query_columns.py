"""The columns of any query: the types that SQLAlchemy gives them, and Postgres's own where it gives none."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.selectable import SelectBase

from exactly_once.postgres.tables.type_mapping import MAX_PRECISION, TYPES


def query_columns(engine: sa.Engine, query: SelectBase | TextClause, sql: str) -> list[sa.Column[Any]]:
    """Return the columns of a query, in its order.

    Args:
        engine: that may ask Postgres; the query's rows are not read.
        query: as SQLAlchemy has it; a text says no type.
        sql: of the query, with its values.

    Raises:
        DBAPIError: Postgres refuses the query.
    """
    if not isinstance(query, TextClause):
        known = [sa.Column(column.name, column.type) for column in query.subquery().c]
        if not any(isinstance(column.type, sa.types.NullType) for column in known):
            return known
    else:
        known = []
    given = {column.name: column for column in known if not isinstance(column.type, sa.types.NullType)}
    return [given.get(column.name, column) for column in _described(engine, sql)]


def _described(engine: sa.Engine, sql: str) -> list[sa.Column[Any]]:
    """Return the columns as Postgres describes them; a type that is in no table of types comes as text."""
    with engine.connect() as connection:
        result = connection.exec_driver_sql(f"SELECT * FROM ({sql}) AS described LIMIT 0".replace("%", "%%"))
        described: Any = result.cursor.description if result.cursor else ()  # DB-API's, of which drivers have no types
        oids = ", ".join(str(item[1]) for item in described)
        types = connection.exec_driver_sql(f"SELECT oid, typname FROM pg_type WHERE oid IN ({oids})")
        names = {oid: str(name) for oid, name in types}
    return [sa.Column(item[0], _type(names[item[1]], item[4], item[5])) for item in described]


def _type(name: str, precision: int | None, scale: int | None) -> sa.types.TypeEngine[Any]:
    if name == "numeric":
        # The driver shows a numeric without precision as one of 65535 digits.
        return sa.Numeric(precision, scale) if precision and precision <= MAX_PRECISION else sa.Numeric()
    return TYPES.get(name, sa.types.NullType())
