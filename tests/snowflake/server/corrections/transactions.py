"""Transactions and their locks: what other sessions see of them, and how long they wait.

The session of a killed client keeps its transaction, as on an account. Not modelled:
that Snowflake ends one that blocks others and was idle for five minutes, locks of partitions instead of tables, and
READ COMMITTED (DuckDB's transactions see the database as it was when they began).
"""

import itertools
import re
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

import fakesnow.server as server
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp
from starlette.routing import Route

from corrections import correction

LOCKING = (exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)
NOTHING_DONE = exp.select(exp.alias_(exp.Literal.string("Statement executed successfully."), "status", quoted=True))
LONGEST = 10  # seconds that a statement waits for a lock at most: a client gives up after 15
TIMEOUTS = ("LOCK_TIMEOUT", "STATEMENT_TIMEOUT_IN_SECONDS")
numbers = itertools.count(1_700_000_000_000)
signed_in: ContextVar[dict] = ContextVar("signed_in")
freed = threading.Condition()


@dataclass(eq=False)
class Transaction:
    """An open transaction of a session, with the tables that it has locked and the one that it waits for."""

    connection: FakeSnowflakeConnection
    name: str
    id: int = field(default_factory=lambda: next(numbers))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    locks: set[str] = field(default_factory=set)
    awaited: str | None = None


class Sessions(dict):
    """Sessions by token; one that its client closes is rolled back."""

    def __delitem__(self, token: str) -> None:
        connection = self.pop(token)
        if getattr(connection, "transaction", None):
            roll_back(connection)


def roll_back(connection: FakeSnowflakeConnection) -> None:
    """End the transaction of a session, whatever it does."""
    connection._duck_conn.interrupt()
    connection._duck_conn.rollback()
    connection._in_transaction = False
    end(connection)


def session_of(connection: FakeSnowflakeConnection) -> dict:
    """Return what a session said when it signed in: number, user, role, warehouse, parameters."""
    return getattr(connection, "session", {})


def open_transactions() -> list[Transaction]:
    """Return every open transaction, of sessions that nobody has closed."""
    found = [getattr(connection, "transaction", None) for connection in list(server.sessions.values())]
    return [transaction for transaction in found if transaction]


@correction
def sessions_have_users(_s3_url: str) -> None:
    """server.py login_request forgets who signs in, with which role, warehouse and parameters; no session ends."""
    login, connect = server.login_request, server.FakeSnow.connect

    async def login_as(request):
        body = await request.body()
        if request.headers.get("Content-Encoding") == "gzip":
            body = server.gzip.decompress(body)
        data, asked = server.json.loads(body)["data"], request.query_params
        signed_in.set(
            {
                "number": next(numbers),
                "user": data.get("LOGIN_NAME", "").upper(),
                "role": asked.get("roleName"),
                "warehouse": asked.get("warehouse"),
                "parameters": {name.upper(): value for name, value in data["SESSION_PARAMETERS"].items()},
            }
        )
        answer = server.json.loads((await login(request)).body)
        answer["data"]["masterToken"] = answer["data"]["token"]  # without one, a client ends no session
        return server.JSONResponse(answer)

    def connect_as(self, *arguments, **named):
        connection = connect(self, *arguments, **named)
        connection.session = signed_in.get({})
        return connection

    routes = server.app.router.routes
    place = next(number for number, route in enumerate(routes) if route.endpoint is login)
    routes[place] = Route(routes[place].path, login_as, methods=["POST"])
    server.FakeSnow.connect = connect_as
    server.sessions = Sessions(server.sessions)


@correction
def named_transactions(_s3_url: str) -> None:
    """cursor.py hands BEGIN … NAME to DuckDB, which knows no names; a second BEGIN is an error there, not ignored."""
    execute, autocommit = FakeSnowflakeCursor._execute, FakeSnowflakeConnection.autocommit

    def execute_tracked(self, transformed, params=None):
        connection, current = self._conn, getattr(self._conn, "transaction", None)
        if isinstance(transformed, exp.Transaction):
            if current:
                return execute(self, NOTHING_DONE.copy(), params)
            modes = [str(mode) for mode in transformed.args.get("modes") or []]
            name = next((mode.split()[1] for mode in modes if mode.upper().startswith("NAME ")), "")
            execute(self, exp.Transaction(), params)
            connection.transaction = Transaction(connection, name.upper() or f"UNNAMED_{next(numbers)}")
            return None
        try:
            execute(self, transformed, params)
        finally:
            is_open = connection._in_transaction and not connection._autocommit
            if is_open and not current:  # begun by a statement
                connection.transaction = Transaction(connection, f"UNNAMED_{next(numbers)}")
            elif isinstance(transformed, (exp.Commit, exp.Rollback)) or (not connection._autocommit and not is_open):
                end(connection)
        return None

    def autocommit_tracked(self, mode):
        autocommit(self, mode)
        end(self)

    FakeSnowflakeCursor._execute, FakeSnowflakeConnection.autocommit = execute_tracked, autocommit_tracked


def end(connection: FakeSnowflakeConnection) -> None:
    """Forget the transaction of a session, and let go of its locks."""
    with freed:
        connection.transaction = None
        freed.notify_all()


@correction
def session_timeouts(_s3_url: str) -> None:
    """transforms.py alter_session refuses the parameters that end a statement which waits."""
    execute = FakeSnowflakeCursor.execute

    def execute_set(self, command, *args, **options):
        found = re.match(rf"\s*alter\s+session\s+set\s+({'|'.join(TIMEOUTS)})\s*=\s*(\d+)\s*;?\s*$", command, re.I)
        if not found:
            return execute(self, command, *args, **options)
        session_of(self._conn).setdefault("parameters", {})[found[1].upper()] = int(found[2])
        return execute(self, "select 'Statement executed successfully.' as \"status\"", **options)

    FakeSnowflakeCursor.execute = execute_set


@correction
def locks_of_tables(_s3_url: str) -> None:
    """DuckDB refuses what changes a row that another transaction has changed; Snowflake lets it wait for the table."""
    execute = FakeSnowflakeCursor._execute

    def execute_locked(self, transformed, params=None):
        found = isinstance(transformed, LOCKING) and transformed.find(exp.Table)
        if not found:
            return execute(self, transformed, params)
        connection = self._conn
        name = ".".join([found.catalog or connection.database or "", found.db or connection.schema or "", found.name])
        own = getattr(connection, "transaction", None)
        alone = None if own or not connection._autocommit else Transaction(connection, f"UNNAMED_{next(numbers)}")
        said = session_of(connection).get("parameters", {})
        limit = min(float(said.get(name, LONGEST)) for name in TIMEOUTS)
        with freed:
            waiting = own or alone
            if waiting:
                waiting.awaited = name
            is_free = freed.wait_for(lambda: not holders(name, connection), min(limit, LONGEST))
            if waiting:
                waiting.awaited = None
            if not is_free:
                (holder, *_) = holders(name, connection)
                raise ProgrammingError(
                    msg=f"Statement has locked table '{name}' in transaction {holder.id} and this lock has not yet "
                    "been released. Your statement was aborted.",
                    errno=625,
                    sqlstate="57014",
                )
            if own:
                own.locks.add(name)
            elif alone:
                alone.locks.add(name)
                connection.transaction = alone
        try:
            return execute(self, transformed, params)
        finally:
            if alone:
                end(connection)
            elif connection.transaction and connection.transaction is not own:  # begun by this statement
                connection.transaction.locks.add(name)

    FakeSnowflakeCursor._execute = execute_locked


def holders(name: str, connection: FakeSnowflakeConnection) -> list[Transaction]:
    """Return the transactions of other sessions that have locked a table."""
    return [one for one in open_transactions() if name in one.locks and one.connection is not connection]


@correction
def shown_transactions(_s3_url: str) -> None:
    """cursor.py knows no SHOW TRANSACTIONS, SHOW LOCKS and SYSTEM$ABORT_TRANSACTION: each shows a user its own."""
    execute = FakeSnowflakeCursor.execute

    def execute_shown(self, command, *args, **options):
        user = session_of(self._conn).get("user")
        own = [one for one in open_transactions() if session_of(one.connection).get("user") == user]
        if re.match(r"\s*show\s+transactions\b", command, re.I):
            rows = [
                (one.id, user, session_of(one.connection).get("number"), one.name, one.started, "running", "0")
                for one in own
            ]
            return execute(self, table("id user session name started_on state scope", rows), **options)
        if re.match(r"\s*show\s+locks\b", command, re.I):
            locks = [(name, one, "HOLDING", one.started) for one in own for name in sorted(one.locks)]
            locks += [(one.awaited, one, "WAITING", None) for one in own if one.awaited]
            rows = [(name, "PARTITIONS", one.id, one.started, status, at) for name, one, status, at in locks]
            names = "resource type transaction transaction_started_on status acquired_on"
            return execute(self, table(names, rows), **options)
        if found := re.match(r"\s*select\s+system\$abort_transaction\((\d+)\)", command, re.I):
            said = abort(int(found[1]), user)
            return execute(self, f"""select '{said}' as "SYSTEM$ABORT_TRANSACTION({found[1]})\"""", **options)
        return execute(self, command, *args, **options)

    FakeSnowflakeCursor.execute = execute_shown


def abort(number: int, user: str) -> str:
    """Roll back a transaction of the user's.

    Raises:
        ProgrammingError: it is another user's.
    """
    found = next((one for one in open_transactions() if one.id == number), None)
    if found is None:
        return f"Transaction {number} is not running."
    if session_of(found.connection).get("user") != user:
        raise ProgrammingError(msg="Insufficient privileges to abort the transaction.", errno=3001, sqlstate="42501")
    roll_back(found.connection)
    return f"Aborted transaction id: {number}"


def table(names: str, rows: list[tuple]) -> str:
    """Return a query whose result has these columns and rows."""
    if not rows:
        return "select " + ", ".join(f"""'' as "{name}\"""" for name in names.split()) + " where false"
    return " union all ".join(
        "select " + ", ".join(f'{literal(value)} as "{name}"' for name, value in zip(names.split(), row, strict=True))
        for row in rows
    )


def literal(value: object) -> str:
    """Return a value as SQL."""
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f"'{value:%Y-%m-%d %H:%M:%S.%f}'::timestamp_ltz"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
