"""The fence in the warehouse: which run may land, and what it was landing when it was last heard of.

A lease alone cannot stop a run that was paused past its end and wakes up between a look and a commit. So each landing
first puts its token, a number that only grows, into RAW._LOAD_FENCE, and each of its transactions ends by finding that
token still there: a run that was overtaken can commit nothing.
"""

from dataclasses import dataclass
from typing import Any

import dlt
from dlt.destinations.exceptions import DatabaseTerminalException, DatabaseUndefinedRelation

from exactly_once.lease.lease import LeaseLost

TABLE = "_load_fence"
# By dialect, what it is made as. Each load writes one row, and an old one is of use to nobody: Snowflake keeps no
# history of it. A permanent one that an earlier version made goes on.
KINDS = {"duckdb": ("TABLE", ""), "snowflake": ("TRANSIENT TABLE", " DATA_RETENTION_TIME_IN_DAYS = 0")}


class StaleFencingToken(DatabaseTerminalException):
    """Another run has taken over; dlt rolls the transaction back and keeps the package."""


@dataclass(frozen=True)
class LoadAttempt:
    """The last landing of a pipeline: its token, its load id, and whether that load was completed."""

    token: int
    load_id: str
    is_complete: bool


def last_load_attempt(warehouse: Any, pipeline: str) -> LoadAttempt | None:
    """Return what the fence says of a pipeline, from one query; None before its first landing.

    Args:
        warehouse: dlt's SQL client of the dataset.
        pipeline: its name.
    """
    fence, loads = (warehouse.make_qualified_table_name(name) for name in (TABLE, "_dlt_loads"))
    try:
        rows = warehouse.execute_sql(
            f"SELECT f.token, f.load_id, l.load_id FROM {fence} AS f LEFT JOIN {loads} AS l ON l.load_id = f.load_id "
            "WHERE f.pipeline_name = %s ORDER BY f.token DESC LIMIT 1",
            pipeline,
        )
    except DatabaseUndefinedRelation:
        return None
    return LoadAttempt(int(rows[0][0]), rows[0][1], rows[0][2] is not None) if rows else None


def write_fencing_token(pipeline: dlt.Pipeline, token: int, load_id: str) -> None:
    """Put the token of a run in place, and have every transaction of the pipeline's landing hold it from now on.

    What dead runs of the pipeline left open in the warehouse is ended: its locks would keep this one waiting. Before
    that the token is there to be seen, by an INSERT, which waits for no lock: a run that was only paused loses what its
    transaction had done, and whatever it sends after that must find itself overtaken.

    Raises:
        StaleFencingToken: a newer run was there first.
        Locked: another transaction has the table, and does not end.
    """
    pipeline.destination.config_params["fence"] = None  # this transaction puts up what the others hold
    with pipeline.destination_client() as client:
        if not client.is_storage_initialized():
            client.initialize_storage()
        warehouse, name = client.sql_client, pipeline.pipeline_name
        warehouse.owner = f"{name}/{token}"
        fence = warehouse.make_qualified_table_name(TABLE)
        kind, kept = KINDS.get(warehouse.capabilities.sqlglot_dialect, KINDS["duckdb"])
        warehouse.execute_sql(
            f"CREATE {kind} IF NOT EXISTS {fence} (pipeline_name VARCHAR(200), token BIGINT, load_id VARCHAR(64)){kept}"
        )
        with warehouse.begin_transaction():
            if _newest(warehouse, fence, name, token) < token:
                warehouse.execute_sql(f"INSERT INTO {fence} VALUES (%s, %s, %s)", name, token, load_id)
        warehouse.abort_left_over()
        with warehouse.waiting(TABLE), warehouse.begin_transaction():
            _newest(warehouse, fence, name, token)
            warehouse.execute_sql(f"DELETE FROM {fence} WHERE pipeline_name = %s", name)
            warehouse.execute_sql(f"INSERT INTO {fence} VALUES (%s, %s, %s)", name, token, load_id)
    pipeline.destination.config_params["fence"] = f"{name}/{token}"


def _newest(warehouse: Any, fence: str, name: str, token: int) -> int:
    """Return a pipeline's newest token, which is at most `token`; -1 before the first claim.

    Raises:
        StaleFencingToken: it is a newer one.
    """
    ((newest,),) = warehouse.execute_sql(f"SELECT max(token) FROM {fence} WHERE pipeline_name = %s", name)
    if newest is not None and int(newest) > token:
        raise _overtaken(token)
    return -1 if newest is None else int(newest)


def assert_fencing_token(warehouse: Any, fence: str) -> None:
    """Make the running transaction depend on the fence; its last statement before the commit.

    Raises:
        StaleFencingToken: the token is no longer there.
    """
    name, _, token = fence.rpartition("/")
    table = warehouse.make_qualified_table_name(TABLE)
    # An update holds the row until the commit, so that no newer token comes between. DuckDB's file belongs to one
    # process anyway, and the updates of its threads would get into each other's way.
    what = (
        "SELECT count(*) FROM {}"
        if warehouse.capabilities.sqlglot_dialect == "duckdb"
        else "UPDATE {} SET token = token"
    )
    # Of two that claim at the same moment, each may leave its row: the newer one counts.
    newest = f"SELECT max(token) FROM {table} WHERE pipeline_name = %s"
    sql = f"{what.format(table)} WHERE pipeline_name = %s AND token = %s AND token = ({newest})"
    with warehouse.execute_query(sql, name, int(token), name) as cursor:
        row = cursor.fetchone()
    if not row or not row[0]:
        raise _overtaken(int(token))


def _overtaken(token: int) -> StaleFencingToken:
    line = (
        f"Another run has taken over from this one (token {token}), which was paused for too long: what it read was "
        "not loaded. The next run reads it again."
    )
    error = StaleFencingToken(Exception(line))
    error.__cause__ = LeaseLost(line)  # the exit code
    return error
