"""`make status`: what the records of runs say, in seconds and without the libraries of a load."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.outputs.dashboard_page import PageTarget
from flows.run_status.problems import unresolved
from flows.run_status.summary import summary_lines
from pipelines.environment import environment
from pipelines.runs.run_history import RecordedRun
from pipelines.runs.run_record import (
    BUSY,
    FAILED,
    INTERRUPTED,
    KILLED,
    OK,
    REFUSED,
    Build,
    Outcome,
    Refused,
    RunRecord,
    TableRows,
    records_folder,
)
from pipelines.runs.run_writer import write_private

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
FLOW, SAAS, POSTGRES = "python flows/elt.py", "python pipelines/saas.py", "python pipelines/postgres.py"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    return tmp_path


def at(minute: int) -> str:
    return (NOW.replace(hour=15) + timedelta(minutes=minute)).isoformat()


def run(minute: int, command: str, result: str, line: str = "", **parts: str) -> RecordedRun:
    """Return a run of 15:MM whose parts (sources, dbt) ended as named."""
    kind = "flow" if command == FLOW else "load"
    sources = ["postgres", "saas"] if kind == "flow" else [command.rpartition("/")[2].removesuffix(".py")]
    record = RunRecord(
        run_id=str(minute), kind=kind, command=command, environment="ci", sources=sources, host="h", pid=1,
        machine=None, started=None, began_at=at(minute), ended_at=None if result == KILLED else at(minute), seconds=9.0,
        result=None if result == KILLED else result, exit_code={OK: 0, BUSY: 75}.get(result, 1), line=line,
    )  # fmt: skip
    record.outcomes = [Outcome(part, how, "" if how == OK else line, at(minute)) for part, how in parts.items()]
    record.tables = [
        TableRows(f"{part}_t", part, in_raw=minute, loaded_at=at(minute), read_to="2026-06-30T10:00:00+00:00")
        for part, how in parts.items()
        if how == OK and part != "dbt"
    ]
    record.build = Build({"pass": 3, "success": 2}) if parts.get("dbt") == OK else None
    return RecordedRun(record, result, Path("x"))


GOOD = run(10, FLOW, OK, postgres=OK, saas=OK, dbt=OK)


def ordered(*found: RecordedRun) -> list[RecordedRun]:
    """Return runs as `read_runs` does."""
    return sorted(found, key=lambda one: one.record.ended_at or one.record.began_at, reverse=True)


def whats(*found: RecordedRun) -> list[str]:
    return [one.what for one in unresolved(ordered(*found))]


@pytest.mark.parametrize(
    ("found", "problems"),
    [
        ([GOOD], []),
        # the part that failed, until it is done again
        ([GOOD, run(20, FLOW, FAILED, "no", postgres=OK, saas=FAILED)], ["saas failed"]),
        ([run(20, FLOW, FAILED, "no", postgres=OK, saas=FAILED), run(30, POSTGRES, OK, postgres=OK)], ["saas failed"]),
        ([run(20, FLOW, FAILED, "no", postgres=OK, saas=FAILED), run(30, SAAS, OK, saas=OK)], []),
        ([run(20, FLOW, FAILED, "no", postgres=OK, saas=OK, dbt=FAILED), run(30, SAAS, OK, saas=OK)], ["dbt failed"]),
        ([run(20, SAAS, REFUSED, "no", saas=REFUSED)], ["saas tables were refused"]),
        # another run at work hides nothing and is no failure
        ([GOOD, run(20, FLOW, BUSY)], []),
        ([run(20, SAAS, FAILED, "no", saas=FAILED), run(30, SAAS, BUSY, saas=BUSY)], ["saas failed"]),
        # a run that failed as a whole, until a run that does as much ends well
        ([run(20, FLOW, FAILED, "no Prefect")], [f"{FLOW} failed"]),
        ([run(20, FLOW, FAILED, "no Prefect"), run(30, SAAS, OK, saas=OK)], [f"{FLOW} failed"]),
        ([run(5, FLOW, FAILED, "no Prefect"), GOOD], []),
        ([run(20, FLOW, FAILED, "no Prefect"), run(30, FLOW, FAILED, "no Prefect")], [f"{FLOW} failed"]),
        ([run(20, SAAS, KILLED)], [f"{SAAS} was killed"]),
        ([run(5, SAAS, KILLED), GOOD], []),
        ([run(20, FLOW, INTERRUPTED, "Ctrl-C", saas=OK)], [f"{FLOW} was interrupted"]),
    ],
)
def test_what_did_not_end_well_is_named_until_it_is_done_again(found, problems):
    assert whats(*found) == problems


def shown(*found: RecordedRun) -> list[str]:
    return list(summary_lines(environment(), ordered(*found), 0, unresolved(ordered(*found)), NOW))


def test_the_last_run_and_the_last_good_one_have_their_times_ends_and_lines():
    lines = shown(
        run(52, FLOW, OK, postgres=OK, saas=OK, dbt=OK),
        run(54, FLOW, FAILED, "The SaaS API refused the token: set it.", postgres=OK, saas=FAILED),
        run(55, FLOW, BUSY, "Another run is at work."),
    )
    assert lines[:5] == [
        f"Last run        2026-11-26 15:55 UTC, 5 minutes ago: {FLOW} loaded nothing, as another run was at work "
        "(9.0 s, exit code 75)",
        "                ✗ Another run is at work.",
        f"Before that     2026-11-26 15:54 UTC, 6 minutes ago: {FLOW} failed (9.0 s, exit code 1)",
        "                ✗ The SaaS API refused the token: set it.",
        f"Last good run   2026-11-26 15:52 UTC, 8 minutes ago: {FLOW} ended well (9.0 s)",
    ]
    assert "  saas failed, 6 minutes ago: The SaaS API refused the token: set it." in lines
    tables = {line.split()[0]: line for line in lines if line.startswith(("POSTGRES_", "SAAS_"))}
    assert "6 minutes ago" in tables["POSTGRES_T"]  # of the run that failed: this source was loaded
    assert "8 minutes ago  2026-06-30 10:00" in tables["SAAS_T"]
    assert "dbt             2026-11-26 15:52 UTC, 8 minutes ago: 3 pass, 2 success" in lines


def test_a_refused_table_has_the_age_of_its_last_good_load_and_its_line():
    refused = run(30, SAAS, REFUSED, "saas_t: take it out", saas=REFUSED)
    refused.record.refused = [Refused("saas", "saas_t", "saas_t: take it out")]
    lines = shown(GOOD, refused)
    (row,) = [line for line in lines if line.startswith("SAAS_T")]
    assert "50 minutes ago" in row
    assert row.endswith("refused since")
    assert "✗ saas_t: take it out" in lines
    again = run(40, SAAS, OK, saas=OK)
    assert not any("refused" in line for line in shown(GOOD, refused, again))


def test_what_is_no_longer_declared_is_no_problem():
    refused = run(30, SAAS, REFUSED, "saas_typo: there is no such endpoint", saas=REFUSED)
    refused.record.refused = [Refused("saas", "saas_typo", "saas_typo: there is no such endpoint")]
    assert any("saas_typo" in line.lower() for line in shown(GOOD, refused))
    assert not any("saas_typo" in line.lower() for line in shown(GOOD, refused, run(40, SAAS, OK, saas=OK)))
    assert whats(GOOD, run(30, FLOW, FAILED, "away", postgres=OK, saas=OK, helpdesk=FAILED)) == []


def test_a_build_that_was_not_needed_shows_the_one_that_counts():
    idle = run(30, FLOW, OK, postgres=OK, saas=OK, dbt=OK)
    idle.record.build = Build(is_needed=False)
    (line,) = [line for line in shown(GOOD, idle) if line.startswith("dbt")]
    assert line.endswith("30 minutes ago: nothing to build since 2026-11-26 15:10 UTC: 3 pass, 2 success")


def status(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "flows/status.py", *arguments], cwd=ROOT, env=os.environ | variables, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip


def keep(found: RecordedRun) -> None:
    kept = json.dumps(replace(found.record, outcomes=[vars(one) for one in found.record.outcomes],
                              tables=[vars(one) for one in found.record.tables], build=None).__dict__)  # fmt: skip
    write_private(records_folder("ci") / f"{found.record.run_id}.json", kept)


@pytest.mark.integration
def test_the_command_says_by_its_exit_code_whether_all_is_well():
    assert (status().returncode, "No run of ci is recorded" in status().stdout) == (0, True)
    keep(GOOD)
    assert status().returncode == 0
    keep(run(20, FLOW, FAILED, "type this", postgres=OK, saas=FAILED))
    done = status()
    assert (done.returncode, "type this" in done.stdout) == (1, True)


@pytest.mark.integration
def test_a_run_that_began_first_and_ended_last_is_the_last_one():
    long, short = run(50, FLOW, OK, postgres=OK, saas=OK, dbt=OK), run(40, POSTGRES, BUSY, "Another run is at work.")
    long.record.began_at, long.record.run_id = at(30), "30"
    keep(long)
    keep(short)
    (last,) = [line for line in status().stdout.splitlines() if line.startswith(("Last run", "Before that"))]
    assert (FLOW in last, "15:50 UTC" in last) == (True, True), last


def test_a_part_that_was_done_again_before_its_run_ended_is_well():
    flow = run(50, FLOW, FAILED, "no", postgres=FAILED, saas=OK)
    flow.record.outcomes[0].ended_at = at(20)
    assert whats(flow, run(30, POSTGRES, OK, postgres=OK)) == []
    assert whats(flow, run(10, POSTGRES, OK, postgres=OK)) == ["postgres failed"]


@pytest.mark.integration
def test_records_that_cannot_be_read_are_one_line_and_no_new_clone(place):
    (place / "runs").write_text("")
    done = status()
    assert (done.returncode, done.stdout) == (1, "")
    assert f"✗ The records of runs in {records_folder('ci')} cannot be read (Not a directory)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.integration
def test_a_copied_folder_names_its_own_page(place):
    mine = run(10, FLOW, OK, postgres=OK, saas=OK, dbt=OK)
    mine.record.page = PageTarget(str(place / "dashboard.html")).recorded
    elsewhere = PageTarget("elsewhere.html").recorded
    assert (mine.record.page, elsewhere) == ("dashboard.html", str(Path("elsewhere.html").absolute()))
    (place / "dashboard.html").touch()
    keep(mine)
    copied = place.with_name("copied")
    shutil.copytree(place, copied)
    for where in (place, copied):
        assert f"Dashboard       {where / 'dashboard.html'}, written" in status(MAILBLAZE_DATA_DIR=str(where)).stdout


@pytest.mark.integration
def test_services_of_make_up_that_are_down_are_another_exit_code_unless_settings_name_others(place):
    done = status(MAILBLAZE_ENV="local")
    assert (done.returncode, "postgres    is down" in done.stdout) == (3, True)
    own = {"SOURCES__POSTGRES__CREDENTIALS": "x", "SOURCES__SAAS__BASE_URL": "x", "PREFECT_API_URL": "x"}
    assert status(MAILBLAZE_ENV="local", **own).returncode == 0


@pytest.mark.integration
def test_another_environment_says_where_it_looked():
    done = status(MAILBLAZE_ENV="dev")
    assert done.returncode == 0
    assert f"No run of dev is recorded in {records_folder('dev')}" in done.stdout
    assert "The runs of a worker are recorded on its machine" in done.stdout
    assert "postgres    is down" not in done.stdout


@pytest.mark.integration
def test_the_last_run_of_an_earlier_version_is_shown_until_there_is_a_record(place):
    kept = {"word": "ci", "ended_at": "2026-06-01T10:00:00+00:00", "text": "\nRAW table\nPOSTGRES_X  3\n"}
    (place / "last_run.json").write_text(json.dumps(kept))
    done = status()
    assert (done.returncode, "Last run        2026-06-01 10:00 UTC" in done.stdout) == (0, True)
    assert "POSTGRES_X  3" in done.stdout
    for other in ("", "{", "[]", '{"ended_at": 1}', json.dumps(kept | {"word": "prod"})):
        (place / "last_run.json").write_text(other)
        assert "No run of ci is recorded" in status().stdout


@pytest.mark.integration
def test_it_needs_no_library_of_a_load():
    code = "import sys, flows.status; print({'dlt', 'prefect', 'duckdb', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
