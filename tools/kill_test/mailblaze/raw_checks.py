"""The invariants of RAW, the lake and the saved state after a successful run."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dlt.common.versioned_state import decompress_state

from tools.kill_test.mailblaze.world import World, is_data

CURSORS = ("last_value", "horizon")  # the names of cursors in a state
LEASE = re.compile(r"/_lease/[^/]+\.(json|lock|new)$")  # .lock and .new are overwritten
RECORD = re.compile(r"/(_loads|_schemas)/[^/]+\.(json|new)$")


def broken_invariants(world: World, keys: dict[str, list[str]]) -> Iterator[str]:
    """Yield a line for each violated invariant of RAW and the lake.

    Args:
        world: the world.
        keys: the primary key of each table.
    """
    tables = [table for (table,) in world.raw("select table_name from duckdb_tables() where schema_name = 'RAW'")]
    if "_dlt_loads" not in tables:
        yield "RAW._dlt_loads does not exist"
        return
    for table in tables:
        if not table.startswith("_"):  # dlt's own tables are read only where the load is in _dlt_loads
            rows = f"RAW.{table} where _dlt_load_id not in (select load_id from RAW._dlt_loads)"
            for load_id, count in world.raw(f"select _dlt_load_id, count(*) from {rows} group by all"):
                yield f"RAW.{table} has {count} rows of load {load_id}, which is not in _dlt_loads"
        if table.lower() in keys:
            key = ", ".join(keys[table.lower()])
            twice = world.raw(f"select {key} from RAW.{table} group by all having count(*) > 1 order by all limit 3")
            if twice:
                yield f"RAW.{table} has keys twice: {twice}"
    yield from leftovers(world)
    yield from decreasing_cursors(world)


def leftovers(world: World) -> Iterator[str]:
    """Yield each file of the lake that is not of rows, a manifest, dlt's own or a released lease.

    Also yield each load of RAW without a manifest.
    """
    lake = world.lake()
    recorded = {key.rsplit("/", 1)[-1].removesuffix(".json") for key in lake if "/_loads/" in key}
    for (load_id,) in world.raw("select load_id from RAW._dlt_loads where status = 0"):
        if load_id not in recorded:
            yield f"the lake has no manifest of load {load_id}"
    for key, content in lake.items():
        if is_data(key) or key.endswith("/init") or RECORD.search(key):
            continue
        if not LEASE.search(key):
            yield f"the lake has a file that belongs to nothing: {key}"
        elif key.endswith(".json") and not json.loads(content)["is_released"]:
            yield f"the lease {key} is still held: {content[:200]!r}"


def decreasing_cursors(world: World) -> Iterator[str]:
    """Yield each cursor that decreased from one saved state to the next."""
    last: dict[str, Any] = {}
    for name, cursors in _states(world):
        for cursor, value in cursors.items():
            path = f"{name}: {cursor}"
            if path in last and value < last[path]:
                yield f"cursor {path} fell in the saved states from {last[path]} to {value}"
            last[path] = value


def cursors(world: World) -> dict[str, Any]:
    """Return the newest saved cursors."""
    return {f"{name}: {path}": value for name, found in _states(world) for path, value in found.items()}


def cursors_beyond_clock(world: World, pipeline: str, clock: datetime) -> Iterator[str]:
    """Yield each cursor of a pipeline that is later than its source's clock."""
    for name, value in cursors(world).items():
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(at, datetime) and name.startswith(f"{pipeline}: "):
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            if at > clock:
                yield f"cursor {name} is at {at}, beyond the source's clock {clock}"


def _states(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    # In dlt's own order; the state of an incomplete load does not count, e.g. of one that was read again without a
    # rejected table.
    sql = """select pipeline_name, state from RAW._dlt_pipeline_state join RAW._dlt_loads on _dlt_load_id = load_id
        where status = 0 order by pipeline_name, load_id"""
    for name, state in world.raw(sql):
        yield name, dict(_walk(decompress_state(state).get("sources", {}), ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name in CURSORS and inner is not None and not isinstance(inner, (dict, list)):
            yield f"{path}{name}", inner
        else:
            yield from _walk(inner, f"{path}{name}.")
