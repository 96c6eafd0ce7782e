"""Trouble in the sources while a run reads them: each is one run's, and gone afterwards."""

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from mock_services.postgres.faults import hold, kill_connections
from mock_services.saas import store
from mock_services.saas.faults import KINDS
from tests.crash.ours.services import Services

Fault = Callable[[Path], AbstractContextManager]
LATE = (
    "update contacts set last_name = 'late ' || random() where contact_id % 3 = 0",
    "update lists set list_name = 'late ' || random() where list_id % 50 = 0",
    "insert into lists select max(list_id) + 1, 1, 'late', false, null, null, now() from lists",
)


def postgres_faults(services: Services) -> Mapping[str, Fault]:
    """Return what may happen to Postgres in mid-read."""
    # As a superuser, who may cut anybody off.
    admin = services.addresses["admin_url"].rpartition("/")[0] + "/world"

    @contextmanager
    def late_commit(_world: Path) -> Iterator[None]:
        """Hold rows in an open transaction over a load; they commit with a cursor that is earlier than its."""
        with ExitStack() as stack:
            cursor = stack.enter_context(hold(services.addresses["postgres_url"], LATE[0]))
            for statement in LATE[1:]:
                cursor.execute(statement)
            yield None

    @contextmanager
    def killed_connections(_world: Path) -> Iterator[Callable]:
        """Let the server cut off every reader."""
        yield partial(kill_connections, admin)

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
