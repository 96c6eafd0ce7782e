"""The declaration of a partition column: of a key it never changes, and it follows time.

dlt's hint of the column is `x-partition`. A merge then reads only the rows of a table whose value lies in a range that
the batch has; see ranges.py. Only merges of the strategy delete-insert do, by a primary key, and where one column has
the hint; every other merge reads the whole table, as without the hint.
"""

from collections.abc import Mapping
from typing import Any, cast

from dlt.common.schema.typing import TColumnSchema

from exactly_once.errors import TableError

HINT = "x-partition"
TYPES = ("timestamp", "date", "bigint")
SENSIBLE = "name a timestamp, a date or a whole number that a row keeps for ever and that follows time"


def partition_hint(is_partition: bool = True) -> TColumnSchema:
    """Return dlt's hint of a column that never changes for a key and follows time, or of one that is none any more.

    For a resource of any kind: `columns={"occurred_at": partition_hint()}`.
    """
    return cast(TColumnSchema, {HINT: is_partition or None})  # dlt keeps every hint with an "x-"


def partition_of(columns: Mapping[str, Any]) -> str | None:
    """Return the column of dlt's that ranges may be made of; None: there is none, or more than one."""
    found = [name for name, column in columns.items() if column.get(HINT) and "data_type" in column]
    return found[0] if len(found) == 1 else None


def check_type(table: str, name: str, column: Mapping[str, Any]) -> None:
    """Refuse a partition column whose values make no ranges of time.

    Raises:
        TableError: it is neither a timestamp, a date nor a whole number.
    """
    if column.get("data_type") in TYPES:
        return
    error = TableError(
        f"RAW.{table.upper()}.{name.upper()} is a partition column of the type {column.get('data_type')}: take a "
        f"timestamp, a date or a whole number that grows, or take {HINT} away. Nothing of {table} was loaded."
    )
    error.raw_name = table
    raise error


def settled_hints(known: Mapping[str, Any], wanted: str | None) -> dict[str, TColumnSchema]:
    """Return the hints that leave one partition column to a table: dlt keeps those of earlier declarations.

    Args:
        known: dlt's columns of the table as the last load left them.
        wanted: the declared column, as dlt has it; None: there is none.
    """
    found = {name: partition_hint(False) for name, column in known.items() if column.get(HINT) and name != wanted}
    return found | ({wanted: partition_hint()} if wanted else {})
