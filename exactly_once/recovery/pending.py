"""Before a load: what an earlier run left is finished or set aside, and the cursors are those of the warehouse.

A package that was extracted but not landed is good as long as nothing landed since: its cursor follows from what the
warehouse had then. Where another machine has landed meanwhile, its rows were read again there and may be older than
what RAW has: it is set aside, where somebody can look at it, and never loaded.
"""

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.common.storages.load_package import PackageStorage
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from exactly_once.destinations.fencing import LoadAttempt, last_load_attempt, write_fencing_token
from exactly_once.recovery.load_rows import removals, schema_names, stored_schemas
from exactly_once.recovery.working_dir import move_working_dir, moved_note

FOLLOWS = "follows_landing"  # in the local state: the landing that the package being extracted follows
REMEMBERED = timedelta(days=30)  # Snowflake's COPY knows for 64 days which files a table has
ABANDONED = 1  # status in _dlt_loads of a load that was cut off and read again; dlt's own for a completed one is 0


def read_last_attempt(pipeline: dlt.Pipeline) -> LoadAttempt | None:
    """Return the last landing of the pipeline, by whichever machine."""
    with pipeline.sql_client() as warehouse:
        return last_load_attempt(warehouse, pipeline.pipeline_name)


def pending_load_ids(pipeline: dlt.Pipeline) -> list[str]:
    """Return the load ids that the working folder holds and that have not landed."""
    return [*pipeline.list_extracted_load_packages(), *pipeline.list_normalized_load_packages()]


def remember_base_attempt(pipeline: dlt.Pipeline, landing: LoadAttempt | None) -> None:
    """Keep in the working folder which landing the next package follows."""
    pipeline.set_local_state_val(FOLLOWS, [landing.token, landing.load_id] if landing else None)


def is_first_load(pipeline: dlt.Pipeline) -> bool:
    """Tell whether the package that was extracted last follows nothing: RAW had no landing of the pipeline."""
    return pipeline.state["_local"].get(FOLLOWS) is None


def can_resume(pipeline: dlt.Pipeline, landing: LoadAttempt | None) -> bool:
    """Tell whether the pending packages follow from what the warehouse has now, and it remembers their files."""
    read_at = [datetime.fromtimestamp(float(load_id), UTC) for load_id in pending_load_ids(pipeline)]
    if read_at and datetime.now(UTC) - min(read_at) > REMEMBERED:
        return False
    followed = pipeline.state["_local"].get(FOLLOWS)
    if landing is None:
        return followed is None
    return followed == [landing.token, landing.load_id] or landing.load_id in pending_load_ids(pipeline)


def quarantine(pipeline: dlt.Pipeline, reason: str) -> None:
    """Move the working folder with its pending packages away, say where, and leave the pipeline with an empty one."""
    packages = ", ".join(pending_load_ids(pipeline))
    kept = move_working_dir(pipeline.pipeline_name, Path(pipeline.working_dir))
    pipeline.drop()
    what = f"package {packages} is set aside in {kept}, and its rows are read again" if packages else moved_note(kept)
    print(f"⚠ {pipeline.pipeline_name}: {reason}: {what}.", file=sys.stderr)


def saved_state(pipeline: dlt.Pipeline) -> TPipelineState | None:
    """Return the state that the warehouse has of the pipeline; None before its first complete load."""
    with pipeline.destination_client() as client:
        try:
            return load_pipeline_state_from_destination(pipeline.pipeline_name, client)
        except DestinationUndefinedEntity:
            return None


def sync_state(pipeline: dlt.Pipeline, saved: TPipelineState | None) -> None:
    """Take the saved cursors where the local ones are others.

    dlt keeps a local state that is newer than the warehouse's, though the rows of it may never have landed, and one
    whose rows are gone as long as another pipeline still has a table in RAW: both would skip rows for ever.
    """
    if saved and saved["_version_hash"] == pipeline.state.get("_version_hash"):
        return
    if pipeline.default_schema_name or not pipeline.first_run:
        pipeline.drop()
    if saved:
        pipeline.sync_destination()


def roll_back_attempt(pipeline: dlt.Pipeline, landing: LoadAttempt, token: int, is_first: bool) -> None:
    """Close a load that was cut off elsewhere and whose rows are read again now.

    What it appended goes, since it comes again. What it merged stays until it is merged again: no older one is left.
    Where no load was ever complete (`is_first`), everything goes, since everything comes again.
    """
    write_fencing_token(pipeline, token, landing.load_id)
    with pipeline.destination_client() as client:
        names = schema_names(pipeline, client, saved_state(pipeline), landing.load_id)
        deletes = [
            delete
            for schema in stored_schemas(client, names)
            for delete in removals(client, schema, landing.load_id, is_everything=is_first)
        ]
        warehouse = client.sql_client
        with warehouse.begin_transaction():
            for sql, values in deletes:
                warehouse.execute_sql(sql, *values)
            warehouse.execute_sql(
                f"INSERT INTO {warehouse.make_qualified_table_name('_dlt_loads')} "
                "(load_id, schema_name, status, inserted_at) VALUES (%s, %s, %s, %s)",
                landing.load_id,
                names[0],
                ABANDONED,
                datetime.now(UTC),
            )


def repair_working_dir(pipeline: dlt.Pipeline) -> None:
    """Bring the working folder into a shape that dlt gets over, whenever it was left.

    dlt 1.31 fails for ever on a package that is both extracted and normalized (killed while it removed the former), and
    on one that is complete but not yet moved. Half-written extractions and schemas are used by nobody.
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
