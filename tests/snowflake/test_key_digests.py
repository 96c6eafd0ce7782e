"""The SQL of key digests runs on the offline Snowflake, and hashes each kind of key as DuckDB does.

DuckDB's hashes are compared with Postgres's in tests/exactly_once/incremental/test_digests.py.
"""

import duckdb
import pytest

from exactly_once.incremental.digests.dialects import WAREHOUSES, Part
from exactly_once.incremental.digests.slices import HashBuckets, KeyRanges, Slices
from exactly_once.incremental.digests.statement import KeyStatement, read_digests
from tests.snowflake.warehouses import DATABASE

TABLE = f"{DATABASE}.KEYS_ONLY.KEY_DIGESTS"
INTEGERS = [-(2**63), 2**63 - 1, -1, 0, 1, 2**32, 2**32 - 1, -(2**32), 123_456_789_012_345, *range(500, 600)]
TIMES = ("0001-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.5", "2026-11-28 12:00:00")
KEYS = {  # Snowflake's type, DuckDB's, the kind, the values as both write them
    "integers": ("NUMBER(19, 0)", "BIGINT", "int", [str(number) for number in INTEGERS]),
    "texts": ("VARCHAR", "VARCHAR", "text", ["'a'", "'é😀'", "''", "'it''s, '"]),
    "dates": ("DATE", "DATE", "date", [f"'{day}'" for day in ("0001-01-01", "9999-12-31", "2026-11-28")]),
    "times": ("TIMESTAMP_NTZ(6)", "TIMESTAMP", "timestamp", [f"'{time}'" for time in TIMES]),
    "instants": ("TIMESTAMP_TZ(6)", "TIMESTAMPTZ", "timestamp", [f"'{time}+00:00'" for time in TIMES]),
    "booleans": ("BOOLEAN", "BOOLEAN", "bool", ["true", "false"]),
    "decimals": ("NUMBER(38, 0)", "DECIMAL(38, 0)", "decimal(38,0)", ["-5", "0", "9" * 18]),
}


def statements(kind: str) -> list[KeyStatement]:
    """Return Snowflake's and DuckDB's statements of a key of one column."""
    return [
        KeyStatement(WAREHOUSES["snowflake"], [Part(kind, "K")], TABLE),
        KeyStatement(WAREHOUSES["duckdb"], [Part(kind, "k")], "keyed"),
    ]


@pytest.fixture
def both(offline):
    """Return a function that makes a table of both, and one that runs a query of each."""
    local = duckdb.connect()
    local.execute("set timezone = 'UTC'")

    def make(theirs: str, ours: str, values: list[str]) -> None:
        listed = ", ".join(f"({value})" for value in values)
        offline.execute(f"CREATE SCHEMA IF NOT EXISTS {DATABASE}.KEYS_ONLY")
        offline.execute(f"CREATE OR REPLACE TABLE {TABLE} (K {theirs})", f"INSERT INTO {TABLE} VALUES {listed}")
        local.execute(f"create or replace table keyed (k {ours}); insert into keyed values {listed}")

    def run(theirs: str, ours: str) -> tuple[list, list]:
        return offline.execute(theirs), local.execute(ours).fetchall()

    return make, run


@pytest.mark.parametrize("name", KEYS)
def test_keys_have_the_same_digests_by_hash(both, name):
    make, run = both
    theirs, ours, kind, values = KEYS[name]
    make(theirs, ours, values)
    slicing = HashBuckets(4)
    found = [read_digests(slicing, rows) for rows in run(*(one.digests(slicing, ()) for one in statements(kind)))]
    assert found[0] == found[1]
    assert sum(digest.count for digest in found[0].values()) == len(values)


def test_integers_have_the_same_digests_by_range_and_within_ranges(both):
    make, run = both
    make("NUMBER(19, 0)", "BIGINT", [str(number) for number in INTEGERS])
    coarse, fine = KeyRanges(-5, 699, 100), KeyRanges(500, 599, 7)
    found = [read_digests(coarse, rows) for rows in run(*(one.digests(coarse, ()) for one in statements("int")))]
    assert found[0] == found[1]
    assert len(found[0]) > 2
    scope = (Slices(coarse, frozenset({5, 6})),)
    found = [read_digests(fine, rows) for rows in run(*(one.digests(fine, scope) for one in statements("int")))]
    assert found[0] == found[1]
    keys = run(*(f"SELECT COUNT(*) FROM {one.relation}{one.where(scope)}" for one in statements("int")))
    assert keys[0][0][0] == keys[1][0][0] == sum(digest.count for digest in found[0].values())


def test_several_columns_are_hashed_alike(both):
    make, run = both
    make("VARCHAR", "VARCHAR", ["'a'", "'b,'"])
    parts = [Part("text", "K"), Part("int", "7"), Part("text", "K")]
    theirs = f"SELECT {WAREHOUSES['snowflake'].row_hash(parts)} FROM {TABLE}"
    found = run(theirs, f"SELECT {WAREHOUSES['duckdb'].row_hash(parts)} FROM keyed")
    assert {int(row[0]) for row in found[0]} == {int(row[0]) for row in found[1]}
