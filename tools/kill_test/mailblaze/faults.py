"""Faults of the sources while a run reads them, and of its merges; each lasts for one run."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg2

from mock_services.saas import store
from mock_services.saas.faults import KINDS
from tests.support.platform import execute
from tools.kill_test.children import call_in_child
from tools.kill_test.mailblaze.services import Services
from tools.kill_test.mailblaze.world import World, is_data

Fault = Callable[[Path], AbstractContextManager]
LATE_CHANGES = (
    "update contacts set last_name = 'late ' || random() where contact_id % 3 = 0",
    "update lists set list_name = 'late ' || random() where list_id % 50 = 0",
    "insert into lists select max(list_id) + 1, 1, 'late', false, null, null, now() from lists",
)


def postgres_faults(services: Services) -> dict[str, Fault]:
    """Return faults of Postgres during a read."""

    @contextmanager
    def late_commit(_world: Path) -> Iterator[None]:
        """Keep a transaction open over a load; its rows commit with earlier cursor values than the load's."""
        with closing(psycopg2.connect(services.addresses["postgres_url"])) as connection:
            with connection.cursor() as cursor:
                for statement in LATE_CHANGES:
                    cursor.execute(statement)
            yield None
            connection.commit()

    @contextmanager
    def killed_connections(_world: Path) -> Iterator[Callable]:
        """Terminate every connection of a reader."""
        sql = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'world'"
        yield lambda: execute(services.addresses["admin_url"], sql)

    @contextmanager
    def restart(_world: Path) -> Iterator[Callable]:
        """Restart the server during a read."""
        yield services.restart_postgres

    return {"late commit": late_commit, "killed connections": killed_connections, "restart": restart}


LOST_FILE, NO_MEMORY, BAD_VALUE = "lost file", "no memory in a merge", "bad value in a merge"
LITTLE_MEMORY = {
    "DESTINATION__WAREHOUSE__MAX_MEMORY": "1MB",
    "DESTINATION__WAREHOUSE__CREDENTIALS__GLOBAL_CONFIG": '{"memory_limit": "9MB", "preserve_insertion_order": false}',
}
BROKEN_FILE = "broken.txt"  # in a world: the violation that a fault found


def merge_faults(at: Callable[[Path], World], table: str, key: str) -> dict[str, Fault]:
    """Return faults inside a merge, between its DELETE and its INSERT: the table must stay as it was."""

    @contextmanager
    def bad_value(path: Path) -> Iterator[None]:
        """Let the table reject every inserted row during one run."""
        world = at(path)
        change = [
            f"alter table RAW.{table} add column refused integer default 0",
            f"alter table RAW.{table} alter refused set not null",
            f"alter table RAW.{table} alter refused drop default",
        ]
        call_in_child(partial(_change, world, change), {})
        before = call_in_child(partial(world.raw, f"select {key}, hash(t) from RAW.{table} t order by all"), {})
        yield None
        after = call_in_child(partial(world.raw, f"select {key}, hash(t) from RAW.{table} t order by all"), {})
        if after != before:
            (path / BROKEN_FILE).write_text(
                f"{table}: a merge that failed changed {len(set(before) ^ set(after))} rows"
            )
        call_in_child(partial(_change, world, [f"alter table RAW.{table} drop column refused"]), {})

    faults: dict[str, Fault] = {BAD_VALUE: bad_value, NO_MEMORY: _no_memory}
    return faults | ({LOST_FILE: _lost_file} if at(Path()).env_name == "local" else {})


@contextmanager
def _no_memory(_path: Path) -> Iterator[None]:
    """Give DuckDB too little memory for some steps of a load."""
    os.environ.update(LITTLE_MEMORY)
    try:
        yield None
    finally:
        for name in LITTLE_MEMORY:
            del os.environ[name]


@contextmanager
def _lost_file(path: Path) -> Iterator[Callable]:
    """Remove the newest file of rows from the lake while it is loaded, and restore it after the run."""
    root, lost = path / "lake", []

    def take() -> None:
        files = [file for file in root.rglob("*.parquet") if is_data(str(file.relative_to(root)))]
        for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)[-1:]:
            lost.append((file, file.read_bytes()))
            file.unlink()

    yield take
    for file, content in lost:
        if not file.exists():
            file.write_bytes(content)


def _change(world: World, statements: list[str]) -> None:
    for statement in statements:
        world.raw(statement)


def saas_faults(services: Services) -> dict[str, Fault]:
    """Return faults of the vendor's API, on the second page of each collection that has one."""

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
