"""A merge by a partition column reads the batch's ranges alone, and leaves what a merge of the whole table leaves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import duckdb
import pyarrow as pa
import pytest

from exactly_once.destinations.merge_job import in_ranges
from exactly_once.destinations.staged_duckdb import StagedDuckDbClient, StagedDuckDbSqlClient, staged_duckdb
from exactly_once.errors import permanent_failure
from exactly_once.partitions.declaration import partition_hint
from exactly_once.partitions.ranges import (
    BUCKETS,
    MOST,
    PartitionColumn,
    Ranges,
    buckets_of,
    ranges_of,
    read_ranges,
)
from tests.support.destination_trial import Trial
from tests.support.event_shop import DAY0, day, table

DECLARED = {"at": partition_hint(), "version": {"dedup_sort": "desc"}}
ROW_GROUP = 122_880  # rows: DuckDB's unit of a zone map


@pytest.fixture
def trial(tmp_path) -> Trial:
    return Trial(tmp_path)


class Connection:
    """A plain DuckDB connection as `read_ranges` uses dlt's client."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'America/New_York'")

    def execute_sql(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()


def missed(ranges: Ranges) -> str:
    """Return the query that counts the rows of a batch that are in no range."""
    return f"select count(*) from batch where not coalesce({' or '.join(ranges.conditions)}, false)"


COLUMNS = {
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_NS": "timestamp of nanoseconds",
    "DATE": "date",
    "BIGINT": "number",
}
TIMES = (
    "infinity",
    "-infinity",
    "2026-01-01 00:00:00",
    "2026-01-01 23:59:59.999999",
    "2019-03-31 02:30:00.000001",
    "1969-12-31 23:59:59.999999",
    "1880-01-01 00:00:00.123456",
)
EARLY = ("0044-03-15 (BC) 10:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "12345-01-01 00:00:00")
VALUES = {
    "TIMESTAMP WITH TIME ZONE": [f"{one}+00" if "inf" not in one else one for one in TIMES + EARLY],
    "TIMESTAMP": TIMES + EARLY,
    "TIMESTAMP_NS": (*TIMES, "2026-01-01 00:00:00.123456789", "1960-01-01 00:00:00.123456789"),
    "DATE": [one.split(" ")[0] + (" (BC)" if "BC" in one else "") for one in TIMES + EARLY],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "0", "1", "17", "1000000"],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_the_ranges_of_a_batch_hold_each_of_its_values_and_not_what_lies_between(kind):
    client = Connection()
    column = PartitionColumn('"at"', COLUMNS[kind], kind, "duckdb")
    values = VALUES[kind]
    client.connection.execute(f'create table batch ("at" {kind})')
    for chosen in ([None], *([one] for one in values), [*values, None], values[2:4]):
        client.connection.execute("delete from batch")
        client.connection.executemany("insert into batch values (?)", [[one] for one in chosen])
        ranges = read_ranges(client, column, "batch")
        assert client.execute_sql(missed(ranges)) == [(0,)], (chosen, ranges)
        if all(one is None or not ("inf" in one or "BC" in one) for one in chosen):
            in_arrow = client.connection.execute("from batch").to_arrow_table().column(0)
            assert client.execute_sql(missed(ranges_of(column, buckets_of(in_arrow)))) == [(0,)], chosen
    client.connection.execute("delete from batch")
    client.connection.executemany("insert into batch values (?)", [[values[2]], [values[4]]])
    ranges = read_ranges(client, column, "batch")
    assert len(ranges.conditions) == 2
    client.connection.execute("delete from batch")
    client.connection.execute("insert into batch values (?)", [VALUES[kind][3 if kind == "BIGINT" else 5]])
    inside = f"select count(*) from batch where {' or '.join(ranges.conditions)}"
    assert client.execute_sql(inside) == [(0,)]


def test_days_apart_are_ranges_of_their_own_and_the_nearest_become_one():
    column = PartitionColumn('"at"', "timestamptz", "TIMESTAMP WITH TIME ZONE", "duckdb")

    def ranges(*days: float) -> int:
        values = pa.chunked_array([pa.array([day(one) for one in days], pa.timestamp("us", "UTC"))])
        return len(ranges_of(column, buckets_of(values)).conditions)

    assert ranges(0, 0.2, 1, 2.9) == 1
    assert ranges(0, 2) == 2
    assert ranges(*(3.0 * number for number in range(MOST))) == MOST
    assert ranges(-2500, *(3.0 * number for number in range(MOST + 20))) == MOST
    number = PartitionColumn('"id"', "number", "BIGINT", "duckdb")
    spread = pa.chunked_array([pa.array([*range(1000), 10**9, 10**9 + 1])])
    assert ranges_of(number, buckets_of(spread)).conditions == (
        '("id" >= 0 AND "id" <= 999)',
        f'("id" >= {10**9} AND "id" <= {10**9 + 1})',
    )
    assert BUCKETS > MOST


def test_snowflake_gets_one_condition_with_literals():
    column = PartitionColumn('"AT"', "timestamptz", "TIMESTAMP_LTZ(6)", "snowflake")
    values = pa.chunked_array([pa.array([DAY0, day(9), None], pa.timestamp("us", "UTC"))])
    (condition,) = ranges_of(column, buckets_of(values)).conditions
    assert condition == (
        "((\"AT\" >= CAST('2025-12-31 23:59:59.999999+00:00' AS TIMESTAMP_LTZ(6)) AND "
        "\"AT\" <= CAST('2026-01-01 00:00:00.000001+00:00' AS TIMESTAMP_LTZ(6))) OR "
        "(\"AT\" >= CAST('2026-01-09 23:59:59.999999+00:00' AS TIMESTAMP_LTZ(6)) AND "
        '"AT" <= CAST(\'2026-01-10 00:00:00.000001+00:00\' AS TIMESTAMP_LTZ(6))) OR "AT" IS NULL)'
    )


def test_late_doubled_corrected_and_null_rows_are_merged(trial):
    trial.merge(table((1, 0, 1, "a"), (2, 1, 1, "a"), (3, -2000, 1, "a")), columns=DECLARED)
    without = table((4, 0, 1, "a"), (5, 0, 1, "a"))
    without = without.set_column(1, "at", pa.nulls(2, without.schema.field("at").type))
    trial.merge(without, columns=DECLARED)
    trial.merge(table((3, -2000, 2, "b"), (1, 0, 2, "b"), (1, 0, 3, "c"), (6, 900, 1, "a")), columns=DECLARED)
    trial.merge(without.slice(0, 1).set_column(3, "value", pa.array(["b"])), columns=DECLARED)
    assert trial.rows(columns="id, value") == [(1, "c"), (2, "a"), (3, "b"), (4, "b"), (5, "a"), (6, "a")]


def test_a_row_that_only_says_that_its_key_is_deleted_is_found_in_every_range(trial):
    columns = DECLARED | {"gone": {"hard_delete": True, "data_type": "bool"}}
    rows = {"id": [1, 2], "at": [DAY0, day(400)], "gone": [False, False]}
    trial.merge(pa.table(rows), columns=columns)
    stone = pa.table({"id": [1], "at": pa.nulls(1, pa.timestamp("us", "UTC")), "gone": [True]})
    trial.merge(stone, columns=columns)
    assert trial.rows(columns="id") == [(2,)]


def test_a_column_of_text_is_refused_by_name(trial):
    rows = pa.table({"id": [1], "at": ["x"], "version": [1]})
    failure = trial.fails(rows, columns=DECLARED)
    assert permanent_failure(failure)[0] == "things"
    assert "RAW.THINGS.AT is a partition column of the type text: take a timestamp" in permanent_failure(failure)[1]


def test_a_statement_of_an_earlier_version_reads_the_whole_table():
    earlier = "DELETE FROM t AS merge_target WHERE EXISTS (SELECT 1)"
    column = PartitionColumn("p", "number", "BIGINT", "duckdb")
    assert in_ranges([earlier], "t", ranges_of(column, [(0, 1, 2)])) == [earlier]


def scattered(minutes: int) -> int:
    """Return the id of the event of so many minutes before day 0."""
    return minutes * 7_919 % 2_147_483_647 * 1_000_003 % 2_147_483_647


def history(events: int) -> pa.Table:
    """Return one event a minute, the last of them on day 0, with ids that say nothing of the time."""
    ids = pa.array([scattered(events - number) for number in range(events)])
    at = pa.array([DAY0 + timedelta(minutes=number - events) for number in range(events)], pa.timestamp("us", "UTC"))
    return pa.table({"id": ids, "at": at, "version": pa.array([1] * events), "value": pa.array(["a"] * events)})


class ProfiledSql(StagedDuckDbSqlClient):
    """The client with the rows that its statements scanned of RAW.things, from DuckDB's own profile."""

    scanned: ClassVar[list[int]] = []

    def execute_many(self, statements: list[str], *arguments: object, **named: object) -> None:
        for statement in statements:  # together they have one profile
            self.execute_sql(statement)

    @contextmanager
    def execute_query(self, query: str, *arguments: object, **named: object) -> Iterator[object]:
        is_of_merge = "things" in query
        self._conn.execute("pragma enable_profiling = 'no_output'")
        with super().execute_query(query, *arguments, **named) as cursor:
            yield cursor
        if is_of_merge and query.startswith(("DELETE", "INSERT", "SELECT")):
            self.scanned.append(scanned(json.loads(self._conn.get_profiling_information("json"))))


def scanned(operator: dict) -> int:
    """Return the rows that an operator and those below it scanned of the table in RAW."""
    table = operator.get("extra_info", {}).get("Table", "").lower()
    own = operator.get("operator_rows_scanned", 0) if table.endswith(".raw.things") else 0
    return own + sum(map(scanned, operator.get("children", [])))


class ProfiledClient(StagedDuckDbClient):
    """Our client with that SQL client."""

    def __init__(self, schema, config, capabilities) -> None:
        super().__init__(schema, config, capabilities)
        plain = self.sql_client
        self.sql_client = ProfiledSql(plain.dataset_name, plain.staging_dataset_name, config.credentials, capabilities)
        self.sql_client.use_fencing_token(config.fencing_token)


class profiled(staged_duckdb):  # noqa: N801
    """The destination with that client."""

    @property
    def client_class(self):
        return ProfiledClient


profiled.register()


def rows_read(folder: Path, events: int, batch: pa.Table, columns: dict = DECLARED) -> int:
    """Return how many rows of RAW.things the merge of a batch scans, with so many events of history."""
    folder.mkdir()
    trial = Trial(folder, profiled)
    trial.merge(history(events), columns=columns)
    trial.sql("checkpoint")
    ProfiledSql.scanned.clear()
    trial.merge(batch, columns=columns)
    return sum(ProfiledSql.scanned)


@pytest.mark.slow
def test_a_merge_reads_as_many_rows_of_ten_times_the_history(tmp_path):
    late = 2 * ROW_GROUP
    batch = table(
        (scattered(10), -10 / 1440, 2, "corrected"),
        (scattered(late), -late / 1440, 2, "corrected"),
        (10**12, 0, 1, "new"),
    )
    once, ten = (rows_read(tmp_path / str(times), 4 * times * ROW_GROUP, batch) for times in (1, 10))
    whole = rows_read(tmp_path / "whole", 4 * ROW_GROUP, batch, {"version": {"dedup_sort": "desc"}})
    print(f"rows of RAW scanned: {once:,} of history 1, {ten:,} of history 10; without a partition column {whole:,}")
    assert 0 < once < whole
    assert ten <= once + 3 * ROW_GROUP, "threads fill row groups in any order"
