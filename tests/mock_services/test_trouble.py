"""Concurrent writers on Postgres: what is written follows from the seed, whatever connections are killed."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from mock_services.errors import ServiceError
from mock_services.postgres import traffic
from mock_services.postgres.faults import kill_connections, open_transaction
from mock_services.postgres.server import EmbeddedPostgres
from mock_services.postgres.workload.transactions import TABLES
from mock_services.postgres.workload.writers import Workload, Writers
from mock_services.system.interrupts import LINE
from tests.support.platform import clone, execute

pytestmark = pytest.mark.integration

TRANSACTIONS = 90


@pytest.fixture
def database(postgres_server, small_database):
    """Make databases that all hold the same rows; each call returns the URL of a fresh one."""
    made = []

    def make() -> str:
        made.append(f"workload_{uuid4().hex[:12]}")
        clone(postgres_server, small_database, made[-1])
        return postgres_server.url(made[-1])

    yield make
    for name in made:
        execute(postgres_server.url("postgres", "postgres"), f"drop database {name} with (force)")


def select(url: str, sql: str) -> list[tuple]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def digests(url: str) -> dict[str, tuple]:
    """Return the number and a digest of each table's rows, without the time of their change."""
    sql = "select count(*), sum(hashtextextended((to_jsonb(t) - 'updated_at')::text, 0)) from {} t"
    return {table: select(url, sql.format(table))[0] for table in TABLES}


def test_the_same_seed_leaves_the_same_rows_although_connections_are_cut(database):
    calm, cut, other = database(), database(), database()
    with Writers(calm, 7, Workload(TRANSACTIONS, max_open_seconds=0)) as writers:
        pass
    before = digests(other)
    with Writers(cut, 7, Workload(TRANSACTIONS, max_open_seconds=0.05)) as troubled:
        # A few times only: on a slow machine every transaction would be cut for ever.
        killed = sum(kill_connections(cut, "mailblaze writers") for _ in range(5) if not troubled.wait(0.1))
    assert killed > 0
    assert troubled.tally.retried > 0
    assert digests(cut) == digests(calm) != before
    troubled.tally.retried = 0
    assert str(troubled.tally).partition("tried")[2] == str(writers.tally).partition("tried")[2]
    with Writers(other, 8, Workload(TRANSACTIONS, max_open_seconds=0)):
        pass
    assert digests(other) != digests(calm)


def test_what_is_told_is_what_is_there(database):
    url = database()
    before = digests(url)
    with Writers(url, 3, Workload(TRANSACTIONS, max_open_seconds=0)) as writers:
        pass
    tally, after = writers.tally, digests(url)
    assert tally.committed + tally.rolled_back == TRANSACTIONS
    assert tally.rolled_back > 0
    assert tally.undone > 0
    assert tally.deleted["contacts"] > 0
    for table in set(TABLES) - {"list_memberships"}:  # a contact takes its own along
        assert after[table][0] == before[table][0] + tally.inserted[table] - tally.deleted[table], table
    assert select(url, f"select count(*) from simulation.commits where run = {writers.run}") == [(tally.committed,)]
    ties = """select max(n) from (select count(*) n from contacts join simulation.commits using (updated_at)
        group by updated_at) t"""
    assert select(url, ties)[0][0] >= 40
    late = "select count(*) from contacts c where contact_id > 10^9 and not exists " \
        "(select from simulation.commits where updated_at = c.updated_at)"  # fmt: skip
    assert select(url, late) == [(0,)]


def test_a_reader_sees_rows_commit_that_are_older_than_what_it_read(database):
    """What all of this is for: behind the newest row that a reader saw, an older one appears."""
    url = database()
    newest = "select max(updated_at) from accounts"
    with open_transaction(url) as cursor:
        cursor.execute("select updated_at from accounts where account_id = 1")
        held_at = cursor.fetchone()[0]
        execute(url, "update accounts set account_name = 'quick' where account_id = 2")
        seen = select(url, newest)[0][0]
        assert held_at < seen
    assert select(url, "select account_name, updated_at from accounts where account_id = 1") == [("held", held_at)]
    assert select(url, newest)[0][0] == seen
    with open_transaction(url, "update accounts set account_name = 'never' where account_id = 1", commit=False):
        pass
    assert select(url, "select account_name from accounts where account_id = 1") == [("held",)]


def test_a_cut_connection_takes_its_transaction_along(database):
    url = database()
    with open_transaction(url, commit=False) as cursor:
        assert kill_connections(url, "another application") == 0
        assert kill_connections(url, "mailblaze hold") == 1
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("select 1")
    assert select(url, "select count(*) from accounts where account_name = 'held'") == [(0,)]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_loses_nothing_that_was_committed(tmp_path, mode):
    with EmbeddedPostgres(tmp_path, ephemeral=True) as server:
        url = server.url()
        execute(url, "create table kept (n int primary key)")
        numbers, stop = [], threading.Event()

        def write() -> None:
            with suppress(psycopg2.Error), closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
                while not stop.is_set():
                    cursor.execute("insert into kept values (%s)", (len(numbers),))
                    connection.commit()
                    numbers.append(len(numbers))

        thread = threading.Thread(target=write)
        thread.start()
        while len(numbers) < 100:
            assert thread.is_alive()
        assert server.restart(mode).url() == url
        stop.set()
        thread.join(10)
        # The last one may have committed with its answer lost.
        assert select(url, "select count(*) from kept")[0][0] - len(numbers) in (0, 1)


@pytest.mark.parametrize("name", ["workload", "trouble"])
def test_a_workload_by_hand_is_one_line_and_needs_a_server(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-m", "mock_services", name, "--data-dir", str(tmp_path)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "mock_services: Postgres is down: type `python -m mock_services up`\n"


@pytest.mark.parametrize(
    "command", [traffic.last_day, lambda url: Writers(url, 1).start()], ids=["traffic", "workload"]
)
def test_a_database_whose_seed_broke_off_is_named_with_what_to_type(postgres_server, command):
    with pytest.raises(ServiceError, match="is not seeded: type `make up`"):
        command(postgres_server.url("postgres", "postgres"))


ENDLESS = """
import itertools, os, sys
from contextlib import closing
from mock_services.system import interrupts
interrupts.watch()
import psycopg2
from mock_services import __main__ as command
from mock_services.postgres.data.copy_stream import copy_rows
def rows():
    for number in itertools.count():
        yield (number,)
        if number == 1000:
            print("at work", flush=True)
def run(chosen):
    with closing(psycopg2.connect(os.environ["POSTGRES"])) as connection, connection.cursor() as cursor:
        cursor.execute("create table public.endless (number int)")
        copy_rows(cursor, "endless", rows())
command.run = run
interrupts.working()
try:
    sys.exit(command.main())
except KeyboardInterrupt:
    interrupts.end()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_copy_ends_the_command_as_any_other(postgres_server, number):
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, "up"],
        env=os.environ | {"POSTGRES": postgres_server.url("postgres", "postgres")},
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "at work\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (128 + number, f"{LINE}\n")
