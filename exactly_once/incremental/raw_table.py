"""Read a table of RAW: its keys in order, and the rows of some keys as the next load would bring them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

import dlt
import pyarrow as pa
from dlt.common.pipeline import current_pipeline
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.schema.utils import has_table_seen_data as has_seen_data
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.sources.sql_database.arrow_helpers import row_tuples_to_arrow

from exactly_once.clients import fetch, warehouse_client
from exactly_once.incremental.key_diff import BATCH as STREAMED
from exactly_once.incremental.key_diff import Key
from exactly_once.partitions.declaration import partition_of
from exactly_once.partitions.ranges import buckets_of, partition_column, ranges_of
from exactly_once.source_info import SourceInfo, info_of

BATCH = 10_000  # keys in one look-up


class RawClients:
    """Sessions of the warehouse that the tables of one extraction share: opening one costs more than most queries.

    Args:
        pipeline: that loads the tables; None: the one that extracts now.
        info: of the source, for messages; None: the pipeline's name.
    """

    def __init__(self, pipeline: dlt.Pipeline | None = None, info: SourceInfo | None = None) -> None:
        self._pipeline = pipeline
        self._info = info
        self._tables: set[str] = set()

    @cached_property
    def pipeline(self) -> dlt.Pipeline:
        """The pipeline that loads the tables."""
        return self._pipeline or cast(dlt.Pipeline, current_pipeline())

    @property
    def info(self) -> SourceInfo:
        """What messages call the source."""
        return self._info or info_of(self.pipeline.pipeline_name)

    @cached_property
    def schema(self) -> Schema | None:
        """dlt's schema of the tables before this extraction; None before the first load."""
        return self.pipeline.default_schema if self.pipeline.default_schema_name else None

    @cached_property
    def stream_client(self) -> Any:
        """A session to be entered for one stream of rows."""
        return self.pipeline.sql_client()

    @cached_property
    def lookup_client(self) -> Any:
        """A session to be entered for look-ups during a stream, which on DuckDB ends at the session's next query."""
        return self.pipeline.sql_client()

    @cached_property
    def tables_with_rows(self) -> set[str]:
        """The registered tables that have a row, from one session; dlt's schema may have lost them."""
        with warehouse_client(self.pipeline) as client:
            warehouse = client.sql_client
            known = [table for table, columns in client.get_storage_tables(sorted(self._tables)) if columns]
            rows = [
                f"(SELECT {warehouse.capabilities.escape_literal(table)} AS found FROM "
                f"{warehouse.make_qualified_table_name(table)} LIMIT 1)"
                for table in known
            ]
            union = f"SELECT found FROM ({' UNION ALL '.join(rows)}) AS tables_with_rows"
            return {table for (table,) in fetch(warehouse, union)} if rows else set()

    def register(self, table: str) -> None:
        """Add a table, by dlt's name, to those that are looked up together."""
        self._tables.add(table)

    def keys_as_text(self, tables: "Mapping[int, RawTable]", width: int, limit: int) -> list[Sequence[Any]]:
        """Return keys of rows that are not deleted, as (number of the table, a text for each part), in no order.

        Args:
            tables: by number, that exist.
            width: parts of each row; shorter keys get NULLs.
            limit: keys of a table, at most.

        Raises:
            DatabaseException: one of them is not there.
        """
        if not tables:
            return []
        with self.lookup_client as warehouse:
            statements = [table.keys_statement(warehouse, number, width, limit) for number, table in tables.items()]
            if warehouse.capabilities.sqlglot_dialect != "duckdb":  # where each statement is a request
                statements = [f"SELECT * FROM ({' UNION ALL '.join(statements)}) AS keys_of_tables"]
            return [row for statement in statements for row in fetch(warehouse, statement)]


class RawTable:
    """One table of RAW as it is now; empty if no load has created it.

    Args:
        clients: the sessions; also an attribute.
        name: of the table, as dlt has it; also an attribute.
        key: the columns of its primary key, as the source has them; also an attribute.
        source_name: the table's name at the source; None: `name` without the pipeline's prefix.
    """

    def __init__(self, clients: RawClients, name: str, key: Sequence[str], source_name: str | None = None) -> None:
        self.clients = clients
        self.name = name
        self._source_name = source_name
        self.key = list(key)
        clients.register(name)

    @property
    def pipeline_name(self) -> str:
        """The pipeline that loads the table."""
        return self.clients.pipeline.pipeline_name

    @property
    def info(self) -> SourceInfo:
        """What messages call the source."""
        return self.clients.info

    @property
    def source_name(self) -> str:
        """The table's name at the source."""
        return self._source_name or self.name.removeprefix(f"{self.pipeline_name}_")

    @property
    def exists(self) -> bool:
        """Tell whether a load has brought rows, from dlt's schema, without a query."""
        schema = self.clients.schema
        return schema is not None and has_seen_data(schema.tables.get(self.name, {}))

    def is_empty(self) -> bool:
        """Tell whether the table has no row or does not exist, by a query: dlt may have lost its schema."""
        return self.name not in self.clients.tables_with_rows

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the table."""
        return self._schema.get_table_columns(self.name)

    def normalized(self, column: str) -> str:
        """Return the name in RAW of a column of the source."""
        return self._schema.naming.normalize_identifier(column)

    @property
    def dialect(self) -> str:
        """The warehouse's, as sqlglot calls it: "duckdb" or "snowflake"."""
        return str(self.clients.lookup_client.capabilities.sqlglot_dialect)

    @property
    def relation(self) -> str:
        """The table as SQL names it."""
        return str(self.clients.lookup_client.make_qualified_table_name(self.name))

    @property
    def quoted_key(self) -> list[str]:
        """The columns of the key as SQL names them."""
        quoted = self.clients.lookup_client.escape_column_name
        return [quoted(self.normalized(column)) for column in self.key]

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Return the rows of a query of the table; none where it does not exist."""
        with self.clients.lookup_client as warehouse:
            try:
                return fetch(warehouse, sql)
            except DatabaseUndefinedRelation:
                return ()

    def keys(self, where: str = " WHERE _deleted_at IS NULL") -> Iterator[pa.Table]:
        """Yield the keys of rows that are not deleted, ascending (text by its UTF-8 bytes), from one streamed query.

        Args:
            where: the clause that selects them, or some of them.
        """
        if not self.exists:
            return
        with self.clients.stream_client as warehouse:
            names = self._names(warehouse)
            relation = warehouse.make_qualified_table_name(self.name)
            try:
                with warehouse.execute_query(f"SELECT {names} FROM {relation}{where} ORDER BY {names}") as cursor:
                    if warehouse.capabilities.sqlglot_dialect == "duckdb":
                        yield from cursor.iter_arrow(STREAMED)
                        return
                    # The types of the Arrow chunks of Snowflake's connector differ from each other.
                    parts = {name: self.columns[name] for name in map(self.normalized, self.key)}
                    while rows := cursor.fetchmany(STREAMED):
                        yield row_tuples_to_arrow(rows, parts, "UTC")
            except DatabaseUndefinedRelation:
                return

    def keys_statement(self, warehouse: Any, number: int, width: int, limit: int) -> str:
        """Return the statement of `RawClients.keys_as_text` for this table."""
        names = [warehouse.escape_column_name(self.normalized(column)) for column in self.key]
        texts = [f"CAST({name} AS VARCHAR)" for name in names] + ["CAST(NULL AS VARCHAR)"] * (width - len(names))
        parts = [f"{text} AS part_{place}" for place, text in enumerate(texts)]
        relation = warehouse.make_qualified_table_name(self.name)
        selected = ", ".join([f"{number} AS table_number", *parts])
        return f"(SELECT {selected} FROM {relation} WHERE _deleted_at IS NULL LIMIT {limit})"

    @property
    def partition(self) -> str | None:
        """The column whose value a key keeps, as RAW names it."""
        return partition_of(self.columns)

    def rows(self, keys: Sequence[Key], values: pa.ChunkedArray | None = None, also: Collection[str] = ()) -> pa.Table:
        """Return the rows of these keys, deleted ones too, without dlt's own columns; JSON as the source sent it.

        Args:
            keys: of the rows.
            values: of the partition column, of all these keys: only rows of RAW in their ranges are read. None: every
                row of RAW is.
            also: columns of dlt's own that are returned, too.
        """
        kept = {
            name: column for name, column in self.columns.items() if name in also or has_source_values(name, column)
        }
        parts: list[pa.Table] = []
        found: list[tuple[Any, ...]] = []
        with self.clients.lookup_client as warehouse:
            is_arrow = warehouse.capabilities.sqlglot_dialect == "duckdb"
            # As text, JSON comes back as the source sent it: a warehouse would quote a string that is a document.
            selected = ", ".join(
                f"CAST({warehouse.escape_column_name(name)} AS VARCHAR)"
                if column["data_type"] == "json"
                else warehouse.escape_column_name(name)
                for name, column in kept.items()
            )
            relation = self._relation(warehouse, values)
            for start in range(0, len(keys), BATCH):
                wanted = ", ".join(
                    "(" + ", ".join(key_literal(warehouse, part) for part in key) + ")"
                    for key in keys[start : start + BATCH]
                )
                try:
                    with warehouse.execute_query(
                        f"SELECT {selected} FROM {relation} WHERE ({self._names(warehouse)}) IN ({wanted})"
                    ) as cursor:
                        if is_arrow:  # Python has no object for some values (24:00)
                            parts += cursor.iter_arrow(BATCH)
                        else:
                            found += cursor.fetchall()
                except DatabaseUndefinedRelation:
                    break
        if parts:
            return pa.concat_tables(parts).rename_columns(list(kept))
        return row_tuples_to_arrow(found, kept, "UTC")

    def _relation(self, warehouse: Any, values: pa.ChunkedArray | None) -> str:
        """Return the table as a query names it, or the part of it that has these values of the partition column."""
        relation = str(warehouse.make_qualified_table_name(self.name))
        if values is None or not self.partition:
            return relation
        column = partition_column(warehouse, {"name": self.name, "columns": self.columns}, self.partition)
        return ranges_of(column, buckets_of(values)).relation(relation) if column.fits(values.type) else relation

    @property
    def _schema(self) -> Schema:
        """dlt's schema of a table that exists."""
        return cast(Schema, self.clients.schema)

    def _names(self, warehouse: Any) -> str:
        return ", ".join(warehouse.escape_column_name(self.normalized(column)) for column in self.key)


def key_literal(warehouse: Any, part: Any) -> str:
    """Return a part of a key as SQL, with its type: in a tuple, a warehouse would compare a time as text."""
    is_duckdb = warehouse.capabilities.sqlglot_dialect == "duckdb"
    match part:
        case bool() | int():
            return str(part)
        case Decimal():
            return f"{part:f}"
        case bytes():
            return f"from_hex('{part.hex()}')" if is_duckdb else f"TO_BINARY('{part.hex()}', 'HEX')"
        case datetime(tzinfo=None):
            kind = "TIMESTAMP" if is_duckdb else "TIMESTAMP_NTZ"
        case datetime():
            kind = "TIMESTAMPTZ" if is_duckdb else "TIMESTAMP_TZ"
        case date():
            kind = "DATE"
        case time():
            kind = "TIME"
        case _:
            return str(warehouse.capabilities.escape_literal(part))
    return f"CAST('{part.isoformat()}' AS {kind})"


def has_source_values(name: str, column: Any) -> bool:
    """Tell whether a column of dlt's schema is in RAW and holds values of the source."""
    return not name.startswith("_dlt_") and "data_type" in column
