"""Checks that Prefect's server creates the scheduled runs of this environment, and that a worker takes them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from exactly_once.errors import PipelineError
from pipelines.configuration.prefect_api import PrefectApi
from pipelines.environment import environment

if TYPE_CHECKING:
    import httpx

DEPLOYMENT = "elt/hourly"
TAG = "environment="  # of a deployment, as in prefect.yaml
SCHEDULING_TIME = timedelta(minutes=2)  # a server creates the runs of a new deployment within a minute
LATE_AFTER = timedelta(minutes=10)  # a worker asks every ten seconds, and another run may be in progress
NOT_FOUND = 404


class NotDeployed(PipelineError):
    """The server knows no deployment: nobody runs a worker, which need not be an error."""


def check_schedule(api: PrefectApi) -> str:
    """Return when the next run is due.

    Raises:
        NotDeployed: nothing runs by schedule.
        PipelineError: no run is scheduled, or no worker takes those that are due.
        httpx.HTTPError: the server does not answer.
    """
    with api.client(timeout=4) as client:
        deployment = _deployment(client)
        if deployment is None:
            raise NotDeployed(
                f"Nothing runs by schedule: {DEPLOYMENT} is not deployed; `make worker` deploys and runs it."
            )
        check_environment(deployment, api)
        scheduled = _scheduled_runs(client, deployment["id"])
    if deployment["paused"] or not any(schedule["active"] for schedule in deployment["schedules"]):
        return f"{DEPLOYMENT} is paused: no run is due"
    now = datetime.now(UTC)
    _check_workers(scheduled, now)
    upcoming = [time for time in scheduled if time > now]
    if upcoming:
        return f"the next run of {DEPLOYMENT} is due at {min(upcoming):%Y-%m-%d %H:%M} UTC"
    deployed = max(_time(schedule["updated"] or schedule["created"]) for schedule in deployment["schedules"])
    if now - deployed > SCHEDULING_TIME:
        raise PipelineError(
            f"The Prefect server at {api.display_url} schedules no run of {DEPLOYMENT}, which is active: read its log "
            "(.data/logs/prefect.log) and start it again (`make down up`)."
        )
    return f"{DEPLOYMENT} was deployed just now: its runs are scheduled within a minute"


def check_deployment(api: PrefectApi) -> None:
    """Check that the server has no deployment of another environment.

    Raises:
        PipelineError: it has one.
        httpx.HTTPError: the server does not answer.
    """
    with api.client(timeout=10) as client:
        deployment = _deployment(client)
    if deployment is not None:
        check_environment(deployment, api)


def check_environment(deployment: dict[str, Any], api: PrefectApi) -> None:
    """Check that a deployment is this environment's; one without a tag was deployed by an earlier version.

    Raises:
        PipelineError: it is another environment's, whose schedule and runs this environment's worker would take.
    """
    own = environment().name
    tags = [tag.removeprefix(TAG) for tag in deployment.get("tags", []) if tag.startswith(TAG)]
    if tags and own not in tags:
        raise PipelineError(
            f"The Prefect server at {api.display_url} runs {DEPLOYMENT} of {tags[0]}: give {own} a server or a "
            f"workspace of its own (PREFECT_API_URL), or remove that one (`prefect deployment delete {DEPLOYMENT}`)."
        )


def _check_workers(scheduled: list[datetime], now: datetime) -> None:
    late = [time for time in scheduled if time < now - LATE_AFTER]
    if late:
        raise PipelineError(
            f"{len(late)} run(s) of {DEPLOYMENT} wait since {min(late):%Y-%m-%d %H:%M} UTC: no worker takes them; "
            "`make worker` starts one."
        )


def _deployment(client: "httpx.Client") -> dict[str, Any] | None:
    answer = client.get(f"/deployments/name/{DEPLOYMENT}")
    return None if answer.status_code == NOT_FOUND else answer.raise_for_status().json()


def _scheduled_runs(client: "httpx.Client", deployment_id: str) -> list[datetime]:
    """Return when the runs that have not begun are due, the earliest first."""
    runs = {"deployment_id": {"any_": [deployment_id]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    body = {"flow_runs": runs, "sort": "NEXT_SCHEDULED_START_TIME_ASC"}
    found = client.post("/flow_runs/filter", json=body).raise_for_status().json()
    return [_time(run["next_scheduled_start_time"]) for run in found if run["next_scheduled_start_time"]]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
