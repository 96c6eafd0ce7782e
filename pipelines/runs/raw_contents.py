"""What the warehouse holds, told by its own book-keeping: equal answers mean that nothing was loaded or dropped."""

from datetime import date
from decimal import Decimal

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from pipelines.environment import build_pipeline, environment, mart_client

MODELS = ("STAGING", "INTERMEDIATE", "MART", "SNAPSHOTS")


def loads_in_raw() -> list[str]:
    """Return RAW's ended loads in three words: their number, the newest load id, the last end; none before the first.

    A load that is under way is not counted: its rows may be there already, and it counts when it ends.
    """
    with build_pipeline("postgres").sql_client() as warehouse:
        loads = warehouse.make_qualified_table_name("_dlt_loads")
        try:
            rows = warehouse.execute_sql(f"SELECT count(*), max(load_id), max(inserted_at) FROM {loads}")
        except DatabaseUndefinedRelation:
            return []
    return [str(value) for value in rows[0]]


def models_in_warehouse() -> list[str]:
    """Return the tables and views of the models' schemas as `SCHEMA.NAME`, sorted."""
    with mart_client() as warehouse:
        if (
            environment().engine == "snowflake"
        ):  # SHOW needs no warehouse: an idle run would start one, and pay a minute
            with warehouse.execute_query(f"SHOW TERSE OBJECTS IN DATABASE {environment().database}") as cursor:
                names = [column[0] for column in cursor.description]
                rows = [(row[names.index("schema_name")], row[names.index("name")]) for row in cursor.fetchall()]
        else:
            rows = warehouse.execute_sql("SELECT table_schema, table_name FROM information_schema.tables")
    return sorted(f"{schema}.{name}".upper() for schema, name in rows if schema.upper() in MODELS)


def tables_in_raw() -> list[str]:
    """Return the names of RAW's tables in capitals, sorted; none before the first load."""
    with build_pipeline("postgres").sql_client() as warehouse:
        if environment().engine == "snowflake":  # SHOW needs no warehouse
            schema = warehouse.fully_qualified_dataset_name()
            try:
                with warehouse.execute_query(f"SHOW TERSE TABLES IN SCHEMA {schema}") as cursor:
                    place = [column[0] for column in cursor.description].index("name")
                    names = [row[place] for row in cursor.fetchall()]
            except DatabaseUndefinedRelation:
                return []
        else:
            rows = warehouse.execute_sql(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", warehouse.dataset_name
            )
            names = [name for (name,) in rows]
    return sorted(name.upper() for name in names)


def spent_since(day: date) -> tuple[Decimal, Decimal, date | None]:
    """Return the credits, the US dollars, and the last day that MART's ledger of costs knows since `day`.

    Before the first build it knows nothing: 0, 0, None.
    """
    with mart_client() as mart:
        ledger = mart.make_qualified_table_name("rpt_pipeline_cost")
        try:
            rows = mart.execute_sql(
                f"SELECT coalesce(sum(credits), 0), coalesce(sum(cost_usd), 0), max(cost_on) FROM {ledger} "
                f"WHERE cost_on >= CAST('{day}' AS DATE)"
            )
        except DatabaseUndefinedRelation:
            return Decimal(0), Decimal(0), None
    credits, usd, last_day = rows[0]
    return Decimal(credits), Decimal(usd), last_day
