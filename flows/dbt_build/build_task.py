"""The task that builds and tests dbt's models."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import task

from flows.dbt_build import build_cache
from flows.dbt_build.invocation import close_duckdb, invoke_dbt
from flows.dbt_build.results import BuildFailed, classify
from flows.dbt_build.selection import Selection, Tests
from flows.dbt_build.warehouse_state import rows_of_largest_table
from flows.dbt_command import DBT_PROJECT, location_options
from flows.orchestration.failed_states import fail_in_one_line
from flows.orchestration.run_progress import log_progress, stream_progress
from pipelines.environment import environment, export_data_dir

LEFT_OUT_TESTS: dict[Tests, str] = {
    "every": "",
    "nightly": ", without the weekly tests",
    "hourly": ", without the daily tests",
}
# Tests that read whole tables of events run in each full build up to so many rows of RAW, and beyond on one day a week.
WHOLE_TABLE_ROWS, WHOLE_TABLE_DAY = 100_000_000, 0  # Monday, on which dev is up


@task(name="transform", task_run_name="dbt build")
@fail_in_one_line
def dbt_build(
    node_tasks: bool = False,
    full_build: bool | None = None,
    refused: Sequence[str] = (),
    only: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Build and test every model; return a row for each node: kind, node, status, seconds.

    Where neither RAW nor the project has changed since the last good build, dbt does not run and there is no row.

    Args:
        node_tasks: give each node a task run of its own, at about 0.2 s of CPU a node.
        full_build: True: build in any case, with every test that is due. False: build where something changed, without
            unit tests and tests that read whole tables of events (dbt/selectors.yml). None: with every test that is due
            once a day and after each change of the project, as far as this machine's build cache knows. Beyond 100
            million rows in a table of RAW, tests that read whole tables of events are due on Mondays (UTC).
        refused: dbt's sources, as source.table, that were not loaded; their dependent models keep their last state.
        only: the sources that were loaded, if it was not all of them; models without any of their rows are not built.
        absent: dbt's sources that RAW does not have; their dependent models are not built.

    Raises:
        BuildFailed: nodes failed.
        PipelineError: dbt did not run.
    """
    stream_progress()
    selection = Selection(tuple(only), (*refused, *absent))
    fingerprint = build_cache.take_fingerprint(DBT_PROJECT, selection.limits)
    built_at = None if full_build else fingerprint.built_at()
    if built_at:
        log_progress(f"dbt: nothing to build: RAW and the project are as at the build of {built_at:%Y-%m-%d %H:%M} UTC")
        return []
    tested_at = fingerprint.tested_at()
    with_every_test = bool(full_build or (full_build is None and not tested_at))
    tests = due_tests(datetime.now(UTC)) if with_every_test else "hourly"
    build_cache.clear()
    export_data_dir()
    log_progress(f"dbt: building and testing the models{LEFT_OUT_TESTS[tests]}")
    command = [*selection.build_arguments(tests), *location_options()]
    result = classify(invoke_dbt(command, DBT_PROJECT, node_tasks))
    if environment().engine == "duckdb":
        close_duckdb()
    if result.failure:
        raise BuildFailed(result.failure, result.nodes)
    if result.is_clean:  # a warning is repeated by the next build
        fingerprint.save(datetime.now(UTC) if with_every_test and not only else tested_at)
    return result.nodes


def due_tests(now: datetime) -> Tests:
    """Return which tests a full build runs: those that read whole tables only as often as their size permits."""
    is_small = rows_of_largest_table() <= WHOLE_TABLE_ROWS
    return "every" if is_small or now.weekday() == WHOLE_TABLE_DAY else "nightly"
