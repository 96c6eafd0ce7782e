"""The doctor's command on real services: ✓ for what works, and the command to type for what does not."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg2
import pytest
from dlt.destinations.exceptions import DatabaseException
from fastapi import FastAPI
from moto.server import ThreadedMotoServer

from exactly_once.diagnostics.check import Check, redact, run_check
from exactly_once.diagnostics.warehouse_checks import scratch_table
from exactly_once.errors import PipelineError
from pipelines import postgres, saas
from pipelines.diagnostics import environment_checks
from pipelines.doctor import doctor_context
from tests.support.platform import BUCKET, TOKEN, execute, objects, serve

ROOT = Path(__file__).parents[2]


@dataclass
class Findings:
    """The doctor's output and exit code."""

    code: int
    text: str

    def lines(self, mark: str) -> dict[str, str]:
        """Return the lines with a mark, by check."""
        found = [line[2:].split(": ", 1) for line in self.text.splitlines() if line.startswith(f"{mark} ")]
        return {line[0]: line[-1] for line in found}


def examine(*options: str) -> Findings:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "pipelines/doctor.py", *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return Findings(done.returncode, done.stdout)


@pytest.fixture
def well(platform):
    """A platform whose Prefect API answers, too."""
    app = FastAPI()
    app.get("/api/health")(lambda: True)
    with serve(app) as url:
        platform.extra["prefect_api_url"] = f"{url}/api"
        platform.write_services()
        yield platform


def kept(platform) -> tuple:
    """Return everything that is in the warehouse and in the lake."""
    schemas = platform.raw("select schema_name from duckdb_schemas() where not internal order by 1")
    tables = platform.raw("select schema_name, table_name, estimated_size from duckdb_tables() order by 1, 2")
    return schemas, tables, platform.lake()


def test_a_fresh_platform_is_well_and_stays_as_it_was(well):
    found = examine()
    assert (found.code, found.lines("✗"), found.lines("-")) == (0, {}, {}), found.text
    assert found.text.splitlines()[-1].startswith(f"{found.text.count('✓') - 1} ✓, 0 ✗, 0 waiting")
    assert kept(well) == ([], [], [])
    assert objects(well.s3_url, BUCKET) == [], "its own lease is gone, too"
    postgres.load()
    saas.load()
    before = kept(well)
    assert examine("--quick").code == 0
    assert kept(well) == before


def test_without_prefect_only_its_line_is_wrong(platform):
    platform.write_services(prefect_api_url="http://127.0.0.1:1/api")
    found = examine("--quick")
    wrong = {"prefect": "http://127.0.0.1:1/api does not answer (ConnectError); `make up` starts it"}
    assert (found.code, found.lines("✗"), found.lines("-")) == (1, wrong, {})


@pytest.mark.integration
def test_without_services_each_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    found = examine("--quick")
    assert found.code == 1
    assert set(found.lines("✗")) == {"postgres settings", "saas settings", "prefect"}
    assert all("`make up`" in line for line in found.lines("✗").values())
    assert found.lines("-")["saas campaigns"] == "waits for saas reachable"
    assert not (tmp_path / "empty" / "lake").exists()


@pytest.mark.integration
def test_an_unknown_word_is_the_only_complaint(monkeypatch):
    monkeypatch.setenv("MAILBLAZE_ENV", "staging")
    found = examine("--quick")
    assert found.code == 1
    assert list(found.lines("✗")) == ["environment"]


@pytest.mark.slow
def test_a_missing_grant_is_named_with_the_statement_that_mends_it(well):
    well.source("revoke select on lists from mailblaze")
    found = examine("--quick")
    line = "mailblaze may not read public.lists; GRANT SELECT ON public.lists TO mailblaze;"
    assert (found.code, found.lines("✗")) == (1, {"postgres SELECT": line})
    assert found.lines("-") == {"postgres columns": "waits for postgres SELECT"}
    well.source(line.split("; ")[1])
    assert examine("--quick").code == 0


@pytest.mark.slow
def test_a_role_that_does_not_see_other_sessions_is_told_the_grant(well, postgres_server):
    admin = postgres_server.url("postgres", "postgres")
    execute(admin, "revoke pg_read_all_stats from mailblaze")
    try:
        found = examine("--quick")
        line = "mailblaze does not see open transactions; GRANT pg_read_all_stats TO mailblaze; as a superuser"
        assert (found.code, found.lines("✗")) == (1, {"postgres transactions": line})
    finally:
        execute(admin, line.split("; ")[1])
    with closing(psycopg2.connect(well.postgres_url, application_name="a report")) as connection:
        connection.cursor().execute("select 1")
        found = examine("--quick")
    assert found.code == 0
    assert "(a report, idle in transaction, SELECT)" in found.text


@pytest.mark.slow
def test_a_lake_that_ignores_conditions_is_refused(well):
    """It would give the lease to two runs at once."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    judging, conditions = server._server.app, ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
    server._server.app = lambda environ, start: judging(
        {name: value for name, value in environ.items() if name not in conditions}, start
    )
    well.write_services(s3_endpoint_url="http://{}:{}".format(*server.get_host_and_port()))
    found = examine("--quick").lines("✗")
    server.stop()
    assert set(found) == {"lake postgres/ lease", "lake saas/ lease"}
    assert all("written over a condition" in line for line in found.values())
    assert well.lake() == []


@pytest.mark.slow
def test_a_missing_table_and_a_missing_cursor_are_named(well):
    well.source("alter table lists rename to old_lists")
    assert "no table public.lists" in examine("--quick").lines("✗")["postgres SELECT"]
    well.source("alter table old_lists rename to lists; alter table lists rename updated_at to changed_at")
    assert "lists has no column updated_at" in examine("--quick").lines("✗")["postgres columns"]


def test_a_wrong_password_is_refused_and_never_shown(well):
    user, _, address = well.postgres_url.partition("@")
    well.write_services(postgres_url=f"{user.rpartition(':')[0]}:not-the-password@{address}")
    found = examine("--quick")
    assert list(found.lines("✗")) == ["postgres log-in"]
    assert "refused the log-in" in found.lines("✗")["postgres log-in"]
    assert "not-the-password" not in found.text


def test_a_wrong_token_is_refused_on_each_endpoint_and_never_shown(well):
    well.write_services(saas_token="not-the-token")  # noqa: S106
    found = examine("--quick")
    assert (found.code, set(found.lines("✗"))) == (1, {f"saas {endpoint.name}" for endpoint in saas.ENDPOINTS})
    assert all("refused the token" in line for line in found.lines("✗").values())
    assert "not-the-token" not in found.text
    assert TOKEN not in found.text


def test_a_bucket_that_is_absent_is_named(well):
    well.s3().delete_bucket(Bucket=BUCKET)
    found = examine("--quick")
    line = f"s3://{BUCKET} is not there; `aws s3 mb s3://{BUCKET}` makes it"
    assert (found.code, found.lines("✗")) == (1, {"lake postgres/ write": line, "lake saas/ write": line})
    assert found.lines("-")["lake saas/ to RAW"] == "waits for lake saas/ read"
    assert BUCKET not in [bucket["Name"] for bucket in well.s3().list_buckets()["Buckets"]]


@pytest.mark.slow
def test_a_warehouse_that_another_process_holds_is_one_line(well):
    with duckdb.connect(str(well.warehouse)):
        found = examine()
    assert set(found.lines("✗")) == {"warehouse log-in", "dbt debug"}
    assert "Another process holds the DuckDB file" in found.lines("✗")["warehouse log-in"]
    assert well.lake() == []


def test_a_version_other_than_the_locked_one_is_named(tmp_path, monkeypatch):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    lock = (ROOT / "requirements.lock").read_text().replace("\nduckdb==", "\nduckdb==0.0.")
    (tmp_path / "requirements.lock").write_text(lock)
    monkeypatch.setattr(environment_checks, "ROOT", tmp_path)
    with pytest.raises(
        PipelineError, match=rf"^duckdb is {duckdb.__version__}, requirements.lock says 0.0.*make setup"
    ):
        environment_checks.check_versions()


def test_a_statement_that_fails_keeps_its_reason_and_leaves_no_table(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    context = doctor_context()
    with context.warehouse("postgres") as sql:
        with (
            pytest.raises(DatabaseException, match="Could not convert string 'x'"),
            scratch_table(sql, "s") as table,
        ):
            sql.execute_sql(f"INSERT INTO {table} SELECT 'x'::BIGINT, 'y'")
        assert not sql.has_dataset()


def test_a_check_that_hangs_is_left_after_its_time():
    began = time.monotonic()
    answer = run_check(Check("slow", lambda: time.sleep(5) or "late", fix="`make status`", timeout=0.1))
    assert str(answer) == "no answer within 0 s; `make status`"
    assert time.monotonic() - began < 2


def test_no_line_shows_a_secret_as_it_is_or_quoted():
    assert redact("at p@ssword/1 and p%40ssword%2F1", {"p@ssword/1", ""}) == "at *** and ***"
