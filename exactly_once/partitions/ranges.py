"""The ranges of a partition column that a batch has, as predicates with literal bounds.

A batch of today that has one row of 2019 has two ranges: warehouses skip what lies between them. Values are grouped by
day, or whole numbers by a ten-thousandth of their span; neighbours are one range, and of the others the nearest are
merged until there are at most MOST. Bounds are never tighter than the values: a time is rounded outward to the
microsecond, and one that no literal can name (infinity, BC) opens its range.

Snowflake prunes micro-partitions by literals, also in a disjunction. DuckDB uses zone maps for one range, and not for a
disjunction: so it gets a statement, or a branch of a UNION ALL, for each range.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exactly_once.destinations.column_types import parse

MOST = 50  # ranges of one batch
BUCKETS = 10_000  # of a span of whole numbers
DAY = 86_400_000_000  # microseconds
INFINITE = 9 * 10**18  # stands for infinity
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years that a literal of the type can name.
YEARS = {"timestamp of nanoseconds": (1700, 2200)}
NAMED = (1, 9999)

Bucket = tuple[int | None, Any, Any]  # its number, the least and the greatest value; None: the values are NULL


@dataclass(frozen=True)
class PartitionColumn:
    """A partition column as one warehouse has it.

    Args:
        name: escaped.
        kind: as of `column_types.parse`.
        type: the warehouse's name of the type.
        dialect: "duckdb" or "snowflake".
    """

    name: str
    kind: str
    type: str
    dialect: str

    def number(self) -> str:
        """Return SQL for a value as a number: microseconds, days or itself."""
        if self.kind == "number":
            return self.name
        if self.kind == "date":
            days = f"date_diff('day', DATE '1970-01-01', {self.name})"
            return self._finite(days) if self.is_duckdb else f"DATEDIFF(day, CAST('1970-01-01' AS DATE), {self.name})"
        if self.is_duckdb:
            return self._finite(f"epoch_us({self.name})")
        return f"DATE_PART(EPOCH_MICROSECOND, {self.name})"

    def buckets(self, relation: str) -> str:
        """Return the query of the buckets that a relation has."""
        number = "CAST(partition_number AS DOUBLE)"
        bucket = f"FLOOR({number} / {DAY if self.kind != 'date' else 1})"
        if self.kind == "number":
            span = f"MAX({number}) OVER () - MIN({number}) OVER () + 1"
            bucket = f"FLOOR(({number} - MIN({number}) OVER ()) * {BUCKETS} / ({span}))"
        values = f"SELECT {self.number()} AS partition_number FROM {relation}"
        numbered = f"SELECT {bucket} AS partition_bucket, partition_number FROM ({values}) AS partition_values"
        return (
            "SELECT partition_bucket, MIN(partition_number), MAX(partition_number) "
            f"FROM ({numbered}) AS partition_buckets GROUP BY partition_bucket ORDER BY partition_bucket"
        )

    def literal(self, number: int, slack: int) -> str | None:
        """Return a value as SQL, moved outward by the slack where a type may be finer; None: no literal names it."""
        if self.kind == "number":
            return str(number)
        first, last = YEARS.get(self.kind, NAMED)
        if self.kind == "date":
            at = _added(timedelta(days=number)) if abs(number) < 10**7 else None
            return f"CAST('{date(at.year, at.month, at.day)}' AS DATE)" if at else None
        is_finer = self.kind == "timestamp of nanoseconds" or not self.is_duckdb
        at = _added(timedelta(microseconds=number + (slack if is_finer else 0))) if abs(number) < INFINITE else None
        if at is None or not first < at.year < last:
            return None
        zone = "+00:00" if self.kind == "timestamptz" else ""
        return f"CAST('{at.replace(tzinfo=None).isoformat(' ', 'microseconds')}{zone}' AS {self.type})"

    def edge(self, is_last: bool) -> str:
        """Return the last value, or the first, that a literal can name."""
        first, last = YEARS.get(self.kind, NAMED)
        zone = " 00:00:00+00:00" if self.kind == "timestamptz" else ""
        return f"CAST('{last if is_last else first + 1:04}-01-01{zone}' AS {self.type})"

    def fits(self, kind: pa.DataType) -> bool:
        """Tell whether a batch has the column's values as its type has them."""
        if pa.types.is_timestamp(kind):
            return self.kind.startswith("timestamp")
        return self.kind == ("date" if pa.types.is_date(kind) else "number" if pa.types.is_integer(kind) else None)

    @property
    def is_duckdb(self) -> bool:
        """Tell whether the warehouse is DuckDB."""
        return self.dialect == "duckdb"

    def _finite(self, number: str) -> str:
        return (
            f"CASE WHEN {self.name} IS NULL THEN NULL WHEN isfinite({self.name}) THEN {number} "
            f"WHEN {self.name} = 'infinity' THEN {INFINITE} ELSE -{INFINITE} END"
        )


@dataclass(frozen=True)
class Ranges:
    """The ranges of one batch: `conditions` are SQL, each of one range, and together of every row of the batch."""

    conditions: tuple[str, ...]

    def relation(self, table: str) -> str:
        """Return a subquery of the table's rows within the ranges, to be used in FROM."""
        rows = " UNION ALL ".join(f"SELECT * FROM {table} WHERE {condition}" for condition in self.conditions)
        return f"({rows})"


EVERYTHING = Ranges(("TRUE",))


def partition_column(sql_client: Any, table: Any, name: str) -> PartitionColumn:
    """Return a partition column as a warehouse has it.

    Args:
        sql_client: dlt's.
        table: dlt's table with the column.
        name: of the column.
    """
    dialect = str(sql_client.capabilities.sqlglot_dialect)
    mapper = sql_client.capabilities.get_type_mapper()
    type_ = mapper.to_destination_type(table["columns"][name], table)
    found = parse(type_, dialect)
    kind = found.kind if found else ""
    return PartitionColumn(sql_client.escape_column_name(name), kind, type_, dialect)


def read_ranges(sql_client: Any, column: PartitionColumn, relation: str, may_lack: bool = False) -> Ranges:
    """Return the ranges of a relation's rows, by one query.

    Args:
        sql_client: dlt's.
        column: of the partition.
        relation: the batch.
        may_lack: whether a row may lack the value that its key has, as one that only says that its key is deleted; then
            a NULL is in every range.
    """
    rows = sql_client.execute_sql(column.buckets(relation)) or ()
    if may_lack and any(low is None for _, low, _ in rows):
        return EVERYTHING
    return ranges_of(column, [(None if low is None else int(bucket), low, high) for bucket, low, high in rows])


def ranges_of(column: PartitionColumn, buckets: Sequence[Bucket]) -> Ranges:
    """Return the ranges of some buckets; without a bucket no row fulfils their condition."""
    known = sorted((number, int(low), int(high)) for number, low, high in buckets if number is not None)
    has_null = any(number is None for number, _, _ in buckets)
    found = [_between(column, low, high) for low, high in _merged(known)]
    found += [f"{column.name} IS NULL"] if has_null else []
    if not found or column.is_duckdb:
        return Ranges(tuple(found) or ("FALSE",))
    return Ranges((f"({' OR '.join(found)})",))


def buckets_of(values: pa.ChunkedArray) -> list[Bucket]:
    """Return the buckets of a column's values: times, dates or whole numbers."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        if kind.unit == "ns":  # rounded down; the ranges' slack covers the rest
            values = pc.floor_temporal(values, unit="microsecond")
        numbers = values.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
        days = pc.floor(pc.divide(numbers.cast(pa.float64(), safe=False), float(DAY)))
    elif pa.types.is_date(kind):
        numbers = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        days = numbers
    else:
        numbers, days = values.cast(pa.int64()), _scaled(values)
    table = pa.table({"bucket": days, "number": numbers}).group_by("bucket")
    grouped = table.aggregate([("number", "min"), ("number", "max")]).to_pydict()
    rows = zip(grouped["bucket"], grouped["number_min"], grouped["number_max"], strict=True)
    return [(None if low is None else int(bucket), low, high) for bucket, low, high in rows]


def _scaled(values: pa.ChunkedArray) -> pa.ChunkedArray:
    span = pc.min_max(values).as_py()
    if span["min"] is None:
        return values.cast(pa.float64())
    width = (float(span["max"]) - float(span["min"]) + 1) / BUCKETS
    return pc.floor(pc.divide(pc.subtract(values.cast(pa.float64(), safe=False), float(span["min"])), width))


def _merged(buckets: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Return at most MOST ranges that hold all buckets: the widest gaps between them stay."""
    gaps = [(right[0] - left[0], place) for place, (left, right) in enumerate(pairwise(buckets), 1)]
    kept = sorted(place for gap, place in sorted(gaps, reverse=True)[: MOST - 1] if gap > 1)
    bounds = [0, *kept, len(buckets)]
    parts = [buckets[start:end] for start, end in pairwise(bounds) if end > start]
    return [(min(low for _, low, _ in part), max(high for _, _, high in part)) for part in parts]


def _between(column: PartitionColumn, low: int, high: int) -> str:
    least = column.literal(low, -1) or (column.edge(True) if low > 0 else None)
    most = column.literal(high, 1) or (column.edge(False) if high < 0 else None)
    parts = [f"{column.name} >= {least}"] if least else []
    parts += [f"{column.name} <= {most}"] if most else []
    return f"({' AND '.join(parts)})" if parts else f"{column.name} IS NOT NULL"


def _added(difference: timedelta) -> datetime | None:
    try:
        return EPOCH + difference
    except OverflowError:
        return None
