"""Queries of one warehouse session, as rows by column name."""

from typing import TYPE_CHECKING, Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation

if TYPE_CHECKING:
    from dlt.destinations.sql_client import SqlClientBase


def read_rows(
    client: "SqlClientBase[Any]", sql: str, *parameters: Any, missing_ok: bool = False
) -> list[dict[str, Any]]:
    """Return the rows of a query, each by column name in lower case.

    Args:
        client: an open session of the warehouse.
        sql: with `%s` for each parameter.
        parameters: the values.
        missing_ok: return no row where a relation of the query does not exist.

    Raises:
        DatabaseUndefinedRelation: a relation does not exist, and `missing_ok` is False.
    """
    try:
        with client.execute_query(sql, *parameters) as cursor:
            names = [column[0].lower() for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except DatabaseUndefinedRelation:
        if missing_ok:
            return []
        raise
