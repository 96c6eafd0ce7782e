"""Read MART from the DuckDB file or from Snowflake, whichever MAILBLAZE_ENV names; one query at a time."""

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from dashboard.queries import Query
from exactly_once.errors import PipelineError
from pipelines.environment import data_dir, environment, snowflake_server

Row = dict[str, Any]
CACHE_SECONDS = 600  # on Snowflake: loads are hourly, and a query may resume a warehouse


class MartUnavailable(Exception):
    """MART cannot be read now; the message is one line."""


class MartLocked(MartUnavailable):
    """A load has locked the DuckDB file, and no earlier result is cached."""


@dataclass(frozen=True)
class CachedAnswer:
    """Rows as dicts, and the version of the warehouse that they were read from."""

    rows: list[Row]
    version: Any


class Mart:
    """Answers queries and caches the results until the warehouse has changed.

    `read` runs SQL with `?` for values. `version` returns a value that changes when the warehouse may have changed.
    While a load has locked the file, the cached results are returned, and `is_locked` is true.
    """

    def __init__(self, read: Callable[[str, list], list[Row]], version: Callable[[], Any]):
        self._read, self.version = read, version
        self._answers: dict[Query, CachedAnswer] = {}
        self._lock = threading.Lock()
        self.is_locked = False

    def rows(self, query: Query) -> list[Row]:
        """Return the rows of a query.

        Raises:
            MartUnavailable: MART cannot be read, and no result is cached.
        """
        with self._lock:
            version, last = self.version(), self._answers.get(query)
            if last and last.version == version:
                return last.rows
            try:
                rows = self._read(*bind_positional(query))
            except MartLocked:
                self.is_locked = True
                if last is None:
                    raise
                return last.rows
            self.is_locked = False
            if len(self._answers) > 2000:
                self._answers.clear()
            self._answers[query] = CachedAnswer(rows, version)
            return rows

    def row(self, query: Query) -> Row:
        """Return the only row of a query without groups."""
        return self.rows(query)[0]


def bind_positional(query: Query) -> tuple[str, list]:
    """Return a query's SQL with `?` for each `$name`, and the values in that order, which both engines bind."""
    names = re.findall(r"\$(\w+)", query.sql)
    values = dict(query.values)
    return re.sub(r"\$\w+", "?", query.sql), [values[name] for name in names]


@cache
def current_mart() -> Mart:
    """Return the MART that `MAILBLAZE_ENV` names.

    Raises:
        MartUnavailable: MAILBLAZE_ENV has an unknown value, or a setting is missing.
    """
    try:
        target = environment()
    except PipelineError as error:
        raise MartUnavailable(str(error)) from None
    if target.engine == "duckdb":
        return duckdb_mart(data_dir() / f"{target.database}.duckdb")
    return snowflake_mart(target.database)


def duckdb_mart(path: Path) -> Mart:
    """Return MART in a DuckDB file, which is open during queries only.

    DuckDB allows one process to write, or several to read. So a load waits for one query at most, and an unchanged file
    is not opened.
    """
    import duckdb

    def read(sql: str, values: list) -> list[Row]:
        if not path.exists():
            raise MartUnavailable("There is no warehouse yet: `make run` makes one.")
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                return _dicts(connection.execute(sql, values))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise MartUnavailable(f"DuckDB cannot read its file: {str(error).splitlines()[0]}") from None
            raise MartLocked("A load is writing to the warehouse: try again in a minute.") from None
        except duckdb.CatalogException as error:
            raise MartUnavailable(f"MART is not built yet, type `make dbt` ({str(error).splitlines()[0]})") from None

    def version() -> tuple:
        parts = (path, path.with_name(path.name + ".wal"))
        return tuple((part.stat().st_mtime_ns, part.stat().st_size) for part in parts if part.exists())

    return Mart(read, version)


def snowflake_mart(database: str) -> Mart:
    """Return MART on Snowflake, as REPORTER_SVC on REPORT_WH by key pair; one session, opened by the first query.

    Settings: SNOWFLAKE_ACCOUNT; SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH, or the key itself in
    SNOWFLAKE_REPORTER_PRIVATE_KEY; SNOWFLAKE_REPORTER_USER (REPORTER_SVC); and those of `snowflake_server`.
    """
    from snowflake import connector

    sessions: list[connector.SnowflakeConnection] = []

    def read(sql: str, values: list) -> list[Row]:
        try:
            if not sessions:
                sessions.append(connector.connect(**connection_settings(database)))
            with sessions[0].cursor() as cursor:
                return _dicts(cursor.execute(sql, values))
        except connector.errors.Error as error:
            # The next query opens a new session.
            sessions.clear()
            raise MartUnavailable(f"Snowflake did not answer: {str(error).splitlines()[0]}") from None

    return Mart(read, lambda: time.monotonic() // CACHE_SECONDS)


def connection_settings(database: str) -> dict[str, Any]:
    """Return the arguments of Snowflake's connector.

    Raises:
        MartUnavailable: a setting is missing or wrong.
    """
    setting = os.environ.get
    account = setting("SNOWFLAKE_ACCOUNT")
    path, text = setting("SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH"), setting("SNOWFLAKE_REPORTER_PRIVATE_KEY")
    if not account or not (path or text):
        missing = "SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH" if account else "SNOWFLAKE_ACCOUNT"
        raise MartUnavailable(f"A setting is missing: {missing} (docs/dashboard.md).")
    if path and not Path(path).exists():
        raise MartUnavailable("SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH names no file.")
    return {
        "account": account,
        "user": setting("SNOWFLAKE_REPORTER_USER", "REPORTER_SVC"),
        "role": "REPORTER",
        "warehouse": "REPORT_WH",
        "database": database,
        "schema": "MART",
        "paramstyle": "qmark",
        "login_timeout": 15,
        "network_timeout": 30,
        "session_parameters": {"QUERY_TAG": "dashboard", "TIMEZONE": "UTC"},
        **({"private_key_file": path} if path else {"private_key": _der_bytes(text or "")}),
        **snowflake_server(),
    }


def _der_bytes(text: str) -> bytes:
    """Return a PEM key as the DER bytes that the connector needs."""
    from cryptography.hazmat.primitives import serialization

    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return serialization.load_pem_private_key(text.encode(), None).private_bytes(*form)


def _dicts(cursor: Any) -> list[Row]:
    # The warehouse sums exactly; a page shows a few digits.
    names = [column[0].lower() for column in cursor.description]
    rows = ([float(value) if isinstance(value, Decimal) else value for value in row] for row in cursor.fetchall())
    return [dict(zip(names, row, strict=True)) for row in rows]
