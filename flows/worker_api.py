"""`python -m flows.worker_api`: the address of the Prefect API that a worker asks for runs, once it answers.

Then the names of proxies in the shell that no client here can use, a line each.
"""

import os
import sys
import time

import httpx
from prefect.client.schemas.schedules import CronSchedule

from exactly_once.cli import exit_with_error
from exactly_once.errors import PipelineError
from flows.prefect_server import use_server
from flows.schedule_check import check_deployment
from pipelines.configuration.shell import spare_loopback, unusable_proxies
from pipelines.environment import environment

SCHEDULES = ("MAILBLAZE_HOURLY_CRON", "MAILBLAZE_FULL_BUILD_CRON")
PATIENCE = 120.0  # seconds: worker and server may be started in the same moment


def check_schedules() -> None:
    """Find every schedule that the shell has fit for Prefect.

    Raises:
        PipelineError: it names the setting.
    """
    for name in SCHEDULES:
        value = os.environ.get(name)
        try:
            CronSchedule(cron=value or "0 * * * *", timezone="UTC")
        except ValueError:  # of pydantic
            raise PipelineError(f"{name} is {value!r}: give a cron expression in UTC, e.g. '15 3 * * *'.") from None


def main() -> None:
    """Print the address; exit with one line where a setting makes no sense or the API does not answer in time."""
    proxies = unusable_proxies()
    try:
        check_schedules()
        spare_loopback(environment().is_embedded)
    except PipelineError as refusal:
        exit_with_error(refusal)
    deadline = time.monotonic() + PATIENCE
    waits = False
    while True:
        try:
            address = use_server()
        except PipelineError as refusal:
            if time.monotonic() > deadline:
                exit_with_error(refusal)
            if not waits:
                print(f"{refusal} Waiting for it up to {PATIENCE:.0f} s.", file=sys.stderr, flush=True)
            waits = True
            time.sleep(1)
        else:
            break
    try:
        check_deployment(address)
    except (PipelineError, httpx.HTTPError) as error:
        exit_with_error(error)
    print(address, *proxies, sep="\n")


if __name__ == "__main__":
    main()
