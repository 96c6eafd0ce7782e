"""DuckDB that loads from files of a lake, as Snowflake does.

dlt's own duckdb destination refuses `staging=`. This subclass takes staged Parquet (and the JSON lines in which dlt
keeps its own state) and turns each reference to a staged file into one INSERT from that file. As Snowflake's COPY does,
it remembers the files of a table until the table is truncated: a job that is run again after a kill copies nothing
twice.

Every write disposition and merge strategy of dlt's duckdb works: append, replace (truncate-and-insert,
insert-from-staging) and merge (delete-insert, upsert, scd2, insert-only, cdc), with nested tables. Refused are the
replace strategy staging-optimized, which dlt has not for DuckDB, and numbers that a column of RAW would round.

It leans on dlt internals: dlt is pinned exactly and tests hold the contract.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Optional

import duckdb as duckdb_api
from dlt.common.configuration import NotResolved, configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, SupportsStagingDestination
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.exceptions import (
    DatabaseException,
    DatabaseTerminalException,
    DatabaseTransientException,
    DestinationConnectionError,
)
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.factory import duckdb
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.job_impl import ReferenceFollowupJobRequest
from dlt.destinations.path_utils import get_file_format_and_compression
from typing_extensions import override

from exactly_once.clients import fetch, staging_of
from exactly_once.destinations.column_changes import ColumnChangesMixin
from exactly_once.destinations.column_types import loses, rounds
from exactly_once.destinations.fencing import FencingToken
from exactly_once.destinations.memory_limit import is_out_of_memory, to_bytes, with_enough_memory
from exactly_once.destinations.merge_job import MergeJob, MergeMixin, table_error
from exactly_once.destinations.mixins import FencingSqlClientMixin, IdempotentLoadMixin, RememberingDestination
from exactly_once.errors import PipelineError
from exactly_once.process.interrupts import cancellable

READERS = {"parquet": "read_parquet('{}')", "jsonl": "read_json('{}', format = 'newline_delimited')"}
COPIED = "_copied_files"
BEING_CLOSED, OPENINGS = "Unique file handle conflict", 500
BEING_READ, READINGS = "Could not set lock on file", 100  # attempts within a second; a short query takes a tenth


@configspec(init=False)
class StagedDuckDbConfiguration(DuckDbClientConfiguration):
    """DuckDB's, and two more; the lake's earlier files are kept.

    Args:
        truncate_tables_on_staging_destination_before_load: whether a load deletes the lake's earlier files of its
            tables. dlt's default is True; RAW cannot be rebuilt from such a lake.
        fencing_token: that the run's transactions assert.
        max_memory: memory that wide rows may take at most, e.g. "2GB"; None: what the machine has.
    """

    truncate_tables_on_staging_destination_before_load: bool = False
    fencing_token: Annotated[Optional[FencingToken], NotResolved()] = None  # noqa: UP045  dlt reads this spelling
    max_memory: Optional[str] = None  # noqa: UP045


class StagedDuckDbSqlClient(FencingSqlClientMixin, DuckDbSqlClient):
    """dlt's SQL client that forgets the copied files of a table when it is truncated or dropped.

    `max_bytes` is the memory that a job may take at most; None: what the machine has.
    """

    max_bytes: int | None = None

    def open_connection(self) -> Any:
        """Open the file; a signal interrupts its statements."""
        # DuckDB refuses to open a file that another thread is closing: 4 to 7 of 600 openings on a busy machine, none
        # on an idle one. It also refuses while another process reads the file.
        for opening in range(OPENINGS):
            try:
                return cancellable(super().open_connection())
            except DestinationConnectionError as error:
                is_being_read = BEING_READ in str(error) and opening < READINGS
                if BEING_CLOSED not in str(error) and not is_being_read:
                    raise
                time.sleep(0.01)
        return cancellable(super().open_connection())

    @classmethod
    def _make_database_exception(cls, ex: Exception) -> Exception:
        if isinstance(ex, duckdb_api.InterruptException):  # by a signal: the job stays pending
            return DatabaseTransientException(ex)
        # DuckDB refuses the same value again: dlt would try five times.
        if (
            isinstance(ex, duckdb_api.InvalidInputException)
            and str(ex).startswith("Invalid Input Error")
            and "Catalog Error" not in str(ex)
        ):
            return DatabaseTerminalException(ex)
        return super()._make_database_exception(ex)

    def create_ledger(self) -> None:
        """Create the table of copied files in the current dataset."""
        copied = self.make_qualified_table_name(COPIED)
        self.execute_sql(f"CREATE TABLE IF NOT EXISTS {copied} (table_name VARCHAR, file VARCHAR, load_id VARCHAR)")

    def truncate_tables(self, *tables: str) -> None:
        """Truncate tables and forget their copied files, in one transaction."""
        with self.begin_transaction():
            super().truncate_tables(*tables)
            self._forget_copied(*tables)

    def drop_tables(self, *tables: str) -> None:
        """Drop tables and forget their copied files."""
        super().drop_tables(*tables)
        self.create_ledger()
        self._forget_copied(*tables)

    def _forget_copied(self, *tables: str) -> None:
        if not tables:
            return
        names = ", ".join(self.capabilities.escape_literal(table) for table in tables)
        self.execute_sql(f"DELETE FROM {self.make_qualified_table_name(COPIED)} WHERE table_name IN ({names})")


class StagedCopyJob(DuckDbCopyJob):
    """Copies one staged file into its table, unless the table has it."""

    def run(self) -> None:
        """Copy the file; others than references are dlt's."""
        if not ReferenceFollowupJobRequest.is_reference_job(self._file_path):
            return super().run()
        url = ReferenceFollowupJobRequest.resolve_reference(self._file_path)
        columns = len(self._load_table["columns"])
        with self._fetched(url) as path:
            return with_enough_memory(self._job_client.sql_client, lambda: self._insert(path, url), columns)

    @contextmanager
    def _fetched(self, url: str) -> Iterator[str]:
        if staging_of(self._job_client).is_local_filesystem:
            path = FilesystemConfiguration.make_local_path(url)
            if not Path(path).exists():
                raise lost_file(url, "there is no such file", self._schema.name)
            yield path
            return
        with tempfile.TemporaryDirectory() as folder:
            yield self._fetch(url, Path(folder))

    def _fetch(self, url: str, folder: Path) -> str:
        staging = staging_of(self._job_client)
        # DuckDB's httpfs would be a download, and filesystems registered by jobs race between load threads. So the
        # client that wrote the file fetches it.
        filesystem, _ = fsspec_from_config(staging)
        local = folder / url.rsplit("/", 1)[-1]
        try:
            filesystem.get_file(url, str(local))
        except FileNotFoundError:
            lost = lost_file(url, "there is no such file", self._schema.name)
            raise lost from lost.__cause__
        return str(local)

    def _insert(self, path: str, url: str) -> None:
        table, file = self.load_table_name, url.rsplit("/", 1)[-1]
        file_format, _ = get_file_format_and_compression(file)
        source = READERS[file_format].format(path.replace("'", "''"))
        try:
            self._copy(table, file, source)
        except DatabaseException as error:
            if file_format == "parquet" and not is_out_of_memory(error):
                self._check_file(url, source)
            raise

    def _copy(self, table: str, file: str, source: str) -> None:
        sql = self._job_client.sql_client
        copied = sql.make_qualified_table_name(COPIED)
        with sql.begin_transaction():
            if sql.execute_sql(f"SELECT 1 FROM {copied} WHERE table_name = %s AND file = %s", table, file):
                return
            self._refuse_loss(source)
            sql.execute_sql(f"INSERT INTO {sql.make_qualified_table_name(table)} BY NAME SELECT * FROM {source}")
            sql.execute_sql(f"INSERT INTO {copied} VALUES (%s, %s, %s)", table, file, self._load_id)

    def _refuse_loss(self, source: str) -> None:
        """Refuse numbers that the table's columns would round: DuckDB's INSERT rounds them without an error.

        Raises:
            DatabaseTerminalException: a column would round; its cause is a TableError.
        """
        sql = self._job_client.sql_client
        relation = sql.make_qualified_table_name(self.load_table_name)
        columns = {row[0].lower(): row[1] for row in fetch(sql, f"DESCRIBE {relation}")}
        for name, sent, *_ in fetch(sql, f"DESCRIBE SELECT * FROM {source}"):
            stored = columns.get(name.lower())
            if not stored or not rounds(sent, stored):
                continue
            condition = loses(sql.escape_column_name(name), sent, stored, "UTC", "duckdb")
            ((count,),) = fetch(sql, f"SELECT count(*) FROM {source} WHERE {condition}")
            if count:
                raise table_error(
                    self.load_table_name,
                    f"RAW.{self.load_table_name.upper()}.{name.upper()}: RAW has {stored}, which cannot hold {count:,} "
                    f"values of the source's {sent}; nothing of the table was loaded. Report this line.",
                )

    def _check_file(self, url: str, source: str) -> None:
        """Read the whole file, to tell a damaged file from a table that does not take its rows.

        Raises:
            LostFile: the file cannot be read.
        """
        try:
            self._job_client.sql_client.execute_sql(f"SELECT count(COLUMNS(*)) FROM {source}")
        except DatabaseException as error:
            if not is_out_of_memory(error):
                lost = lost_file(url, str(error).strip().splitlines()[0], self._schema.name)
                raise lost from lost.__cause__


class LostFile(DatabaseTerminalException):
    """A file of the lake that a load needs is missing or damaged; its cause is a PipelineError."""


def lost_file(url: str, reason: str, pipeline: str) -> LostFile:
    """Return the error of a file that cannot be read."""
    line = (
        f"The lake's file {url} cannot be read ({reason}); the load stays pending. Restore the file and run again, or "
        f"give the load up with `dlt pipeline {pipeline} abort-packages` and run again: its rows are then read again."
    )
    error = LostFile(Exception(line))
    error.__cause__ = PipelineError(line)
    return error


class DuckDbMergeJob(MergeJob):
    """A merge with the memory that its rows need."""

    def run(self) -> None:
        """Run the merge."""
        sql = self._job_client.sql_client
        # The job runs in the staging dataset; DuckDB counts a table's rows without reading it.
        ((rows,),) = fetch(sql, f"SELECT count(*) FROM {sql.make_qualified_table_name(self.load_table_name)}")
        with_enough_memory(sql, super().run, len(self._load_table["columns"]), rows)


class StagedDuckDbClient(IdempotentLoadMixin, MergeMixin, ColumnChangesMixin, DuckDbClient, SupportsStagingDestination):
    """dlt's DuckDB client that takes files from a staging destination.

    Raises:
        PipelineError: the replace strategy is none of DuckDB's.
    """

    merge_job = DuckDbMergeJob

    def __init__(
        self, schema: Any, config: StagedDuckDbConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        strategies = capabilities.supported_replace_strategies
        if config.replace_strategy and config.replace_strategy not in strategies:  # dlt fails with an assertion
            raise PipelineError(
                f"The destination's replace_strategy is {config.replace_strategy}, which DuckDB does not have: set it "
                f"to {' or '.join(strategies)}."
            )
        self.sql_client = StagedDuckDbSqlClient(
            self.sql_client.dataset_name, self.sql_client.staging_dataset_name, config.credentials, capabilities
        )
        self.sql_client.use_fencing_token(config.fencing_token)
        self.sql_client.max_bytes = to_bytes(config.max_memory) if config.max_memory else None

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        """Create the dataset and the table of copied files."""
        if self.is_storage_initialized():
            self.sql_client.create_ledger()
        super().initialize_storage(truncate_tables or ())
        self.sql_client.create_ledger()

    def update_stored_schema(self, *arguments: Any, **named: Any) -> Any:
        """Change the tables, with the memory that their rows need."""
        update = super().update_stored_schema
        return with_enough_memory(self.sql_client, lambda: update(*arguments, **named))

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> LoadJob:
        """Return the job of a file; dlt's copy is replaced by one that remembers its files."""
        job = super().create_load_job(table, file_path, load_id, restore)
        return StagedCopyJob(file_path) if type(job) is DuckDbCopyJob else job

    def complete_load(self, load_id: str) -> None:
        """Complete the load, and forget its files: none of its jobs is run again."""
        super().complete_load(load_id)
        copied = self.sql_client.make_qualified_table_name(COPIED)
        self.sql_client.execute_sql(f"DELETE FROM {copied} WHERE load_id = %s", load_id)

    @override
    def should_truncate_table_before_load_on_staging_destination(self, table_name: str) -> bool:
        """Return dlt's setting."""
        return self.config.truncate_tables_on_staging_destination_before_load


class staged_duckdb(RememberingDestination, duckdb):  # noqa: N801  a dlt destination is named like a function
    """DuckDB that loads from files of a lake."""

    spec = StagedDuckDbConfiguration
    _shared: Any = None

    @contextmanager
    def sharing(self, credentials: Any) -> Iterator[None]:
        """Let clients that are made meanwhile use the connection of these credentials, which is open already.

        Args:
            credentials: of a client of this destination.
        """
        self._shared = credentials
        try:
            yield
        finally:
            self._shared = None

    @override
    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        found = super().configuration(initial_config, accept_partial)
        if self._shared is not None and getattr(found.credentials, "database", None) == self._shared.database:
            found.credentials = self._shared
        return found

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        caps = super()._raw_capabilities()
        caps.preferred_loader_file_format = "parquet"
        caps.preferred_staging_file_format = "parquet"
        caps.supported_staging_file_formats = ["parquet", "jsonl"]
        return caps

    @property
    @override
    def client_class(self) -> type[StagedDuckDbClient]:
        return StagedDuckDbClient


staged_duckdb.register()
