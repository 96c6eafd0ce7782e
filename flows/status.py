"""The services here and the last runs, in seconds: `make status`, or `python flows/status.py`.

It reads the records of runs (pipelines/runs/) and asks the services of `make up`; no warehouse is opened and no library
of a load is imported. Exit codes: 0 all is well; 1 the newest run of something did not end well, or scheduled runs are
not created or not taken; 3 a service of `make up` that is needed is down.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from exactly_once.errors import PipelineError
from flows.run_status.problems import unresolved
from flows.run_status.services import ask_services, print_services
from flows.run_status.summary import summary_lines
from pipelines.configuration.prefect_api import find_prefect_api
from pipelines.environment import environment
from pipelines.runs.run_history import read_runs

PROBLEM, SERVICE_DOWN = 1, 3  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the services here and the last runs, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python flows/status.py", description="Print the services and the last runs.")
    parser.parse_args(arguments)
    try:
        here = environment()
        # Those of ci belong to its tests, and those of other environments to the company.
        services = ask_services() if here.name == "local" else None
        runs, damaged = read_runs(here.name)
    except PipelineError as error:
        print(f"✗ {error}", file=sys.stderr)
        return PROBLEM
    problems = unresolved(runs)
    print("\n".join(summary_lines(here, runs, damaged, problems, datetime.now(UTC))), flush=True)
    is_scheduled = print_schedule()
    is_down = services is not None and print_services(services)
    if problems or not is_scheduled:
        return PROBLEM
    return SERVICE_DOWN if is_down else 0


def print_schedule() -> bool:
    """Print when the next run is due; return False if the server answers, and does not create the runs or get them run.

    Without a server, nothing is printed.
    """
    api = find_prefect_api()
    if not api.url:
        return True
    import httpx  # imported here: without a server it is not needed

    from flows.orchestration.schedule_check import NotDeployed, check_schedule

    try:
        print(f"Schedule        {check_schedule(api)}")
    except NotDeployed as error:
        print(f"Schedule        {error}")
    except PipelineError as error:
        print(f"Schedule        ✗ {error}")
        return False
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError):
        print("Schedule        not known: the Prefect server does not answer")
    return True


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # `make status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
