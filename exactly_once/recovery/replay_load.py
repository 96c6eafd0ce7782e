"""Load one load again from its files in the lake: a dlt package whose jobs only refer to them."""

from itertools import product
from typing import Any

import dlt
from dlt.common.pipeline import LoadInfo
from dlt.common.storages import LoadStorage
from dlt.common.storages.load_package import PackageStorage, default_load_package_state
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_impl import ReferenceFollowupJobRequest

from exactly_once import hints
from exactly_once.clients import warehouse_client
from exactly_once.destinations.fencing import last_load_attempt, write_fencing_token
from exactly_once.errors import PipelineError
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.replay_plan import ReplayStep

STATE = "_dlt_pipeline_state"
DLT_TABLES = ("_dlt_loads", "_dlt_version")  # dlt's own, with rows by the name of the schema


def count_replayed(pipeline: dlt.Pipeline, steps: list[ReplayStep], tables: list[str], names: list[str]) -> int:
    """Return how many of the steps RAW has from a replay that was cut off or is complete; 0 of an empty RAW.

    Args:
        pipeline: of which RAW is asked.
        steps: in their order.
        tables: the pipeline's, as dlt has them.
        names: of the pipeline's schemas.

    Raises:
        PipelineError: RAW has rows of the pipeline that are of no replay, or a load that the lake does not have.
    """
    known = [step.load_id for step in steps]
    with pipeline.sql_client() as warehouse:
        attempt = last_load_attempt(warehouse, pipeline.pipeline_name)
        in_names = f"schema_name IN ({', '.join(['%s'] * len(names))})"
        # A load of dlt's own command `drop` has a state, and neither an attempt nor a manifest.
        loads = {load_id for (load_id,) in _rows(warehouse, "load_id", "_dlt_loads", in_names, *names)}
        count = len(loads)
        is_ours = attempt and loads == set(known[:count]) and attempt.load_id in known[max(count - 1, 0) : count + 1]
        filled = next((table for table in tables if _rows(warehouse, "1", table, "true LIMIT 1")), None)
    if attempt and attempt.is_complete and attempt.load_id not in known:
        raise _unknown_load(pipeline, attempt.load_id)
    if filled and not is_ours:
        raise _has_rows(pipeline, filled)
    return count if filled else 0


def already_complete(pipeline: dlt.Pipeline, steps: list[ReplayStep]) -> PipelineError:
    """Return the error of a replay into a RAW that has every load of the lake."""
    table = next((table for step in steps for table in step.files if not table.startswith("_dlt")), "_dlt_loads")
    return _has_rows(pipeline, table)


def reset_raw(pipeline: dlt.Pipeline, steps: list[ReplayStep], token: int, tables: list[str], names: list[str]) -> None:
    """Drop the pipeline's tables in RAW and in the staging dataset, and delete what dlt's own tables have of them.

    An empty table is dropped, too: it remembers the files that it once copied, and would not copy them again. The table
    of states belongs to all pipelines and stays, with the states of the loads that are replayed.

    Args:
        pipeline: to be replayed.
        steps: all loads, in their order.
        token: fencing token of the run.
        tables: the pipeline's, as dlt has them.
        names: of the pipeline's schemas.
    """
    write_fencing_token(pipeline, token, steps[0].load_id)
    strays = states(pipeline) - {step.load_id for step in steps}
    with warehouse_client(pipeline) as client:
        _drop(client, names, tables)
        warehouse = client.sql_client
        for load_id in strays:
            relation = warehouse.make_qualified_table_name(STATE)
            with warehouse.begin_transaction():
                warehouse.execute_sql(f"DELETE FROM {relation} WHERE _dlt_load_id = %s", load_id)
        with client.with_staging_dataset():
            if client.is_storage_initialized():
                _drop(client, names, tables)


def states(pipeline: dlt.Pipeline) -> set[str]:
    """Return the loads of which RAW has the state; dlt reads it once the load is complete."""
    with pipeline.sql_client() as warehouse:
        found = _rows(warehouse, "_dlt_load_id", STATE, "pipeline_name = %s", pipeline.pipeline_name)
    return {load_id for (load_id,) in found}


def replay_load(
    pipeline: dlt.Pipeline, manifests: ManifestStore, step: ReplayStep, token: int, has_state: bool
) -> LoadInfo:
    """Load one load under its own id, with the schema that it had; nothing is written to the lake.

    Args:
        pipeline: of the load.
        manifests: of the pipeline.
        step: the load.
        token: fencing token of the run.
        has_state: whether RAW has the load's state: then its file is left out.
    """
    manifest = step.manifest
    pipeline.drop()
    pipeline._inject_schema(manifests.schema(manifest.schema_version))  # noqa: SLF001  the public way extracts a source
    schema = manifests.schema(manifest.schema_version)
    storage = LoadStorage(True, [], pipeline._load_storage_config())  # noqa: SLF001  where `pipeline.load` looks
    state = default_load_package_state()
    state["destination_state"] = {"completed_at": manifest.completed_at, "status": manifest.status}
    if step.recreated_tables:
        state["dropped_tables"] = [schema.tables[table] for table in step.recreated_tables]
    storage.new_packages.create_package(step.load_id, state, schema)
    storage.new_packages.save_schema_updates(step.load_id, {})  # dlt itself compares the schema with RAW
    for table, files in step.files.items():
        for number, file in enumerate([] if table == STATE and has_state else files):
            job = PackageStorage.build_job_file_name(table, f"{number:08}", loader_file_format="parquet")
            reference = ReferenceFollowupJobRequest(job, [manifests.url(file)])
            storage.new_packages.import_job(step.load_id, reference.new_file_path())
    storage.commit_new_load_package(step.load_id)
    write_fencing_token(pipeline, token, step.load_id)
    return pipeline.load()


def _drop(client: Any, names: list[str], tables: list[str]) -> None:
    warehouse = client.sql_client
    warehouse.drop_tables(*tables)
    for table, name in product(DLT_TABLES, names):
        try:
            with warehouse.begin_transaction():
                warehouse.execute_sql(
                    f"DELETE FROM {warehouse.make_qualified_table_name(table)} WHERE schema_name = %s", name
                )
        except DatabaseUndefinedRelation:
            continue


def _rows(warehouse: Any, selected: str, table: str, condition: str, *values: str) -> list[tuple[Any, ...]]:
    relation = warehouse.make_qualified_table_name(table)
    try:
        return list(warehouse.execute_sql(f"SELECT {selected} FROM {relation} WHERE {condition}", *values))
    except DatabaseUndefinedRelation:
        return []


def _unknown_load(pipeline: dlt.Pipeline, load_id: str) -> PipelineError:
    name = pipeline.pipeline_name
    return PipelineError(
        f"{pipeline.dataset_name} has load {load_id} of {name}, and the lake has no manifest of it: a replay would "
        f"lose its rows. Restore the manifest, or type `{hints.replay('--complete', name)}`, which writes it. "
        "Nothing was changed."
    )


def _has_rows(pipeline: dlt.Pipeline, table: str) -> PipelineError:
    name = pipeline.pipeline_name
    return PipelineError(
        f"{pipeline.dataset_name}.{table.upper()} has rows, and a replay begins with none of {name}: type "
        f"`dlt -y pipeline {name} drop --drop-all`, which drops its tables, then this again. Nothing was changed."
    )
