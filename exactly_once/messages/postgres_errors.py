"""What SQLAlchemy and psycopg2 raise about a Postgres source."""

import psycopg2
from sqlalchemy import exc

from exactly_once.messages import services

SERVICE = "Postgres"


def describe(error: BaseException) -> str | None:
    """Return the line of an error about a connection, a sign-in or a table that is gone, or None."""
    if isinstance(error, exc.NoSuchTableError):
        return f"Postgres has no table {error} any more: restore it, or take its declaration out."
    cause = error.__cause__ if isinstance(error, exc.OperationalError) else error
    if not isinstance(cause, psycopg2.OperationalError):
        return None
    reason = str(cause).strip().splitlines()[0]
    known = services.known()
    if "authentication" in reason or "role" in reason:
        return f"Postgres refused the log-in ({reason}): correct {known.sign_in_setting(SERVICE)}."
    return f"Postgres is not reachable ({reason}): {known.unreachable(SERVICE)}."
