"""What a run that is alone at work may say of others in Prefect: who is dead, and whose work it does.

Prefect learns of the death of a run from its worker; where that died too, the run would stay Running for ever.
"""

import logging
import os
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    TaskRunFilter,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, TaskRun
from prefect.context import FlowRunContext

from pipelines.environment import read_services

LABEL = "mailblaze.lease"
SILENCE = timedelta(minutes=5)  # a run takes its lease, or ends, within seconds of its start
WAITING = [StateType.SCHEDULED]
AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def close_others(lease_url: str) -> None:
    """Mark as Crashed what died at work, and as Skipped what is due and would only repeat this run.

    That is tidiness: where Prefect does not answer, the run goes on.

    Args:
        lease_url: of the lease that this run holds. A run under the same lease that has not ended is dead.
    """
    context = FlowRunContext.get()
    me = context.flow_run if context else None
    if me is None:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run_labels(me.id, {LABEL: lease_url})
            for run in _runs(client, me, AT_WORK):
                if _is_dead(run, me, lease_url):
                    message = f"Its process was killed or cut off: {me.name} has the lease {lease_url} now."
                    crashed = State(type=StateType.CRASHED, message=message)
                    for task in _tasks_at_work(client, run):
                        client.set_task_run_state(task.id, crashed, force=True)
                    client.set_flow_run_state(run.id, crashed, force=True)
            for run in _runs(client, me, WAITING):
                if _is_repeated_by(me, run):
                    message = f"It was due before {me.name} began, which does its work."
                    client.set_flow_run_state(run.id, State(type=StateType.CANCELLED, name="Skipped", message=message))
    except Exception:  # whatever is wrong with Prefect's records, the load matters more
        logging.getLogger("prefect.flow_runs").warning("Prefect's other runs were not looked through", exc_info=True)


def _runs(client: SyncPrefectClient, me: FlowRun, types: list[StateType]) -> list[FlowRun]:
    """Return this flow's other runs in some types of states, at most 200 of them."""
    chosen = FlowRunFilter(state={"type": {"any_": types}}, id={"not_any_": [me.id]})
    if types == WAITING:
        chosen.next_scheduled_start_time = FlowRunFilterNextScheduledStartTime(before_=datetime.now(UTC))
    return client.read_flow_runs(flow_filter=FlowFilter(id={"any_": [me.flow_id]}), flow_run_filter=chosen)


def _tasks_at_work(client: SyncPrefectClient, run: FlowRun) -> list[TaskRun]:
    return client.read_task_runs(
        flow_run_filter=FlowRunFilter(id={"any_": [run.id]}),
        task_run_filter=TaskRunFilter(state={"type": {"any_": AT_WORK}}),
    )


def _is_dead(run: FlowRun, me: FlowRun, lease_url: str) -> bool:
    if LABEL in run.labels:
        return run.labels[LABEL] == lease_url
    # Killed before it had its label, or never begun: its worker was killed.
    is_same = run.deployment_id is not None and run.deployment_id == me.deployment_id
    return (is_same or _is_own_server()) and datetime.now(UTC) - run.state.timestamp > SILENCE


def _is_own_server() -> bool:
    """Tell whether the server is the one of `make up`, to which this data folder's runs report and no others."""
    return read_services().get("prefect_api_url") == os.environ.get("PREFECT_API_URL", "")


def _is_repeated_by(me: FlowRun, run: FlowRun) -> bool:
    """Tell whether a run that waits is the schedule's, and does no more than this one: nightly ones do more."""
    is_ours = run.deployment_id is not None and run.deployment_id == me.deployment_id
    return is_ours and run.auto_scheduled and run.parameters == me.parameters
