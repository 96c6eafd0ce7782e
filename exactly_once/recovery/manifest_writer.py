"""After a load its record goes to the lake, and so does that of an earlier load that was killed before it had one."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common import json
from dlt.common.pipeline import LoadInfo
from dlt.common.schema import Schema
from dlt.common.storages.load_package import LoadPackageInfo
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.path_utils import create_path

from exactly_once.destinations.fencing import LoadAttempt
from exactly_once.recovery import manifest_chain, retention
from exactly_once.recovery.load_rows import has_rows_of, schema_names
from exactly_once.recovery.manifest_chain import Content
from exactly_once.recovery.manifests import LoadManifest, ManifestStore, isoformat_us
from exactly_once.recovery.pending import is_first_load

RECORDED = "recorded"  # in the local state: the newest load with a record, its schema's version, place, and digest
NO_ROWS = ("reference", "sql")  # jobs that no file in the lake stands for


def write_manifests(pipeline: dlt.Pipeline, info: LoadInfo, token: int) -> None:
    """Write the records of the loads that have just been completed under the lease of `token`."""
    records = ManifestStore(pipeline)
    is_first = is_first_load(pipeline)
    previous = None if is_first else _last(pipeline)
    for package in info.load_packages:
        if package.state != "loaded":
            continue
        made = [name for name, made in package.schema_update.items() if _is_whole(made, package.schema.tables[name])]
        state = pipeline._get_load_storage().get_load_package_state(package.load_id)
        files, contents = _files(records.config.layout, package, manifest_chain.sealed(state) or {})
        told = LoadManifest(
            load_id=package.load_id,
            status=0,
            completed_at=state["destination_state"]["completed_at"],  # see exactly_once/destinations/mixins.py
            schema_version=package.schema.stored_version_hash,
            token=token,
            is_first=is_first,
            made=sorted(made),
            files=files,
            contents=contents,
        )
        previous = _keep(pipeline, records, package.schema, manifest_chain.follow(told, previous))


def backfill_manifests(pipeline: dlt.Pipeline, landing: LoadAttempt | None) -> None:
    """Write the records that are missing where the last landing has none.

    A run that was killed between the last row of a load and its record leaves this behind, and so does a lake from
    before there were records: then every load that `_dlt_loads` lists gets one. Records from before there was a chain
    get what they lack. Where this working folder wrote the last record itself nothing is asked; elsewhere the lake is,
    once.
    """
    if landing is None or not landing.is_complete:
        return
    load_id, _, sequence, _ = _recorded(pipeline)
    if load_id == landing.load_id and sequence is not None:
        return
    records = ManifestStore(pipeline)
    found = records.read(landing.load_id)
    if found is None or found.sequence is None:
        rewrite_manifests(pipeline, records, landing)
    else:
        _remember(pipeline, found)


def rewrite_manifests(pipeline: dlt.Pipeline, records: ManifestStore, landing: LoadAttempt) -> int:
    """Give every load that RAW has a record, and every record its place in the chain; return how many were written.

    The newest record is written last: as long as it has no place, the next run begins again.
    """
    known = records.all()
    schemas, loads = _loads(pipeline, landing)
    missing = _missing(schemas, loads, known, landing)
    ordered = _ordered(known, missing, {load_id for load_id, *_ in loads}, landing)
    with pipeline.destination_client() as client:
        of_dlt = {schema.state_table_name for schema in schemas.values()}
        tables = of_dlt | {table for schema in schemas.values() for table in schema.data_table_names()}
        files = records.files(sorted(tables), [told.load_id for told in missing])
        kept = {
            told.load_id: _kept(client, schemas[told.schema_version], told, files[told.load_id]) for told in missing
        }
    _say_how_many(pipeline, ordered, kept)
    previous, written = None, 0
    for told in ordered:
        whole = replace(told, files=kept[told.load_id]) if told.load_id in kept else told
        whole = manifest_chain.follow(_with_contents(records, whole), previous)
        if whole != told or not told.digest:
            if told.load_id in kept:
                records.write_schema(schemas[told.schema_version])
            whole, written = records.write(whole), written + 1
        previous = whole
    if previous:
        _remember(pipeline, previous)
    return written


def _loads(pipeline: dlt.Pipeline, landing: LoadAttempt) -> tuple[dict[str, Schema], list[tuple]]:
    """Return the pipeline's schemas by version, and RAW's loads as (load id, status, end, version), oldest first."""
    with pipeline.destination_client() as client:
        warehouse = client.sql_client
        names = schema_names(pipeline, client)
        newest = {name: _schema(client.get_stored_schema(name)) for name in names}
        found = warehouse.execute_sql(
            "SELECT load_id, status, inserted_at, schema_version_hash, schema_name FROM "
            f"{warehouse.make_qualified_table_name('_dlt_loads')} WHERE schema_name IN "
            f"({', '.join(['%s'] * len(names))}) OR load_id = %s ORDER BY inserted_at",
            *names,
            landing.load_id,
        )
        schemas, loads = {}, []
        for load_id, status, ended, version, name in found:
            schema = schemas.get(version) or _schema(client.get_stored_schema_by_hash(version) if version else None)
            if schema := schema or newest.get(name) or next(iter(newest.values())):
                schemas[schema.stored_version_hash] = schema
                loads.append((load_id, int(status), ended, schema.stored_version_hash))
    return schemas, loads


def _missing(
    schemas: dict[str, Schema], loads: list[tuple], known: list[LoadManifest], landing: LoadAttempt
) -> list[LoadManifest]:
    """Make the records of the loads in RAW that have none, without their files."""
    ids = {record.load_id for record in known}
    # Where this RAW has no record at all, its oldest load is its first.
    is_unknown = ids.isdisjoint(load_id for load_id, *_ in loads)
    return [
        LoadManifest(load_id, status, isoformat_us(ended), version, landing.token, is_first=is_unknown and number == 0)
        for number, (load_id, status, ended, version) in enumerate(loads)
        if load_id not in ids
    ]


def _ordered(
    known: list[LoadManifest], missing: list[LoadManifest], in_raw: set[str], landing: LoadAttempt
) -> list[LoadManifest]:
    """Return the records of this RAW's loads in the order in which they landed.

    Records of loads that RAW does not have are of one that was dropped, or replaced by an older copy; or RAW forgot a
    load of which no row is left (exactly_once/recovery/retention.py).
    """
    begun = max((record.completed_at for record in known if record.is_first), default="")
    old = isoformat_us(datetime.now(UTC) - retention.AGE)
    is_pruned = sum(record.completed_at < old for record in known) > retention.LOADS
    ordered = sorted(
        (record for record in known if record.load_id in in_raw or (is_pruned and begun <= record.completed_at < old)),
        key=lambda record: (record.token, record.completed_at),
    )
    for told in sorted(missing, key=lambda told: told.load_id == landing.load_id):
        before = [number for number, one in enumerate(ordered, 1) if one.completed_at <= told.completed_at]
        place = len(ordered) if told.load_id == landing.load_id else max(before, default=0)
        # Between two loads, the token of a load that has no record is that of the earlier one.
        token = ordered[place - 1].token if ordered and place < len(ordered) and place else told.token
        ordered.insert(place, replace(told, token=token))
    return ordered


def _say_how_many(pipeline: dlt.Pipeline, ordered: list[LoadManifest], kept: dict[str, dict]) -> None:
    count = sum(
        path not in told.contents
        for told in ordered
        for paths in kept.get(told.load_id, told.files).values()
        for path in paths
    )
    if count:
        print(
            f"{pipeline.pipeline_name}: {count} files in the lake have no checksum yet: each is read once",
            file=sys.stderr,
        )


def _with_contents(records: ManifestStore, told: LoadManifest) -> LoadManifest:
    """Return the record with the contents of all its files; a file that is not there has none."""
    lacking = [path for paths in told.files.values() for path in paths if path not in told.contents]
    found = {}
    for path in lacking:
        try:
            found[path] = records.content(path)
        except FileNotFoundError:
            continue
    return replace(told, contents=told.contents | found) if found else told


def _kept(client: Any, schema: Schema, told: LoadManifest, files: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the files of a load that RAW has rows of.

    Of one that was cut off and read again those are the tables that it had merged: a row that the second read found
    unchanged, and the mark of a delete, did not come again.
    """
    if not told.status:
        return files
    return {table: paths for table, paths in files.items() if _has_rows(client.sql_client, schema, table, told.load_id)}


def _has_rows(warehouse: Any, schema: Schema, table: str, load_id: str) -> bool:
    if table != schema.state_table_name:
        return has_rows_of(warehouse, schema, table, load_id)
    relation = warehouse.make_qualified_table_name(table)
    try:
        return bool(warehouse.execute_sql(f"SELECT 1 FROM {relation} WHERE _dlt_load_id = %s LIMIT 1", load_id))
    except DatabaseUndefinedRelation:
        return False


def _keep(pipeline: dlt.Pipeline, records: ManifestStore, schema: Schema, told: LoadManifest) -> LoadManifest:
    # First what the record names: a kill between the two leaves a schema that nobody asks for.
    if _recorded(pipeline)[1] != told.schema_version:
        records.write_schema(schema)
    written = records.write(told)
    _remember(pipeline, written)
    return written


def _recorded(pipeline: dlt.Pipeline) -> tuple[str | None, str | None, int | None, str]:
    found = pipeline.state["_local"].get(RECORDED) or []
    return (*found, *[None, None, None, ""][len(found) :])


def _remember(pipeline: dlt.Pipeline, told: LoadManifest) -> None:
    pipeline.set_local_state_val(RECORDED, [told.load_id, told.schema_version, told.sequence, told.digest])


def _last(pipeline: dlt.Pipeline) -> LoadManifest | None:
    """Return the newest record as the next one has to know it."""
    load_id, version, sequence, digest = _recorded(pipeline)
    if load_id is None:
        return None
    return LoadManifest(load_id, 0, "", version or "", 0, sequence=sequence, digest=digest)


def _files(
    layout: str, package: LoadPackageInfo, sealed: dict[str, Content]
) -> tuple[dict[str, list[str]], dict[str, Content]]:
    """Return the paths of a package's files by table, and what each contains."""
    files: dict[str, list[str]] = {}
    contents: dict[str, Content] = {}
    for job in sorted(package.jobs["completed_jobs"], key=lambda job: job.job_file_info):
        found = job.job_file_info
        if found.file_format not in NO_ROWS:
            path = create_path(layout, found.file_name(), package.schema_name, package.load_id)
            files.setdefault(found.table_name, []).append(path)
            if content := sealed.get(manifest_chain.file_key(found.file_name())):
                contents[path] = content
    return files, contents


def _is_whole(made: Any, table: Any) -> bool:
    """Tell a table that was made from one that got another column."""
    return not table["name"].startswith("_dlt") and made["columns"].keys() == {
        name for name, column in table["columns"].items() if column.get("data_type")
    }


def _schema(stored: Any) -> Schema | None:
    return Schema.from_dict(json.loads(stored.schema)) if stored else None
