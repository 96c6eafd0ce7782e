"""The working folder, the lake and the warehouse of an earlier version go on (README.md)."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from dlt.common.versioned_state import decompress_state

from exactly_once.lease.lease import LeaseHeld
from exactly_once.recovery import pending
from exactly_once.runner import acquire_lease
from pipelines import postgres, saas
from pipelines.environment import build_pipeline
from pipelines.replay import main as replay
from tests.support.compare import assert_raw_equals_source

ROOT = Path(__file__).parents[2]
DLT = str(Path(sys.executable).with_name("dlt"))
AT_ANY_AGE = "tests/compatibility/command_child.py"
COLLECTIONS = {"campaigns": "campaign_id", "email_events": "event_id", "suppressions": "suppression_id"}
REPORTED = re.compile(r"^(?:POSTGRES|SAAS)_(\w+) +([\d,]+) ", re.MULTILINE)
LATER = datetime(2026, 7, 9, tzinfo=UTC)  # than every object of the API


def test_dlt_shows_both_pipelines_and_the_lease_of_the_killed_run_counts(earlier):
    for pipeline in ("postgres", "saas"):  # before any other code of ours has seen their states
        done = command(DLT, "pipeline", pipeline, "info")
        assert done.returncode == 0, done.stderr
        assert f"default_schema_name: {pipeline}" in done.stdout
        assert "Has 1 normalized packages ready to be loaded" in done.stdout
    for pipeline in ("postgres", "saas"):
        lease = acquire_lease(built(pipeline))
        earlier.put_leases()
        with pytest.raises(LeaseHeld, match=r"at work \(maker, pid \d+, run \w+\)"), lease:
            pass


@pytest.mark.slow
def test_postgres_finishes_the_package_and_loads_what_is_new(earlier):
    change_postgres(earlier)
    earlier.wait_for_leases()
    done = command(sys.executable, AT_ANY_AGE, "pipelines/postgres.py", "--accept-server", "--quiet")
    assert (done.returncode, done.stderr) == (0, ""), "no table is read again, and nothing is quarantined"
    assert "; 1 package(s) of an earlier run finished first" in done.stdout
    assert extracted(done) == CHANGED
    assert postgres.load().load_ids == [], "nothing is new, and the server is accepted for good"
    assert_postgres_goes_on(earlier)


def test_saas_finishes_the_package_and_loads_what_is_new(earlier):
    change_saas(earlier)
    earlier.wait_for_leases()
    done = command(sys.executable, AT_ANY_AGE, "pipelines/saas.py", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "; 1 package(s) of an earlier run finished first" in done.stdout
    assert extracted(done) == {"CAMPAIGNS": 0, "EMAIL_EVENTS": 0, "SUPPRESSIONS": 2}
    assert saas.load().load_ids == []
    assert_saas_goes_on(earlier)


@pytest.mark.slow
def test_another_server_is_refused_until_somebody_accepts_it(earlier):
    """The archives' rows come from another server than the test's."""
    change_postgres(earlier)
    earlier.wait_for_leases()
    done = command(sys.executable, "pipelines/postgres.py", "--quiet")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("✗ Postgres is another server (system identifier ")
    assert "type python pipelines/postgres.py --accept-server" in done.stderr
    done = command(sys.executable, "pipelines/postgres.py", "--quiet", SOURCES__POSTGRES__ACCEPT_SERVER="true")
    assert done.returncode == 0, done.stderr
    assert command(sys.executable, "pipelines/postgres.py", "--quiet").returncode == 0
    assert command(sys.executable, "pipelines/saas.py", "--quiet").returncode == 0
    assert_postgres_goes_on(earlier)
    assert_saas_goes_on(earlier)


@pytest.mark.slow
def test_a_package_that_is_too_old_is_quarantined_and_its_rows_are_read_again(earlier, monkeypatch, capsys):
    monkeypatch.setattr(pending, "MAX_AGE", timedelta(0))
    monkeypatch.setenv("SOURCES__POSTGRES__ACCEPT_SERVER", "true")
    change_postgres(earlier)
    change_saas(earlier)
    earlier.wait_for_leases()
    for load in (postgres.load, saas.load):
        report = load()
        assert (report.finished, report.quarantined) == (0, 1)
        assert "is quarantined in" in capsys.readouterr().err
        assert load().load_ids == []
    assert len(list((earlier.data_dir / "set_aside").iterdir())) == 2, "where earlier versions put them"
    assert_postgres_goes_on(earlier)
    assert_saas_goes_on(earlier)


@pytest.mark.slow
def test_a_machine_that_lost_its_working_folder_goes_on_from_the_warehouse(earlier, monkeypatch):
    monkeypatch.setenv("SOURCES__POSTGRES__ACCEPT_SERVER", "true")
    for place in (earlier.data_dir / "dlt/ci/pipelines").iterdir():
        place.rename(earlier.data_dir / f"lost-{place.name}")
    change_postgres(earlier)
    earlier.wait_for_leases()
    report = postgres.load()
    assert (report.finished, report.quarantined, report.refused) == (0, 0, [])
    assert all(table.extracted < 120 for table in report.tables.values()), "the changes, not 200 to 400 rows"
    saas.load()
    assert_postgres_goes_on(earlier)
    assert_saas_goes_on(earlier)


@pytest.mark.slow
def test_raw_comes_back_from_the_lake_alone(earlier):
    earlier.wait_for_leases()
    earlier.warehouse.unlink()
    replay([])
    sql = """select table_name from duckdb_tables() where schema_name = 'RAW' and database_name = 'kept'
        and (table_name like 'postgres_%' or table_name like 'saas_%' or table_name = '_dlt_loads')"""
    with closing(both(earlier)) as link:
        tables = [table for (table,) in link.execute(sql).fetchall()]
        assert len(tables) == 13
        for table in tables:
            now, kept = f'now.RAW."{table}"', f'kept.RAW."{table}"'
            differing = f"(from {now} except all from {kept}) union all (from {kept} except all from {now})"
            assert link.execute(f"select count(*) from ({differing})").fetchone() == (0,), table
    assert raw_columns(earlier, "now") == raw_columns(earlier, "kept")


@pytest.mark.slow
def test_status_reads_the_records_of_earlier_runs(earlier):
    done = command(sys.executable, "flows/status.py")
    assert done.returncode in (0, 1), done.stderr  # 1: the runs count as killed some minutes after they ended
    assert "python pipelines/postgres.py --quiet" in done.stdout
    assert "python flows/elt.py ended well" in done.stdout
    assert re.search(r"^POSTGRES_CONTACTS +\d+ ", done.stdout, re.MULTILINE)
    assert re.search(r"^dbt .* pass, \d+ success", done.stdout, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["shell", "file"])
def test_deletes_are_not_looked_for_where_the_earlier_setting_says_so(earlier, monkeypatch, tmp_path, place):
    """`sweep`, as users have it in the shell and in `.dlt/config.toml`."""
    change_postgres(earlier)
    earlier.wait_for_leases()
    folder = tmp_path / "elsewhere"
    (folder / ".dlt").mkdir(parents=True)
    text = (ROOT / ".dlt/config.toml").read_text()
    in_file = "\n[sources.postgres]\naccept_server = true\nsweep = false\nguard = 0.1\n"
    in_shell = {"SOURCES__POSTGRES__ACCEPT_SERVER": "true", "SOURCES__POSTGRES__SWEEP": "false"}
    (folder / ".dlt/config.toml").write_text(text + (in_file if place == "file" else ""))
    done = command(
        sys.executable, ROOT / "pipelines/postgres.py", "--quiet", cwd=folder, **(in_shell if place == "shell" else {})
    )
    assert done.returncode == 0, done.stderr
    alive = "select count(*) from RAW.POSTGRES_INVOICES where invoice_id = 100 and _deleted_at is null"
    assert earlier.raw(alive) == [(1,)]
    monkeypatch.setenv("SOURCES__POSTGRES__ACCEPT_SERVER", "true")
    postgres.load()
    assert_postgres_goes_on(earlier)


@pytest.mark.slow
def test_the_flow_goes_on_with_the_earlier_models(earlier, prefect_api):
    """Incremental models, snapshots and `last_build.json` are the earlier commit's; nothing is built from scratch."""
    change_postgres(earlier)
    change_saas(earlier)
    earlier.write_services(prefect_api_url=prefect_api)
    done = command(sys.executable, "flows/elt.py", "--full-build", SOURCES__POSTGRES__ACCEPT_SERVER="true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_postgres_goes_on(earlier)
    assert_saas_goes_on(earlier)
    with closing(both(earlier)) as link:
        columns = "select distinct schema_name, table_name, column_name, data_type from duckdb_columns()"
        where = "where database_name = '{}' and schema_name in ('STAGING', 'INTERMEDIATE', 'MART', 'SNAPSHOTS')"
        kept, now = (set(link.execute(f"{columns} {where.format(name)}").fetchall()) for name in ("kept", "now"))
        assert len(kept) > 300
        assert kept - now == set(), "a query of theirs finds its tables and columns"
        for table, key in (("contacts", "contact_id"), ("accounts", "account_id"), ("campaigns", "campaign_id")):
            sql = f"select count(*) from now.RAW.POSTGRES_{table} anti join now.MART.dim_{table} using ({key})"
            assert link.execute(sql).fetchone() == (0,), table
        events = (
            "select count(*) from now.MART.fct_email_events union all select count(*) from now.RAW.SAAS_EMAIL_EVENTS"
        )
        (mart,), (raw,) = link.execute(events).fetchall()
        assert mart == raw
        names = "select account_name from now.MART.dim_accounts where account_id in (1, 2)"
        assert link.execute(names).fetchall() == [("later",)] * 2


CHANGED = dict.fromkeys(("PLANS", "USERS", "SUBSCRIPTIONS", "LISTS", "LIST_MEMBERSHIPS", "CAMPAIGNS"), 0) | {
    "CONTACTS": 1,
    "ACCOUNTS": 2,
    "INVOICES": 1,
}  # the mark of a delete is a row, too


def change_postgres(earlier) -> None:
    """Change what CHANGED counts."""
    earlier.source("update contacts set first_name = 'later' where contact_id = 1250")
    earlier.source("update accounts set account_name = 'later' where account_id in (1, 2)")
    earlier.source("delete from invoices where invoice_id = 100")


def change_saas(earlier) -> None:
    """Lift one suppression and delete another one."""
    with closing(sqlite3.connect(earlier.saas_store)) as store, store:
        (first, body), *_, (last, _) = store.execute("select id, body from suppressions order by id").fetchall()
        store.execute("delete from suppressions where id = ?", (last,))
        body = json.loads(body) | {"is_active": False, "updated_at": f"{LATER:%Y-%m-%dT%H:%M:%S.%f}Z"}
        moment = int(LATER.timestamp()) * 1_000_000
        store.execute(
            "update suppressions set is_active = 0, moment = ?, body = ? where id = ?",
            (moment, json.dumps(body), first),
        )


def command(*words: str | Path, cwd: Path = ROOT, **shell: str) -> subprocess.CompletedProcess:
    """Run a command to its end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | shell
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)


def built(name: str):
    pipeline = build_pipeline(name)
    pipeline.activate()
    return pipeline


def extracted(done: subprocess.CompletedProcess) -> dict[str, int]:
    """Return the rows that a load has extracted, by table, as it reports them."""
    return {table: int(count.replace(",", "")) for table, count in REPORTED.findall(done.stdout)}


def assert_postgres_goes_on(earlier) -> None:
    """RAW has the source's rows, each once, and a mark on those that are gone; its tables are those of before."""
    assert_raw_equals_source(earlier)
    with closing(both(earlier)) as link:
        for table in postgres.TABLES:
            key, name = ", ".join(table.key_columns), f"RAW.POSTGRES_{table.name}"
            alive = {tuple(row) for row in earlier.source(f"select {key} from {table.name}")}
            loaded = f"select {key} from kept.{name} where _deleted_at is null"
            marked = link.execute(f"select {key} from now.{name} where _deleted_at is not null").fetchall()
            assert {*link.execute(loaded).fetchall()} - alive <= {*marked}, table.name
            assert {*marked}.isdisjoint(alive), table.name
            assert_each_once(link, name, key)
    assert_state_moved_on(earlier, "postgres", "horizon")


def assert_saas_goes_on(earlier) -> None:
    """The same of the API's objects."""
    for name, key in COLLECTIONS.items():
        with closing(sqlite3.connect(earlier.saas_store)) as store:
            bodies = [
                json.loads(body) for (body,) in store.execute(f"select body from {name} order by moment, sequence")
            ]
        objects = {body[key]: body for body in bodies}  # the vendor sends some events twice: the last one counts
        columns = [column for column, _ in raw_columns(earlier, "now")[f"saas_{name}"] if not column.startswith("_")]
        alive = "" if name == "email_events" else "where _deleted_at is null"  # a log, whose deletes are not looked for
        rows = earlier.raw(f"select {', '.join(columns)} from RAW.SAAS_{name} {alive}")
        loaded = [dict(zip(columns, row, strict=True)) for row in rows]
        assert {row[key]: as_sent(row) for row in loaded} == {found: as_sent(body) for found, body in objects.items()}
        with closing(both(earlier)) as link:
            assert_each_once(link, f"RAW.SAAS_{name}", key)
    assert_state_moved_on(earlier, "saas", "last_value")


def assert_each_once(link: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    doubled = f"select {key} from now.{table} group by all having count(*) > 1"
    assert link.execute(doubled).fetchall() == [], table
    lost = f"select {key} from kept.{table} except select {key} from now.{table}"
    assert link.execute(lost).fetchall() == [], table


def assert_state_moved_on(earlier, pipeline: str, cursor: str) -> None:
    """The fencing token and the saved cursors have grown, and tables and columns are the same."""
    with closing(both(earlier)) as link:
        token = f"select max(token) from {{}}.RAW._load_fence where pipeline_name = '{pipeline}'"
        (before,), (after,) = (link.execute(token.format(name)).fetchone() for name in ("kept", "now"))
        assert after > before
        sql = f"select state from {{}}.RAW._dlt_pipeline_state where pipeline_name = '{pipeline}' order by _dlt_load_id"
        states = [
            decompress_state(link.execute(sql.format(name)).fetchall()[-1][0])["sources"] for name in ("kept", "now")
        ]
    before, after = (dict(cursors(state, cursor)) for state in states)
    assert before
    assert before.keys() == after.keys()
    assert all(after[name] >= value for name, value in before.items())
    assert any(after[name] > value for name, value in before.items())
    assert len(raw_columns(earlier, "kept")) == 17
    assert raw_columns(earlier, "now") == raw_columns(earlier, "kept")


def cursors(state, name: str, path: str = ""):
    """Yield the cursors of a state by their paths."""
    for key, value in state.items() if isinstance(state, dict) else ():
        if key == name and isinstance(value, str):
            yield path, value
        else:
            yield from cursors(value, name, f"{path}.{key}")


def both(earlier) -> duckdb.DuckDBPyConnection:
    """Open the warehouse as `now`, and the one that the earlier commit left as `kept`."""
    link = duckdb.connect()
    for name, path in (("now", earlier.warehouse), ("kept", earlier.kept)):
        link.execute(f"attach '{path}' as {name} (read_only)")
    return link


def raw_columns(earlier, name: str) -> dict[str, list[tuple[str, str]]]:
    """Return the columns of each table of RAW with their types, in order."""
    sql = f"""select table_name, list((column_name, data_type) order by column_index) from duckdb_columns()
        where schema_name = 'RAW' and database_name = '{name}' group by all"""
    with closing(both(earlier)) as link:
        return dict(link.execute(sql).fetchall())


def as_sent(row: dict) -> dict:
    """Return an object or its row in RAW in one form: without nulls, times to the microsecond, JSON parsed."""

    def value(found):
        if isinstance(found, datetime):
            return found.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return json.loads(found) if isinstance(found, str) and found[:1] in ("[", "{") else found

    return {name: value(found) for name, found in row.items() if found is not None}
