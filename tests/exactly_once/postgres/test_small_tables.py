"""Small tables are looked at together, and one of which the look is not certain is read as any other."""

import duckdb
import pytest

from pipelines import postgres
from pipelines.postgres import load
from tests.support.compare import assert_raw_equals_source, differences
from tests.support.tables import keep

TABLES = ("users", "lists", "accounts")


@pytest.fixture
def loaded(platform, monkeypatch):
    """A platform whose three small tables are in RAW."""
    keep(monkeypatch, *TABLES)
    load()
    assert resources() == set()
    return platform


def resources() -> set[str]:
    """Return the names of the dlt resources that the next load would read."""
    with postgres.opened() as source:
        return set(source.resources)


def test_a_table_is_read_only_for_what_the_look_has_found(loaded):
    loaded.source("update users set full_name = 'changed' where user_id = 2")
    assert resources() == {"users"}
    loaded.source(
        """delete from list_memberships where list_id = 3; update campaigns set list_id = 4 where list_id = 3;
        delete from lists where list_id = 3"""
    )
    assert resources() == {"users", "lists_deletes"}
    report = load()
    assert {name: table.in_lake for name, table in report.tables.items() if table.in_lake} == {
        "postgres_users": 1,
        "postgres_lists": 1,
    }
    assert resources() == set()
    assert all(differences(loaded, name, f"{name[:-1]}_id") == [] for name in ("users", "accounts"))
    assert loaded.raw("select list_id from RAW.POSTGRES_LISTS where _deleted_at is not null") == [(3,)]


def test_a_new_column_without_a_row_reaches_raw(loaded):
    loaded.source("alter table users add column nickname text")
    assert resources() == {"users"}
    load()
    assert loaded.raw("select count(nickname) from RAW.POSTGRES_USERS") == [(0,)]
    assert resources() == set()


def test_a_row_that_raw_lacks_or_has_twice_is_no_equal_key(loaded):
    with duckdb.connect(str(loaded.warehouse)) as raw:
        raw.execute("delete from RAW.POSTGRES_ACCOUNTS where account_id = 1")
        raw.execute("insert into RAW.POSTGRES_LISTS select * from RAW.POSTGRES_LISTS where list_id = 1")
    assert resources() == {"accounts_deletes", "lists_deletes"}
    load()
    assert differences(loaded, "accounts", "account_id") == []


def test_tables_beyond_the_limits_are_read_as_before(loaded, monkeypatch):
    monkeypatch.setattr("exactly_once.postgres.small_tables.unchanged.KEYS", 3)
    assert resources() == {f"{name}_deletes" for name in TABLES}
    monkeypatch.setattr("exactly_once.postgres.ctid_ranges.MIN_PARALLEL_PAGES", 0)
    assert resources() == {name + suffix for name in TABLES for suffix in ("", "_deletes")}
    load()
    assert_raw_equals_source(loaded)
