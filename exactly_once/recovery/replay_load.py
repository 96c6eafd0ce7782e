"""One load again, from the files that already lie in the lake: dlt's own package, whose jobs only refer to them."""

from itertools import product
from typing import Any

import dlt
from dlt.common.pipeline import LoadInfo
from dlt.common.storages import LoadStorage
from dlt.common.storages.load_package import PackageStorage, default_load_package_state
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_impl import ReferenceFollowupJobRequest

from exactly_once.destinations.fencing import last_load_attempt, write_fencing_token
from exactly_once.errors import PipelineError
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.replay_plan import ReplayStep

STATE = "_dlt_pipeline_state"
DLT_TABLES = ("_dlt_loads", "_dlt_version")  # dlt's own, by the name of the schema


def count_replayed(pipeline: dlt.Pipeline, steps: list[ReplayStep], tables: list[str], names: list[str]) -> int:
    """Return how many of the steps RAW has: those of a replay that was cut off, or all of them; 0 of an empty RAW.

    Args:
        pipeline: of which RAW is asked.
        steps: in their order.
        tables: the pipeline's, as dlt has them.
        names: of the pipeline's schemas.

    Raises:
        PipelineError: RAW has rows of the pipeline that are of no replay, or knows of a load that the lake does not.
    """
    known = [step.load_id for step in steps]
    with pipeline.sql_client() as warehouse:
        landing = last_load_attempt(warehouse, pipeline.pipeline_name)
        in_names = f"schema_name IN ({', '.join(['%s'] * len(names))})"
        # A load that dlt's own command `drop` made has a state and no landing of ours: no record tells of it.
        loads = {load_id for (load_id,) in _rows(warehouse, "load_id", "_dlt_loads", in_names, *names)}
        count = len(loads)
        is_ours = landing and loads == set(known[:count]) and landing.load_id in known[max(count - 1, 0) : count + 1]
        filled = next((table for table in tables if _rows(warehouse, "1", table, "true LIMIT 1")), None)
    if landing and landing.is_complete and landing.load_id not in known:
        raise _has_more(pipeline, landing.load_id)
    if filled and not is_ours:
        raise _has_rows(pipeline, filled)
    return count if filled else 0


def already_complete(pipeline: dlt.Pipeline, steps: list[ReplayStep]) -> PipelineError:
    """Return the refusal of a replay into a RAW that has every load of the lake."""
    table = next((table for step in steps for table in step.files if not table.startswith("_dlt")), "_dlt_loads")
    return _has_rows(pipeline, table)


def reset_raw(pipeline: dlt.Pipeline, steps: list[ReplayStep], token: int, tables: list[str], names: list[str]) -> None:
    """Leave nothing of the pipeline in RAW and in the staging dataset: tables without rows, and what dlt knew of them.

    Also an empty table remembers the files that it once copied, and would not copy them again: it is dropped. The table
    of states belongs to all pipelines and stays, with the states that the loads brought.
    """
    write_fencing_token(pipeline, token, steps[0].load_id)
    strays = states(pipeline) - {step.load_id for step in steps}
    with pipeline.destination_client() as client:
        _forget(client, names, tables)
        warehouse = client.sql_client
        for load_id in strays:
            relation = warehouse.make_qualified_table_name(STATE)
            with warehouse.begin_transaction():
                warehouse.execute_sql(f"DELETE FROM {relation} WHERE _dlt_load_id = %s", load_id)
        with client.with_staging_dataset():
            if client.is_storage_initialized():
                _forget(client, names, tables)


def states(pipeline: dlt.Pipeline) -> set[str]:
    """Return the loads of which RAW has the state: dlt heeds it once the load is complete."""
    with pipeline.sql_client() as warehouse:
        found = _rows(warehouse, "_dlt_load_id", STATE, "pipeline_name = %s", pipeline.pipeline_name)
    return {load_id for (load_id,) in found}


def replay_load(
    pipeline: dlt.Pipeline, records: ManifestStore, step: ReplayStep, token: int, is_state_there: bool
) -> LoadInfo:
    """Land one load under its own id, with the schema that it had; nothing is written to the lake.

    Where RAW has the load's state, its file is left out.
    """
    record = step.record
    pipeline.drop()
    pipeline._inject_schema(records.schema(record.schema_version))
    schema = records.schema(record.schema_version)
    storage = LoadStorage(True, [], pipeline._load_storage_config())
    state = default_load_package_state()
    state["destination_state"] = {"completed_at": record.completed_at, "status": record.status}
    if step.anew:
        state["dropped_tables"] = [schema.tables[table] for table in step.anew]
    storage.new_packages.create_package(step.load_id, state, schema)
    storage.new_packages.save_schema_updates(step.load_id, {})  # dlt looks for what is missing itself
    for table, files in step.files.items():
        for number, file in enumerate([] if table == STATE and is_state_there else files):
            job = PackageStorage.build_job_file_name(table, f"{number:08}", loader_file_format="parquet")
            reference = ReferenceFollowupJobRequest(job, [records.url(file)])
            storage.new_packages.import_job(step.load_id, reference.new_file_path())
    storage.commit_new_load_package(step.load_id)
    write_fencing_token(pipeline, token, step.load_id)
    return pipeline.load()


def _forget(client: Any, names: list[str], tables: list[str]) -> None:
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


def _rows(warehouse: Any, selected: str, table: str, condition: str, *values: str) -> list[tuple]:
    relation = warehouse.make_qualified_table_name(table)
    try:
        return list(warehouse.execute_sql(f"SELECT {selected} FROM {relation} WHERE {condition}", *values))
    except DatabaseUndefinedRelation:
        return []


def _has_more(pipeline: dlt.Pipeline, load_id: str) -> PipelineError:
    return PipelineError(
        f"{pipeline.dataset_name} has load {load_id} of {pipeline.pipeline_name}, and the lake has no record of it: a "
        "replay would lose what it brought. Restore the record, or type "
        f"`python pipelines/replay.py --complete {pipeline.pipeline_name}`, which writes it. Nothing was changed."
    )


def _has_rows(pipeline: dlt.Pipeline, table: str) -> PipelineError:
    name = pipeline.pipeline_name
    return PipelineError(
        f"{pipeline.dataset_name}.{table.upper()} has rows, and a replay begins with none of {name}: type "
        f"`dlt -y pipeline {name} drop --drop-all`, which drops its tables, then this again. Nothing was changed."
    )
