"""The keys of a Postgres table for delete detection, in the order of every warehouse: text by its bytes.

Those of a large table are compared by digests first (exactly_once/incremental/digests).
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from dlt.common.schema.typing import TColumnSchema

from exactly_once.incremental.digests.dialects import POSTGRES, Part
from exactly_once.incremental.digests.raw_keys import RawKeys, can_hash
from exactly_once.incremental.digests.search import DigestKeyDiff, first_slicing
from exactly_once.incremental.digests.slices import Slices, Slicing
from exactly_once.incremental.digests.statement import Digest, KeyStatement, read_digests
from exactly_once.incremental.key_diff import BATCH, Key
from exactly_once.incremental.raw_table import RawTable
from exactly_once.postgres.cursor_window import CursorWindow
from exactly_once.postgres.scanner import compile_sql, errors_of
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.tables.catalog import check_not_rewritten
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.type_mapping import select_expression
from exactly_once.process import interrupts

# Encodings in which the order of bytes is the one of UTF-8, so that an index can give it.
SAME_ORDER = ("UTF8", "SQL_ASCII", "LATIN1")
# Keys of a table whose digests are compared first, by the warehouse: with fewer, streaming them takes less of the
# processors, or fewer statements. DuckDB sorts and hands over keys in this process; from Snowflake each one travels.
DIGESTS_FROM = {"duckdb": 10_000_000, "snowflake": 1_000_000}
ROW_BYTES = 128  # of a table of which Postgres has no estimate of rows
# Of each kind of `Part`: SQLAlchemy's type of what Postgres selects, and dlt's of RAW. A double has no text that all
# databases write alike.
KINDS: tuple[tuple[str, type[sa.types.TypeEngine[Any]], str], ...] = (
    ("int", sa.Integer, "bigint"),
    ("text", sa.String, "text"),
    ("date", sa.Date, "date"),
    ("time", sa.Time, "time"),
    ("bool", sa.Boolean, "bool"),
    ("binary", sa.LargeBinary, "binary"),
)


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

    @property
    def count(self) -> int:
        """About how many keys the table has, by Postgres's estimate; 0: it has none."""
        found = self._source.catalog
        return found.rows if found.rows > 0 else (found.bytes or 0) // ROW_BYTES

    def digest_diff(self, raw: RawTable) -> DigestKeyDiff | None:
        """Compare the keys with RAW's by digests; None: they are to be streamed.

        That is so for a table that is small or has no key, for a type whose text differs between the databases, and
        where Postgres computes no MD5.
        """
        kinds = [_kind(column, raw.columns[name]) for column, name in zip(self._columns(), raw.key, strict=True)]
        known = [kind for kind in kinds if kind]
        is_hashed = len(known) == len(kinds) and can_hash(raw, known) and ("text" not in known or self._is_utf8)
        if not is_hashed or self.count < DIGESTS_FROM[raw.dialect] or self._source.spec.is_row_keyed:
            return None
        side = _SourceKeys(self, known)
        try:
            span = side.span() if known[0] == "int" else None
            return DigestKeyDiff(RawKeys(raw, known), side, first_slicing(self.count, span))
        except sa.exc.DBAPIError:
            interrupts.check()
            return None  # streaming the keys fails likewise, and says why, or it was the digest alone

    def iter_keys(self, condition: str = "") -> Iterator[pa.Table]:
        """Yield the keys, ascending, and no other column, so that Postgres can read its index alone.

        Args:
            condition: SQL of those that are wanted; "": all.
        """
        columns = self._columns()
        order = [self._in_byte_order(column.element) if _is_text(column) else column.element for column in columns]
        query = sa.select(*columns).select_from(self._source.described).order_by(*order)
        if condition:
            query = query.where(sa.literal_column(condition, sa.Boolean))
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

    def parts(self, kinds: Sequence[str]) -> list[Part]:
        """Return the parts of the key as Postgres's SQL has them."""
        return [Part(kind, compile_sql(one.element)) for kind, one in zip(kinds, self._columns(), strict=True)]

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Return the rows of a query of the table, in the snapshot.

        By the engine: DuckDB keeps a processor busy while it waits for a query that takes long and returns little.
        """
        with self._snapshot.engine.connect() as connection:
            return connection.exec_driver_sql(sql.replace("%", "%%")).all()

    @property
    def relation(self) -> str:
        """The table as SQL names it."""
        return self._source.quoted

    @property
    def _is_utf8(self) -> bool:
        """Tell whether Postgres hashes the bytes of a text that RAW has."""
        return self._snapshot.server.encoding == "UTF8"

    def _columns(self) -> list[sa.Label[Any]]:
        return [select_expression(self._source.described.c[name]) for name in self._source.key]

    def _in_byte_order(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return the sort key of text: its bytes as UTF-8, as in DuckDB and Snowflake, not a collation."""
        if self._snapshot.server.encoding in SAME_ORDER:
            return column.collate("C")
        return sa.func.convert_to(sa.cast(column, sa.Text), "UTF8")


class _SourceKeys:
    """Postgres's side of a comparison by digests."""

    def __init__(self, reader: PrimaryKeyReader, kinds: Sequence[str]) -> None:
        self._reader = reader
        self._parts = reader.parts(kinds)

    @cached_property
    def _statement(self) -> KeyStatement:
        return KeyStatement(POSTGRES, self._parts, self._reader.relation)

    def span(self) -> tuple[int, int] | None:
        """Return the least and the greatest integer of the first column, from its index; None: there is no row."""
        first = POSTGRES.integer(self._parts[0])
        found = self._reader.query(
            f"SELECT min({first}) AS least, max({first}) AS greatest FROM {self._reader.relation}"
        )
        return None if found[0][0] is None else (int(found[0][0]), int(found[0][1]))

    def digests(self, slicing: Slicing, scope: Sequence[Slices]) -> Mapping[int, Digest]:
        """Return the digest of each slice that has keys, within some slices of coarser slicings."""
        return read_digests(slicing, self._reader.query(self._statement.digests(slicing, scope)))

    def keys(self, scope: Sequence[Slices]) -> Iterator[pa.Table]:
        """Yield the keys in some slices, ascending."""
        return self._reader.iter_keys(self._statement.selected(scope))


def _kind(column: sa.Label[Any], known: TColumnSchema) -> str | None:
    """Return the kind of a part of the key that both sides hash alike, as `Part` has it; None: they do not.

    Args:
        column: as Postgres selects it.
        known: dlt's column of RAW.
    """
    has, found = known.get("data_type"), column.type
    if isinstance(found, sa.Numeric) and not isinstance(found, sa.Float):
        precision, scale = known.get("precision"), known.get("scale") or 0
        is_held = has == "decimal" and precision is not None and (found.scale or 0) <= scale
        return f"decimal({precision},{scale})" if is_held else None
    if isinstance(found, sa.DateTime):
        return "timestamp" if has == "timestamp" and known.get("timezone", True) == bool(found.timezone) else None
    for kind, type_, data_type in KINDS:
        if isinstance(found, type_):
            return kind if has == data_type else None
    return None


def _literal(part: Any) -> str:
    if isinstance(part, bool | int | Decimal):
        return str(part)
    text = f"\\x{part.hex()}" if isinstance(part, bytes) else part if isinstance(part, str) else part.isoformat()
    return "'" + text.replace("'", "''") + "'"


def _is_text(column: sa.ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.String)
