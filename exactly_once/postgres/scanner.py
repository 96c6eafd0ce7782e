"""Rows of Postgres as Arrow or Parquet without a Python object in between: DuckDB's Postgres scanner decodes them.

It is the fastest way measured (docs/speed.md). Postgres runs the SQL unchanged, as `COPY … (FORMAT binary)`. So what
tables/type_mapping.py casts to text stays text, and every other value has a type that Arrow and Parquet share with
Postgres.
"""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.selectable import SelectBase

from exactly_once.errors import PipelineError, TableError
from exactly_once.postgres.connection.address import connection_string, session_parameters
from exactly_once.postgres.connection.session_settings import SEARCH_PATH, Server, check, hint, pin, read_back
from exactly_once.postgres.info import POSTGRES
from exactly_once.process import interrupts
from exactly_once.process.interrupts import cancellable
from exactly_once.source_info import SourceInfo

EXTENSION = "duckdb_extension_postgres_scanner"  # the wheel that carries it
# SQLSTATEs: connection exceptions; the server shuts down; limits of idle and of long transactions.
BROKEN = ("08", "57P", "25P03", "25P04")
SECRET_NAMES = {"host": "host", "port": "port", "dbname": "database", "user": "user", "password": "password"}
SHARED = 1.0  # seconds that a shared session lives
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",  # far above what row groups of 12 MB need
    "preserve_insertion_order": False,  # a row group may then be cut by its bytes
}


class SourceReadError(PipelineError):
    """The connection broke off, or the session that keeps the snapshot did."""

    is_transient = True


class TableReadError(TableError):
    """Postgres or the scanner refused to read a table; the connection and other tables are not affected.

    Args:
        reason: the first line of Postgres's message.
        table: that was read.
        hint: what helps.
        info: of the source.
    """

    def __init__(self, reason: str, table: str | None = None, hint: str = "", info: SourceInfo = POSTGRES) -> None:
        self.reason, self.hint, self.info = reason, hint, info
        what = f"{table} could not be read" if table else "it could not be read"
        super().__init__(f"{info.label}: {what} ({reason}); {hint or 'correct that, then run again'}.")

    def of_table(self, table: str) -> "TableReadError":
        """Return the same error with the table's name in its line."""
        return type(self)(self.reason, table, self.hint, self.info)


@contextmanager
def errors_of(table: str) -> Iterator[None]:
    """Name the table in the errors of its read, and the option that helps where a value is the cause.

    Raises:
        TableError: this table cannot be read as it is.
    """
    try:
        yield
    except TableReadError as error:
        if complaint := re.search(r"column (.+?) (holds .+?)\"?$", error.reason):
            column, what = complaint.groups()
            raise TableError(
                f'{table}.{column} {what}: correct it at the source, or say as_text=["{column}"] or '
                f'exclude=["{column}"] in {error.info.declared_in}. Nothing of {table} was loaded.'
            ) from error
        raise error.of_table(table) from error


class PostgresScanner:
    """Sessions of DuckDB that read one exported snapshot of Postgres.

    Args:
        address: libpq's parameters (exactly_once/postgres/connection/address.py), of a role that may read the tables.
        exported: the snapshot's name; the session that exported it stays open longer than this.
        server: that the snapshot is of.
        search_path: of every session.
        info: of the source, for messages.

    Raises:
        PipelineError: DuckDB's scanner is not installed.
        SourceReadError: Postgres does not answer.
    """

    def __init__(
        self,
        address: dict[str, str],
        exported: str,
        server: Server,
        search_path: str = SEARCH_PATH,
        info: SourceInfo = POSTGRES,
    ) -> None:
        self._info = info
        self._exported = exported
        self._server = server
        self._search_path = search_path
        self._role = address.get("user", "the role")
        self._shared: ExitStack | None = None
        self._shared_until = 0.0
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
            raise self._read_error(error, is_broken=True) from None  # its own text holds the address

    def close(self) -> None:
        """Close every connection."""
        self.end_shared()
        self._database.close()

    @contextmanager
    def shared_session(self, table: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Return the session that small reads share, one after another in one thread; raises as `session`.

        It ends with an error, before a longer read, and after SHARED seconds: a session keeps the tables that it has
        read from being altered.
        """
        if self._shared and time.monotonic() > self._shared_until:
            self.end_shared()
        if self._shared is None:
            self._shared = ExitStack()
            self._shared_until = time.monotonic() + SHARED
            try:
                self._shared_session = self._shared.enter_context(self.session(table))
            except BaseException:
                self._shared = None
                raise
        try:
            yield self._shared_session
        except duckdb.Error as error:
            is_broken = not _roll_back(self._shared_session)
            self.end_shared()
            raise self._read_error(error, is_broken, table) from error

    def end_shared(self) -> None:
        """End the shared session, if there is one."""
        stack, self._shared = self._shared, None
        if stack:
            stack.close()

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
            raise self._read_error(error, is_broken, table) from error
        finally:
            _roll_back(session)
            session.close()

    def _join(self, session: duckdb.DuckDBPyConnection) -> None:
        snapshot = f"SET TRANSACTION SNAPSHOT {_quoted(self._exported)}; SET TRANSACTION READ ONLY"
        for statement in (snapshot, pin(self._search_path)):
            session.execute(f"CALL postgres_execute('source', {_quoted(statement)})")
        shown = session.execute(f"SELECT * FROM {postgres_query(read_back(self._search_path))}").fetchall()
        check(shown[0], self._server, self._info)

    def _read_error(self, error: duckdb.Error, is_broken: bool, table: str | None = None) -> PipelineError:
        return read_error(_reason(error), is_broken, table, self._role, self._info)


def driver_read_error(error: sa.exc.DBAPIError, table: str | None = None, role: str = "the role") -> PipelineError:
    """Return an error of the engine's driver as one of a session's: SourceReadError where the connection broke off."""
    reason = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
    is_broken = error.connection_invalidated or (getattr(error.orig, "pgcode", None) or "08").startswith(BROKEN)
    return read_error(reason, is_broken, table, role)


@contextmanager
def new_scanner(engine: sa.Engine, info: SourceInfo = POSTGRES) -> Iterator[PostgresScanner]:
    """Open a scanner on a new snapshot of an engine's database, without a low watermark, for one read.

    Names without a schema are looked up as in the engine's own sessions.

    Args:
        engine: whose own session says the address, the password included.
        info: of the source, for messages.
    """
    role = engine.url.username or "the role"
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as keeper:
            address = session_parameters(keeper)
            role = address.get("user", role)
            keeper.exec_driver_sql("set transaction read only")
            exported = str(keeper.exec_driver_sql("select pg_export_snapshot()").scalar())
            path = str(keeper.exec_driver_sql("select current_setting('search_path')").scalar())
            keeper.exec_driver_sql(pin(path).replace("%", "%%")).all()
            server = check(tuple(keeper.exec_driver_sql(read_back(path).replace("%", "%%")).one()), info=info)
            scanner = PostgresScanner(address, exported, server, path, info)
            try:
                yield scanner
            finally:
                scanner.close()
    except sa.exc.DBAPIError as error:
        raise driver_read_error(error, role=role) from error


def postgres_query(sql: str) -> str:
    """Return DuckDB's FROM item of a query that Postgres runs."""
    return f"postgres_query('source', {_quoted(sql)})"


def compile_sql(query: SelectBase | sa.TextClause) -> str:
    """Return the query as Postgres reads it, with its values in it: times, and no value of a row."""
    # The driver's own style would double each percent sign.
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's has no types
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def load_scanner(database: duckdb.DuckDBPyConnection) -> None:
    """Load the scanner: of the wheel if it has this platform, else the one that DuckDB itself installed.

    Raises:
        PipelineError: neither is installed.
    """
    package = find_spec(EXTENSION)
    carried = f"extensions/v{duckdb.__version__}/postgres_scanner.duckdb_extension"
    path = Path(package.origin).parent / carried if package and package.origin else None
    try:
        database.load_extension(str(path) if path and path.exists() else "postgres_scanner")
    except duckdb.Error as error:
        raise PipelineError(
            f"DuckDB {duckdb.__version__} has no Postgres scanner here: type `pip install "
            f"{EXTENSION.replace('_', '-')}=={duckdb.__version__}`, or "
            "`python -c \"import duckdb; duckdb.install_extension('postgres')\"`."
        ) from error


def _roll_back(session: duckdb.DuckDBPyConnection) -> bool:
    """End the session's transaction and tell whether Postgres answered.

    Closing a session rolls back, too, but in a destructor, where a broken connection ends the whole process.
    """
    try:
        session.rollback()
    except duckdb.Error:
        return False
    return True


def _reason(error: duckdb.Error) -> str:
    """Return the first line of Postgres's message, without what DuckDB puts around it."""
    text = str(error)
    # The word for the severity is in the server's language, and two blanks follow it.
    match = re.search(r"(?:ERROR|FATAL): +(.+)|\b[^\W\d_]+:  (.+)", text)
    # Before the message there may be a statement of any length.
    message = (match.group(1) or match.group(2)) if match else text.rpartition('": ')[2] or text.partition(": ")[2]
    return (message.strip().splitlines() or ["no reason given"])[0]


def read_error(
    reason: str, is_broken: bool, table: str | None, role: str, info: SourceInfo = POSTGRES
) -> PipelineError:
    """Return the error of a read in one line; a connection that broke off is transient, everything else is not.

    Args:
        reason: Postgres's message.
        is_broken: whether the connection broke off.
        table: that was read.
        role: that read it.
        info: of the source.
    """
    interrupts.check()  # what a signal has cancelled is no fault of Postgres
    help_ = hint(reason, role, info)
    if is_broken or "due to user request" in reason:  # somebody cancelled the statement
        return SourceReadError(
            f"{info.label}: the connection broke off ({reason}); nothing was loaded. {help_ or 'Run again'}."
        )
    if re.search("Out of Memory|No space left|[Cc]ould not write", reason):  # this machine's, of whatever table
        return PipelineError(
            f"{info.label} was read until this machine had no room ({reason}); nothing was loaded. Make room."
        )
    return TableReadError(reason, table, help_, info)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
