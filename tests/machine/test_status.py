"""`make status` on somebody else's machine: the last run and the last good one, whoever ran, failed or was killed."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest


def status(machine, **variables) -> tuple[int, str]:
    done = machine.python("flows/status.py", timeout=60, **variables)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def holds(lease: Path, pid: int) -> bool:
    """Tell whether a process holds a lease; the file is replaced whole."""
    try:
        found = json.loads(lease.read_bytes())
    except FileNotFoundError:
        return False
    return found["holder"]["pid"] == pid and not found["is_released"]


@pytest.fixture(scope="module")
def ran(machine):
    """The machine after a run that ended well."""
    done = machine.run("make", "run", timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return machine


def test_after_a_good_run_all_is_well(ran):
    done = ran.run("make", "status", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flows/elt.py ended well" in done.stdout
    assert "SAAS_EMAIL_EVENTS" in done.stdout
    assert "postgres    ready at" in done.stdout


def test_a_failed_run_is_shown_beside_the_last_good_one_with_what_to_type(ran):
    here = json.loads((ran.clone / ".data/services.json").read_text())["saas_url"]
    failed = ran.python("flows/elt.py", SOURCES__SAAS__BASE_URL=here, SOURCES__SAAS__API_KEY="expired")
    assert failed.returncode == 1
    (line,) = [line for line in failed.stderr.splitlines() if line.startswith("✗")]
    code, shown = status(ran)
    assert code == 1
    first, second, third = shown.splitlines()[:3]
    assert (first.startswith("Last run "), "failed" in first, second.strip()) == (True, True, line)
    assert (third.startswith("Last good run "), "ended well" in third) == (True, True)
    assert "  saas failed, " in shown
    assert "expired" not in shown
    good = ran.python("flows/elt.py")
    assert good.returncode == 0, good.stderr
    assert status(ran)[0] == 0


def test_a_run_that_found_another_at_work_hides_nothing_and_a_killed_one_is_named(ran):
    """A paused load holds the lease while the second one asks for it."""
    load = ran.start(str(ran.clone / ".venv/bin/python"), "pipelines/saas.py", SOURCES__SAAS__LAG="9e8")
    try:
        until = time.monotonic() + 120
        lease = ran.clone / ".data/lake/saas/_lease/dp_mailblaze_demo_local_db.RAW.json"
        while not holds(lease, load.pid):
            assert time.monotonic() < until, status(ran)[1]
            assert load.poll() is None, load.stdout.read()
            time.sleep(0.02)
        os.killpg(load.pid, signal.SIGSTOP)
        code, shown = status(ran)
        assert (code, shown.splitlines()[0].startswith("At work         python pipelines/saas.py")) == (0, True), shown
        second = ran.python("pipelines/saas.py")
        assert second.returncode == 75, second.stderr
        code, shown = status(ran)
        lines = shown.splitlines()
        assert "as another run was at work" in lines[1]
        assert lines[3].startswith("Before that")
        assert code == 0
    finally:
        os.killpg(load.pid, signal.SIGKILL)
        load.wait(timeout=60)
    code, shown = status(ran)
    assert (code, "python pipelines/saas.py was killed" in shown) == (1, True), shown
    assert ran.python("pipelines/saas.py").returncode == 0
    assert status(ran)[0] == 0


def test_records_are_readable_by_their_owner_only(ran):
    found = subprocess.run(
        ["find", ran.clone / ".data/runs", "-perm", "/077"], capture_output=True, text=True, check=True
    )
    assert found.stdout == ""
