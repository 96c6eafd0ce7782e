"""Runs in Prefect's API: which are scheduled, and how a test makes one due."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

SCHEDULED_WITHIN = 90.0  # seconds after a deployment


def runs(api: str, *states: str) -> list[dict[str, Any]]:
    """Return the runs in states of some types, or all runs; the earliest due first."""
    chosen = {"flow_runs": {"state": {"type": {"any_": list(states)}}}} if states else {}
    order = {"sort": "EXPECTED_START_TIME_ASC"}
    return httpx.post(f"{api}/flow_runs/filter", json=chosen | order, timeout=30).raise_for_status().json()


def run_of(api: str, run_id: str) -> dict[str, Any]:
    return httpx.get(f"{api}/flow_runs/{run_id}", timeout=30).raise_for_status().json()


def wait_until(holds: Callable[[], Any], seconds: float, what: Callable[[], Any] = str) -> Any:
    """Return what `holds` returns once it is true; it is not while Prefect's server does not answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := holds():
                return found
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"not within {seconds} s: {what()}"
        time.sleep(0.2)


def scheduled(api: str) -> list[dict[str, Any]]:
    """Return the runs that the scheduler has created for the next hours."""
    now = datetime.now(UTC)
    return [
        run
        for run in runs(api, "SCHEDULED")
        if run["auto_scheduled"] and datetime.fromisoformat(run["expected_start_time"]) > now
    ]


def make_due(api: str, run: dict[str, Any], hours_ago: float = 0) -> str:
    """Move a scheduled run to now, or to the past, and return its id."""
    due = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat()
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due}}
    body = {"state": state, "force": True}
    httpx.post(f"{api}/flow_runs/{run['id']}/set_state", json=body, timeout=30).raise_for_status()
    return run["id"]
