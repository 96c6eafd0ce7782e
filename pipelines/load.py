"""One load: what is pending is finished, new rows are extracted and normalized, then land through the lake in RAW."""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import dlt
import pyarrow.parquet as pq
from dlt.common.pipeline import LoadInfo
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from pipelines.errors import Refusal
from pipelines.fence import claim
from pipelines.lease import TTL, Lease, lease_url
from pipelines.recording import complete_records, record
from pipelines.retention import prune
from pipelines.settle import (
    abandon,
    agree_with_warehouse,
    follow,
    is_current,
    pending,
    read_landing,
    saved_state,
    set_aside,
    tidy,
)
from pipelines.table_guard import drop_refused, forget_refused
from pipelines.warehouse import environment, raw_pipeline, read_services

# DuckDB takes one writer: two loads into one file at once lose one of them.
_one_writer = threading.Lock()

Source = Callable[[], AbstractContextManager[dlt.sources.DltSource]]


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
    """One load of one pipeline; `finished` and `set_aside` count the packages that an earlier run had left."""

    pipeline: str
    load_ids: list[str] = field(default_factory=list)
    tables: dict[str, TableReport] = field(default_factory=dict)
    finished: int = 0
    set_aside: int = 0
    seconds: float = 0.0

    def table(self, name: str) -> TableReport:
        """Return the report of table `name`, a new one the first time."""
        return self.tables.setdefault(name, TableReport(name))


def load(name: str, source: Source) -> LoadReport:
    """Load one source into RAW, alone: a second run of the same pipeline anywhere is refused.

    Raises:
        LeaseHeld: another run is at it.
        PipelineStepFailed: nothing of this load is in RAW; a package that was already extracted stays pending and is
            finished by the next load.
    """
    if environment().is_embedded and not read_services():
        raise Refusal(f"The source {name} is not reachable: no services were started here; `make up` starts them.")
    pipeline = raw_pipeline(name)
    pipeline.activate()
    with held_lease(pipeline) as lease:
        return land(pipeline, extract(pipeline, source, lease), lease)


def extract(pipeline: dlt.Pipeline, source: Source, lease: Lease) -> LoadReport:
    """Finish or set aside what an earlier run left, then read what is new into a package that is ready to land."""
    started = time.monotonic()
    report = LoadReport(pipeline.pipeline_name)
    warn_of_password(pipeline)
    _settle(pipeline, report, lease)
    # A table without a new row stands in the report too.
    for table in _tables(pipeline):
        report.table(table)
    forget_refused(Path(pipeline.working_dir))
    with source() as opened:
        info = pipeline.extract(opened)
    drop_refused(Path(pipeline.working_dir))
    for metrics in info.metrics.values():
        for table, written in metrics[0]["table_metrics"].items():
            if not table.startswith("_dlt"):
                report.table(table).extracted += written.items_count
                report.table(table).seconds += written.last_modified - written.created
    pipeline.normalize()
    report.seconds += time.monotonic() - started
    return report


def land(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease) -> LoadReport:
    """Land what `extract` made ready: Parquet into the lake, from there into RAW; return the completed report."""
    started = time.monotonic()
    _land(pipeline, report, lease)
    for table, rows in rows_in_raw(pipeline).items():
        report.table(table).in_raw = rows
    report.seconds += time.monotonic() - started
    return report


def rows_in_raw(pipeline: dlt.Pipeline) -> dict[str, int]:
    """Return how many rows each table of the pipeline has in RAW, from one query."""
    with pipeline.sql_client() as warehouse:
        counts = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {warehouse.make_qualified_table_name(table)}"
            for table in _tables(pipeline)
        )
        return dict(warehouse.execute_sql(counts)) if counts else {}


def held_lease(pipeline: dlt.Pipeline) -> Lease:
    """Return the lease of a pipeline on this environment's warehouse and dataset, to be entered.

    dlt's setting `lease.ttl` says after how many seconds without a sign of life another run may take over.
    """
    with pipeline.destination_client() as warehouse:
        staging = warehouse.config.staging_config
    lake, _ = fsspec_from_config(staging)
    url = lease_url(staging.bucket_url, environment().database, pipeline.dataset_name)
    return Lease(lake, url, dlt.config.get("lease.ttl", float) or TTL)


def warn_of_password(pipeline: dlt.Pipeline) -> None:
    """Say on standard error that a password signs in to Snowflake: a trial account may, a service should not."""
    if environment().engine != "snowflake":
        return
    with pipeline.destination_client() as warehouse:
        has_key = bool(warehouse.config.credentials.private_key)
    if not has_key:
        print("⚠ Snowflake signs in by password: use a key pair, see docs/snowflake.md", file=sys.stderr)


def _settle(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease) -> None:
    """Leave the pipeline with nothing pending and the warehouse's cursors; see pipelines/settle.py."""
    tidy(pipeline)
    landing = read_landing(pipeline)
    if landing:
        lease.outrun(landing.token)
    if pipeline.has_pending_data and is_current(pipeline, landing):
        complete_records(pipeline, landing)
        pipeline.normalize()
        report.finished = len(pipeline.list_normalized_load_packages())
        _land(pipeline, report, lease)
        landing = read_landing(pipeline)
        reason = "an extraction was cut off before it could say what it had read"
    else:
        reason = "another run has landed since this one read, or it is older than 30 days"
    if pipeline.has_pending_data:
        report.set_aside = len(pending(pipeline))
        set_aside(pipeline, reason)
    saved = saved_state(pipeline)
    if landing and not landing.is_complete:
        abandon(pipeline, landing, lease.token, is_first=saved is None)
        landing = read_landing(pipeline)
    agree_with_warehouse(pipeline, saved)
    follow(pipeline, landing)
    complete_records(pipeline, landing)


def _tables(pipeline: dlt.Pipeline) -> list[str]:
    """Return the tables that RAW has of this pipeline."""
    if not pipeline.default_schema_name:
        return []
    return pipeline.default_schema.data_table_names(seen_data_only=True)


def _land(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease) -> None:
    packages = pipeline.list_normalized_load_packages()
    if not packages:
        return
    with _one_writer if environment().engine == "duckdb" else nullcontext():
        lease.check()
        claim(pipeline, lease.token, packages[-1])
        info = pipeline.load()
        record(pipeline, info, lease.token)
        prune(pipeline)
    report.load_ids += info.loads_ids
    for table, rows in _lake_rows(pipeline, info).items():
        report.table(table).in_lake += rows
    for metrics in info.metrics.values():
        for job in metrics[0]["job_metrics"].values():
            if job.finished_at and not job.table_name.startswith("_dlt"):
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
