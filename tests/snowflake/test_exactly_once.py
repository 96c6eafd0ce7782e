"""Exactly-once loads on Snowflake: fencing token, cost of an idle run, retention, and an interrupted load.

The loads run as on a worker with an empty disk: cursors come from the warehouse.
"""

from datetime import timedelta

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.destinations.fencing import FencingToken, StaleFencingToken, last_load_attempt, write_fencing_token
from exactly_once.errors import exit_code, user_message
from exactly_once.recovery.pending import ROLLED_BACK, roll_back_attempt
from exactly_once.recovery.retention import prune
from exactly_once.runner import acquire_lease
from pipelines.environment import build_pipeline
from pipelines.postgres import load
from tests.snowflake.statements import sent_by
from tests.snowflake.test_sql import lint
from tests.snowflake.warehouses import BUCKET
from tests.support.platform import files_of_rows, objects
from tests.support.steps import extract_only

FEW = 25
COMPLETE = (
    "INSERT INTO RAW._DLT_LOADS (load_id, schema_name, status, inserted_at) VALUES (%s, 'none', 0, current_timestamp)"
)


@pytest.fixture
def worker(history, tmp_path, monkeypatch):
    """The history; this process gets the settings of its Snowflake and an empty working folder."""
    settings = history.snowflake.settings | {"MAILBLAZE_ENV": "dev", "MAILBLAZE_DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return history


@pytest.mark.parametrize("name", ["postgres", "saas"])
def test_a_run_with_nothing_new_asks_little_and_writes_nothing(history, offline, name):
    before, files = len(offline.statements()), lake(history)
    history.snowflake.run("python", f"pipelines/{name}.py")
    sent = [entry["sql"] for entry in offline.statements()[before:]]
    print(f"{name}: {len(sent)} statements for nothing new")
    assert 5 < len(sent) <= FEW, "\n".join(text[:150] for text in sent)
    assert not [text for text in sent if not text.lstrip().startswith(("SELECT", "ALTER SESSION SET QUERY_TAG"))]
    assert lake(history) == files


def test_a_run_that_is_overtaken_while_it_lands_commits_nothing_more(worker):
    before, loads = contact(worker), count(worker, "_DLT_LOADS")
    worker.source("update contacts set first_name = 'late' where contact_id = 20")
    extract_only()
    pipeline = build_pipeline("postgres")
    write_fencing_token(pipeline, 2**40, "of-a-newer-run")
    pipeline.destination.config_params["fencing_token"] = FencingToken("postgres", 7)
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.load()
    assert "Another run has taken over" in user_message(failure.value)
    assert exit_code(failure.value) == 76
    assert (contact(worker), count(worker, "_DLT_LOADS")) == (before, loads)
    assert count(worker, "POSTGRES_CONTACTS", schema="RAW_STAGING", where="first_name = 'late'") == 0
    pipeline.destination.config_params["fencing_token"] = None
    report = load()
    assert (report.quarantined, report.tables["postgres_contacts"].extracted) == (1, 1)
    assert contact(worker) == "late"


def test_of_two_that_claim_at_once_the_newer_one_lands(worker):
    """Neither sees the other's row, so both rows stay: only the newer token may commit."""
    pipeline = build_pipeline("postgres")
    with pipeline.sql_client() as warehouse:
        token = last_load_attempt(warehouse, "postgres").token
        warehouse.execute_sql("INSERT INTO RAW._LOAD_FENCE VALUES ('postgres', %s, 'of-the-newer')", token + 1)
        warehouse.use_fencing_token(FencingToken("postgres", token))
        with pytest.raises(StaleFencingToken), warehouse.begin_transaction():
            warehouse.execute_sql(COMPLETE, "by-the-older")
        warehouse.use_fencing_token(FencingToken("postgres", token + 1))
        with warehouse.begin_transaction():
            warehouse.execute_sql(COMPLETE, "by-the-newer")
        warehouse.use_fencing_token(None)
        found = warehouse.execute_sql("SELECT load_id FROM RAW._DLT_LOADS WHERE load_id LIKE 'by-the-%'")
        assert list(found) == [("by-the-newer",)]
        warehouse.execute_sql("DELETE FROM RAW._DLT_LOADS WHERE load_id LIKE 'by-the-%'")


def test_a_load_that_was_cut_off_elsewhere_is_closed(worker, offline):
    pipeline = build_pipeline("postgres")
    with acquire_lease(pipeline) as lease:
        with pipeline.sql_client() as warehouse:
            lease.advance_token(last_load_attempt(warehouse, "postgres").token)
        write_fencing_token(pipeline, lease.token, "cut-off")
        with pipeline.sql_client() as warehouse:
            attempt = last_load_attempt(warehouse, "postgres")
        assert (attempt.load_id, attempt.is_complete) == ("cut-off", False)
        before = len(offline.statements())
        roll_back_attempt(pipeline, attempt, lease.token, is_first=True)
        with pipeline.sql_client() as warehouse:
            assert last_load_attempt(warehouse, "postgres").is_complete
    assert count(worker, "_DLT_LOADS", where=f"load_id = 'cut-off' and status = {ROLLED_BACK}") == 1
    assert lint([text for _, text in sent_by(offline.statements()[before:])]) == []


def test_retention_leaves_the_newest_states_and_every_load_that_a_row_names(worker, offline):
    others = count(worker, "_DLT_PIPELINE_STATE", where="pipeline_name = 'saas'")
    worker.source("update contacts set first_name = 'newest' where contact_id = 20")
    load()
    named = worker.snowflake.rows("select distinct _dlt_load_id from RAW.POSTGRES_CONTACTS")[1]
    before = len(offline.statements())
    prune(build_pipeline("postgres"), states=1, every=0, loads=1, age=timedelta(0))
    assert lint([text for _, text in sent_by(offline.statements()[before:])]) == []
    assert count(worker, "_DLT_PIPELINE_STATE", where="pipeline_name = 'postgres'") == 1
    assert count(worker, "_DLT_PIPELINE_STATE", where="pipeline_name = 'saas'") == others
    kept = {key for (key,) in worker.snowflake.rows("select load_id from RAW._DLT_LOADS")[1]}
    assert "cut-off" not in kept
    assert {key for (key,) in named} <= kept
    assert load().tables["postgres_contacts"].extracted == 0


def contact(worker) -> str:
    return worker.snowflake.rows("select first_name from RAW.POSTGRES_CONTACTS where contact_id = 20")[1][0][0]


def count(worker, table: str, schema: str = "RAW", where: str = "true") -> int:
    return worker.snowflake.rows(f"select count(*) from {schema}.{table} where {where}")[1][0][0]


def lake(history) -> list[str]:
    return files_of_rows(objects(history.snowflake.server.s3_url, BUCKET))
