"""The lease of a flow in a lake that is a folder: its owner, a takeover, and its repair."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exactly_once.lease.lease import DamagedLease, LeaseHeld
from pipelines.lease_repair import repair
from pipelines.runs.flow_lease import flow_lease

pytestmark = pytest.mark.integration

HOLD = "from pipelines.runs.flow_lease import flow_lease as f\nwith f(): print('held', flush=True); input()"


@pytest.fixture(autouse=True)
def lake(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "lake"


def test_one_at_a_time_and_released_at_the_end(lake):
    with flow_lease() as first:
        with pytest.raises(LeaseHeld, match="Another run is at work"):
            flow_lease().__enter__()
        assert [path.name for path in lake.rglob("*.json")] == ["dp_mailblaze_demo_local_db.RAW_flow.json"]
    with flow_lease() as second:
        assert second.token == first.token + 1


def test_a_flow_that_was_killed_is_followed_at_once_on_the_same_machine():
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD], env=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "held\n"
    with pytest.raises(LeaseHeld, match=f"pid {child.pid}"):
        flow_lease().__enter__()
    child.kill()
    child.wait()
    with flow_lease() as lease:
        lease.ensure_held()


def test_a_damaged_one_is_repaired_by_the_command_that_its_line_names(lake, monkeypatch):
    with flow_lease():
        pass
    (path,) = lake.rglob("*.json")
    path.write_bytes(b"\0" * 300)
    with pytest.raises(DamagedLease, match=r"`python pipelines/lease_repair\.py flow`"):
        flow_lease().__enter__()
    monkeypatch.setenv("LEASE__TTL", "1")
    os.utime(path, (time.time() - 5, time.time() - 5))  # nobody has written it since
    assert "is a lease again" in repair("flow")
    with flow_lease() as lease:
        lease.ensure_held()
