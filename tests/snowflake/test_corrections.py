"""Each correction of the offline Snowflake works and is still needed: fakesnow alone fails the same probe."""

import gzip
import io
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from uuid import uuid4

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from snowflake.connector.errors import Error, ProgrammingError

from mock_services.system import processes
from tests.snowflake.offline import HERE, OfflineSnowflake
from tests.snowflake.warehouses import BUCKET, DATABASE
from tests.support.platform import KEYS

PROBES: dict[str, Callable] = {}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATE = {"version": 2, "pipeline_name": "postgres", "created_at": "2026-03-02T12:00:00+00:00", "_dlt_load_id": "1.5"}


def probe(function: Callable) -> Callable:
    """Register the probe of the correction with this name."""
    PROBES[function.__name__] = function
    return function


@probe
def several_statements(server):
    table = new_table(server, '"ID" NUMBER(19,0) NOT NULL, "NAME" VARCHAR')
    run(
        server,
        f"INSERT INTO {table} VALUES (1, 'a; b');\nDELETE FROM {table} AS d WHERE EXISTS (SELECT 1 WHERE d.ID = 2);\n"
        f'INSERT INTO {table}("ID") SELECT 3; -- the last; one\n',
    )
    assert run(server, f"SELECT * FROM {table} ORDER BY 1") == [(1, "a; b"), (3, None)]


@probe
def errors_as_answers(server):
    table = new_table(server, '"ID" NUMBER(19,0) NOT NULL')
    with pytest.raises(ProgrammingError, match="NOT NULL constraint"):
        run(server, f"INSERT INTO {table} SELECT NULL", network_timeout=1)


@probe
def stage_files_on_s3(server):
    copy_parquet(server, '"ID" NUMBER(19,0)', {"id": pa.array([1, 2])}, OPTIONS, [(1,), (2,)])


@probe
def commas_in_file_format(server):
    options = OPTIONS.replace("'CASE_INSENSITIVE'", "CASE_INSENSITIVE")
    copy_parquet(server, '"ID" NUMBER(19,0)', {"id": pa.array([1, 2])}, options, [(1,), (2,)])


@probe
def quoted_match_by_column_name(server):
    options = "FILE_FORMAT = (TYPE = 'PARQUET') MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE'"
    copy_parquet(server, '"ID" NUMBER(19,0)', {"id": pa.array([1, 2])}, options, [(1,), (2,)])


@probe
def json_by_column_name(server):
    columns = '"_DLT_LOAD_ID" VARCHAR(64), "VERSION" NUMBER(19,0), "PIPELINE_NAME" VARCHAR, "CREATED_AT" TIMESTAMP_LTZ'
    table = new_table(server, columns)
    key = put(server, "jsonl.gz", gzip.compress(json.dumps(STATE).encode()))
    run(server, copy(table, key, OPTIONS.replace(PARQUET, "TYPE = 'JSON', BINARY_FORMAT = 'BASE64'")))
    assert run(server, f"SELECT * FROM {table}") == [("1.5", 2, "postgres", NOON)]


@probe
def text_stays_text_in_variant(server):
    values = {"id": pa.array([1, 2, 3]), "tags": pa.array(['{"a": 1}', "[broken", None])}
    selected = '"ID", "TAGS":a::varchar, "TAGS" is null'
    rows = [(1, None, False), (2, None, False), (3, None, True)]
    copy_parquet(server, '"ID" NUMBER(19,0), "TAGS" VARIANT', values, OPTIONS, rows, selected)


@probe
def md5_numbers(server):
    assert run(server, "SELECT MD5_NUMBER_UPPER64('Snowflake')") == [(17145559544104499780,)]  # the manual's example


@probe
def text_out_of_variant(server):
    table = new_table(server, '"ID" NUMBER(19,0), "TAGS" VARIANT, "NAME" VARCHAR')
    run(server, f"INSERT INTO {table} SELECT 1, to_variant('{{\"a\": \"it''s\"}}'), '{{\"a\": 1}}'")
    run(server, f"INSERT INTO {table} SELECT 2, parse_json('{{\"a\": 2}}'), NULL")
    rows = run(server, f'SELECT CAST("TAGS" AS VARCHAR), CAST("NAME" AS VARCHAR) FROM {table} ORDER BY id')
    assert rows == [('{"a": "it\'s"}', '{"a": 1}'), ('{"a":2}', None)]
    view = f"{DATABASE}.STAGING.STG_{uuid4().hex}"
    parsed = "parse_json(cast(tags as varchar)) as tags, parse_json(cast(name as varchar)) as name"
    run(server, f"create or replace view {view}\n as (\nselect id, {parsed} from {table}\n)")
    rows = run(server, f"select tags:a::varchar, name:a::varchar from {view} order by id")
    assert rows == [("it's", "1"), ("2", None)]


@probe
def native_merge(server):
    table, staged = (new_table(server, SNAPSHOT_COLUMNS) for _ in range(2))
    run(server, f"INSERT INTO {table} VALUES (1, 'old', 'a', NULL, NULL)")
    run(
        server,
        f"INSERT INTO {staged} VALUES (1, 'old', 'a', '2026-03-02 12:00:00', 'update'),"
        " (1, 'new', 'b', NULL, 'insert'), (2, 'other', 'c', NULL, 'insert')",
    )
    with server.connect() as connection:
        merged = connection.cursor().execute(SNAPSHOT_MERGE.format(table=table, staged=staged))
        assert merged.rowcount == 3
    rows = run(server, f"SELECT id, name, dbt_scd_id, dbt_valid_to FROM {table} ORDER BY dbt_scd_id")
    assert rows == [(1, "old", "a", NOON.replace(tzinfo=None)), (1, "new", "b", None), (2, "other", "c", None)]


@probe
def account_objects(server):
    run(
        server,
        "CREATE ROLE IF NOT EXISTS LOADER",
        "CREATE WAREHOUSE IF NOT EXISTS LOAD_WH",
        "CREATE STORAGE INTEGRATION IF NOT EXISTS S3_INT TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3'",
        f"GRANT USAGE ON DATABASE {DATABASE} TO ROLE LOADER",
    )


@probe
def nothing_made_on_connect(server):
    server.connect(database=DATABASE, schema="MISSPELT").close()
    found = f"SELECT 1 FROM {DATABASE}.INFORMATION_SCHEMA.SCHEMATA WHERE schema_name = 'MISSPELT'"
    assert run(server, found) == []


@probe
def temporary_in_schema(server):
    name = f"{DATABASE}.SNAPSHOTS.ACCOUNTS_SNAPSHOT_{uuid4().hex}__dbt_tmp"
    rows = run(
        server, f"create or replace temporary table {name}\nas (select 1 as account_id)", f"select * from {name}"
    )
    assert rows == [(1,)]


@probe
def quotes_in_comments(server):
    table = new_table(server, '"ID" NUMBER(19,0)')
    run(server, f"comment on table {table} IS $$an account's row$$")


@probe
def column_comments(server):
    table = new_table(server, '"ID" NUMBER(19,0), "NAME" VARCHAR, "MEMO" VARCHAR')
    comments = '"ID" COMMENT $$an account\'s number$$ ,\n        "NAME" COMMENT $$$$ ,\n "MEMO" COMMENT $$x$$ ;'
    run(server, f"alter table {table} alter\n    {comments}\n/* {{'app': 'dbt'}} */")


@probe
def query_tags(server):
    run(server, """ALTER SESSION SET QUERY_TAG = '{"source": "postgres", "load_id": "1.5"}'""")
    run(server, """alter session set query_tag = '{"dbt": "model.mailblaze.dim_accounts"}'\n/* {"app": "dbt"} */""")


@probe
def policies(server):
    table, mart = f"{DATABASE}.RAW.T_{uuid4().hex.upper()}", f"{DATABASE}.MART"
    columns = f"(id varchar not null tag ({mart}.PERSONAL_DATA_ID = 'masked'), region varchar)"
    rows = f"with row access policy {mart}.ROWS_OF_REGION on (region)"
    run(server, f"create or replace transient table {table}\n{columns} {rows} as (select 'a@b' as id, 'eu' as region)")
    assert run(server, f"select id, region from {table}") == [("a@b", "eu")]
    reporter = ("use role REPORTER", "use secondary roles all")
    read = f"with t as (select * from {table}) select * from t"
    assert run(server, *reporter, read) == [(sha256(b"a@b").hexdigest(), "eu")]
    assert run(server, "use role REPORTER", read) == []
    assert run(server, "use role REPORTER", "use secondary roles REGION_EU", read) == run(server, *reporter, read)
    with pytest.raises(ProgrammingError, match=r"REGION_US.*not authorized"):
        run(server, "use role REPORTER", "use secondary roles REGION_US", read)
    listed = f"table({DATABASE}.information_schema.policy_references(ref_entity_name => '{table}'))"
    assert run(server, f"select policy_name from {listed} order by 1") == [("MASK_ID",), ("ROWS_OF_REGION",)]
    with pytest.raises(ProgrammingError, match="attached"):
        run(server, f"drop row access policy {mart}.ROWS_OF_REGION")
    with pytest.raises(ProgrammingError, match="two kinds"):
        run(server, f"create or replace table {table} {columns.replace('(id', '(region')} {rows} as (select 1)")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(server, f"create or replace table {table} (id varchar tag ({mart}.NONE = 'x')) as (select 'a' as id)")
    run(server, f"drop table {table}")
    assert run(server, f"select policy_name from {listed}") == []


@probe
def null_timestamps(server):
    table = new_table(server, '"ID" NUMBER(19,0), "AT" TIMESTAMP_LTZ, "LOCAL_AT" TIMESTAMP_NTZ')
    run(server, f"INSERT INTO {table} VALUES (1, '2026-03-02 12:00:00+00:00', '2026-03-02 12:00:00'), (2, NULL, NULL)")
    rows = run(server, f"SELECT * FROM {table} ORDER BY 1")
    assert rows == [(1, NOON, NOON.replace(tzinfo=None)), (2, None, None)]


@probe
def exact_sums(server):
    table = new_table(server, '"AMOUNT" NUMBER(38,2)')
    run(server, f"INSERT INTO {table} VALUES (90000000000000000.01), (0.01)")
    ((total,),) = run(server, f'select sum("AMOUNT") as total from {table}')
    assert total == Decimal("90000000000000000.02")


@probe
def sessions_have_users(server):
    run(server, "select 1", user="LOADER_SVC", role="LOADER", warehouse="LOAD_WH")
    session = server.statements()[-1]["session"]
    assert (session["user"], session["role"], session["warehouse"]) == ("LOADER_SVC", "LOADER", "LOAD_WH")
    with server.connect("LEAVING", database=DATABASE) as leaving:
        leaving.cursor().execute("BEGIN")
    assert shown(server, "SHOW TRANSACTIONS", user="LEAVING") == []


@probe
def named_transactions(server):
    table = new_table(server, '"ID" NUMBER(19,0)')
    begin = "BEGIN TRANSACTION NAME OF_A_PROBE"
    run(server, begin, f"INSERT INTO {table} VALUES (1)", begin, "ROLLBACK")
    assert run(server, f"SELECT * FROM {table}") == []


@probe
def shown_transactions(server):
    table = new_table(server, '"ID" NUMBER(19,0)')
    with server.connect("PROBED", database=DATABASE) as left:
        for statement in ("ALTER SESSION SET autocommit=False", "BEGIN NAME LEFT_OPEN", f"DELETE FROM {table}"):
            left.cursor().execute(statement)
        found = shown(server, "SHOW TRANSACTIONS", user="PROBED")
        assert [(one["user"], one["name"], one["state"]) for one in found] == [("PROBED", "LEFT_OPEN", "running")]
        (lock,) = shown(server, "SHOW LOCKS", user="PROBED")
        assert (lock["resource"], lock["status"]) == (table.replace('"', ""), "HOLDING")
        assert shown(server, "SHOW TRANSACTIONS", user="ANOTHER") == []
        abort = f"SELECT SYSTEM$ABORT_TRANSACTION({found[0]['id']})"
        with pytest.raises(ProgrammingError, match="Insufficient privileges"):
            run(server, abort, user="ANOTHER")
        assert run(server, abort, user="PROBED") == [(f"Aborted transaction id: {found[0]['id']}",)]
        assert shown(server, "SHOW TRANSACTIONS", user="PROBED") == []


@probe
def locks_of_tables(server):
    table = new_table(server, '"ID" NUMBER(19,0)')
    run(server, f"INSERT INTO {table} VALUES (1)")
    with server.connect(database=DATABASE) as first:
        first.cursor().execute("BEGIN TRANSACTION NAME FIRST_OF_TWO")
        first.cursor().execute(f"UPDATE {table} SET id = 2")
        began = time.monotonic()
        with pytest.raises(ProgrammingError, match="has locked table") as raised:
            run(server, f"UPDATE {table} SET id = 3", session_parameters={"LOCK_TIMEOUT": 1})
        assert (raised.value.errno, raised.value.sqlstate) == (625, "57014")
        assert 0.9 < time.monotonic() - began < 5
        run(server, f"INSERT INTO {table} VALUES (4)")  # waits for no lock
        first.cursor().execute("ROLLBACK")
    run(server, f"UPDATE {table} SET id = 5")
    assert run(server, f"SELECT * FROM {table}") == [(5,), (5,)]


@probe
def session_timeouts(server):
    run(server, "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 60", "ALTER SESSION SET LOCK_TIMEOUT = 60")


def shown(server, statement: str, **session) -> list[dict]:
    with server.connect(database=DATABASE, **session) as connection:
        cursor = connection.cursor().execute(statement)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


SNAPSHOT_COLUMNS = "id NUMBER, name VARCHAR, dbt_scd_id VARCHAR, dbt_valid_to TIMESTAMP_NTZ, dbt_change_type VARCHAR"
SNAPSHOT_MERGE = """
merge into {table} as DBT_INTERNAL_DEST
    using {staged} as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_SOURCE.dbt_scd_id = DBT_INTERNAL_DEST.dbt_scd_id

    when matched
     and DBT_INTERNAL_DEST.dbt_valid_to is null
     and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        then update
        set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to

    when not matched
     and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
        then insert ("ID", "NAME", "DBT_SCD_ID", "DBT_VALID_TO")
        values ("ID", "NAME", "DBT_SCD_ID", "DBT_VALID_TO")
"""
PARQUET = "TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE"
OPTIONS = f"FILE_FORMAT = ({PARQUET})\n        MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE'"


def run(server: OfflineSnowflake, *statements: str, **session) -> list[tuple]:
    return server.execute(*statements, database=DATABASE, schema="RAW", **session)


def new_table(server: OfflineSnowflake, columns: str) -> str:
    table = f'{DATABASE}."RAW"."T_{uuid4().hex.upper()}"'
    run(server, f"CREATE TABLE {table} (\n{columns})")
    return table


def put(server: OfflineSnowflake, suffix: str, body: bytes) -> str:
    key = f"RAW/probes/{uuid4().hex}.{suffix}"
    boto3.client("s3", endpoint_url=server.s3_url, **KEYS).put_object(Bucket=BUCKET, Key=f"postgres/{key}", Body=body)
    return key


def copy(table: str, key: str, options: str) -> str:
    return f"COPY INTO {table}\n        FROM @{DATABASE}.RAW.STG_S3_RAW/postgres/\n        FILES = ('{key}')\n{options}"


def copy_parquet(server, columns: str, values: dict, options: str, rows: list, selected: str = "*") -> None:
    table, body = new_table(server, columns), io.BytesIO()
    pq.write_table(pa.table(values), body)
    run(server, copy(table, put(server, "parquet", body.getvalue()), options))
    assert run(server, f"SELECT {selected} FROM {table} ORDER BY 1") == rows


@pytest.mark.parametrize("name", PROBES)
def test_it_gives_what_snowflake_gives(offline, name):
    PROBES[name](offline)


@pytest.mark.parametrize("name", PROBES)
def test_fakesnow_alone_does_not(offline, name, tmp_path):
    with OfflineSnowflake(tmp_path, offline.s3_url, without=(name,)) as server:
        if name != "account_objects":  # create_account_objects needs this one
            server.create_account_objects(DATABASE, BUCKET)
        try:
            PROBES[name](server)
        except (AssertionError, Error):
            return
    pytest.fail(f"fakesnow does this itself now: drop the correction {name}")


def test_every_correction_has_a_probe():
    sources = [path.read_text() for path in (HERE / "server" / "corrections").glob("*.py")]
    names = [name for source in sources for name in re.findall(r"^@correction\ndef (\w+)", source, re.M)]
    assert sorted(names) == sorted(PROBES)


def test_a_server_that_does_not_start_says_why(s3_server, tmp_path):
    with pytest.raises(RuntimeError, match="no such correction: nonsense; there are stage_files_on_s3,"):
        OfflineSnowflake(tmp_path, s3_server, without=("nonsense",)).start()


def test_without_its_environment_it_says_what_to_type(s3_server, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.snowflake.offline.PYTHON", tmp_path / "python")
    with pytest.raises(FileNotFoundError, match=r"type make \.venv-snowflake/\.ready"):
        OfflineSnowflake(tmp_path, s3_server).start()


def test_the_cold_start_is_logged(s3_server, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "tests.snowflake.offline"), OfflineSnowflake(tmp_path, s3_server) as server:
        assert f"offline Snowflake answers on port {server.port} after" in caplog.text


def test_stop_ends_the_server(s3_server, tmp_path):
    with OfflineSnowflake(tmp_path, s3_server) as server:
        pid = server.process.pid
        assert processes.process_identity(pid)
    assert processes.process_identity(pid) is None


def test_the_server_ends_with_a_parent_that_is_killed(s3_server, tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from tests.snowflake.offline import OfflineSnowflake\n"
        "server = OfflineSnowflake(Path(sys.argv[1]), sys.argv[2]).start()\n"
        "print(server.process.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path), s3_server]
    with subprocess.Popen(command, cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert processes.process_identity(pid)
        parent.kill()
    deadline = time.monotonic() + 10
    while processes.process_identity(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes.process_identity(pid) is None


def test_the_log_holds_every_statement_and_its_error(offline):
    with pytest.raises(ProgrammingError):
        run(offline, "select * from nowhere")
    with pytest.raises(ProgrammingError):
        run(offline, "select 'never closed")
    first, second = offline.statements()[-2:]
    assert first["sql"] == "select * from nowhere"
    assert "does not exist" in first["error"]
    assert second["sql"] == "select 'never closed"
    assert "TokenError" in second["error"]
