"""Checks of the warehouse, and of the path of a row into it: each returns a detail or raises."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.snowflake.utils import gen_copy_sql

from exactly_once.destinations.staged_duckdb import READERS
from exactly_once.diagnostics.check import Check
from exactly_once.diagnostics.context import DoctorContext, assert_row_equal, is_duckdb
from exactly_once.diagnostics.lake_checks import lake_remove
from exactly_once.errors import PipelineError

# Wall-clock text becomes an instant by the session's zone; in July, because London's winter is UTC.
MIDNIGHT, MIDNIGHT_UTC = "SELECT date_part('epoch', CAST('2026-07-01 00:00:00' AS TIMESTAMPTZ))", 1782864000


def checks(context: DoctorContext, pipeline: str, login: Check, is_snowflake: bool) -> list[Check]:
    """Return the checks of the warehouse, which does not depend on the pipeline.

    Args:
        context: of the examination.
        pipeline: by which the warehouse is opened.
        login: the check that opens it, e.g. of `warehouse_login`.
        is_snowflake: whether roles and warehouses are looked at.
    """
    needs, fix = (login.name,), login.fix
    role = Check("warehouse role", partial(warehouse_role, context, pipeline), needs, fix)
    return [
        login,
        *([role] if is_snowflake else []),
        Check("warehouse time zone", partial(warehouse_zone, context, pipeline), needs, fix),
        Check("warehouse RAW", partial(warehouse_table, context, pipeline, False), needs, fix),
        Check("warehouse RAW_STAGING", partial(warehouse_table, context, pipeline, True), needs, fix),
    ]


def path_checks(context: DoctorContext, pipeline: str, login: Check, is_snowflake: bool) -> list[Check]:
    """Return the checks of a row's path from the lake's file into RAW, for one pipeline."""
    write, needs = f"lake {pipeline}/ write", (f"lake {pipeline}/ read", "warehouse RAW")
    lists = Check(f"stage {pipeline}/", partial(stage_lists, context, pipeline), (write, login.name), login.fix)
    return [
        *([lists] if is_snowflake else []),
        Check(f"lake {pipeline}/ to RAW", partial(through, context, pipeline), needs, login.fix, timeout=60),
        Check(f"lake {pipeline}/ remove", partial(lake_remove, context, pipeline), (write,), login.fix),
    ]


def warehouse_login(context: DoctorContext, pipeline: str) -> str:
    """Log in, and say into which database."""
    with context.warehouse(pipeline) as sql:
        return f"database {sql.execute_sql('SELECT current_database()')[0][0]}"


def warehouse_role(context: DoctorContext, pipeline: str) -> str:
    """Say as whom Snowflake let us in, because a role or a warehouse that one may not use is silently none."""
    with context.warehouse(pipeline) as sql:
        found = sql.execute_sql("SELECT current_role(), current_warehouse(), current_database()")[0]
        for kind, theirs in zip(("role", "warehouse", "database"), found, strict=True):
            ours = getattr(sql.credentials, kind)
            if not theirs or (ours and ours.upper() != theirs.upper()):
                raise PipelineError(
                    f"the session's {kind} is {theirs}, not {ours}; grant it to this user, or "
                    f"{context.provision(False)}"
                )
        return "role {}, warehouse {}, database {}".format(*found)


def warehouse_zone(context: DoctorContext, pipeline: str) -> str:
    """Find the session in UTC."""
    with context.warehouse(pipeline) as sql:
        found = int(sql.execute_sql(MIDNIGHT)[0][0])
    if found != MIDNIGHT_UTC:
        hours = (MIDNIGHT_UTC - found) / 3600
        raise PipelineError(
            f"the session is {hours:+g} h from UTC; set destination.warehouse.credentials.session_timezone"
        )
    return "UTC"


def warehouse_table(context: DoctorContext, pipeline: str, is_staging: bool) -> str:
    """Create a table in RAW, or in the schema that merges go through, and drop it."""
    with context.warehouse(pipeline) as sql, sql.with_staging_dataset() if is_staging else nullcontext():
        schema, is_snowflake = sql.fully_qualified_dataset_name(), not is_duckdb(sql)
        if is_snowflake and not sql.has_dataset():
            raise PipelineError(f"the schema is not there; CREATE SCHEMA {schema}; or {context.provision(False)}")
        try:
            with scratch_table(sql, context.name):
                return "a table was created and dropped"
        except DatabaseException as error:
            if not is_snowflake:
                raise
            reason = str(error).splitlines()[0]
            fix = f"GRANT CREATE TABLE ON SCHEMA {schema} TO ROLE {sql.credentials.role};"
            raise PipelineError(f"no table can be created ({reason}); {fix}") from error


def stage_lists(context: DoctorContext, pipeline: str) -> str:
    """Find the lake's file through Snowflake's external stage."""
    stage, url = _stage(context, pipeline), context.files[pipeline]
    with context.warehouse(pipeline) as sql:
        listed = sql.execute_sql(f"LIST @{stage}_doctor/{context.name}.parquet")
    if not any(str(row[0]).endswith(f"{context.name}.parquet") for row in listed or []):
        raise PipelineError(
            f"@{stage} does not list {url}; compare the URL of the stage with the lake's, or {context.provision(False)}"
        )
    return f"@{stage}"


def through(context: DoctorContext, pipeline: str) -> str:
    """Carry the row from the lake's file into a scratch table of RAW, as a load does."""
    lake, settings = context.lake(pipeline)
    url = context.files[pipeline]
    with context.warehouse(pipeline) as sql, scratch_table(sql, context.name) as table:
        if not is_duckdb(sql):
            is_case_sensitive = sql.capabilities.generates_case_sensitive_identifiers()
            sql.execute_sql(
                gen_copy_sql(url, table, "parquet", is_case_sensitive, _stage(context, pipeline), settings.bucket_url)
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
    is_transactional = is_duckdb(sql)
    if is_transactional:  # its DDL is transactional: what is never committed cannot stay, whatever happens
        sql.execute_sql("BEGIN TRANSACTION")
    try:
        if is_transactional:
            sql.execute_sql(f"CREATE SCHEMA IF NOT EXISTS {sql.fully_qualified_dataset_name()}")
        sql.execute_sql(f"CREATE TABLE {table} (id BIGINT, word VARCHAR)")
        yield table
    finally:
        if is_transactional:
            with suppress(DatabaseException):  # after an error dlt has rolled back already
                sql.execute_sql("ROLLBACK")
        else:
            sql.execute_sql(f"DROP TABLE IF EXISTS {table}")


def _stage(context: DoctorContext, pipeline: str) -> str:
    config: Any = context.build_pipeline(pipeline).destination_client().config  # Snowflake's
    return str(config.stage_name)
