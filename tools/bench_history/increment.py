"""The increment that every world gets: the vendor's next day, with events that are late, sent twice or corrected."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import httpx

from mock_services.company import generator
from mock_services.saas import store
from mock_services.saas.content.events import iso, micros
from mock_services.system.ports import free_port
from tools.bench.process import ROOT, environment
from tools.bench_history.base import STORE, WAREHOUSE

TOKEN = "a-token-of-the-bench"  # noqa: S105
CORRECTED = ((2, 40), (60, 4))  # days back, and how many opens of that day and the next are corrected
RAW_EVENTS = "RAW.saas_email_events"
FACTS = {"MART.fct_email_events": "event_id", "MART.fct_messages": "message_id"}


class Differs(Exception):
    """RAW or MART does not hold what the increment leads to."""


@dataclass(frozen=True)
class Increment:
    """The events of an increment by their id, each with what it says of an open, and how many events it has."""

    events: dict[str, bool | None]
    sent: int


def add(folder: Path) -> Increment:
    """Add the increment to the vendor's store of a world and return it."""
    objects = folder / STORE
    day = store.simulate_day(objects)
    start = micros(generator.time_on_day(day, 0))
    with closing(store.connect(objects)) as connection:
        for days, count in CORRECTED:
            _correct(connection, start, days, count)
        found = connection.execute(
            "select body ->> 'event_id', body ->> 'is_machine_open' from email_events where sequence >= ?"
            " order by moment, sequence",
            (day << 40,),
        ).fetchall()
    return Increment({name: None if value is None else bool(value) for name, value in found}, len(found))


def _correct(connection, start: int, days: int, count: int) -> None:
    """Send opens of `days` ago again, and say of each the opposite of what was said."""
    since = start - days * 86_400_000_000
    opens = connection.execute(
        "select sequence, body from email_events where moment between ? and ? and body ->> 'event_type' = 'open'"
        " order by moment, sequence limit ?",
        (since, since + 86_400_000_000, count),
    ).fetchall()
    day = (start - micros(generator.HISTORY_END)) // 86_400_000_000
    for number, (_, text) in enumerate(opens):
        body = json.loads(text)
        received = start + 7_200_000_000 + days * 1_000_000 + number
        body |= {"is_machine_open": not body["is_machine_open"], "received_at": iso(received)}
        place = (day << 40) + (3 << 38) + days * 1000 + number
        connection.execute("insert into email_events values (?, ?, ?)", (received, place, store.encode(body)))


@contextmanager
def vendor(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a world's store for the time of a `with`, which gets the content of services.json."""
    port = free_port()
    command = [sys.executable, "-m", "mock_services.saas", "--store", str(folder / STORE), "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, cwd=ROOT, env=environment({"MOCK_SAAS_TOKEN": TOKEN}))
    try:
        while True:
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                if server.poll() is not None:
                    raise
                time.sleep(0.05)
        yield {"saas_url": url, "saas_token": TOKEN}
    finally:
        server.terminate()
        server.wait()


def count(folder: Path) -> int:
    """Return the events in RAW."""
    with duckdb.connect(str(folder / WAREHOUSE), read_only=True) as warehouse:
        ((rows,),) = warehouse.execute(f"select count(*) from {RAW_EVENTS}").fetchall()
    return rows


def check(folder: Path, increment: Increment, before: int, *, has_facts: bool = True) -> int:
    """Compare RAW and MART with what the increment leads to, and return the events that are new.

    Args:
        folder: of the world after load and build.
        increment: that was loaded.
        before: the events in RAW before it.
        has_facts: False: the facts were perhaps not built; they are compared if they are there.

    Raises:
        Differs: an event is lost, twice, or as it was before it was corrected.
    """
    with duckdb.connect(str(folder / WAREHOUSE), read_only=True) as warehouse:
        newest = "(select max(load_id) from RAW._dlt_loads)"
        found = warehouse.execute(f"select event_id, is_machine_open from {RAW_EVENTS} where _dlt_load_id = {newest}")
        loaded = dict(found.fetchall())
        if loaded != increment.events:
            raise Differs(f"RAW has {len(loaded):,} events of the increment's {len(increment.events):,}, or others")
        rows, keys = _counts(warehouse, RAW_EVENTS, "event_id")
        if rows != keys:
            raise Differs(f"RAW has {rows:,} events, and {keys:,} event ids")
        for table, key in FACTS.items():
            if has_facts or _exists(warehouse, table):
                _check_fact(warehouse, table, key)
    return rows - before


def _check_fact(warehouse: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    expected, _ = _counts(warehouse, f"(select distinct {key} from {RAW_EVENTS})", key)
    rows, keys = _counts(warehouse, table, key)
    if (rows, keys) != (expected, expected):
        raise Differs(f"{table} has {rows:,} rows and {keys:,} keys of {expected:,}")


def _exists(warehouse: duckdb.DuckDBPyConnection, table: str) -> bool:
    name = table.rpartition(".")[2]
    return bool(warehouse.execute("select 1 from duckdb_tables() where table_name = ?", [name]).fetchall())


def _counts(warehouse: duckdb.DuckDBPyConnection, relation: str, key: str) -> tuple[int, int]:
    ((rows, keys),) = warehouse.execute(f"select count(*), count(distinct {key}) from {relation}").fetchall()
    return rows, keys
