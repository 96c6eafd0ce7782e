"""What the doctor looks at in the warehouse, and on the way of a row into it: a check returns a detail, or raises."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.snowflake.utils import gen_copy_sql

from exactly_once.destinations.staged_duckdb import READERS
from exactly_once.diagnostics.context import DoctorContext, assert_row_equal, terraform_hint
from exactly_once.errors import PipelineError
from pipelines.environment import build_pipeline, environment

# Wall-clock text becomes an instant by the session's zone; in July, because London's winter is UTC.
MIDNIGHT, MIDNIGHT_UTC = "SELECT date_part('epoch', CAST('2026-07-01 00:00:00' AS TIMESTAMPTZ))", 1782864000


def warehouse_login(visit: DoctorContext) -> str:
    """Log in, and say into which database."""
    with visit.warehouse() as sql:
        return f"database {sql.execute_sql('SELECT current_database()')[0][0]}"


def warehouse_role(visit: DoctorContext) -> str:
    """Say as whom Snowflake let us in, because a role or a warehouse that one may not use is silently none."""
    with visit.warehouse() as sql:
        found = sql.execute_sql("SELECT current_role(), current_warehouse(), current_database()")[0]
        for kind, theirs in zip(("role", "warehouse", "database"), found, strict=True):
            ours = getattr(sql.credentials, kind)
            if not theirs or (ours and ours.upper() != theirs.upper()):
                raise PipelineError(
                    f"the session's {kind} is {theirs}, not {ours}; grant it to this user, or {terraform_hint()}"
                )
        return "role {}, warehouse {}, database {}".format(*found)


def warehouse_zone(visit: DoctorContext) -> str:
    """Find the session in UTC."""
    with visit.warehouse() as sql:
        found = int(sql.execute_sql(MIDNIGHT)[0][0])
    if found != MIDNIGHT_UTC:
        hours = (MIDNIGHT_UTC - found) / 3600
        raise PipelineError(
            f"the session is {hours:+g} h from UTC; set destination.warehouse.credentials.session_timezone"
        )
    return "UTC"


def warehouse_table(visit: DoctorContext, is_staging: bool) -> str:
    """Create a table in RAW, or in the schema that merges go through, and drop it."""
    with visit.warehouse() as sql, sql.with_staging_dataset() if is_staging else nullcontext():
        schema, is_snowflake = sql.fully_qualified_dataset_name(), environment().engine == "snowflake"
        if is_snowflake and not sql.has_dataset():
            raise PipelineError(f"the schema is not there; CREATE SCHEMA {schema}; or {terraform_hint()}")
        try:
            with scratch_table(sql, visit.name):
                return "a table was created and dropped"
        except DatabaseException as error:
            if not is_snowflake:
                raise
            reason = str(error).splitlines()[0]
            mend = f"GRANT CREATE TABLE ON SCHEMA {schema} TO ROLE {sql.credentials.role};"
            raise PipelineError(f"no table can be created ({reason}); {mend}") from error


def stage_lists(visit: DoctorContext, pipeline: str) -> str:
    """Find the lake's file through Snowflake's external stage."""
    stage, url = _stage(pipeline), visit.files[pipeline]
    with visit.warehouse(pipeline) as sql:
        listed = sql.execute_sql(f"LIST @{stage}_doctor/{visit.name}.parquet")
    if not any(str(row[0]).endswith(f"{visit.name}.parquet") for row in listed or []):
        raise PipelineError(
            f"@{stage} does not list {url}; compare the URL of the stage with the lake's, or {terraform_hint()}"
        )
    return f"@{stage}"


def through(visit: DoctorContext, pipeline: str) -> str:
    """Carry the row from the lake's file into a scratch table of RAW, as a load does."""
    lake, settings = visit.lake(pipeline)
    url = visit.files[pipeline]
    with visit.warehouse(pipeline) as sql, scratch_table(sql, visit.name) as table:
        if environment().engine == "snowflake":
            is_case_sensitive = sql.capabilities.generates_case_sensitive_identifiers()
            sql.execute_sql(
                gen_copy_sql(url, table, "parquet", is_case_sensitive, _stage(pipeline), settings.bucket_url)
            )
        else:
            with tempfile.TemporaryDirectory() as folder:
                path = str(Path(folder) / "doctor.parquet")
                lake.get_file(url, path)
                sql.execute_sql(f"INSERT INTO {table} BY NAME SELECT * FROM {READERS['parquet'].format(path)}")
        return assert_row_equal(sql.execute_sql(f"SELECT id, word FROM {table}"))


@contextmanager
def scratch_table(sql: Any, name: str) -> Iterator[str]:
    """Create a table for the time of a `with`; it and a schema that was not there are gone afterwards."""
    table = sql.make_qualified_table_name(name)
    is_duckdb = environment().engine == "duckdb"
    if is_duckdb:  # its DDL is transactional: what is never committed cannot stay, whatever happens
        sql.execute_sql("BEGIN TRANSACTION")
    try:
        if is_duckdb:
            sql.execute_sql(f"CREATE SCHEMA IF NOT EXISTS {sql.fully_qualified_dataset_name()}")
        sql.execute_sql(f"CREATE TABLE {table} (id BIGINT, word VARCHAR)")
        yield table
    finally:
        if is_duckdb:
            with suppress(DatabaseException):  # after an error dlt has rolled back already
                sql.execute_sql("ROLLBACK")
        else:
            sql.execute_sql(f"DROP TABLE IF EXISTS {table}")


def _stage(pipeline: str) -> str:
    return build_pipeline(pipeline).destination_client().config.stage_name
