"""What REPORTER sees of a MART that dbt has built under the real policies: no personal data, its regions only.

It asks Snowflake itself, by SQL. A server that masks nothing and hides no row is a failure, never passed over.
"""

from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

REGION = "eu"  # whose role alone the smoke run takes beside REPORTER


def unmasked(connection: SnowflakeConnection, schema: str, manifest: dict[str, Any]) -> list[str]:
    """Return a line for each thing that REPORTER sees of `schema` and must not, or does not see and must.

    `schema` has its database before it; `manifest` is dbt's, which says whose columns are a person's and which tables
    have a row access policy. The session is one of REPORTER_SVC, to whom Terraform gives REPORTER, REGION_ALL and,
    where the chain is tried, the role of each region.
    """
    models = [
        node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    ]
    found, counts = [], {}
    with connection.cursor() as cursor:
        ((rows,),) = _rows(cursor, f"SELECT COUNT(*) FROM {schema}.dim_contacts")
        if not rows:
            found.append("dim_contacts: REPORTER_SVC sees no row as it signs in: has it all its roles by default?")
        cursor.execute("USE ROLE REPORTER")
        cursor.execute("USE SECONDARY ROLES ALL")
        for model in models:
            counts[model["name"]], lines = _shown(cursor, schema, model)
            found += lines
        by_region = [model["name"] for model in models if model["config"].get("row_access_policy")]
        if not counts["dim_contacts"] or not by_region:
            found.append("dim_contacts: REPORTER_SVC sees no row: has it the role REGION_ALL, and all its roles?")
        cursor.execute(f"USE SECONDARY ROLES REGION_{REGION.upper()}")
        for name in by_region:
            found += _of_one_region(cursor, f"{schema}.{name}", name)
        cursor.execute("USE SECONDARY ROLES NONE")
        for name in by_region:
            ((rows,),) = _rows(cursor, f"SELECT COUNT(*) FROM {schema}.{name}")
            if rows:
                found.append(f"{name}: {rows:,} rows are seen without a role for their region")
    return found


def _rows(cursor: SnowflakeCursor, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return cursor.fetchall()


def _of_one_region(cursor: SnowflakeCursor, table: str, name: str) -> list[str]:
    """Return a line if the role of one region sees rows of others, or no row of dim_contacts."""
    sql = f"SELECT COUNT(*), SUM(CASE WHEN region = '{REGION}' THEN 0 ELSE 1 END) FROM {table}"
    ((rows, others),) = _rows(cursor, sql)
    if others:
        return [f"{name}: {others:,} rows of other regions are seen with the role of {REGION}"]
    return [f"{name}: the role of {REGION} shows none of its rows"] if name == "dim_contacts" and not rows else []


def _shown(cursor: SnowflakeCursor, schema: str, model: dict[str, Any]) -> tuple[int, list[str]]:
    """Return how many rows of a table are seen, and a line for each column that shows a person."""
    # As the macro that sets the tags: varchar(12) and VARCHAR are texts, too.
    texts = [name for name, column in model["columns"].items() if column["data_type"].lower().startswith("varchar")]
    bad = {name: f"{name} IS NOT NULL AND REGEXP_LIKE({name}, '.*[^*]@.*', 's')" for name in texts}
    for name in texts:
        if model["columns"][name]["config"]["meta"].get("contains_pii"):
            bad[name] = f"{name} IS NOT NULL AND NOT STARTSWITH({name}, '*****')"
    sums = [f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)" for condition in bad.values()]
    sql = f"SELECT {', '.join(['COUNT(*)', *sums])} FROM {schema}.{model['name']}"
    ((rows, *shown),) = _rows(cursor, sql)
    lines = [
        f"{model['name']}.{column}: {count:,} of {rows:,} values show a person"
        for column, count in zip(bad, shown, strict=True) if count
    ]  # fmt: skip
    return rows, lines
