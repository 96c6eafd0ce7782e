"""The next run marks killed runs as Crashed and leaves running ones as they are; on a real Prefect server."""

import json

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Pending, Running

from flows.orchestration import other_runs
from flows.orchestration.other_runs import LABEL, close_other_runs

LEASE = "file:///lake/postgres/_lease/RAW_flow.json"


@flow(name="elt of a test of other runs")
def elt() -> None:
    close_other_runs(LEASE)


@task
def load() -> None:
    pass


@pytest.mark.slow  # a server of its own
@pytest.mark.parametrize("is_own", [True, False])
def test_a_killed_run_is_crashed_with_its_tasks_and_a_running_one_stays(prefect_api, tmp_path, monkeypatch, is_own):
    services = {"prefect_api_url": prefect_api if is_own else "http://127.0.0.1:1/api"}
    (tmp_path / "services.json").write_text(json.dumps(services))
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    monkeypatch.setattr(other_runs, "MAX_SILENCE", other_runs.MAX_SILENCE * 0)
    with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
        killed, foreign = (client.create_flow_run(elt, state=Running()) for _ in range(2))
        client.update_flow_run_labels(killed.id, {LABEL: LEASE})
        client.update_flow_run_labels(foreign.id, {LABEL: "s3://another/lease"})
        never_begun = client.create_flow_run(elt, state=Pending())  # a worker took it and was killed
        its_task = client.create_task_run(load, killed.id, "load", state=Running())
        foreign_task = client.create_task_run(load, foreign.id, "load", state=Running())
        elt()
        states = {
            name: client.read_flow_run(one.id).state_name
            for name, one in (("killed", killed), ("foreign", foreign), ("never begun", never_begun))
        }
        tasks = [client.read_task_run(one.id).state_name for one in (its_task, foreign_task)]
    assert states == {
        "killed": "Crashed",
        "foreign": "Running",
        # On a server that others share it may be another platform's.
        "never begun": "Crashed" if is_own else "Pending",
    }
    assert tasks == ["Crashed", "Running"]
