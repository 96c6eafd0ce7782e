"""One run of the flow at a time for each warehouse: a second one ends before it loads anything, with exit code 75."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from prefect.client.schemas.objects import State, StateType

from exactly_once.errors import PipelineError
from exactly_once.lease.lease import Lease, LeaseHeld
from flows.dbt_command import ignore_foreign_settings
from flows.orchestration.other_runs import close_other_runs
from flows.orchestration.run_progress import log_progress
from pipelines.runs.flow_lease import flow_lease

RETRY_DELAYS = (2, 10)  # seconds, if the lake does not answer

P = ParamSpec("P")
R = TypeVar("R")

_lease: ContextVar[Lease] = ContextVar("the flow's lease")


def single_run(body: Callable[P, R]) -> Callable[P, R]:
    """Run a flow's body under the flow's lease; if another run holds it, the run ends as Skipped.

    Skipped is a state of type CANCELLED: the UI shows its message, and no alert about a failure is sent. The caller of
    the flow gets LeaseHeld.
    """

    @wraps(body)
    def run(*arguments: P.args, **named: P.kwargs) -> R:
        ignore_foreign_settings()  # a worker's run starts here
        lease = flow_lease()
        with ExitStack() as stack:
            try:
                _acquire(stack, lease)
            except LeaseHeld as error:
                skipped = State(type=StateType.CANCELLED, name="Skipped", message=str(error), data=error)
                return cast(R, skipped)  # Prefect ends the run in it
            _lease.set(lease)
            close_other_runs(lease.url)
            return body(*arguments, **named)

    return run


def ensure_lease_held() -> None:
    """Check that this run still holds the flow's lease.

    Raises:
        LeaseLost: this process was paused or cut off for too long, and another run may have begun.
    """
    _lease.get().ensure_held()


def _acquire(stack: ExitStack, lease: Lease) -> None:
    for delay in (*RETRY_DELAYS, None):
        try:
            stack.enter_context(lease)
            return
        except PipelineError as error:
            if delay is None or not error.is_transient:
                raise
            log_progress(f"{error} Trying again in {delay} s.")
            time.sleep(delay)
