"""Write the manifest of a load after it, and the missing ones of earlier loads that were killed before theirs."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import dlt
from dlt.common import json
from dlt.common.pipeline import LoadInfo
from dlt.common.schema import Schema
from dlt.common.storages.load_package import LoadPackageInfo
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.path_utils import create_path

from exactly_once.clients import fetch, load_storage, warehouse_client
from exactly_once.destinations.fencing import LoadAttempt
from exactly_once.recovery import manifest_chain, retention
from exactly_once.recovery.load_rows import has_rows_of, schema_names
from exactly_once.recovery.manifest_chain import Content
from exactly_once.recovery.manifests import LoadManifest, ManifestStore, isoformat_us
from exactly_once.recovery.pending import is_first_load

# In the local state: the newest load with a manifest, its schema's version, its place in the chain, and its digest.
RECORDED = "recorded"
_Recorded = tuple[str | None, str | None, int | None, str]
NO_ROWS = ("reference", "sql")  # formats of jobs that have no file in the lake


@dataclass(frozen=True)
class _Loads:
    """The loads that RAW has of a pipeline.

    Args:
        schemas: of the pipeline, by version.
        rows: of `_dlt_loads`: load id, status, end, schema version; oldest first.
    """

    schemas: dict[str, Schema]
    rows: list[tuple[str, int, datetime, str]]

    @property
    def load_ids(self) -> set[str]:
        return {load_id for load_id, *_ in self.rows}

    @property
    def tables(self) -> list[str]:
        """The tables of all schemas and the table of states, sorted."""
        names = {table for schema in self.schemas.values() for table in schema.data_table_names()}
        return sorted(names | {schema.state_table_name for schema in self.schemas.values()})


def write_manifests(pipeline: dlt.Pipeline, info: LoadInfo, token: int) -> None:
    """Write the manifests of the loads that are just complete.

    Args:
        pipeline: of the loads.
        info: what dlt says of them.
        token: fencing token of the run.
    """
    manifests = ManifestStore(pipeline)
    is_first = is_first_load(pipeline)
    previous = None if is_first else _last(pipeline)
    for package in info.load_packages:
        if package.state != "loaded":
            continue
        if previous and previous.load_id == package.load_id:
            continue  # a run that was killed after its load's row: backfill_manifests has written this one
        created = [
            name for name, update in package.schema_update.items() if _is_new(update, package.schema.tables[name])
        ]
        state = load_storage(pipeline).get_load_package_state(package.load_id)
        files, contents = _files(manifests.config.layout, package, manifest_chain.sealed(state) or {})
        manifest = LoadManifest(
            load_id=package.load_id,
            status=0,
            completed_at=state["destination_state"]["completed_at"],  # see exactly_once/destinations/mixins.py
            schema_version=package.schema.stored_version_hash,
            token=token,
            is_first=is_first,
            created_tables=sorted(created),
            files=files,
            contents=contents,
        )
        previous = _write_one(pipeline, manifests, package.schema, manifest_chain.follow(manifest, previous))


def backfill_manifests(pipeline: dlt.Pipeline, attempt: LoadAttempt | None) -> None:
    """Write the missing manifests if the last load attempt has none.

    A run that was killed between the last row of a load and its manifest leaves that behind. So does a lake from before
    there were manifests: then every load in `_dlt_loads` gets one. Manifests from before there was a chain get what
    they lack. If this working folder wrote the last manifest itself, no request is sent; else the lake gets one.
    """
    if attempt is None or not attempt.is_complete:
        return
    load_id, _, sequence, _ = _recorded(pipeline)
    if load_id == attempt.load_id and sequence is not None:
        return
    manifests = ManifestStore(pipeline)
    found = manifests.read(attempt.load_id)
    if found is None or found.sequence is None:
        rewrite_manifests(pipeline, manifests, attempt)
    else:
        _remember(pipeline, found)


def rewrite_manifests(pipeline: dlt.Pipeline, manifests: ManifestStore, attempt: LoadAttempt) -> int:
    """Give every load of RAW a manifest, and every manifest its place in the chain; return how many were written.

    The newest one is written last: as long as it has no place in the chain, the next run starts this again.
    """
    known = manifests.all()
    loads = _read_loads(pipeline, attempt)
    missing = _missing(loads, known, attempt)
    ordered = _ordered(known, missing, loads.load_ids, attempt)
    files = _files_in_raw(pipeline, manifests, loads, missing)
    _report_checksums(pipeline, ordered, files)
    previous, written = None, 0
    for manifest in ordered:
        whole = replace(manifest, files=files.get(manifest.load_id, manifest.files))
        whole = manifest_chain.follow(_with_contents(manifests, whole), previous)
        if whole != manifest or not manifest.digest:
            if manifest.load_id in files:
                manifests.write_schema(loads.schemas[manifest.schema_version])
            whole, written = manifests.write(whole), written + 1
        previous = whole
    if previous:
        _remember(pipeline, previous)
    return written


def _read_loads(pipeline: dlt.Pipeline, attempt: LoadAttempt) -> _Loads:
    with warehouse_client(pipeline) as client:
        warehouse = client.sql_client
        names = schema_names(pipeline, client)
        newest = {name: _schema(client.get_stored_schema(name)) for name in names}
        found = fetch(
            warehouse,
            "SELECT load_id, status, inserted_at, schema_version_hash, schema_name FROM "
            f"{warehouse.make_qualified_table_name('_dlt_loads')} WHERE schema_name IN "
            f"({', '.join(['%s'] * len(names))}) OR load_id = %s ORDER BY inserted_at",
            *names,
            attempt.load_id,
        )
        loads = _Loads({}, [])
        for load_id, status, ended, version, name in found:
            schema = loads.schemas.get(version) or _schema(
                client.get_stored_schema_by_hash(version) if version else None
            )
            if schema := schema or newest.get(name) or next(iter(newest.values())):
                loads.schemas[schema.stored_version_hash] = schema
                loads.rows.append((load_id, int(status), ended, schema.stored_version_hash))
    return loads


def _missing(loads: _Loads, known: list[LoadManifest], attempt: LoadAttempt) -> list[LoadManifest]:
    """Return manifests of the loads in RAW that have none, without their files."""
    ids = {manifest.load_id for manifest in known}
    # If this RAW has no manifest at all, its oldest load is its first.
    is_unknown = ids.isdisjoint(loads.load_ids)
    return [
        LoadManifest(load_id, status, isoformat_us(ended), version, attempt.token, is_first=is_unknown and number == 0)
        for number, (load_id, status, ended, version) in enumerate(loads.rows)
        if load_id not in ids
    ]


def _ordered(
    known: list[LoadManifest], missing: list[LoadManifest], in_raw: set[str], attempt: LoadAttempt
) -> list[LoadManifest]:
    """Return the manifests of this RAW's loads in the order of the loads.

    A load that RAW does not have is of a RAW that was dropped or replaced by an older copy, or retention.py has removed
    a load without rows from `_dlt_loads`.
    """
    ordered = sorted(_of_this_raw(known, in_raw), key=lambda one: (one.token, one.completed_at))
    for manifest in sorted(missing, key=lambda one: one.load_id == attempt.load_id):
        before = [number for number, one in enumerate(ordered, 1) if one.completed_at <= manifest.completed_at]
        place = len(ordered) if manifest.load_id == attempt.load_id else max(before, default=0)
        # Between two loads, the token of a load without a manifest is that of the earlier one.
        token = ordered[place - 1].token if ordered and place < len(ordered) and place else manifest.token
        ordered.insert(place, replace(manifest, token=token))
    return ordered


def _of_this_raw(known: list[LoadManifest], in_raw: set[str]) -> Iterable[LoadManifest]:
    begun = max((one.completed_at for one in known if one.is_first), default="")
    old = isoformat_us(datetime.now(UTC) - retention.AGE)
    is_pruned = sum(one.completed_at < old for one in known) > retention.LOADS
    return (one for one in known if one.load_id in in_raw or (is_pruned and begun <= one.completed_at < old))


def _files_in_raw(
    pipeline: dlt.Pipeline, manifests: ManifestStore, loads: _Loads, missing: list[LoadManifest]
) -> dict[str, dict[str, list[str]]]:
    """Return the lake's files of loads without a manifest, by load id and table.

    Of a load that was cut off and read again these are the tables that it had merged: a row that the second read found
    unchanged, and the mark of a delete, were not loaded again.
    """
    files = manifests.files(loads.tables, [one.load_id for one in missing])
    with warehouse_client(pipeline) as client:
        return {
            one.load_id: {
                table: paths
                for table, paths in files[one.load_id].items()
                if not one.status or _has_rows(client.sql_client, loads.schemas[one.schema_version], table, one.load_id)
            }
            for one in missing
        }


def _report_checksums(pipeline: dlt.Pipeline, ordered: list[LoadManifest], files: dict[str, dict[str, Any]]) -> None:
    count = sum(
        path not in manifest.contents
        for manifest in ordered
        for paths in files.get(manifest.load_id, manifest.files).values()
        for path in paths
    )
    if count:
        print(
            f"{pipeline.pipeline_name}: {count} files in the lake have no checksum yet: each is read once",
            file=sys.stderr,
        )


def _with_contents(manifests: ManifestStore, manifest: LoadManifest) -> LoadManifest:
    """Return the manifest with the contents of all its files; a missing file has none."""
    found = {}
    for path in [path for paths in manifest.files.values() for path in paths if path not in manifest.contents]:
        try:
            found[path] = manifests.content(path)
        except FileNotFoundError:
            continue
    return replace(manifest, contents=manifest.contents | found) if found else manifest


def _has_rows(warehouse: Any, schema: Schema, table: str, load_id: str) -> bool:
    if table != schema.state_table_name:
        return has_rows_of(warehouse, schema, table, load_id)
    relation = warehouse.make_qualified_table_name(table)
    try:
        return bool(warehouse.execute_sql(f"SELECT 1 FROM {relation} WHERE _dlt_load_id = %s LIMIT 1", load_id))
    except DatabaseUndefinedRelation:
        return False


def _write_one(
    pipeline: dlt.Pipeline, manifests: ManifestStore, schema: Schema, manifest: LoadManifest
) -> LoadManifest:
    # The schema first: a kill between the two leaves a schema that no manifest names.
    if _recorded(pipeline)[1] != manifest.schema_version:
        manifests.write_schema(schema)
    written = manifests.write(manifest)
    _remember(pipeline, written)
    return written


def _recorded(pipeline: dlt.Pipeline) -> "_Recorded":
    found = cast(list[Any], pipeline.state["_local"].get(RECORDED) or [])
    return cast(_Recorded, (*found, *[None, None, None, ""][len(found) :]))  # an earlier version kept fewer


def _remember(pipeline: dlt.Pipeline, manifest: LoadManifest) -> None:
    pipeline.set_local_state_val(
        RECORDED, [manifest.load_id, manifest.schema_version, manifest.sequence, manifest.digest]
    )


def _last(pipeline: dlt.Pipeline) -> LoadManifest | None:
    """Return of the newest manifest what the next one refers to."""
    load_id, version, sequence, digest = _recorded(pipeline)
    if load_id is None:
        return None
    return LoadManifest(load_id, 0, "", version or "", 0, sequence=sequence, digest=digest)


def _files(
    layout: str, package: LoadPackageInfo, contents: dict[str, Content]
) -> tuple[dict[str, list[str]], dict[str, Content]]:
    """Return the lake's paths of a package's files by table, and the content of each.

    Args:
        layout: of the lake.
        package: that is loaded.
        contents: of its files by `file_key`.
    """
    files: dict[str, list[str]] = {}
    by_path: dict[str, Content] = {}
    for job in sorted(package.jobs["completed_jobs"], key=lambda job: job.job_file_info):
        found = job.job_file_info
        if found.file_format not in NO_ROWS:
            path = create_path(layout, found.file_name(), package.schema_name, package.load_id)
            files.setdefault(found.table_name, []).append(path)
            if content := contents.get(manifest_chain.file_key(found.file_name())):
                by_path[path] = content
    return files, by_path


def _is_new(update: Any, table: Any) -> bool:
    """Tell a table that the load created from one that got another column."""
    return not table["name"].startswith("_dlt") and update["columns"].keys() == {
        name for name, column in table["columns"].items() if column.get("data_type")
    }


def _schema(stored: Any) -> Schema | None:
    return Schema.from_dict(json.loads(stored.schema)) if stored else None
