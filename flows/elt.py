"""The clock: both sources into RAW, then dbt builds the rest: `python flows/elt.py`."""

import argparse
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_progress_artifact
from prefect.context import refresh_global_settings_context
from prefect.logging.handlers import PrefectConsoleHandler
from prefect.settings import PREFECT_API_URL

from flows import budget, last_build
from flows.page import wanted, write_page
from flows.refused import TablesRefused, dbt_sources, models_of
from flows.report import RunReport, last_text, preview, publish
from pipelines import postgres, saas
from pipelines.command import exit_with_line, found, refusal_code, refusals, services_hint
from pipelines.errors import Refusal, is_transient
from pipelines.load import LoadReport
from pipelines.warehouse import environment, read_services

DBT = Path(__file__).resolve().parent.parent / "dbt"
STARTED = time.monotonic()
SOURCES = {"postgres": postgres.load, "saas": saas.load}


def is_worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Tell whether a failed load may succeed as it is: a service that is away comes back, a refused type does not."""
    return is_transient(state.result(raise_on_failure=False))


@task(task_run_name="load {source}", retries=2, retry_delay_seconds=[2, 10], retry_condition_fn=is_worth_retrying)
def load_source(source: str) -> LoadReport:
    """Load one source; what an earlier run left pending is finished first."""
    say(f"{source}: reading what changed")
    report = SOURCES[source]()
    rows = sum(table.in_lake for table in report.tables.values())
    say(f"{source}: {rows:,} rows in the lake and in RAW after {report.seconds:.1f} s{found(report)}")
    return report


@task(task_run_name="budget")
def check_budget(over_budget: Literal["warn", "stop"] = "warn") -> budget.Spending:
    """Hold this month's credits, as far as MART's ledger knows them, against the budget.

    Raises:
        Refusal: the budget is spent, and `over_budget` is "stop".
    """
    spending = budget.month_so_far()
    create_progress_artifact(
        min(spending.share, 1.0) * 100, key="elt-budget", description=f"Of the month's budget: {spending.text()}"
    )
    if spending.is_over and over_budget == "stop":
        raise Refusal(
            f"The month's budget is spent: {spending.text()}. Nothing was loaded: raise monthly_credits in terraform/, "
            "or let the run pass with --over-budget warn (the deployment's parameter over_budget)."
        )
    if spending.is_near:
        get_run_logger().warning("budget: %s", spending.text())
    say(f"budget: {spending.text()}{' ⚠' if spending.is_near else ''}")
    return spending


@task(task_run_name="dbt build")
def transform(
    node_tasks: bool = False, full_build: bool | None = None, refused: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Build and test every model; return a row for each node: kind, name, status, seconds.

    Where neither RAW nor the project has changed since the last good build, there is nothing to do and no row.

    Args:
        node_tasks: give each node a task run of its own. It costs about 0.2 s of CPU a node, so a laptop goes without.
        full_build: True: build in any case, with every test. False: where something changed, and without unit tests and
            tests that read whole tables of events (dbt/selectors.yml). None: with every test once a day and after each
            change of the project, as far as this machine remembers.
        refused: dbt's sources, as source.table, that were not loaded; what depends on them keeps its last state.
    """
    ground = last_build.ground(DBT, refused)
    built_at = None if full_build else ground.built_at()
    if built_at:
        say(f"dbt: nothing to build: RAW and the project are as at the build of {built_at:%Y-%m-%d %H:%M} UTC")
        return []
    tested_at = ground.tested_at()
    is_whole = full_build or (full_build is None and not tested_at)
    command = ["build"] if is_whole else ["build", "--selector", "hourly"]
    if refused:  # dbt takes a selector or --exclude, not both: the second says what the selector leaves out
        left_out = [] if is_whole else ["tag:whole_table", "resource_type:unit_test"]
        command = ["build", "--exclude", *left_out, *(f"source:{source}+" for source in refused)]
    last_build.forget()
    # Imported here: dbt takes seconds to import, and the sources need not wait for it.
    from prefect_dbt import PrefectDbtRunner, PrefectDbtSettings

    say(f"dbt: building and testing the models{'' if is_whole else ', without the tests of once a day'}")
    settings = PrefectDbtSettings(project_dir=DBT, profiles_dir=DBT, log_level="error")
    runner = PrefectDbtRunner(settings=settings, raise_on_failure=False)
    if node_tasks:
        results = runner.invoke(command).result.results
        for thread in threading.enumerate():
            if thread.name.endswith("(run_task)"):  # the runner returns before its last task runs have ended
                thread.join()
    else:
        # The runner makes task runs where it finds a run's context, and a fresh thread has none.
        with ThreadPoolExecutor(1) as outside:
            results = outside.submit(runner.invoke, command).result().result.results
    if environment().engine == "duckdb":  # whose adapter keeps the file to itself until the process ends
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
    broken = [result for result in results if result.status in ("error", "fail")]
    outgrown = [result.node.name for result in broken if "out of sync" in str(result.message)]
    if outgrown:
        names = " ".join(outgrown)
        mend = f"type dbt run --full-refresh --select {names} --project-dir dbt --profiles-dir dbt, then this again"
        raise Refusal(f"dbt: the columns of {names} are others than in the warehouse: {mend}.")
    if broken:
        failed = "; ".join(f"{result.node.name} ({result.message})" for result in broken)
        raise Refusal(f"dbt: {len(broken)} of {len(results)} nodes failed: {failed}")
    if not any(result.status in ("warn", "skipped") for result in results):  # a warning is worth saying again
        ground.keep(datetime.now(UTC) if is_whole else tested_at)
    return [
        {
            "kind": str(result.node.resource_type),
            "node": result.node.name,
            "status": str(result.status),
            "seconds": round(result.execution_time, 2),
        }
        for result in results
        if result.node.resource_type != "exposure"  # of which nothing is built
    ]


@flow(name="elt")
def elt(
    node_tasks: bool = False,
    full_build: bool | None = None,
    over_budget: Literal["warn", "stop"] = "warn",
    page: str | None = None,
) -> RunReport:
    """Run every load, then dbt; a failed load fails the flow and dbt does not run on half of the rows.

    A table that a load refused fails the flow at its end: dbt builds what does not depend on it.

    Args:
        node_tasks: as in `transform`.
        full_build: as in `transform`.
        over_budget: as in `check_budget`.
        page: a path or an s3:// URL for the dashboard as one page; "" for none, None as in `wanted`.
    """
    started = time.monotonic()
    window = wanted(page)
    if budget.is_set():
        check_budget(over_budget)
    futures = {source: load_source.submit(source) for source in SOURCES}
    loads = []
    failures = []
    for source, future in futures.items():
        future.wait()
        result = future.result(raise_on_failure=False)
        if isinstance(result, BaseException):
            failures.append((source, result))
        else:
            loads.append(result)
    if failures:
        raise failures[0][1]
    refused = dbt_sources(loads)
    nodes = transform(node_tasks, full_build, refused)
    shown = preview() if nodes else []  # what did not change is not read: on Snowflake it would start a warehouse
    try:
        if window and (nodes or window.is_older_than(last_build.last())):
            say(f"dashboard: {window.url}, {write_page(window) / 1000:,.0f} kB")
    finally:  # what was loaded and built is told, whatever became of its page
        kept = models_of(refused, DBT) if nodes else []
        report = RunReport(environment().word, loads, nodes, time.monotonic() - started, shown, kept)
        publish(report)
    if refused:
        broken = [load for load in loads if load.refused]
        raise TablesRefused([line for load in broken for line in refusals(load)], min(map(refusal_code, broken)))
    return report


def say(line: str) -> None:
    """Show progress to the person who waits."""
    print(f"  {time.monotonic() - STARTED:5.1f} s  {line}", file=sys.stderr, flush=True)


def api_url() -> str:
    """Return the Prefect API that the flow reports to.

    Raises:
        Refusal: it does not answer.
    """
    url = PREFECT_API_URL.value() or (read_services().get("prefect_api_url") if environment().is_embedded else None)
    if not url:
        raise Refusal(f"The Prefect server is not reachable: {services_hint()}, or set PREFECT_API_URL.")
    try:
        httpx.get(f"{url}/health", timeout=10).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refusal(f"The Prefect server at {url} is not reachable: {services_hint()}.") from error
    return url


def hush_console() -> None:
    """Leave Prefect's and dbt's own lines to Prefect's UI: a terminal gets ours, and what went wrong in one line."""
    for handler in logging.getLogger().handlers + logging.getLogger("prefect").handlers:
        if isinstance(handler, PrefectConsoleHandler):
            handler.setLevel(logging.CRITICAL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the flow against the environment's Prefect server and print what it did; None: as the shell says."""
    parser = argparse.ArgumentParser(description="Load what changed in both sources, then build what stands on it.")
    parser.add_argument("--full-build", action="store_true", help="dbt builds though nothing changed, with every test")
    parser.add_argument(
        "--over-budget", choices=["warn", "stop"], default="warn", help="what to do where the month's budget is spent"
    )
    parser.add_argument(
        "--page", help="where the dashboard goes as one page: a path or an s3:// URL (.data/dashboard.html)"
    )
    chosen = parser.parse_args(arguments)
    try:
        hush_console()
        os.environ["PREFECT_API_URL"] = api_url()
        refresh_global_settings_context()  # for every thread, where temporary_settings() would serve this one alone
        report = elt(full_build=chosen.full_build or None, over_budget=chosen.over_budget, page=chosen.page)
    except TablesRefused as error:
        print(last_text())
        for line in error.lines:
            print(f"✗ {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  as in pipelines/command.py
        exit_with_line(error)
    print(report.text())


if __name__ == "__main__":
    main()
