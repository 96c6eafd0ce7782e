"""The whole chain: every source into RAW, then dbt builds and tests the models: `python flows/elt.py`."""

if __name__ == "__main__":  # before the slow imports: Ctrl-C ends the command with one line from the start
    from exactly_once.process.interrupts import watch
    from flows.orchestration.prefect_import import import_prefect

    watch()
    import_prefect()

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence
from typing import Literal

from prefect import flow

from exactly_once.cli import command_line, exit_with_error
from exactly_once.process import interrupts
from exactly_once.process.progress import speak
from flows.dbt_build.selection import parse_sources
from flows.dbt_command import ignore_foreign_settings
from flows.elt_steps import EltRun, RunOptions
from flows.orchestration.failed_states import LoadsFailed, TablesRefused, record_flow
from flows.orchestration.prefect_server import use_server
from flows.orchestration.run_progress import begin_run, silence_console
from flows.orchestration.single_run import single_run
from flows.outputs.artifacts import publish
from flows.outputs.dashboard_page import resolve_target
from flows.outputs.report import RunReport
from pipelines.configuration.private_files import keep_private
from pipelines.configuration.settings import prepare
from pipelines.environment import environment
from pipelines.registry import SOURCES
from pipelines.runs.run_writer import current_run, recorded


@flow(name="elt")
@record_flow(SOURCES)
@single_run
def elt(
    node_tasks: bool = False,
    full_build: bool | None = None,
    over_budget: Literal["warn", "stop"] = "warn",
    page: str | None = None,
    only: str | None = None,
) -> RunReport:
    """Run every load, then dbt. A failed load fails the flow, and dbt does not run on half of the rows.

    A table that a load refused fails the flow at its end: dbt builds what does not depend on it. If another run holds
    the warehouse's lease, nothing is done (orchestration/single_run.py). However a run ends, it is recorded and
    reported; if a person can fix the error, its one line is the message of the run's state.

    Args:
        node_tasks: as in `dbt_build`.
        full_build: as in `dbt_build`.
        over_budget: as in `check_budget`.
        page: where the dashboard is written as one page, as in `resolve_target`.
        only: the sources to load, separated by commas; dbt builds what depends on them. None: all.
    """
    keep_private()  # a worker's run starts here
    begin_run()
    record = current_run()
    report = RunReport(environment().name)
    started = time.monotonic()
    try:
        EltRun(RunOptions(node_tasks, full_build, over_budget, page, only), report, record).run()
    except Exception as error:
        record.fail(error)
        report.failure = record.record.line
        report.seconds = time.monotonic() - started
        record.text = report.text()
        with contextlib.suppress(Exception):  # the first error is the one to report
            publish(report)
        raise
    report.seconds = time.monotonic() - started
    publish(report)
    return report


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the flow against the environment's Prefect server and print its report.

    Args:
        arguments: of the command line; None: those of the process.
    """
    options = _parser().parse_args(arguments)
    speak(quiet=options.quiet)
    interrupts.watch()
    with interrupts.body():
        try:
            report = _run(options, command_line("python flows/elt.py", arguments))
        except (TablesRefused, LoadsFailed) as error:
            for line in error.lines:
                print(f"✗ {line}", file=sys.stderr)
            sys.exit(error.exit_code)
        except Exception as error:  # noqa: BLE001  as in pipelines/command.py
            exit_with_error(error)
        print(report.text())


def _run(options: argparse.Namespace, command: str) -> RunReport:
    sources = parse_sources(options.only, SOURCES)
    resolve_target(options.page)
    with recorded("flow", command, list(SOURCES)) as record:
        silence_console()
        ignore_foreign_settings()
        prepare(sources, dbt=True, prefect=True)
        use_server()
        try:
            return elt(
                full_build=options.full_build or None,
                over_budget=options.over_budget,
                page=options.page,
                only=options.only,
            )
        except Exception:
            if record.text:  # there is none if another run holds the lease
                print(record.text)
            raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Load what changed in every source, then build the models with dbt.")
    parser.add_argument("--full-build", action="store_true", help="let dbt build if nothing changed, with every test")
    parser.add_argument(
        "--over-budget", choices=["warn", "stop"], default="warn", help="what to do if the month's budget is spent"
    )
    parser.add_argument(
        "--page", help="where the dashboard is written as one page: a path or an s3:// URL (.data/dashboard.html)"
    )
    parser.add_argument(
        "--only",
        metavar="SOURCES",
        help=f"load only these sources, separated by commas ({', '.join(SOURCES)}); dbt builds what depends on them",
    )
    parser.add_argument("--quiet", action="store_true", help="print no progress; errors and the report stay")
    return parser


if __name__ == "__main__":
    main()
