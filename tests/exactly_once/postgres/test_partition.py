"""A table of Postgres with a partition column: RAW equals the source, and a wrong column refuses its table."""

import pytest

from exactly_once.postgres.tables.spec import Table
from pipelines.postgres import load
from tests.support.compare import differences
from tests.support.steps import refused
from tests.support.tables import declare, keep

LINE = {"key": "id", "cursor": "updated_at", "deletes": "sweep"}


@pytest.fixture
def orders(platform, monkeypatch):
    """A table with a row a day, and its declaration."""
    keep(monkeypatch)
    declare(monkeypatch, Table("orders", **LINE, partition="created_at"))
    platform.source(
        "create table orders (id int primary key, created_at timestamptz, day date, name text default 'a', "
        "updated_at timestamptz default now()); "
        "insert into orders select n, timestamptz '2026-01-01' - n * interval '1 day', date '2026-01-01' - n "
        "from generate_series(1, 500) n; update orders set created_at = null where id = 7; "
        "update orders set created_at = 'infinity' where id = 8"
    )
    return platform


@pytest.mark.slow
def test_rows_of_any_age_change_and_vanish_while_the_declaration_comes_and_goes(orders, monkeypatch):
    change = "update orders set name = name || '{0}', updated_at = now() where id in (1, 2, 7, 8, 400, {1}); "
    load()
    for turn, options in enumerate(({"partition": "created_at"}, {"partition": "day"}, {}, {"partition": "id"})):
        declare(monkeypatch, Table("orders", **LINE, **options))
        orders.source(change.format(turn, 100 + turn) + f"delete from orders where id = {200 + turn}")
        assert refused(load()) == {}
        assert differences(orders, "orders", "id") == []
    assert orders.raw("select count(*), count(distinct id) from RAW.POSTGRES_ORDERS") == [(500, 500)]


@pytest.mark.parametrize(
    ("column", "line"),
    [
        ("created_att", "orders has no column created_att; did you mean created_at? Correct it in "),
        ("name", "orders.name is text, and the partition column of the table: name a timestamp, a date or a whole "),
    ],
)
def test_a_column_that_is_none_refuses_its_table(orders, monkeypatch, column, line):
    declare(monkeypatch, Table("orders", **LINE, partition=column))
    assert line in refused(load())["orders"]
