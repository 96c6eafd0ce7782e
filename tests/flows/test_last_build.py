"""When dbt has nothing to build; with a small DuckDB file as the warehouse (test_elt.py has a real one)."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from flows.dbt_build.build_cache import clear, take_fingerprint

LOADS = "load_id varchar, schema_name varchar, status bigint, inserted_at timestamptz, schema_version_hash varchar"
END_OF_LOAD = "insert into RAW._dlt_loads select epoch(now())::varchar, 'postgres', 0, now(), 'hash'"


@pytest.fixture
def project(tmp_path):
    """A dbt project of two files, and files that dbt itself writes."""
    project = tmp_path / "dbt"
    for name in ("dbt_project.yml", "models/mart/dim.sql", "target/manifest.json", "logs/dbt.log"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("as it was")
    return project


@pytest.fixture
def built(platform, project):
    """RAW after a load, and a build that ended well."""
    change(platform, f"create schema RAW; create table RAW._dlt_loads ({LOADS})")
    change(platform, END_OF_LOAD)
    fingerprint = take_fingerprint(project)
    change(platform, "create schema MART; create table MART.DIM (id bigint)")
    change(platform, "create schema STAGING; create view STAGING.STG as select 1 as id")
    fingerprint.save(tested_at=datetime.now(UTC))
    return platform


def change(platform, sql: str) -> None:
    with duckdb.connect(str(platform.warehouse)) as warehouse:
        warehouse.execute(sql)


def test_with_the_same_fingerprint_there_is_nothing_to_build(built, project):
    assert datetime.now(UTC) - take_fingerprint(project).built_at() < timedelta(minutes=5)
    (project / "target" / "manifest.json").write_text("dbt has written it again")
    assert take_fingerprint(project).built_at()


def test_before_the_first_load_and_the_first_build_there_is_something_to_build(platform, project):
    assert take_fingerprint(project).loads == []
    assert take_fingerprint(project).built_at() is None


def test_a_load_is_something_to_build(built, project):
    change(built, END_OF_LOAD)
    assert take_fingerprint(project).built_at() is None


def test_a_load_that_ended_while_dbt_built_is_something_to_build(built, project):
    before = take_fingerprint(project)
    change(built, END_OF_LOAD)
    before.save()
    assert take_fingerprint(project).built_at() is None


@pytest.mark.parametrize(
    "touch",
    [
        lambda project: (project / "models/mart/dim.sql").write_text("another line"),
        lambda project: (project / "models/mart/dim.sql").rename(project / "models/dim.sql"),
        lambda project: (project / "models/mart/fct.sql").write_text(""),
        lambda project: (project / "dbt_project.yml").unlink(),
    ],
    ids=["changed", "moved", "added", "removed"],
)
def test_a_file_of_the_project_is_something_to_build(built, project, touch):
    touch(project)
    assert take_fingerprint(project).built_at() is None


@pytest.mark.parametrize("sql", ["drop table MART.DIM", "drop view STAGING.STG", "drop schema MART cascade"])
def test_a_dropped_model_is_something_to_build(built, project, sql):
    change(built, sql)
    assert take_fingerprint(project).built_at() is None
    assert take_fingerprint(project).tested_at() is None


def test_a_day_later_a_build_is_done_again(built, project):
    file = built.data_dir / "last_build.json"
    kept = json.loads(file.read_text())
    kept["built_at"] = (datetime.now(UTC) - timedelta(days=1, minutes=1)).isoformat()
    file.write_text(json.dumps(kept))
    assert take_fingerprint(project).built_at() is None


def test_every_test_runs_once_a_day_and_after_each_change_of_the_project(built, project):
    change(built, END_OF_LOAD)
    assert take_fingerprint(project).tested_at()  # a load alone does not require the tests
    yesterday = datetime.now(UTC) - timedelta(days=1, minutes=1)
    take_fingerprint(project).save(yesterday)
    assert take_fingerprint(project).built_at()
    assert take_fingerprint(project).tested_at() is None
    take_fingerprint(project).save(datetime.now(UTC))
    (project / "models/mart/dim.sql").write_text("another line")
    assert take_fingerprint(project).tested_at() is None
    take_fingerprint(project).save(None)  # by a build that leaves the tests to another one
    assert take_fingerprint(project).tested_at() is None


def test_another_environment_has_a_build_of_its_own(built, project, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    assert take_fingerprint(project).built_at() is None


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"built_at": 1, "ground": 2}'])
def test_a_damaged_cache_is_no_build(built, project, text):
    (built.data_dir / "last_build.json").write_text(text)
    assert take_fingerprint(project).built_at() is None


def test_a_build_that_begins_clears_the_cache(built, project):
    clear()
    assert take_fingerprint(project).built_at() is None
    clear()
