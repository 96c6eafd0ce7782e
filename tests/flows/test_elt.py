"""The flow end to end on `ci`, as a person starts it: a process of its own against a real Prefect server."""

import json
import os
import re
import subprocess
from pathlib import Path

import duckdb
import httpx
import pytest

from mock_services.postgres.traffic import simulate_day
from mock_services.saas import store
from pipelines.environment import data_dir
from pipelines.runs.run_history import read_runs
from pipelines.runs.run_record import RunRecord
from tests.flows.conftest import ROOT


def latest_artifact(api: str, key: str) -> dict:
    return httpx.get(f"{api}/artifacts/{key}/latest").raise_for_status().json()


def latest_run(api: str) -> dict:
    latest = {"sort": "START_TIME_DESC", "limit": 1}
    (run,) = httpx.post(f"{api}/flow_runs/filter", json=latest).raise_for_status().json()
    return run


def logs_of(api: str, run: dict) -> str:
    which = {"logs": {"flow_run_id": {"any_": [run["id"]]}}}
    return "\n".join(line["message"] for line in httpx.post(f"{api}/logs/filter", json=which).raise_for_status().json())


def newest_record() -> RunRecord:
    return read_runs("ci")[0][0].record


def undescribed(platform) -> list[str]:
    """Return the columns that dbt built in STAGING, INTERMEDIATE and MART, and no yml file describes."""
    manifest = json.loads(Path(os.environ["DBT_TARGET_PATH"], "manifest.json").read_text())
    described = {
        f"{node['schema']}.{node['name']}.{column}".upper()
        for node in manifest["nodes"].values()
        for column in node.get("columns", {})
    }
    built = platform.raw(
        "select upper(table_schema || '.' || table_name || '.' || column_name) from information_schema.columns "
        "where table_schema in ('STAGING', 'INTERMEDIATE', 'MART')"
    )
    assert len(built) > 200
    return sorted(name for (name,) in built if name not in described)


def fails_on_outdated_columns(platform, run_flow, prefect_api, model: str, column: str) -> None:
    """Drop a column of a table in MART: the run prints one line with the command that fixes it, which works."""
    with duckdb.connect(str(platform.warehouse)) as warehouse:
        warehouse.execute(f"alter table MART.{model} drop column {column}")
    done = run_flow()
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("✗")]
    (command,) = re.findall(r"type (dbt run .*), then this again", line)
    assert f"--select {model} " in command
    assert line == f"✗ {latest_run(prefect_api)['state']['message']}"
    nodes = {node["node"]: node["status"] for node in json.loads(latest_artifact(prefect_api, "elt-dbt")["data"])}
    assert nodes[model] == "error"  # what failed, beside what was built
    assert "success" in nodes.values()
    assert latest_artifact(prefect_api, "elt-report")["data"].startswith(f"**{line}**")
    last = newest_record()
    assert (last.result, last.build.failed) == ("failed", [model])
    assert last.outcome("saas").result == "ok"
    subprocess.run(command.split(), cwd=ROOT, check=True, capture_output=True)


def keeps_the_models_of_a_refused_table(platform, run_flow, prefect_api) -> None:
    """Refuse one table: its models keep their last state, the others are built, and the run fails."""
    lists = platform.raw("select * from STAGING.STG_POSTGRES__LISTS order by 1")
    platform.source(
        "alter table lists alter is_archived type int using is_archived::int; update lists set list_id = list_id"
    )
    platform.source("update accounts set account_name = 'changed' where account_id = 7")
    done = run_flow()
    assert done.returncode == 4, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("✗")]
    assert "python pipelines/postgres.py --accept-type lists.is_archived" in line
    (kept,) = [line for line in done.stdout.splitlines() if line.startswith("Not built, and as at the last build: ")]
    assert "stg_postgres__lists" in kept
    assert "dim_accounts" not in kept
    assert platform.raw("select * from STAGING.STG_POSTGRES__LISTS order by 1") == lists
    assert platform.raw("select account_name from MART.DIM_ACCOUNTS where account_id = 7") == [("changed",)]
    run = latest_run(prefect_api)
    assert (run["state_type"], f"✗ {run['state']['message']}") == ("FAILED", line)
    assert (newest_record().result, newest_record().exit_code) == ("refused", 4)
    again = run_flow()  # nothing is new, and nothing is built again for a table that is still refused
    assert (again.returncode, "dbt: nothing to build" in again.stdout) == (4, True), again.stdout


def test_the_whole_chain_twice_with_a_day_of_traffic_between(platform, run_flow, prefect_api):
    first = run_flow()
    assert first.returncode == 0, first.stderr
    assert "POSTGRES_CONTACTS" in first.stdout
    assert "all passed" in first.stdout
    assert "MART.RPT_CAMPAIGN_PERFORMANCE" in first.stdout
    assert undescribed(platform) == []
    page = data_dir() / "dashboard.html"
    assert "Messages sent" in page.read_text()
    assert "dashboard.html" in latest_artifact(prefect_api, "elt-dashboard")["data"]
    simulate_day(platform.postgres_url)
    store.simulate_day(platform.saas_store, 1)
    fails_on_outdated_columns(platform, run_flow, prefect_api, "fct_messages", "click_count")
    second = run_flow()
    assert second.returncode == 0, second.stderr
    ((events,),) = platform.raw("select count(*) from RAW.SAAS_EMAIL_EVENTS")
    assert platform.raw("select count(*) from MART.FCT_EMAIL_EVENTS") == [(events,)]
    messages = "select count(distinct message_id) from RAW.SAAS_EMAIL_EVENTS"
    assert platform.raw("select sum(sent_count) from MART.RPT_CAMPAIGN_PERFORMANCE") == platform.raw(messages)
    ((live,),) = platform.source("select count(*) from accounts")
    alive = "select count(*) from MART.DIM_ACCOUNTS where not is_deleted and account_id > 0"
    assert platform.raw(alive) == [(live,)]
    changed = "select count(*) from SNAPSHOTS.ACCOUNTS_SNAPSHOT where dbt_valid_to is not null"
    assert platform.raw(changed)[0][0] > 0
    assert "MART.RPT_CAMPAIGN_PERFORMANCE" in latest_artifact(prefect_api, "elt-report")["data"]
    page.unlink()
    third = run_flow()
    assert third.returncode == 0, third.stderr
    assert "Messages sent" in page.read_text()  # one that a killed run did not write is written now
    assert "dbt: nothing to build" in third.stdout
    assert "building" not in third.stderr
    assert "MART.RPT_CAMPAIGN_PERFORMANCE" not in third.stdout  # what did not change is not read again
    rows = json.loads(latest_artifact(prefect_api, "elt-rows")["data"])
    assert {row["table"] for row in rows} >= {"postgres_contacts", "saas_email_events"}
    keeps_the_models_of_a_refused_table(platform, run_flow, prefect_api)


def test_a_failed_load_fails_the_flow_names_it_and_dbt_does_not_run(platform, run_flow, prefect_api):
    platform.write_services(prefect_api_url=prefect_api, saas_token="wrong")  # noqa: S106
    done = run_flow()
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("✗")]
    assert "saas" in line.lower()
    assert "token" in line
    assert "Traceback" not in done.stderr
    assert platform.raw("select count(*) from duckdb_schemas() where schema_name = 'MART'") == [(0,)]
    run = latest_run(prefect_api)
    assert f"✗ {run['state']['message']}" == line
    tasks = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    found = httpx.post(f"{prefect_api}/task_runs/filter", json=tasks).raise_for_status().json()
    states = {task["name"]: (task["state"]["type"], task["state"]["message"]) for task in found}
    assert states["load saas"] == ("FAILED", line.removeprefix("✗ "))
    assert states["load postgres"][0] == "COMPLETED"
    assert "Traceback" not in logs_of(prefect_api, run)
    # The source that was loaded is reported: on the terminal, in the artifacts, in the record.
    assert "POSTGRES_CONTACTS" in done.stdout
    assert "postgres_contacts" in {row["table"] for row in json.loads(latest_artifact(prefect_api, "elt-rows")["data"])}
    assert line in latest_artifact(prefect_api, "elt-rows")["description"]
    last = newest_record()
    assert (last.result, last.exit_code, f"✗ {last.line}") == ("failed", 1, line)
    assert (last.outcome("postgres").result, last.outcome("saas").result, last.outcome("dbt")) == ("ok", "failed", None)
    assert {table.source for table in last.tables} == {"postgres"}


def test_an_unknown_source_is_refused_in_a_line_before_anything_is_asked(platform, run_flow):
    platform.write_services(prefect_api_url="http://127.0.0.1:1/api")
    done = run_flow("--only", "postgres,vendor")
    assert (done.returncode, done.stdout.strip()) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("✗ There is no source 'vendor': --only takes postgres or saas")


@pytest.mark.slow
def test_one_source_alone_is_loaded_and_dbt_builds_what_its_tables_are_enough_for(platform, run_flow):
    first = run_flow("--only", "saas")
    assert first.returncode == 0, first.stderr
    assert platform.raw("select count(*) from information_schema.tables where table_name like 'postgres_%'") == [(0,)]
    (missing,) = [line for line in first.stdout.splitlines() if line.startswith("Not built, as RAW has not all")]
    assert {"dim_accounts", "fct_messages"} <= set(missing.partition(": ")[2].split(", "))
    built = {
        name
        for (name,) in platform.raw("select table_name from information_schema.tables where table_schema = 'STAGING'")
    }
    assert "stg_saas__email_events" in built
    assert "stg_postgres__accounts" not in built
    assert newest_record().sources == ["saas"]
    again = run_flow("--only", "saas")
    assert (again.returncode, "dbt: nothing to build" in again.stdout) == (0, True), again.stderr
    other = run_flow("--only", "postgres")  # now RAW has the tables of both
    assert other.returncode == 0, other.stderr
    assert "Not built" not in other.stdout
    assert platform.raw("select count(*) from MART.FCT_MESSAGES")[0][0] > 0
    assert "MART.RPT_CAMPAIGN_PERFORMANCE" in other.stdout
    whole = run_flow()
    assert whole.returncode == 0, whole.stderr


def test_without_a_prefect_server_one_line_says_what_to_type(platform, run_flow):
    platform.write_services(prefect_api_url="http://127.0.0.1:1/api")
    done = run_flow()
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "✗ The Prefect server at http://127.0.0.1:1/api is not reachable: `make up` starts it."
    ]
