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

from pipelines.errors import Refusal


class WireError(Refusal):
    """What Postgres, or the reader of its wire, said in the middle of a read."""

    is_transient = True


EXTENSION = "duckdb_extension_postgres_scanner"  # the wheel that carries it
SETTINGS = {
    "memory_limit": "1GB",  # far above what row groups of 12 MB need
    "preserve_insertion_order": False,  # a row group may then be cut by its bytes
}


class Wire:
    """Sessions of DuckDB that read one exported snapshot of Postgres.

    Args:
        url: of a role that may read the tables.
        exported: the snapshot's name; the session that exported it stays open longer than this.
        reader: application_name of the connections.

    Raises:
        Refusal: DuckDB's scanner is not installed.
    """

    def __init__(self, url: sa.URL, exported: str, reader: str) -> None:
        self._exported = exported
        self._database = duckdb.connect(config=SETTINGS)
        load_scanner(self._database)
        # In a secret, so that neither the text of a statement that fails nor its error shows the password.
        secret = {"host": url.host, "port": url.port, "database": url.database, "user": url.username}
        parts = [
            f"{name} {_quoted(str(value))}" for name, value in {**secret, "password": url.password}.items() if value
        ]
        self._database.execute(f"CREATE SECRET source (TYPE postgres, {', '.join(parts)})")
        options = {
            **{name: value for name, value in url.query.items() if isinstance(value, str)},
            "application_name": reader,
            "options": "-c timezone=UTC -c datestyle=ISO -c default_transaction_read_only=on",
        }
        place = " ".join(f"{name}={_quoted(value)}" for name, value in options.items())
        try:
            self._database.execute(f"ATTACH {_quoted(place)} AS source (TYPE postgres, SECRET source, READ_ONLY)")
        except duckdb.Error as error:
            raise _explained(error, is_broken=True) from error

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    @contextmanager
    def session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a session in the snapshot, with one connection to Postgres of its own; for one thread.

        Raises:
            WireError: the connection broke off, or the session that keeps the snapshot did.
            Refusal: Postgres or the scanner refused a statement.
        """
        session = self._database.cursor()
        is_joined = False
        try:
            session.execute("SET TimeZone = 'UTC'")
            session.begin()
            join = f"SET TRANSACTION SNAPSHOT {_quoted(self._exported)}"
            session.execute(f"CALL postgres_execute('source', {_quoted(join)})")
            is_joined = True
            yield session
        except duckdb.Error as error:
            raise _explained(error, is_broken=not _roll_back(session) or not is_joined) from error
        finally:
            _roll_back(session)
            session.close()


def rows_of(sql: str) -> str:
    """Return the FROM item that holds what Postgres answers to `sql`."""
    return f"postgres_query('source', {_quoted(sql)})"


def sql_text(query: sa.Select) -> str:
    """Return the query as Postgres reads it, with its values in it: times and nothing of a row."""
    dialect = postgresql.dialect(paramstyle="named")  # the driver's own would double each percent sign
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def load_scanner(database: duckdb.DuckDBPyConnection) -> None:
    """Load the scanner: of the wheel, where it has this platform, else the one that DuckDB itself installed.

    Raises:
        Refusal: neither is there.
    """
    package = find_spec(EXTENSION)
    carried = f"extensions/v{duckdb.__version__}/postgres_scanner.duckdb_extension"
    path = Path(package.origin).parent / carried if package and package.origin else None
    try:
        database.load_extension(str(path) if path and path.exists() else "postgres_scanner")
    except duckdb.Error as error:
        raise Refusal(
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


def _explained(error: duckdb.Error, is_broken: bool) -> Refusal:
    """Return the error in one line, without what DuckDB puts around it; only a connection that broke is transient."""
    text = str(error)
    said = re.search(r"(?:ERROR|FATAL): (.+)", text)
    # What stands before it may be a statement of any length.
    told = said.group(1) if said else text.rpartition('": ')[2] or text.partition(": ")[2]
    reason = (told.strip().splitlines() or ["no reason given"])[0]
    kind, what = (WireError, "the connection broke off") if is_broken else (Refusal, "it could not be read")
    return kind(f"Postgres: {what} ({reason}); nothing was loaded. Mend that, then run again.")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
