"""The Postgres source end to end: Postgres, an S3 API, DuckDB."""

import shutil

import psycopg2
import pytest

from exactly_once.errors import PipelineError, user_message
from mock_services.postgres.traffic import simulate_day
from pipelines.environment import build_pipeline
from pipelines.postgres import load
from tests.support.compare import assert_raw_equals_source, columns, differences, source_counts
from tests.support.steps import counts, extract_only, refused
from tests.support.tables import names


def test_first_load_brings_every_value_of_every_type(platform):
    report = load()
    assert_raw_equals_source(platform)
    expected = source_counts(platform)
    assert counts(report, "extracted") == counts(report, "in_lake") == counts(report, "in_raw") == expected
    seen = {kind for table in names() for _, kind, _ in columns(platform, table)}
    assert {
        "ARRAY", "USER-DEFINED", "bigint", "boolean", "bytea", "character", "date", "jsonb", "numeric", "smallint",
        "text", "timestamp with time zone", "timestamp without time zone", "uuid",
    } <= seen  # fmt: skip


def test_second_load_brings_only_what_changed(platform):
    load()
    before = platform.raw("select contact_id, _dlt_load_id from RAW.POSTGRES_CONTACTS")
    platform.source("update contacts set first_name = 'changed' where contact_id in (20, 40)")
    report = load()
    moved = set(platform.raw("select contact_id, _dlt_load_id from RAW.POSTGRES_CONTACTS")) - set(before)
    assert {contact_id for contact_id, _ in moved} == {20, 40}
    assert counts(report, "extracted")["contacts"] == counts(report, "in_lake")["contacts"] == 2
    assert_raw_equals_source(platform)


def test_loading_twice_changes_nothing(platform):
    load()
    digest = "select sum(hash(t)) from (select * exclude (_dlt_load_id) from RAW.POSTGRES_{}) t"
    before = [platform.raw(digest.format(table)) for table in names()]
    load()
    load()
    assert [platform.raw(digest.format(table)) for table in names()] == before


@pytest.mark.slow
def test_an_update_replaces_and_never_doubles(platform):
    load()
    for turn in range(3):
        platform.source(f"update accounts set account_name = 'turn {turn}' where account_id = 7")
        load()
    rows = platform.raw("select account_name from RAW.POSTGRES_ACCOUNTS where account_id = 7")
    assert rows == [("turn 2",)]


@pytest.mark.slow
def test_days_of_traffic_leave_raw_equal_to_the_source(platform):
    load()
    for _ in range(2):
        simulate_day(platform.postgres_url)
        load()
        assert_raw_equals_source(platform)


@pytest.mark.slow
def test_without_the_working_folder_only_what_is_new_is_loaded(platform):
    load()
    shutil.rmtree(platform.data_dir / "dlt")
    platform.source("update contacts set first_name = 'changed' where contact_id = 20")
    report = load()
    assert counts(report, "extracted")["contacts"] == 1
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_a_cursor_that_outlived_its_rows_is_forgotten(platform):
    """The warehouse is new, and another pipeline already has tables in RAW: every row is loaded again."""
    load()
    platform.warehouse.unlink()
    build_pipeline("other").run([{"id": 1}], table_name="other_things")
    load()
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_a_load_that_was_cut_off_is_finished_before_new_rows(platform):
    load()
    platform.source("update contacts set first_name = 'earlier' where contact_id in (20, 40)")
    extract_only()  # and the process dies here
    platform.source("update contacts set first_name = 'later' where contact_id = 20")
    report = load()
    assert report.finished == 1
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_the_lake_keeps_every_file_by_table_and_load(platform):
    first = load()
    platform.source("update contacts set first_name = 'changed' where contact_id = 20")
    second = load()
    for report in (first, second):
        (load_id,) = report.load_ids
        assert any(key.startswith(f"postgres/RAW/postgres_contacts/{load_id}.") for key in platform.lake())
    assert all(key.startswith("postgres/RAW/") for key in platform.lake())


@pytest.mark.slow
def test_a_new_column_evolves(platform):
    load()
    platform.source("alter table lists add column colour text")
    platform.source("update lists set colour = 'green' where list_id = 3")
    load()
    assert platform.raw("select colour from RAW.POSTGRES_LISTS where list_id = 3") == [("green",)]
    assert_raw_equals_source(platform)


def test_a_changed_type_is_refused_by_name_and_the_other_tables_load(platform):
    load()
    before = platform.raw("select * from RAW.POSTGRES_LISTS order by list_id")
    platform.source("update contacts set first_name = 'changed' where contact_id = 20")
    platform.source("alter table lists alter is_archived type int using is_archived::int")
    platform.source("update lists set is_archived = 1, list_name = 'not yet' where list_id = 3")
    line = refused(load())["lists"]
    assert "lists.is_archived: RAW has bool and the source now has bigint" in line
    assert "python pipelines/postgres.py --accept-type lists.is_archived" in line
    assert platform.raw("select * from RAW.POSTGRES_LISTS order by list_id") == before
    assert differences(platform, "contacts", "contact_id") == []
    platform.source("alter table lists alter is_archived type bool using is_archived::bool")
    assert refused(load()) == {}
    assert_raw_equals_source(platform)


def test_strict_refuses_the_whole_load(platform, monkeypatch):
    load()
    platform.source("update contacts set first_name = 'not yet' where contact_id = 20; drop table list_memberships")
    monkeypatch.setenv("SOURCES__POSTGRES__STRICT", "true")
    with pytest.raises(PipelineError, match="no table public"):
        load()
    assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where first_name = 'not yet'") == [(0,)]


def test_a_dropped_table_is_refused_and_the_others_load(platform):
    load()
    rows = platform.raw("select count(*) from RAW.POSTGRES_LIST_MEMBERSHIPS")
    platform.source("update contacts set first_name = 'changed' where contact_id = 20; drop table list_memberships")
    assert "Postgres has no table public.list_memberships; restore it" in refused(load())["list_memberships"]
    assert differences(platform, "contacts", "contact_id") == []
    assert platform.raw("select count(*) from RAW.POSTGRES_LIST_MEMBERSHIPS") == rows


@pytest.mark.parametrize(
    ("break_it", "line"),
    [
        (
            lambda platform: platform.write_services(postgres_url="postgresql://mailblaze:x@127.0.0.1:1/x"),
            "not reachable",
        ),
        (lambda platform: platform.write_services(postgres_url=wrong_password(platform)), "refused the log-in"),
        (lambda platform: (platform.data_dir / "services.json").unlink(), "`make up`"),
    ],
)
def test_bad_input_is_one_line_and_moves_nothing(platform, break_it, line):
    load()
    before = platform.raw("select max(version) from RAW._dlt_pipeline_state")
    break_it(platform)
    with pytest.raises(Exception) as failure:  # noqa: PT011  each is another one: what counts is the line
        load()
    explained = user_message(failure.value)
    assert line in explained
    assert "\n" not in explained
    assert platform.raw("select max(version) from RAW._dlt_pipeline_state") == before


def wrong_password(platform) -> str:
    password = psycopg2.extensions.parse_dsn(platform.postgres_url)["password"]
    return platform.postgres_url.replace(password, "wrong")
