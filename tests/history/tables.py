"""The tables that are compared, kept and restored: their rows, and the differences of two versions of them."""

import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.history.island import IDS, IDS_EACH

# Models that say what increments have seen and touched: a full refresh begins them again, or leaves them as they are.
STATE = {"int_built_batches", "int_event_loads", "int_touched_messages", "int_touched_days", "int_unmatched_keys",
    "int_campaign_domains", "int_ruled_contacts"}  # fmt: skip
# Lists of candidates, which may keep rows that nothing needs any more: none may be missing.
CANDIDATES = {"int_campaign_days", "int_ruled_messages"}
ROWS_SHOWN = 4


@dataclass(frozen=True)
class Table:
    """A model of INTERMEDIATE or MART that dbt stores as a table."""

    node: str
    schema: str
    name: str
    is_incremental: bool

    @property
    def address(self) -> str:
        return f'"{self.schema}"."{self.name}"'


def tables(manifest: dict) -> list[Table]:
    """Return every stored table of INTERMEDIATE and MART, from dbt's manifest: a new model joins by itself."""
    return [
        Table(unique_id, node.schema, node.alias, node.config.materialized == "incremental")
        for unique_id, node in sorted(manifest.items())
        if node.resource_type == "model" and node.schema in {"INTERMEDIATE", "MART"}
        if node.config.materialized in {"table", "incremental"} and node.name not in STATE
    ]  # fmt: skip


def keep(warehouse: Path, found: list[Table], schema: str) -> None:
    """Copy tables into a schema of the test's, replacing earlier copies."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.execute(f"create schema if not exists {schema}")
        for table in found:
            connection.execute(f'create or replace table {schema}."{table.name}" as from {table.address}')


def restore(warehouse: Path, table: Table, schema: str) -> bool:
    """Replace a table's rows by those of its copy, unless both have the same number: that nobody can notice."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        counts = [
            connection.execute(f"select count(*) from {address}").fetchone()
            for address in (table.address, f'{schema}."{table.name}"')
        ]
        if counts[0] == counts[1]:
            return False
        connection.execute(f"begin; delete from {table.address}")
        connection.execute(f'insert into {table.address} by name from {schema}."{table.name}"; commit')
        return True


@dataclass(frozen=True)
class Compared:
    """How many rows a table has and how many differ from its copy, and some of them."""

    name: str
    rows: int
    differing: int
    shown: tuple[str, ...]
    islands: tuple[int, ...]


def compare(warehouse: Path, found: list[Table], schema: str) -> list[Compared]:
    """Compare tables with their copies, row for row."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        return [_compare(connection, table, schema) for table in found]


def _compare(connection: duckdb.DuckDBPyConnection, table: Table, schema: str) -> Compared:
    copy = f'{schema}."{table.name}"'
    differing = []
    sides = (("refreshed", table.address, copy), ("grown", copy, table.address))
    for side, one, other in sides[: 1 if table.name in CANDIDATES else 2]:
        result = connection.execute(f"(from {one}) except all (from {other}) order by all")
        names = [column[0] for column in result.description]
        differing += [(side, dict(zip(names, row, strict=True))) for row in result.fetchall()]
    rows = connection.execute(f"select count(*) from {table.address}").fetchone()[0]
    islands = sorted({island for _, row in differing for island in _islands(row)})
    # Rows of one island are shown together, so that the two versions of a row are among them.
    first = [each for each in differing if not islands or islands[0] in _islands(each[1])][: ROWS_SHOWN * 10]
    first.sort(key=lambda each: [str(value) for value in each[1].values()])
    shown = tuple(f"{side}: {_short(row)}" for side, row in first[:ROWS_SHOWN])
    return Compared(table.name, rows, len(differing), shown, tuple(islands))


def _islands(row: dict) -> set[int]:
    """Return the numbers of the islands that a row's ids and names are of."""
    numbers = {int(name) for value in row.values() for name in re.findall(r"\bi(\d{3})\b", str(value))}
    ids = {value for name, value in row.items() if name.endswith("_id") and isinstance(value, int) and value > IDS}
    return numbers | {(value - IDS) // IDS_EACH for value in ids}


def _short(row: dict) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items() if value is not None)
