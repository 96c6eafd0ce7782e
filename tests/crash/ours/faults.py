"""Trouble in the sources while a run reads them: each is one run's, and gone afterwards."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg2

from tests.conftest import execute
from tests.crash.ours.services import Services

Fault = Callable[[Path], AbstractContextManager]


def postgres_faults(services: Services) -> Mapping[str, Fault]:
    """Return what may happen to Postgres in mid-read."""

    @contextmanager
    def late_commit(_world: Path) -> Iterator[None]:
        """Hold rows in an open transaction over a load; they commit with a cursor that is earlier than its."""
        with closing(psycopg2.connect(services.addresses["postgres_url"])) as connection:
            with connection.cursor() as cursor:
                cursor.execute("update contacts set last_name = 'late ' || random() where contact_id % 3 = 0")
                cursor.execute("update lists set list_name = 'late ' || random() where list_id % 50 = 0")
            yield None
            connection.commit()

    @contextmanager
    def killed_connections(_world: Path) -> Iterator[Callable]:
        """Let the server cut off every reader."""
        sql = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'world'"
        yield lambda: execute(services.addresses["admin_url"], sql)

    @contextmanager
    def restart(_world: Path) -> Iterator[Callable]:
        """Restart the server while it is read."""
        yield services.restart_postgres

    return {"late commit": late_commit, "killed connections": killed_connections, "restart": restart}


def saas_faults(services: Services) -> Mapping[str, Fault]:
    """Return what the vendor may do to a reader."""
    return {}
