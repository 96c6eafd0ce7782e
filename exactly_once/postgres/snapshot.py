"""One snapshot of Postgres: all tables of a load are read in it, up to a horizon below which nothing appears.

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
from typing import Any

import psycopg2
import sqlalchemy as sa

from exactly_once.errors import PipelineError
from exactly_once.interrupts import cancellable
from exactly_once.postgres.connection.address import DRIVER, parameters
from exactly_once.postgres.connection.session_settings import MARKED, SEARCH_PATH, Server, check, pin, read_back
from exactly_once.postgres.scanner import PostgresScanner, SourceReadError

APPLICATION_NAME = "mailblaze elt"  # the application_name of every connection of a load
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
STUCK = timedelta(minutes=1)  # a transaction older than this is named
LOOKS = 3  # at sessions that hide their transactions, before the load is refused

SERVER = """
select clock_timestamp(), pg_is_in_recovery(), current_user, pg_has_role(current_user, 'pg_read_all_stats', 'usage')
"""
# The start of each open transaction, as far back as now() in it can be:
# - now() of every transaction in one message is the message's arrival, which is query_start. Between two of them
#   xact_start is NULL. A procedure alone in its message gets a later now() after each of its own commits.
# - A session with track_activities off shows neither: its transaction may have begun when it connected. So may that of
#   a session which switched it on within a transaction.
# - Autovacuum and a walsender that streams write no row of a table; a parallel worker ends before its leader. Sessions
#   of loads read only, and so do declared readers, unless they hold a transaction id.
# The kind is one word: a statement's text may hold data.
OPEN_TRANSACTIONS = rf"""
select pid, case when is_hidden then backend_start else began end as began, coalesce(state, backend_type) as state,
    application_name, upper(substring(query from '[[:alpha:]]+')) as kind, usename, is_hidden,
    application_name = any(%(readers)s) as is_declared
from (
    select *,
        state = 'disabled' or xact_start is null and (
            state like 'idle in transaction%%' or state = 'active' and coalesce(backend_xid, backend_xmin) is not null
        ) as is_hidden,
        case
            when backend_type not in ('client backend', 'walsender') then xact_start
            when state = 'fastpath function call' then coalesce(xact_start, query_start)
            when state <> 'active' then xact_start
            when query ~* '^\s*call\s[^;]*;?\s*$'
                and octet_length(query) < pg_size_bytes(current_setting('track_activity_query_size')) - 1
                then xact_start
            else least(xact_start, query_start)
        end as began
    from pg_stat_activity
    where pid <> pg_backend_pid() and backend_type not in ('autovacuum worker', 'parallel worker')
        and (datname = current_database() or datname is null and backend_type <> 'walsender')
        and pid not in (select pid from pg_stat_replication where state <> 'startup')
        and (backend_xid is not null or application_name <> all(%(readers)s) and pid not in ({MARKED}))
) as sessions
where is_hidden or began is not null
order by began
"""
PREPARED = "select gid from pg_prepared_xacts where database = current_database() order by prepared limit 1"
# What makes a session show its activity: the setting of its role, of the database, or of the server.
SHOWS_ACTIVITY = """
select case
    when exists (
        select from pg_db_role_setting join pg_roles on pg_roles.oid = setrole
        where rolname = %(role)s and setconfig && array['track_activities=off', 'track_activities=false']
    ) then format('ALTER ROLE %%I SET track_activities = on', %(role)s)
    when exists (
        select from pg_db_role_setting join pg_database on pg_database.oid = setdatabase
        where datname = current_database() and setrole = 0
            and setconfig && array['track_activities=off', 'track_activities=false']
    ) then format('ALTER DATABASE %%I SET track_activities = on', current_database())
    when current_setting('track_activities')::boolean
        then format('ALTER ROLE %%I SET track_activities = on', %(role)s)
    else 'ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();'
end
"""
# Types of extensions that SQLAlchemy knows by their name alone: search_path has no schema of an extension.
EXTENSION_TYPES = """
select format_type(oid, null), typname from pg_type
where typname in ('citext', 'hstore') and typtype = 'b' and typnamespace <> 'pg_catalog'::regnamespace
"""
# Rows that keep the cursors which they had elsewhere.
FOREIGN_CURSORS = """
select 'the subscription ' || subname from pg_subscription
where subenabled and subdbid = (select oid from pg_database where datname = current_database())
union all
select 'session_replication_role = replica of ' || coalesce('role ' || rolname, 'the database')
from pg_db_role_setting left join pg_roles on pg_roles.oid = setrole
where setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and setconfig && array['session_replication_role=replica', 'session_replication_role=local']
order by 1
"""


@dataclass(frozen=True)
class SnapshotClock:
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
        search_path: of every session, for functions in views that name no schema.

    Raises:
        PipelineError: the address is malformed.
    """

    def __init__(
        self, url: sa.URL, guard: float = 0.25, readers: Sequence[str] = (), search_path: str = SEARCH_PATH
    ) -> None:
        self._address = parameters(url) | {"application_name": APPLICATION_NAME}
        # SQLAlchemy reads neither libpq's forms of an address nor every password.
        plain = sa.URL.create(DRIVER, username=url.username, host=url.host, database=url.database)
        self._engine = sa.create_engine(plain, creator=self._connect, pool_pre_ping=True)
        if not 0 <= guard <= 60:  # a NaN is not
            raise PipelineError(f"SOURCES__POSTGRES__GUARD is {guard}: give seconds from 0 to 60.")
        self._guard = guard
        self._readers = list(readers)
        self._search_path = search_path
        self._keeper: sa.Connection | None = None
        self._exported = ""
        self._server: Server | None = None
        sa.event.listen(self._engine, "begin", self._join)

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
            PipelineError: the role may not see other sessions' transactions, one hides its own, or the server is a
                standby.
        """
        if self._keeper is None:
            self.moment  # noqa: B018  before the snapshot: what has ended by then is in it
            self._take()
        return self._engine

    @property
    def server(self) -> Server:
        """The server that the snapshot is of, and its encoding."""
        self.engine  # noqa: B018
        return self._server

    @cached_property
    def wire(self) -> PostgresScanner:
        """The fast way to read many rows of the same snapshot; opened by the first look at it."""
        return PostgresScanner(self._address, self._exported_by_engine(), self.server, self._search_path)

    @cached_property
    def moment(self) -> SnapshotClock:
        """The clock and the horizon, read once."""
        with self._engine.connect() as connection:
            clock, is_standby, role, sees_all = connection.exec_driver_sql(SERVER).one()
            offset = (clock - datetime.now(UTC)).total_seconds()
            if is_standby:
                raise PipelineError(
                    "Postgres is a standby, which does not see the primary's open transactions: read from it."
                )
            if not sees_all:
                raise PipelineError(
                    f"The role {role} does not see open transactions, without which rows that commit late are lost: "
                    f"type GRANT pg_read_all_stats TO {role} as a superuser."
                )
        open_ones, prepared = self._open_transactions(clock)
        if open_ones and clock - open_ones[0].began > STUCK:
            warn(f"{describe(open_ones[0], clock)}: rows changed since wait until it ends")
        for one in open_ones:
            if one.is_declared and not one.is_hidden:
                warn(
                    f"process {one.pid} is declared as a reader ({one.application_name}) and has written: it counts; "
                    "take the name out of SOURCES__POSTGRES__READERS"
                )
        if prepared:
            warn(f"the prepared transaction {prepared!r} is open: rows wait until it is committed or rolled back")
        horizon = min([clock, *(one.began for one in open_ones)])
        return SnapshotClock(clock, offset, None if prepared else horizon)

    def _open_transactions(self, clock: datetime) -> tuple[list[Any], str | None]:
        """Return the open transactions, oldest first, and the name of a prepared one.

        Raises:
            PipelineError: a session hides since when its transaction is open, and has been connected for a while.
        """
        for _ in range(LOOKS):
            time.sleep(self._guard)
            # Another transaction: within one, Postgres shows the sessions as they were when it first looked.
            with self._engine.connect() as connection:
                found = connection.exec_driver_sql(OPEN_TRANSACTIONS, {"readers": self._readers}).all()
                prepared = connection.exec_driver_sql(PREPARED).scalar()
                hidden = [one for one in found if one.is_hidden]
                foreign = connection.exec_driver_sql(FOREIGN_CURSORS).scalars().all()
                if not hidden:
                    break
                command = connection.exec_driver_sql(SHOWS_ACTIVITY, {"role": hidden[0].usename}).scalar()
        if hidden and clock - hidden[0].began > STUCK:
            raise PipelineError(hidden_line(hidden[0], command))
        for what in foreign:
            warn(
                f"{what} writes rows with cursors of another server: changes that come later than they say are not "
                'seen; set "lag" in TABLES, or read the table whole'
            )
        return found, prepared

    def _connect(self) -> Any:
        """Return a new connection; the first one shows whether there can be transactions at all."""
        connection = cancellable(psycopg2.connect(**self._address), "cancel")
        if self._server is None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("select 1")
                connection.rollback()
            except psycopg2.OperationalError as error:
                raise SourceReadError(
                    f"Postgres: the connection broke off as a transaction began ({str(error).splitlines()[0]}). Run "
                    "again; a pooler in statement mode does this always: connect to a session pool or to Postgres."
                ) from error
        return connection

    def _take(self) -> None:
        keeper = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        exported = keeper.exec_driver_sql("select pg_export_snapshot()").scalar()
        known = self._engine.dialect.ischema_names
        named = {name: known[kind] for name, kind in keeper.exec_driver_sql(EXTENSION_TYPES)}
        self._engine.dialect.ischema_names = known | named
        self._keeper, self._exported = keeper, exported

    def _exported_by_engine(self) -> str:
        self.engine  # noqa: B018
        return self._exported

    def _join(self, connection: sa.Connection) -> None:
        """Begin a transaction: in the snapshot once there is one, with its settings, on the same server."""
        # By the driver: a connection that streams would declare a cursor for these, too.
        with connection.connection.cursor() as cursor:
            cursor.execute("set transaction read only")
            if self._exported:
                cursor.execute("set transaction isolation level repeatable read")
                cursor.execute("set transaction snapshot %s", (self._exported,))
            cursor.execute(pin(self._search_path))
            cursor.execute(read_back(self._search_path))
            self._server = check(cursor.fetchone(), self._server)


def describe(one: Any, clock: datetime) -> str:
    """Return a row of OPEN_TRANSACTIONS in words, without its statement's text."""
    age = max(clock - one.began, timedelta(0)).total_seconds()
    who = f"process {one.pid} ({one.application_name or 'no name'}, "
    if one.is_hidden:
        return f"{who}role {one.usename}) hides its transactions and is connected for {age:.0f} s"
    return f"{who}{one.state}, last statement {one.kind}) has had a transaction open for {age:.0f} s"


def hidden_line(one: Any, command: str) -> str:
    """Return the line about a session that hides its transactions, with the command that makes it show them."""
    return (
        f"Postgres does not show the transactions of process {one.pid} ({one.application_name or 'no name'}, role "
        f"{one.usename}): its track_activities is off, and rows that it commits late would be lost. As a superuser, "
        f"type {command} and SELECT pg_terminate_backend({one.pid}); then run again."
    )


def warn(line: str) -> None:
    """Say on standard error what holds the horizon back."""
    print(f"⚠ Postgres: {line}.", file=sys.stderr)
