"""The clock: both sources into RAW, then dbt builds the rest: `python flows/elt.py`."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from typing import Literal

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_progress_artifact
from prefect.logging.handlers import PrefectConsoleHandler

from flows import budget, last_build
from flows.dbt_build import DBT, transform
from flows.dbt_command import leave_out_foreign
from flows.load_task import SOURCES, load_source
from flows.page import wanted, write_page
from flows.prefect_server import use_server
from flows.progress import say
from flows.refused import TablesRefused, dbt_sources, models_of
from flows.report import RunReport, last_text, preview, publish
from pipelines.command import exit_with_line, refusal_code, refusals
from pipelines.errors import Refusal
from pipelines.settings import prepare
from pipelines.warehouse import environment


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
    leave_out_foreign()  # a worker's run comes here first
    prepare(SOURCES, dbt=True)
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
        leave_out_foreign()
        prepare(SOURCES, dbt=True, prefect=True)
        use_server()
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
