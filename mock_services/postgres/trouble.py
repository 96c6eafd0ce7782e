"""Postgres under fire: writers side by side whose transactions stay open, tie, roll back and commit late."""

import threading
import time
from contextlib import closing

import psycopg2

from mock_services.errors import ServiceError
from mock_services.postgres import writes
from mock_services.postgres.faults import kill_connections
from mock_services.postgres.seed import check_seeded
from mock_services.postgres.writer import Tally, Writer

COMMITS = """
select pg_advisory_xact_lock(20260701);  -- two that create at once would collide
create schema if not exists simulation;
create table if not exists simulation.runs (run serial primary key, seed bigint not null);
create table if not exists simulation.commits (
    run int not null, writer int not null, number int not null,
    updated_at timestamptz not null default now(),  -- of every row that the transaction wrote
    committed_at timestamptz not null default clock_timestamp(),
    primary key (run, writer, number)
);
"""


class Writers:
    """Threads that change the seeded database until the `with` is left, or until `transactions` are done.

    Each transaction stays open for up to `longest` seconds. What is written follows from the seed and the number of
    transactions; one that is cut off by a killed connection or a restart is done again. Each that commits leaves a line
    in `simulation.commits` with the updated_at of its rows; `run` tells which lines are ours.
    """

    def __init__(
        self,
        url: str,
        seed: int,
        writers: int = 6,
        longest: float = 1.5,
        *,
        transactions: int | None = None,
        tables: tuple[str, ...] = writes.TABLES,
        deletes: bool = True,
    ):
        self.url, self.seed, self.transactions, self.tables, self.deletes = url, seed, transactions, tables, deletes
        self.run: int | None = None
        self._ending, self._errors = threading.Event(), []
        self._writers = [Writer(url, longest, self._ending) for _ in range(writers)]
        self._threads: list[threading.Thread] = []

    def start(self) -> "Writers":
        """Start the threads; which keys each of them owns is read before."""
        ends = {}
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            check_seeded(cursor)
            cursor.execute(COMMITS)
            cursor.execute("insert into simulation.runs (seed) values (%s) returning run", (self.seed,))
            self.run = cursor.fetchone()[0]
            for table, key in writes.KEYS.items():
                cursor.execute(f"select coalesce(max({key}), 0) from {table} where {key} < %s", (writes.RANGE,))
                ends[table] = cursor.fetchone()[0]
        count = len(self._writers)
        for index in range(count):
            owned = {
                table: range(1 + end * index // count, 1 + end * (index + 1) // count) for table, end in ends.items()
            }
            self._threads.append(threading.Thread(target=self._work, args=(index, owned), daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    @property
    def tally(self) -> Tally:
        """What all of them did so far."""
        found = Tally()
        for writer in self._writers:
            found.add(writer.tally)
        return found

    @property
    def is_running(self) -> bool:
        """Whether one of them still writes."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """Wait up to `seconds` until all transactions are done; tell whether they are; a writer's error is raised."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX))
        if self._errors:
            raise self._errors[0]
        return not self.is_running

    def stop(self) -> Tally:
        """End with the transactions under way, which are held no longer, and return what was done."""
        self._ending.set()
        self.wait()
        return self.tally

    def __enter__(self) -> "Writers":
        return self.start()

    def __exit__(self, kind: object, *_: object) -> None:
        if self.transactions is not None and kind is None:
            self.wait()
        self.stop()

    def _work(self, index: int, owned: dict[str, range]) -> None:
        writer, number = self._writers[index], 0
        first = (self.run * 1000 + index) * writes.RANGE
        share = None if self.transactions is None else len(range(index, self.transactions, len(self._writers)))
        try:
            while not self._ending.is_set() and (share is None or number < share):
                plan = writes.plan(self.seed, index, number, first, owned, self.tables, self.deletes)
                writer.do(plan, (self.run, index, number))
                number += 1
        except (psycopg2.Error, ServiceError) as error:
            self._errors.append(error)
            self._ending.set()
        finally:
            writer.close()


def make_trouble(url: str, seed: int, seconds: float, transactions: int | None, kill_every: float | None) -> None:
    """Let writers write for a time, or a number of transactions, cut all connections now and then, and print it."""
    deadline = threading.TIMEOUT_MAX if transactions else seconds
    cut, began = 0, time.monotonic()
    with Writers(url, seed, transactions=transactions) as writers:
        while (left := deadline - (time.monotonic() - began)) > 0:
            if writers.wait(min(left, kill_every or left)):
                break
            if kill_every and left > kill_every:
                cut += kill_connections(url)
        tally = writers.tally if transactions else writers.stop()
    print(f"seed {seed}: {tally}" + (f"; {cut:,} connections cut" if kill_every else ""))
