"""Change column types in the warehouse: wider types are altered in place, others only if a person accepted them.

dlt adds columns and never changes one. Two hints of dlt's schema concern a column whose new type is not wider:
`x-accepted-type` (true: a person accepted it by `accept_type`) and `x-zone` (time zone of timestamps that had none;
default UTC). No query is sent as long as the warehouse's newest schema is the load's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

from exactly_once.clients import fetch
from exactly_once.destinations.column_types import change, converted, loses, parse
from exactly_once.errors import TableError
from exactly_once.source_info import info_of

ACCEPTED, ZONE = "x-accepted-type", "x-zone"
STORED = "x-storage-type"  # the type's name in the catalogue, added to the columns that dlt reads from it
NEW = "_dlt_new_"  # prefix of a column's name while Snowflake copies it
DELETED_AT = "_deleted_at"


@dataclass(frozen=True)
class Retyped:
    """A column whose type changes: its table, quoted names, both types, time zone, and whether it may be NULL."""

    table: str
    relation: str
    name: str
    column: str
    old: str
    new: str
    zone: str
    is_accepted: bool
    is_checked: bool
    is_nullable: bool


class ColumnChangesMixin(SqlJobClientWithStagingDataset):
    """Mixed into dlt's job client: `update_stored_schema` changes types, too."""

    _is_updating = False

    def update_stored_schema(self, *arguments: Any, **named: Any) -> Any:
        """Make the tables what the schema says, unless the newest schema that is stored is this one."""
        self._is_updating = True
        try:
            return super().update_stored_schema(*arguments, **named)
        finally:
            self._is_updating = False

    def get_stored_schema_by_hash(self, version_hash: str) -> Any:
        """Return a stored schema; during an update the newest one alone, after which types may have changed back."""
        if not self._is_updating:
            return super().get_stored_schema_by_hash(version_hash)
        name = self.sql_client.make_qualified_table_name(self.schema.version_table_name)
        schema_name, at = self._norm_and_escape_columns("schema_name", "inserted_at")
        columns = self.version_table_schema_columns
        newest = self._row_to_schema_info(
            f"SELECT {columns} FROM {name} WHERE {schema_name} = %s ORDER BY {at} DESC LIMIT 1", self.schema.name
        )
        return newest if newest and newest.version_hash == version_hash else None

    def _execute_schema_update_sql(self, only_tables: Iterable[str], store_schema: bool = True) -> Any:
        # Afterwards the schema counts as stored for all its tables, not only for those of this load.
        tables = {*only_tables, *self.schema.data_table_names(seen_data_only=True)} if only_tables else None
        return super()._execute_schema_update_sql(tables or (), store_schema)

    def _from_db_type(self, name: str, precision: int | None, scale: int | None) -> Any:
        stored = f"NUMBER({precision},{scale})" if name == "NUMBER" and precision is not None else name
        found = super()._from_db_type(name, precision, scale)  # type: ignore[safe-super]  # dlt's client of a warehouse has it
        return {**found, STORED: stored}

    def _build_schema_update_sql(self, storage_tables: Iterable[tuple[str, TTableSchemaColumns]]) -> Any:
        before: list[str] = []
        tables: list[tuple[str, TTableSchemaColumns]] = []
        for table, stored in storage_tables:
            before += self._finished(table, stored)
            found: dict[str, Any] = {name.lower(): column for name, column in stored.items()}
            changes = list(self._retyped(table, found))
            if changes and self.in_staging_dataset_mode:
                # Its rows are of an earlier load: dlt creates the table again.
                before.append(f"DROP TABLE {changes[0].relation}")
                tables.append((table, {}))
                continue
            for retyped in changes:
                self._refuse_loss(retyped, DELETED_AT in found)
                before += self._retype_sql(retyped, f"{NEW}{retyped.name}" in found)
            tables.append((table, stored))
        sql, update = super()._build_schema_update_sql(tables)
        return before + sql, update

    def _finished(self, table: str, stored: TTableSchemaColumns) -> list[str]:
        """Return the SQL that completes a change that was cut off; `stored` becomes as after it."""
        del table, stored  # an ALTER is never cut off
        return []

    def _retyped(self, table: str, found: dict[str, Any]) -> Iterator[Retyped]:
        """Yield the columns whose type changes.

        Raises:
            TableError: a type is not wider, and nobody accepted it.
        """
        if not found:
            return
        load_table = self.prepare_load_table(table)
        columns: dict[str, Any] = {**load_table.get("columns", {})}
        for column in columns.values():
            stored = found.get(column["name"].lower())
            if stored is None or STORED not in stored:
                continue
            old, new = stored[STORED], self.type_mapper.to_destination_type(column, load_table)
            kind = change(old, new, self._dialect)
            if kind in ("same", "narrower"):
                continue
            if kind == "other" and not column.get(ACCEPTED) and not self.in_staging_dataset_mode:
                what = "which is no wider type; the table was not loaded"
                raise self._error(table, column["name"], f"RAW has {old} and the source now {new}, {what}", True)
            yield Retyped(
                table,
                self.sql_client.make_qualified_table_name(table),
                column["name"],
                self.sql_client.escape_column_name(column["name"]),
                old,
                new,
                str(column.get(ZONE) or "UTC"),
                bool(column.get(ACCEPTED)),
                kind != "wider",
                column.get("nullable", True),
            )

    def _refuse_loss(self, retyped: Retyped, has_deleted: bool) -> None:
        """Refuse a change that loses values; an accepted one may lose those of rows that are loaded again.

        Raises:
            TableError: it would lose values.
        """
        if not retyped.is_checked:
            return
        condition = loses(retyped.column, retyped.old, retyped.new, retyped.zone, self._dialect)
        if condition == "FALSE":
            return
        kept = ""
        if retyped.is_accepted and retyped.is_nullable:
            if not has_deleted:
                return
            kept = f" AND {self.sql_client.escape_column_name(DELETED_AT)} IS NOT NULL"
        ((count,),) = fetch(self.sql_client, f"SELECT count(*) FROM {retyped.relation} WHERE ({condition}){kept}")
        if count:
            rows = "rows that the source has deleted" if kept else "rows"
            what = f"which cannot hold the values of {count:,} {rows}; the table was not loaded"
            types = f"RAW has {retyped.old} and the source now {retyped.new}"
            raise self._error(retyped.table, retyped.name, f"{types}, {what}", not retyped.is_accepted)

    def _error(self, table: str, column: str, what: str, may_accept: bool) -> TableError:
        info = info_of(self.schema.name)
        source = table.removeprefix(f"{info.name}_")
        accept = info.accept("accept_type", f"{source}.{column}").replace("`", "")
        other = f"Delete these rows from RAW, or set `exclude` or `as_text` for the column {column} of {source}"
        next_step = f"`{accept}` takes the new type over" if may_accept else other
        error = TableError(f"RAW.{table.upper()}.{column.upper()}: {what}. {next_step}.")
        error.raw_name = table
        return error

    def _retype_sql(self, retyped: Retyped, has_copy: bool) -> list[str]:
        del has_copy  # an ALTER leaves none
        value = converted(retyped.column, retyped.old, retyped.new, retyped.zone, self._dialect)
        return [f"ALTER TABLE {retyped.relation} ALTER COLUMN {retyped.column} TYPE {retyped.new} USING {value}"]

    @property
    def _dialect(self) -> str:
        return str(self.capabilities.sqlglot_dialect)


class CopyingColumnChangesMixin(ColumnChangesMixin):
    """Mixed into dlt's client for Snowflake, which alters precision and length in place and nothing else.

    Other columns are copied into a new one that takes the name over. Each statement commits by itself: the columns show
    how far a killed run came, and the next run continues from there.
    """

    def _finished(self, table: str, stored: TTableSchemaColumns) -> list[str]:
        sql: list[str] = []
        found = {name.lower(): name for name in stored}
        for name, column in self.schema.get_table_columns(table).items():
            if name in found or f"{NEW}{name}" not in found:
                continue
            quoted, copy = self.sql_client.escape_column_name(name), self.sql_client.escape_column_name(f"{NEW}{name}")
            relation = self.sql_client.make_qualified_table_name(table)
            sql.append(f"ALTER TABLE {relation} RENAME COLUMN {copy} TO {quoted}")
            if not column.get("nullable", True):
                sql.append(f"ALTER TABLE {relation} ALTER COLUMN {quoted} SET NOT NULL")
            stored[self.capabilities.casefold_identifier(name)] = stored.pop(found[f"{NEW}{name}"])
        return sql

    def _retype_sql(self, retyped: Retyped, has_copy: bool) -> list[str]:
        column, relation = retyped.column, retyped.relation
        if _is_in_place(retyped):
            return [f"ALTER TABLE {relation} ALTER COLUMN {column} SET DATA TYPE {retyped.new}"]
        copy = self.sql_client.escape_column_name(f"{NEW}{retyped.name}")
        value = converted(column, retyped.old, retyped.new, retyped.zone, self._dialect)
        sql = [f"ALTER TABLE {relation} DROP COLUMN {copy}"] if has_copy else []
        sql += [
            f"ALTER TABLE {relation} ADD COLUMN {copy} {retyped.new}",
            f"UPDATE {relation} SET {copy} = {value}",
            f"ALTER TABLE {relation} DROP COLUMN {column}",
            f"ALTER TABLE {relation} RENAME COLUMN {copy} TO {column}",
        ]
        if not retyped.is_nullable:
            sql.append(f"ALTER TABLE {relation} ALTER COLUMN {column} SET NOT NULL")
        return sql


def _is_in_place(retyped: Retyped) -> bool:
    """Tell whether Snowflake's ALTER COLUMN takes the change: more digits before the point, a longer text."""
    before, after = parse(retyped.old, "snowflake"), parse(retyped.new, "snowflake")
    if before is None or after is None:
        return False
    is_longer = before.kind == after.kind and after.holds >= before.longest
    return before.kind in ("number", "text") and is_longer and after.scale == before.scale
