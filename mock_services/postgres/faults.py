"""Inject single faults into a Postgres: a transaction that commits late, killed connections."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

from mock_services.postgres.queries import fetch_row

DEFAULT_STATEMENT = "update accounts set account_name = 'held' where account_id = 1"
# Only a superuser may terminate backends of other roles.
TERMINATE_BACKENDS = """select count(*) filter (where pg_terminate_backend(pid, 5000)) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and (usename = current_user or (select rolsuper from pg_roles where rolname = current_user))
    and application_name = coalesce(%s, application_name)"""


@contextmanager
def open_transaction(
    url: str, statement: str = DEFAULT_STATEMENT, *, commit: bool = True
) -> Iterator[psycopg2.extensions.cursor]:
    """Execute `statement` and keep the transaction open until the `with` block ends, then commit or roll back.

    Yields the cursor, for more statements. The rows' updated_at is the start of the block. An error rolls back.
    """
    with closing(psycopg2.connect(url, application_name="mailblaze hold")) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield cursor
        if commit:
            connection.commit()


def kill_connections(url: str, application: str | None = None) -> int:
    """Terminate the other connections to a database, or those of one application_name; return how many."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(TERMINATE_BACKENDS, (application,))
        return fetch_row(cursor)[0]
