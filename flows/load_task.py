"""The task that loads one source, tried again where a service was away."""

from typing import Any

from prefect import task

from flows.outcome import said
from flows.progress import say
from pipelines import postgres, saas
from pipelines.command import found
from pipelines.errors import is_transient
from pipelines.load import LoadReport

SOURCES = {"postgres": postgres.load, "saas": saas.load}


def is_worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Tell whether a failed load may succeed as it is: a service that is away comes back, a refused type does not."""
    return is_transient(state.result(raise_on_failure=False))


@task(task_run_name="load {source}", retries=2, retry_delay_seconds=[2, 10], retry_condition_fn=is_worth_retrying)
@said
def load_source(source: str) -> LoadReport:
    """Load one source; what an earlier run left pending is finished first."""
    say(f"{source}: reading what changed")
    report = SOURCES[source]()
    rows = sum(table.in_lake for table in report.tables.values())
    say(f"{source}: {rows:,} rows in the lake and in RAW after {report.seconds:.1f} s{found(report)}")
    return report
