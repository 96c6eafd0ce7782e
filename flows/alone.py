"""One flow at a time for each warehouse: a second one ends before it loads anything, with exit code 75."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import wraps
from typing import Any

from prefect.client.schemas.objects import State, StateType

from exactly_once.errors import PipelineError
from exactly_once.lease.lease import Lease, LeaseHeld
from flows.dbt_command import leave_out_foreign
from flows.other_runs import close_others
from flows.progress import say
from pipelines.runs.flow_lease import flow_lease

PAUSES = (2, 10)  # seconds, where the lake does not answer

_lease: ContextVar[Lease] = ContextVar("the flow's lease")


def alone(body: Callable[..., Any]) -> Callable[..., Any]:
    """Run a flow's body under the flow's lease; where another run holds it, the run ends as Skipped.

    Skipped is a Cancelled state: the line is there to be read in the UI, and nobody is woken by a failure. Who calls
    the flow gets LeaseHeld.
    """

    @wraps(body)
    def run(*arguments: Any, **named: Any) -> Any:
        leave_out_foreign()  # a worker's run comes here first
        lease = flow_lease()
        with ExitStack() as held:
            try:
                _enter(held, lease)
            except LeaseHeld as refusal:
                return State(type=StateType.CANCELLED, name="Skipped", message=str(refusal), data=refusal)
            _lease.set(lease)
            close_others(lease.url)
            return body(*arguments, **named)

    return run


def check_alone() -> None:
    """Let the flow go on.

    Raises:
        LeaseLost: this process was paused or cut off for too long, and another run may be at work.
    """
    _lease.get().ensure_held()


def _enter(held: ExitStack, lease: Lease) -> None:
    for pause in (*PAUSES, None):
        try:
            held.enter_context(lease)
            return
        except PipelineError as refusal:
            if pause is None or not refusal.is_transient:
                raise
            say(f"{refusal} Trying again in {pause} s.")
            time.sleep(pause)
