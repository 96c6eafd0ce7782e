"""Replay of RAW from the lake on Snowflake: the same COPY from the stage, the same merges, the same rows."""

import pytest

from pipelines.postgres import load
from pipelines.replay import replay
from tests.snowflake.history import snowflake_settings
from tests.snowflake.statements import sent_by
from tests.snowflake.test_sql import lint
from tests.snowflake.warehouses import BUCKET, DATABASE, Snowflake, write_key
from tests.support.platform import clone, execute, objects, query
from tests.support.tables import keep

SCHEMA = "AGAIN_RAW"  # a dataset beside RAW, so that the other tests of this folder are unaffected
LAKE = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "REGION_NAME": "us-east-1"}


@pytest.fixture
def side(offline, postgres_server, small_database, s3_server, tmp_path, monkeypatch):
    """Three tables of a small source; this process gets the settings of a shell."""
    keep(monkeypatch, "accounts", "lists", "contacts")
    clone(postgres_server, small_database, "again")
    settings = snowflake_settings(offline.port, write_key(tmp_path)) | {
        "MAILBLAZE_ENV": "dev",
        "MAILBLAZE_DATA_DIR": str(tmp_path),
        "WAREHOUSE__SCRATCH": SCHEMA.removesuffix("RAW"),
        "SOURCES__POSTGRES__CREDENTIALS": postgres_server.url("again"),
        "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": s3_server,
        **{f"DESTINATION__LAKE__CREDENTIALS__{name}": value for name, value in LAKE.items()},
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    side = Snowflake("dev", tmp_path, settings)
    side.server = offline
    yield side
    execute(postgres_server.url("postgres", "postgres"), "drop database again with (force)")


def test_raw_is_the_same_row_for_row(side, offline, s3_server):
    source = side.settings["SOURCES__POSTGRES__CREDENTIALS"]
    load()
    query(source, "update contacts set first_name = 'newer' where contact_id = 20")
    query(source, "delete from contacts where contact_id = 60")
    load()
    before, lake = contents(side), objects(s3_server, BUCKET, f"postgres/{SCHEMA}/")
    side.run("dlt", "-y", "pipeline", "postgres", "drop", "--drop-all")
    dropped = set(objects(s3_server, BUCKET, f"postgres/{SCHEMA}/")) - set(lake)
    first = len(offline.statements())
    replay(["postgres"])
    sent = [text for _, text in sent_by(offline.statements()[first:])]
    assert contents(side) == before
    assert len(before["postgres_contacts"][1]) > 2_000
    assert set(objects(s3_server, BUCKET, f"postgres/{SCHEMA}/")) == {*lake, *dropped}
    assert all(f"FROM @{DATABASE}.RAW.STG_S3_RAW/" in text for text in sent if text.startswith("COPY INTO"))
    assert lint(sent) == []
    assert {table.extracted for table in load().tables.values()} == {0}


def contents(side: Snowflake) -> dict[str, tuple[list[str], list]]:
    """Return the columns and rows of each table except the fencing tokens and dlt's schemas, which hold load times."""
    found = {}
    for table in side.tables(SCHEMA):
        if table not in ("_load_fence", "_dlt_version"):
            names, rows = side.rows(f"select * from {SCHEMA}.{table}")
            found[table] = names, sorted(map(str, rows))
    return found
