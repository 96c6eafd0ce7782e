"""The record of a run: written however the run ends, read by another process, limited in number, without secrets."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from exactly_once.errors import PipelineError
from exactly_once.lease.lease import LeaseHeld, LeaseLost
from exactly_once.report import LoadReport, TableReport
from exactly_once.table_guard import RefusedTable
from flows.orchestration.failed_states import LoadsFailed
from pipelines.runs import run_history
from pipelines.runs.run_history import RecordedRun, read_runs
from pipelines.runs.run_record import BUSY, KILLED, OK, RUNNING, records_folder
from pipelines.runs.run_writer import recorded

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time, duckdb
kept = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(600)
"""
BEGIN = """
import sys, time
from pipelines.runs.run_writer import recorded
with recorded('load', 'python pipelines/saas.py', ['saas']):
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MAILBLAZE_ENV", "local")
    return tmp_path


def only_record() -> RecordedRun:
    (found,), damaged = read_runs("local")
    assert damaged == 0
    return found


def report(*refused: RefusedTable) -> LoadReport:
    tables = {"saas_campaigns": TableReport("saas_campaigns", 3, 3, 59, 0.1, "2026-06-30T10:00:00+00:00")}
    return LoadReport("saas", ["1"], tables, list(refused))


def run_load(what) -> None:
    with recorded("load", "python pipelines/saas.py", ["saas"]) as run:
        if isinstance(what, BaseException):
            raise what
        run.loaded(what)


@pytest.mark.integration
def test_where_another_process_has_duckdbs_file_the_run_is_busy_and_each_source_has_a_plain_line(place):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(place / "x.duckdb")], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(duckdb.IOException) as held:
            duckdb.connect(str(place / "x.duckdb"))
    finally:
        holder.kill()
        holder.communicate()
    failure = LoadsFailed({"postgres": held.value, "saas": held.value})
    line = "Another process holds the DuckDB file: wait until it ends (`make status`), then run again."
    assert (failure.lines, failure.exit_code) == ([f"postgres: {line}", f"saas: {line}"], 75)
    with pytest.raises(duckdb.IOException):
        run_load(held.value)
    assert (only_record().result, only_record().record.exit_code, only_record().line) == (BUSY, 75, line)


def test_a_good_run_keeps_its_tables_for_its_owner_alone(place):
    old = os.umask(0)
    try:
        run_load(report())
    finally:
        os.umask(old)
    found = only_record()
    assert (found.result, found.record.exit_code, found.record.outcome("saas").result) == (OK, 0, OK)
    (rows,) = found.record.tables
    assert (rows.table, rows.extracted, rows.in_raw) == ("saas_campaigns", 3, 59)
    assert datetime.now(UTC) - datetime.fromisoformat(rows.loaded_at) < timedelta(minutes=1)
    assert rows.read_to == "2026-06-30T10:00:00+00:00"
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert (place / "runs").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("error", "code", "result"),
    [
        (PipelineError("type this"), 1, "failed"),
        (LeaseHeld("another"), 75, "busy"),
        (LeaseLost("overtaken"), 76, "overtaken"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyboardInterrupt(15), 143, "interrupted"),
        (SystemExit(143), 143, "interrupted"),
        (SystemExit("a line"), 1, "failed"),
        (ZeroDivisionError("1/0"), 1, "failed"),
    ],
)
def test_every_end_is_recorded_with_its_code_and_its_line(error, code, result):
    with pytest.raises(type(error)):
        run_load(error)
    found = only_record()
    assert (found.result, found.record.exit_code) == (result, code)
    assert found.record.outcome("saas").result == result
    if isinstance(error, PipelineError):
        assert found.line == str(error)
    if isinstance(error, ZeroDivisionError):
        assert found.line == "ZeroDivisionError: 1/0: this is a bug, its traceback is in the run's log."


def test_a_refused_table_is_named_and_the_others_are_kept():
    run_load(report(RefusedTable("lists", "saas_lists", "lists: take it out", 3)))
    found = only_record()
    assert (found.result, found.record.exit_code, found.line) == ("refused", 3, "lists: take it out")
    assert [(one.table, one.line) for one in found.record.refused] == [("saas_lists", "lists: take it out")]
    assert [one.table for one in found.record.tables] == ["saas_campaigns"]


@pytest.mark.integration
def test_a_killed_run_is_at_work_until_it_is_killed():
    code = BEGIN + "    print('begun', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        found = only_record()
        assert (found.result, found.record.pid) == (RUNNING, process.pid)
        process.kill()
    found = only_record()
    assert found.result == KILLED
    assert "type `python pipelines/saas.py`" in found.line


@pytest.mark.integration
def test_a_run_that_cannot_be_seen_from_here_counts_as_killed_once_it_is_silent():
    with recorded("load", "python pipelines/saas.py", ["saas"]) as run:
        elsewhere = asdict(run.record) | {"machine": "another:1", "host": "another", "pid": 1}
    run.path.write_text(json.dumps(elsewhere | {"result": None, "ended_at": None}))
    assert only_record().result == RUNNING
    os.utime(run.path, (run.path.stat().st_mtime - 600,) * 2)
    assert only_record().result == KILLED


@pytest.mark.integration
def test_two_runs_at_once_have_two_records_and_a_run_inside_of_a_run_has_none():
    code = BEGIN + "    print('begun', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as two,
    ):
        assert (one.stdout.readline(), two.stdout.readline()) == (b"begun\n", b"begun\n")
        with recorded("flow", "python flows/elt.py", ["saas"]) as outer:
            run_load(report())
        assert outer.record.outcome("saas").result == OK
        one.communicate()
        two.communicate()
    found, _ = read_runs("local")
    assert sorted(record.record.kind for record in found) == ["flow", "load", "load"]


def test_a_damaged_record_is_counted_and_one_of_a_later_version_is_read():
    run_load(report())
    kept = json.loads(only_record().path.read_text())
    for number, text in enumerate(["", "{", "[]", "null", '{"run_id": 1}', "\0" * 100]):
        (records_folder("local") / f"20260101T00000000000{number}-x.json").write_text(text)
    later = kept | {"version": 2, "new": 1, "tables": [kept["tables"][0] | {"bytes": 5}]}
    (records_folder("local") / "20990101T000000000000-later.json").write_text(json.dumps(later))
    found, damaged = read_runs("local")
    assert ([one.record.version for one in found], damaged) == ([2, 1], 6)
    assert found[0].record.tables[0].in_raw == 59


def test_the_oldest_records_go_and_the_last_good_one_of_a_source_stays(monkeypatch):
    monkeypatch.setattr(run_history, "KEPT", 3)
    run_load(report())
    good = only_record().path
    for _ in range(5):
        with pytest.raises(PipelineError):
            run_load(PipelineError("no"))
    found, _ = read_runs("local")
    assert [one.result for one in found] == ["failed"] * 3 + [OK]
    assert found[-1].path == good


def test_no_secret_gets_into_a_record(place, monkeypatch):
    password, token, shell = "word-of-a-role", "a-bearer-token", "from-the-shell"
    address = "postgresql://mailblaze:" + password + "@127.0.0.1/db"
    (place / "services.json").write_text(json.dumps({"postgres_url": address, "saas_token": token}))
    monkeypatch.setenv("DESTINATION__WAREHOUSE__CREDENTIALS__PASSWORD", shell)
    other = "postgresql://u:" + "unknown" + "@host/db"
    with pytest.raises(PipelineError):
        run_load(PipelineError(f"{address} {token} {shell} {other} {password}"))
    text = only_record().path.read_text()
    for secret in (password, token, shell, "unknown"):
        assert secret not in text


def test_a_record_that_cannot_be_written_is_said_once_and_the_run_goes_on(place, capsys):
    (place / "runs").write_text("a file")
    run_load(report())
    (line,) = capsys.readouterr().err.splitlines()
    assert "the record of this run was not written" in line
