"""Reads the one row of a query that always has one."""

from typing import Any

import psycopg2.extensions


def fetch_row(cursor: psycopg2.extensions.cursor) -> tuple[Any, ...]:
    """Return the row of the executed query.

    Raises:
        LookupError: it has none.
    """
    row = cursor.fetchone()
    if row is None:
        raise LookupError(f"no row: {cursor.query!r}")
    return row
