"""The task that loads one source, tried again where a service was away."""

from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from exactly_once import interrupts
from exactly_once.cli import recovery_note
from exactly_once.errors import is_transient, user_message
from exactly_once.report import LoadReport
from flows.outcome import said
from flows.progress import hear, say
from pipelines.registry import SOURCES

ATTEMPTS = 3
_failures: dict[str, str] = {}  # by source: why this process's last attempt failed


def is_worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Tell whether a failed load may succeed as it is: a service that is away comes back, a refused type does not."""
    return not interrupts.received() and is_transient(state.result(raise_on_failure=False))


@task(
    task_run_name="load {source}",
    retries=ATTEMPTS - 1,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=is_worth_retrying,
)
@said
def load_source(source: str) -> LoadReport:
    """Load one source; what an earlier run left pending is finished first."""
    hear()
    run = TaskRunContext.get().task_run
    if run.run_count > 1:
        say(f"{source}: attempt {run.run_count} of {ATTEMPTS} after: {_failures.get(source, 'an attempt elsewhere')}")
    say(f"{source}: reading what changed")
    try:
        report = SOURCES[source].load()
    except Exception as error:
        interrupts.check()
        _failures[source] = user_message(error) or type(error).__name__
        raise
    rows = sum(table.in_lake for table in report.tables.values())
    say(f"{source}: {rows:,} rows in the lake and in RAW after {report.seconds:.1f} s{recovery_note(report)}")
    return report
