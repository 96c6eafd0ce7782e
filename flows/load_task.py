"""The task that loads one source, retried if a service did not answer."""

from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from exactly_once.cli import recovery_note
from exactly_once.errors import is_transient, user_message
from exactly_once.process import interrupts
from exactly_once.report import LoadReport
from flows.orchestration.failed_states import fail_in_one_line
from flows.orchestration.run_progress import log_progress, stream_progress
from pipelines.loading import load_registered

ATTEMPTS = 3
_last_failures: dict[str, str] = {}  # by source: the reason of this process's last failed attempt


def is_worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """Return whether a failed load may succeed unchanged: a service may answer again, a refused type stays refused."""
    return not interrupts.received() and is_transient(state.result(raise_on_failure=False))


@task(
    task_run_name="load {source}",
    retries=ATTEMPTS - 1,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=is_worth_retrying,
)
@fail_in_one_line
def load_source(source: str) -> LoadReport:
    """Load one source; what an earlier run left pending is finished first."""
    stream_progress()
    context = TaskRunContext.get()
    attempt = context.task_run.run_count if context else 1
    if attempt > 1:
        reason = _last_failures.get(source, "an attempt elsewhere")
        log_progress(f"{source}: attempt {attempt} of {ATTEMPTS} after: {reason}")
    log_progress(f"{source}: reading what changed")
    try:
        report = load_registered(source)
    except Exception as error:
        interrupts.check()
        _last_failures[source] = user_message(error) or type(error).__name__
        raise
    rows = sum(table.in_lake for table in report.tables.values())
    log_progress(f"{source}: {rows:,} rows in the lake and in RAW after {report.seconds:.1f} s{recovery_note(report)}")
    return report
