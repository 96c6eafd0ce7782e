"""What the warehouse holds, told by its own book-keeping: equal answers mean that nothing was loaded or dropped."""

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from pipelines.warehouse import raw_pipeline

MODELS = ("STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS")


def loads_in_raw() -> list[str]:
    """Return RAW's ended loads in three words: their number, the newest load id, the last end; none before the first.

    A load that is under way is not counted: its rows may be there already, and it counts when it ends.
    """
    with raw_pipeline("postgres").sql_client() as warehouse:
        loads = warehouse.make_qualified_table_name("_dlt_loads")
        try:
            rows = warehouse.execute_sql(f"SELECT count(*), max(load_id), max(inserted_at) FROM {loads}")
        except DatabaseUndefinedRelation:
            return []
    return [str(value) for value in rows[0]]


def models_in_warehouse() -> list[str]:
    """Return the tables and views of the models' schemas as `SCHEMA.NAME`, sorted."""
    schemas = ", ".join(f"'{schema}'" for schema in MODELS)
    with raw_pipeline("postgres").sql_client() as warehouse:
        rows = warehouse.execute_sql(
            f"SELECT table_schema, table_name FROM information_schema.tables WHERE upper(table_schema) IN ({schemas})"
        )
    return sorted(f"{schema}.{name}".upper() for schema, name in rows)
