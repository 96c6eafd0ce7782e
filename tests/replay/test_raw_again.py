"""A replay from the lake alone gives the same rows under the same loads, whatever had happened before."""

import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from dlt.common.schema import Schema
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.destinations.mixins import IdempotentLoadMixin
from exactly_once.destinations.staged_duckdb import StagedCopyJob
from exactly_once.errors import PipelineError
from exactly_once.recovery.manifests import LoadManifest, ManifestStore
from exactly_once.recovery.replay_plan import plan_replay
from mock_services.postgres.traffic import simulate_day
from mock_services.saas import store
from pipelines import postgres, saas
from pipelines.replay import main, replay
from tests.support.compare import assert_raw_equals_source
from tests.support.platform import BUCKET, Platform, objects
from tests.support.steps import counts

ROOT = Path(__file__).parents[2]
# Not the same: whose turn it is, and when this warehouse saw a schema of dlt's for the first time.
OF_THE_WAREHOUSE = {"_load_fence": {"token"}, "_dlt_version": {"inserted_at"}}
COPIED = "_copied_files"  # what the DuckDB destination remembers of a load that was cut off


def test_raw_is_the_same_row_for_row_and_the_next_load_reads_what_is_new(platform):
    """Changed and deleted rows, late and duplicate events, a new column, an interrupted load and one read again."""
    for day in range(2):
        postgres.load()
        saas.load()
        simulate_day(platform.postgres_url)
        store.simulate_day(platform.saas_store, day + 1)
    cut_off_then_lose_the_disk(platform)
    postgres.load()
    saas.load()
    assert len(records(platform, "postgres")) == 4
    kept, lake = lose_raw(platform), written(platform)
    main([])
    assert differences(platform, kept) == {}
    assert written(platform) == lake
    assert set(counts(postgres.load(), "extracted").values()) == {0}
    assert {table.extracted for table in saas.load().tables.values()} == {0}
    assert written(platform) == lake
    platform.source("update contacts set first_name = 'newest' where contact_id = 20")
    assert counts(postgres.load(), "extracted")["contacts"] == 1
    assert_raw_equals_source(platform)


@pytest.mark.usefixtures("few_tables")
class TestPostgresAlone:
    """What is the same for each table and pipeline."""

    def test_what_a_load_had_merged_before_it_was_cut_off_comes_back(self, platform):
        """The second read finds the mark of the delete in RAW, and does not bring it again."""
        postgres.load()
        cut_off_then_lose_the_disk(platform)
        postgres.load()
        of_the_cut_off = "_dlt_load_id = (select load_id from RAW._dlt_loads where status = 1)"
        gone = f"select contact_id from RAW.POSTGRES_CONTACTS where _deleted_at is not null and {of_the_cut_off}"
        assert platform.raw(gone) == [(60,)]
        kept = lose_raw(platform)
        main(["postgres"])
        assert platform.raw(gone) == [(60,)]
        assert differences(platform, kept) == {}

    def test_a_record_that_a_kill_left_out_is_written_by_the_next_load(self, platform, monkeypatch):
        postgres.load()
        change(platform, "killed")
        with monkeypatch.context() as patched:
            patched.setattr("exactly_once.runner.write_manifests", kill)
            with pytest.raises(KeyboardInterrupt):
                postgres.load()
        assert len(records(platform, "postgres")) == 1
        shutil.rmtree(platform.data_dir / "dlt")
        assert counts(postgres.load(), "extracted")["contacts"] == 0
        assert len(records(platform, "postgres")) == 2
        kept = lose_raw(platform)
        main(["postgres"])
        assert differences(platform, kept) == {}

    def test_a_lake_from_before_there_were_records_gets_one_for_each_load(self, platform):
        for name in ("first", "second", "third"):
            change(platform, name)
            postgres.load()
        told = records(platform, "postgres")
        for key in objects(platform.s3_url, BUCKET):
            if "/_loads/" in key or "/_schemas/" in key:
                platform.s3().delete_object(Bucket=BUCKET, Key=key)
        shutil.rmtree(platform.data_dir / "dlt")
        postgres.load()
        again = records(platform, "postgres")
        assert [(one["load_id"], one["completed_at"], one["schema_version"], one["is_first"]) for one in again] == [
            (one["load_id"], one["completed_at"], one["schema_version"], one["is_first"]) for one in told
        ]
        assert [sorted(one["files"].items()) for one in again] == [sorted(one["files"].items()) for one in told]
        kept = lose_raw(platform)
        main(["postgres"])
        assert differences(platform, kept) == {}

    def test_an_idle_load_writes_no_record_and_asks_for_one_only_on_an_empty_disk(self, platform, monkeypatch):
        postgres.load()
        before, asked = written(platform), []
        read = ManifestStore.read
        monkeypatch.setattr(ManifestStore, "read", lambda told, load_id: asked.append(load_id) or read(told, load_id))
        postgres.load()
        assert asked == []
        shutil.rmtree(platform.data_dir / "dlt")
        postgres.load()
        assert len(asked) == 1
        assert written(platform) == before

    @pytest.mark.parametrize("copies", [2, 6])
    def test_a_replay_that_was_cut_off_goes_on(self, platform, monkeypatch, capsys, copies):
        """In the first load, where files are copied into RAW, and in later ones, where they are merged."""
        for name in ("first", "second", "third"):
            change(platform, name)
            postgres.load()
        kept, lake = lose_raw(platform), written(platform)
        with monkeypatch.context() as patched:
            patched.setattr(StagedCopyJob, "run", cut_off_after(copies))
            with pytest.raises(PipelineStepFailed, match="the disk is gone"):
                replay(["postgres"])
        main(["postgres"])
        assert ("continuing after" in capsys.readouterr().out) == (copies == 6)
        assert differences(platform, kept) == {}
        assert written(platform) == lake
        assert set(counts(postgres.load(), "extracted").values()) == {0}

    def test_a_replay_that_was_killed_goes_on_in_another_process(self, platform, monkeypatch):
        """From a lake that is a folder; all others are on S3."""
        monkeypatch.setenv("MAILBLAZE_ENV", "local")
        platform = OnFolder(**vars(platform))
        for number in range(4):
            change(platform, f"name {number}")
            postgres.load()
        kept = lose_raw(platform)
        with subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True) as doomed:
            assert "load 1 of 4" in doomed.stdout.readline()
            doomed.kill()
        shutil.rmtree(platform.data_dir / "replay")
        done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("postgres: continuing after")
        assert differences(platform, kept) == {}

    def test_rows_that_are_of_no_replay_are_refused_and_the_line_says_what_to_type(self, platform):
        postgres.load()
        change(platform, "other")
        postgres.load()
        before = platform.raw("select * from RAW._dlt_loads"), platform.raw("select * from RAW._load_fence")
        refused = subprocess.run([*COMMAND, "--quiet"], cwd=ROOT, capture_output=True, text=True)
        assert refused.returncode == 1
        assert refused.stderr.startswith("✗ RAW.POSTGRES_ACCOUNTS has rows")
        assert refused.stderr.count("\n") == 1
        assert (platform.raw("select * from RAW._dlt_loads"), platform.raw("select * from RAW._load_fence")) == before
        first = "where load_id = (select min(load_id) from RAW._dlt_loads)"
        platform.raw(f"update RAW._dlt_loads set schema_name = 'of another' {first}")
        with pytest.raises(PipelineError, match="POSTGRES_ACCOUNTS has rows"):
            replay(["postgres"])
        platform.raw(f"update RAW._dlt_loads set schema_name = 'postgres' {first}")
        kept = platform.data_dir / "kept.duckdb"
        shutil.copy(platform.warehouse, kept)
        told = refused.stderr.split("`")[1].split()
        assert told[0] == "dlt"
        subprocess.run([Path(sys.executable).parent / told[0], *told[1:]], cwd=ROOT, check=True, capture_output=True)
        assert subprocess.run(COMMAND, cwd=ROOT, capture_output=True).returncode == 0
        assert differences(platform, kept) == {}

    def test_a_raw_that_was_restored_from_an_older_copy_is_carried_on(self, platform):
        postgres.load()
        older = platform.data_dir / "older.duckdb"
        shutil.copy(platform.warehouse, older)
        change(platform, "newer")
        postgres.load()
        kept = lose_raw(platform)
        older.rename(platform.warehouse)
        main(["postgres"])
        assert differences(platform, kept) == {}

    def test_what_the_lake_has_from_before_raw_was_dropped_does_not_come_back(self, platform):
        """It was read again then, without the rows that the source had deleted."""
        postgres.load()
        platform.source("delete from contacts where contact_id = 60")
        lose_raw(platform)
        shutil.rmtree(platform.data_dir / "dlt")
        postgres.load()
        change(platform, "newer")
        postgres.load()
        kept = lose_raw(platform)
        main(["postgres"])
        assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where contact_id = 60") == [(0,)]
        assert differences(platform, kept) == {}

    def test_a_table_that_was_dropped_and_read_again_comes_once(self, platform):
        postgres.load()
        platform.source("delete from contacts where contact_id = 60")
        drop = [Path(sys.executable).parent / "dlt", "-y", "pipeline", "postgres", "drop", "contacts"]
        subprocess.run(drop, cwd=ROOT, check=True, capture_output=True)
        change(platform, "newer")
        assert counts(postgres.load(), "extracted")["contacts"] > 2_000
        kept = lose_raw(platform)
        main(["postgres"])
        found = differences(platform, kept)
        assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where contact_id = 60") == [(0,)]
        # dlt's own command loads without our runner, and writes no manifest.
        assert found.keys() <= {"_dlt_loads", "_dlt_pipeline_state", "_dlt_version"}

    def test_bad_input_is_one_line(self, platform, capsys):
        def line(*words: str) -> str:
            capsys.readouterr()  # what a load before it said
            with pytest.raises(SystemExit) as refused:
                main(words)
            assert refused.value.code == 1
            told = capsys.readouterr()
            assert told.out == ""
            assert told.err.count("\n") == 1
            return told.err

        assert "There is no pipeline mysql: type postgres or saas" in line("mysql")
        assert f"s3://{BUCKET}/saas/RAW has no manifest of a load of saas" in line("saas")
        postgres.load()
        lose_raw(platform)
        assert "has no manifest of a load of saas" in line()
        assert not platform.warehouse.exists() or platform.raw("select * from duckdb_tables()") == []
        (key,) = [key for key in objects(platform.s3_url, BUCKET) if "/_loads/" in key]
        platform.s3().put_object(Bucket=BUCKET, Key=key, Body=b"{")
        assert f"{key} is no load manifest" in line("postgres")


class OnFolder(Platform):
    """The same, on `local`: its lake is a folder."""

    @property
    def warehouse(self) -> Path:
        return self.data_dir / "dp_mailblaze_demo_local_db.duckdb"


COMMAND = [sys.executable, "pipelines/replay.py", "postgres"]


class TestPlan:
    """Which loads and files count."""

    def test_loads_come_in_the_order_in_which_they_landed_and_not_in_that_of_their_clocks(self):
        behind = told("9997.1", token=7, completed_at="2026-03-01T00:00:00.000000+00:00")
        found = plan_replay([told("9999.1", token=8), told("9998.1", token=6), behind], schema)
        assert [step.load_id for step in found] == ["9998.1", "9997.1", "9999.1"]

    def test_a_copy_of_a_table_that_is_merged_elsewhere_begins_it_though_nobody_told_that_it_was_made(self):
        found = plan_replay([told("1.1", token=1), told("2.1", token=2, schema_version="append")], schema)
        assert [list(step.files) for step in found] == [[], ["things"]]
        assert [step.recreated_tables for step in found] == [[], ["things"]]

    def test_a_table_that_is_always_appended_to_is_whole(self):
        version = {"schema_version": "append"}
        found = plan_replay([told("1.1", token=1, **version), told("2.1", token=2, **version)], schema)
        assert [list(step.files) for step in found] == [["things"], ["things"]]


def told(load_id: str, token: int, **also) -> LoadManifest:
    known = {"completed_at": f"2026-04-0{token}T00:00:00.000000+00:00", "schema_version": "merge"}
    return LoadManifest(load_id, 0, token=token, files={"things": [f"things/{load_id}.a.parquet"]}, **known | also)


def schema(version: str) -> Schema:
    """Return a schema whose version is how its table is written."""
    made = Schema("things")
    made.update_table({"name": "things", "write_disposition": version, "columns": {}})
    return made


def change(platform, name: str) -> None:
    platform.source(f"update contacts set first_name = '{name}' where contact_id = 20")


def kill(*_) -> None:
    raise KeyboardInterrupt


def cut_off_then_lose_the_disk(platform) -> None:
    """Let a load merge a changed and a deleted row, end before it is complete, and never come back."""
    platform.source("update contacts set first_name = 'cut off' where contact_id = 40")
    platform.source("delete from contacts where contact_id = 60")
    complete = IdempotentLoadMixin.complete_load
    try:
        IdempotentLoadMixin.complete_load = gone
        with pytest.raises(PipelineStepFailed, match="the machine is gone"):
            postgres.load()
    finally:
        IdempotentLoadMixin.complete_load = complete
    shutil.rmtree(platform.data_dir / "dlt")


def gone(*_) -> None:
    raise DatabaseTerminalException(OSError("the machine is gone"))


def cut_off_after(copies: int):
    copy, copied = StagedCopyJob.run, []

    def run(job) -> None:
        if len(copied) == copies:
            raise DatabaseTerminalException(OSError("the disk is gone"))
        copy(job)
        copied.append(job.load_table_name)

    return run


def lose_raw(platform) -> Path:
    """Move the warehouse away, and return its path."""
    return platform.warehouse.rename(platform.data_dir / f"lost-{len(list(platform.data_dir.iterdir()))}.duckdb")


def differences(platform, kept: Path) -> dict[str, list]:
    """Return the tables of RAW whose columns or rows are not those of another warehouse, with some of both."""
    found = {}
    with closing(duckdb.connect(str(platform.warehouse))) as connection:
        connection.execute(f"set TimeZone = 'UTC'; attach '{kept}' as kept (read_only)")
        databases = (platform.warehouse.stem, "kept")
        columns = [
            dict(
                connection.execute(
                    "select table_name, list((column_name, data_type) order by column_index) from duckdb_columns() "
                    f"where schema_name = 'RAW' and database_name = '{database}' group by all"
                ).fetchall()
            )
            for database in databases
        ]
        assert columns[0].keys() == columns[1].keys()
        for table, described in columns[1].items():
            if table == COPIED:
                continue
            if columns[0][table] != described:
                found[table] = [columns[0][table], described]
                continue
            left_out = OF_THE_WAREHOUSE.get(table, set())
            names = ", ".join(f'"{name}"' for name, _ in described if name not in left_out)
            ours, theirs = (f'select {names} from {database}.RAW."{table}"' for database in databases)
            sql = f"({ours} except all {theirs}) union all ({theirs} except all {ours}) limit 4"
            if rows := connection.execute(sql).fetchall():
                found[table] = rows
    return found


def records(platform, pipeline: str) -> list[dict]:
    keys = objects(platform.s3_url, BUCKET, f"{pipeline}/RAW/_loads/")
    bodies = [platform.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys]
    return [json.loads(body) for body in bodies]


def written(platform) -> dict[str, tuple]:
    """Return when each object of the lake but the leases was written, and what it is."""
    pages = platform.s3().get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    found = [item for page in pages for item in page.get("Contents", []) if "/_lease/" not in item["Key"]]
    return {item["Key"]: (item["LastModified"], item["ETag"]) for item in found}
