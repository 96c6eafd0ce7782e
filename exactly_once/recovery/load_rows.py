"""The rows that one load brought to RAW, found and removed for any schema of dlt's: nested tables have no load id.

A root table has `_dlt_load_id`. A nested table has `_dlt_parent_id` only, the `_dlt_id` of a row one level up.
"""

from typing import Any

import dlt
from dlt.common import json
from dlt.common.schema import Schema
from dlt.common.schema.utils import get_inherited_table_hint, has_column_with_prop
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from exactly_once.destinations.fencing import last_load_attempt

LOAD_ID, ROW_KEY, PARENT_KEY = "_dlt_load_id", "_dlt_id", "_dlt_parent_id"


def schema_names(pipeline: dlt.Pipeline, client: Any, saved: Any = None, load_id: str | None = None) -> list[str]:
    """Return the names of the pipeline's schemas: a schema is named after its source, not after the pipeline.

    Where neither the working folder nor the saved state has one, the warehouse is asked: for the schema whose tables
    have rows of the load.

    Args:
        pipeline: whose schemas.
        client: dlt's job client of RAW.
        saved: the state that RAW has of the pipeline.
        load_id: of a load of the pipeline.
    """
    known = list(pipeline.schema_names) or list((saved or {}).get("schema_names") or [])
    if known or load_id is None:
        return known or [pipeline.pipeline_name]
    warehouse = client.sql_client
    versions = warehouse.make_qualified_table_name("_dlt_version")
    try:
        names = [name for (name,) in warehouse.execute_sql(f"SELECT DISTINCT schema_name FROM {versions}")]
    except DatabaseUndefinedRelation:
        names = []
    names.sort(key=lambda name: name != pipeline.pipeline_name)
    found = [
        schema.name
        for schema in stored_schemas(client, names)
        if any(has_rows_of(warehouse, schema, table, load_id) for table in schema.data_table_names(seen_data_only=True))
    ]
    return found or [pipeline.pipeline_name]


def schema_owner(warehouse: Any, name: str, pipeline_name: str) -> str | None:
    """Return whose loads RAW has under the name of a schema, where it is not this pipeline; None: nobody's.

    Args:
        warehouse: dlt's SQL client of RAW.
        name: of the schema.
        pipeline_name: of a pipeline of which the working folder knows nothing.
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
    """Return the tables with data that are no other's nested ones."""
    return [table["name"] for table in schema.data_tables(seen_data_only=True) if not table.get("parent")]


def has_rows_of(warehouse: Any, schema: Schema, table: str, load_id: str) -> bool:
    """Tell whether RAW has rows of a load in a table; a nested one has what its root table has."""
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
    """Return the statements that delete the rows that a load appended, each with its values, in their order.

    A file of a nested table lands by itself, before or after that of its parent: a nested row without its parent is of
    a load that was cut off.

    Args:
        client: dlt's job client of RAW.
        schema: the tables.
        load_id: of the load.
        is_everything: whether also to delete what the load merged or replaced.
    """
    names = schema.data_table_names(seen_data_only=True)
    there = {name for name, columns in client.get_storage_tables(names) if columns}
    warehouse, found = client.sql_client, []
    for root in [table for table in roots(schema) if table in there]:
        if not is_everything and not appends(schema, root):
            continue
        if _column(schema, LOAD_ID) in schema.tables[root]["columns"]:
            relation, column = warehouse.make_qualified_table_name(root), _escaped(warehouse, schema, LOAD_ID)
            found.append((f"DELETE FROM {relation} WHERE {column} = %s", [load_id]))
        key, upper = _escaped(warehouse, schema, PARENT_KEY), _escaped(warehouse, schema, ROW_KEY)
        for nested in _below(schema, root):
            if nested in there:
                parent = warehouse.make_qualified_table_name(schema.tables[nested]["parent"])
                child = warehouse.make_qualified_table_name(nested)
                found.append((f"DELETE FROM {child} WHERE {key} NOT IN (SELECT {upper} FROM {parent})", []))
    return found


def appends(schema: Schema, table: str) -> bool:
    """Tell whether loads add rows to a table and never take one away: dlt does that, too, where a merge has no key."""
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
        found += [table["name"] for table in schema.data_tables() if table.get("parent") == name]
    return found[1:]


def _column(schema: Schema, name: str) -> str:
    return schema.naming.normalize_identifier(name)


def _escaped(warehouse: Any, schema: Schema, name: str) -> str:
    return warehouse.escape_column_name(_column(schema, name))
