"""The settings of every session of a load that a value, a row or a time limit depends on; each is read back.

They are set within each transaction and end with it. So they work behind a connection pooler in session and in
transaction mode, and no connection keeps them for another application.
"""

import re
from dataclasses import dataclass
from typing import Any

from exactly_once.errors import PipelineError
from exactly_once.postgres.info import POSTGRES
from exactly_once.source_info import SourceInfo

# As current_setting() shows them. A role, a database or a server may have set each of them otherwise. lc_monetary is
# left as the database has it: it says how many digits of a `money` are behind the point.
SETTINGS = {
    # text
    "client_encoding": "UTF8",
    "datestyle": "ISO",  # the order of day and month, which only input has, is left as it is
    "timezone": "UTC",
    "intervalstyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "xmlbinary": "base64",
    "xmloption": "content",
    "quote_all_identifiers": "off",
    # what our SQL means, and which rows it finds
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "gin_fuzzy_search_limit": "0",
    "row_security": "off",  # a policy that would hide rows is an error then
    # time
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "lock_timeout": "10min",  # of one table: it is refused, and the others are read
}
# No operator, function or table of another schema takes the place of Postgres's own.
SEARCH_PATH = "pg_catalog, pg_temp"

# A shared lock marks a session as a load's, which reads only; any number of sessions may hold it.
MARK = (1_296_841_794, 1_163_665_696)
MARKED = f"""
select pid from pg_catalog.pg_locks where locktype = 'advisory' and classid = {MARK[0]} and objid = {MARK[1]}
    and objsubid = 2 and mode = 'ShareLock' and granted
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
"""


@dataclass(frozen=True)
class Server:
    """Which server a session reached, and what it shows of itself."""

    started: str
    database: str
    encoding: str


def pin(search_path: str = SEARCH_PATH) -> str:
    """Return the query that sets the transaction's settings and marks its session as a load's.

    A setting that this version of Postgres does not have is left out.
    """
    rows = ", ".join(
        f"({_quoted(name)}, {_quoted(value)})" for name, value in {**SETTINGS, "search_path": search_path}.items()
    )
    return f"""
select pg_catalog.count(pg_catalog.set_config(name, value, true)),
    pg_catalog.pg_try_advisory_xact_lock_shared({MARK[0]}, {MARK[1]})
from (values {rows}) as wanted (name, value) where pg_catalog.current_setting(name, true) is not null
"""


def read_back(search_path: str = SEARCH_PATH) -> str:
    """Return the query that shows, as text, which server this is and which settings are not as wanted."""
    wanted = {**SETTINGS, "datestyle": "ISO, ___", "search_path": search_path, "transaction_read_only": "on"}
    rows = ", ".join(f"({_quoted(name)}, {_quoted(value)})" for name, value in wanted.items())
    return f"""
select pg_catalog.pg_postmaster_start_time()::text as started, pg_catalog.current_database()::text as database,
    pg_catalog.current_setting('server_encoding') as encoding,
    (select pg_catalog.string_agg(name || ' is ' || pg_catalog.current_setting(name, true), ', ')
     from (values {rows}) as wanted (name, value) where pg_catalog.current_setting(name, true) not like value) as others
"""


def check(row: tuple[Any, ...], expected: Server | None = None, info: SourceInfo = POSTGRES) -> Server:
    """Return the server that a row of `read_back` shows.

    Args:
        row: of `read_back`.
        expected: the server of the snapshot; None: no snapshot was taken yet.
        info: of the source, for messages.

    Raises:
        PipelineError: a setting did not stay as it was set, or this is another server.
    """
    started, database, encoding, others = row
    if others:
        raise PipelineError(
            f"{info.label}, or a pooler before it, does not keep a session's settings ({others}): connect to Postgres "
            f"itself, or to a pool in session or transaction mode, with {info.setting('credentials')}."
        )
    found = Server(started, database, encoding)
    if expected and found != expected:
        raise ServerChanged(
            f"{info.label}: two connections of this load reached two servers, or one that was restarted meanwhile; "
            f"nothing was loaded. Run again; if it happens again, name one server in {info.setting('credentials')}."
        )
    return found


class ServerChanged(PipelineError):
    """Two sessions of one load are not on the same server."""

    is_transient = True


# Parts of messages of Postgres or a pooler, in any language where they are names, and what helps.
HINTS = (
    (r"row.level security", "ALTER ROLE {role} BYPASSRLS, typed as a superuser, lets {role} read every row"),
    (r"transaction blocks not allowed|statement pooling", "connect to Postgres itself, or to a session pool"),
    (
        r"unsupported startup parameter",
        "take it out of {credentials}, or name it in ignore_startup_parameters of the pooler",
    ),
    (
        r"query_wait_timeout",
        "the pool has too few connections: make it larger, or lower {connections}",
    ),
    (r"lock.timeout", "another session holds the table locked: end it, then run again"),
    (
        r"invalid byte sequence|no equivalent in encoding",
        "the value is no text in the database's encoding: correct the row, or leave the column out",
    ),
    (
        r"(function|relation|operator|type) .*does not exist",
        "where a view calls functions that name no schema, set {search_path}",
    ),
)


def hint(reason: str, role: str, info: SourceInfo = POSTGRES) -> str:
    """Return what helps against an error of Postgres, or nothing."""
    settings = {name: info.setting(name) for name in ("credentials", "connections", "search_path")}
    for pattern, text in HINTS:
        if re.search(pattern, reason, re.IGNORECASE):
            return text.format(role=role, **settings)
    return ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
