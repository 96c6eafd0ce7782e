"""The task that builds and tests dbt's models."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import task

from flows import last_build
from flows.dbt_command import DBT, place
from flows.dbt_run import failure, invoke
from flows.outcome import said
from flows.progress import hear, say
from flows.refused import BuildFailed
from flows.selection import arguments
from pipelines.environment import environment, export_data_dir


@task(task_run_name="dbt build")
@said
def transform(
    node_tasks: bool = False,
    full_build: bool | None = None,
    refused: Sequence[str] = (),
    only: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Build and test every model; return a row for each node: kind, name, status, seconds.

    Where neither RAW nor the project has changed since the last good build, there is nothing to do and no row.

    Args:
        node_tasks: give each node a task run of its own. It costs about 0.2 s of CPU a node, so a laptop goes without.
        full_build: True: build in any case, with every test. False: where something changed, and without unit tests and
            tests that read whole tables of events (dbt/selectors.yml). None: with every test once a day and after each
            change of the project, as far as this machine remembers.
        refused: dbt's sources, as source.table, that were not loaded; what depends on them keeps its last state.
        only: the sources that were loaded, where it was not all of them: nothing is built that has none of their rows.
        absent: dbt's sources that RAW does not have; what depends on them is not built.
    """
    hear()
    left_out = [*refused, *absent]
    ground = last_build.ground(DBT, [*left_out, *(f"only {source}" for source in only)])
    built_at = None if full_build else ground.built_at()
    if built_at:
        say(f"dbt: nothing to build: RAW and the project are as at the build of {built_at:%Y-%m-%d %H:%M} UTC")
        return []
    tested_at = ground.tested_at()
    is_whole = full_build or (full_build is None and not tested_at)
    command = [*arguments(is_whole, only, left_out), *place()]
    last_build.forget()
    export_data_dir()
    say(f"dbt: building and testing the models{'' if is_whole else ', without the tests of once a day'}")
    results = invoke(command, DBT, node_tasks)
    if environment().engine == "duckdb":  # whose adapter keeps the file to itself until the process ends
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
    nodes = [
        {
            "kind": str(result.node.resource_type),
            "node": result.node.name,
            "status": str(result.status),
            "seconds": round(result.execution_time, 2),
        }
        for result in results
        if result.node.resource_type != "exposure"  # of which nothing is built
    ]
    broken = [result for result in results if result.status in ("error", "fail")]
    outgrown = [result.node.name for result in broken if "out of sync" in str(result.message)]
    if outgrown:
        names = " ".join(outgrown)
        command = f"type dbt run --full-refresh --select {names} --project-dir dbt --profiles-dir dbt, then this again"
        raise BuildFailed(f"dbt: the columns of {names} are others than in the warehouse: {command}.", nodes)
    if broken:
        raise BuildFailed(failure(results), nodes)
    if not any(result.status in ("warn", "skipped") for result in results):  # a warning is worth saying again
        ground.keep(datetime.now(UTC) if is_whole and not only else tested_at)
    return nodes
