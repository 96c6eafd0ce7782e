"""The tasks that check the month's budget before a run loads, and read the ledger after it built."""

from typing import Literal

from prefect import get_run_logger, task
from prefect.artifacts import create_progress_artifact

from exactly_once.errors import PipelineError
from flows import budget
from flows.orchestration.failed_states import fail_in_one_line
from flows.orchestration.run_progress import log_progress


@task(task_run_name="budget")
@fail_in_one_line
def check_budget(over_budget: Literal["warn", "stop"] = "warn") -> budget.Spending:
    """Compare the month's credits, as the last build saved them, with the budget; no warehouse is asked.

    Raises:
        PipelineError: the budget is spent, and `over_budget` is "stop".
    """
    spending = budget.load_saved()
    if spending.is_over and over_budget == "stop":
        raise PipelineError(
            f"The month's budget is spent: {spending.text()}. Nothing was loaded: raise monthly_credits in terraform/, "
            "or let the run pass with --over-budget warn (the deployment's parameter over_budget)."
        )
    _report(spending)
    return spending


@task(task_run_name="budget after the build")
@fail_in_one_line
def read_budget() -> budget.Spending:
    """Read the month's credits from MART's ledger, while dbt's warehouse is awake, and save them for the next runs."""
    spending = budget.read_month()
    budget.save(spending)
    create_progress_artifact(
        min(spending.share, 1.0) * 100, key="elt-budget", description=f"Of the month's budget: {spending.text()}"
    )
    _report(spending)
    return spending


def _report(spending: budget.Spending) -> None:
    if spending.is_near:
        get_run_logger().warning("budget: %s", spending.text())
    log_progress(f"budget: {spending.text()}{' ⚠' if spending.is_near else ''}")
