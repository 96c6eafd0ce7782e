"""One load: what is pending is finished, new rows are extracted and normalized, then loaded through the lake."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import dlt
from dlt.common.pipeline import ExtractInfo
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.extract import DltResource
from dlt.extract.extract import data_to_sources

from exactly_once.clients import staging_of
from exactly_once.destinations import lake as lake_destination
from exactly_once.destinations.fencing import LoadAttempt, write_fencing_token
from exactly_once.destinations.mixins import IdempotentLoadMixin, RememberingDestination
from exactly_once.destinations.staged_duckdb import staged_duckdb
from exactly_once.errors import PipelineError, TableError, is_transient, permanent_failure, user_message
from exactly_once.incremental.cursors import read_to
from exactly_once.lease.lease import TTL, Lease, lease_url
from exactly_once.lease.repair import repair
from exactly_once.partitions.check import PartitionChecks
from exactly_once.process import interrupts
from exactly_once.process.progress import phase, reporting
from exactly_once.recovery.load_rows import raw_tables, row_counts, schema_owner
from exactly_once.recovery.manifest_chain import seal
from exactly_once.recovery.manifest_writer import backfill_manifests, write_manifests
from exactly_once.recovery.pending import (
    can_resume,
    highest_token,
    pending_load_ids,
    quarantine,
    read_last_attempt,
    read_warehouse,
    remember_base_attempt,
    repair_working_dir,
    roll_back_attempt,
    sync_state,
)
from exactly_once.recovery.retention import prune
from exactly_once.recovery.working_dir import find_damage, is_sealed, open_pipeline
from exactly_once.report import LoadReport
from exactly_once.storage.lake_layout import check_layout
from exactly_once.storage.lake_paths import lake_path
from exactly_once.table_guard import RefusedTable, drop_refused, forget_refused, keep_refused, read_refused

# DuckDB takes one writer: two loads into one file at once lose one of them.
_one_writer = threading.Lock()
_importing = threading.Lock()
SMALL_LOAD = 16 << 20  # bytes of files
CUT_OFF = "a run was cut off before it had checked what it read"

Found = dlt.sources.DltSource | DltResource | Sequence[DltResource]
Source = Callable[[], AbstractContextManager[Found] | Found]
PipelineFactory = Callable[[Path | None], dlt.Pipeline]  # takes another folder for the working folder


def run_pipeline(pipeline: dlt.Pipeline | PipelineFactory, source: Source) -> LoadReport:
    """Load one source into its dataset, alone: a second run of the same pipeline anywhere is refused.

    Args:
        pipeline: with one of exactly_once.destinations as its destination and a lake as its staging; or what makes it,
            which lets a working folder that dlt cannot open be quarantined instead of failing.
        source: returns the dlt source, or a context in which it is open; called again where one table is refused. A
            resource, or a list of them, is loaded as a source of the pipeline's name, as dlt does.

    Raises:
        PipelineError: an argument or a setting is missing or makes no sense.
        LeaseHeld: another run is at it.
        PipelineStepFailed: nothing of this load is in RAW; a package that was already extracted stays pending and is
            finished by the next load.
    """
    check_arguments(pipeline, source)
    if threading.current_thread() is not threading.main_thread():
        _import_arrow()
    opened = pipeline if isinstance(pipeline, dlt.Pipeline) else open_pipeline(pipeline, acquire_lease)
    check_pipeline(opened)
    destination, staging = (
        cast(RememberingDestination, opened.destination),
        cast(RememberingDestination, opened.staging),
    )
    with destination.remembering(), staging.remembering(), acquire_lease(opened) as lease, reporting(opened):
        return extract_and_load(opened, source, lease)


def _import_arrow() -> None:
    """Import what is else imported when it is needed: threads that meet in dlt's own import of it see half a module."""
    with _importing:
        import pyarrow.compute
        import pyarrow.parquet  # noqa: F401


def check_arguments(pipeline: Any, source: Any) -> None:
    """Refuse arguments of `run_pipeline` of which no pipeline and no source can be made.

    Raises:
        PipelineError: one is none, or the source was called already: it could not be read a second time.
    """
    if not callable(pipeline) and not isinstance(pipeline, dlt.Pipeline):
        raise PipelineError(
            f"run_pipeline got {_kind(pipeline)} for a pipeline: give it what dlt.pipeline(...) returns."
        )
    is_bound = isinstance(source, DltResource) and source.args_bound
    if isinstance(source, dlt.sources.DltSource) or is_bound:
        name = source.name
        raise PipelineError(
            f"run_pipeline got {name}(...), which can be read only once: give it the function, {name}, or "
            f"lambda: {name}(...)."
        )
    if not callable(source):
        raise PipelineError(f"run_pipeline got {_kind(source)} for a source: give it a function that returns one.")


def extract_and_load(pipeline: dlt.Pipeline, source: Source, lease: Lease) -> LoadReport:
    """Extract and load; if RAW refuses the data of a table for good, extract and load the others without it.

    What RAW has of the refused package is merged again. The cursors are those of the warehouse, so that the next run
    reads the refused table from where its last good load ended.
    """
    left_out: dict[str, str] = {}
    while True:
        report = extract(pipeline, source, lease, left_out)
        try:
            return load_packages(pipeline, report, lease)
        except Exception as error:
            interrupts.check()
            found = permanent_failure(error)
            is_strict = dlt.config.get(f"sources.{pipeline.pipeline_name}.strict", bool)
            if found is None or found[0] in left_out or is_strict:
                raise
            table, reason = found
            left_out[table] = (
                f"RAW.{table.upper()}: {reason.rstrip('.')}. Nothing of it was loaded: correct it at the source, then "
                "run again."
            )
            if pipeline.has_pending_data:
                quarantine(pipeline, f"RAW.{table.upper()} refuses its data ({reason})")


def extract(
    pipeline: dlt.Pipeline, source: Source, lease: Lease, left_out: Mapping[str, str] | None = None
) -> LoadReport:
    """Finish or quarantine what an earlier run left, then read what is new into a package that is ready to be loaded.

    Args:
        pipeline: of the load.
        source: opens its source.
        lease: that this run holds.
        left_out: tables, by their names in RAW, that are not read, and why.
    """
    started = time.monotonic()
    report = LoadReport(pipeline.pipeline_name)
    phase(pipeline, "looking at what the last run left")
    _recover(pipeline, report, lease)
    # A table without a new row is in the report, too.
    for table in raw_tables(pipeline):
        report.table(table).is_new = False
    info = _extract(pipeline, source, left_out or {}, partial(_correct_partitions, pipeline, report, lease))
    interrupts.check()
    folder = Path(pipeline.working_dir)
    report.refused = read_refused(folder)
    drop_refused(folder)
    report.add_extracted(info.metrics)
    pipeline.normalize()
    interrupts.check()
    lease.ensure_held()
    check_packages(pipeline, info.loads_ids)
    phase(pipeline, "computing the files' checksums")
    seal(pipeline)
    report.seconds += time.monotonic() - started
    return report


def _extract(
    pipeline: dlt.Pipeline,
    source: Source,
    left_out: Mapping[str, str],
    correct: Callable[[dlt.sources.DltSource], Mapping[str, str]],
) -> ExtractInfo:
    folder = Path(pipeline.working_dir)
    forget_refused(folder)
    phase(pipeline, "looking at the source's tables")
    with _opened(pipeline, source) as opened:
        check_source(pipeline, opened)
        left_out = {**correct(opened), **left_out}
        for resource in opened.resources.values():
            table = str(resource.table_name)  # a function where rows choose their table: it is never left out
            if line := left_out.get(table):
                resource.selected = False
                keep_refused(folder, RefusedTable(resource.name, table, line))
        return pipeline.extract(opened)


def _correct_partitions(
    pipeline: dlt.Pipeline, report: LoadReport, lease: Lease, source: dlt.sources.DltSource
) -> Mapping[str, str]:
    """Check the keys of the tables that are due, and merge those again that RAW has twice, by a load of its own.

    Returns:
        Why a table is left out of this load, by its name in RAW.

    Raises:
        PipelineError: a table is refused, and the source is strict.
    """
    checks = PartitionChecks(pipeline)
    checks.look(source)
    is_strict = dlt.config.get(f"sources.{pipeline.pipeline_name}.strict", bool)
    if checks.refused and is_strict:
        raise TableError(next(iter(checks.refused.values())))
    if checks.to_merge:
        info = pipeline.extract(checks.corrections())
        report.add_extracted(info.metrics)
        pipeline.normalize()
        check_packages(pipeline, info.loads_ids)
        seal(pipeline)
        _load_packages(pipeline, report, lease)
        remember_base_attempt(pipeline, read_last_attempt(pipeline))
        report.corrected += checks.report()
        print(*(f"⚠ {line}" for line in report.corrected), sep="\n", file=sys.stderr)
    checks.follow(source)
    return checks.refused


def check_source(pipeline: dlt.Pipeline, source: dlt.sources.DltSource) -> None:
    """Refuse a source whose tables could not be told from those of another one; nothing has been read.

    Raises:
        PipelineError: its dlt name is not the one that RAW's tables were loaded under, or another pipeline has it.
    """
    name, pipeline_name = source.schema.name, pipeline.pipeline_name
    others = [known for known in pipeline.schema_names if known != name]
    if others:
        raise PipelineError(
            f"{pipeline_name}: the source is called {name}, and what RAW has of this pipeline was loaded by one called "
            f"{others[0]}: call it {others[0]} again (`@dlt.source(name={others[0]!r})`), or load it under another "
            f"name than {pipeline_name}. Nothing was loaded."
        )
    if pipeline.schema_names or not pipeline.first_run:
        return
    with pipeline.sql_client() as warehouse:
        owner = schema_owner(warehouse, name, pipeline_name)
    if owner:
        raise PipelineError(
            f"{pipeline_name}: the source is called {name}, and so is the one of {owner}: RAW keeps one schema under a "
            f"name. Give this one a name of its own (`@dlt.source(name={pipeline_name!r})`). Nothing was loaded."
        )


def check_packages(pipeline: dlt.Pipeline, load_ids: Sequence[str]) -> None:
    """Refuse to load packages that this run did not extract: a run that was paused has written to its working folder.

    Raises:
        PipelineError: the working folder is quarantined, and the next run reads again.
    """
    strangers = sorted(set(pending_load_ids(pipeline)) - set(load_ids))
    if strangers:
        quarantine(pipeline, f"another run has written package {', '.join(strangers)} to the working folder")
        raise PipelineError(
            f"{pipeline.pipeline_name}: another run has used the working folder; nothing was loaded: run again."
        )


def load_packages(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease) -> LoadReport:
    """Load what `extract` made ready: Parquet into the lake, from there into RAW; return the completed report."""
    started = time.monotonic()
    _load_packages(pipeline, report, lease)
    for table, rows in row_counts(pipeline).items():
        report.table(table).in_raw = rows
    for table, place in read_to(pipeline).items():
        report.table(table).read_to = place
    report.seconds += time.monotonic() - started
    return report


def acquire_lease(pipeline: dlt.Pipeline) -> Lease:
    """Return the lease of a pipeline on its warehouse and dataset, to be entered.

    Raises:
        PipelineError: the pipeline's destination or its lake is none that exactly-once loads can use.
    """
    check_pipeline(pipeline)
    with pipeline.destination_client() as warehouse:
        staging, credentials = staging_of(warehouse), warehouse.config.credentials
    check_layout(staging.layout)
    if staging.is_local_filesystem:
        _create_folder(Path(lake_path(staging.bucket_url)))
    lake, _ = fsspec_from_config(staging)
    url = lease_url(staging.bucket_url, database_name(credentials), pipeline.dataset_name)
    return Lease(lake, url, lease_ttl())


def check_pipeline(pipeline: dlt.Pipeline) -> None:
    """Refuse a pipeline without a destination that loads from a lake, or without a lake.

    Raises:
        PipelineError: it says what to give to dlt.pipeline.
    """
    name, destination, staging = pipeline.pipeline_name, pipeline.destination, pipeline.staging
    give = "destination=exactly_once.staged_duckdb(<file>) or destination=exactly_once.fenced_snowflake(...)"
    if destination is None:
        raise PipelineError(f"{name} has no destination: give dlt.pipeline {give}.")
    if not issubclass(destination.client_class, IdempotentLoadMixin):
        raise PipelineError(
            f"{name}: the destination {destination.destination_name} takes no fenced loads: give dlt.pipeline {give}."
        )
    give = "staging=exactly_once.lake(<folder or s3://bucket>)"
    if staging is None:
        raise PipelineError(f"{name} has no lake: give dlt.pipeline {give}.")
    if not isinstance(staging, lake_destination.lake):
        raise PipelineError(
            f"{name}: the staging {staging.destination_name} may write over the lake's files: give dlt.pipeline {give}."
        )


def repair_lease(pipeline: dlt.Pipeline) -> str:
    """Replace the damaged lease of a pipeline by a released one, and return what was done.

    Raises:
        PipelineError: the object is a valid lease, or was written so recently that a run may still own it.
    """
    return repair(acquire_lease(pipeline), partial(highest_token, pipeline))


def database_name(credentials: Any) -> str:
    """Return the name of the warehouse's database; DuckDB's is its file's without the ending."""
    database = str(credentials.database)
    return Path(database).stem if database.endswith((".duckdb", ".db")) else database


def lease_ttl() -> float:
    """Return after how many seconds without a sign of life another run may take over: dlt's setting `lease.ttl`."""
    ttl = dlt.config.get("lease.ttl", float) or TTL
    if not 0 < ttl <= 86_400:
        raise PipelineError(f"LEASE__TTL is {ttl}: give seconds, at most 86400.")
    return ttl


def _recover(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease) -> None:
    """Leave the pipeline with nothing pending and the warehouse's cursors; see exactly_once/recovery/pending.py."""
    repair_working_dir(pipeline)
    if damage := find_damage(Path(pipeline.working_dir)):
        _quarantine(pipeline, report, damage)
    attempt, saved = read_warehouse(pipeline)
    if attempt:
        lease.advance_token(attempt.token)
    if pipeline.has_pending_data:
        reason = _finish_pending(pipeline, report, lease, attempt)
        attempt, saved = read_warehouse(pipeline)
        if pipeline.has_pending_data:
            _quarantine(pipeline, report, reason)
    if attempt and not attempt.is_complete:
        roll_back_attempt(pipeline, attempt, lease.token, is_first=saved is None)
        attempt = read_last_attempt(pipeline)
    sync_state(pipeline, saved)
    remember_base_attempt(pipeline, attempt)
    backfill_manifests(pipeline, attempt)


def _finish_pending(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease, attempt: LoadAttempt | None) -> str:
    """Load the pending packages that may be loaded; return why those that stay pending are not.

    Raises:
        Exception: the load failed, and a person can fix that or the same load may succeed later.
    """
    if not can_resume(pipeline, attempt):
        return "another run has loaded since this one read, or it is older than 30 days"
    if not is_sealed(Path(pipeline.working_dir)):  # it may have been damaged since
        return CUT_OFF
    backfill_manifests(pipeline, attempt)
    finished = len(pipeline.list_normalized_load_packages())
    try:
        _load_packages(pipeline, report, lease)
    except Exception as error:
        interrupts.check()
        refused = permanent_failure(error)
        if refused is None and (is_transient(error) or user_message(error)):
            raise
        # What nobody can explain fails again as it is; its rows are read again.
        what = f"it cannot be loaded ({error!r:.200})"
        if refused:
            what = f"RAW.{refused[0].upper()} refuses its data ({refused[1]})"
        return " ".join(what.split())
    report.finished = finished
    return CUT_OFF


def _quarantine(pipeline: dlt.Pipeline, report: LoadReport, reason: str) -> None:
    report.quarantined = len(pending_load_ids(pipeline))
    quarantine(pipeline, reason)


def _load_packages(pipeline: dlt.Pipeline, report: LoadReport, lease: Lease) -> None:
    packages = pipeline.list_normalized_load_packages()
    if not packages:
        return
    with _one_writer if _is_duckdb(pipeline) else nullcontext(), _kept_open(pipeline, packages):
        lease.ensure_held()
        write_fencing_token(pipeline, lease.token, packages[-1])
        info = pipeline.load()
        phase(pipeline, "writing the record of the load")
        write_manifests(pipeline, info, lease.token)
        prune(pipeline)
        interrupts.check()  # dlt ends a load well on a signal where no job is left
    report.add_loaded(info, pipeline)


@contextmanager
def _kept_open(pipeline: dlt.Pipeline, packages: Sequence[str]) -> Iterator[None]:
    """Keep DuckDB's file open while small packages are loaded: each job would open and close it.

    During a larger load it is closed after each job as always, which gives the memory back.
    """
    folder = Path(pipeline.working_dir) / "load/normalized"
    sizes = [path.stat().st_size for package in packages for path in (folder / package).glob("*_jobs/*")]
    if not _is_duckdb(pipeline) or sum(sizes) > SMALL_LOAD:
        yield
        return
    destination = cast(staged_duckdb, pipeline.destination)
    with pipeline.sql_client() as warehouse, destination.sharing(cast(Any, warehouse).credentials):
        yield


def _is_duckdb(pipeline: dlt.Pipeline) -> bool:
    return pipeline.destination.capabilities().sqlglot_dialect == "duckdb"


def _create_folder(folder: Path) -> None:
    with suppress(PermissionError, NotADirectoryError, FileExistsError):  # the first write names what it cannot write
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:
            raise PipelineError(
                f"The lake's folder {folder} cannot be created ({error.strerror}): give lake() a folder that this user "
                "may write."
            ) from error


@contextmanager
def _opened(pipeline: dlt.Pipeline, source: Source) -> Iterator[dlt.sources.DltSource]:
    found = source()
    if not isinstance(found, dlt.sources.DltSource) and isinstance(found, AbstractContextManager):
        with found as opened:
            yield _as_source(pipeline, opened)
    else:
        yield _as_source(pipeline, found)


def _as_source(pipeline: dlt.Pipeline, found: Any) -> dlt.sources.DltSource:
    """Return a source; resources become one of the pipeline's name.

    Raises:
        PipelineError: it is neither.
    """
    if isinstance(found, dlt.sources.DltSource):
        return found
    resources = list(found) if isinstance(found, (list, tuple)) else [found]
    strangers = [one for one in resources if not isinstance(one, DltResource)]
    names = [one.name for one in resources if isinstance(one, DltResource)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if strangers or not resources or twice:
        what = f"two resources called {twice}" if twice else _kind(strangers[0]) if strangers else "no resource"
        raise PipelineError(
            f"{pipeline.pipeline_name}: the source's function returns {what}: let it return a function with "
            "@dlt.source, called, or a list of dlt.resource(...) with different names."
        )
    (made,) = data_to_sources(resources, pipeline)
    return made


def _kind(value: Any) -> str:
    return f"{value!r:.60}" if value is None or isinstance(value, (str, dict)) else f"a {type(value).__name__}"
