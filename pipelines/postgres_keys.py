"""The keys of a Postgres table for the sweep, in the order that every warehouse has: text by its bytes."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import sqlalchemy as sa
from dlt.sources.sql_database.arrow_helpers import row_tuples_to_arrow
from dlt.sources.sql_database.schema_types import table_to_columns

from pipelines.exact import exact_column, exact_columns, exact_type, exact_value, loosen
from pipelines.key_merge import BATCH, Key
from pipelines.snapshot import Snapshot
from pipelines.sweep import DELETED_AT
from pipelines.window import Window
from pipelines.wire import rows_of, sql_text

# Encodings in which the order of bytes is the one of UTF-8, so that an index can give it.
SAME_ORDER = ("UTF8", "SQL_ASCII", "LATIN1")


class PostgresKeys:
    """The keys of one table, and its rows by key, both as of one snapshot.

    Args:
        metadata: of SQLAlchemy, which keeps what it has reflected.
        key: the columns of the primary key.
        window: what a load reads of the table anyway.
    """

    def __init__(self, moment: Snapshot, metadata: sa.MetaData, name: str, key: Sequence[str], window: Window) -> None:
        self._moment = moment
        self._metadata = metadata
        self._name = name
        self._key = list(key)
        self._window = window

    def stream(self) -> Iterator[pa.Table]:
        """Yield the keys, ascending: nothing else of the rows, so that Postgres can read its index alone."""
        columns = self._columns(self._table())
        order = [self._in_byte_order(column) if _is_text(column) else column for column in columns]
        query = sa.select(*columns).order_by(*order)
        values = ", ".join(exact_value(column) for column in query.selected_columns)
        with self._moment.wire.session() as session:
            rows = session.execute(f"SELECT {values} FROM {rows_of(sql_text(query))}")
            for batch in rows.to_arrow_reader(BATCH):
                yield pa.Table.from_batches([batch])

    def fetch(self, keys: Sequence[Key]) -> pa.Table:
        """Return the rows of these keys, as a load brings them, that only an earlier window would have read."""
        table = self._table()
        hints = table_to_columns(table, "full", exact_type) | {"_deleted_at": DELETED_AT}
        query = sa.select(*exact_columns(table)).where(
            sa.tuple_(*self._columns(table)).in_(keys), self._window.is_old(table)
        )
        with self._moment.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        return row_tuples_to_arrow(rows, hints, "UTC")

    def _table(self) -> sa.Table:
        table = sa.Table(self._name, self._metadata, autoload_with=self._moment.engine, resolve_fks=False)
        loosen(table)
        return table

    def _columns(self, table: sa.Table) -> list[sa.ColumnElement]:
        return [exact_column(table.c[name]) for name in self._key]

    def _in_byte_order(self, column: sa.ColumnElement) -> sa.ColumnElement:
        """Return what text sorts by: its bytes as UTF-8, which DuckDB and Snowflake agree with, not a collation."""
        if self._moment.server.encoding in SAME_ORDER:
            return column.collate("C")
        return sa.func.convert_to(sa.cast(column, sa.Text), "UTF8")


def _is_text(column: sa.ColumnElement) -> bool:
    return isinstance(column.type, sa.String)
