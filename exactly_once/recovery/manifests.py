"""What the lake keeps of each load that has ended, so that RAW can be made again from the lake alone.

Beside the files of rows, `<lake>/<pipeline>/<dataset>/` has `_loads/<load id>.json` and, once for each version of dlt's
schema, `_schemas/<hash>.json`. A load has no record before it has ended: what was set aside has files and no record.
Records form a chain, see exactly_once/recovery/manifest_chain.py.
"""

import errno
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
import pyarrow.parquet as pq
from dlt.common import json
from dlt.common.exceptions import DictValidationException
from dlt.common.schema import Schema
from dlt.common.schema.utils import verify_schema_hash
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from exactly_once.errors import PipelineError, is_connection_lost
from exactly_once.lake_paths import adopt_encoded, lake_path
from exactly_once.lease.store import LakeUnreachable

BLOCK = 4 * 2**20


@dataclass(frozen=True)
class LoadManifest:
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
        contents: of each of these paths, its rows, size and SHA-256.
        sequence: the place in the chain of RAW's loads, from 1; None in a record from before there was a chain.
        previous: the load that this one follows; None of the first.
        previous_digest: of that load's record.
        digest: SHA-256 of the record as it lies in the lake, with this value left empty; "" before it is written.
    """

    load_id: str
    status: int
    completed_at: str
    schema_version: str
    token: int
    is_first: bool = False
    made: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    sequence: int | None = None
    previous: str | None = None
    previous_digest: str | None = None
    digest: str = ""


class ManifestStore:
    """The records of one pipeline's loads into one dataset.

    Args:
        pipeline: whose settings name the lake.
    """

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self.config = pipeline.destination_client().config.staging_config
        self._lake, _ = fsspec_from_config(self.config)
        root = f"{self.config.bucket_url.rstrip('/')}/{pipeline.dataset_name}"
        self.root = lake_path(root)
        for folder in ("_loads", "_schemas"):
            adopt_encoded(f"{root}/{folder}")

    def read(self, load_id: str) -> LoadManifest | None:
        """Return the record of a load, from one request; None where there is none."""
        try:
            with lake_answers(self.root):
                return _parsed(self._record(load_id), self._lake.cat_file(self._record(load_id)))
        except FileNotFoundError:
            return None

    def all(self) -> list[LoadManifest]:
        """Return every record, in no order."""
        with lake_answers(self.root):
            paths = self._lake.find(f"{self.root}/_loads")
            paths = [path for path in paths if path.endswith(".json")]
            if self.config.is_local_filesystem:  # where fsspec reads brackets in a list of paths as a pattern
                texts = {path: self._lake.cat_file(path) for path in paths}
            else:
                texts = self._lake.cat(paths) if paths else {}
        return [_parsed(path, text) for path, text in texts.items()]

    def write(self, record: LoadManifest) -> LoadManifest:
        """Write a record, over the same one where it was written and the answer was lost; return it with its digest."""
        digest = hashlib.sha256(json.dumpb(asdict(replace(record, digest="")), pretty=True)).hexdigest()
        written = replace(record, digest=digest)
        self._put(self._record(record.load_id), json.dumpb(asdict(written), pretty=True))
        return written

    def schema(self, version: str) -> Schema:
        """Return one version of dlt's schema.

        Raises:
            PipelineError: the lake does not have it.
        """
        path = self._schema(version)
        try:
            with lake_answers(self.root):
                document = json.loadb(self._lake.cat_file(path))
            is_whole = verify_schema_hash(document, verifies_if_not_migrated=True)
            schema = Schema.from_dict(document)
        except FileNotFoundError as error:
            raise PipelineError(f"The lake has no schema {path}: restore it, then run again.") from error
        except (DictValidationException, KeyError, TypeError, ValueError) as error:
            raise PipelineError(f"{path} is no schema of dlt's: restore it, then run again.") from error
        if not is_whole:
            raise PipelineError(f"{path} was changed since it was written: restore it, then run again.")
        return schema

    def write_schema(self, schema: Schema) -> None:
        """Write one version of dlt's schema, unless the lake has it: what it is follows from its name."""
        with suppress(PipelineError):
            self.schema(schema.stored_version_hash)
            return
        self._put(self._schema(schema.stored_version_hash), json.dumpb(schema.to_dict(), pretty=True))

    def sizes(self, tables: Iterable[str]) -> dict[str, int]:
        """Return the size in bytes of each file of rows of these tables, by its path, from a list for each table."""
        found = {}
        with lake_answers(self.root):
            for table in tables:
                for path, entry in self._lake.find(f"{self.root}/{table}", detail=True).items():
                    found[f"{table}/{path.rsplit('/', 1)[-1]}"] = entry["size"]
        return found

    @contextmanager
    def open(self, file: str) -> Iterator[IO[bytes]]:
        """Open a file of a record to read it once, from its beginning."""
        with lake_answers(self.root), self._lake.open(f"{self.root}/{file}", "rb", cache_type="readahead") as opened:
            yield opened

    def sha256(self, file: str) -> str:
        """Return the SHA-256 of a file of a record, read in blocks.

        Raises:
            FileNotFoundError: the lake does not have it.
        """
        with self.open(file) as opened:
            return digest_of(opened)[1]

    def content(self, file: str) -> dict[str, Any]:
        """Return rows, size and SHA-256 of a file of a record.

        Raises:
            FileNotFoundError: the lake does not have it.
        """
        rows = None
        with self.open(file) as opened:
            if file.endswith(".parquet"):
                with suppress(pa.ArrowInvalid):  # then it is as wrong as the load found it
                    rows = pq.read_metadata(opened).num_rows
                opened.seek(0)
            size, digest = digest_of(opened)
        return {"rows": rows, "size": size, "sha256": digest}

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
            self._put_on_s3(path, body)
            return
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_suffix(".new")  # what a killed writer left of it is written over
        with new.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)

    def _put_on_s3(self, path: str, body: bytes) -> None:
        """Write where nothing is; over another content only where this role may, as an administrator does.

        Raises:
            PipelineError: this role may not.
        """
        try:
            self._lake.pipe_file(path, body, mode="create")
            return
        except OSError as error:
            if not is_there(error):
                raise
        if self._lake.cat_file(path) == body:
            return
        try:
            self._lake.pipe_file(path, body)
        except PermissionError as error:
            raise PipelineError(
                f"{path} has another content, and this role may not write over it: with an administrator's AWS sign-in "
                "`python pipelines/replay.py --complete` writes it."
            ) from error


def is_there(error: OSError) -> bool:
    """Tell whether S3 refused a write because the object is there."""
    if isinstance(error, FileExistsError):
        return True
    response = getattr(error.__cause__, "response", None)
    return error.errno == errno.EINVAL and bool(response) and response["Error"].get("Code") == "PreconditionFailed"


@contextmanager
def lake_answers(place: str) -> Iterator[None]:
    """Turn an answer of the lake that is cut off, or does not come, into one line.

    Raises:
        LakeUnreachable: the same request may succeed later.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, PipelineError) or not _is_broken_off(error):
            raise
        raise LakeUnreachable(
            f"The lake at {place} did not answer in full ({type(error).__name__}): run again later."
        ) from error


def _is_broken_off(error: BaseException | None) -> bool:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if is_connection_lost(error) or isinstance(error, (ConnectionError, TimeoutError)):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def digest_of(file: IO[bytes]) -> tuple[int, str]:
    """Return the bytes and the SHA-256 of an open file, read in blocks."""
    digest, size = hashlib.sha256(), 0
    while block := file.read(BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def isoformat_us(moment: datetime) -> str:
    """Return a moment as a record has it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _parsed(path: str, text: bytes) -> LoadManifest:
    try:
        record = LoadManifest(**json.loadb(text))
        digest = record.digest.encode()
        is_whole = not digest or hashlib.sha256(text.replace(digest, b"", 1)).hexdigest().encode() == digest
    except (AttributeError, TypeError, ValueError) as error:
        raise PipelineError(
            f"{path} is no record of a load: restore it (or an earlier version of it), then run again."
        ) from error
    if not is_whole:
        raise PipelineError(
            f"{path} was changed since it was written: restore it (or an earlier version), then run again."
        )
    return record
