"""What changes values without moving a cursor, beside what tests/foreign rebuilds; keys that only seem unique."""

import time

import psycopg2
import pytest

from exactly_once.postgres.tables.catalog import zone_settings
from exactly_once.postgres.tables.spec import Table
from pipelines.postgres import load, snapshot
from tests.support.steps import refused
from tests.support.tables import declare, keep

ROW = "id int primary key, v text, updated_at timestamptz default now()"
OLD = "now() - interval '1 day'"
LINE = {"key": ["id"], "cursor": "updated_at", "deletes": "none"}


@pytest.fixture
def lines(platform, monkeypatch):
    """Replace TABLES by a test's declarations: lines(name={…option: value}, …)."""
    keep(monkeypatch)
    return lambda **more: declare(monkeypatch, *(Table(name, **LINE | options) for name, options in more.items()))


def raw(platform, columns: str, table: str) -> list[tuple]:
    return platform.raw(f"select {columns} from RAW.POSTGRES_{table} where _deleted_at is null order by all")


def test_a_line_of_tables_that_changes_reads_the_table_again(platform, lines):
    platform.source(
        f"""create table moved (id int primary key, v text, created_at timestamptz default {OLD},
            updated_at timestamptz default now() - interval '2 days');
        insert into moved select n, 'a' from generate_series(1, 5) n;
        create table hidden ({ROW}); insert into hidden select n, 'a', {OLD} from generate_series(1, 5) n;
        create table renamed ({ROW}); insert into renamed select n, 'a', {OLD} from generate_series(1, 5) n"""
    )
    lines(moved={"cursor": "created_at"}, hidden={"exclude": ["v"]}, renamed={})
    assert refused(load()) == {}
    platform.source("update moved set v = 'b' where id = 3")
    lines(moved={}, hidden={}, renamed={"raw": "other"})
    assert refused(load()) == {}
    assert raw(platform, "v", "MOVED") == [("a",)] * 4 + [("b",)]
    assert raw(platform, "count(v)", "HIDDEN") == [(5,)]
    assert raw(platform, "count(*)", "OTHER") == [(5,)]
    assert refused(load()) == {}
    assert platform.raw("select count(distinct _dlt_load_id) from RAW.POSTGRES_OTHER") == [(1,)]


@pytest.mark.slow
def test_what_stands_below_a_table_or_a_view_is_seen(platform, lines):
    platform.source(
        f"""create type pair as (a int, b int);
        create table pairs (id int primary key, c pair, updated_at timestamptz default {OLD});
        insert into pairs values (1, row(1, 2));
        create type mood as enum ('sad', 'ok');
        create table moods (id int primary key, m mood, updated_at timestamptz default {OLD});
        insert into moods values (1, 'sad');
        create view inner_view as select id, m::text as m, updated_at from moods;
        create view outer_view as select * from inner_view;
        create table parents ({ROW}); create table heirs (extra text) inherits (parents);
        insert into parents values (1, 'p', {OLD}); insert into heirs values (2, 'h', {OLD}, 'x');
        create table parts (id int, day date, v int, updated_at timestamptz default now(), primary key (id, day))
            partition by range (day);
        create table january partition of parts for values from ('2026-01-01') to ('2026-02-01');
        insert into parts values (1, '2026-01-05', 1);
        create table other_january (like parts including all);
        insert into other_january values (1, '2026-01-05', 2, {OLD})
        """
    )
    lines(pairs={}, outer_view={}, parents={}, parts={"key": ["id", "day"], "deletes": "sweep"})
    assert refused(load()) == {}
    platform.source(
        """alter type pair add attribute d int; alter type mood rename value 'sad' to 'blue';
        alter table parents add extra text; alter table parts detach partition january;
        alter table parts attach partition other_january for values from ('2026-01-01') to ('2026-02-01')"""
    )
    assert refused(load()) == {}
    assert raw(platform, "c", "PAIRS") == [("(1,2,)",)]
    assert raw(platform, "m", "OUTER_VIEW") == [("blue",)]
    assert raw(platform, "id, extra", "PARENTS") == [(1, None), (2, "x")]
    assert raw(platform, "v", "PARTS") == [(2,)]
    platform.source(
        "create or replace view inner_view as select id, upper(m::text) as m, updated_at from moods;"
        "alter type mood add value 'new'"
    )
    assert refused(load()) == {}
    assert raw(platform, "m", "OUTER_VIEW") == [("BLUE",)]


def test_another_key_is_refused_until_the_table_has_another_name(platform, lines):
    platform.source(f"create table keyed ({ROW}); insert into keyed select n, 'a', {OLD} from generate_series(1, 5) n")
    lines(keyed={"deletes": "sweep"})
    load()
    platform.source("alter table keyed rename id to pk")
    for key in (["pk"], "row"):
        lines(keyed={"key": key, "deletes": "sweep"} | ({"cursor": None} if key == "row" else {}))
        assert 'say raw="keyed_2" in pipelines/postgres.py' in refused(load())["keyed"]
    lines(keyed={"key": ["pk"], "deletes": "sweep", "raw": "keyed_2"})
    assert refused(load()) == {}
    assert raw(platform, "pk", "KEYED_2") == [(1,), (2,), (3,), (4,), (5,)]


@pytest.mark.slow
def test_times_of_an_unknown_zone_are_refused_whoever_sets_it(platform, lines):
    platform.source(
        f"""create table local (id int primary key, v text, updated_at timestamp default now());
        create table gone (id int primary key, gone_at timestamp, updated_at timestamptz default {OLD});
        insert into local values (1, 'a'); insert into gone values (1, '2026-07-01 10:00')"""
    )
    lines(local={}, gone={"deletes": "gone_at"})
    assert refused(load()) == {}
    with snapshot() as taken, taken.engine.connect() as connection:
        assert ("the server", "UTC") in zone_settings(connection)
    platform.source(f"alter database {platform.postgres_url.rpartition('/')[2]} set timezone = 'America/New_York'")
    said = refused(load())
    assert 'begin in America/New_York: say in which zone it is written, zone="America/New_York"' in said["local"]
    assert "gone.gone_at is a timestamp without a zone" in said["gone"]
    lines(local={"zone": "UTC"}, gone={"deletes": "gone_at", "zone": "America/New_York"})
    assert refused(load()) == {}
    ((deleted_at,),) = platform.raw("select _deleted_at from RAW.POSTGRES_GONE")
    assert deleted_at.isoformat() == "2026-07-01T14:00:00+00:00"


def test_keys_that_only_seem_unique_are_refused(platform, lines):
    platform.source(
        f"""create table parents ({ROW}); create table heirs () inherits (parents);
        insert into parents values (1, 'p'); insert into heirs values (1, 'h');
        create table ends (id timestamptz primary key, updated_at timestamptz default now());
        insert into ends values ('infinity'), ('9999-12-31 23:59:59.999999');
        create table plain ({ROW}); insert into plain values (1, 'a');
        create materialized view copied as select * from plain"""
    )
    lines(parents={}, ends={}, copied={}, plain={})
    lines_said = refused(load())
    assert "parents: two rows have the key id=1" in lines_said["parents"]
    assert "ends.id holds infinity, no key that RAW can hold" in lines_said["ends"]
    assert "copied: rows of a materialized view become visible when it is refreshed" in lines_said["copied"]
    assert raw(platform, "id", "PLAIN") == [(1,)]


@pytest.mark.slow
def test_a_binary_part_of_a_key_is_marked_and_comes_back(platform, lines):
    platform.source(
        """create table keys (k bytea, n int, updated_at timestamptz default now(), primary key (k, n));
        insert into keys values ('\\x00fb', 1), ('\\x27', 2)"""
    )
    lines(keys={"key": ["k", "n"], "deletes": "sweep"})
    load()
    platform.source("delete from keys where n = 2")
    load()
    assert raw(platform, "n", "KEYS") == [(1,)]
    platform.source(f"insert into keys values ('\\x27', 2, {OLD})")
    load()
    assert raw(platform, "k, n", "KEYS") == [(b"\x00\xfb", 1), (b"'", 2)]


@pytest.mark.slow
def test_a_cursor_that_postgres_rounds_skips_no_late_row(platform, lines):
    platform.source(
        "create table rounded (id int primary key, v text, updated_at timestamptz(0) default now());"
        "insert into rounded values (1, 'a'), (2, 'a')"
    )
    lines(rounded={})
    load()
    writer = psycopg2.connect(platform.postgres_url)
    while not 0.3 < time.time() % 1 < 0.45:  # a time that is rounded to one before the transaction began
        time.sleep(0.01)
    writer.cursor().execute("update rounded set v = 'late', updated_at = now() where id = 1")
    platform.source("update rounded set v = 'x', updated_at = now() where id = 2")
    load()
    writer.commit()
    writer.close()
    time.sleep(1.2)  # a unit of the cursor, after which the row is read
    load()
    assert raw(platform, "id, v", "ROUNDED") == [(1, "late"), (2, "x")]
