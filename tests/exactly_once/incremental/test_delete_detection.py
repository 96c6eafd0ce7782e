"""Hard deletes and restored rows, which no cursor sees."""

import subprocess
import sys
from pathlib import Path

import pytest

from exactly_once.postgres.tables.spec import Table
from pipelines.postgres import load
from tests.support.compare import assert_raw_equals_source, differences
from tests.support.tables import declare

pytestmark = pytest.mark.usefixtures("few_tables")


def test_a_deleted_row_keeps_its_last_values_and_a_revived_one_lives(platform):
    load()
    row = "select first_name, _deleted_at is not null from RAW.POSTGRES_CONTACTS where contact_id = 60"
    platform.source("update contacts set first_name = 'last words' where contact_id = 60")
    load()
    platform.source("create table kept as select * from contacts where contact_id = 60")
    platform.source("delete from contacts where contact_id = 60")
    report = load()
    assert report.tables["postgres_contacts"].in_lake == 1
    assert platform.raw(row) == [("last words", True)]
    deleted_at = platform.raw("select _deleted_at from RAW.POSTGRES_CONTACTS where contact_id = 60")
    load()
    assert platform.raw("select _deleted_at from RAW.POSTGRES_CONTACTS where contact_id = 60") == deleted_at
    # Restored from a backup, the row comes back with the cursor that it had: no window reads it again.
    platform.source("insert into contacts select * from kept")
    load()
    assert platform.raw(row) == [("last words", False)]
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_deletes_come_in_batches(platform, monkeypatch):
    monkeypatch.setattr("exactly_once.incremental.delete_detection.BATCH", 7)
    monkeypatch.setattr("exactly_once.incremental.raw_table.BATCH", 5)
    load()
    platform.source("delete from contacts where contact_id % 100 = 0")
    load()
    assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where _deleted_at is not null")[0][0] > 400
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_text_keys_are_swept(platform, monkeypatch):
    """The embedded server has only the byte collation, so this does not show that the query asks for it."""
    platform.source(
        """create table tags (tag text primary key, updated_at timestamptz default now());
        insert into tags select unnest(array['a', 'B', 'é', 'e', 'z', '😀', 'ß', 'it''s', 'Z'])"""
    )
    declare(monkeypatch, Table("tags", key="tag", cursor="updated_at", deletes="sweep"))
    load()
    platform.source("delete from tags where tag in ('é', 'it''s')")
    load()
    assert platform.raw("select tag from RAW.POSTGRES_TAGS where _deleted_at is not null order by 1") == [
        ("it's",), ("é",)
    ]  # fmt: skip
    assert differences(platform, "tags", "tag") == []


@pytest.mark.slow
def test_a_soft_delete_column_is_the_time_of_the_delete(platform, monkeypatch):
    platform.source(
        """create table notes (note_id int primary key, removed_at timestamptz, updated_at timestamptz default now());
        insert into notes select generate_series(1, 3)"""
    )
    declare(monkeypatch, Table("notes", key="note_id", cursor="updated_at", deletes="removed_at"))
    load()
    platform.source("update notes set removed_at = '2026-11-01 10:00Z', updated_at = now() where note_id = 2")
    load()
    assert platform.raw("select note_id from RAW.POSTGRES_NOTES where _deleted_at = removed_at") == [(2,)]
    assert platform.raw("select count(*) from RAW.POSTGRES_NOTES where _deleted_at is null") == [(2,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("delete from contacts", "contacts: the source is empty"),
        ("delete from contacts where contact_id % 40 = 0", "rows vanished, more than 20%"),
    ],
)
def test_more_deletes_than_declared_are_refused_until_somebody_accepts_them(platform, loss, line):
    load()
    version = platform.raw("select max(version) from RAW._dlt_pipeline_state")
    platform.source(loss)
    platform.source("update accounts set account_name = 'changed' where account_id = 7")
    refused = run_postgres()
    assert refused.returncode == 3
    assert line in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "python pipelines/postgres.py --accept-deletes contacts" in refused.stderr
    assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where _deleted_at is not null") == [(0,)]
    assert platform.raw("select max(version) from RAW._dlt_pipeline_state") > version  # the other tables were loaded
    assert differences(platform, "accounts", "account_id") == []
    assert run_postgres("--accept-deletes", "lists").returncode == 3
    assert "accept_deletes names contact: say accounts, " in run_postgres("--accept-deletes", "contact").stderr
    assert run_postgres("--accept-deletes", "contacts").returncode == 0
    assert_raw_equals_source(platform)


def run_postgres(*arguments: str) -> subprocess.CompletedProcess:
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "pipelines/postgres.py", "--quiet", *arguments], cwd=root, capture_output=True, text=True
    )
