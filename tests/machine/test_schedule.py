"""The schedule on somebody else's machine, and after a kill of whatever runs it."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from flows.orchestration.other_runs import LABEL
from mock_services.system.ports import free_port
from tests.flows.schedule import SCHEDULED_WITHIN, make_due, run_of, scheduled, wait_until
from tests.machine.machine import Machine

START_WITHIN = 300.0  # seconds after a kill
END_WITHIN = 600.0  # of a run, on a busy machine


class Site:
    """One data folder of the machine: its services and its worker."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.folder = folder
        self.worker: subprocess.Popen | None = None
        self.log = machine.home / "worker.log"

    def up(self) -> None:
        done = self.machine.run("make", "up", MAILBLAZE_DATA_DIR=str(self.folder))
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def api(self) -> str:
        return json.loads((self.folder / "services.json").read_text())["prefect_api_url"]

    def start_worker(self, schedule: datetime) -> None:
        """Start the worker and return when it has deployed, and asks for runs."""
        health = free_port()
        settings = {
            "MAILBLAZE_DATA_DIR": str(self.folder), "MAILBLAZE_HOURLY_CRON": f"{schedule.minute} * * * *",
            "MAILBLAZE_FULL_BUILD_CRON": f"{schedule.minute} {schedule.hour} * * *",
            "PREFECT_WORKER_WEBSERVER_PORT": str(health),
        }  # fmt: skip
        command = f'exec sh "$0" >>"{self.log}" 2>&1'
        script = str(self.machine.clone / "flows/worker.sh")
        self.worker = self.machine.start("sh", "-c", command, script, cwd=self.machine.home, **settings)
        url = f"http://127.0.0.1:{health}/health"
        wait_until(lambda: httpx.get(url).status_code == 200, START_WITHIN, self.log.read_text)

    def stop_worker(self) -> None:
        if self.worker and self.worker.poll() is None:
            os.killpg(self.worker.pid, signal.SIGTERM)
            try:
                self.worker.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.worker.pid, signal.SIGKILL)
                self.worker.wait()

    def pids(self, what: str) -> list[int]:
        """Return the processes of the server, of the worker, of the worker's runs, or of all."""
        server = json.loads((self.folder / "prefect" / "process.json").read_text())["pid"]
        shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in shown.splitlines()]
        runs = [pid for pid, parent in pairs if parent == self.worker.pid]
        assert runs
        found = {
            "server": [server],
            "worker": [self.worker.pid],
            "run": runs,
            "all": [server, self.worker.pid, *runs],
        }
        return found[what]


@pytest.fixture(scope="module")
def site(machine) -> Iterator[Site]:
    with suppress(FileExistsError):  # by another user's worker
        Path(tempfile.gettempdir(), "runner_storage").mkdir(mode=0o755)
    folder = machine.home / "schedule é"
    folder.mkdir()
    machine.own(folder)
    site = Site(machine, folder)
    site.up()
    yield site
    site.stop_worker()
    machine.run("make", "down", MAILBLAZE_DATA_DIR=str(folder))


@pytest.mark.parametrize("killed", ["worker", "run", "server", "all"])
def test_after_a_kill_the_next_run_that_is_due_starts_within_five_minutes(site, killed):
    log = site.log.read_text
    # Each case has runs of its own, of which none is due by itself before the case ends.
    schedule = datetime.now(UTC) + timedelta(hours=12, minutes=30)

    def next_run(is_full: bool) -> dict | None:
        found = [run for run in scheduled(site.api) if f":{schedule.minute:02}:00" in run["expected_start_time"]]
        return next((run for run in found if run["parameters"]["full_build"] == is_full), None)

    site.start_worker(schedule)
    dying = make_due(site.api, wait_until(lambda: next_run(is_full=True), SCHEDULED_WITHIN, log))
    wait_until(lambda: LABEL in run_of(site.api, dying)["labels"], START_WITHIN, log)  # it holds the lease
    for pid in site.pids(killed):
        os.kill(pid, signal.SIGKILL)
    if killed in ("server", "all"):
        site.up()
    if killed in ("worker", "all"):
        site.worker.wait(60)
        site.start_worker(schedule)
    following = make_due(site.api, wait_until(lambda: next_run(is_full=False), SCHEDULED_WITHIN, log))
    wait_until(lambda: run_of(site.api, following)["start_time"], START_WITHIN, log)
    ended = wait_until(lambda: (run := run_of(site.api, following))["end_time"] and run, END_WITHIN, log)
    if ended["state_name"] == "Skipped":  # the worker died alone, and its run goes on to its end
        assert killed == "worker"
        assert "Another run is at work" in ended["state"]["message"]
    else:
        assert ended["state_type"] == "COMPLETED", ended["state"]
        assert run_of(site.api, dying)["state_type"] in ("COMPLETED", "FAILED", "CRASHED")
    site.stop_worker()
