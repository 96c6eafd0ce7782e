"""What the warehouse holds, read from its own bookkeeping.

Two equal answers mean that nothing was loaded, built or dropped between them. On Snowflake, SHOW answers without a
running warehouse; a query would start one and cost a minute of it.
"""

from pipelines.environment import build_pipeline, environment, mart_client
from pipelines.runs.warehouse_queries import read_rows

MODEL_SCHEMAS = ("STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS")


def loads_in_raw() -> list[str]:
    """Return the number of RAW's completed loads, the newest load id and the last end, as text.

    The list is empty before the first load. A load that is under way does not count until it ends, though some of its
    rows may already be in RAW.
    """
    with build_pipeline("postgres").sql_client() as warehouse:
        loads = warehouse.make_qualified_table_name("_dlt_loads")
        sql = f"SELECT count(*), max(load_id), max(inserted_at) FROM {loads}"
        return [str(value) for row in read_rows(warehouse, sql, missing_ok=True) for value in row.values()]


def models_in_warehouse() -> list[str]:
    """Return the tables and views of the models' schemas as `SCHEMA.NAME`, sorted."""
    with mart_client() as warehouse:
        if environment().engine == "snowflake":
            rows = read_rows(warehouse, f"SHOW TERSE OBJECTS IN DATABASE {environment().database}")
            found = [(row["schema_name"], row["name"]) for row in rows]
        else:
            rows = read_rows(warehouse, "SELECT table_schema, table_name FROM information_schema.tables")
            found = [(row["table_schema"], row["table_name"]) for row in rows]
    return sorted(f"{schema}.{name}".upper() for schema, name in found if schema.upper() in MODEL_SCHEMAS)


def tables_in_raw() -> list[str]:
    """Return the names of RAW's tables in capitals, sorted; none before the first load."""
    with build_pipeline("postgres").sql_client() as warehouse:
        if environment().engine == "snowflake":
            sql = f"SHOW TERSE TABLES IN SCHEMA {warehouse.fully_qualified_dataset_name()}"
            names = [row["name"] for row in read_rows(warehouse, sql, missing_ok=True)]
        else:
            sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
            names = [row["table_name"] for row in read_rows(warehouse, sql, warehouse.dataset_name)]
    return sorted(name.upper() for name in names)


def rows_of_largest_table() -> int:
    """Return the rows of RAW's largest table as its bookkeeping has them, on DuckDB nearly; 0 before the first load."""
    with build_pipeline("postgres").sql_client() as warehouse:
        if environment().engine == "snowflake":
            sql = f"SHOW TABLES IN SCHEMA {warehouse.fully_qualified_dataset_name()}"
            counts = [row.get("rows") for row in read_rows(warehouse, sql, missing_ok=True)]
        else:
            sql = "SELECT estimated_size FROM duckdb_tables() WHERE schema_name = %s"
            counts = [row["estimated_size"] for row in read_rows(warehouse, sql, warehouse.dataset_name)]
    return max((int(count or 0) for count in counts), default=0)
