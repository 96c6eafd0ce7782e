"""What the doctor looks at in the sources, the lake and the warehouse: a check returns a detail, or raises."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from dlt.common.configuration.resolve import inject_section, resolve_configuration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.snowflake.utils import gen_copy_sql
from dlt.sources.helpers.requests import Client

from pipelines.errors import Refusal
from pipelines.postgres import TABLES, postgres  # noqa: TID251  the doctor is no door: it looks through each
from pipelines.saas import saas  # noqa: TID251
from pipelines.staged_duckdb import READERS
from pipelines.warehouse import RAW, environment, raw_pipeline

SOURCES = {"postgres": postgres, "saas": saas}
ROW = (1, "O'Brien, Müller")
SECRETS = ("password", "api_key", "token", "aws_secret_access_key", "aws_session_token", "private_key_passphrase")
RELATIONS = sa.text("""
    SELECT c.relname, current_user, has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
""")
# Wall-clock text becomes an instant by the session's zone; in July, because London's winter is UTC.
MIDNIGHT, MIDNIGHT_UTC = "SELECT date_part('epoch', CAST('2026-07-01 00:00:00' AS TIMESTAMPTZ))", 1782864000


@dataclass
class Visit:
    """One examination: its scratch name, the files that it wrote to the lake, and what no line may show."""

    name: str = field(default_factory=lambda: f"_doctor_{uuid4().hex}")
    files: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def settings(self, source: str) -> Any:
        """Return the settings of a source as its load would resolve them."""
        reference = SOURCES[source].ref
        place = ConfigSectionContext(pipeline_name=source, sections=("sources", reference.section, reference.name))
        with inject_section(place):
            found = resolve_configuration(reference.SPEC())
        self._hide(found, found.get("credentials"))
        return found

    def lake(self, pipeline: str) -> tuple[Any, FilesystemConfiguration]:
        """Return the lake's client and settings as dlt makes them for a pipeline; the warehouse is not asked."""
        staging = raw_pipeline(pipeline).staging
        with inject_section(ConfigSectionContext(pipeline_name=pipeline)):
            found = staging.configuration(staging.spec()._bind_dataset_name(RAW))
        self._hide(found.credentials)
        return fsspec_from_config(found)[0], found

    @contextmanager
    def warehouse(self, pipeline: str = "postgres") -> Iterator[Any]:
        """Open dlt's own connection to the warehouse; it is closed on leaving, because DuckDB takes one process."""
        with raw_pipeline(pipeline).sql_client() as sql:
            self._hide(sql.credentials)
            yield sql

    def _hide(self, *holders: Any) -> None:
        self.secrets |= {str(getattr(holder, name, None) or "") for holder in holders for name in SECRETS}


def postgres_settings(visit: Visit) -> str:
    """Tell where the settings point, without the password."""
    url = _engine(visit).url
    return f"{url.username}@{url.host}:{url.port or 5432}/{url.database}"


def postgres_login(visit: Visit) -> str:
    """Log in and return the server's version."""
    return f"PostgreSQL {_select(visit, sa.text('SHOW server_version'))[0][0].split()[0]}"


def postgres_grants(visit: Visit) -> str:
    """Find every table of TABLES, and the right to read it."""
    schema = visit.settings("postgres").schema
    relations, quote = _relations(visit), _engine(visit).dialect.identifier_preparer.quote
    for table in TABLES:
        relation = f"{quote(schema)}.{quote(table)}"
        if table not in relations:
            mend = "restore it, or take its line out of TABLES in pipelines/postgres.py"
            raise Refusal(f"Postgres has no table {relation}; {mend}")
        _, role, is_schema_usable, is_readable, _ = relations[table]
        if not is_schema_usable:
            raise Refusal(f"{role} may not look into {schema}; GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)};")
        if not is_readable:
            raise Refusal(f"{role} may not read {relation}; GRANT SELECT ON {relation} TO {quote(role)};")
    return f"{len(TABLES)} tables"


def postgres_cursors(visit: Visit) -> str:
    """Find the cursor and the key of every table among its columns."""
    relations = _relations(visit)
    for table, description in TABLES.items():
        for column in filter(None, (description["cursor"], *description["key"])):
            if column not in relations[table][-1]:
                raise Refusal(f"{table} has no column {column}; restore it, or mend TABLES in pipelines/postgres.py")
    return "every cursor and key is there"


def postgres_clock(visit: Visit) -> str:
    """Compare the server's clock with this machine's: the cursor is a time of the server's."""
    before = time.time()
    ((theirs, zone),) = _select(
        visit, sa.text("SELECT extract(epoch FROM clock_timestamp()), current_setting('TimeZone')")
    )
    after, theirs = time.time(), float(theirs)
    skew = max(before - theirs, theirs - after, 0.0)
    if skew >= 60:
        raise Refusal(f"the server's clock is {skew:.0f} s away from this machine's; `timedatectl` on both, mend NTP")
    return f"{zone}, less than {skew + 1:.0f} s apart"


def saas_settings(visit: Visit) -> str:
    """Tell where the settings point."""
    return visit.settings("saas").base_url


def saas_reachable(visit: Visit) -> str:
    """Get any answer at all, without the token."""
    answer = _client(raise_for_status=False).get(visit.settings("saas").base_url)
    return f"answers in {answer.elapsed.total_seconds() * 1000:.0f} ms"


def saas_endpoint(visit: Visit, endpoint: str) -> str:
    """Ask for one object with the token."""
    found = visit.settings("saas")
    headers = {"Authorization": f"Bearer {found.api_key}"}
    address = f"{found.base_url.rstrip('/')}/v1/{endpoint}"
    answer = _client().get(address, headers=headers, params={"limit": 1}).json()
    return f"token accepted, {len(answer['data'])} object"


def lake_write(visit: Visit, pipeline: str) -> str:
    """Write one small Parquet file below the pipeline's prefix."""
    lake, settings = visit.lake(pipeline)
    url = f"{settings.bucket_url.rstrip('/')}/_doctor/{visit.name}.parquet"
    if settings.is_local_filesystem:  # an object store has no folders, and s3fs would make a bucket for one
        lake.makedirs(url.rpartition("/")[0], exist_ok=True)
    with _lake_errors(settings, "s3:PutObject"), lake.open(url, "wb") as file:
        pq.write_table(pa.table({"id": [ROW[0]], "word": [ROW[1]]}), file)
    visit.files[pipeline] = url
    return url


def lake_read(visit: Visit, pipeline: str) -> str:
    """Read the file back."""
    lake, settings = visit.lake(pipeline)
    with _lake_errors(settings, "s3:GetObject"), lake.open(visit.files[pipeline], "rb") as file:
        return _equal([tuple(row.values()) for row in pq.read_table(file).to_pylist()])


def lake_remove(visit: Visit, pipeline: str) -> str:
    """Remove the file; a role that may not delete is fine, the lake is a record."""
    (lake, settings), url = visit.lake(pipeline), visit.files[pipeline]
    try:
        lake.rm_file(url)
    except PermissionError:
        return f"{url} stays: this role may not delete, which is fine"
    if settings.is_local_filesystem:
        folder = Path(FilesystemConfiguration.make_local_path(url)).parent
        with suppress(OSError):  # the first folder that holds something else ends it
            for empty in (folder, folder.parent, folder.parent.parent):
                empty.rmdir()
    return "nothing is left"


def warehouse_login(visit: Visit) -> str:
    """Log in, and say into which database."""
    with visit.warehouse() as sql:
        return f"database {sql.execute_sql('SELECT current_database()')[0][0]}"


def warehouse_role(visit: Visit) -> str:
    """Say as whom Snowflake let us in, because a role or a warehouse that one may not use is silently none."""
    with visit.warehouse() as sql:
        found = sql.execute_sql("SELECT current_role(), current_warehouse(), current_database()")[0]
        for kind, theirs in zip(("role", "warehouse", "database"), found, strict=True):
            ours = getattr(sql.credentials, kind)
            if not theirs or (ours and ours.upper() != theirs.upper()):
                raise Refusal(f"the session's {kind} is {theirs}, not {ours}; grant it to this user, or {_ground()}")
        return "role {}, warehouse {}, database {}".format(*found)


def warehouse_zone(visit: Visit) -> str:
    """Find the session in UTC."""
    with visit.warehouse() as sql:
        found = int(sql.execute_sql(MIDNIGHT)[0][0])
    if found != MIDNIGHT_UTC:
        hours = (MIDNIGHT_UTC - found) / 3600
        raise Refusal(f"the session is {hours:+g} h from UTC; set destination.warehouse.credentials.session_timezone")
    return "UTC"


def warehouse_table(visit: Visit, is_staging: bool) -> str:
    """Create a table in RAW, or in the schema that merges go through, and drop it."""
    with visit.warehouse() as sql, sql.with_staging_dataset() if is_staging else nullcontext():
        schema, is_snowflake = sql.fully_qualified_dataset_name(), environment().engine == "snowflake"
        if is_snowflake and not sql.has_dataset():
            raise Refusal(f"the schema is not there; CREATE SCHEMA {schema}; or {_ground()}")
        try:
            with _scratch(sql, visit.name):
                return "a table was created and dropped"
        except DatabaseException as error:
            if not is_snowflake:
                raise
            reason = str(error).splitlines()[0]
            mend = f"GRANT CREATE TABLE ON SCHEMA {schema} TO ROLE {sql.credentials.role};"
            raise Refusal(f"no table can be created ({reason}); {mend}") from error


def stage_lists(visit: Visit, pipeline: str) -> str:
    """Find the lake's file through Snowflake's external stage."""
    stage, url = _stage(pipeline), visit.files[pipeline]
    with visit.warehouse(pipeline) as sql:
        listed = sql.execute_sql(f"LIST @{stage}_doctor/{visit.name}.parquet")
    if not any(str(row[0]).endswith(f"{visit.name}.parquet") for row in listed or []):
        raise Refusal(f"@{stage} does not list {url}; compare the URL of the stage with the lake's, or {_ground()}")
    return f"@{stage}"


def through(visit: Visit, pipeline: str) -> str:
    """Carry the row from the lake's file into a scratch table of RAW, as a load does."""
    lake, settings = visit.lake(pipeline)
    url = visit.files[pipeline]
    with visit.warehouse(pipeline) as sql, _scratch(sql, visit.name) as table:
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
        return _equal(sql.execute_sql(f"SELECT id, word FROM {table}"))


def _engine(visit: Visit) -> sa.Engine:
    url = sa.make_url(visit.settings("postgres").credentials.to_native_representation())
    url = url.set(drivername="postgresql+psycopg2")
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10})


def _select(visit: Visit, query: sa.TextClause, **values: str) -> list[Any]:
    with _engine(visit).connect() as connection:
        return list(connection.execute(query, values))


def _relations(visit: Visit) -> dict[str, Any]:
    return {row[0]: row for row in _select(visit, RELATIONS, schema=visit.settings("postgres").schema)}


def _client(raise_for_status: bool = True) -> Client:
    return Client(request_timeout=10, request_max_attempts=1, raise_for_status=raise_for_status)


@contextmanager
def _lake_errors(settings: FilesystemConfiguration, action: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if settings.is_local_filesystem:
            raise
        bucket = "/".join(settings.bucket_url.split("/")[:3])
        mend = f"`aws s3 mb {bucket}`" if environment().is_embedded else _ground()
        raise Refusal(f"{bucket} is not there; {mend} makes it") from error
    except PermissionError as error:
        if settings.is_local_filesystem:
            raise
        raise Refusal(f"{settings.bucket_url} refuses us; grant this role {action} on it, or {_ground()}") from error


@contextmanager
def _scratch(sql: Any, name: str) -> Iterator[str]:
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
    return raw_pipeline(pipeline).destination_client().config.stage_name


def _equal(rows: Any) -> str:
    if [tuple(row) for row in rows] != [ROW]:
        raise Refusal("the row came back changed; report it with the versions above")
    return "the row came back equal"


def _ground() -> str:
    return f"`terraform apply` in terraform/environments/{environment().word}"
