"""After a load its record goes to the lake, and so does that of an earlier load that was killed before it had one."""

from dataclasses import replace
from typing import Any

import dlt
from dlt.common import json
from dlt.common.pipeline import LoadInfo
from dlt.common.schema import Schema
from dlt.common.storages.load_package import LoadPackageInfo
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.path_utils import create_path

from pipelines.fence import Landing
from pipelines.lake_records import LakeRecords, LoadRecord, stamp
from pipelines.settle import is_first_landing

RECORDED = "recorded"  # in the local state: the newest load with a record, and the version of its schema
NO_ROWS = ("reference", "sql")  # jobs that no file in the lake stands for


def record(pipeline: dlt.Pipeline, info: LoadInfo, token: int) -> None:
    """Write the records of the loads that have just been completed under the lease of `token`."""
    records = LakeRecords(pipeline)
    for package in info.load_packages:
        if package.state != "loaded":
            continue
        made = [name for name, made in package.schema_update.items() if _is_whole(made, package.schema.tables[name])]
        told = LoadRecord(
            load_id=package.load_id,
            status=0,
            completed_at=_completed_at(pipeline, package.load_id),
            schema_version=package.schema.stored_version_hash,
            token=token,
            is_first=is_first_landing(pipeline),
            made=sorted(made),
            files=_files(records.config.layout, package),
        )
        _keep(pipeline, records, package.schema, told)


def complete_records(pipeline: dlt.Pipeline, landing: Landing | None) -> None:
    """Write the records that are missing where the last landing has none.

    A run that was killed between the last row of a load and its record leaves this behind, and so does a lake from
    before there were records: then every load that `_dlt_loads` lists gets one. Where this working folder wrote the
    last record itself nothing is asked; elsewhere the lake is, once.
    """
    if landing is None or not landing.is_complete or _recorded(pipeline)[0] == landing.load_id:
        return
    records = LakeRecords(pipeline)
    found = records.read(landing.load_id)
    if found is None:
        for schema, missing in _missing(pipeline, records, landing):
            _keep(pipeline, records, schema, missing)
        return
    pipeline.set_local_state_val(RECORDED, [found.load_id, found.schema_version])


def _missing(pipeline: dlt.Pipeline, records: LakeRecords, landing: Landing) -> list[tuple[Schema, LoadRecord]]:
    """Make the records of all loads in RAW that have none, the last landing's at the end, each with its schema."""
    known = {record.load_id for record in records.all()}
    found: list[tuple[Schema, LoadRecord]] = []
    with pipeline.destination_client() as client:
        newest = _schema(client.get_stored_schema(pipeline.pipeline_name))
        loads = client.sql_client.execute_sql(
            "SELECT load_id, status, inserted_at, schema_version_hash FROM "
            f"{client.sql_client.make_qualified_table_name('_dlt_loads')} WHERE schema_name = %s ORDER BY inserted_at",
            pipeline.pipeline_name,
        )
        # Where this RAW has no record at all, its oldest load is its first.
        is_unknown = known.isdisjoint(load_id for load_id, *_ in loads)
        for number, (load_id, status, ended, version) in enumerate(loads):
            schema = _schema(client.get_stored_schema_by_hash(version) if version else None) or newest
            if load_id not in known and schema:
                told = LoadRecord(load_id, int(status), stamp(ended), schema.stored_version_hash, landing.token)
                found.append((schema, replace(told, is_first=is_unknown and number == 0)))
        tables = {table for schema, _ in found for table in [*schema.data_table_names(), schema.state_table_name]}
        files = records.files(sorted(tables), [told.load_id for _, told in found])
        found = [(schema, replace(told, files=_kept(client, told, files[told.load_id]))) for schema, told in found]
    return sorted(found, key=lambda pair: pair[1].load_id == landing.load_id)


def _kept(client: Any, told: LoadRecord, files: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the files of a load that RAW has rows of.

    Of one that was cut off and read again those are the tables that it had merged: a row that the second read found
    unchanged, and the mark of a delete, did not come again.
    """
    if not told.status:
        return files
    return {table: paths for table, paths in files.items() if _has_rows_of(client.sql_client, table, told.load_id)}


def _has_rows_of(warehouse: Any, table: str, load_id: str) -> bool:
    relation = warehouse.make_qualified_table_name(table)
    try:
        return bool(warehouse.execute_sql(f"SELECT 1 FROM {relation} WHERE _dlt_load_id = %s LIMIT 1", load_id))
    except DatabaseUndefinedRelation:
        return False


def _keep(pipeline: dlt.Pipeline, records: LakeRecords, schema: Schema, told: LoadRecord) -> None:
    # First what the record names: a kill between the two leaves a schema that nobody asks for.
    if _recorded(pipeline)[1] != told.schema_version:
        records.write_schema(schema)
    records.write(told)
    pipeline.set_local_state_val(RECORDED, [told.load_id, told.schema_version])


def _recorded(pipeline: dlt.Pipeline) -> list[str | None]:
    return pipeline.state["_local"].get(RECORDED) or [None, None]


def _completed_at(pipeline: dlt.Pipeline, load_id: str) -> str:
    package = pipeline._get_load_storage().get_load_package_state(load_id)
    return package["destination_state"]["completed_at"]  # see pipelines/landing.py


def _files(layout: str, package: LoadPackageInfo) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for job in sorted(package.jobs["completed_jobs"], key=lambda job: job.job_file_info):
        found = job.job_file_info
        if found.file_format not in NO_ROWS:
            path = create_path(layout, found.file_name(), package.schema_name, package.load_id)
            files.setdefault(found.table_name, []).append(path)
    return files


def _is_whole(made: Any, table: Any) -> bool:
    """Tell a table that was made from one that got another column."""
    return not table["name"].startswith("_dlt") and made["columns"].keys() == {
        name for name, column in table["columns"].items() if column.get("data_type")
    }


def _schema(stored: Any) -> Schema | None:
    return Schema.from_dict(json.loads(stored.schema)) if stored else None
