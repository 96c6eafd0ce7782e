"""The keys of a Postgres table for delete detection, in the order of every warehouse: text by its bytes."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from exactly_once.incremental.key_diff import BATCH, Key
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.scanner import errors_of
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.tables.catalog import check_not_rewritten
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.type_mapping import select_expression

# Encodings in which the order of bytes is the one of UTF-8, so that an index can give it.
SAME_ORDER = ("UTF8", "SQL_ASCII", "LATIN1")


class PrimaryKeyReader:
    """The keys of one table, and its rows by key, both as of one snapshot.

    Args:
        snapshot: that is read.
        source: the table.
        window: that the load reads anyway.
    """

    def __init__(self, snapshot: Snapshot, source: SourceTable, window: CursorWindow) -> None:
        self._snapshot = snapshot
        self._source = source
        self._window = window

    def iter_keys(self) -> Iterator[pa.Table]:
        """Yield the keys, ascending, and no other column, so that Postgres can read its index alone."""
        columns = self._columns()
        order = [self._in_byte_order(column.element) if _is_text(column) else column.element for column in columns]
        query = sa.select(*columns).select_from(self._source.described).order_by(*order)
        self._snapshot.scanner.end_shared()
        with errors_of(self._source.name), self._snapshot.scanner.session() as session:
            rows = session.execute(self._source.scan(query))
            for batch in rows.to_arrow_reader(BATCH):
                yield pa.Table.from_batches([batch])
        check_not_rewritten(self._snapshot.engine, self._source.name, self._source.catalog)

    def fetch_rows(self, keys: Sequence[Key]) -> pa.Table:
        """Return the rows of some keys, as a load brings them, that neither this window nor a later one reads."""
        source = self._source
        # A literal without a type takes the column's: SQLAlchemy has no literal for bytes.
        wanted = ", ".join("(" + ", ".join(map(_literal, key)) + ")" for key in keys)
        columns = sa.tuple_(*(column.element for column in self._columns()))
        is_wanted = columns.op("IN")(sa.literal_column(f"({wanted})"))
        query = source.select(sa.and_(is_wanted, self._window.before_window(source.described)))
        with errors_of(source.name), self._snapshot.scanner.session() as session:
            return session.execute(source.scan(query)).to_arrow_table()

    def _columns(self) -> list[sa.Label[Any]]:
        return [select_expression(self._source.described.c[name]) for name in self._source.key]

    def _in_byte_order(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return the sort key of text: its bytes as UTF-8, as in DuckDB and Snowflake, not a collation."""
        if self._snapshot.server.encoding in SAME_ORDER:
            return column.collate("C")
        return sa.func.convert_to(sa.cast(column, sa.Text), "UTF8")


def _literal(part: Any) -> str:
    if isinstance(part, bool | int | Decimal):
        return str(part)
    text = f"\\x{part.hex()}" if isinstance(part, bytes) else part if isinstance(part, str) else part.isoformat()
    return "'" + text.replace("'", "''") + "'"


def _is_text(column: sa.ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.String)
