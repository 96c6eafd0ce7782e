"""A load during writers that hide their transactions: `python tools/late_commits/sessions.py --seconds 60`.

Each kind of writer changes contacts of its own, one after the other, and no contact twice: what a load misses stays
missed. At the end RAW must equal the source row for row, by value; what is lost is counted for each kind.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg2

from mock_services.postgres.seed import seed
from mock_services.postgres.server import EmbeddedPostgres
from tests.support.platform import execute
from tools.late_commits.bench import Reader
from tools.late_commits.comparison import compare

CHANGE = "update contacts set first_name = 'late' where contact_id = {}"
PROCEDURE = """
create procedure change_three(first int, step int, pause float) language plpgsql as $$ begin
    for n in 0..2 loop
        perform pg_sleep(pause);
        update contacts set first_name = 'late' where contact_id = first + n * step;
        perform pg_sleep(pause);
        commit;
    end loop;
end $$
"""


class Writer(threading.Thread):
    """One writer: `do` gets its connection, the next contacts and a pause in seconds, and commits what it changes."""

    def __init__(self, name: str, contacts: Iterable[int], do: Callable, connect: Callable, ending: threading.Event):
        super().__init__(name=name, daemon=True)
        self.changed: list[int] = []
        self._ids = iter(contacts)
        self._do, self._connect, self._ending = do, connect, ending
        self._dice = random.Random(name)  # noqa: S311  the pauses of each run are the same

    def run(self) -> None:
        """Write until the end."""
        while not self._ending.is_set():
            with closing(self._connect()) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    for _ in range(5):
                        ids = [number for _, number in zip(range(3), self._ids, strict=False)]
                        if len(ids) < 3 or self._ending.is_set():
                            return
                        self._do(cursor, ids, self._dice.random() * 0.4)
                        self.changed += ids


def one_by_one(cursor, ids: list[int], pause: float) -> None:
    """Begin, wait, change, wait, commit: a message for each."""
    for number in ids:
        for sql in ("begin", f"select pg_sleep({pause})", CHANGE.format(number), f"select pg_sleep({pause})", "commit"):
            cursor.execute(sql)


def write_first(cursor, ids: list[int], pause: float) -> None:
    """Begin and change in one message, wait, commit: as a declared reader that writes after all."""
    for number in ids:
        cursor.execute(f"begin; {CHANGE.format(number)}")
        cursor.execute(f"select pg_sleep({pause})")
        cursor.execute("commit")


def in_one_message(cursor, ids: list[int], pause: float) -> None:
    """Several transactions in one message, and many empty ones between them."""
    empty = "begin; commit;" * 500
    cursor.execute(empty.join(f"begin; {CHANGE.format(n)}; select pg_sleep({pause}); commit;" for n in ids))


def by_procedure(cursor, ids: list[int], pause: float) -> None:
    """A procedure that commits three times."""
    cursor.execute(f"call change_three({ids[0]}, {ids[1] - ids[0]}, {pause / 2})")


def hidden(cursor, ids: list[int], pause: float) -> None:
    """As one by one, with track_activities off."""
    cursor.execute("set track_activities = off")
    one_by_one(cursor, ids, pause)


def shown_late(cursor, ids: list[int], pause: float) -> None:
    """A transaction that begins with track_activities off, and switches it on."""
    for number in ids:
        cursor.execute("set track_activities = off")
        cursor.execute("begin")
        cursor.execute("set track_activities = on")
        cursor.execute(f"select pg_sleep({pause})")
        cursor.execute(CHANGE.format(number))
        cursor.execute("commit")


def kinds(server: EmbeddedPostgres, ending: threading.Event) -> Iterator[Writer]:
    """Yield a writer of each kind."""
    url, superuser = server.url(), server.url(user="postgres")
    described = [
        ("one by one", one_by_one, url, {}),
        ("several in one message", in_one_message, url, {}),
        ("procedure", by_procedure, url, {}),
        ("our application_name", one_by_one, url, {"application_name": "mailblaze elt"}),
        ("declared reader", write_first, url, {"application_name": "pg_dump"}),
        ("walsender", one_by_one, url + "?replication=database", {}),
        ("track_activities off", hidden, superuser, {}),
        ("track_activities on in mid-transaction", shown_late, superuser, {}),
    ]
    for place, (name, do, where, options) in enumerate(described):
        contacts = range(place + 1, 50_000, len(described))
        yield Writer(name, contacts, do, partial(psycopg2.connect, where, **options), ending)


def main() -> int:
    """Write and load, and print a line for each kind; return 0 if nothing was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument(
        "--only", metavar="KIND", help="one kind of writer alone: what another one holds back is no help"
    )
    chosen = parser.parse_args()
    os.environ["SOURCES__POSTGRES__READERS"] = '["pg_dump"]'
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres", ephemeral=True) as server:
        seed(server.url())
        execute(server.url(), PROCEDURE)
        ending = threading.Event()
        writers = list(kinds(server, ending))
        with Reader(Path(name), "ours", url=server.url()) as ours:
            ours.run_well(1, most=1)
            for writer in writers:
                if chosen.only in (None, writer.name):
                    writer.start()
            with ours.reading_on():
                ending.wait(chosen.seconds)
                ending.set()
                for writer in writers:
                    if writer.ident:
                        writer.join()
            ours.run_well(2)
        file = next((Path(name) / "ours").glob("*.duckdb"))
        outcome = compare(server.url(), "contacts", file, "RAW.POSTGRES_CONTACTS", alive="_deleted_at is null")
        lost = Counter(_writers_of(server.url(), outcome.lost, len(writers)))
    for place, writer in enumerate(writers):
        if writer.ident:
            print(f"{writer.name}: {len(writer.changed):,} rows changed, lost {lost[place]}")
    failed = sum("error" in run for run in ours.runs)
    print(f"{len(ours.runs)} runs, {failed} refused; lost {len(outcome.lost)}, doubled {outcome.doubled}")
    return 1 if outcome.lost or outcome.doubled or not any(writer.changed for writer in writers) else 0


def _writers_of(url: str, lost: list, count: int) -> list[int]:
    """Return for each lost row which writer changed it."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select (contact_id - 1) %% %s from contacts where first_name = 'late' and updated_at = any(%s)",
            (count, lost),
        )
        return [place for (place,) in cursor.fetchall()]


if __name__ == "__main__":
    sys.exit(main())
