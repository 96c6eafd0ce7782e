"""One load: what is pending is finished, new rows are extracted and normalized, then land through the lake in RAW."""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import dlt
import pyarrow.parquet as pq
from dlt.common.configuration.specs import CredentialsConfiguration
from dlt.common.pipeline import LoadInfo
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from pipelines.errors import Refusal
from pipelines.warehouse import environment, raw_pipeline, read_services

# DuckDB takes one writer: two loads into one file at once lose one of them.
_one_writer = threading.Lock()


@dataclass
class TableReport:
    """What happened to one table: rows extracted, rows in the lake's new files, rows now in RAW, and seconds spent."""

    table: str
    extracted: int = 0
    in_lake: int = 0
    in_raw: int = 0
    seconds: float = 0.0


@dataclass
class LoadReport:
    """One load of one pipeline; `finished` counts the packages of an earlier run that were finished first."""

    pipeline: str
    load_ids: list[str] = field(default_factory=list)
    tables: dict[str, TableReport] = field(default_factory=dict)
    finished: int = 0
    seconds: float = 0.0

    def table(self, name: str) -> TableReport:
        """Return the report of table `name`, a new one the first time."""
        return self.tables.setdefault(name, TableReport(name))


def load(name: str, source: Callable[[], dlt.sources.DltSource]) -> LoadReport:
    """Load one source into RAW.

    Raises:
        PipelineStepFailed: nothing of this load is in RAW; a package that was already extracted stays pending and is
            finished by the next load.
    """
    return land(extract(name, source))


def extract(name: str, source: Callable[[], dlt.sources.DltSource]) -> LoadReport:
    """Finish what an earlier run left, then read what is new into a package that is ready to land."""
    started = time.monotonic()
    if environment().is_embedded and not read_services():
        raise Refusal(f"The source {name} is not reachable: no services were started here; `make up` starts them.")
    pipeline = raw_pipeline(name)
    pipeline.activate()
    agree_with_warehouse(pipeline)
    report = LoadReport(name)
    if pipeline.has_pending_data:
        pipeline.normalize()
        report.finished = len(pipeline.list_normalized_load_packages())
        _land(pipeline, report)
    # A table without a new row stands in the report too.
    for table in pipeline.default_schema.data_table_names() if pipeline.default_schema_name else []:
        report.table(table)
    info = pipeline.extract(source())
    for metrics in info.metrics.values():
        for table, written in metrics[0]["table_metrics"].items():
            if not table.startswith("_dlt"):
                report.table(table).extracted += written.items_count
                report.table(table).seconds += written.last_modified - written.created
    pipeline.normalize()
    report.seconds += time.monotonic() - started
    return report


def land(report: LoadReport) -> LoadReport:
    """Land what `extract` made ready: Parquet into the lake, from there into RAW; return the completed report."""
    started = time.monotonic()
    pipeline = raw_pipeline(report.pipeline)
    pipeline.activate()
    _land(pipeline, report)
    with pipeline.sql_client() as warehouse:
        for table in report.tables.values():
            relation = warehouse.make_qualified_table_name(table.table)
            try:
                table.in_raw = warehouse.execute_sql(f"SELECT count(*) FROM {relation}")[0][0]
            except DatabaseUndefinedRelation:
                table.in_raw = 0  # described, but no row has come yet
    report.seconds += time.monotonic() - started
    return report


def agree_with_warehouse(pipeline: dlt.Pipeline) -> None:
    """Take the saved cursors from the warehouse; forget local ones that it does not have.

    dlt wipes a local state whose whole dataset is gone. Our pipelines share RAW: where another one has already made the
    dataset anew, a cursor that outlived its rows would skip them for ever.
    """
    pipeline.sync_destination()
    with pipeline.destination_client() as warehouse:
        warn_of_password(warehouse.config.credentials)
        if pipeline.first_run or pipeline.has_pending_data:
            return
        if warehouse.get_stored_state(pipeline.pipeline_name) is None:
            pipeline.drop()
            pipeline.sync_destination()


def warn_of_password(credentials: CredentialsConfiguration) -> None:
    """Say on standard error that a password signs in to Snowflake: a trial account may, a service should not."""
    if environment().engine == "snowflake" and not credentials.private_key:
        print("⚠ Snowflake signs in by password: use a key pair, see docs/snowflake.md", file=sys.stderr)


def _land(pipeline: dlt.Pipeline, report: LoadReport) -> None:
    with _one_writer if environment().engine == "duckdb" else nullcontext():
        info = pipeline.load()
    if info is None:
        return
    report.load_ids += info.loads_ids
    for table, rows in _lake_rows(pipeline, info).items():
        report.table(table).in_lake += rows
    for metrics in info.metrics.values():
        for job in metrics[0]["job_metrics"].values():
            if not job.table_name.startswith("_dlt"):
                report.table(job.table_name).seconds += (job.finished_at - job.started_at).total_seconds()


def _lake_rows(pipeline: dlt.Pipeline, info: LoadInfo) -> dict[str, int]:
    """Return for each table the rows in the files that this load wrote to the lake, as their own footers say."""
    rows: dict[str, int] = defaultdict(int)
    with pipeline.destination_client() as warehouse:
        lake, _ = fsspec_from_config(warehouse.config.staging_config)
    for metrics in info.metrics.values():
        for job in metrics[0]["job_metrics"].values():
            if job.remote_url and job.remote_url.endswith(".parquet") and not job.table_name.startswith("_dlt"):
                with lake.open(job.remote_url) as file:
                    rows[job.table_name] += pq.read_metadata(file).num_rows
    return rows
