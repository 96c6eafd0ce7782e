"""dlt destinations with fenced, idempotent loads: DuckDB and Snowflake, both from files of a lake.

Others use `staged_duckdb`, `fenced_snowflake`, `lake` and, of `fencing`, the token and the last load attempt.
"""
