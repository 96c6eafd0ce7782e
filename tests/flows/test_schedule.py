"""Scheduled runs: flows/worker.sh deploys, the server creates runs, the worker takes a run that is due."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from exactly_once.errors import PipelineError
from flows.orchestration.schedule_check import check_schedule
from mock_services.system.ports import free_port
from pipelines.configuration.prefect_api import PrefectApi
from pipelines.environment import data_dir, environment
from pipelines.runs.flow_lease import flow_lease
from tests.flows.conftest import ROOT
from tests.flows.schedule import SCHEDULED_WITHIN, make_due, run_of, runs, scheduled, wait_until

pytestmark = pytest.mark.integration

PATIENCE = 300.0


@pytest.mark.parametrize("name", ["MAILBLAZE_HOURLY_CRON", "MAILBLAZE_FULL_BUILD_CRON"])
def test_a_schedule_that_is_none_is_named(tmp_path, name):
    shell = os.environ | {"MAILBLAZE_DATA_DIR": str(tmp_path / "data"), name: "nonsense"}
    done = subprocess.run(["sh", ROOT / "flows" / "worker.sh"], env=shell, capture_output=True, text=True)
    line = f"✗ {name} is 'nonsense': give a cron expression in UTC, e.g. '15 3 * * *'."
    assert (done.returncode, done.stderr.splitlines()) == (1, [line])


@pytest.fixture
def start_worker(platform, prefect_api, tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start flows/worker.sh from another folder, with a Prefect profile that names another server."""
    platform.write_services(prefect_api_url=prefect_api)
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text('active = "foreign"\n[profiles.foreign]\nPREFECT_API_URL = "http://127.0.0.1:1/api"\n')
    shell = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MAILBLAZE_CODE"))}
    shell |= {"HOME": str(tmp_path / "home"), "PREFECT_HOME": str(profiles.parent), "PREFECT_PROFILE": "foreign"}
    shell |= {"PREFECT_WORKER_WEBSERVER_PORT": "0"}
    started = []

    def start(**settings: str) -> subprocess.Popen:
        with (tmp_path / "worker.log").open("ab") as log:
            started.append(
                subprocess.Popen(
                    ["sh", str(ROOT / "flows" / "worker.sh")],
                    cwd=tmp_path, env=shell | settings, stdout=log, stderr=log, start_new_session=True,
                )
            )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def test_runs_of_the_next_hours_are_scheduled_within_90_seconds(start_worker, prefect_api, tmp_path):
    with pytest.raises(PipelineError, match="make worker"):
        check_schedule(PrefectApi(prefect_api))
    health = free_port()
    start_worker(PREFECT_WORKER_WEBSERVER_PORT=str(health))
    log = (tmp_path / "worker.log").read_text
    found = wait_until(lambda: scheduled(prefect_api), SCHEDULED_WITHIN, log)
    assert {run["parameters"]["full_build"] for run in found} == {True, False}
    assert check_schedule(PrefectApi(prefect_api)).startswith("the next run of elt/hourly is due at ")
    deployment = httpx.get(f"{prefect_api}/deployments/name/elt/hourly").raise_for_status().json()
    assert {one["slug"]: one["schedule"]["cron"] for one in deployment["schedules"]} == {
        "hourly": "15 0-2,4-23 * * *",
        "nightly": "15 3 * * *",
    }
    assert deployment["entrypoint"] == "flows/elt.py:elt"
    own = environment().name
    other = "local" if own == "ci" else "ci"
    refused = start_worker(MAILBLAZE_ENV=other)
    assert refused.wait(PATIENCE) == 1
    assert f"runs elt/hourly of {own}: give {other} a server or a workspace of its own" in log()
    assert wait_until(lambda: httpx.get(f"http://127.0.0.1:{health}/health").status_code == 200, PATIENCE, log)
    with pytest.raises(httpx.ConnectError):  # another address of this machine
        httpx.get(f"http://127.0.0.2:{health}/health")


def test_the_page_of_the_server_asks_this_server_and_no_other(prefect_api):
    settings = httpx.get(f"{prefect_api.removesuffix('/api')}/ui-settings").raise_for_status().json()
    assert settings["api_url"] == prefect_api


def test_two_flows_at_once_are_one_flow(platform, run_flow, prefect_api):
    with flow_lease():
        done = run_flow()
    assert done.returncode == 75
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("✗ Another run is at work (")
    assert not (data_dir() / "dlt").exists()  # nothing was read, let alone loaded
    assert not platform.warehouse.exists()
    (run,) = [run for run in runs(prefect_api, "CANCELLED") if run["state"]["message"] in line]
    assert (run["state_name"], platform.lake()) == ("Skipped", [])


@pytest.mark.slow
def test_a_run_that_is_due_is_taken_and_does_the_work_of_those_before(platform, start_worker, prefect_api, tmp_path):
    log = tmp_path / "worker.log"
    start_worker(MAILBLAZE_HOURLY_CRON="30 * * * *")  # other runs than those that an earlier test has created
    found = wait_until(lambda: scheduled(prefect_api), SCHEDULED_WITHIN, log.read_text)
    hourly = [run for run in found if not run["parameters"]["full_build"]][:3]
    first, *others = [make_due(prefect_api, run, hours) for run, hours in zip(hourly, (3, 2, 1), strict=True)]
    wait_until(lambda: run_of(prefect_api, first)["state_type"] == "COMPLETED", PATIENCE, log.read_text)
    assert {run_of(prefect_api, other)["state_name"] for other in others} == {"Skipped"}
    assert platform.raw("select count(*) from MART.RPT_CAMPAIGN_PERFORMANCE")[0][0] > 0
    assert Path(platform.data_dir / "dashboard.html").exists()
