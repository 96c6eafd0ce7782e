"""Keep dlt's own tables in RAW short: each load adds rows to them, and dlt never deletes any."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dlt

STATES = 10  # dlt reads only the newest; the others are for a person who looks back
EVERY = 20  # versions of the state between two prunings
LOADS = 10_000  # old rows of _dlt_loads above which the scan for unused ones pays
AGE = timedelta(days=90)


def prune(
    pipeline: dlt.Pipeline, states: int = STATES, every: int = EVERY, loads: int = LOADS, age: timedelta = AGE
) -> None:
    """Delete the pipeline's old states, and old loads of which RAW has no row; call it after a load.

    It sends two or three statements every `every` versions of the state, and always from an empty working folder; else
    none. A state whose load is not complete does not count, and every load that a row of RAW names is kept.

    Args:
        pipeline: that has just loaded.
        states: how many of the newest states are kept.
        every: versions of the state between two prunings.
        loads: how many rows of `_dlt_loads` may be older than `age`.
        age: younger loads are always kept.
    """
    version = pipeline.state["_state_version"]
    try:
        pruned = pipeline.get_local_state_val("pruned_version")
    except KeyError:
        pruned = 0
    if 0 <= version - pruned < every:
        return
    with pipeline.sql_client() as warehouse:
        _prune_states(warehouse, pipeline, states)
        _prune_loads(warehouse, pipeline, loads, datetime.now(UTC) - age)
    pipeline.set_local_state_val("pruned_version", version)


def _prune_states(warehouse: Any, pipeline: dlt.Pipeline, keep: int) -> None:
    state, loads = (warehouse.make_qualified_table_name(name) for name in ("_dlt_pipeline_state", "_dlt_loads"))
    # dlt finds the newest state by the order of load ids as text, too.
    warehouse.execute_sql(
        f"DELETE FROM {state} WHERE pipeline_name = %s AND _dlt_load_id < (SELECT min(newest.load_id) FROM ("
        f"SELECT l.load_id FROM {state} AS s JOIN {loads} AS l ON l.load_id = s._dlt_load_id "
        f"WHERE s.pipeline_name = %s AND l.status = 0 ORDER BY l.load_id DESC LIMIT {int(keep)}) AS newest)",
        pipeline.pipeline_name,
        pipeline.pipeline_name,
    )


def _prune_loads(warehouse: Any, pipeline: dlt.Pipeline, limit: int, before: datetime) -> None:
    schema = pipeline.default_schema
    loads = warehouse.make_qualified_table_name("_dlt_loads")
    old = "schema_name = %s AND inserted_at < %s"
    count = warehouse.execute_sql(f"SELECT count(*) FROM {loads} WHERE {old}", schema.name, before)[0][0]
    if count <= limit:
        return
    tables = [table["name"] for table in schema.data_tables() if "_dlt_load_id" in table["columns"]]
    named = " UNION ".join(
        f"SELECT _dlt_load_id FROM {warehouse.make_qualified_table_name(name)} WHERE _dlt_load_id IS NOT NULL"
        for name in [*tables, "_dlt_pipeline_state"]
    )
    warehouse.execute_sql(f"DELETE FROM {loads} WHERE {old} AND load_id NOT IN ({named})", schema.name, before)
