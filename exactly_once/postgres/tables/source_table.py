"""A table of Postgres as one load reads it: its options, what the catalogue says of it, and its names in RAW."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.sources.sql_database.schema_types import table_to_columns

from exactly_once.names import ROW_KEY, raw_names
from exactly_once.postgres.scanner import compile_sql, postgres_query
from exactly_once.postgres.tables.catalog import CatalogColumn, CatalogTable
from exactly_once.postgres.tables.spec import NONE, SWEEP, TableOptions
from exactly_once.postgres.tables.type_mapping import dlt_type, duckdb_cast, select_list, source_of, source_type
from exactly_once.postgres.tables.widening import NUMERIC


@dataclass(frozen=True)
class SourceTable:
    """One line of TABLES together with its table.

    Args:
        options: the line.
        found: what the catalogue says.
        known: names that RAW has already, by the source's name.
        raw_columns: dlt's columns of the table in RAW; empty before the first load.
    """

    options: TableOptions
    found: CatalogTable
    known: Mapping[str, str]
    raw_columns: TTableSchemaColumns

    @property
    def name(self) -> str:
        """The name of the line of TABLES."""
        return self.options.name

    @cached_property
    def quoted(self) -> str:
        """Return the table as SQL names it, with its schema."""
        return f"{quote(self.found.schema)}.{quote(self.found.name)}"

    @cached_property
    def columns(self) -> list[CatalogColumn]:
        """The columns that are loaded."""
        return [column for column in self.found.columns if column.name not in self.options.exclude]

    @cached_property
    def names(self) -> dict[str, str]:
        """The name in RAW of each column that is loaded."""
        return raw_names([column.name for column in self.columns], self.known)

    @cached_property
    def key(self) -> list[str]:
        """The key, as RAW names its columns."""
        return [ROW_KEY] if self.options.is_row_keyed else [self.names[column] for column in self.options.key]

    @cached_property
    def cursor(self) -> str | None:
        """The cursor, as RAW names it."""
        return self.names[self.options.cursor] if self.options.cursor else None

    @property
    def cursor_digits(self) -> int:
        """The digits of a second that the cursor's type keeps."""
        column = self.found.column(self.options.cursor) if self.options.cursor else None
        return column.modifier if column and 0 <= column.modifier < 6 else 6

    @cached_property
    def json_texts(self) -> set[str]:
        """The columns, as RAW names them, whose documents Postgres has not checked for every reader."""
        return {
            self.names[column.name] for column in self.columns if column.base == "json" and not self.is_text(column)
        }

    def is_text(self, column: CatalogColumn) -> bool:
        """Tell whether a column travels as text whatever it is.

        A domain lands as its base type, but a column that RAW has as text keeps it, and so does one of numbers.
        """
        had = self.raw_columns.get(self.names[column.name], {})
        is_kept = had.get("data_type") == "text" and (column.is_domain or NUMERIC in had)
        return column.name in self.options.as_text or is_kept

    @cached_property
    def described(self) -> sa.Table:
        """The table as dlt and the reader see it: RAW's names, each with the SQL that names it at the source."""
        key = [] if self.options.is_row_keyed else [quote(column) for column in self.options.key]
        columns: list[Any] = [
            sa.Column(
                self.names[column.name],
                source_type(column, self.is_text(column)),
                # RAW accepts a NULL in any column: Postgres may drop a NOT NULL tomorrow, and no file says it has none.
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
        if self.options.is_row_keyed:
            row = f"ROW({', '.join(quote(column.name) for column in self.columns)})::text"
            number = f"row_number() OVER (PARTITION BY {row})"
            columns.append(sa.Column(ROW_KEY, sa.Text(), info={"source": f"(md5({row}) || '-' || {number})"}))
        return sa.Table(self.found.name, sa.MetaData(schema=self.found.schema), *columns)

    @cached_property
    def deleted_at(self) -> sa.ColumnElement | None:
        """Since when a row is deleted, where a column of the application says so; UTC.

        A column that says only whether takes the row's cursor for the time, and 1970 where there is none.
        """
        if self.options.deletes in (SWEEP, NONE):
            return None
        column = self.described.c[self.names[self.options.deletes]]
        if isinstance(column.type, sa.Boolean):
            since = sa.literal_column("'1970-01-01 00:00:00+00'::timestamptz")
            if self.cursor:
                since = sa.func.coalesce(self._instant(self.described.c[self.cursor]), since)
            return sa.case((source_of(column), since), else_=sa.null())
        return self._instant(column)

    def _instant(self, column: sa.Column) -> sa.ColumnElement:
        """Return a time as an instant: one without a zone is of the zone that the line names."""
        if isinstance(column.type, sa.DateTime) and not column.type.timezone and self.options.zone:
            return sa.func.timezone(self.options.zone, source_of(column))
        return source_of(column)

    @cached_property
    def hints(self) -> TTableSchemaColumns:
        """dlt's columns of the table as the source has it now."""
        found = table_to_columns(self.described, "full", dlt_type)
        for column in self.columns:
            if column.base == "numeric" and found[self.names[column.name]]["data_type"] == "text":
                found[self.names[column.name]][NUMERIC] = True
        return found

    def select(self, condition: sa.ColumnElement) -> sa.Select:
        """Return the query of the rows that fulfil a condition, every value exact."""
        columns = select_list(self.described, self.deleted_at)
        return sa.select(*columns).select_from(self.described).where(condition)

    def values(self, query: sa.Select) -> dict[str, str]:
        """Return DuckDB's SQL for each column that a query of this table selects, by its name in RAW."""
        shown = {raw: name for name, raw in self.names.items()}
        return {
            column.name: duckdb_cast(column, self.key, column.name in self.json_texts, shown.get(column.name))
            for column in query.selected_columns
        }

    def read(self, query: sa.Select) -> str:
        """Return DuckDB's SQL that reads a query of this table from Postgres, every value as RAW holds it."""
        columns = ", ".join(f"{value} AS {quote(name)}" for name, value in self.values(query).items())
        return f"SELECT {columns} FROM {postgres_query(compile_sql(query))}"


def quote(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'
