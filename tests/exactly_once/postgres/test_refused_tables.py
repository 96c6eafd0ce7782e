"""A table that cannot be loaded exactly is rejected alone; all others load, and the next run is complete."""

from contextlib import contextmanager

import duckdb
import pytest

from exactly_once.postgres.tables.spec import Table
from pipelines import loading as loads
from pipelines.postgres import load, postgres, snapshot
from tests.support.compare import differences
from tests.support.steps import refused
from tests.support.tables import declare, keep

LINE = {"key": "id", "cursor": "updated_at", "deletes": "sweep"}


@pytest.fixture
def two(platform, monkeypatch):
    """Two tables of fifty rows, `good` and `bad`."""
    keep(monkeypatch)
    for name in ("good", "bad"):
        declare(monkeypatch, Table(name, **LINE))
        platform.source(
            f"create table {name} (id int primary key, v int, updated_at timestamptz default now()); "
            f"insert into {name} select n, n from generate_series(1, 50) n"
        )
    return platform


@pytest.mark.slow
def test_what_the_warehouse_refuses_is_set_aside_and_the_rest_lands(two):
    load()
    with duckdb.connect(str(two.warehouse)) as warehouse:  # a rule that no check at the source can know
        warehouse.execute("create unique index once on RAW.POSTGRES_BAD (v)")
    two.source("update bad set v = 7, updated_at = now() where id = 3")
    two.source("update good set v = 7, updated_at = now() where id = 3")
    for _ in range(2):
        line = refused(load())["bad"]
        assert 'RAW.POSTGRES_BAD: Constraint Error: Duplicate key "v: 7"' in line
        assert differences(two, "good", "id") == []
        assert two.raw("select v from RAW.POSTGRES_BAD where id = 3") == [(3,)]
    two.source("update bad set v = 70, updated_at = now() where id = 3")
    assert refused(load()) == {}
    assert differences(two, "bad", "id") == []


@pytest.mark.slow
@pytest.mark.parametrize("statement", ["alter table bad alter v type int using v * 2", "truncate bad"])
def test_a_table_that_is_written_again_during_the_load_is_refused_for_this_run(two, statement):
    """A snapshot from before sees an empty table: its rows would look deleted, or be missing from the window."""
    load()
    two.source("update good set v = 7, updated_at = now() where id = 3")

    @contextmanager
    def interrupted():
        with snapshot() as moment:
            assert moment.engine
            two.source(statement)
            two.source("insert into bad select n, n from generate_series(51, 60) n")
            yield postgres(moment)

    before = two.raw("select * from RAW.POSTGRES_BAD order by id")
    assert "wrote the table again while it was read: run again" in refused(loads.load("postgres", interrupted))["bad"]
    assert two.raw("select * from RAW.POSTGRES_BAD order by id") == before
    assert differences(two, "good", "id") == []
    two.source("insert into bad select n, n from generate_series(1, 50) n on conflict do nothing")
    assert refused(load()) == {}
    assert differences(two, "bad", "id") == []


def test_a_misspelled_name_is_answered_with_the_nearest_one_and_a_lost_one_with_restoring_it(two, monkeypatch):
    declare(
        monkeypatch,
        Table("bad", key="id", cursor="update_at", deletes="sweep"),
        Table("goods", **LINE),
        Table("elephants", **LINE),
        Table("third", key="zebra", cursor=None, deletes="none", table="good", raw="third"),
        Table("pair", key="id, v", cursor=None, deletes="none", table="good"),
        Table("nothing", key="id", cursor="None", deletes="none", table="good"),
        Table("public.good", **LINE),
    )
    said = refused(load())
    where = "in pipelines/postgres.py"
    assert f"bad has no column update_at; did you mean updated_at? Correct it {where}. Nothing" in said["bad"]
    assert (
        "no table public.goods; did you mean good? Correct its name, or take it out of pipelines/postgres.py"
        in said["goods"]
    )
    assert "no table public.elephants; correct its name, or take it out of pipelines/postgres.py" in said["elephants"]
    assert f"third has no column zebra; name another {where}" in said["third"]
    assert f'pair has no column id, v; say ["id", "v"], each name by itself, {where}' in said["pair"]
    assert f"nothing has no column None; say None without quotes {where}" in said["nothing"]
    assert 'no table public."public.good"; say table="good", schema="public", or take it' in said["public.good"]
    declare(monkeypatch, Table("bad", **LINE))
    keep(monkeypatch, "good", "bad")
    assert refused(load()) == {}
    two.source("alter table bad rename updated_at to updated; alter table good rename to goods")
    said = refused(load())
    assert f"bad has no column updated_at; restore it, or name another {where}" in said["bad"]
    assert "no table public.good; restore it, or take it out of pipelines/postgres.py" in said["good"]


@pytest.mark.slow
def test_the_rows_of_a_refused_table_do_not_land_later(two):
    """They were in the package before the table was rejected: a run after a kill must not load them."""
    two.source("alter table bad add d json; update bad set d = '{}', updated_at = now() where id < 50")
    two.source('update bad set d = \'{"cut": "\\ud83d"}\' where id = 50')
    for _ in range(2):
        line = refused(load())["bad"]
        assert "bad.d holds a text that is not JSON for every reader in the row 50" in line
        assert differences(two, "good", "id") == []
        assert two.raw("select count(*) from duckdb_tables() where table_name = 'postgres_bad'") == [(0,)]
    two.source("update bad set d = '{}' where id = 50")
    assert refused(load()) == {}
    assert two.raw("select count(*) from RAW.POSTGRES_BAD where d = '{}'") == [(50,)]
