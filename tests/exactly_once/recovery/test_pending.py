"""Packages of a killed run: finished, quarantined or read again, and never loaded twice or over newer rows."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.destinations.fencing import FencingToken, last_load_attempt, write_fencing_token
from exactly_once.destinations.staged_duckdb import StagedCopyJob
from exactly_once.errors import exit_code, user_message
from exactly_once.runner import acquire_lease, load_packages
from pipelines.environment import build_pipeline
from pipelines.postgres import load
from tests.support.compare import assert_raw_equals_source
from tests.support.steps import StubLease, activated, extract_only

pytestmark = pytest.mark.usefixtures("few_tables")


@pytest.mark.slow
def test_another_machine_reads_again_what_this_one_had_extracted(platform):
    """A worker is killed after the extraction, and its folder is used again after another loaded newer rows."""
    load()
    platform.source("update contacts set first_name = 'old news' where contact_id in (20, 40)")
    extract_only()
    away = platform.data_dir / "another-machine"
    shutil.move(platform.data_dir / "dlt", away)
    platform.source("update contacts set first_name = 'newest' where contact_id = 20")
    assert load().tables["postgres_contacts"].extracted == 2
    assert_raw_equals_source(platform)
    shutil.rmtree(platform.data_dir / "dlt")
    shutil.move(away, platform.data_dir / "dlt")
    platform.source("update contacts set first_name = 'other' where contact_id = 60")
    report = load()
    assert (report.quarantined, report.finished) == (1, 0)
    assert len(list((platform.data_dir / "set_aside").iterdir())) == 1
    assert_raw_equals_source(platform)


def test_a_run_that_was_overtaken_commits_nothing(platform):
    """A paused run resumes after another run took its lease: the warehouse rejects its writes."""
    load()
    platform.source("update contacts set first_name = 'late' where contact_id = 20")
    report = extract_only()
    pipeline = build_pipeline("postgres")
    with pipeline.sql_client() as warehouse:
        before = last_load_attempt(warehouse, "postgres")
    write_fencing_token(pipeline, before.token + 1_000, "of-a-newer-run")
    with pytest.raises(Exception, match="taken over") as failure:
        load_packages(pipeline, report, StubLease(before.token + 999))
    assert exit_code(failure.value) == 76
    assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where first_name = 'late'") == [(0,)]


@pytest.mark.slow
def test_a_run_that_is_overtaken_while_it_lands_commits_nothing_more(platform):
    load()
    platform.source("update contacts set first_name = 'late' where contact_id = 20")
    report = extract_only()
    pipeline = build_pipeline("postgres")
    write_fencing_token(pipeline, 2**40, "of-a-newer-run")
    pipeline.destination.config_params["fencing_token"] = FencingToken("postgres", 7)
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.load()
    assert "Another run has taken over" in user_message(failure.value)
    assert exit_code(failure.value) == 76
    assert platform.raw("select count(*) from RAW.POSTGRES_CONTACTS where first_name = 'late'") == [(0,)]
    loads = platform.raw("select count(*) from RAW._dlt_loads")
    pipeline.destination.config_params["fencing_token"] = None
    assert report.load_ids == []
    assert load().quarantined == 1
    assert platform.raw("select count(*) from RAW._dlt_loads") > loads
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_a_first_load_that_was_cut_off_in_its_middle_comes_once(platform, monkeypatch):
    """Its folder was copied; the package is too old for a warehouse that no longer lists its files."""
    extract_only()
    copy = StagedCopyJob.run
    copied = []

    def cut_off(job):
        if copied:
            raise DatabaseTerminalException(OSError("the disk is gone"))
        copy(job)
        if not job.load_table_name.startswith("_dlt"):
            copied.append(job.load_table_name)

    monkeypatch.setattr(StagedCopyJob, "run", cut_off)
    with pytest.raises(PipelineStepFailed, match="the disk is gone"):
        load()
    monkeypatch.setattr(StagedCopyJob, "run", copy)
    assert platform.raw(f"select count(*) from RAW.{copied[0]}") > [(0,)]
    monkeypatch.setattr("exactly_once.recovery.pending.MAX_AGE", timedelta(0))
    report = load()
    assert (report.quarantined, report.finished) == (1, 0)
    assert_raw_equals_source(platform)


@pytest.mark.slow
def test_a_state_whose_rows_never_landed_is_forgotten(platform):
    """Somebody removed a package: dlt keeps the cursor that it moved, and its rows would never be loaded."""
    load()
    platform.source("update contacts set first_name = 'aborted' where contact_id = 20")
    extract_only()
    for package in Path(build_pipeline("postgres").working_dir, "load/normalized").iterdir():
        shutil.rmtree(package)
    assert load().tables["postgres_contacts"].extracted == 1
    assert_raw_equals_source(platform)


def test_a_second_run_is_refused_with_a_code_of_its_own(platform):
    with acquire_lease(activated()):
        refused = subprocess.run(
            [sys.executable, "pipelines/postgres.py", "--quiet"],
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
        )
    assert refused.returncode == 75
    assert f"pid {os.getpid()}" in refused.stderr
    assert refused.stderr.count("\n") == 1
