"""Before a load: what an earlier run left is finished or quarantined, and the cursors become those of the warehouse.

An extracted package may be loaded as long as no other load came after it was read: its cursor follows from what the
warehouse had then. If another machine has loaded meanwhile, it read those rows again, and the package may hold older
versions of them: the package is quarantined and never loaded.
"""

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.common.storages.load_package import PackageStorage
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from exactly_once.clients import warehouse_client
from exactly_once.destinations.fencing import LoadAttempt, last_load_attempt, write_fencing_token
from exactly_once.recovery.load_rows import removals, schema_names, stored_schemas
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.working_dir import move_working_dir, moved_note

FOLLOWS = "follows_landing"  # in the local state: the load attempt that the package being extracted follows
MAX_AGE = timedelta(days=30)  # Snowflake's COPY remembers the files of a table for 64 days
ROLLED_BACK = 1  # status in _dlt_loads of a load that was cut off and read again; dlt's own for a complete one is 0


def read_last_attempt(pipeline: dlt.Pipeline) -> LoadAttempt | None:
    """Return the last load attempt of the pipeline, by whichever machine."""
    with pipeline.sql_client() as warehouse:
        return last_load_attempt(warehouse, pipeline.pipeline_name)


def read_warehouse(pipeline: dlt.Pipeline) -> tuple[LoadAttempt | None, TPipelineState | None]:
    """Return the last load attempt of the pipeline and its saved state, from one session."""
    with warehouse_client(pipeline) as client:
        return last_load_attempt(client.sql_client, pipeline.pipeline_name), _saved_state(pipeline, client)


def highest_token(pipeline: dlt.Pipeline) -> int:
    """Return the highest fencing token that the warehouse or the lake has of a pipeline; 0: none."""
    attempt = read_last_attempt(pipeline)
    tokens = [manifest.token for manifest in ManifestStore(pipeline).all()]
    return max([attempt.token if attempt else 0, *tokens])


def pending_load_ids(pipeline: dlt.Pipeline) -> list[str]:
    """Return the load ids of the working folder's packages, none of which is loaded."""
    return [*pipeline.list_extracted_load_packages(), *pipeline.list_normalized_load_packages()]


def remember_base_attempt(pipeline: dlt.Pipeline, attempt: LoadAttempt | None) -> None:
    """Keep in the working folder which load attempt the next package follows."""
    pipeline.set_local_state_val(FOLLOWS, [attempt.token, attempt.load_id] if attempt else None)


def is_first_load(pipeline: dlt.Pipeline) -> bool:
    """Tell whether the last extracted package follows nothing: RAW had no load of the pipeline."""
    return pipeline.state["_local"].get(FOLLOWS) is None


def can_resume(pipeline: dlt.Pipeline, attempt: LoadAttempt | None) -> bool:
    """Tell whether the pending packages follow from what the warehouse has now, and it remembers their files."""
    read_at = [datetime.fromtimestamp(float(load_id), UTC) for load_id in pending_load_ids(pipeline)]
    if read_at and datetime.now(UTC) - min(read_at) > MAX_AGE:
        return False
    followed = pipeline.state["_local"].get(FOLLOWS)
    if attempt is None:
        return followed is None
    return followed == [attempt.token, attempt.load_id] or attempt.load_id in pending_load_ids(pipeline)


def quarantine(pipeline: dlt.Pipeline, reason: str) -> None:
    """Move the working folder with its pending packages away, report where, and start with an empty one."""
    packages = ", ".join(pending_load_ids(pipeline))
    kept = move_working_dir(pipeline.pipeline_name, Path(pipeline.working_dir))
    pipeline.drop()
    what = f"package {packages} is quarantined in {kept}, and its rows are read again" if packages else moved_note(kept)
    print(f"⚠ {pipeline.pipeline_name}: {reason}: {what}.", file=sys.stderr)


def saved_state(pipeline: dlt.Pipeline) -> TPipelineState | None:
    """Return the state that the warehouse has of the pipeline; None before its first complete load."""
    with warehouse_client(pipeline) as client:
        return _saved_state(pipeline, client)


def _saved_state(pipeline: dlt.Pipeline, client: Any) -> TPipelineState | None:
    try:
        return load_pipeline_state_from_destination(pipeline.pipeline_name, client)
    except DestinationUndefinedEntity:
        return None


def sync_state(pipeline: dlt.Pipeline, saved: TPipelineState | None) -> None:
    """Replace the local cursors by the saved ones where they differ.

    dlt keeps a local state that is newer than the warehouse's, though its rows may never have been loaded. It also
    keeps a state whose rows are gone, as long as another pipeline has a table in RAW. Both would skip rows for ever.
    """
    if saved and saved["_version_hash"] == pipeline.state.get("_version_hash"):
        return
    if pipeline.default_schema_name or not pipeline.first_run:
        pipeline.drop()
    if saved:
        pipeline.sync_destination()


def roll_back_attempt(pipeline: dlt.Pipeline, attempt: LoadAttempt, token: int, is_first: bool) -> None:
    """Close a load that was cut off on another machine and whose rows are read again now.

    The rows that it appended are deleted, since they are read again. The rows that it merged stay until they are merged
    again: RAW has no older version of them. Where no load was ever complete (`is_first`), everything is deleted.

    Args:
        pipeline: of the load.
        attempt: that was cut off.
        token: of this run's lease.
        is_first: whether no load of the pipeline was ever complete.
    """
    write_fencing_token(pipeline, token, attempt.load_id)
    with warehouse_client(pipeline) as client:
        names = schema_names(pipeline, client, saved_state(pipeline), attempt.load_id)
        deletes = [
            delete
            for schema in stored_schemas(client, names)
            for delete in removals(client, schema, attempt.load_id, is_everything=is_first)
        ]
        warehouse = client.sql_client
        with warehouse.begin_transaction():
            for sql, values in deletes:
                warehouse.execute_sql(sql, *values)
            warehouse.execute_sql(
                f"INSERT INTO {warehouse.make_qualified_table_name('_dlt_loads')} "
                "(load_id, schema_name, status, inserted_at) VALUES (%s, %s, %s, %s)",
                attempt.load_id,
                names[0],
                ROLLED_BACK,
                datetime.now(UTC),
            )


def repair_working_dir(pipeline: dlt.Pipeline) -> None:
    """Remove from the working folder what a killed run left and dlt cannot handle.

    dlt 1.31 fails for ever on a package that is both extracted and normalized (the run was killed while it removed the
    former), and on one that is complete but not yet moved. Nothing uses half-written extractions and schemas.
    """
    folder = Path(pipeline.working_dir)
    extracted, normalized, loaded = folder / "normalize/extracted", folder / "load/normalized", folder / "load/loaded"
    for package in extracted.glob("*/"):
        if (normalized / package.name).exists():
            shutil.rmtree(package)
    for marker in normalized.glob(f"*/{PackageStorage.PACKAGE_COMPLETED_FILE_NAME}"):
        shutil.rmtree(loaded / marker.parent.name, ignore_errors=True)
        marker.parent.rename(loaded / marker.parent.name)
    for unfinished in (folder / "normalize").glob("*/"):
        if unfinished != extracted:
            shutil.rmtree(unfinished)
    for schema in (folder / "schemas").glob("*"):
        if not schema.name.endswith(".schema.json"):
            schema.unlink()
