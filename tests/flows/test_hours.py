"""Terraform's hours of a worker fit its schedules: no run is due while the worker is stopped."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from prefect.server.schemas.schedules import CronSchedule

from tests.flows.conftest import ROOT

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 21
TO_START = timedelta(minutes=10)  # a container is pulled, and the worker deploys
TO_END = timedelta(minutes=30)  # the longest load of an hour


def times(cron: str) -> list[datetime]:
    """Return when a cron of Prefect's or of AWS's is due within three weeks."""
    fields = cron.removeprefix("cron(").removesuffix(")").replace("?", "*").split()[:5]  # AWS adds a year
    schedule = CronSchedule(cron=" ".join(fields), timezone="UTC")
    return asyncio.run(schedule.get_dates(n=DAYS * 24, start=BEGIN, end=BEGIN + timedelta(days=DAYS)))


def terraform_crons(environment: str) -> dict[str, str]:
    text = (ROOT / "terraform" / "environments" / environment / "main.tf").read_text()
    (found,) = re.findall(r'up = "(.+)", down = "(.+)" }\s+runs\s+= { hourly = "(.+)", full_build = "(.+)" }', text)
    return dict(zip(("up", "down", "hourly", "full_build"), found, strict=True))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_no_run_is_due_while_the_worker_sleeps(environment):
    crons = terraform_crons(environment)
    ups, downs = times(crons["up"]), times(crons["down"])
    due = [run for run in times(crons["hourly"]) + times(crons["full_build"]) if run > ups[0]]
    assert len(due) > DAYS
    for run in due:
        up = max(time for time in ups if time <= run)
        down = min((time for time in downs if time > up), default=BEGIN + timedelta(days=DAYS))
        assert up + TO_START <= run <= down - TO_END, f"{environment}: {run} is not well between {up} and {down}"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_day_of_work_has_one_full_build(environment):
    crons = terraform_crons(environment)
    days = {run.date() for run in times(crons["hourly"])}
    assert [run.date() for run in times(crons["full_build"])] == sorted(days)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_no_two_runs_are_due_at_once(environment):
    crons = terraform_crons(environment)
    assert not set(times(crons["hourly"])) & set(times(crons["full_build"]))
