"""Digests of slices find exactly the keys that streaming all keys finds."""

import random
from collections.abc import Iterator
from hashlib import md5
from uuid import uuid4

import duckdb
import psycopg2
import pytest

from exactly_once.incremental.digests import search
from exactly_once.incremental.digests.dialects import MULTIPLIERS, WAREHOUSES, Part
from exactly_once.incremental.digests.slices import KeyRanges, runs_of
from exactly_once.incremental.digests.statement import KeyStatement, read_digests
from exactly_once.incremental.key_diff import SortedKeyDiff
from exactly_once.postgres import key_reader
from mock_services.postgres.server import EmbeddedPostgres
from tests.support.key_sides import KeySides
from tests.support.platform import execute

pytestmark = pytest.mark.integration

TIMES = "'0001-01-01 00:00:00.000001', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.5', '2026-11-28 12:00'"
# The key's columns, and a query of keys, with those that a type writes in an unusual way.
QUICK = {
    "bigint": ("k bigint", "select n * 7 - 3000 from generate_series(1, 2000) n"),
    "text": (
        "k text",
        "select 'k' || n || 'é😀' from generate_series(1, 300) n union select unnest(array['', '\\', ','])",
    ),
    "two": ("a int, k text", "select n % 5, 'x,' || n from generate_series(1, 500) n"),
    "timestamptz": (
        "k timestamptz",
        f"select '1960-01-01Z'::timestamptz + n * interval '8639.123457 s' from generate_series(1, 300) n "
        f"union select unnest(array[{TIMES}])::timestamp at time zone 'UTC'",
    ),
}
SLOW = {
    "int4": ("k int", "select unnest(array[-2147483648, 2147483647, 0, 1, -1, 7, 8, 9])"),
    "extremes": ("k bigint", "select unnest(array[-9223372036854775808, 9223372036854775807, 0, 1, -1, 7, 8, 9])"),
    "outlier": ("k bigint", "select n from generate_series(1, 1000) n union select 4611686018427387904"),
    "uuid": ("k uuid", "select gen_random_uuid() from generate_series(1, 300)"),
    "char": ("k char(8)", "select n::text from generate_series(1, 300) n"),
    "numeric": ("k numeric(12,3)", "select n / 8.0 - 5 from generate_series(1, 300) n"),
    "wide": ("k numeric(38,0)", f"select n - 5 from generate_series(1, 300) n union select {'9' * 38}"),
    "free": ("k numeric", "select n / 8.0 - 5 from generate_series(1, 300) n"),
    "date": (
        "k date",
        "select date '1900-01-01' + n * 97 from generate_series(1, 300) n "
        "union select unnest(array['0001-01-01', '9999-12-31'])::date",
    ),
    "timestamp": (
        "k timestamp",
        f"select '1960-01-01'::timestamp + n * interval '8639.123457 s' from generate_series(1, 300) n "
        f"union select unnest(array[{TIMES}])::timestamp",
    ),
    "time": ("k time", "select time '00:00' + n * interval '13.000001 s' from generate_series(1, 300) n"),
    "timetz": ("k timetz", "select timetz '00:00Z' + n * interval '13.000001 s' from generate_series(1, 300) n"),
    "bytea": ("k bytea", "select decode(md5(n::text), 'hex') from generate_series(1, 300) n union select ''"),
    "boolean": ("a bool, k int", "select n % 2 = 0, n from generate_series(1, 300) n"),
    "integers": ("a int, k bigint", "select n / 50, n from generate_series(1, 2000) n"),
    "many_integers": ("a bigint, k text", "select n * 1000, ',' || n from generate_series(1, 2000) n"),
    "texts": ("a text, k text", "select n % 5 || ',', ',' || n from generate_series(1, 300) n"),
}


@pytest.fixture(autouse=True)
def small_slices(monkeypatch) -> None:
    """Slice few keys as if they were many."""
    monkeypatch.setattr(key_reader, "DIGESTS_FROM", {"duckdb": 0, "snowflake": 0})
    monkeypatch.setattr(search, "SLICE_KEYS", 16)
    monkeypatch.setattr(search, "FEWEST_KEYS", 1)
    monkeypatch.setattr(search, "STREAMED", 20)


@pytest.fixture(scope="module")
def keys_server(tmp_path_factory) -> Iterator[EmbeddedPostgres]:
    """A server without MailBlaze's data."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), ephemeral=True) as server:
        yield server
        server.destroy()


@pytest.fixture
def database(keys_server) -> Iterator[str]:
    """An empty database of its own."""
    name = f"keys_{uuid4().hex[:12]}"
    execute(keys_server.url("postgres", "postgres"), f"create database {name}")
    yield keys_server.url(name, "postgres")
    execute(keys_server.url("postgres", "postgres"), f"drop database {name} with (force)")


def make(url, folder, columns: str, keys: str) -> KeySides:
    """Return both sides of a table with these keys, which are equal."""
    names = [column.split()[0] for column in columns.split(", ")]
    sides = KeySides(url, folder, names)
    sides.source(f"create table keyed ({columns}, primary key ({', '.join(names)})); insert into keyed {keys}")
    sides.copy()
    return sides


def compare(sides: KeySides, is_hashed: bool = True):
    """Return the differences that the digests find, having checked that the streams find the same."""
    with sides.open() as (reader, raw):
        streams = SortedKeyDiff(raw.keys(), reader.iter_keys())
        is_empty, expected = streams.source_is_empty, list(streams.iter_differences())
        digests = reader.digest_diff(raw)
        assert (digests is not None) == is_hashed
        if digests:
            assert list(digests.iter_differences()) == expected
            assert (digests.known, digests.deleted) == (streams.known, streams.deleted)
            assert digests.source_is_empty == is_empty
        return expected, digests


def check_every_difference(url, folder, columns: str, keys: str) -> None:
    sides = make(url, folder, columns, keys)
    found, digests = compare(sides)
    assert found == []
    assert digests.is_equal, "the canonical texts differ, so that equal keys are streamed"
    for order in ("", " desc"):
        sides.source(f"delete from keyed where k = (select k from keyed order by keyed{order} limit 1)")
    assert [is_gone for is_gone, _ in compare(sides)[0]] == [True, True]
    sides.raw("insert into keyed select * from keyed limit 3")  # keys that RAW has twice
    sides.raw("delete from keyed where rowid in (select rowid from keyed limit 2 offset 4)")
    assert len(compare(sides)[0]) > 2
    sides.raw("update keyed set _deleted_at = now()")
    assert all(not is_gone for is_gone, _ in compare(sides)[0])
    sides.raw("update keyed set _deleted_at = null")
    sides.source("delete from keyed")
    assert all(is_gone for is_gone, _ in compare(sides)[0])


@pytest.mark.parametrize("kind", QUICK)
def test_keys_of_a_type_are_compared_as_streams_compare_them(database, tmp_path, kind):
    check_every_difference(database, tmp_path, *QUICK[kind])


@pytest.mark.slow
@pytest.mark.parametrize("kind", SLOW)
def test_keys_of_every_type_are_compared_as_streams_compare_them(database, tmp_path, kind):
    check_every_difference(database, tmp_path, *SLOW[kind])


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["bigint", "text"])
def test_random_changes_are_found_as_streams_find_them(database, tmp_path, kind, rounds):
    """Deletes and additions on both sides, single ones and runs of neighbours; what an earlier round left stays."""
    chance = random.Random(rounds)  # noqa: S311  a repeatable history
    sides = make(database, tmp_path, f"k {kind}", "select n * 3 from generate_series(1, 3000) n")
    for _ in range(rounds):
        first, last, step = chance.randrange(9000), chance.randrange(1, 300), chance.choice([1, 3, 7, 500])
        numbers = f"select n::{kind} from generate_series({first}, {first + last * step}, {step}) n"
        sides.source(f"delete from keyed where k in ({numbers})")
        added = chance.randrange(20)
        sides.source(
            f"insert into keyed select {first} + n * 5 + 1 from generate_series(1, {added}) n on conflict do nothing"
        )
        values = ", ".join(f"('{chance.randrange(12_000)}', '1')" for _ in range(chance.randrange(1, 4)))
        sides.raw(f"insert into keyed (k, _dlt_load_id) values {values}")
        compare(sides)


def test_only_slices_that_differ_are_streamed(database, tmp_path):
    sides = make(database, tmp_path, "k bigint", "select generate_series(1, 20000)")
    sides.source("delete from keyed where k in (1, 9000, 9001, 20000)")
    _, digests = compare(sides)
    with sides.open():
        streamed = list(digests._known.keys(digests.scope))
    assert 4 <= sum(table.num_rows for table in streamed) < 200


def test_a_type_without_a_common_text_is_streamed(database, tmp_path):
    sides = make(database, tmp_path, "k float8", "select n / 3.0 from generate_series(1, 100) n")
    sides.source("delete from keyed where k < 1")
    assert len(compare(sides, is_hashed=False)[0]) == 2


def test_text_of_another_encoding_is_streamed(keys_server, tmp_path):
    server = keys_server.url("postgres", "postgres")
    execute(server, "create database latin encoding 'LATIN1' template template0")
    try:
        sides = make(
            keys_server.url("latin", "postgres"), tmp_path, "k text", "select 'ü' || n from generate_series(1, 50) n"
        )
        sides.source("delete from keyed where k = 'ü7'")
        assert compare(sides, is_hashed=False)[0] == [(True, ("ü7",))]
    finally:
        execute(server, "drop database latin with (force)")


def test_a_small_table_is_streamed(database, tmp_path, monkeypatch):
    monkeypatch.setattr(key_reader, "DIGESTS_FROM", {"duckdb": 101, "snowflake": 101})
    sides = make(database, tmp_path, "k int", "select generate_series(1, 100)")
    compare(sides, is_hashed=False)
    sides.source("insert into keyed values (0)")
    assert compare(sides)[0] == [(False, (0,))]


def test_where_postgres_computes_no_digest_the_keys_are_streamed(database, tmp_path, monkeypatch):
    monkeypatch.setattr(key_reader.POSTGRES.__class__, "MD5", "('x' || pg_catalog.no_md5({0}))::bit(64)::bigint")
    sides = make(database, tmp_path, "k text", "select n::text from generate_series(1, 100) n")
    sides.source("delete from keyed where k = '50'")
    assert compare(sides, is_hashed=False)[0] == [(True, ("50",))]


def test_hashes_are_the_same_in_postgres_duckdb_and_python(database, tmp_path):
    numbers = [-(2**63), 2**63 - 1, -1, 0, 1, 2**32, 2**32 - 1, -(2**32), 123_456_789_012_345]
    first, last = {}, {}
    for number in numbers:
        first[number], last[number] = (number + 2**63) >> 32, number & (2**32 - 1)
        for place, multiplier in enumerate(MULTIPLIERS):
            changed, other = (first, last) if place % 2 == 0 else (last, first)
            mixed = ((other[number] >> 15) ^ other[number]) * multiplier
            changed[number] ^= (mixed >> 16) & (2**32 - 1)
    listed = ", ".join(f"({number})" for number in numbers)
    warehouse = duckdb.connect()
    warehouse.execute(f"create table keyed as select * from (values {listed}) as keyed (k)")
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"create table keyed (k bigint); insert into keyed values {listed}")
        for dialect, run in ((key_reader.POSTGRES, cursor), (WAREHOUSES["duckdb"], warehouse)):
            run.execute(dialect.mixed(Part("int", "k"), "keyed", ""))
            assert {k: (a, b) for k, a, b in run.fetchall()} == {k: (first[k], last[k]) for k in numbers}
            run.execute(f"select {dialect.row_hash([Part('text', chr(39) + 'é😀' + chr(39))])}")
            (hashed,) = run.fetchone()
            assert hashed % 2**64 == int.from_bytes(md5("é😀".encode(), usedforsecurity=False).digest()[:8])
    connection.close()


def test_sets_with_equal_sums_of_powers_have_different_digests():
    """Prouhet's sets agree in their counts and in the sums of their numbers' first eight powers."""
    numbers = range(512)
    one, other = ([n for n in numbers if n.bit_count() % 2 == parity] for parity in (0, 1))
    assert [sum(n**power for n in one) for power in range(9)] == [sum(n**power for n in other) for power in range(9)]
    warehouse = duckdb.connect()
    found = []
    for base in (0, 10**12, -(2**40)):
        for number, side in enumerate((one, other)):
            warehouse.execute(f"create or replace table keyed as select unnest({[base + n for n in side]}) as k")
            slicing = KeyRanges(base, base + 511, 512)
            statement = KeyStatement(WAREHOUSES["duckdb"], [Part("int", "k")], "keyed")
            rows = warehouse.execute(statement.digests(slicing, ())).fetchall()
            found.append((base, number, read_digests(slicing, rows)[0]))
    assert len({digest.sums for _, _, digest in found}) == len(found)


def test_swapped_parts_of_a_key_have_another_hash():
    run = duckdb.connect()
    parts = [[Part("text", f"'{part}'") for part in key] for key in (("a", "b"), ("b", "a"), ("a,b", ""), ("", "a,b"))]
    hashes = {run.execute(f"select {WAREHOUSES['duckdb'].row_hash(key)}").fetchone() for key in parts}
    assert len(hashes) == len(parts)


def test_runs_take_in_the_smallest_gaps(monkeypatch):
    monkeypatch.setattr("exactly_once.incremental.digests.slices.MOST_RUNS", 2)
    assert runs_of([1, 2, 4, 9]) == [(1, 4), (9, 9)]
    assert runs_of([3]) == [(3, 3)]
