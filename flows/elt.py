"""The clock: both sources into RAW, then dbt builds the rest: `python flows/elt.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.interrupts import watch
    from flows.prefect_import import begin

    watch()
    begin()

import argparse
import contextlib
import logging
import sys
import time
from collections.abc import Sequence
from typing import Literal

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_progress_artifact
from prefect.futures import as_completed
from prefect.logging.handlers import PrefectConsoleHandler

from exactly_once import interrupts
from exactly_once.cli import command_line, exit_with_error, refusal_code, refusals
from exactly_once.errors import PipelineError
from exactly_once.progress import speak
from flows import budget, last_build
from flows.alone import alone, check_alone
from flows.dbt_build import DBT, transform
from flows.dbt_command import leave_out_foreign
from flows.load_task import SOURCES, load_source
from flows.outcome import LoadsFailed, recorded_flow, result_of, said
from flows.page import wanted, write_page
from flows.prefect_server import use_server
from flows.progress import begin_run, say
from flows.refused import TablesRefused, dbt_sources, models_of
from flows.report import PREVIEWED, RunReport, preview, publish
from flows.selection import absent_tables, sources_named
from pipelines.configuration.plain_folder import shown
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.settings import prepare
from pipelines.environment import environment
from pipelines.runs.run_record import Run, current, recorded


@task(task_run_name="budget")
@said
def check_budget(over_budget: Literal["warn", "stop"] = "warn") -> budget.Spending:
    """Hold this month's credits, as the last build left them in the lake, against the budget; no warehouse is asked.

    Raises:
        PipelineError: the budget is spent, and `over_budget` is "stop".
    """
    spending = budget.kept()
    if spending.is_over and over_budget == "stop":
        raise PipelineError(
            f"The month's budget is spent: {spending.text()}. Nothing was loaded: raise monthly_credits in terraform/, "
            "or let the run pass with --over-budget warn (the deployment's parameter over_budget)."
        )
    return _said(spending)


@task(task_run_name="budget after the build")
@said
def read_budget() -> budget.Spending:
    """Read this month's credits from MART's ledger for the runs to come, while dbt's warehouse is awake."""
    spending = budget.month_so_far()
    budget.keep(spending)
    create_progress_artifact(
        min(spending.share, 1.0) * 100, key="elt-budget", description=f"Of the month's budget: {spending.text()}"
    )
    return _said(spending)


def _said(spending: budget.Spending) -> budget.Spending:
    if spending.is_near:
        get_run_logger().warning("budget: %s", spending.text())
    say(f"budget: {spending.text()}{' ⚠' if spending.is_near else ''}")
    return spending


@flow(name="elt")
@recorded_flow(SOURCES)
@alone
def elt(
    node_tasks: bool = False,
    full_build: bool | None = None,
    over_budget: Literal["warn", "stop"] = "warn",
    page: str | None = None,
    only: str | None = None,
) -> RunReport:
    """Run every load, then dbt; a failed load fails the flow and dbt does not run on half of the rows.

    A table that a load refused fails the flow at its end: dbt builds what does not depend on it. Where another flow is
    at work on this warehouse, nothing is done (flows/alone.py). However it ends, the run is recorded and reported; what
    a person can fix is the message of its state.

    Args:
        node_tasks: as in `transform`.
        full_build: as in `transform`.
        over_budget: as in `check_budget`.
        page: a path or an s3:// URL for the dashboard as one page; "" for none, None as in `wanted`.
        only: the sources to load, with commas between; dbt builds what depends on them. None: all.
    """
    keep_private()  # a worker starts here
    begin_run()
    run = current()
    report = RunReport(environment().word)
    started = time.monotonic()
    try:
        _run(report, run, node_tasks, full_build, over_budget, page, only)
    except Exception as error:
        run.fail(error)
        report.failure = run.record.line
        report.seconds = time.monotonic() - started
        run.text = report.text()
        with contextlib.suppress(Exception):  # what went wrong first is what is said
            publish(report)
        raise
    report.seconds = time.monotonic() - started
    publish(report)
    return report


def _run(
    report: RunReport,
    run: Run,
    node_tasks: bool,
    full_build: bool | None,
    over_budget: Literal["warn", "stop"],
    page: str | None,
    only: str | None,
) -> None:
    """Do what `elt` says, and put into the report and the record what was done so far."""
    sources = sources_named(only, SOURCES)
    prepare(sources, dbt=True)
    run.note(sources=sources)
    target = wanted(page)
    if budget.is_set():
        result_of(check_budget(over_budget, return_state=True))
    _load(report, run, sources)
    refused = dbt_sources(report.loads)
    is_partial = len(sources) < len(SOURCES)
    absent = [one for one in absent_tables(DBT, list(SOURCES)) if one not in refused] if is_partial else []
    check_alone()
    try:
        state = transform(node_tasks, full_build, refused, sources if is_partial else (), absent, return_state=True)
        report.nodes = result_of(state)
    except Exception as error:
        report.nodes = getattr(error, "nodes", [])
        run.part_failed("dbt", error, report.nodes)
        _read_budget(report)  # a build that fails for weeks costs no less
        raise
    check_alone()  # what a paused run has built is told as overtaken
    report.is_built = True
    if report.nodes:
        report.missing = models_of(absent, DBT)
        report.kept = [model for model in models_of(refused, DBT) if model not in report.missing]
    run.built(report.nodes, [*report.kept, *report.missing])
    _read_budget(report)
    if report.nodes and PREVIEWED not in report.missing:
        report.preview = preview()  # what did not change is not read: on Snowflake it would start a warehouse
    if target and absent:
        lacking = ", ".join(sorted({table.split(".")[0] for table in absent}))
        say(f"dashboard: not written: it needs tables of {lacking} that RAW does not have yet")
    elif target and (report.nodes or target.is_older_than(last_build.last())):
        size = result_of(write_page(target, return_state=True))
        run.note(page=target.recorded)
        say(f"dashboard: {shown(target.url)}, {size / 1000:,.0f} kB")
    if refused:
        broken = [load for load in report.loads if load.refused]
        raise TablesRefused([line for load in broken for line in refusals(load)], min(map(refusal_code, broken)))


def _read_budget(report: RunReport) -> None:
    """Read the ledger where dbt has built something; elsewhere its warehouse sleeps, and the ledger is as it was.

    A ledger that cannot be read or kept is a warning: what was loaded and built is not the worse for it.
    """
    if not (budget.is_set() and report.nodes):
        return
    try:
        result_of(read_budget(return_state=True))
    except Exception as error:  # noqa: BLE001  whatever it is
        why = " ".join(str(error).split())[:200] or type(error).__name__
        get_run_logger().warning("budget: not read after this build (%s); the next build reads it", why)


def _load(report: RunReport, run: Run, sources: list[str]) -> None:
    """Load sources side by side, each to its end.

    Raises:
        Exception: that the only one that failed did so with.
        LoadsFailed: more than one failed.
    """
    futures = {load_source.submit(source): source for source in sources}
    failures = {}
    for future in as_completed(list(futures)):
        source, result = futures[future], future.result(raise_on_failure=False)
        if isinstance(result, BaseException):
            failures[source] = result
            run.part_failed(source, result)
        else:
            report.loads.append(result)
            run.loaded(result)
    report.loads.sort(key=lambda load: sources.index(load.pipeline))
    if len(failures) > 1:
        raise LoadsFailed({source: failures[source] for source in sources if source in failures})
    for error in failures.values():
        raise error


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
    parser.add_argument(
        "--only",
        metavar="SOURCES",
        help=f"load these sources alone, with commas between ({', '.join(SOURCES)}); dbt builds what depends on them",
    )
    parser.add_argument("--quiet", action="store_true", help="no lines about progress; errors and the result stay")
    chosen = parser.parse_args(arguments)
    speak(quiet=chosen.quiet)
    interrupts.watch()
    with interrupts.body():
        _command(chosen, arguments)


def _command(chosen: argparse.Namespace, arguments: Sequence[str] | None) -> None:
    try:
        sources = sources_named(chosen.only, SOURCES)
        wanted(chosen.page)
        with recorded("flow", command_line("python flows/elt.py", arguments), list(SOURCES)) as run:
            hush_console()
            leave_out_foreign()
            prepare(sources, dbt=True, prefect=True)
            use_server()
            try:
                report = elt(
                    full_build=chosen.full_build or None,
                    over_budget=chosen.over_budget,
                    page=chosen.page,
                    only=chosen.only,
                )
            except Exception:
                if run.text:  # none where another flow is at work
                    print(run.text)
                raise
    except (TablesRefused, LoadsFailed) as error:
        for line in error.lines:
            print(f"✗ {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  as in pipelines/command.py
        exit_with_error(error)
    print(report.text())


if __name__ == "__main__":
    main()
