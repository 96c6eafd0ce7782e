"""Find and delete the rows of one load in RAW, of nested tables too.

A root table has `_dlt_load_id`. A nested table has only `_dlt_parent_id`, the `_dlt_id` of a row one level up.
"""

from typing import Any

import dlt
from dlt.common import json
from dlt.common.schema import Schema
from dlt.common.schema.utils import get_inherited_table_hint, has_column_with_prop
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from exactly_once.clients import fetch
from exactly_once.destinations.fencing import last_load_attempt

LOAD_ID, ROW_KEY, PARENT_KEY = "_dlt_load_id", "_dlt_id", "_dlt_parent_id"


def raw_tables(pipeline: dlt.Pipeline) -> list[str]:
    """Return the tables that RAW has of a pipeline."""
    if not pipeline.default_schema_name:
        return []
    return pipeline.default_schema.data_table_names(seen_data_only=True)


def row_counts(pipeline: dlt.Pipeline) -> dict[str, int]:
    """Return how many rows each table of the pipeline has in RAW, from one query."""
    with pipeline.sql_client() as warehouse:
        counts = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {warehouse.make_qualified_table_name(table)}"
            for table in raw_tables(pipeline)
        )
        return {str(table): int(rows) for table, rows in fetch(warehouse, counts)} if counts else {}


def schema_names(pipeline: dlt.Pipeline, client: Any, saved: Any = None, load_id: str | None = None) -> list[str]:
    """Return the names of the pipeline's schemas: a schema is named after its source, not after the pipeline.

    If neither the working folder nor the saved state has one, these are the schemas whose tables have rows of the load.

    Args:
        pipeline: that has the schemas.
        client: dlt's job client of RAW.
        saved: the state that RAW has of the pipeline.
        load_id: of a load of the pipeline.
    """
    known = list(pipeline.schema_names) or list((saved or {}).get("schema_names") or [])
    if not known and load_id is not None:
        names = sorted(_all_schema_names(client.sql_client), key=lambda name: name != pipeline.pipeline_name)
        known = [schema.name for schema in stored_schemas(client, names) if _has_load(client, schema, load_id)]
    return known or [pipeline.pipeline_name]


def _all_schema_names(warehouse: Any) -> list[str]:
    versions = warehouse.make_qualified_table_name("_dlt_version")
    try:
        return [name for (name,) in warehouse.execute_sql(f"SELECT DISTINCT schema_name FROM {versions}")]
    except DatabaseUndefinedRelation:
        return []


def _has_load(client: Any, schema: Schema, load_id: str) -> bool:
    tables = schema.data_table_names(seen_data_only=True)
    return any(has_rows_of(client.sql_client, schema, table, load_id) for table in tables)


def schema_owner(warehouse: Any, name: str, pipeline_name: str) -> str | None:
    """Return the other pipeline whose loads RAW has under the name of a schema; None: there is none.

    Args:
        warehouse: dlt's SQL client of RAW.
        name: of the schema.
        pipeline_name: of a pipeline without a working folder.
    """
    loads, states = (warehouse.make_qualified_table_name(table) for table in ("_dlt_loads", "_dlt_pipeline_state"))
    try:
        if last_load_attempt(warehouse, pipeline_name):
            return None
        found = warehouse.execute_sql(
            f"SELECT s.pipeline_name FROM {loads} AS l LEFT JOIN {states} AS s ON s._dlt_load_id = l.load_id "
            "WHERE l.schema_name = %s ORDER BY l.load_id DESC",
            name,
        )
    except DatabaseUndefinedRelation:
        return None
    owners = [owner for (owner,) in found if owner]
    return None if not found or pipeline_name in owners else (owners or ["another pipeline"])[0]


def stored_schemas(client: Any, names: list[str]) -> list[Schema]:
    """Return the newest version of each of these schemas that RAW has."""
    stored = [client.get_stored_schema(name) for name in names]
    return [Schema.from_dict(json.loads(one.schema)) for one in stored if one]


def roots(schema: Schema) -> list[str]:
    """Return the tables with data that are not nested."""
    return [name for name in schema.data_table_names(seen_data_only=True) if not schema.tables[name].get("parent")]


def has_rows_of(warehouse: Any, schema: Schema, table: str, load_id: str) -> bool:
    """Tell whether a table of RAW has rows of a load; for a nested table its root table decides."""
    while parent := schema.tables.get(table, {}).get("parent"):
        table = parent
    if _column(schema, LOAD_ID) not in schema.tables.get(table, {"columns": {}})["columns"]:
        return False
    relation, column = warehouse.make_qualified_table_name(table), _escaped(warehouse, schema, LOAD_ID)
    try:
        return bool(warehouse.execute_sql(f"SELECT 1 FROM {relation} WHERE {column} = %s LIMIT 1", load_id))
    except DatabaseUndefinedRelation:
        return False


def removals(client: Any, schema: Schema, load_id: str, is_everything: bool) -> list[tuple[str, list[str]]]:
    """Return the statements that delete the rows that a load appended, in order, each with its values.

    A file of a nested table is loaded by itself, before or after its parent's: a nested row without a parent is of a
    load that was cut off.

    Args:
        client: dlt's job client of RAW.
        schema: the tables.
        load_id: of the load.
        is_everything: whether also to delete what the load merged or replaced.
    """
    names = schema.data_table_names(seen_data_only=True)
    stored = {name for name, columns in client.get_storage_tables(names) if columns}
    warehouse, found = client.sql_client, []
    for root in [table for table in roots(schema) if table in stored and (is_everything or appends(schema, table))]:
        if _column(schema, LOAD_ID) in schema.tables[root]["columns"]:
            relation, column = warehouse.make_qualified_table_name(root), _escaped(warehouse, schema, LOAD_ID)
            found.append((f"DELETE FROM {relation} WHERE {column} = %s", [load_id]))
        key, upper = _escaped(warehouse, schema, PARENT_KEY), _escaped(warehouse, schema, ROW_KEY)
        for nested in _below(schema, root):
            if nested in stored:
                parent = warehouse.make_qualified_table_name(schema.tables[nested]["parent"])
                child = warehouse.make_qualified_table_name(nested)
                found.append((f"DELETE FROM {child} WHERE {key} NOT IN (SELECT {upper} FROM {parent})", []))
    return found


def appends(schema: Schema, table: str) -> bool:
    """Tell whether loads only add rows to a table; in dlt a merge without a key does so, too."""
    disposition = get_inherited_table_hint(schema.tables, table, "write_disposition", allow_none=True) or "append"
    has_key = any(has_column_with_prop(schema.tables[table], hint) for hint in ("primary_key", "merge_key"))
    return disposition == "append" or (disposition == "merge" and not has_key and not _strategy(schema, table))


def _strategy(schema: Schema, table: str) -> bool:
    strategy = get_inherited_table_hint(schema.tables, table, "x-merge-strategy", allow_none=True)
    return strategy not in (None, "delete-insert")


def _below(schema: Schema, root: str) -> list[str]:
    """Return the nested tables of a table, parents first."""
    found = [root]
    for name in found:
        found += [below for below in schema.data_table_names() if schema.tables[below].get("parent") == name]
    return found[1:]


def _column(schema: Schema, name: str) -> str:
    return schema.naming.normalize_identifier(name)


def _escaped(warehouse: Any, schema: Schema, name: str) -> str:
    return str(warehouse.escape_column_name(_column(schema, name)))
