"""The subjects of this platform: each source with a folder (`local`) and with S3 (`ci`) as the lake."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

# Imported before any fork, so that a run need not.
import s3fs  # noqa: F401

import exactly_once.destinations.staged_duckdb  # noqa: F401
from pipelines import postgres, saas
from pipelines.command import run
from tests.support import compare
from tools.kill_test.mailblaze import raw_checks, readings
from tools.kill_test.mailblaze.faults import BROKEN_FILE, LOST_FILE, merge_faults, postgres_faults, saas_faults
from tools.kill_test.mailblaze.services import Services, started
from tools.kill_test.mailblaze.whole_flow import dbt_subject, flow_subject
from tools.kill_test.mailblaze.world import World
from tools.kill_test.subject import Subject


@contextmanager
def provide_subjects(folder: Path, chains: str = "0") -> Iterator[list[Subject]]:
    """Start the services of one worker and provide its subjects; `chains`: kills of the flow and of dbt."""
    kills = -(-int(chains) // 2)
    with started(folder / "services", with_prefect=kills > 0) as services:
        subjects = [
            make(env_name, services)
            for make in (postgres_subject, saas_subject, append_subject)
            for env_name in ("ci", "local")
        ]
        chain = (
            [flow_subject(services, [subjects[1], subjects[3]], kills), dbt_subject(services, kills)] if kills else []
        )
        yield [*chain, *subjects]


def postgres_subject(env_name: str, services: Services) -> Subject:
    """Merged tables, one of them read whole, with delete detection."""
    at = partial(World, env_name=env_name, addresses=services.addresses)

    def prepare(path: Path, turn: int) -> None:
        at(path).change_postgres(turn) if turn else at(path).begin()

    def check(path: Path) -> Iterator[tuple]:
        for table in postgres.TABLES:
            name, names = table.name, [column for column, _, _ in compare.columns(at(path), table.name)]
            places, key = [names.index(column) for column in table.key], ", ".join(table.key)
            sides = [read(at(path), name, key) for read in (compare.source_rows, compare.raw_rows)]
            yield name, *([(tuple(row[place] for place in places), row) for row in side] for side in sides)

    def examine(path: Path) -> Iterator[str]:
        yield from raw_checks.broken_invariants(
            at(path), {f"postgres_{table.name}": list(table.key) for table in postgres.TABLES}
        )
        yield from raw_checks.cursors_beyond_clock(
            at(path), "postgres", at(path).source("select clock_timestamp()")[0][0]
        )

    return _subject(
        f"postgres/{env_name}",
        at,
        partial(run, "postgres", postgres.load, []),
        check,
        prepare,
        examine,
        postgres_faults(services) | merge_faults(at, "postgres_contacts", "contact_id"),
    )


def saas_subject(env_name: str, services: Services) -> Subject:
    """Three merged collections of the API."""
    keys = {endpoint.name: endpoint.key for endpoint in saas.ENDPOINTS}
    at = partial(World, env_name=env_name, addresses=services.addresses)

    def prepare(path: Path, turn: int) -> None:
        at(path).change_saas(turn) if turn else at(path).begin()

    def check(path: Path) -> Iterator[tuple]:
        for name, key in keys.items():
            with closing(sqlite3.connect(at(path).saas_store)) as connection:
                bodies = connection.execute(f"select body from {name} order by moment, sequence").fetchall()
            source = [json.loads(body) for (body,) in bodies]
            loaded = _objects(at(path), f"RAW.SAAS_{name}")
            yield name, *([(body[key], _known(body)) for body in side] for side in (source, loaded))

    def examine(path: Path) -> Iterator[str]:
        yield from raw_checks.broken_invariants(at(path), {f"saas_{name}": [key] for name, key in keys.items()})
        with closing(sqlite3.connect(at(path).saas_store)) as connection:
            moments = [connection.execute(f"select max(moment) from {name}").fetchone()[0] for name in keys]
        yield from raw_checks.cursors_beyond_clock(
            at(path), "saas", datetime.fromtimestamp(max(moments) / 1e6 + 1e-3, UTC)
        )

    return _subject(
        f"saas/{env_name}", at, partial(run, "saas", saas.load, []), check, prepare, examine,
        saas_faults(services) | merge_faults(at, "saas_email_events", "event_id"),
    )  # fmt: skip


def append_subject(env_name: str, services: Services) -> Subject:
    """One appended table and one replaced: every row of the source in RAW exactly once."""
    at = partial(World, env_name=env_name, addresses=services.addresses)

    def prepare(path: Path, turn: int) -> None:
        if not turn:
            at(path).begin()
        readings.write(path, turn)

    def check(path: Path) -> Iterator[tuple]:
        for table, source in (("readings", readings.written(path)), ("newest", readings.newest_of(path))):
            loaded = at(path).raw(f"select reading_id, value from RAW.{table}")
            yield table, *([(row[0], row) for row in side] for side in (source, loaded))

    return _subject(
        f"append/{env_name}",
        at,
        readings.load,
        check,
        prepare,
        lambda path: raw_checks.broken_invariants(at(path), {}),
        {},
    )


def _subject(name, at, load, check, prepare, examine, faults) -> Subject:
    addresses = at(Path()).addresses

    def examine_all(path: Path) -> Iterator[str]:
        yield from examine(path)
        if (path / BROKEN_FILE).exists():
            yield (path / BROKEN_FILE).read_text()

    return Subject(
        name,
        load,
        check,
        prepare,
        examine_all,
        cursors=lambda path: raw_checks.cursors(at(path)),
        environment=lambda path: at(path).environment(),
        faults=faults,
        load_faults=(LOST_FILE,),
        names={urlsplit(addresses[key]).port: label for key, label in (("saas_url", "API"), ("s3_url", "S3"))},
    )


def _objects(world: World, table: str) -> list[dict]:
    """Return the rows of a table that are not deleted, as the vendor writes them."""
    names = [name for (name,) in world.raw(f"select column_name from (describe {table})")]
    alive = "where _deleted_at is null" if "_deleted_at" in names else ""
    names = [name for name in names if not name.startswith("_")]
    return [
        dict(zip(names, map(_as_json, row), strict=True))
        for row in world.raw(f"select {', '.join(names)} from {table} {alive}")
    ]


def _as_json(value):
    if hasattr(value, "isoformat"):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


def _known(body: dict) -> dict:
    return {name: value for name, value in body.items() if value is not None}
