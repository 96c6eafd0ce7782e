"""The fencing token in the warehouse: which run may load, and what the last one was loading.

A lease alone cannot stop a run that is paused past its expiry and wakes up between a check and a commit. So each load
first writes its token, a number that only grows, into the table _LOAD_FENCE, and each of its transactions ends by
finding that token still there. A run whose token is no longer the newest can commit nothing.
"""

from dataclasses import dataclass
from typing import Any

import dlt
from dlt.destinations.exceptions import DatabaseTerminalException, DatabaseUndefinedRelation

from exactly_once.clients import warehouse_client
from exactly_once.lease.lease import LeaseLost

TABLE = "_load_fence"
PARAMETER = "fencing_token"  # of the destinations' configuration
# By dialect, how it is created. Each load writes one row and nobody needs old ones: Snowflake keeps no history of it. A
# permanent table that an earlier version created stays.
KINDS = {"duckdb": ("TABLE", ""), "snowflake": ("TRANSIENT TABLE", " DATA_RETENTION_TIME_IN_DAYS = 0")}


class StaleFencingToken(DatabaseTerminalException):
    """Another run has a newer token; dlt rolls the transaction back and keeps the package."""


@dataclass(frozen=True)
class FencingToken:
    """The token of one run of a pipeline; the number only grows."""

    pipeline: str
    number: int


@dataclass(frozen=True)
class LoadAttempt:
    """The last load attempt of a pipeline: its token, its load id, and whether that load was completed."""

    token: int
    load_id: str
    is_complete: bool


def last_load_attempt(warehouse: Any, pipeline: str) -> LoadAttempt | None:
    """Return the last load attempt of a pipeline, from one query; None before the first one.

    Args:
        warehouse: dlt's SQL client of the dataset.
        pipeline: its name.
    """
    tokens, loads = (warehouse.make_qualified_table_name(name) for name in (TABLE, "_dlt_loads"))
    try:
        rows = warehouse.execute_sql(
            f"SELECT f.token, f.load_id, l.load_id FROM {tokens} AS f LEFT JOIN {loads} AS l ON l.load_id = f.load_id "
            "WHERE f.pipeline_name = %s ORDER BY f.token DESC LIMIT 1",
            pipeline,
        )
    except DatabaseUndefinedRelation:
        return None
    return LoadAttempt(int(rows[0][0]), rows[0][1], rows[0][2] is not None) if rows else None


def write_fencing_token(pipeline: dlt.Pipeline, number: int, load_id: str) -> None:
    """Write the token of a run, and have every transaction of the pipeline's load assert it from now on.

    Transactions that dead runs of the pipeline left open in the warehouse are ended: their locks would block this run.
    Before that the token is written by an INSERT, which waits for no lock. So a run that was only paused loses its
    transaction, and whatever it sends after that finds a newer token.

    Args:
        pipeline: of the load.
        number: of the token, from the run's lease.
        load_id: of the load that begins.

    Raises:
        StaleFencingToken: a newer run was first.
        Locked: another transaction has locked the table, and does not end.
    """
    pipeline.destination.config_params[PARAMETER] = None  # this transaction writes the token that others assert
    token = FencingToken(pipeline.pipeline_name, number)
    with warehouse_client(pipeline) as client:
        if not client.is_storage_initialized():
            client.initialize_storage()
        warehouse: Any = client.sql_client  # mixed with FencingSqlClientMixin, which imports this module
        warehouse.owner = token
        tokens = warehouse.make_qualified_table_name(TABLE)
        kind, options = KINDS.get(warehouse.capabilities.sqlglot_dialect, KINDS["duckdb"])
        warehouse.execute_sql(
            f"CREATE {kind} IF NOT EXISTS {tokens} "
            f"(pipeline_name VARCHAR(200), token BIGINT, load_id VARCHAR(64)){options}"
        )
        with warehouse.begin_transaction():
            if _newest(warehouse, tokens, token) < number:
                warehouse.execute_sql(f"INSERT INTO {tokens} VALUES (%s, %s, %s)", token.pipeline, number, load_id)
        warehouse.abort_left_over()
        with warehouse.reporting_waits(TABLE), warehouse.begin_transaction():
            _newest(warehouse, tokens, token)
            warehouse.execute_sql(f"DELETE FROM {tokens} WHERE pipeline_name = %s", token.pipeline)
            warehouse.execute_sql(f"INSERT INTO {tokens} VALUES (%s, %s, %s)", token.pipeline, number, load_id)
    pipeline.destination.config_params[PARAMETER] = token


def assert_fencing_token(warehouse: Any, token: FencingToken) -> None:
    """Make the running transaction depend on the token; the last statement before its commit.

    Raises:
        StaleFencingToken: the token is no longer the newest.
    """
    table = warehouse.make_qualified_table_name(TABLE)
    # An UPDATE locks the row until the commit, so that no newer token comes between. DuckDB's file belongs to one
    # process, and UPDATEs of its threads would conflict with each other.
    statement = (
        "SELECT count(*) FROM {}"
        if warehouse.capabilities.sqlglot_dialect == "duckdb"
        else "UPDATE {} SET token = token"
    )
    # Two runs that write their tokens at the same time may both leave a row: the newer one counts.
    newest = f"SELECT max(token) FROM {table} WHERE pipeline_name = %s"
    sql = f"{statement.format(table)} WHERE pipeline_name = %s AND token = %s AND token = ({newest})"
    with warehouse.execute_query(sql, token.pipeline, token.number, token.pipeline) as cursor:
        row = cursor.fetchone()
    if not row or not row[0]:
        raise _stale(token)


def _newest(warehouse: Any, tokens: str, token: FencingToken) -> int:
    """Return the pipeline's newest token, which is at most `token`; -1 before the first one.

    Raises:
        StaleFencingToken: there is a newer one.
    """
    ((newest,),) = warehouse.execute_sql(f"SELECT max(token) FROM {tokens} WHERE pipeline_name = %s", token.pipeline)
    if newest is not None and int(newest) > token.number:
        raise _stale(token)
    return -1 if newest is None else int(newest)


def _stale(token: FencingToken) -> StaleFencingToken:
    line = (
        f"Another run has taken over from this one (token {token.number}), which was paused for too long: the rows "
        "that it read were not loaded. The next run reads them again."
    )
    error = StaleFencingToken(Exception(line))
    error.__cause__ = LeaseLost(line)  # the exit code
    return error
