"""What the lake keeps of each load that has ended, so that RAW can be made again from the lake alone.

Beside the files of rows, `<lake>/<pipeline>/<dataset>/` has `_loads/<load id>.json` and, once for each version of dlt's
schema, `_schemas/<hash>.json`. A load has no record before it has ended: what was set aside has files and no record.
"""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dlt
from dlt.common import json
from dlt.common.schema import Schema
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from pipelines.errors import Refusal


@dataclass(frozen=True)
class LoadRecord:
    """One load that has ended.

    Args:
        load_id: dlt's.
        status: as in `_dlt_loads`: 0 completed; 1 cut off and read again, and of it only what RAW kept is told.
        completed_at: when it ended, ISO 8601 in UTC, as in `_dlt_loads`.
        schema_version: hash of dlt's schema, under which the lake keeps it.
        token: of the lease under which it landed: it only grows, whatever the clocks say.
        is_first: whether nothing had landed in this RAW before; what the lake has from earlier was in another one.
        made: the tables that the load made in RAW: what the lake has of them from earlier was dropped.
        files: of each table, dlt's own too, paths below the dataset's folder in the lake.
    """

    load_id: str
    status: int
    completed_at: str
    schema_version: str
    token: int
    is_first: bool = False
    made: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)


class LakeRecords:
    """The records of one pipeline's loads into one dataset.

    Args:
        pipeline: whose settings name the lake.
    """

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self.config = pipeline.destination_client().config.staging_config
        self._lake, _ = fsspec_from_config(self.config)
        root = f"{self.config.bucket_url.rstrip('/')}/{pipeline.dataset_name}"
        self.root = self._lake._strip_protocol(root) if self.config.is_local_filesystem else root

    def read(self, load_id: str) -> LoadRecord | None:
        """Return the record of a load, from one request; None where there is none."""
        try:
            return _parsed(self._record(load_id), self._lake.cat_file(self._record(load_id)))
        except FileNotFoundError:
            return None

    def all(self) -> list[LoadRecord]:
        """Return every record, in no order."""
        paths = self._lake.find(f"{self.root}/_loads")
        texts = self._lake.cat([path for path in paths if path.endswith(".json")]) if paths else {}
        return [_parsed(path, text) for path, text in texts.items()]

    def write(self, record: LoadRecord) -> None:
        """Write a record; over the same one where it was written and the answer was lost."""
        self._put(self._record(record.load_id), json.dumpb(asdict(record), pretty=True))

    def schema(self, version: str) -> Schema:
        """Return one version of dlt's schema.

        Raises:
            Refusal: the lake does not have it.
        """
        try:
            return Schema.from_dict(json.loadb(self._lake.cat_file(self._schema(version))))
        except FileNotFoundError as error:
            raise Refusal(f"The lake has no schema {self._schema(version)}: restore it, then run again.") from error

    def write_schema(self, schema: Schema) -> None:
        """Write one version of dlt's schema."""
        self._put(self._schema(schema.stored_version_hash), json.dumpb(schema.to_dict(), pretty=True))

    def files(self, tables: Iterable[str], load_ids: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """Look up which files of rows lie in the lake: paths by load and table, from a list for each table."""
        wanted = list(load_ids)
        found: dict[str, dict[str, list[str]]] = {load_id: {} for load_id in wanted}
        prefix = os.path.commonprefix(wanted)  # noqa: RUF071  of names, not of paths
        for table in tables:
            for path in self._lake.find(f"{self.root}/{table}", prefix=prefix):
                name = path.rsplit("/", 1)[-1]
                load_id = ".".join(name.split(".")[:2])  # <seconds>.<fraction>.<file>.<format>
                if load_id in found:
                    found[load_id].setdefault(table, []).append(f"{table}/{name}")
        return found

    def url(self, file: str) -> str:
        """Return the address of a file of a record, as dlt writes it into a job that refers to it."""
        path = f"{self.root}/{file}"
        return FilesystemConfiguration.make_file_url(path) if self.config.is_local_filesystem else path

    def _record(self, load_id: str) -> str:
        return f"{self.root}/_loads/{load_id}.json"

    def _schema(self, version: str) -> str:
        return f"{self.root}/_schemas/{version.replace('/', '_').replace('+', '-').rstrip('=')}.json"

    def _put(self, path: str, body: bytes) -> None:
        if not self.config.is_local_filesystem:
            self._lake.pipe_file(path, body)
            return
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_suffix(".new")  # what a killed writer left of it is written over
        with new.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)


def stamp(moment: datetime) -> str:
    """Return a moment as a record has it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _parsed(path: str, text: bytes) -> LoadRecord:
    try:
        return LoadRecord(**json.loadb(text))
    except (TypeError, ValueError) as error:
        raise Refusal(
            f"{path} is no record of a load: restore it (or an earlier version of it), then run again."
        ) from error
