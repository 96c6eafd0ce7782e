"""Single faults of a Postgres under a test's control: a transaction that commits late, connections that are cut."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

HELD = "update accounts set account_name = 'held' where account_id = 1"
# Of another role than one's own, only a superuser may cut connections.
CUT = """select count(*) filter (where pg_terminate_backend(pid, 5000)) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and (usename = current_user or (select rolsuper from pg_roles where rolname = current_user))
    and application_name = coalesce(%s, application_name)"""


@contextmanager
def hold(url: str, statement: str = HELD, *, commit: bool = True) -> Iterator[psycopg2.extensions.cursor]:
    """Keep one transaction open that has run `statement`, and commit it, or roll it back, when the `with` is left.

    Yields its cursor, for more statements; the rows' updated_at is the moment of entry. An error rolls back.
    """
    with closing(psycopg2.connect(url, application_name="mailblaze hold")) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield cursor
        if commit:
            connection.commit()


def kill_connections(url: str, application: str | None = None) -> int:
    """Cut the other connections to the database of `url`, or those of one application_name; return how many."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(CUT, (application,))
        return cursor.fetchone()[0]
