"""Start and stop concurrent writers, and report what they did."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from mock_services.errors import ServiceError
from mock_services.postgres.faults import kill_connections
from mock_services.postgres.queries import fetch_row
from mock_services.postgres.seed import check_seeded
from mock_services.postgres.workload.transactions import (
    KEYS,
    KEYS_PER_WRITER,
    TABLES,
    WriterKeys,
    plan_transaction,
)
from mock_services.postgres.workload.writer import Tally, Writer

BOOKKEEPING = """
select pg_advisory_xact_lock(20260701);  -- two concurrent creations would collide
create schema if not exists simulation;
create table if not exists simulation.runs (run serial primary key, seed bigint not null);
create table if not exists simulation.commits (
    run int not null, writer int not null, number int not null,
    updated_at timestamptz not null default now(),  -- of every row that the transaction has written
    committed_at timestamptz not null default clock_timestamp(),
    primary key (run, writer, number)
);
"""


WRITER_COUNT = 6


@dataclass(frozen=True)
class Workload:
    """What writers do: how many transactions (None: until they are stopped), of which tables, with or without deletes.

    A transaction stays open for up to `max_open_seconds`.
    """

    transactions: int | None = None
    max_open_seconds: float = 1.5
    tables: tuple[str, ...] = TABLES
    deletes: bool = True


class Writers:
    """Threads that change the seeded database until the `with` block ends, or until all transactions are done.

    What is written follows from the seed and the number of transactions. A transaction that is cut off by a killed
    connection or a restart is repeated. Each that commits inserts a row into `simulation.commits` with the updated_at
    of its rows; `run` identifies the rows of these writers.
    """

    def __init__(self, url: str, seed: int, workload: Workload = Workload()):
        self.url, self.seed, self.workload = url, seed, workload
        self.run: int | None = None
        self._stopping, self._errors = threading.Event(), list[Exception]()
        self._writers = [Writer(url, workload.max_open_seconds, self._stopping) for _ in range(WRITER_COUNT)]
        self._threads: list[threading.Thread] = []

    def start(self) -> "Writers":
        """Divide the keys among the threads and start them.

        Raises:
            ServiceError: the database is not seeded.
        """
        last_keys = {}
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            check_seeded(cursor)
            cursor.execute(BOOKKEEPING)
            cursor.execute("insert into simulation.runs (seed) values (%s) returning run", (self.seed,))
            self.run = fetch_row(cursor)[0]
            for table, key in KEYS.items():
                cursor.execute(f"select coalesce(max({key}), 0) from {table} where {key} < %s", (KEYS_PER_WRITER,))
                last_keys[table] = fetch_row(cursor)[0]
        count = len(self._writers)
        for index in range(count):
            owned = {
                table: range(1 + end * index // count, 1 + end * (index + 1) // count)
                for table, end in last_keys.items()
            }
            self._threads.append(threading.Thread(target=self._work, args=(self.run, index, owned), daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    @property
    def tally(self) -> Tally:
        """What all writers have done so far."""
        found = Tally()
        for writer in self._writers:
            found.add(writer.tally)
        return found

    @property
    def is_running(self) -> bool:
        """Whether a writer is at work."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """Wait up to `seconds` for all transactions; return whether they are done.

        Raises:
            psycopg2.Error, ServiceError: a writer failed.
        """
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX))
        if self._errors:
            raise self._errors[0]
        return not self.is_running

    def stop(self) -> Tally:
        """Finish the transactions under way without further pauses and return what was done."""
        self._stopping.set()
        self.wait()
        return self.tally

    def __enter__(self) -> "Writers":
        return self.start()

    def __exit__(self, kind: object, *_: object) -> None:
        if self.workload.transactions is not None and kind is None:
            self.wait()
        self.stop()

    def _work(self, run: int, index: int, owned: dict[str, range]) -> None:
        writer, workload, number = self._writers[index], self.workload, 0
        first_new = (run * 1000 + index) * KEYS_PER_WRITER
        keys = WriterKeys(index, first_new, owned, workload.tables, workload.deletes)
        total = workload.transactions
        share = None if total is None else len(range(index, total, len(self._writers)))
        try:
            while not self._stopping.is_set() and (share is None or number < share):
                writer.execute(plan_transaction(self.seed, number, keys), (run, index, number))
                number += 1
        except (psycopg2.Error, ServiceError) as error:
            self._errors.append(error)
            self._stopping.set()
        finally:
            writer.close()


def run_workload(url: str, seed: int, seconds: float, transactions: int | None, kill_every: float | None) -> None:
    """Run writers for `seconds` or `transactions`, kill all connections every `kill_every` seconds, print a summary."""
    deadline = threading.TIMEOUT_MAX if transactions else seconds
    killed, began = 0, time.monotonic()
    with Writers(url, seed, Workload(transactions)) as writers:
        while (left := deadline - (time.monotonic() - began)) > 0:
            if writers.wait(min(left, kill_every or left)):
                break
            if kill_every and left > kill_every:
                killed += kill_connections(url)
        tally = writers.tally if transactions else writers.stop()
    print(f"seed {seed}: {tally}" + (f"; {killed:,} connections cut" if kill_every else ""))
