"""One moment of Postgres: all tables of a load are read in one snapshot, up to a horizon below which nothing appears.

A row becomes visible when its transaction commits, but its cursor says when the transaction began: a reader that saves
the newest cursor it saw skips whatever commits late. The horizon is the start of the oldest transaction still open;
what lies at or past it waits for the next load. docs/exactly-once.md has the reasoning, and what it cannot see.
"""

import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import sqlalchemy as sa

from pipelines.errors import Refusal
from pipelines.wire import Wire

READER = "mailblaze elt"  # the application_name of every connection of a load
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
STUCK = timedelta(minutes=1)  # a transaction older than this is named

SERVER = """
select clock_timestamp(), pg_is_in_recovery(), current_user, pg_has_role(current_user, 'pg_read_all_stats', 'usage')
"""
# Autovacuum and replication senders write no row of a table. The kind is one word: a statement's text may hold data.
OPEN_TRANSACTIONS = """
select pid, xact_start, coalesce(state, backend_type), application_name, upper(substring(query from '[[:alpha:]]+'))
from pg_stat_activity
where (datname = current_database() or datname is null) and pid <> pg_backend_pid() and xact_start is not null
    and backend_type not in ('autovacuum worker', 'walsender') and application_name <> all(%(readers)s)
order by xact_start
"""
PREPARED = "select gid from pg_prepared_xacts where database = current_database() order by prepared limit 1"


@dataclass(frozen=True)
class Moment:
    """When a snapshot was taken: the server's clock (UTC), how far it is ahead of ours (s), and the horizon (UTC).

    The horizon is None where a prepared transaction is open: Postgres does not say when that one began.
    """

    clock: datetime
    offset: float
    horizon: datetime | None


class Snapshot(AbstractContextManager):
    """An engine whose every connection sees the same committed rows; opened by its first use.

    Args:
        url: of a role that may read the tables and belongs to pg_read_all_stats.
        guard: seconds between reading the clock and looking at the open transactions: what a session may need from
            the start of a transaction to showing it.
        readers: names of applications that never write, whose long transactions hold nothing back.
    """

    def __init__(self, url: sa.URL, guard: float = 0.25, readers: Sequence[str] = ()) -> None:
        self._engine = sa.create_engine(
            # SQLAlchemy 2.1 takes a plain postgresql:// for psycopg 3.
            url.set(drivername="postgresql+psycopg2"),
            connect_args={"application_name": READER, "options": "-c timezone=UTC -c datestyle=ISO"},
        )
        self._guard = guard
        self._readers = [*readers, READER]
        self._keeper: sa.Connection | None = None
        self._exported = ""

    def __exit__(self, *_: object) -> None:
        if "wire" in self.__dict__:
            self.wire.close()
        if self._keeper:
            with suppress(sa.exc.OperationalError):  # it broke: then its readers said so, or had all they wanted
                self._keeper.close()
        self._engine.dispose()

    @property
    def engine(self) -> sa.Engine:
        """The engine; the first look at it takes the snapshot.

        Raises:
            Refusal: the role may not see other sessions' transactions, or the server is a standby.
        """
        if self._keeper is None:
            self.moment  # noqa: B018  before the snapshot: what has ended by then is in it
            self._take()
        return self._engine

    @cached_property
    def wire(self) -> Wire:
        """The fast way to read many rows of the same snapshot; opened by the first look at it."""
        url = self.engine.url
        return Wire(url, self._exported, READER)

    @cached_property
    def moment(self) -> Moment:
        """The clock and the horizon, read once."""
        with self._engine.connect() as connection:
            clock, is_standby, role, sees_all = connection.exec_driver_sql(SERVER).one()
            offset = (clock - datetime.now(UTC)).total_seconds()
            if is_standby:
                raise Refusal(
                    "Postgres is a standby, which does not see the primary's open transactions: read from it."
                )
            if not sees_all:
                raise Refusal(
                    f"The role {role} does not see open transactions, without which rows that commit late are lost: "
                    f"type GRANT pg_read_all_stats TO {role} as a superuser."
                )
        time.sleep(self._guard)
        # Another transaction: within one, Postgres shows the sessions as they were when it first looked.
        with self._engine.connect() as connection:
            open_ones = connection.exec_driver_sql(OPEN_TRANSACTIONS, {"readers": self._readers}).all()
            prepared = connection.exec_driver_sql(PREPARED).scalar()
        for pid, began, state, application, kind in open_ones[:1]:
            if clock - began > STUCK:
                age = (clock - began).total_seconds()
                warn(
                    f"process {pid} ({application or 'no name'}, {state}, last statement {kind}) has had a transaction "
                    f"open for {age:.0f} s: rows changed since wait until it ends"
                )
        if prepared:
            warn(f"the prepared transaction {prepared!r} is open: rows wait until it is committed or rolled back")
        horizon = min([clock, *(began for _, began, *_ in open_ones)])
        return Moment(clock, offset, None if prepared else horizon)

    def _take(self) -> None:
        keeper = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        exported = keeper.exec_driver_sql("select pg_export_snapshot()").scalar()
        self._keeper, self._exported = keeper, exported

        @sa.event.listens_for(self._engine, "begin")
        def join(connection: sa.Connection) -> None:
            # By the driver: a connection that streams would declare a cursor for these, too.
            with connection.connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
                cursor.execute("set transaction snapshot %s", (exported,))


def warn(line: str) -> None:
    """Say on standard error what holds the horizon back."""
    print(f"⚠ Postgres: {line}.", file=sys.stderr)
