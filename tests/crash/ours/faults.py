"""Trouble in the sources while a run reads them: each is one run's, and gone afterwards."""

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg2

from mock_services.saas import store
from mock_services.saas.faults import KINDS
from tests.conftest import execute
from tests.crash.ours.services import Services

Fault = Callable[[Path], AbstractContextManager]
LATE = (
    "update contacts set last_name = 'late ' || random() where contact_id % 3 = 0",
    "update lists set list_name = 'late ' || random() where list_id % 50 = 0",
    "insert into lists select max(list_id) + 1, 1, 'late', false, null, null, now() from lists",
)


def postgres_faults(services: Services) -> Mapping[str, Fault]:
    """Return what may happen to Postgres in mid-read."""

    @contextmanager
    def late_commit(_world: Path) -> Iterator[None]:
        """Hold rows in an open transaction over a load; they commit with a cursor that is earlier than its."""
        with closing(psycopg2.connect(services.addresses["postgres_url"])) as connection:
            with connection.cursor() as cursor:
                for statement in LATE:
                    cursor.execute(statement)
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
    """Return what the vendor may do to a reader, on the second page of each collection where it has one."""

    @contextmanager
    def script(_world: Path, kind: str) -> Iterator[None]:
        faults = [
            {"collection": collection, "request": request, "kind": kind}
            for collection, request in zip(store.COLLECTIONS, (1, 2, 2), strict=True)
        ]
        _set(services.addresses["saas_url"], faults)
        yield None
        _set(services.addresses["saas_url"], [])

    return {f"API {kind}": partial(script, kind=kind) for kind in KINDS}


def _set(url: str, faults: list[dict]) -> None:
    body = json.dumps(faults).encode()
    request = urllib.request.Request(  # noqa: S310  on loopback
        f"{url}/mock/faults", body, {"Content-Type": "application/json"}, method="PUT"
    )
    urllib.request.urlopen(request).close()  # noqa: S310
