"""What a flow starts on Snowflake if there is no new data: LOAD_WH for its queries, and nothing else.

A resumed warehouse costs at least a minute plus its idle time before it suspends; a schedule does that every hour.
"""

import json

import boto3
import pytest

from mock_services.commands import down, up
from tests.snowflake.statements import woken
from tests.snowflake.warehouses import BUCKET
from tests.support.platform import KEYS, objects

BUDGET = "postgres/_lease/DP_MAILBLAZE_DEMO_DEV_DB.RAW_budget.json"


@pytest.fixture(scope="module")
def flows(history, offline, s3_server, tmp_path_factory) -> list[dict]:
    """Three flows as a worker runs them, with a budget; each with its output and statements. The first builds.

    Before the last one the budget is spent.
    """
    folder, done = tmp_path_factory.mktemp("prefect"), []
    lake = boto3.client("s3", endpoint_url=s3_server, **KEYS)
    up(folder, only=("prefect",), ports={})
    try:
        history.snowflake.settings["PREFECT_API_URL"] = json.loads((folder / "services.json").read_text())[
            "prefect_api_url"
        ]
        history.snowflake.settings["MAILBLAZE_MONTHLY_CREDITS"] = "20"
        for name in ("builds", "idle", "spent"):
            if name == "spent" and BUDGET in objects(s3_server, BUCKET):
                kept = json.loads(lake.get_object(Bucket=BUCKET, Key=BUDGET)["Body"].read()) | {"credits": "25"}
                lake.put_object(Bucket=BUCKET, Key=BUDGET, Body=json.dumps(kept))
            first = len(offline.statements())
            try:
                said = history.snowflake.run("python", "flows/elt.py", "--over-budget", "stop")
            except AssertionError as refused:
                said = str(refused)
            done.append({"said": said, "sent": offline.statements()[first:]})
    finally:
        for name in ("PREFECT_API_URL", "MAILBLAZE_MONTHLY_CREDITS"):
            history.snowflake.settings.pop(name, None)
        down(folder)
    return done


def test_a_flow_with_nothing_new_starts_the_loader_s_warehouse_alone(flows):
    builds, idle, _ = flows
    assert set(woken(builds["sent"])) == {"LOAD_WH", "TRANSFORM_WH"}
    assert "nothing to build" in idle["said"]
    started = woken(idle["sent"])
    print({name: len(statements) for name, statements in started.items()})
    others = {
        name: [" ".join(text.split())[:120] for text in sent] for name, sent in started.items() if name != "LOAD_WH"
    }
    assert others == {}
    assert 5 < len(started["LOAD_WH"]) <= 25


def test_the_ledger_is_read_after_the_build_and_kept_in_the_lake(flows, s3_server):
    """The history's meter is of March: this month has no spending."""
    builds, idle, _ = flows
    ask = "SELECT coalesce(sum(credits)"  # as pipelines/runs/raw_contents.py does; dbt builds the ledger otherwise
    assert [sum(entry["sql"].startswith(ask) for entry in one["sent"]) for one in flows] == [1, 0, 0]
    assert BUDGET in objects(s3_server, BUCKET)
    assert "budget: nothing is known of this month's 20 credits before its first build" in builds["said"]
    assert "budget: 0.00 of 20 credits (0%, $0.00), the ledger has nothing of this month, read after" in idle["said"]


def test_a_budget_that_is_spent_stops_a_flow_without_a_warehouse(flows):
    spent = flows[2]
    assert "✗ The month's budget is spent: 25.00 of 20 credits (125%" in spent["said"]
    assert woken(spent["sent"]) == {}


@pytest.mark.parametrize(
    ("sql", "wakes"),
    [
        ("SHOW TERSE OBJECTS IN DATABASE D", False),
        ("/* {} */ show objects in D.MART", False),
        ("ALTER SESSION SET autocommit=False", False),
        ("SELECT 1 FROM INFORMATION_SCHEMA.SCHEMATA", True),
        ("SELECT coalesce(sum(credits), 0) FROM MART.RPT_PIPELINE_COST", True),
    ],
)
def test_what_starts_a_warehouse_is_told_from_what_does_not(sql, wakes):
    found = woken([{"sql": sql, "session": {"warehouse": "TRANSFORM_WH"}}])
    assert bool(found) is wakes
