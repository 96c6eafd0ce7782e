"""The backend that reads Postgres: every value of every type, each row once over several connections, or nothing."""

import shutil
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from io import BytesIO

import duckdb
import psycopg2
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.errors import PipelineError, is_transient, user_message
from exactly_once.postgres.ctid_ranges import CtidRangeQueue, Size, free_connections, table_size
from exactly_once.postgres.parquet_export import ParallelParquetExport
from exactly_once.postgres.scanner import SourceReadError, postgres_query
from exactly_once.postgres.snapshot import Snapshot, SnapshotOptions
from exactly_once.postgres.tables.spec import Table
from mock_services.postgres.faults import kill_connections
from pipelines.postgres import APPLICATION_NAME, load
from tests.support.compare import assert_raw_equals_source, differences
from tests.support.platform import BUCKET
from tests.support.steps import counts, refused
from tests.support.tables import declare, keep

# Of each column: its type, values, and how RAW holds them: as they are, or as the text that Postgres writes.
AS_THEY_ARE = {
    "smallint": ["-32768", "32767"],
    "integer": ["-2147483648", "2147483647"],
    "bigint": ["-9223372036854775808", "9223372036854775807"],
    "boolean": ["true", "false"],
    "numeric(38,10)": ["9999999999999999999999999999.9999999999", "-0.0000000001"],
    "numeric(12,4)": ["99999999.9999", "0.0000"],
    "numeric(5,5)": ["0.99999", "-0.00001"],
    "numeric(38,0)": ["99999999999999999999999999999999999999", "-1"],
    "real": ["1.5", "-0.25", "0.1"],
    "double precision": ["0.1", "1.7976931348623157e308", "NaN", "-Infinity"],
    "text": ["", "a\nb\t\\N\"'", "\\x01ü😀", "NULL"],
    "varchar(5)": ["é", "12345"],
    "bytea": ["\\x", "\\x00ff270a"],
    "date": ["0001-01-01", "9999-12-31", "2024-02-29"],
    "timestamp": ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2024-03-31 02:30:00.000001"],
    "timestamptz": ["0001-01-01 00:00:00Z", "9999-12-31 23:59:59.999999Z", "2024-03-31 02:30:00.000001+05:30"],
    "time": ["00:00:00", "23:59:59.999999"],
    "positive": ["7"],
    "at_last": ["2024-03-31 02:30:00.000001+05:30"],
}
AS_TEXT = {
    "char(5)": ["ab", ""],  # as text it has no blanks behind it
    "numeric": ["1" * 200 + "." + "2" * 100, "NaN", "Infinity", "0.10"],
    "numeric(50,20)": ["123456789012345678901234567890.12345678901234567890"],
    "numeric(3,-2)": ["99500"],
    "numeric(2,6)": ["0.000012"],
    "uuid": ["00000000-0000-0000-0000-000000000001"],
    "jsonb": ['{"a": [1, null, 1.10, 123456789012345678901234567890]}', "null", '"text"'],
    "json": ['{"b":  1, "b": 2}'],
    "mood": ["so so", "it's"],
    "happy": ["so so"],
    "int4range": ["[1,5)", "empty"],
    "tstzrange": ['["2024-01-01 00:00:00+00",)'],
    "interval": ["1 year 2 mons 3 days 04:05:06.000007"],
    "timetz": ["12:00:00+05:30"],
    "inet": ["192.0.2.1/24"],
    "bit(3)": ["101"],
    "money": ["$1.50"],
    "point": ["(1,2)"],
    "tsvector": ["'cat':1 'dog':2"],
    "pair": ['(1,"a b")'],
    "oid": ["4294967295"],
    '"char"': ["x"],
}
AS_JSON = {
    "integer[]": ["{1,NULL,3}", "{{1,2},{3,4}}", "{}"],
    "text[]": ['{"a\\"b",NULL,"NULL",""}'],
    "numeric[]": ["{1.10}"],
}
MOODS = """
create type mood as enum ('so so', 'it''s'); create domain happy as mood; create type pair as (n int, t text);
create domain positive as int check (value > 0); create domain moment as timestamptz; create domain at_last as moment;
"""


def make_table(platform, name: str, columns: str, rows: str = "", key: str = "id") -> None:
    platform.source(f"create table {name} ({columns}, updated_at timestamptz not null default now()); {rows}")
    platform.source(f"alter table {name} add primary key ({key})")


@pytest.fixture
def only(monkeypatch):
    """Declare only the tables that the test names."""
    keep(monkeypatch)
    line = {"key": "id", "cursor": "updated_at", "deletes": "sweep"}
    return lambda *names, **more: declare(monkeypatch, *(Table(name, **line | more) for name in names))


@pytest.fixture
def eager(monkeypatch):
    """Read small tables over three connections and in files of a few pages."""
    monkeypatch.setattr("exactly_once.postgres.ctid_ranges.MIN_PARALLEL_PAGES", 2)
    monkeypatch.setattr("exactly_once.postgres.ctid_ranges.TARGET_FILE_BYTES", 20_000)
    monkeypatch.setenv("SOURCES__POSTGRES__CONNECTIONS", "3")


def test_every_value_of_every_type_comes_as_it_is(platform, only):
    kinds = AS_THEY_ARE | AS_TEXT | AS_JSON
    rows = max(map(len, kinds.values()))
    platform.source(MOODS)
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(kinds))
    make_table(platform, "kinds", f"id int, {columns}")
    with psycopg2.connect(platform.postgres_url) as connection, connection.cursor() as cursor:
        for row in range(rows + 1):  # the last one has no value at all
            values = [found[row] if row < len(found) else None for found in kinds.values()]
            casts = ", ".join(f"%s::text::{kind}" for kind in kinds)
            cursor.execute(f"insert into kinds values (%s, {casts})", [row, *values])
    connection.close()
    only("kinds")
    load()
    for n, kind in enumerate(kinds):
        shown = {**dict.fromkeys(AS_TEXT, "{}::text"), **dict.fromkeys(AS_JSON, "to_json({})::text")}.get(kind, "{}")
        theirs = platform.source(f"select id, {shown.format(f'c{n}')} from kinds order by id")
        ours = platform.raw(f"select id, c{n} from RAW.POSTGRES_KINDS order by id")
        assert repr([plain(row) for row in ours]) == repr([plain(row) for row in theirs]), kind


def plain(row: tuple) -> tuple:
    """Return a row with bytes and UTC normalized between the drivers."""
    return tuple(
        bytes(value)
        if isinstance(value, memoryview)
        else value.astimezone(UTC)
        if isinstance(value, datetime) and value.tzinfo
        else value
        for value in row
    )


def test_infinite_times_are_the_last_ones_and_years_out_of_reach_are_refused(platform, only):
    make_table(
        platform,
        "ends",
        "id int, moment timestamptz, day date",
        "insert into ends values (1, 'infinity', '-infinity'), (2, '-infinity', 'infinity')",
    )
    only("ends")
    load()
    assert platform.raw("select moment::text, day::text from RAW.POSTGRES_ENDS order by id") == [
        ("9999-12-31 23:59:59.999999+00", "0001-01-01"), ("0001-01-01 00:00:00+00", "9999-12-31")
    ]  # fmt: skip
    platform.source("insert into ends values (3, '0044-03-15 BC', null)")
    line = refusal("ends")
    assert "ends.moment holds 0044-03-15 (BC) 00:00:00+00, outside of the years 1 to 9999 in the row 3" in line


def test_nan_is_no_zero(platform, only):
    make_table(platform, "sums", "id int, amount numeric(12, 4)", "insert into sums values (1, 1.5), (2, 'NaN')")
    only("sums")
    assert "sums.amount holds NaN in the row 2: " in refusal("sums")
    platform.source("update sums set amount = 0 where id = 2")
    load()
    assert differences(platform, "sums", "id") == []


def test_large_tables_come_over_several_connections_each_row_once(platform, only, eager):
    make_table(platform, "many", "id int, words text", f"insert into many {words(20_000)}")
    platform.source("delete from many where id % 7 = 0; update many set words = 'moved' where id % 5 = 0")
    only("many")
    report = load()
    assert differences(platform, "many", "id") == []
    (load_id,) = report.load_ids
    files = platform.lake(f"postgres/RAW/postgres_many/{load_id}")
    assert len(files) > 3
    for key in files:
        body = platform.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert "DuckDB" in pq.ParquetFile(BytesIO(body)).metadata.created_by  # dlt did not write it again
    assert report.tables["postgres_many"].extracted == report.tables["postgres_many"].in_lake == 20_000 - 2_858
    assert not list((platform.data_dir / "dlt").glob("**/wire/*"))


@pytest.mark.slow
def test_what_has_no_pages_of_its_own_is_read_whole(platform, only, eager):
    platform.source(
        f"""create table parts (id int, words text, updated_at timestamptz default now(), primary key (id))
            partition by range (id);
        create table parts_low partition of parts for values from (0) to (15000);
        create table parts_high partition of parts for values from (15000) to (1000000) partition by range (id);
        create table parts_highest partition of parts_high for values from (15000) to (1000000);
        insert into parts {words(20_000)};
        create view seen as select id, words, updated_at from parts where id % 2 = 0;
        create materialized view kept as select * from parts;
        create table heirs (id int primary key, words text, updated_at timestamptz default now());
        create table heirs_young () inherits (heirs);
        insert into heirs {words(5)}; insert into heirs_young {words(9_000, 100)};
        create table nobody (id int primary key, updated_at timestamptz);"""
    )
    only("parts", "seen", "heirs", "nobody", deletes="none")
    only("kept", deletes="none", cursor=None)
    report = load()
    for name in ("parts", "seen", "heirs"):
        assert differences(platform, name, "id") == [], name
    assert counts(report, "extracted") == {"parts": 20_000, "seen": 10_000, "kept": 20_000, "heirs": 9_005}
    platform.source("insert into nobody values (1, now())")
    assert counts(load(), "in_raw")["nobody"] == 1


def test_a_backlog_is_read_over_several_connections_too(platform, only, eager, monkeypatch):
    monkeypatch.setattr("exactly_once.postgres.ctid_ranges.MIN_PARALLEL_ROWS", 10)
    make_table(platform, "many", "id int, words text", f"insert into many {words(9_000)}")
    only("many")
    load()
    platform.source("update many set words = 'moved 100% of it', updated_at = now() where id % 2 = 0")
    assert counts(load(), "extracted") == {"many": 4_500}
    assert differences(platform, "many", "id") == []


def test_an_error_in_one_stream_fails_all_and_leaves_nothing(platform, only, eager):
    make_table(
        platform, "many", "id int, words text, amount numeric(12, 4)", f"insert into many {words(9_000, 0, '1')}"
    )
    platform.source("update many set amount = 'NaN' where id = 8999")
    only("many")
    assert "many.amount holds NaN in the row 8999: " in refusal("many")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("export-")]
    assert not list((platform.data_dir / "dlt").glob("**/wire/*"))
    open_ones = f"select count(*) from pg_stat_activity where application_name = '{APPLICATION_NAME}'"
    assert platform.source(open_ones) == [(0,)]
    platform.source("update many set amount = 2 where id = 8999")
    load()
    assert differences(platform, "many", "id") == []


def test_no_session_writes_to_the_source(platform):
    writes = "CALL postgres_execute('source', 'delete from public.accounts')"
    with Snapshot(sa.make_url(platform.postgres_url)) as snapshot:
        with pytest.raises(PipelineError, match="read-only transaction"), snapshot.scanner.session() as session:
            session.execute(writes)
        refused = pytest.raises(sa.exc.InternalError, match="read-only transaction")
        with refused, snapshot.engine.connect() as connection:
            connection.exec_driver_sql("delete from public.accounts")


@pytest.mark.parametrize("statements", [0, 1])
def test_a_connection_that_is_cut_ends_its_read_and_not_the_process(platform, statements):
    query = f"select * from {postgres_query('select 1')}"
    with Snapshot(sa.make_url(platform.postgres_url)) as snapshot:
        with (
            pytest.raises(SourceReadError) if statements else nullcontext() as refused,
            snapshot.scanner.session() as session,
        ):
            assert session.execute(query).fetchall() == [(1,)]
            assert kill_connections(platform.postgres_url, SnapshotOptions().application_name) > 1
            for _ in range(statements):
                session.execute(query)
        with pytest.raises(SourceReadError) as gone, snapshot.scanner.session():
            pass  # the snapshot went with the connection that kept it
    for error in (refused, gone) if statements else (gone,):
        assert is_transient(error.value)
        assert "the connection broke off" in str(error.value)
        assert query not in str(error.value)


@pytest.mark.slow
def test_connections_that_are_cut_in_a_load_leave_nothing(platform, only, eager, monkeypatch):
    make_table(platform, "many", "id int, words text", f"insert into many {words(9_000)}")
    only("many")
    write = ParallelParquetExport._write

    def write_and_cut(*arguments):
        try:
            return write(*arguments)
        finally:
            kill_connections(platform.postgres_url, APPLICATION_NAME)

    with monkeypatch.context() as patch:
        patch.setattr(ParallelParquetExport, "_write", write_and_cut)
        with pytest.raises(PipelineStepFailed) as failure:
            load()
        assert "the connection broke off" in user_message(failure.value)
    load()
    assert differences(platform, "many", "id") == []


def test_the_first_load_copies_and_later_ones_merge(platform, only):
    make_table(platform, "few", "id int, words text", f"insert into few {words(10)}")
    only("few")
    load()
    staged = "select count(*) from duckdb_tables() where schema_name = 'RAW_STAGING' and table_name = 'postgres_few'"
    assert platform.raw(staged) == [(0,)]
    platform.source("update few set words = 'moved', updated_at = now() where id < 4")
    load()
    assert platform.raw(staged) == [(1,)]
    assert differences(platform, "few", "id") == []


def test_a_key_that_the_source_does_not_hold_unique_is_refused(platform, only):
    platform.source(
        "create table loose (id int, updated_at timestamptz default now()); insert into loose values (1), (1)"
    )
    only("loose")
    assert "loose: no unique index holds (id) unique" in refusal("loose")


def test_rows_whose_schema_dlt_has_lost_are_not_doubled(platform, only):
    make_table(platform, "few", "id int, words text", f"insert into few {words(10)}")
    only("few")
    load()
    shutil.rmtree(platform.data_dir / "dlt")
    with duckdb.connect(str(platform.warehouse)) as connection:
        for table in ("_dlt_version", "_dlt_loads", "_dlt_pipeline_state"):
            connection.execute(f"delete from RAW.{table}")
    load()
    assert platform.raw("select count(*) from RAW.POSTGRES_FEW") == [(10,)]


def test_ranges_cover_every_page_once_and_converge_on_the_size_of_files():
    ranges = CtidRangeQueue(Size(1_000_000, 8 << 30), 3)
    taken = []
    while part := ranges.next_range():
        taken.append(part)
        if part[1]:
            ranges.observe(part[1] - part[0], (part[1] - part[0]) * 4_096)
    assert [first for first, _ in taken] == [0, *(behind for _, behind in taken[:-1])]
    assert taken[-1][1] is None
    widths = [behind - first for first, behind in taken[:-1]]
    assert widths[1] < widths[0] / 2  # the first file was larger than expected
    assert max(widths[-2:]) - min(widths[-2:]) <= 1


def test_a_busy_source_gets_fewer_connections(platform):
    engine = sa.create_engine(platform.postgres_url.replace("postgresql:", "postgresql+psycopg2:"))
    busy = psycopg2.connect(platform.postgres_url)
    with engine.connect() as connection:
        assert free_connections(connection, 4) == 4
        locked = psycopg2.connect(platform.postgres_url)
        locked.cursor().execute("lock table accounts")
        waiting = threading.Thread(target=lambda: busy.cursor().execute("select 1 from accounts limit 1"))
        waiting.start()
        while not connection.exec_driver_sql("select 1 from pg_stat_activity where wait_event_type = 'Lock'").first():
            connection.commit()  # Postgres shows a transaction the sessions as they were at its first look
        connection.commit()
        assert free_connections(connection, 4) == 3
        locked.close()
        waiting.join()
        assert table_size(connection, "public.contacts").pages > 0
    busy.close()
    engine.dispose()


@pytest.mark.slow
def test_the_door_as_it_is_over_several_connections(platform, eager):
    load()
    assert_raw_equals_source(platform)


def words(rows: int, first: int = 0, more: str = "") -> str:
    """Return SQL that selects rows of about 100 bytes."""
    columns = ", ".join(["n", "repeat(md5(n::text), 3)", *([more] if more else [])])
    return f"select {columns} from generate_series({first}, {first + rows - 1}) n"


def refusal(table: str) -> str:
    line = refused(load())[table]
    assert "\n" not in line
    return line
