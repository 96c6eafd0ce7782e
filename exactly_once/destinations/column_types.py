"""Compare column types of a warehouse, and convert a column from one to another.

A type is written as in the warehouse's catalogue or by dlt's type mapper, e.g. "DECIMAL(10,2)", "TIMESTAMP_LTZ(6)".
"""

import re
from dataclasses import dataclass
from typing import Literal

Change = Literal["same", "wider", "checked", "narrower", "other"]

# Whole numbers: digits of every number that fits, and digits of the longest one.
WHOLE = {"TINYINT": (2, 3), "SMALLINT": (4, 5), "INTEGER": (9, 10), "BIGINT": (18, 19), "HUGEINT": (38, 39)}
FLOATS = {"FLOAT4": 1, "REAL": 1, "FLOAT": 1, "DOUBLE": 2}
EXACT_IN_DOUBLE = 2**53
KINDS = {
    "DECIMAL": "number",
    "NUMBER": "number",
    "VARCHAR": "text",
    "TEXT": "text",
    "JSON": "json",
    "VARIANT": "json",
    "BOOLEAN": "bool",
    "DATE": "date",
    "TIME": "time",
    "BLOB": "binary",
    "BINARY": "binary",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMP_LTZ": "timestamptz",
    "TIMESTAMP_TZ": "timestamptz",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NTZ": "timestamp",
    "TIMESTAMP_NS": "timestamp of nanoseconds",  # it ends in 2262
}
PRECISION = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3}
UNBOUNDED = 16 * 2**20  # characters of Snowflake's longest text


@dataclass(frozen=True)
class ColumnType:
    """A type's kind and size: `holds` and `longest` count digits before the point, characters or fractional digits."""

    kind: str
    holds: int = 0
    longest: int = 0
    scale: int = 0
    is_whole: bool = False


def parse(name: str, dialect: str) -> ColumnType | None:
    """Return a type by its name; None: dlt never creates it."""
    match = re.fullmatch(r"(\w[\w ]*?)\s*(?:\((\d+)(?:\s*,\s*(\d+))?\))?", name.strip().upper())
    if not match:
        return None
    word, sizes = match[1], [int(size) for size in match.groups()[1:] if size]
    if word in WHOLE:
        holds, longest = WHOLE[word]
        return ColumnType("number", holds, longest, is_whole=True)
    if word in FLOATS:
        size = 2 if dialect == "snowflake" else FLOATS[word]
        return ColumnType("double", size, size)
    kind = KINDS.get(word)
    if kind == "number":
        precision, scale = (*sizes, 0)[:2] if sizes else (38, 0)
        return ColumnType(kind, precision - scale, precision - scale, scale)
    if kind == "text":
        length = sizes[0] if sizes and dialect == "snowflake" else UNBOUNDED
        return ColumnType(kind, min(length, UNBOUNDED), min(length, UNBOUNDED))
    if kind == "timestamp":
        # Snowflake's catalogue is not asked for the precision of times.
        digits = 0 if dialect == "snowflake" else PRECISION.get(word, 6)
        return ColumnType(kind, digits, digits)
    return ColumnType(kind) if kind else None


def change(old: str, new: str, dialect: str) -> Change:
    """Return how the type of a column changes.

    "wider": every value of the old type is one of the new type; "narrower": the other way round; "checked": the values
    decide (whole numbers become doubles), see `loses`. Types that dlt never creates are the "same".
    """
    before, after = parse(old, dialect), parse(new, dialect)
    if before is None or after is None or before == after:
        return "same"
    if _widens(before, after):
        return "wider"
    if before.kind == "number" and not before.scale and after.kind == "double":
        return "checked"
    return "narrower" if _widens(after, before) else "other"


def rounds(sent: str, stored: str) -> bool:
    """Tell whether DuckDB may round numbers of one type in a column of another."""
    kinds = {found.kind for found in (parse(sent, "duckdb"), parse(stored, "duckdb")) if found}
    return kinds <= {"number", "double"} and change(sent, stored, "duckdb") not in ("same", "wider")


def _widens(before: ColumnType, after: ColumnType) -> bool:
    """Tell whether every value of one type is a value of another."""
    if after.kind == "double" and before.is_whole:
        return before.longest <= 15 and after.holds == 2
    if before.kind != after.kind:
        return False
    if before.is_whole and after.is_whole:
        return after.longest >= before.longest
    return after.holds >= before.longest and after.scale >= before.scale


def converted(column: str, old: str, new: str, zone: str, dialect: str) -> str:
    """Return the SQL of a column's value in its new type; NULL where it has none there.

    Args:
        column: quoted.
        old: its type.
        new: the type that it becomes.
        zone: the IANA name of the time zone in which a timestamp without one is written.
        dialect: "duckdb" or "snowflake".
    """
    before, after = parse(old, dialect), parse(new, dialect)
    kinds = (before.kind, after.kind) if before and after else ("", "")
    place = zone.replace("'", "''")
    if dialect == "duckdb":
        if kinds in (("timestamp", "timestamptz"), ("timestamptz", "timestamp")):
            return f"({column} AT TIME ZONE '{place}')"
        return f"TRY_CAST({column} AS {new})"
    if kinds == ("timestamp", "timestamptz"):  # the session's zone is UTC
        return f"CAST(CONVERT_TIMEZONE('{place}', 'UTC', {column}) AS {new})"
    if kinds == ("timestamptz", "timestamp"):
        return f"CAST(CONVERT_TIMEZONE('{place}', {column}) AS {new})"
    if kinds[1] == "json":
        return f"TO_VARIANT({column})"
    if kinds[1] == "text" or change(old, new, dialect) in ("wider", "checked"):
        return f"CAST({column} AS {new})"
    # Snowflake's TRY_CAST takes text alone.
    text = column if kinds[0] == "text" else f"CAST({column} AS VARCHAR)"
    return f"TRY_CAST({text} AS {new})"


def loses(column: str, old: str, new: str, zone: str, dialect: str) -> str:
    """Return the condition of a row whose value the new type does not have; arguments as of `converted`."""
    before, after = parse(old, dialect), parse(new, dialect)
    if not before or not after or (after.kind in ("text", "json") and dialect == "snowflake"):
        return "FALSE"
    value = converted(column, old, new, zone, dialect)
    lost = f"{column} IS NOT NULL AND {value} IS NULL"
    numbers = ("number", "double")
    if before.kind in numbers and after.kind == "double" and before.kind != "double":
        return f"{column} NOT BETWEEN -{EXACT_IN_DOUBLE} AND {EXACT_IN_DOUBLE} OR {lost}"
    if before.kind in numbers and after.kind in numbers:
        return f"({lost}) OR CAST({value} AS {old}) <> {column}"
    if before.kind == "text" and after.kind in numbers:
        real = "DOUBLE"
        return f"({lost}) OR CAST({value} AS {real}) <> TRY_CAST({column} AS {real})"
    return lost
