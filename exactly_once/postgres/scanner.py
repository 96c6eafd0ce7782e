"""Rows from Postgres's wire to Arrow or Parquet without a Python object in between: DuckDB's own scanner decodes them.

The fastest of what we measured (docs/speed.md). Postgres runs our SQL as it stands, as `COPY … (FORMAT binary)`; so
what `exact.py` casts to text stays text, and what is left has a type that Arrow and Parquet share with Postgres.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from exactly_once import interrupts
from exactly_once.errors import PipelineError, TableError
from exactly_once.interrupts import cancellable
from exactly_once.postgres.connection.address import connection_string
from exactly_once.postgres.connection.session_settings import SEARCH_PATH, Server, check, hint, pin, read_back


class SourceReadError(PipelineError):
    """The connection broke off, or the session that keeps the snapshot did."""

    is_transient = True


class TableReadError(TableError):
    """Postgres, or the reader of its wire, refused to read a table; the connection and other tables are not affected.

    `reason` is Postgres's message, its first line.
    """

    def __init__(self, reason: str, table: str | None = None, hint: str = "") -> None:
        self.reason = reason
        self.hint = hint
        what = f"{table} could not be read" if table else "it could not be read"
        super().__init__(f"Postgres: {what} ({reason}); {hint or 'correct that, then run again'}.")

    def of_table(self, table: str) -> "TableReadError":
        """Return the same error with the table's name in its line."""
        return type(self)(self.reason, table, self.hint)


@contextmanager
def errors_of(table: str) -> Iterator[None]:
    """Name the table in the errors of its reading, and where a value is to blame what helps.

    Raises:
        TableError: this table cannot be read as it is.
    """
    try:
        yield
    except TableReadError as error:
        if complaint := re.search(r"column (.+?) (holds .+?)\"?$", error.reason):
            column, what = complaint.groups()
            raise TableError(
                f'{table}.{column} {what}: correct it at the source, or say "as_text": ["{column}"] or "exclude": '
                f'["{column}"] in TABLES. Nothing of {table} was loaded.'
            ) from error
        raise error.of_table(table) from error


EXTENSION = "duckdb_extension_postgres_scanner"  # the wheel that carries it
BROKEN = ("08", "57P", "25P03", "25P04")  # SQLSTATEs
SECRET_NAMES = {"host": "host", "port": "port", "dbname": "database", "user": "user", "password": "password"}
SETTINGS = {
    "memory_limit": "1GB",  # far above what row groups of 12 MB need
    "preserve_insertion_order": False,  # a row group may then be cut by its bytes
}


class PostgresScanner:
    """Sessions of DuckDB that read one exported snapshot of Postgres.

    Args:
        address: libpq's parameters (exactly_once/postgres/connection/address.py), of a role that may read the tables.
        exported: the snapshot's name; the session that exported it stays open longer than this.
        server: that the snapshot is of.
        search_path: of every session.

    Raises:
        PipelineError: DuckDB's scanner is not installed.
        SourceReadError: Postgres does not answer.
    """

    def __init__(self, address: dict[str, str], exported: str, server: Server, search_path: str = SEARCH_PATH) -> None:
        self._exported = exported
        self._server = server
        self._search_path = search_path
        self._role = address.get("user", "the role")
        self._database = duckdb.connect(config=SETTINGS)
        load_scanner(self._database)
        # The log-in is in a secret: neither the text of a statement that fails nor its error shows the password.
        login = {SECRET_NAMES[name]: value for name, value in address.items() if name in SECRET_NAMES}
        parts = ", ".join(f"{name} {_quoted(value)}" for name, value in login.items())
        self._database.execute(f"CREATE SECRET source (TYPE postgres, {parts})")
        place = connection_string({name: value for name, value in address.items() if name not in SECRET_NAMES})
        try:
            self._database.execute(f"ATTACH {_quoted(place)} AS source (TYPE postgres, SECRET source, READ_ONLY)")
        except duckdb.Error as error:
            raise _explained(error, is_broken=True) from None  # its own text holds the address

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    @contextmanager
    def session(self, table: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a session in the snapshot, with one connection to Postgres of its own; for one thread.

        Args:
            table: what is read, for the line of an error.

        Raises:
            SourceReadError: the connection broke off, or the session that keeps the snapshot did.
            TableReadError: Postgres or the scanner refused a statement.
            PipelineError: Postgres does not keep the session's settings.
        """
        session = cancellable(self._database.cursor())
        is_joined = False
        try:
            session.execute("SET TimeZone = 'UTC'")
            session.begin()
            self._join(session)
            is_joined = True
            yield session
        except duckdb.Error as error:
            is_broken = not _roll_back(session) or not is_joined
            raise _explained(error, is_broken, table, self._role) from error
        finally:
            _roll_back(session)
            session.close()

    def _join(self, session: duckdb.DuckDBPyConnection) -> None:
        snapshot = f"SET TRANSACTION SNAPSHOT {_quoted(self._exported)}; SET TRANSACTION READ ONLY"
        for statement in (snapshot, pin(self._search_path)):
            session.execute(f"CALL postgres_execute('source', {_quoted(statement)})")
        shown = session.execute(f"SELECT * FROM {postgres_query(read_back(self._search_path))}").fetchone()
        check(shown, self._server)


def refused_read(error: sa.exc.DBAPIError, table: str | None = None, role: str = "the role") -> PipelineError:
    """Return an error of the engine's driver as one of a session's: SourceReadError where the connection broke off."""
    reason = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
    # 08: connection exceptions; 57P: the server shuts down; 25P03 and 25P04: limits of idle and long transactions.
    is_broken = error.connection_invalidated or (getattr(error.orig, "pgcode", None) or "08").startswith(BROKEN)
    return _refusal(reason, is_broken, table, role)


def postgres_query(sql: str) -> str:
    """Return the FROM item that holds what Postgres answers to `sql`."""
    return f"postgres_query('source', {_quoted(sql)})"


def compile_sql(query: sa.Select) -> str:
    """Return the query as Postgres reads it, with its values in it: times and nothing of a row."""
    dialect = postgresql.dialect(paramstyle="named")  # the driver's own would double each percent sign
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def load_scanner(database: duckdb.DuckDBPyConnection) -> None:
    """Load the scanner: of the wheel, where it has this platform, else the one that DuckDB itself installed.

    Raises:
        PipelineError: neither is there.
    """
    package = find_spec(EXTENSION)
    carried = f"extensions/v{duckdb.__version__}/postgres_scanner.duckdb_extension"
    path = Path(package.origin).parent / carried if package and package.origin else None
    try:
        database.load_extension(str(path) if path and path.exists() else "postgres_scanner")
    except duckdb.Error as error:
        raise PipelineError(
            f"DuckDB {duckdb.__version__} has no Postgres scanner here: type `make setup`, or "
            "`python -c \"import duckdb; duckdb.install_extension('postgres')\"`."
        ) from error


def _roll_back(session: duckdb.DuckDBPyConnection) -> bool:
    """End the session's transaction and tell whether Postgres was still there to be told.

    Closing a session does the same, but in a destructor, where a broken connection ends the whole process.
    """
    try:
        session.rollback()
    except duckdb.Error:
        return False
    return True


def _explained(error: duckdb.Error, is_broken: bool, table: str | None = None, role: str = "the role") -> PipelineError:
    """Return the error in one line, without what DuckDB puts around it; only a connection that broke is transient."""
    text = str(error)
    # The word for the severity is in the server's language, and two blanks follow it.
    said = re.search(r"(?:ERROR|FATAL): +(.+)|\b[^\W\d_]+:  (.+)", text)
    # What stands before it may be a statement of any length.
    told = (said.group(1) or said.group(2)) if said else text.rpartition('": ')[2] or text.partition(": ")[2]
    reason = (told.strip().splitlines() or ["no reason given"])[0]
    return _refusal(reason, is_broken, table, role)


def _refusal(reason: str, is_broken: bool, table: str | None, role: str) -> PipelineError:
    interrupts.check()  # what a signal has cancelled is no fault of Postgres
    help_ = hint(reason, role)
    if is_broken or "due to user request" in reason:  # somebody cancelled the statement
        return SourceReadError(
            f"Postgres: the connection broke off ({reason}); nothing was loaded. {help_ or 'Run again'}."
        )
    if re.search("Out of Memory|No space left|[Cc]ould not write", reason):  # this machine's, of whatever table
        return PipelineError(
            f"Postgres was read until this machine had no room ({reason}); nothing was loaded. Make room."
        )
    return TableReadError(reason, table, help_)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
