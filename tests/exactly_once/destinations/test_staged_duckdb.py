"""The contract with the pinned dlt: the internals that staged_duckdb uses exist and mean the same."""

import subprocess
import sys
import threading

import dlt
import duckdb
import pyarrow as pa
import pytest
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.job_impl import ReferenceFollowupJobRequest

from exactly_once.destinations.fenced_snowflake import FencedSnowflakeConfiguration
from exactly_once.destinations.staged_duckdb import StagedCopyJob, staged_duckdb

pytestmark = pytest.mark.integration


@pytest.fixture
def pipeline(tmp_path):
    def make(**settings: str) -> dlt.Pipeline:
        credentials = DuckDbCredentials(str(tmp_path / "contract.duckdb"))
        credentials.global_config = settings
        return dlt.pipeline(
            "contract",
            destination=staged_duckdb(credentials),
            staging=dlt.destinations.filesystem(f"{tmp_path}/lake/it's"),
            dataset_name="landing",
            pipelines_dir=str(tmp_path / "dlt"),
        )

    return make


def rows(tmp_path, sql: str) -> list[tuple]:
    with duckdb.connect(str(tmp_path / "contract.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_lake_keeps_the_files_of_earlier_loads_by_default(pipeline, tmp_path):
    for load in (1, 2):
        pipeline().run([{"id": load}], table_name="items", write_disposition="replace", loader_file_format="parquet")
    assert len(list(tmp_path.glob("lake/it's/landing/items/*.parquet"))) == 2
    assert FencedSnowflakeConfiguration().truncate_tables_on_staging_destination_before_load is False


def test_dlt_still_has_what_the_subclass_overrides():
    assert hasattr(DuckDbClient, "create_load_job")
    assert hasattr(DuckDbCopyJob, "run")
    assert hasattr(ReferenceFollowupJobRequest, "is_reference_job")
    assert dlt.destinations.duckdb().capabilities().supported_staging_file_formats == [], (
        "dlt's own duckdb takes staged files now: exactly_once/destinations/staged_duckdb.py may go"
    )


def test_rows_reach_duckdb_from_the_lakes_files_and_the_files_stay(pipeline, tmp_path, monkeypatch):
    loaded = []
    insert = StagedCopyJob._insert
    monkeypatch.setattr(StagedCopyJob, "_insert", lambda job, path, url: (loaded.append(path), insert(job, path, url)))
    table = pa.table({"id": [1, 2], "name": ["a", None]})
    for _ in range(2):
        pipeline().run(
            table, table_name="things", write_disposition="merge", primary_key="id", loader_file_format="parquet"
        )
    files = list((tmp_path / "lake").rglob("things/*.parquet"))
    assert len(files) == 2
    assert {str(file) for file in files} <= set(loaded)
    assert rows(tmp_path, "select id, name from landing.things order by id") == [(1, "a"), (2, None)]


def test_columns_are_matched_by_name_and_a_new_one_evolves(pipeline, tmp_path):
    run = {"table_name": "things", "loader_file_format": "parquet"}
    pipeline().run(pa.table({"id": [1], "name": ["a"]}), **run)
    pipeline().run(pa.table({"name": ["b"], "score": [0.5], "id": [2]}), **run)
    assert rows(tmp_path, "select id, name, score from landing.things order by id") == [(1, "a", None), (2, "b", 0.5)]


def test_a_file_that_needs_more_memory_than_usual_gets_it(pipeline, tmp_path, monkeypatch):
    tries = []
    insert = StagedCopyJob._insert
    monkeypatch.setattr(StagedCopyJob, "_insert", lambda job, path, url: (tries.append(url), insert(job, path, url)))
    table = pa.table({"id": range(300), "document": [f"{number:06} " * 50_000 for number in range(300)]})
    run = {"table_name": "things", "loader_file_format": "parquet"}
    pipeline(memory_limit="60MB").run(table, **run)
    assert len([url for url in tries if "things" in url]) > 1
    assert rows(tmp_path, "select count(*), sum(length(document)) from landing.things") == [(300, 300 * 350_000)]


def test_replace_leaves_only_the_new_rows(pipeline, tmp_path):
    for ids in ([1, 2, 3], [4]):
        pipeline().run(
            pa.table({"id": ids}), table_name="things", write_disposition="replace", loader_file_format="parquet"
        )
    assert rows(tmp_path, "select id from landing.things") == [(4,)]


READ = (
    "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('reads', flush=True); sys.stdin.read()"
)


def test_a_load_waits_for_somebody_who_reads(pipeline, tmp_path):
    duckdb.connect(str(tmp_path / "contract.duckdb")).close()
    command = [sys.executable, "-c", READ, str(tmp_path / "contract.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as dashboard:
        assert dashboard.stdout.readline() == "reads\n"
        # The load opens the file at once; the one who reads is done only later.
        done = threading.Timer(0.3, dashboard.stdin.close)
        done.start()
        pipeline().run(pa.table({"id": [1]}), table_name="things", loader_file_format="parquet")
        done.join()
    assert rows(tmp_path, "select id from landing.things") == [(1,)]
