"""DuckDB that loads from the lake's files as Snowflake does, so that the offline way of a row is the production way.

dlt's own duckdb destination refuses `staging=`. This subclass accepts staged Parquet (and the JSON lines in which dlt
keeps its own state) and turns each reference to a staged file into one INSERT from that file. It leans on dlt
internals: dlt is pinned exactly and tests/pipelines/test_staged_duckdb.py holds the contract.
"""

import tempfile
from pathlib import Path
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, SupportsStagingDestination
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.factory import duckdb
from dlt.destinations.job_impl import ReferenceFollowupJobRequest
from dlt.destinations.path_utils import get_file_format_and_compression

READERS = {"parquet": "read_parquet('{}')", "jsonl": "read_json('{}', format = 'newline_delimited')"}


class StagedCopyJob(DuckDbCopyJob):
    """Copies one staged file into its table."""

    def run(self) -> None:
        if not ReferenceFollowupJobRequest.is_reference_job(self._file_path):
            return super().run()
        url = ReferenceFollowupJobRequest.resolve_reference(self._file_path)
        with tempfile.TemporaryDirectory() as folder:
            self._insert(self._fetch(url, Path(folder)), url)

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
        file_format, _ = get_file_format_and_compression(url.rsplit("/", 1)[-1])
        source = READERS[file_format].format(path.replace("'", "''"))
        sql.execute_sql(
            f"INSERT INTO {sql.make_qualified_table_name(self.load_table_name)} BY NAME SELECT * FROM {source}"
        )


class StagedDuckDbClient(DuckDbClient, SupportsStagingDestination):
    """dlt's DuckDB client, able to take files from a staging destination."""

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> LoadJob:
        job = super().create_load_job(table, file_path, load_id, restore)
        return StagedCopyJob(file_path) if type(job) is DuckDbCopyJob else job

    def should_truncate_table_before_load_on_staging_destination(self, table_name: str) -> bool:
        return self.config.truncate_tables_on_staging_destination_before_load


class staged_duckdb(duckdb):  # noqa: N801  a dlt destination is named like a function
    """DuckDB as a warehouse behind a lake."""

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
