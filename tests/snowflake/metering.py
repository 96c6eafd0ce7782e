"""A simulated meter: METERING as Snowflake would fill it over two days, the same in both warehouses.

It tests what the ledger computes from metered work, not how much Snowflake meters or when it reports it.
"""

from tests.snowflake.warehouses import Warehouse

CONTACTS = '{"pipeline": "postgres", "table": "postgres_contacts", "load_id": "1772445600.25"}'
STATE = '{"pipeline": "postgres", "table": "", "load_id": ""}'
MODEL = '{"dbt": "model.mailblaze.dim_contacts"}'
FILES = "RAW/postgres_contacts/1772445600.25"
TABLES = {
    "query_history": (
        "query_id varchar, query_tag varchar, warehouse_name varchar, end_time {zoned}, execution_time bigint, "
        "bytes_scanned bigint, bytes_written bigint, rows_inserted bigint, rows_updated bigint"
    ),
    "warehouse_metering_history": (
        "warehouse_name varchar, start_time {zoned}, end_time {zoned}, credits_used decimal(38, 9)"
    ),
    "copy_history": (
        "file_name varchar, table_name varchar, last_load_time {zoned}, row_count bigint, file_size bigint"
    ),
}
# By the day on which Snowflake reports them: the hours of the first day come late.
ROWS = {
    1: {
        "query_history": [
            ("copy", CONTACTS, "LOAD_WH", "2026-03-02 10:00:30+00", 30_000, 1000, 10, 6, 0),
            ("merge", CONTACTS, "LOAD_WH", "2026-03-02 10:01:00+00", 20_000, 500, 10, 4, 2),
            ("state", STATE, "LOAD_WH", "2026-03-02 09:59:00+00", 10_000, 0, 0, 0, 0),
            ("model", MODEL, "TRANSFORM_WH", "2026-03-02 10:05:00+00", 12_500, 700, 400, 6, 0),
            ("typed", "not an object", "REPORT_WH", "2026-03-02 11:00:30+00", 60_000, 700, 0, 0, 0),
        ],
        "copy_history": [
            (f"{FILES}.0a1b2c3d4e.parquet", "POSTGRES_CONTACTS", "2026-03-02 10:00:30+00", 4, 900),
            (f"{FILES}.1a1b2c3d4e.parquet", "POSTGRES_CONTACTS", "2026-03-02 10:00:30+00", 2, 600),
        ],
        "warehouse_metering_history": [],
    },
    2: {
        "query_history": [
            ("next", MODEL, "TRANSFORM_WH", "2026-03-03 10:05:00+00", 10_000, 700, 400, 6, 1),
        ],
        "copy_history": [],
        "warehouse_metering_history": [
            ("LOAD_WH", "2026-03-02 09:00:00+00", "2026-03-02 10:00:00+00", "0.02"),
            ("LOAD_WH", "2026-03-02 10:00:00+00", "2026-03-02 11:00:00+00", "0.05"),
            ("TRANSFORM_WH", "2026-03-02 10:00:00+00", "2026-03-02 11:00:00+00", "0.03"),
            ("REPORT_WH", "2026-03-02 10:00:00+00", "2026-03-02 11:00:00+00", "0.01"),
            ("REPORT_WH", "2026-03-02 11:00:00+00", "2026-03-02 12:00:00+00", "0.04"),
            ("REPORT_WH", "2026-03-02 12:00:00+00", "2026-03-02 13:00:00+00", "0.005"),
        ],
    },
}  # fmt: skip
METERED = "0.155"  # the sum of all hours


def meter(warehouse: Warehouse, day: int) -> None:
    """Write into METERING what Snowflake reports until the end of `day`, 1 or 2."""
    warehouse.execute("create schema if not exists METERING")
    for table, columns in TABLES.items():
        warehouse.execute(f"create table if not exists METERING.{table} ({columns.format(zoned=warehouse.zoned)})")
        for row in ROWS[day][table]:
            values = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in row)
            warehouse.execute(f"insert into METERING.{table} values ({values})")
