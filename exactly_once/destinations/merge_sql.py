"""The SQL of a merge, with aliases that no column of the table has; dlt's own aliases are `d` and `s`.

If a table has a JSON column `d`, DuckDB reads `d."id"` as the field "id" of that column: dlt's DELETE then finds no row
and its INSERT doubles the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from dlt.common.destination import PreparedTableSchema
from dlt.common.schema import utils
from dlt.common.schema.typing import UPSERT_MERGE_STRATEGIES, TColumnProp, TTableSchema
from dlt.destinations.sql_jobs import SqlMergeFollowupJob

from exactly_once.errors import TableError
from exactly_once.partitions.declaration import check_type, partition_of
from exactly_once.partitions.ranges import Ranges

# Of dlt's own SQL; to a column that is no document DuckDB prefers a table of the name.
TABLE_ALIASES, COLUMN_ALIASES = {"d", "s"}, {"_dlt_dedup_rn", "_dlt_dedup_numbered"}
# Where the batch's ranges go, which are read when the merge runs; a statement with its marks reads the whole table.
IN_RANGE, RANGED = " AND TRUE /* in a range of the batch */", " /* ranges of the batch */"
TARGET, BATCH, NEWEST, NUMBER, ROW = "merge_target", "merge_batch", "merge_newest", "merge_number", "merge_row"


@dataclass(frozen=True)
class Newest:
    """Which rows of a batch are inserted: the first of each key, in an order; without a key every row."""

    key: Sequence[str]
    order: str = ""


class MergeSql(SqlMergeFollowupJob):
    """dlt's followup job of a merge, with its own SQL of delete-insert; other strategies have dlt's."""

    @classmethod
    def generate_sql(cls, table_chain: Sequence[PreparedTableSchema], sql_client: Any) -> list[str]:
        """Return the statements of one merge, to be run in one transaction."""
        root = table_chain[0]
        if _is_plain(root):
            if (column := partition(root)) is not None:
                check_type(str(root["name"]), column, root["columns"][column])
            return delete_insert(table_chain, sql_client)
        taken = _columns(table_chain) & COLUMN_ALIASES or _columns(table_chain, "json") & TABLE_ALIASES
        if taken:
            error = TableError(
                f"{root['name']}: the column {min(taken)} has the name of an alias in dlt's SQL of this merge "
                'strategy: declare write_disposition="merge" (delete-insert), or give the column another name.'
            )
            error.raw_name = root["name"]
            raise error
        return super().generate_sql(table_chain, sql_client)


def delete_insert(table_chain: Sequence[PreparedTableSchema], sql_client: Any) -> list[str]:
    """Return dlt's delete-insert: rows with the batch's keys are deleted, then the newest row of each is inserted.

    Args:
        table_chain: the table and its nested ones, parents first.
        sql_client: of the warehouse; the batch is in its staging dataset.
    """
    root, nested = table_chain[0], table_chain[1:]
    names = _free_names(_columns(table_chain))
    quoted = sql_client.escape_column_name
    table, staged = sql_client.get_qualified_table_names(root["name"])
    ranged, in_range = (f"{table}{RANGED}", IN_RANGE) if partition(root) else (table, "")
    row_key = quoted(_row_key(table_chain, root, sql_client)) if nested else ""
    matches = _matches(root, sql_client, names)
    hard_delete, alive = MergeSql._get_hard_delete_col_and_cond(  # noqa: SLF001  what dlt's own merges take for deleted
        root, quoted, sql_client.capabilities.escape_literal, invert=True
    )
    # Without a key nested tables have no root key, and every row is inserted.
    is_keyed = bool(matches or hard_delete)
    root_keys = [quoted(_root_key(table_chain, child, sql_client)) if is_keyed else "" for child in nested]
    deletes = [
        f"DELETE FROM {sql_client.make_qualified_table_name(child['name'])} WHERE {root_key} IN "
        f"(SELECT {names[TARGET]}.{row_key} FROM {ranged} AS {names[TARGET]} WHERE {match})"
        for child, root_key in zip(nested, root_keys, strict=True)
        for match in matches
    ]
    deletes += [f"DELETE FROM {table} AS {names[TARGET]} WHERE {match}{in_range}" for match in matches]
    is_unique = bool(root.get("x-stage-data-deduplicated"))
    key = [quoted(name) for name in _columns_with(root, "primary_key")]
    order = utils.get_dedup_sort_tuple(cast(TTableSchema, root))
    newest = f" ORDER BY {quoted(order[0])} {order[1].upper()}" if order else ""
    inserts = [
        _insert(root, sql_client, names, Newest([] if is_unique else key, newest), alive or "" if hard_delete else "")
    ]
    for child, root_key in zip(nested, root_keys, strict=True):
        # Only nested rows of root rows that were inserted.
        inserted = f"SELECT {row_key} FROM {ranged} WHERE {row_key} IN (SELECT {row_key} FROM {staged})"
        condition = f"{root_key} IN ({inserted})" if key or hard_delete else ""
        nested_key = [] if is_unique else [quoted(_row_key(table_chain, child, sql_client))]
        inserts.append(_insert(child, sql_client, names, Newest(nested_key), condition))
    return deletes + inserts


def _matches(root: PreparedTableSchema, sql_client: Any, names: dict[str, str]) -> list[str]:
    """Return the conditions of rows that have a primary or a merge key of the batch."""
    _, staged = sql_client.get_qualified_table_names(root["name"])
    columns = [_columns_with(root, hint) for hint in ("primary_key", "merge_key")]
    keys = [[sql_client.escape_column_name(name) for name in key] for key in columns if key]
    return [
        f"EXISTS (SELECT 1 FROM {staged} AS {names[BATCH]} WHERE "
        + " AND ".join(f"{names[BATCH]}.{name} = {names[TARGET]}.{name}" for name in key)
        + ")"
        for key in keys
    ]


def partition(root: PreparedTableSchema) -> str | None:
    """Return the column whose ranges a merge reads; None: it reads the whole table.

    By a merge key rows are deleted whose other values the batch does not know.
    """
    column = partition_of(root["columns"])
    has_key = _columns_with(root, "primary_key") and not _columns_with(root, "merge_key")
    return column if has_key and _is_plain(root) else None


def in_ranges(statements: Sequence[str], table: str, ranges: Ranges) -> list[str]:
    """Return the statements of a merge with the batch's ranges; a DELETE of the table is one for each condition.

    Args:
        statements: of `delete_insert`, or of an earlier version.
        table: the root table, qualified.
        ranges: of the batch.
    """
    found = []
    for statement in statements:
        ranged = statement.replace(f"{table}{RANGED}", ranges.relation(table))
        found += (
            [ranged.replace(IN_RANGE, f" AND {condition}") for condition in ranges.conditions]
            if IN_RANGE in ranged
            else [ranged]
        )
    return found


def key_check(
    table: PreparedTableSchema, sql_client: Any, ranges: Ranges | None = None
) -> tuple[list[str], str] | None:
    """Return the key's columns and a query for a key of the batch that the table has twice; None: it has no key.

    The query reads the keys of the batch and the key columns of the table, in the batch's ranges. It names no column by
    an alias.
    """
    strategy = table.get("x-merge-strategy", "delete-insert")
    columns = _columns_with(table, "primary_key")
    is_keyed = strategy == "delete-insert" or strategy in UPSERT_MERGE_STRATEGIES
    if table["write_disposition"] != "merge" or not columns or not is_keyed:
        return None
    key = ", ".join(map(sql_client.escape_column_name, columns))
    target, staged = sql_client.get_qualified_table_names(table["name"])
    of_batch = f"FROM {ranges.relation(target) if ranges else target} WHERE ({key}) IN (SELECT {key} FROM {staged})"
    return columns, f"SELECT {key} {of_batch} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"


def _insert(table: PreparedTableSchema, sql_client: Any, names: dict[str, str], newest: Newest, condition: str) -> str:
    """Return the INSERT of the newest row of each key of a batch; without a key of every row."""
    target, staged = sql_client.get_qualified_table_names(table["name"])
    columns = [sql_client.escape_column_name(name) for name in _columns_with(table, "name")]
    selected = ", ".join(columns)
    where = f" WHERE {condition}" if condition else ""
    if not newest.key:
        return f"INSERT INTO {target} ({selected}) SELECT {selected} FROM {staged}{where}"
    order = newest.order or f" ORDER BY {newest.key[0]}"
    number = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(newest.key)}{order}) AS {names[NUMBER]}"
    first = f"WHERE {names[NUMBER]} = 1" + (f" AND ({condition})" if condition else "")
    if sql_client.capabilities.sqlglot_dialect != "duckdb" or "rowid" in _columns([table]):
        return (
            f"INSERT INTO {target} ({selected}) SELECT {selected} FROM "
            f"(SELECT {number}, {selected} FROM {staged}) AS {names[NEWEST]} {first}"
        )
    # So the sort holds a number for each row, however wide the rows are.
    numbered = f"SELECT rowid AS {names[ROW]}, {number} FROM {staged}"
    chosen = f"SELECT {names[ROW]} FROM ({numbered}) AS {names[NEWEST]} WHERE {names[NUMBER]} = 1"
    alive = f" AND ({condition})" if condition else ""
    return f"INSERT INTO {target} ({selected}) SELECT {selected} FROM {staged} WHERE rowid IN ({chosen}){alive}"


def _is_plain(root: PreparedTableSchema) -> bool:
    """Tell whether the merge is delete-insert of a batch without a filter."""
    special = ("x-merge-source-filter", "x-merge-destination-scope")
    return root.get("x-merge-strategy", "delete-insert") == "delete-insert" and not any(map(root.get, special))


def _columns_with(table: PreparedTableSchema, hint: TColumnProp | str) -> list[str]:
    return utils.get_columns_names_with_prop(cast(TTableSchema, table), hint)


def _columns(tables: Sequence[PreparedTableSchema], data_type: str | None = None) -> set[str]:
    """Return the names of the columns, or of those of one type."""
    return {
        name.lower()
        for table in tables
        for name, column in table["columns"].items()
        if data_type in (None, column.get("data_type"))
    }


def _free_names(taken: set[str]) -> dict[str, str]:
    """Return the aliases, each with as many trailing underscores as make it no column's name."""
    names = {}
    for name in (TARGET, BATCH, NEWEST, NUMBER, ROW):
        free = name
        while free in taken:
            free += "_"
        names[name] = free
    return names


def _row_key(chain: Sequence[PreparedTableSchema], table: PreparedTableSchema, sql_client: Any) -> str:
    return MergeSql.get_row_key_col(chain, table, *_datasets(sql_client))


def _root_key(chain: Sequence[PreparedTableSchema], table: PreparedTableSchema, sql_client: Any) -> str:
    return MergeSql.get_root_key_col(chain, table, *_datasets(sql_client))


def _datasets(sql_client: Any) -> tuple[str, str]:
    return sql_client.fully_qualified_dataset_name(), sql_client.fully_qualified_dataset_name(staging=True)
