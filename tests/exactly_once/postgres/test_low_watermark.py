"""The low watermark: no row that commits late is lost, and nothing is read twice."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
import sqlalchemy as sa
from psycopg2.extras import LogicalReplicationConnection

from exactly_once.errors import PipelineError
from exactly_once.postgres.connection.open_transactions import OPEN_TRANSACTIONS
from exactly_once.postgres.cursor_window import CursorColumn, CursorWindow
from exactly_once.postgres.snapshot import Snapshot, SnapshotClock, SnapshotOptions
from exactly_once.postgres.tables.spec import Table
from pipelines.environment import build_pipeline
from pipelines.postgres import APPLICATION_NAME, load, opened
from tests.support.compare import assert_raw_equals_source, differences
from tests.support.platform import execute
from tests.support.steps import counts, extract_only, land_only
from tests.support.tables import declare, keep

pytestmark = pytest.mark.usefixtures("few_tables")


@contextmanager
def transaction(platform, *statements: str):
    """Keep a transaction with these statements open; it commits at the end."""
    connection = psycopg2.connect(platform.postgres_url)
    try:
        with connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
        yield connection
        connection.commit()
    finally:
        connection.close()


def horizons() -> dict[str, str]:
    sources = build_pipeline("postgres").state["sources"]["postgres"]["resources"]
    return {name: state["horizon"] for name, state in sources.items() if "horizon" in state}


def test_a_row_that_commits_late_comes_with_the_next_load(platform):
    load()
    late = "update contacts set first_name = 'late' where contact_id = 20"
    with transaction(platform, late) as connection:
        (began,) = platform.source(f"select min(xact_start) from pg_stat_activity where pid = {pid(connection)}")[0]
        platform.source("update contacts set first_name = 'newer' where contact_id = 40")
        platform.source("delete from contacts where contact_id = 60")
        report = load()
        assert counts(report, "extracted")["contacts"] == 1  # the deleted one; the newer one waits
        assert all(datetime.fromisoformat(horizon) <= began for horizon in horizons().values())
    assert counts(load(), "extracted")["contacts"] == 2
    assert_raw_equals_source(platform)


def test_what_the_transaction_holds_is_named_without_its_values(platform, monkeypatch, capsys):
    monkeypatch.setattr("exactly_once.postgres.snapshot.LONG", timedelta(0))
    with transaction(platform, "update contacts set email = 'secret@example.com' where contact_id = 20") as connection:
        load()
        process = pid(connection)
    said = capsys.readouterr().err
    assert f"process {process}" in said
    assert "last statement UPDATE" in said
    assert "secret" not in said


def test_a_reader_by_trade_holds_nothing_back(platform, monkeypatch):
    load()
    with transaction(platform, "set application_name = 'pg_dump'", "select 1"):
        platform.source("update contacts set first_name = 'newer' where contact_id = 40")
        monkeypatch.setenv("SOURCES__POSTGRES__READERS", '["pg_dump"]')
        assert counts(load(), "extracted")["contacts"] == 1


@pytest.fixture
def late(platform, monkeypatch):
    """One small table that loads quickly; the writers of these tests change its rows."""
    platform.source(
        """create table late (late_id int primary key, word text default 'old', updated_at timestamptz default now());
        insert into late select generate_series(1, 9)"""
    )
    keep(monkeypatch)
    declare(monkeypatch, Table("late", key="late_id", cursor="updated_at", deletes="none"))
    return platform


CHANGE = "update late set word = 'late', updated_at = now() where late_id = 1"


def as_superuser(late) -> str:
    """Return the address of a role that may set track_activities."""
    return sa.make_url(late.postgres_url).set(username="postgres").render_as_string(hide_password=False)


def connect(url: str, *statements: str, **options: str):
    """Return a session that has run these statements, each in a message and outside of a transaction of psycopg2's."""
    connection = psycopg2.connect(url, **options)
    connection.autocommit = True
    for sql in statements:
        connection.cursor().execute(sql)
    return connection


def hides(late):
    """A session that hides its activity, and has no transaction id yet when the load looks."""
    return connect(as_superuser(late), "set track_activities = off", "begin", "select now()"), CHANGE


def hides_and_writes(late):
    return connect(as_superuser(late), "set track_activities = off", "begin", CHANGE), "select 1"


def hid_when_it_began(late):
    url = as_superuser(late)
    return connect(url, "set track_activities = off", "begin", "set track_activities = on", CHANGE), "select 1"


def calls_itself_a_load(late):
    return connect(late.postgres_url, "begin", application_name=APPLICATION_NAME), CHANGE


def calls_itself_a_declared_reader(late):
    return connect(late.postgres_url, "begin", CHANGE, application_name="pg_dump"), "select 1"


def is_a_walsender(late):
    return connect(late.postgres_url + "?replication=database", "begin"), CHANGE


@pytest.mark.parametrize(
    "writer",
    [hides, hides_and_writes, hid_when_it_began, calls_itself_a_load, calls_itself_a_declared_reader, is_a_walsender],
)
def test_no_writer_is_overlooked(late, monkeypatch, writer):
    monkeypatch.setenv("SOURCES__POSTGRES__READERS", '["pg_dump"]')
    load()
    session, last_statement = writer(late)
    late.source("update late set word = 'newer', updated_at = now() where late_id = 2")
    assert counts(load(), "extracted").get("late", 0) == 0, "the newer row waits"
    session.cursor().execute(last_statement)
    session.cursor().execute("commit")
    session.close()
    assert counts(load(), "extracted")["late"] == 2
    assert differences(late, "late", "late_id") == []


def test_a_session_that_hides_for_long_is_refused_with_the_command(late, monkeypatch, postgres_server):
    monkeypatch.setattr("exactly_once.postgres.snapshot.LONG", timedelta(0))
    (database,) = late.source("select current_database()")[0]
    postgres = postgres_server.url("postgres", "postgres")
    execute(postgres, "create role shy login password 'shy'; alter role shy set track_activities = off")
    shy = sa.make_url(late.postgres_url).set(username="shy", password="shy")  # noqa: S106
    session = connect(shy.render_as_string(hide_password=False))
    with pytest.raises(PipelineError) as refused:
        load()
    line = str(refused.value)
    assert "ALTER ROLE shy SET track_activities = on" in line
    assert "\n" not in line
    assert f"SELECT pg_terminate_backend({pid(session)})" in line
    execute(postgres, f"alter role shy reset track_activities; alter database {database} set track_activities = off")
    other = connect(late.postgres_url)
    session.close()
    with pytest.raises(PipelineError, match=f"ALTER DATABASE {database} SET track_activities = on"):
        load()
    other.close()
    assert counts(load(), "extracted")["late"] == 9  # nobody else is there
    execute(postgres, "drop role shy")


def test_transactions_of_one_message_are_counted_from_its_arrival(late):
    """All of them have the same now(); between two of them Postgres shows no transaction."""
    message = "".join(
        f"begin; update late set updated_at = now() where late_id = {n % 9 + 1}; commit;" for n in range(8_000)
    )
    writer, watcher = connect(late.postgres_url), connect(late.postgres_url)
    thread = threading.Thread(target=lambda: writer.cursor().execute(message))
    thread.start()
    looks = []
    with watcher.cursor() as cursor:
        while thread.is_alive():
            # By its arrival, which pg_stat_activity shows for as long as the message lasts.
            cursor.execute(OPEN_TRANSACTIONS, {"apps": []})
            seen = {row[0]: row[1] for row in cursor.fetchall()}
            cursor.execute("select query_start, state from pg_stat_activity where pid = %s", (pid(writer),))
            arrived, state = cursor.fetchone()
            if state == "active":
                looks.append(pid(writer) in seen and seen[pid(writer)] <= arrived)
    thread.join()
    # The first look may come before the message.
    assert len(looks) > 3
    assert all(looks[1:])
    assert late.source("select count(distinct updated_at) from late") == [(1,)]
    writer.close()
    watcher.close()


def test_a_procedure_that_commits_does_not_hold_back_what_it_has_committed(late):
    late.source(
        """create procedure step() language plpgsql as $$ begin
            update late set updated_at = now() where late_id = 1; commit;
            perform pg_advisory_lock(20261126);
            update late set updated_at = now() where late_id = 2; commit;
            perform pg_advisory_unlock(20261126);
        end $$"""
    )
    holder = connect(late.postgres_url, "select pg_advisory_lock(20261126)")
    caller = connect(late.postgres_url)
    thread = threading.Thread(target=lambda: caller.cursor().execute("call step()"))
    thread.start()
    with connect(late.postgres_url).cursor() as cursor:
        waits = "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        while not cursor.execute(waits, (pid(caller),)) and not cursor.fetchone():
            pass
        cursor.execute(OPEN_TRANSACTIONS, {"apps": []})
        (began,) = [row[1] for row in cursor.fetchall() if row[0] == pid(caller)]
    (first,) = late.source("select updated_at from late where late_id = 1")[0]
    assert first < began
    holder.close()
    thread.join()
    (second,) = late.source("select updated_at from late where late_id = 2")[0]
    assert began <= second
    caller.close()


def test_another_load_and_a_walsender_that_streams_hold_nothing_back(late):
    with Snapshot(sa.make_url(late.postgres_url), SnapshotOptions(0.0)) as one, one.scanner.session():
        stream = psycopg2.connect(late.postgres_url, connection_factory=LogicalReplicationConnection)
        stream.cursor().execute("CREATE_REPLICATION_SLOT streamed TEMPORARY LOGICAL pgoutput")
        stream.cursor().start_replication("streamed", options={"proto_version": "1", "publication_names": "none"})
        with Snapshot(sa.make_url(late.postgres_url), SnapshotOptions(0.0)) as other:
            assert other.clock.low_watermark == other.clock.now
        stream.close()


def test_rows_from_another_server_are_warned_of(late, postgres_server, capsys):
    (database,) = late.source("select current_database()")[0]
    execute(
        postgres_server.url("postgres", "postgres"), f"alter database {database} set session_replication_role = replica"
    )
    load()
    assert "session_replication_role = replica of the database" in capsys.readouterr().err


def test_a_prepared_transaction_stops_progress_and_loses_nothing(platform, capsys):
    load()
    connection = psycopg2.connect(platform.postgres_url)
    connection.tpc_begin(connection.xid(1, "the-other-half", "here"))
    connection.cursor().execute("update contacts set first_name = 'late' where contact_id = 20")
    connection.tpc_prepare()
    platform.source("update contacts set first_name = 'newer' where contact_id = 40")
    assert counts(load(), "extracted")["contacts"] == 0
    assert "prepared transaction" in capsys.readouterr().err
    connection.tpc_commit()
    connection.close()
    load()
    assert_raw_equals_source(platform)


def test_all_tables_are_of_one_moment(platform):
    """An account and its list that are restored between two reads, with the cursors that they had, come together."""

    @contextmanager
    def disturbed():
        with opened() as source:
            platform.source(
                """insert into accounts select (jsonb_populate_record(a, '{"account_id": 900001, "account_uuid":
                "00000000-0000-0000-0000-000000000001"}')).* from accounts a where account_id = 7;
                insert into lists select (jsonb_populate_record(l, '{"list_id": 900001, "account_id": 900001}')).*
                from lists l limit 1"""
            )
            yield source

    land_only(extract_only(disturbed))
    assert platform.raw("select 1 from RAW.POSTGRES_ACCOUNTS where account_id = 900001") == []
    assert platform.raw("select 1 from RAW.POSTGRES_LISTS where list_id = 900001") == []
    report = load()
    assert counts(report, "extracted")["accounts"] == counts(report, "extracted")["lists"] == 1
    assert_raw_equals_source(platform)


def test_a_run_with_nothing_new_writes_nothing(platform):
    load()
    lake = platform.lake()
    state = platform.raw("select count(*), max(version) from RAW._dlt_pipeline_state")
    report = load()
    assert report.load_ids == []
    assert platform.lake() == lake
    assert platform.raw("select count(*), max(version) from RAW._dlt_pipeline_state") == state


def test_rows_that_tie_cost_no_state(platform, monkeypatch):
    platform.source(
        """create table ties (tie_id int primary key, updated_at timestamptz default now());
        insert into ties select generate_series(1, 20000)"""
    )
    declare(monkeypatch, Table("ties", key="tie_id", cursor="updated_at", deletes="none"))
    assert counts(load(), "extracted")["ties"] == 20_000
    assert counts(load(), "extracted")["ties"] == 0
    state = build_pipeline("postgres").state["sources"]["postgres"]["resources"]["ties"]
    assert len(str(state)) - len(str(state["shape"])) < 200
    assert platform.raw("select max(length(state)) from RAW._dlt_pipeline_state")[0][0] < 8_192  # with every shape


def test_rows_without_a_cursor_come_when_they_change(platform, monkeypatch):
    platform.source(
        """create table odd (odd_id int primary key, word text, updated_at timestamptz);
        insert into odd values (1, 'null', null), (2, 'dated', now()), (3, 'null', null)"""
    )
    declare(monkeypatch, Table("odd", key="odd_id", cursor="updated_at", deletes="sweep"))
    assert counts(load(), "extracted")["odd"] == 3
    assert load().load_ids == []
    platform.source("update odd set word = 'changed' where odd_id = 3; insert into odd values (4, 'new', null)")
    assert counts(load(), "extracted")["odd"] == 2
    assert differences(platform, "odd", "odd_id") == []


@pytest.mark.slow
def test_lag_finds_what_the_application_dated_back_and_loads_nothing_twice(platform, monkeypatch):
    platform.source(
        """create table orders (order_id int primary key, amount numeric, document jsonb, changed_at timestamptz);
        insert into orders select n, n / 3.0, '{"a": [1, "x"]}', now() from generate_series(1, 50) n"""
    )
    table = Table("orders", key="order_id", cursor="changed_at", deletes="sweep", lookback_seconds=3600.0)
    declare(monkeypatch, table)
    assert counts(load(), "extracted")["orders"] == 50
    platform.source(
        """insert into orders values (51, 1, '1', now() - interval '30 minutes');
        update orders set amount = 0 where order_id = 7"""
    )
    assert counts(load(), "extracted")["orders"] == 2
    assert load().load_ids == []
    assert differences(platform, "orders", "order_id") == []


def test_a_role_that_cannot_see_transactions_is_refused(platform, postgres_server):
    execute(postgres_server.url("postgres", "postgres"), "create role blind login password 'blind'")
    blind = sa.make_url(platform.postgres_url).set(username="blind", password="blind")  # noqa: S106
    platform.write_services(postgres_url=blind.render_as_string(hide_password=False))
    with pytest.raises(PipelineError, match="GRANT pg_read_all_stats TO blind"):
        load()
    execute(postgres_server.url("postgres", "postgres"), "drop role blind")


class Clock:
    """A snapshot of a server whose clock is `ahead` seconds ahead of ours, `passed` seconds after noon."""

    def __init__(self, passed: float, ahead: float = 0.0) -> None:
        now = datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=passed + ahead)
        self.clock = SnapshotClock(now, ahead, now)


def test_a_clock_that_was_set_back_is_refused_and_what_it_dated_back_is_read():
    state: dict = {}
    CursorWindow(Clock(0), lambda: state, CursorColumn("updated_at")).save()
    with pytest.raises(PipelineError, match="clock went back: it is 20 s before"):
        _ = CursorWindow(Clock(40, ahead=-60), lambda: state, CursorColumn("updated_at")).start
    window = CursorWindow(Clock(100, ahead=-60), lambda: state, CursorColumn("updated_at"))
    assert window.saved - window.start == timedelta(seconds=60)  # as far back as it was set
    assert window.end == window.saved + timedelta(seconds=40)
    steady = CursorWindow(Clock(100), lambda: state, CursorColumn("updated_at"))
    assert steady.start == steady.saved


def pid(connection) -> int:
    return connection.info.backend_pid
