"""The steps of one run of the flow: budget, loads, dbt, budget again, the dashboard's page."""

from dataclasses import dataclass
from typing import Literal

from prefect import get_run_logger
from prefect.futures import as_completed

from exactly_once.cli import refusal_code, refusals
from flows import budget
from flows.budget_tasks import check_budget, read_budget
from flows.dbt_build import build_cache
from flows.dbt_build.build_task import dbt_build
from flows.dbt_build.lineage import dependent_models, refused_sources
from flows.dbt_build.selection import absent_tables, parse_sources
from flows.dbt_command import DBT_PROJECT
from flows.load_task import load_source
from flows.orchestration.failed_states import LoadsFailed, TablesRefused, result_of
from flows.orchestration.run_progress import log_progress
from flows.orchestration.single_run import ensure_lease_held
from flows.outputs.dashboard_page import PageTarget, resolve_target, write_page
from flows.outputs.report import PREVIEW_MODEL, RunReport, preview
from pipelines.configuration.library_safe_path import display_path
from pipelines.configuration.settings import prepare
from pipelines.registry import SOURCES
from pipelines.runs.run_record import DBT
from pipelines.runs.run_writer import RunWriter


@dataclass(frozen=True)
class RunOptions:
    """The parameters of the flow, as `flows.elt.elt` describes them."""

    node_tasks: bool = False
    full_build: bool | None = None
    over_budget: Literal["warn", "stop"] = "warn"
    page: str | None = None
    only: str | None = None


class EltRun:
    """One run of the flow. What it has done so far is in its report and its record, also if it fails.

    Args:
        options: the flow's parameters.
        report: for people.
        record: for this machine.
    """

    def __init__(self, options: RunOptions, report: RunReport, record: RunWriter) -> None:
        self._options, self._report, self._record = options, report, record
        self._sources: list[str] = []
        self._refused: list[str] = []  # dbt's sources that a load refused
        self._absent: list[str] = []  # dbt's sources that RAW does not have yet

    def run(self) -> None:
        """Do every step.

        Raises:
            TablesRefused: everything else is loaded and built.
            Exception: of the first step that failed; later steps were not done.
        """
        self._sources = parse_sources(self._options.only, SOURCES)
        prepare(self._sources, dbt=True)
        self._record.note(sources=self._sources)
        target = resolve_target(self._options.page)
        if budget.is_set():
            result_of(check_budget(self._options.over_budget, return_state=True))
        self._load()
        self._refused = refused_sources(self._report.loads)
        if self._is_partial:
            self._absent = [table for table in absent_tables(DBT_PROJECT, list(SOURCES)) if table not in self._refused]
        self._build()
        self._read_budget()
        if self._report.nodes and PREVIEW_MODEL not in self._report.missing:
            self._report.preview = preview()  # without a build the query would only start a warehouse
        if target:
            self._write_page(target)
        if self._refused:
            loads = [load for load in self._report.loads if load.refused]
            raise TablesRefused([line for load in loads for line in refusals(load)], min(map(refusal_code, loads)))

    @property
    def _is_partial(self) -> bool:
        return len(self._sources) < len(SOURCES)

    def _load(self) -> None:
        """Load sources in parallel, each to its end.

        Raises:
            Exception: of the only source that failed.
            LoadsFailed: more than one failed.
        """
        futures = {load_source.submit(source): source for source in self._sources}
        failures = {}
        for future in as_completed(list(futures)):
            source, result = futures[future], future.result(raise_on_failure=False)
            if isinstance(result, BaseException):
                failures[source] = result
                self._record.part_failed(source, result)
            else:
                self._report.loads.append(result)
                self._record.loaded(result)
        self._report.loads.sort(key=lambda load: self._sources.index(load.pipeline))
        if len(failures) > 1:
            raise LoadsFailed({source: failures[source] for source in self._sources if source in failures})
        for error in failures.values():
            raise error

    def _build(self) -> None:
        """Let dbt build what the loads allow."""
        report, options = self._report, self._options
        only = self._sources if self._is_partial else ()
        ensure_lease_held()
        try:
            report.nodes = result_of(
                dbt_build(options.node_tasks, options.full_build, self._refused, only, self._absent, return_state=True)
            )
        except Exception as error:
            report.nodes = getattr(error, "nodes", [])
            self._record.part_failed(DBT, error, report.nodes)
            self._read_budget()  # failed builds cost credits, too
            raise
        ensure_lease_held()  # a run that was paused while it built reports the lost lease, not a good build
        report.is_built = True
        if report.nodes:
            report.missing = dependent_models(self._absent, DBT_PROJECT)
            refused = dependent_models(self._refused, DBT_PROJECT)
            report.kept = [model for model in refused if model not in report.missing]
        self._record.built(report.nodes, [*report.kept, *report.missing])

    def _read_budget(self) -> None:
        """Read the ledger if dbt has built something: else the ledger is unchanged and dbt's warehouse asleep.

        A ledger that cannot be read or saved causes a warning only.
        """
        if not (budget.is_set() and self._report.nodes):
            return
        try:
            result_of(read_budget(return_state=True))
        except Exception as error:  # noqa: BLE001  whatever it is
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            get_run_logger().warning("budget: not read after this build (%s); the next build reads it", reason)

    def _write_page(self, target: PageTarget) -> None:
        """Write the dashboard's page if a build has ended since it was written."""
        if self._absent:
            lacking = ", ".join(sorted({table.split(".")[0] for table in self._absent}))
            log_progress(f"dashboard: not written: it needs tables of {lacking} that RAW does not have yet")
        elif self._report.nodes or target.is_older_than(build_cache.last_built_at()):
            size = result_of(write_page(target, return_state=True))
            self._record.note(page=target.recorded)
            log_progress(f"dashboard: {display_path(target.url)}, {size / 1000:,.0f} kB")
