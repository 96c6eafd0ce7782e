"""Which small tables need no read: one statement looks at all of them, and one more compares the keys of both sides.

A table that is read costs a resource of dlt's, a session in the snapshot and one in the warehouse, whether it has a new
row or not. What is found here is what the read would find. A table of which that is not certain is read.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from dlt.destinations.exceptions import DatabaseException

from exactly_once.incremental.raw_table import RawClients
from exactly_once.incremental.resource_states import ResourceStates
from exactly_once.postgres.scanner import compile_sql
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.table_loader import ReadOptions
from exactly_once.postgres.tables.catalog import were_rewritten
from exactly_once.postgres.tables.source_table import SourceTable, quote
from exactly_once.postgres.tables.table_shape import STATE
from exactly_once.process import interrupts

KEYS = 10_000  # of a table, and five times as many of all tables
ROW = 64  # bytes, where Postgres has no estimate of the rows
PATIENCE = "2s"  # that these statements wait for a lock; the read of the locked table waits longer
# Their texts are the same on every warehouse.
INTEGERS, TEXTS = ("int2", "int4", "int8"), ("text", "varchar", "uuid")

Key = tuple[Any, ...]


class Unchanged:
    """The tables of one load of which Postgres has nothing new; none where that cannot be told.

    Args:
        snapshot: that is read.
        clients: of the warehouse.
        states: of the source's resources.
    """

    def __init__(self, snapshot: Snapshot, clients: RawClients, states: ResourceStates) -> None:
        self._snapshot, self._clients, self._states = snapshot, clients, states

    def without_changes(self, reads: Sequence[ReadOptions]) -> set[str]:
        """Return the small tables that have no row in their window, and all of whose columns RAW has."""
        candidates = [read for read in reads if read.source.is_small and self._is_settled(read)]
        statement = " UNION ALL ".join(
            f"SELECT {number} WHERE EXISTS ({_rows_in_window(read)})" for number, read in enumerate(candidates)
        )
        found = self._from_postgres(statement, candidates)
        if found is None:
            return set()
        changed = {number for (number,) in found}
        return {read.source.name for number, read in enumerate(candidates) if number not in changed}

    def with_equal_keys(self, reads: Sequence[ReadOptions]) -> set[str]:
        """Return the small tables of which both sides have the same keys, each as often."""
        candidates = list(_few_keys(reads))
        width = max((len(read.source.key) for read in candidates), default=0)
        statement = " UNION ALL ".join(
            _source_keys(number, read.source, width) for number, read in enumerate(candidates)
        )
        found = self._from_postgres(statement, candidates)
        if not found:
            return set()
        source = _by_number(found)
        compared = {number: candidates[number].raw for number, keys in source.items() if len(keys) <= KEYS}
        try:
            known = _by_number(self._clients.keys_as_text(compared, width, KEYS + 1))
        except DatabaseException:
            interrupts.check()
            return set()
        return {candidates[number].source.name for number in compared if source[number] == known.get(number)}

    def _is_settled(self, read: ReadOptions) -> bool:
        """Tell whether a read without rows would save and change nothing."""
        plan = read.plan
        is_as_before = self._states.of(read.source.name)().get(STATE) == plan.shape and not plan.reasons
        has_window = read.window.cursor is not None and read.window.start is not None
        return (
            read.raw.exists
            and is_as_before
            and has_window
            and not plan.partitions
            and not plan.is_retyped
            and _has_columns(read)
        )

    def _from_postgres(self, statement: str, reads: Sequence[ReadOptions]) -> list[Any] | None:
        """Return the rows of a statement over some tables.

        None: Postgres refuses it, and the read of a table by itself says why; or a table was written again since the
        snapshot was taken.
        """
        if not statement:
            return None
        tables = [read.source.catalog for read in reads]
        try:
            with self._snapshot.engine.connect() as connection:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                found = list(connection.exec_driver_sql(statement.replace("%", "%%")))
            with self._snapshot.engine.connect() as connection:
                return None if were_rewritten(connection, tables) else found
        except (sa.exc.DBAPIError, UnicodeDecodeError):
            interrupts.check()
            return None


def _rows_in_window(read: ReadOptions) -> str:
    table = read.source.described
    return compile_sql(sa.select(sa.literal_column("1")).select_from(table).where(read.window.condition(table)))


def _has_columns(read: ReadOptions) -> bool:
    """Tell whether dlt's schema has every column as the load declares it."""
    known = read.raw.columns
    return all(column.items() <= known.get(name, {}).items() for name, column in read.plan.columns.items())


def _few_keys(reads: Sequence[ReadOptions]) -> Iterator[ReadOptions]:
    """Yield the tables whose keys can be compared as text, the smallest first, as far as memory goes."""
    total = 0
    for read in sorted(reads, key=_rows):
        total += _rows(read)
        if total > 5 * KEYS:
            return
        if read.source.is_small and read.raw.exists and _is_text_exact(read):
            yield read


def _rows(read: ReadOptions) -> int:
    found = read.source.catalog
    return found.rows if found.rows >= 0 else (found.bytes or 0) // ROW


def _is_text_exact(read: ReadOptions) -> bool:
    """Tell whether both sides write each part of the key as the same text."""
    source, known = read.source, read.raw.columns
    if source.spec.is_row_keyed:
        return False
    for column in source.columns:
        if column.name not in source.spec.key_columns:
            continue
        is_text = column.base in TEXTS or (column.base in INTEGERS and source.is_text(column))
        wanted = "text" if is_text else "bigint" if column.base in INTEGERS else None
        if column.is_array or known.get(source.names[column.name], {}).get("data_type") != wanted:
            return False
    return True


def _source_keys(number: int, source: SourceTable, width: int) -> str:
    names = [quote(column) for column in source.spec.key_columns]
    parts = [f"{name}::text" for name in names] + ["NULL::text"] * (width - len(names))
    return f"(SELECT {number}, {', '.join(parts)} FROM {source.quoted} LIMIT {KEYS + 1})"


def _by_number(rows: Sequence[Sequence[Any]]) -> dict[int, list[Key]]:
    """Return the keys of each table, in order."""
    found: dict[int, list[Key]] = defaultdict(list)
    for number, *key in rows:
        found[int(number)].append(tuple(part for part in key if part is not None))
    return {number: sorted(keys) for number, keys in found.items()}
