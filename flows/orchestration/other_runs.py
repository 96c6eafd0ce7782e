"""What a run that holds the flow's lease reports to Prefect about other runs of the flow.

Prefect learns from a worker that a run's process has died. If the worker died, too, the run would stay Running forever.
"""

import logging
import os
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterId,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, TaskRun
from prefect.context import FlowRunContext

from pipelines.environment import read_services

LABEL = "mailblaze.lease"
MAX_SILENCE = timedelta(minutes=5)  # a run takes its lease, or ends, within seconds of its start
WAITING_STATES = [StateType.SCHEDULED]
RUNNING_STATES = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def close_other_runs(lease_url: str) -> None:
    """Mark runs whose process has died as Crashed, and runs that are due and would repeat this one as Skipped.

    If Prefect does not answer, the run goes on: its data does not depend on these states.

    Args:
        lease_url: of the lease that this run holds. A run with the same lease that has not ended is dead.
    """
    context = FlowRunContext.get()
    me = context.flow_run if context else None
    if me is None:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run_labels(me.id, {LABEL: lease_url})
            for run in _other_runs(client, me, RUNNING_STATES):
                if _is_dead(run, me, lease_url):
                    _mark_crashed(client, run, f"{me.name} has the lease {lease_url} now")
            for run in _other_runs(client, me, WAITING_STATES):
                if _is_repetition(run, me):
                    message = f"It was due before {me.name} began, which does its work."
                    client.set_flow_run_state(run.id, State(type=StateType.CANCELLED, name="Skipped", message=message))
    except Exception:  # whatever is wrong with Prefect's records, the load matters more
        logging.getLogger("prefect.flow_runs").warning("The flow's other runs were not checked", exc_info=True)


def _mark_crashed(client: SyncPrefectClient, run: FlowRun, evidence: str) -> None:
    crashed = State(type=StateType.CRASHED, message=f"Its process was killed or cut off: {evidence}.")
    for task in _running_tasks(client, run):
        client.set_task_run_state(task.id, crashed, force=True)
    client.set_flow_run_state(run.id, crashed, force=True)


def _other_runs(client: SyncPrefectClient, me: FlowRun, types: list[StateType]) -> list[FlowRun]:
    """Return this flow's other runs in states of some types, at most 200; of scheduled runs, those that are due."""
    runs = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)), id=FlowRunFilterId(not_any_=[me.id])
    )
    if types == WAITING_STATES:
        runs.next_scheduled_start_time = FlowRunFilterNextScheduledStartTime.model_validate(
            {"before_": datetime.now(UTC)}
        )
    return client.read_flow_runs(flow_filter=FlowFilter(id=FlowFilterId(any_=[me.flow_id])), flow_run_filter=runs)


def _running_tasks(client: SyncPrefectClient, run: FlowRun) -> list[TaskRun]:
    return client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])),
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=RUNNING_STATES))),
    )


def _is_dead(run: FlowRun, me: FlowRun, lease_url: str) -> bool:
    if LABEL in run.labels:
        return run.labels[LABEL] == lease_url
    # A run without a label was killed before it took its lease, or its worker was killed before the run began.
    if run.state is None:
        return False
    is_same = run.deployment_id is not None and run.deployment_id == me.deployment_id
    return (is_same or _is_own_server()) and datetime.now(UTC) - run.state.timestamp > MAX_SILENCE


def _is_own_server() -> bool:
    """Return whether the server is the one of `make up`, to which only runs of this data folder report."""
    return read_services().get("prefect_api_url") == os.environ.get("PREFECT_API_URL", "")


def _is_repetition(run: FlowRun, me: FlowRun) -> bool:
    """Return whether a waiting run was scheduled and does no more than this one: nightly runs do more."""
    is_same = run.deployment_id is not None and run.deployment_id == me.deployment_id
    return is_same and run.auto_scheduled and run.parameters == me.parameters
