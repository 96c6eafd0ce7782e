"""The manifests of loads in the lake, from which RAW can be rebuilt.

Beside the files of rows, `<lake>/<pipeline>/<dataset>/` has `_loads/<load id>.json` for each load that has ended and
`_schemas/<hash>.json` for each version of dlt's schema. A load has no manifest before it has ended: a quarantined
package has files and no manifest. Manifests form a chain, see manifest_chain.py.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import dlt
import pyarrow as pa
from dlt.common import json
from dlt.common.exceptions import DictValidationException
from dlt.common.schema import Schema
from dlt.common.schema.utils import verify_schema_hash
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from exactly_once import hints
from exactly_once.clients import staging_of
from exactly_once.errors import PipelineError
from exactly_once.storage.atomic_file import write_atomically
from exactly_once.storage.lake_objects import already_exists, digest_of, reading_lake
from exactly_once.storage.lake_paths import adopt_encoded, lake_path

CREATED = "made"  # the field of `created_tables` in the JSON, which manifests of every version have


@dataclass(frozen=True)
class LoadManifest:
    """One load that has ended.

    Args:
        load_id: dlt's.
        status: as in `_dlt_loads`: 0 complete; 1 cut off and read again, so that `files` has only what RAW kept.
        completed_at: when it ended, ISO 8601 in UTC, as in `_dlt_loads`.
        schema_version: hash of dlt's schema, under which the lake keeps it.
        token: fencing token of the load's lease; it only grows, whatever the clocks say.
        is_first: whether RAW had no load of the pipeline before; the lake's earlier files belong to another RAW.
        created_tables: tables that the load created in RAW; the lake's earlier files of them were dropped from RAW.
        files: of each table, dlt's own too, paths below the dataset's folder in the lake.
        contents: of each of these paths, its rows, size and SHA-256.
        sequence: place in the chain of RAW's loads, from 1; None in a manifest from before there was a chain.
        previous: the load that this one follows; None of the first.
        previous_digest: of that load's manifest.
        digest: SHA-256 of the manifest as it lies in the lake, with this value left empty; "" before it is written.
    """

    load_id: str
    status: int
    completed_at: str
    schema_version: str
    token: int
    is_first: bool = False
    created_tables: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    sequence: int | None = None
    previous: str | None = None
    previous_digest: str | None = None
    digest: str = ""

    @classmethod
    def parse(cls, text: bytes) -> "LoadManifest":
        """Return the manifest that a JSON text holds.

        Raises:
            TypeError, ValueError: it is none.
        """
        fields = dict(json.loadb(text))
        if CREATED in fields:
            fields["created_tables"] = fields.pop(CREATED)
        return cls(**fields)

    def text(self) -> bytes:
        """Return this manifest as JSON."""
        fields = {CREATED if name == "created_tables" else name: value for name, value in asdict(self).items()}
        return json.dumpb(fields, pretty=True)


class ManifestStore:
    """The manifests of one pipeline's loads into one dataset.

    Args:
        pipeline: whose settings name the lake.
    """

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self.config = staging_of(pipeline.destination_client())
        self._lake, _ = fsspec_from_config(self.config)
        root = f"{self.config.bucket_url.rstrip('/')}/{pipeline.dataset_name}"
        self.root = lake_path(root)
        for folder in ("_loads", "_schemas"):
            adopt_encoded(f"{root}/{folder}")

    def read(self, load_id: str) -> LoadManifest | None:
        """Return the manifest of a load, from one request; None where there is none."""
        try:
            with reading_lake(self.root):
                return _parsed(self._manifest_path(load_id), self._lake.cat_file(self._manifest_path(load_id)))
        except FileNotFoundError:
            return None

    def all(self) -> list[LoadManifest]:
        """Return every manifest, in no order."""
        with reading_lake(self.root):
            paths = self._lake.find(f"{self.root}/_loads")
            paths = [path for path in paths if path.endswith(".json")]
            if self.config.is_local_filesystem:  # where fsspec reads brackets in a list of paths as a pattern
                texts = {path: self._lake.cat_file(path) for path in paths}
            else:
                texts = self._lake.cat(paths) if paths else {}
        return [_parsed(path, text) for path, text in texts.items()]

    def write(self, manifest: LoadManifest) -> LoadManifest:
        """Write a manifest, and return it with its digest.

        A second write of the same manifest, after an answer that was lost, changes nothing.
        """
        digest = hashlib.sha256(replace(manifest, digest="").text()).hexdigest()
        written = replace(manifest, digest=digest)
        self._put(self._manifest_path(manifest.load_id), written.text())
        return written

    def schema(self, version: str) -> Schema:
        """Return one version of dlt's schema.

        Raises:
            PipelineError: the lake does not have it.
        """
        path = self._schema_path(version)
        try:
            with reading_lake(self.root):
                document = json.loadb(self._lake.cat_file(path))
            is_whole = verify_schema_hash(document, verifies_if_not_migrated=True)
            schema = Schema.from_dict(document)
        except FileNotFoundError as error:
            raise PipelineError(f"The lake has no schema {path}: restore it, then run again.") from error
        except (DictValidationException, KeyError, TypeError, ValueError) as error:
            raise PipelineError(f"{path} is no dlt schema: restore it, then run again.") from error
        if not is_whole:
            raise PipelineError(f"{path} was changed since it was written: restore it, then run again.")
        return schema

    def write_schema(self, schema: Schema) -> None:
        """Write one version of dlt's schema, unless the lake has it: its name is its hash."""
        with suppress(PipelineError):
            self.schema(schema.stored_version_hash)
            return
        self._put(self._schema_path(schema.stored_version_hash), json.dumpb(schema.to_dict(), pretty=True))

    def sizes(self, tables: Iterable[str]) -> dict[str, int]:
        """Return the size in bytes of each file of these tables, by its path, from one listing for each table."""
        found = {}
        with reading_lake(self.root):
            for table in tables:
                for path, entry in self._lake.find(f"{self.root}/{table}", detail=True).items():
                    found[f"{table}/{path.rsplit('/', 1)[-1]}"] = entry["size"]
        return found

    def size(self, file: str) -> int | None:
        """Return the size in bytes of a file of a manifest, wherever its layout put it; None: it is missing."""
        try:
            with reading_lake(self.root):
                return int(self._lake.info(f"{self.root}/{file}")["size"])
        except FileNotFoundError:
            return None

    @contextmanager
    def open(self, file: str) -> Iterator[IO[bytes]]:
        """Open a file of a manifest to read it once, from its beginning."""
        with reading_lake(self.root), self._lake.open(f"{self.root}/{file}", "rb", cache_type="readahead") as opened:
            yield opened

    def sha256(self, file: str) -> str:
        """Return the SHA-256 of a file of a manifest, read in blocks.

        Raises:
            FileNotFoundError: the lake does not have it.
        """
        with self.open(file) as opened:
            return digest_of(opened)[1]

    def content(self, file: str) -> dict[str, Any]:
        """Return rows, size and SHA-256 of a file of a manifest.

        Raises:
            FileNotFoundError: the lake does not have it.
        """
        rows = None
        with self.open(file) as opened:
            if file.endswith(".parquet"):
                import pyarrow.parquet as pq

                with suppress(pa.ArrowInvalid):  # it is damaged; its size and checksum count all the same
                    rows = pq.read_metadata(opened).num_rows
                opened.seek(0)
            size, digest = digest_of(opened)
        return {"rows": rows, "size": size, "sha256": digest}

    def files(self, tables: Iterable[str], load_ids: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """Return the lake's files of some loads: paths by load and table, from one listing for each table."""
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
        """Return the URL of a file of a manifest, as dlt writes it into a job that refers to it."""
        path = f"{self.root}/{file}"
        return FilesystemConfiguration.make_file_url(path) if self.config.is_local_filesystem else path

    def _manifest_path(self, load_id: str) -> str:
        return f"{self.root}/_loads/{load_id}.json"

    def _schema_path(self, version: str) -> str:
        return f"{self.root}/_schemas/{version.replace('/', '_').replace('+', '-').rstrip('=')}.json"

    def _put(self, path: str, body: bytes) -> None:
        if not self.config.is_local_filesystem:
            self._put_on_s3(path, body)
            return
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, body)

    def _put_on_s3(self, path: str, body: bytes) -> None:
        """Write an object; replace other content only if this role may, as an administrator may.

        Raises:
            PipelineError: this role may not.
        """
        try:
            self._lake.pipe_file(path, body, mode="create")
            return
        except OSError as error:
            if not already_exists(error):
                raise
        if self._lake.cat_file(path) == body:
            return
        try:
            self._lake.pipe_file(path, body)
        except PermissionError as error:
            raise PipelineError(
                f"{path} has another content, and this role may not overwrite it: with an administrator's AWS sign-in "
                f"`{hints.replay('--complete')}` writes it."
            ) from error


def isoformat_us(time: datetime) -> str:
    """Return a time in UTC as text, to the microsecond, as a manifest has it."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _parsed(path: str, text: bytes) -> LoadManifest:
    try:
        manifest = LoadManifest.parse(text)
        digest = manifest.digest.encode()
        is_whole = not digest or hashlib.sha256(text.replace(digest, b"", 1)).hexdigest().encode() == digest
    except (AttributeError, TypeError, ValueError) as error:
        raise PipelineError(
            f"{path} is no load manifest: restore it (or an earlier version of it), then run again."
        ) from error
    if not is_whole:
        raise PipelineError(
            f"{path} was changed since it was written: restore it (or an earlier version), then run again."
        )
    return manifest
