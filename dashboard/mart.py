"""The way to MART: DuckDB's file or Snowflake, by the one switch; read only, one query at a time."""

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
from pipelines.environment import data_dir, environment

Row = dict[str, Any]
KEPT_SECONDS = 600  # Snowflake's answers are kept: a load comes once an hour, and a query may wake a warehouse


class Away(Exception):
    """MART cannot be read now; the message is one line for a person."""


class Busy(Away):
    """A load holds the warehouse's file, and what is asked was not asked before."""


@dataclass(frozen=True)
class Answer:
    """Rows as dicts, and when they were read (Unix time)."""

    rows: list[Row]
    read_at: float
    version: Any


class Mart:
    """Answers queries and keeps the answers until the warehouse has changed.

    `read` runs SQL with `?` for values; `version` says something that differs once the warehouse may have changed.
    While a load holds the file, the last answers are given, and `is_held` says so.
    """

    def __init__(self, read: Callable[[str, list], list[Row]], version: Callable[[], Any]):
        self._read, self.version = read, version
        self._answers: dict[Query, Answer] = {}
        self._lock = threading.Lock()
        self.is_held = False

    def rows(self, query: Query) -> list[Row]:
        """Return a query's rows.

        Raises:
            Away: MART cannot be read, and there is no earlier answer.
        """
        with self._lock:
            version, last = self.version(), self._answers.get(query)
            if last and last.version == version:
                return last.rows
            try:
                rows = self._read(*positional(query))
            except Busy:
                self.is_held = True
                if last is None:
                    raise
                return last.rows
            self.is_held = False
            if len(self._answers) > 2000:
                self._answers.clear()
            self._answers[query] = Answer(rows, time.time(), version)
            return rows

    def row(self, query: Query) -> Row:
        """Return the only row of a query without groups."""
        return self.rows(query)[0]


def positional(query: Query) -> tuple[str, list]:
    """Return a query's SQL with `?` for each `$name`, and the values in that order: both engines bind these."""
    names = re.findall(r"\$(\w+)", query.sql)
    values = dict(query.values)
    return re.sub(r"\$\w+", "?", query.sql), [values[name] for name in names]


@cache
def mart() -> Mart:
    """Return the MART that `MAILBLAZE_ENV` names.

    Raises:
        Away: the word is unknown, or a setting is missing.
    """
    try:
        place = environment()
    except PipelineError as refusal:
        raise Away(str(refusal)) from None
    if place.engine == "duckdb":
        return duckdb_mart(data_dir() / f"{place.database}.duckdb")
    return snowflake_mart(place.database)


def duckdb_mart(path: Path) -> Mart:
    """Return MART in a DuckDB file, which is open for the time of each query only.

    One process may have the file open for writing, and while somebody reads nobody may: so a load waits for one query
    at most, and a file that has not changed is not opened at all.
    """
    import duckdb

    def read(sql: str, values: list) -> list[Row]:
        if not path.exists():
            raise Away("There is no warehouse yet: `make run` makes one.")
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                return _dicts(connection.execute(sql, values))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise Away(f"DuckDB cannot read its file: {str(error).splitlines()[0]}") from None
            raise Busy("A load is writing. The figures come when it is done; try again in a minute.") from None
        except duckdb.CatalogException as error:
            raise Away(f"MART is not built yet, type `make dbt` ({str(error).splitlines()[0]})") from None

    def version() -> tuple:
        parts = (path, path.with_name(path.name + ".wal"))
        return tuple((part.stat().st_mtime_ns, part.stat().st_size) for part in parts if part.exists())

    return Mart(read, version)


def snowflake_mart(database: str) -> Mart:
    """Return MART on Snowflake, as REPORTER_SVC on REPORT_WH by key pair; one session, opened by the first query.

    Settings, with dbt's names where they mean the same: SNOWFLAKE_ACCOUNT; SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH, or the
    key's text in SNOWFLAKE_REPORTER_PRIVATE_KEY; SNOWFLAKE_REPORTER_USER (REPORTER_SVC); SNOWFLAKE_HOST, _PORT and
    _PROTOCOL for a server that is not Snowflake's own.
    """
    from snowflake import connector

    sessions: list[connector.SnowflakeConnection] = []

    def read(sql: str, values: list) -> list[Row]:
        try:
            if not sessions:
                sessions.append(connector.connect(**_sign_in(database)))
            with sessions[0].cursor() as cursor:
                return _dicts(cursor.execute(sql, values))
        except connector.errors.Error as error:
            # A session that ended is opened again by the next query.
            sessions.clear()
            raise Away(f"Snowflake did not answer: {str(error).splitlines()[0]}") from None

    return Mart(read, lambda: time.monotonic() // KEPT_SECONDS)


def _sign_in(database: str) -> dict[str, Any]:
    setting = os.environ.get
    account = setting("SNOWFLAKE_ACCOUNT")
    path, text = setting("SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH"), setting("SNOWFLAKE_REPORTER_PRIVATE_KEY")
    if not account or not (path or text):
        missing = "SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH" if account else "SNOWFLAKE_ACCOUNT"
        raise Away(f"A setting is missing: {missing} (docs/dashboard.md).")
    if path and not Path(path).exists():
        raise Away("SNOWFLAKE_REPORTER_PRIVATE_KEY_PATH names no file.")
    place = {name: setting(f"SNOWFLAKE_{name.upper()}") for name in ("host", "port", "protocol")}
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
        **({"private_key_file": path} if path else {"private_key": _der(text)}),
        **{name: value for name, value in place.items() if value},
    }


def _der(text: str) -> bytes:
    """Return a key's text as the bytes that the connector takes."""
    from cryptography.hazmat.primitives import serialization

    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return serialization.load_pem_private_key(text.encode(), None).private_bytes(*form)


def _dicts(cursor: Any) -> list[Row]:
    # Sums are exact in the warehouse; what is shown has a few digits.
    names = [column[0].lower() for column in cursor.description]
    rows = ([float(value) if isinstance(value, Decimal) else value for value in row] for row in cursor.fetchall())
    return [dict(zip(names, row, strict=True)) for row in rows]
