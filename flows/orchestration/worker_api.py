"""Prints the address of the Prefect API for a worker, once it answers: `python -m flows.orchestration.worker_api`.

The lines after the first name the shell's proxy variables that no client here can use. worker.sh reads both.
"""

import os
import sys
import time

import httpx
from prefect.client.schemas.schedules import CronSchedule

from exactly_once.cli import exit_with_error
from exactly_once.errors import PipelineError
from flows.orchestration.prefect_server import use_server
from flows.orchestration.schedule_check import check_deployment
from pipelines.configuration.prefect_api import PrefectApi
from pipelines.configuration.shell import bypass_proxy_on_loopback, unusable_proxies
from pipelines.environment import environment

SCHEDULES = ("MAILBLAZE_HOURLY_CRON", "MAILBLAZE_FULL_BUILD_CRON")
MAX_WAIT = 120.0  # seconds: worker and server may be started at the same time


def check_schedules() -> None:
    """Check that Prefect accepts the schedules of the shell.

    Raises:
        PipelineError: it does not; the message names the setting.
    """
    for name in SCHEDULES:
        value = os.environ.get(name)
        try:
            CronSchedule(cron=value or "0 * * * *", timezone="UTC")
        except ValueError:  # pydantic's
            raise PipelineError(f"{name} is {value!r}: give a cron expression in UTC, e.g. '15 3 * * *'.") from None


def wait_for_server() -> PrefectApi:
    """Return the API once it answers.

    Raises:
        PipelineError: it does not answer within MAX_WAIT seconds.
    """
    deadline = time.monotonic() + MAX_WAIT
    is_announced = False
    while True:
        try:
            return use_server()
        except PipelineError as error:
            if time.monotonic() > deadline:
                raise
            if not is_announced:
                print(f"{error} Waiting for it up to {MAX_WAIT:.0f} s.", file=sys.stderr, flush=True)
            is_announced = True
        time.sleep(1)


def main() -> None:
    """Print the address; exit with one line if a setting is invalid or the API does not answer in time."""
    proxies = unusable_proxies()
    try:
        check_schedules()
        bypass_proxy_on_loopback(environment().uses_local_services)
        api = wait_for_server()
        check_deployment(api)
    except (PipelineError, httpx.HTTPError) as error:
        exit_with_error(error)
    print(api.address, *proxies, sep="\n")


if __name__ == "__main__":
    main()
