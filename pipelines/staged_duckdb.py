"""DuckDB that loads from the lake's files as Snowflake does, so that the offline way of a row is the production way.

dlt's own duckdb destination refuses `staging=`. This subclass accepts staged Parquet (and the JSON lines in which dlt
keeps its own state) and turns each reference to a staged file into one INSERT from that file. As Snowflake's COPY does,
it remembers which files a table has until the table is truncated: a job that is run again after a kill copies nothing
twice. It leans on dlt internals: dlt is pinned exactly and tests/pipelines/test_staged_duckdb.py holds the contract.
"""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, SupportsStagingDestination
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.factory import duckdb
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.job_impl import ReferenceFollowupJobRequest
from dlt.destinations.path_utils import get_file_format_and_compression

from pipelines.landing import FencedSqlClient, OnceOnlyClient
from pipelines.memory_limit import with_enough_memory
from pipelines.merge_job import MergeJob, MergingClient

READERS = {"parquet": "read_parquet('{}')", "jsonl": "read_json('{}', format = 'newline_delimited')"}
COPIED = "_copied_files"
BEING_CLOSED, OPENINGS = "Unique file handle conflict", 500
BEING_READ, READINGS = "Could not set lock on file", 100  # a second; a query of the dashboard takes a tenth


@configspec(init=False)
class StagedDuckDbConfiguration(DuckDbClientConfiguration):
    """DuckDB's, and the fence that the run holds: "<pipeline>/<token>"."""

    fence: Optional[str] = None  # noqa: UP045  dlt resolves this spelling


class StagedDuckDbSqlClient(FencedSqlClient, DuckDbSqlClient):
    """dlt's SQL client that forgets the copied files with the rows, where a table is truncated or dropped."""

    def open_connection(self) -> Any:
        # DuckDB refuses to open a file that another thread is just closing, as the two sources of a flow do: 4 to 7 of
        # 600 openings on a busy machine, none on a quiet one. While the dashboard reads, for the time of a query, it
        # refuses to open it, too.
        for opening in range(OPENINGS):
            try:
                return super().open_connection()
            except DestinationConnectionError as error:
                is_being_read = BEING_READ in str(error) and opening < READINGS
                if BEING_CLOSED not in str(error) and not is_being_read:
                    raise
                time.sleep(0.01)
        return super().open_connection()

    def make_ledger(self) -> None:
        """Make the table of copied files in the current dataset."""
        copied = self.make_qualified_table_name(COPIED)
        self.execute_sql(f"CREATE TABLE IF NOT EXISTS {copied} (table_name VARCHAR, file VARCHAR, load_id VARCHAR)")

    def truncate_tables(self, *tables: str) -> None:
        with self.begin_transaction():
            super().truncate_tables(*tables)
            self._forget_copied(*tables)

    def drop_tables(self, *tables: str) -> None:
        super().drop_tables(*tables)
        self.make_ledger()
        self._forget_copied(*tables)

    def _forget_copied(self, *tables: str) -> None:
        if not tables:
            return
        names = ", ".join(self.capabilities.escape_literal(table) for table in tables)
        self.execute_sql(f"DELETE FROM {self.make_qualified_table_name(COPIED)} WHERE table_name IN ({names})")


class StagedCopyJob(DuckDbCopyJob):
    """Copies one staged file into its table, unless the table has it."""

    def run(self) -> None:
        if not ReferenceFollowupJobRequest.is_reference_job(self._file_path):
            return super().run()
        url = ReferenceFollowupJobRequest.resolve_reference(self._file_path)
        with tempfile.TemporaryDirectory() as folder:
            path = self._fetch(url, Path(folder))
            columns = len(self._load_table["columns"])
            return with_enough_memory(self._job_client.sql_client, lambda: self._insert(path, url), columns)

    def _fetch(self, url: str, folder: Path) -> str:
        staging = self._job_client.config.staging_config
        if staging.is_local_filesystem:
            return FilesystemConfiguration.make_local_path(url)
        # DuckDB's httpfs is a download, and a filesystem registered by each job races between load threads: fetch the
        # file with the client that wrote it.
        filesystem, _ = fsspec_from_config(staging)
        local = folder / url.rsplit("/", 1)[-1]
        filesystem.get_file(url, str(local))
        return str(local)

    def _insert(self, path: str, url: str) -> None:
        sql = self._job_client.sql_client
        table, file = self.load_table_name, url.rsplit("/", 1)[-1]
        file_format, _ = get_file_format_and_compression(file)
        source = READERS[file_format].format(path.replace("'", "''"))
        copied = sql.make_qualified_table_name(COPIED)
        with sql.begin_transaction():
            if sql.execute_sql(f"SELECT 1 FROM {copied} WHERE table_name = %s AND file = %s", table, file):
                return
            sql.execute_sql(f"INSERT INTO {sql.make_qualified_table_name(table)} BY NAME SELECT * FROM {source}")
            sql.execute_sql(f"INSERT INTO {copied} VALUES (%s, %s, %s)", table, file, self._load_id)


class DuckDbMergeJob(MergeJob):
    """A merge that gets the memory which its rows need."""

    def run(self) -> None:
        with_enough_memory(self._job_client.sql_client, super().run, len(self._load_table["columns"]))


class StagedDuckDbClient(OnceOnlyClient, MergingClient, DuckDbClient, SupportsStagingDestination):
    """dlt's DuckDB client, able to take files from a staging destination."""

    merge_job = DuckDbMergeJob

    def __init__(
        self, schema: Any, config: StagedDuckDbConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        self.sql_client = StagedDuckDbSqlClient(
            self.sql_client.dataset_name, self.sql_client.staging_dataset_name, config.credentials, capabilities
        )
        self.sql_client.raise_fence(config.fence)

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        if self.is_storage_initialized():
            self.sql_client.make_ledger()
        super().initialize_storage(truncate_tables)
        self.sql_client.make_ledger()

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> LoadJob:
        job = super().create_load_job(table, file_path, load_id, restore)
        return StagedCopyJob(file_path) if type(job) is DuckDbCopyJob else job

    def complete_load(self, load_id: str) -> None:
        super().complete_load(load_id)
        # What was copied into tables that no load truncates; no job of this load comes again.
        copied = self.sql_client.make_qualified_table_name(COPIED)
        self.sql_client.execute_sql(f"DELETE FROM {copied} WHERE load_id = %s", load_id)

    def should_truncate_table_before_load_on_staging_destination(self, table_name: str) -> bool:
        return self.config.truncate_tables_on_staging_destination_before_load


class staged_duckdb(duckdb):  # noqa: N801  a dlt destination is named like a function
    """DuckDB as a warehouse behind a lake."""

    spec = StagedDuckDbConfiguration

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        caps = super()._raw_capabilities()
        caps.preferred_loader_file_format = "parquet"
        caps.preferred_staging_file_format = "parquet"
        caps.supported_staging_file_formats = ["parquet", "jsonl"]
        return caps

    @property
    def client_class(self) -> type[StagedDuckDbClient]:
        return StagedDuckDbClient


staged_duckdb.register()
