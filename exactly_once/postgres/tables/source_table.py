"""A table as one load reads it: its declaration, what the catalogue says of it, and its names in RAW."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import sqlalchemy as sa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.sources.sql_database.schema_types import table_to_columns

from exactly_once.names import ROW_KEY, raw_names
from exactly_once.postgres import ctid_ranges
from exactly_once.postgres.scanner import compile_sql, postgres_query
from exactly_once.postgres.tables.catalog import CatalogColumn, CatalogTable
from exactly_once.postgres.tables.spec import NONE, SWEEP, Table
from exactly_once.postgres.tables.type_mapping import dlt_type, duckdb_cast, select_list, source_of, source_type
from exactly_once.postgres.tables.widening import NUMERIC
from exactly_once.source_info import SourceInfo

HALF_PAGE = 4096  # bytes


@dataclass(frozen=True)
class SourceTable:
    """One declared table together with what Postgres and RAW have.

    Args:
        spec: the declaration.
        catalog: what Postgres's catalogue says.
        info: of the source.
        known: names that RAW has already, by the source's name.
        raw_columns: dlt's columns of the table in RAW; empty before the first load.
    """

    spec: Table
    catalog: CatalogTable
    info: SourceInfo
    known: Mapping[str, str] = field(default_factory=dict)
    raw_columns: TTableSchemaColumns = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The table's name in messages and options."""
        return self.spec.name

    @property
    def raw_name(self) -> str:
        """The table's name in RAW."""
        return self.spec.raw_name(self.info.name)

    @property
    def is_small(self) -> bool:
        """Tell whether all of the table is read in less time than a session takes; a view may take any time."""
        found = self.catalog
        limit = HALF_PAGE * ctid_ranges.MIN_PARALLEL_PAGES
        return found.kind in ("r", "p") and found.bytes is not None and found.bytes <= limit

    @cached_property
    def quoted(self) -> str:
        """Return the table as SQL names it, with its schema."""
        return f"{quote(self.catalog.schema)}.{quote(self.catalog.name)}"

    @cached_property
    def columns(self) -> list[CatalogColumn]:
        """The columns that are loaded."""
        return [column for column in self.catalog.columns if column.name not in self.spec.exclude]

    @cached_property
    def names(self) -> dict[str, str]:
        """The name in RAW of each column that is loaded."""
        return raw_names([column.name for column in self.columns], self.known)

    @cached_property
    def key(self) -> list[str]:
        """The key, as RAW names its columns."""
        return [ROW_KEY] if self.spec.is_row_keyed else [self.names[column] for column in self.spec.key_columns]

    @cached_property
    def cursor(self) -> str | None:
        """The cursor, as RAW names it."""
        return self.names[self.spec.cursor] if self.spec.cursor else None

    @cached_property
    def partition(self) -> str | None:
        """The partition column, as RAW names it."""
        return self.names[self.spec.partition] if self.spec.partition else None

    @property
    def cursor_digits(self) -> int:
        """The digits of a second that the cursor's type keeps."""
        column = self.catalog.column(self.spec.cursor) if self.spec.cursor else None
        return column.modifier if column and 0 <= column.modifier < 6 else 6

    @cached_property
    def json_texts(self) -> set[str]:
        """The columns, as RAW names them, whose documents Postgres has not checked for every reader."""
        return {
            self.names[column.name] for column in self.columns if column.base == "json" and not self.is_text(column)
        }

    def is_text(self, column: CatalogColumn) -> bool:
        """Tell whether a column travels as text whatever it is.

        A domain becomes its base type, but a column that RAW has as text stays text, and so does one of numbers.
        """
        had = self.raw_columns.get(self.names[column.name], {})
        is_kept = had.get("data_type") == "text" and (column.is_domain or NUMERIC in had)
        return column.name in self.spec.as_text or is_kept

    @cached_property
    def described(self) -> sa.Table:
        """The table as dlt sees it: the names of RAW, each with the SQL expression that reads it at the source."""
        key = [quote(column) for column in self.spec.key_columns]
        columns: list[Any] = [
            sa.Column(
                self.names[column.name],
                source_type(column, self.is_text(column)),
                # RAW accepts a NULL in any column: Postgres may drop a NOT NULL, and no file says that it has none.
                nullable=True,
                info={
                    "source": quote(column.name),
                    "name": column.name,
                    "is_nullable": not column.is_not_null,
                    "is_domain": column.is_domain,
                    "key": key,
                },
            )
            for column in self.columns
        ]
        if self.spec.is_row_keyed:
            row = f"ROW({', '.join(quote(column.name) for column in self.columns)})::text"
            number = f"row_number() OVER (PARTITION BY {row})"
            columns.append(sa.Column(ROW_KEY, sa.Text(), info={"source": f"(md5({row}) || '-' || {number})"}))
        return sa.Table(self.catalog.name, sa.MetaData(schema=self.catalog.schema), *columns)

    @cached_property
    def deleted_at(self) -> sa.ColumnElement[Any] | None:
        """Since when a row is deleted, where a column of the application says so; UTC.

        A column that says only whether takes the row's cursor for the time, and 1970 where there is none.
        """
        if self.spec.deletes in (SWEEP, NONE):
            return None
        column = self.described.c[self.names[self.spec.deletes]]
        if isinstance(column.type, sa.Boolean):
            since: sa.ColumnElement[Any] = sa.literal_column("'1970-01-01 00:00:00+00'::timestamptz")
            if self.cursor:
                since = sa.func.coalesce(self._instant(self.described.c[self.cursor]), since)
            return sa.case((source_of(column), since), else_=sa.null())
        return self._instant(column)

    def _instant(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """Return a time as an instant; one without a zone is in the declared zone."""
        if isinstance(column.type, sa.DateTime) and not column.type.timezone and self.spec.zone:
            return sa.func.timezone(self.spec.zone, source_of(column))
        return source_of(column)

    @cached_property
    def hints(self) -> TTableSchemaColumns:
        """dlt's columns of the table as the source has it now."""
        found = cast(dict[str, dict[str, Any]], table_to_columns(self.described, "full", dlt_type))
        for column in self.columns:
            if column.base == "numeric" and found[self.names[column.name]]["data_type"] == "text":
                found[self.names[column.name]][NUMERIC] = True
        return cast(TTableSchemaColumns, found)

    def select(self, condition: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """Return the query of the rows that fulfil a condition, every value exact."""
        columns = select_list(self.described, self.deleted_at)
        return sa.select(*columns).select_from(self.described).where(condition)

    def values(self, query: sa.Select[Any]) -> dict[str, str]:
        """Return DuckDB's SQL for each column that a query of this table selects, by its name in RAW."""
        shown = {raw: name for name, raw in self.names.items()}
        return {
            column.name: duckdb_cast(column, self.key, column.name in self.json_texts, shown.get(column.name))
            for column in query.selected_columns
        }

    def scan(self, query: sa.Select[Any]) -> str:
        """Return DuckDB's SQL that reads a query of this table from Postgres, each value as RAW holds it."""
        columns = ", ".join(f"{value} AS {quote(name)}" for name, value in self.values(query).items())
        return f"SELECT {columns} FROM {postgres_query(compile_sql(query))}"


def quote(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'
