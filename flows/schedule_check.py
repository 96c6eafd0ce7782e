"""Whether Prefect's server makes the runs that the schedule says, and somebody takes them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from exactly_once.errors import PipelineError
from pipelines.configuration.prefect_sign_in import headers
from pipelines.configuration.shell import is_loopback
from pipelines.environment import environment

DEPLOYMENT = "elt/hourly"
TAG = "environment="  # of a deployment, as prefect.yaml has it
START = timedelta(minutes=2)  # a server makes the runs of a new deployment within a minute
LATE = timedelta(minutes=10)  # a worker asks every ten seconds, and a run may be at work


class NotDeployed(PipelineError):
    """No deployment is known to the server: nobody runs a worker, which need not be wrong."""


def check(api_url: str) -> str:
    """Return when the next run is due.

    Args:
        api_url: of Prefect's API, which answers; where it wants a sign-in, the shell has it.

    Raises:
        NotDeployed: nothing runs by schedule.
        PipelineError: no run is scheduled, or nobody takes those that are due.
        httpx.HTTPError: the server does not answer.
    """
    trusted = not is_loopback(urlsplit(api_url).hostname or "")  # a proxy is for other machines
    with httpx.Client(base_url=api_url, headers=headers(api_url), timeout=4, trust_env=trusted) as client:
        answer = client.get(f"/deployments/name/{DEPLOYMENT}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotDeployed(
                f"Nothing runs by schedule: {DEPLOYMENT} is not deployed; `make worker` deploys and runs it."
            )
        deployment = answer.raise_for_status().json()
        check_environment(deployment, api_url)
        waiting = _waiting(client, deployment["id"])
    if deployment["paused"] or not any(schedule["active"] for schedule in deployment["schedules"]):
        return f"{DEPLOYMENT} is paused: no run is due"
    now = datetime.now(UTC)
    due = [_time(run["next_scheduled_start_time"]) for run in waiting if run["next_scheduled_start_time"]]
    late = [time for time in due if time < now - LATE]
    coming = [time for time in due if time > now]
    if late:
        raise PipelineError(
            f"{len(late)} run(s) of {DEPLOYMENT} wait since {min(late):%Y-%m-%d %H:%M} UTC: no worker takes them; "
            "`make worker` starts one."
        )
    deployed = max(_time(schedule["updated"] or schedule["created"]) for schedule in deployment["schedules"])
    if not coming and now - deployed > START:
        raise PipelineError(
            f"The Prefect server at {api_url} schedules no run of {DEPLOYMENT}, which is active: read its log "
            "(.data/logs/prefect.log) and start it again (`make down up`)."
        )
    if not coming:
        return f"{DEPLOYMENT} was deployed just now: its runs are scheduled within a minute"
    return f"the next run of {DEPLOYMENT} is due at {min(coming):%Y-%m-%d %H:%M} UTC"


def check_environment(deployment: dict[str, Any], api_url: str) -> None:
    """Find a deployment to be this environment's; one without a tag was deployed by an earlier version.

    Raises:
        PipelineError: it is another environment's, whose schedule and runs a worker of this one would take.
    """
    own = environment().word
    tags = [tag.removeprefix(TAG) for tag in deployment.get("tags", []) if tag.startswith(TAG)]
    if tags and own not in tags:
        from flows.prefect_server import shown  # it imports Prefect, which takes a second

        raise PipelineError(
            f"The Prefect server at {shown(api_url)} runs {DEPLOYMENT} of {tags[0]}: give {own} a server or a "
            f"workspace of its own (PREFECT_API_URL), or remove that one (`prefect deployment delete {DEPLOYMENT}`)."
        )


def check_deployment(api_url: str) -> None:
    """Find no deployment of another environment on a server that answers.

    Raises:
        PipelineError: there is one.
        httpx.HTTPError: the server does not answer.
    """
    trusted = not is_loopback(urlsplit(api_url).hostname or "")
    with httpx.Client(base_url=api_url, headers=headers(api_url), timeout=10, trust_env=trusted) as client:
        answer = client.get(f"/deployments/name/{DEPLOYMENT}")
        if answer.status_code != httpx.codes.NOT_FOUND:
            check_environment(answer.raise_for_status().json(), api_url)


def _waiting(client: httpx.Client, deployment_id: str) -> list[dict[str, Any]]:
    chosen = {"deployment_id": {"any_": [deployment_id]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    body = {"flow_runs": chosen, "sort": "NEXT_SCHEDULED_START_TIME_ASC"}
    return client.post("/flow_runs/filter", json=body).raise_for_status().json()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
