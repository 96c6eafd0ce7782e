"""One snapshot of Postgres that all tables of a load are read in, with its low watermark.

Low watermark: the start of the oldest transaction that was open when the snapshot was taken. A row becomes visible
when its transaction commits, but its cursor says when the transaction began, so a reader that saves the newest cursor
it saw skips whatever commits late. No uncommitted row can have a cursor below the low watermark; rows at or past it
wait for the next load. docs/guarantees.md has the reasoning and the limits.
"""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, cast

import psycopg2
import sqlalchemy as sa

from exactly_once.errors import PipelineError
from exactly_once.postgres.connection.address import DRIVER, parameters, parse
from exactly_once.postgres.connection.open_transactions import (
    describe,
    foreign_cursor_writers,
    hidden_line,
    open_transactions,
    prepared_transaction,
    show_activity_command,
    warn,
)
from exactly_once.postgres.connection.session_settings import SEARCH_PATH, Server, check, pin, read_back
from exactly_once.postgres.info import POSTGRES
from exactly_once.postgres.scanner import PostgresScanner, SourceReadError
from exactly_once.process.interrupts import cancellable
from exactly_once.source_info import SourceInfo

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LONG = timedelta(minutes=1)  # an older transaction is reported
ATTEMPTS = 3  # to see the transactions that sessions hide, before the load is refused

SERVER = """
select clock_timestamp(), pg_is_in_recovery(), current_user, pg_has_role(current_user, 'pg_read_all_stats', 'usage')
"""
# Types of extensions that SQLAlchemy knows by their name alone: search_path has no schema of an extension.
EXTENSION_TYPES = """
select format_type(oid, null), typname from pg_type
where typname in ('citext', 'hstore') and typtype = 'b' and typnamespace <> 'pg_catalog'::regnamespace
"""


@dataclass(frozen=True)
class SnapshotOptions:
    """How a snapshot is taken.

    Args:
        visibility_delay: seconds between reading the clock and looking at the open transactions: what a session may
            need from the start of a transaction to showing it. 0 to 60; the setting `guard`.
        read_only_apps: application_names that never write, whose long transactions hold nothing back; the setting
            `readers`.
        search_path: of every session, for functions in views that name no schema.
        application_name: of every connection of the load.
    """

    visibility_delay: float = 0.25
    read_only_apps: Sequence[str] = ()
    search_path: str = SEARCH_PATH
    application_name: str = "exactly_once"


@dataclass(frozen=True)
class SnapshotClock:
    """When a snapshot was taken.

    Args:
        now: the server's clock, UTC.
        offset: seconds that it is ahead of this machine's.
        low_watermark: UTC; None: a prepared transaction is open, and Postgres does not say when that one began.
    """

    now: datetime
    offset: float
    low_watermark: datetime | None


class Snapshot(AbstractContextManager["Snapshot"]):
    """An engine whose every connection sees the same committed rows; its first use takes the snapshot.

    Args:
        url: postgresql://…, as text or SQLAlchemy's, of a role that may read the tables and belongs to
            pg_read_all_stats.
        options: how it is taken.
        info: of the source, for messages.

    Raises:
        PipelineError: the address is malformed, or an option is out of range.
    """

    def __init__(self, url: str | sa.URL, options: SnapshotOptions | None = None, info: SourceInfo = POSTGRES) -> None:
        self.info = info
        self._options = options or SnapshotOptions()
        delay = self._options.visibility_delay
        if not 0 <= delay <= 60:  # a NaN is not
            raise PipelineError(f"{info.setting('guard')} is {delay}: give seconds from 0 to 60.")
        url = url if isinstance(url, sa.URL) else parse(url)
        self._address = parameters(url) | {"application_name": self._options.application_name}
        # SQLAlchemy reads neither libpq's forms of an address nor every password.
        plain = sa.URL.create(DRIVER, username=url.username, host=url.host, database=url.database)
        self._engine = sa.create_engine(plain, creator=self._connect, pool_pre_ping=True)
        self._keeper: sa.Connection | None = None
        self._exported = ""
        self._server: Server | None = None
        sa.event.listen(self._engine, "begin", self._join)

    def __exit__(self, *_: object) -> None:
        if "scanner" in self.__dict__:
            self.scanner.close()
        if self._keeper:
            with suppress(sa.exc.OperationalError):  # it broke: then its readers said so, or had all they wanted
                self._keeper.close()
        self._engine.dispose()

    @property
    def engine(self) -> sa.Engine:
        """The engine; its first use takes the snapshot.

        Raises:
            PipelineError: the role may not see other sessions' transactions, a session hides its own, or the server
                is a standby.
        """
        if self._keeper is None:
            self.clock  # noqa: B018  before the snapshot: what has ended by then is in it
            self._take()
        return self._engine

    @property
    def server(self) -> Server:
        """The server that the snapshot is of, and its encoding."""
        self.engine  # noqa: B018
        return cast(Server, self._server)  # the engine's first session has set it

    @cached_property
    def scanner(self) -> PostgresScanner:
        """DuckDB's scanner on the same snapshot, for many rows; opened by its first use."""
        self.engine  # noqa: B018
        return PostgresScanner(self._address, self._exported, self.server, self._options.search_path, self.info)

    @cached_property
    def clock(self) -> SnapshotClock:
        """The clock and the low watermark, read once."""
        now, offset = self._server_clock()
        transactions, prepared = self._open_transactions(now)
        if transactions and now - transactions[0].began > LONG:
            warn(self.info, f"{describe(transactions[0], now)}: rows changed since wait until it ends")
        for one in transactions:
            if one.is_declared and not one.is_hidden:
                warn(
                    self.info,
                    f"process {one.pid} is declared as read-only ({one.application_name}) and has written: it counts; "
                    f"take the name out of {self.info.setting('readers')}",
                )
        if prepared:
            line = f"the prepared transaction {prepared!r} is open: rows wait until it is committed or rolled back"
            warn(self.info, line)
        low_watermark = min([now, *(one.began for one in transactions)])
        return SnapshotClock(now, offset, None if prepared else low_watermark)

    def _server_clock(self) -> tuple[datetime, float]:
        """Return the server's clock and how many seconds it is ahead of this machine's.

        Raises:
            PipelineError: the server does not show this role all open transactions.
        """
        with self._engine.connect() as connection:
            now, is_standby, role, sees_all = connection.exec_driver_sql(SERVER).one()
            offset = (now - datetime.now(UTC)).total_seconds()
        if is_standby:
            raise PipelineError(
                f"{self.info.label} is a standby, which does not see the primary's open transactions: read from the "
                "primary."
            )
        if not sees_all:
            raise PipelineError(
                f"The role {role} does not see open transactions, without which rows that commit late are lost: "
                f"type GRANT pg_read_all_stats TO {role} as a superuser."
            )
        return now, offset

    def _open_transactions(self, now: datetime) -> tuple[list[Any], str | None]:
        """Return the open transactions, oldest first, and the name of a prepared one.

        Raises:
            PipelineError: a session hides since when its transaction is open, and has been connected for a while.
        """
        for _ in range(ATTEMPTS):
            time.sleep(self._options.visibility_delay)
            # Another transaction: within one, Postgres shows the sessions as they were when it first looked.
            with self._engine.connect() as connection:
                found = open_transactions(connection, self._options.read_only_apps)
                prepared = prepared_transaction(connection)
                hidden = [one for one in found if one.is_hidden]
                writers = foreign_cursor_writers(connection)
                if not hidden:
                    break
                command = show_activity_command(connection, hidden[0].usename)
        if hidden and now - hidden[0].began > LONG:
            raise PipelineError(hidden_line(hidden[0], command))
        for writer in writers:
            warn(
                self.info,
                f"{writer} writes rows with cursors of another server: changes that come later than they say are not "
                f"seen; say lookback_seconds= in {self.info.declared_in}, or read the table whole",
            )
        return found, prepared

    def _connect(self) -> Any:
        """Return a new connection; the first one shows whether there can be transactions at all."""
        address: dict[str, Any] = {**self._address}
        connection = cancellable(psycopg2.connect(**address), "cancel")
        if self._server is None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("select 1")
                connection.rollback()
            except psycopg2.OperationalError as error:
                reason = str(error).splitlines()[0]
                raise SourceReadError(
                    f"{self.info.label}: the connection broke off as a transaction began ({reason}). Run again; a "
                    "pooler in statement mode does this always: connect to a session pool or to Postgres."
                ) from error
        return connection

    def _take(self) -> None:
        keeper = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        exported = keeper.exec_driver_sql("select pg_export_snapshot()").scalar()
        dialect: Any = self._engine.dialect  # SQLAlchemy's own type lacks the names of a dialect's types
        known = dialect.ischema_names
        named = {name: known[kind] for name, kind in keeper.exec_driver_sql(EXTENSION_TYPES)}
        dialect.ischema_names = known | named
        self._keeper, self._exported = keeper, str(exported)

    def _join(self, connection: sa.Connection) -> None:
        """Begin a transaction: in the snapshot once there is one, with its settings, on the same server."""
        search_path = self._options.search_path
        # By the driver: a connection that streams would declare a cursor for these, too.
        driver: Any = connection.connection
        statements = ["set transaction read only"]
        if self._exported:
            statements += ["set transaction isolation level repeatable read"]
            statements += [f"set transaction snapshot '{self._exported}'"]
        with driver.cursor() as cursor:
            cursor.execute("; ".join([*statements, pin(search_path), read_back(search_path)]))  # one round trip
            self._server = check(cursor.fetchone(), self._server, self.info)
