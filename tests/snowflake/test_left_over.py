"""A run killed inside a transaction blocks no other run; a lock that stays is reported as an error."""

import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing

import pytest

from exactly_once.destinations.fenced_snowflake import FencedSnowflakeSqlClient
from exactly_once.destinations.fencing import FencingToken, StaleFencingToken, write_fencing_token
from exactly_once.destinations.left_over_transactions import Locked, TransactionOwner
from exactly_once.errors import is_transient, user_message
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline
from tests.snowflake.history import snowflake_settings
from tests.snowflake.transactions import findings
from tests.snowflake.warehouses import DATABASE, ROOT, write_key
from tools.snowflake_smoke.account_probes import copied, numbers
from tools.snowflake_smoke.smoke_account import SmokeAccount

SCRATCH = "LEFT_OVER_"  # beside RAW, whose fencing token other tests hold
SCHEMA = f"{SCRATCH}RAW"
TOKEN_TABLE = f"{DATABASE}.{SCHEMA}._LOAD_FENCE"
# The first half of a load, in a process that is killed in the middle; it prints a line before that.
KILLED = """
import os, signal
from exactly_once.destinations.fencing import write_fencing_token
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline
prepare()
pipeline = build_pipeline("postgres")
write_fencing_token(pipeline, {token}, "cut-off")
with pipeline.sql_client() as warehouse, warehouse.begin_transaction():
    warehouse.execute_sql("UPDATE {table} SET load_id = 'half' WHERE pipeline_name = 'postgres'")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def loader(offline, s3_server, tmp_path, monkeypatch):
    """This process with the loader's settings for the offline Snowflake and an empty working folder."""
    settings = snowflake_settings(offline.port, write_key(tmp_path)) | {
        "MAILBLAZE_ENV": "dev",
        "MAILBLAZE_DATA_DIR": str(tmp_path / "data"),
        "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID": "test",
        "DESTINATION__LAKE__CREDENTIALS__AWS_SECRET_ACCESS_KEY": "test",
        "DESTINATION__LAKE__CREDENTIALS__REGION_NAME": "us-east-1",
        "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": s3_server,
        "DESTINATION__WAREHOUSE__CREDENTIALS__LOCK_TIMEOUT": "4",
        "WAREHOUSE__SCRATCH": SCRATCH,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    prepare()
    return offline


def kill_one_in_a_transaction(token: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(token=token, table=TOKEN_TABLE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


def tokens(server) -> list[tuple]:
    return server.execute(
        f"SELECT token, load_id FROM {TOKEN_TABLE} WHERE pipeline_name = 'postgres'", database=DATABASE
    )


def test_the_next_claim_ends_the_transaction_of_a_run_that_was_killed(loader, capsys):
    first = len(loader.statements())
    kill_one_in_a_transaction(token=5)
    began = time.monotonic()
    write_fencing_token(build_pipeline("postgres"), 6, "the-next")
    assert time.monotonic() - began < 3
    assert re.search(
        r"LOAD_LEFT_OVER_RAW_POSTGRES_\w+_T5 of a run that was killed was rolled back", capsys.readouterr().err
    )
    assert tokens(loader) == [(6, "the-next")]
    assert findings(loader.statements()[first:]) == []


def test_nobody_else_s_transaction_is_ended(loader):
    """Live sessions: the other pipeline, a load beside RAW, another database, a newer run, a person."""
    write_fencing_token(build_pipeline("postgres"), 20, "before")
    others = [
        TransactionOwner(DATABASE, SCHEMA, FencingToken("saas", 3)).name,
        TransactionOwner(DATABASE, "SMOKE_1_RAW", FencingToken("postgres", 3)).name,
        TransactionOwner("DP_MAILBLAZE_DEMO_PROD_DB", SCHEMA, FencingToken("postgres", 3)).name,
        TransactionOwner(DATABASE, SCHEMA, FencingToken("postgres", 22)).name,
        "LOOKING_AROUND",
    ]
    left = TransactionOwner(DATABASE, SCHEMA, FencingToken("postgres", 21)).name
    sessions = []
    for name in [*others, left]:
        sessions.append(loader.connect("LOADER_SVC", database=DATABASE))
        sessions[-1].cursor().execute(f"BEGIN TRANSACTION NAME {name}")
    write_fencing_token(build_pipeline("postgres"), 21, "after")
    with closing(loader.connect("LOADER_SVC", database=DATABASE)) as session:
        shown = {row[3] for row in session.cursor().execute("SHOW TRANSACTIONS").fetchall()}
    for session in sessions:
        session.close()
    assert shown == set(others)


def test_a_paused_run_commits_no_half_of_its_transaction(loader, monkeypatch):
    """It resumes after the rollback, before the next run writes its token; its next statement opens a transaction."""
    loader.execute(f"CREATE SCHEMA IF NOT EXISTS {DATABASE}.{SCHEMA}")
    loader.execute(f"CREATE OR REPLACE TABLE {DATABASE}.{SCHEMA}.HALVES (n INT)")
    paused, ended = build_pipeline("postgres"), FencedSnowflakeSqlClient.abort_left_over
    write_fencing_token(paused, 24, "paused")
    with paused.destination_client() as client, ExitStack() as transaction:
        transaction.enter_context(client.sql_client.begin_transaction())
        client.sql_client.execute_sql("INSERT INTO HALVES VALUES (1)")

        def end_and_wake(self):
            ended(self)
            client.sql_client.execute_sql("INSERT INTO HALVES VALUES (2)")
            with pytest.raises(StaleFencingToken):
                transaction.close()

        monkeypatch.setattr(FencedSnowflakeSqlClient, "abort_left_over", end_and_wake)
        write_fencing_token(build_pipeline("postgres"), 25, "the-next")
    assert loader.execute(f"SELECT count(*) FROM {DATABASE}.{SCHEMA}.HALVES") == [(0,)]
    assert tokens(loader) == [(25, "the-next")]


def test_a_lock_that_stays_is_said_and_refused_in_one_line(loader, capsys, monkeypatch):
    monkeypatch.setattr("exactly_once.destinations.left_over_transactions.FIRST", 0.5)
    monkeypatch.setattr("exactly_once.process.progress._speaks", True)
    pipeline = build_pipeline("postgres")
    write_fencing_token(pipeline, 30, "before")
    with closing(loader.connect("LOADER_SVC", database=DATABASE)) as person:
        person.cursor().execute("BEGIN TRANSACTION NAME OF_A_PERSON")
        person.cursor().execute(f"UPDATE {TOKEN_TABLE} SET load_id = load_id")
        with pytest.raises(Locked) as refused:
            write_fencing_token(pipeline, 31, "in vain")
    assert re.search(
        r"LEFT_OVER_RAW\._LOAD_FENCE is locked by transaction \d+ \(OF_A_PERSON\) since .*: waiting, at most 4 s",
        capsys.readouterr().err,
    )
    line = user_message(refused.value)
    assert "\n" not in line
    assert re.search(r"is locked by transaction \d+ \(OF_A_PERSON\)", line)
    assert "SHOW TRANSACTIONS" in line
    assert "SELECT SYSTEM$ABORT_TRANSACTION(<id>)" in line
    assert (refused.value.exit_code, is_transient(refused.value)) == (1, False)
    assert sorted(tokens(loader)) == [(30, "before"), (31, "in vain")]  # the paused run is overtaken all the same
    write_fencing_token(pipeline, 32, "typed again")
    assert tokens(loader) == [(32, "typed again")]


def test_the_loader_s_sessions_leave_no_statement_running_and_wait_for_no_lock_for_hours(loader):
    first = len(loader.statements())
    write_fencing_token(build_pipeline("postgres"), 40, "a")
    sessions = [entry["session"] for entry in loader.statements()[first:]]
    assert sessions
    for session in sessions:
        assert session["parameters"]["ABORT_DETACHED_QUERY"] is True
        assert session["parameters"]["LOCK_TIMEOUT"] == 4


def test_a_probe_s_file_reaches_its_table_by_the_stage(loader):
    """Tests how the COPY probes write and read; only an account shows their answers."""
    loader.execute(f"CREATE SCHEMA IF NOT EXISTS {DATABASE}.{SCHEMA}")
    account = SmokeAccount()
    account.put("here.parquet", {"ID": numbers(1, 2)})
    with account.session() as session:
        session.rows(f"CREATE TABLE {account.raw}.PROBE_HERE (ID INT)")
        session.rows(copied(account, "PROBE_HERE", "here.parquet"))
        assert session.rows(f"SELECT ID FROM {account.raw}.PROBE_HERE ORDER BY 1") == [(1,), (2,)]
        assert session.shown(f"SELECT count(*) AS N FROM {account.raw}.PROBE_HERE") == [{"n": 2}]


def test_names_need_no_quotes_and_tell_owners_apart():
    odd = TransactionOwner("D", "a-b.c d", FencingToken("ü" * 300, 2**62))
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,150}", odd.name)
    assert odd.is_left_over(odd.name.lower())
    assert (
        TransactionOwner("D", "RAW_A", FencingToken("B", 1)).name
        != TransactionOwner("D", "RAW", FencingToken("A_B", 1)).name
    )
    assert not TransactionOwner("D", "RAW", FencingToken("postgres", 6)).is_left_over(
        TransactionOwner("D", "RAW", FencingToken("postgres", 7)).name
    )
    assert TransactionOwner("D", "RAW", FencingToken("postgres", 6)).is_left_over(
        TransactionOwner("D", "RAW", FencingToken("postgres", 6)).name
    )


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        (["ALTER SESSION SET autocommit=False", "DELETE FROM t", "COMMIT"], "that nobody named: DELETE FROM t"),
        (["BEGIN", "DELETE FROM t", "COMMIT"], "without a name of ours: BEGIN"),
        (
            [
                "ALTER SESSION SET autocommit=False",
                "BEGIN TRANSACTION NAME LOAD_A_T1",
                "CREATE TABLE t (a INT)",
                "DELETE FROM t",
            ],
            "that nobody named: DELETE FROM t",
        ),
    ],
)
def test_the_check_of_transactions_finds_what_is_planted(statements, finding):
    (found,) = findings([{"sql": sql, "session": {"number": 1}} for sql in statements])
    assert finding in found


def test_every_transaction_of_a_load_is_named_and_ended_by_us(history):
    """All kinds: dlt's copies, merges, states and ends, of both pipelines, over a first load and a day of traffic."""
    sent = [entry for entry in history.statements if entry["session"]["user"] == "LOADER_SVC"]
    assert sum(entry["sql"].startswith("BEGIN TRANSACTION NAME") for entry in sent) > 20
    assert findings(sent) == []
