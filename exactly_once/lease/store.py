"""A small object of the lake with conditional writes: it is replaced only if it is the version that was read.

S3 checks the condition itself (`If-None-Match: *`, `If-Match: <etag>`). In a folder, a lock on a file beside the object
is held from the comparison to the rename: safe between processes of one machine, containers over one volume too; not
over NFS.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from fsspec import AbstractFileSystem
from fsspec.asyn import sync
from typing_extensions import override

from exactly_once import hints
from exactly_once.errors import PipelineError, is_connection_lost
from exactly_once.storage.atomic_file import write_atomically
from exactly_once.storage.lake_objects import LakeUnreachable
from exactly_once.storage.lake_paths import adopt_encoded, lake_path

LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")  # what S3 answers to a stale If-Match


class VersionConflict(Exception):
    """The object is not the version that was to be replaced: read it again."""


@dataclass(frozen=True)
class Stored:
    """The object as read; `age` is in seconds since it was written, by the clock of the storage."""

    body: bytes
    version: str
    age: float


class ConditionalStore(Protocol):
    """Storage of one object; ages are exact to `tolerance` seconds."""

    tolerance: float

    def read(self) -> Stored | None:
        """Return the object, or None where there is none."""

    def write(self, body: bytes, replaces: str | None) -> str:
        """Write the object over version `replaces` (None: only where there is none) and return its new version.

        Raises:
            VersionConflict: another write came first. A write whose answer was lost conflicts with itself.
        """


def open_store(filesystem: AbstractFileSystem, url: str) -> ConditionalStore:
    """Return the store of the object at `url`; `filesystem` is what dlt's `fsspec_from_config` gives for the lake.

    Raises:
        PipelineError: the lake is neither S3 nor a local folder; no other storage is known for conditional writes.
    """
    protocols = [filesystem.protocol] if isinstance(filesystem.protocol, str) else filesystem.protocol
    if "s3" in protocols:
        return S3ConditionalStore(filesystem, url)
    if "file" in protocols:
        adopt_encoded(url)
        return FolderConditionalStore(Path(lake_path(url)))
    raise PipelineError(
        f"A lease on {url} needs a lake on S3 or in a local folder: correct destination.lake.bucket_url."
    )


class S3ConditionalStore(ConditionalStore):
    """An object on S3; its age is the difference of the server's `Date` and `Last-Modified`, in whole seconds."""

    tolerance = 1.0

    def __init__(self, filesystem: Any, url: str):
        self.filesystem = filesystem
        self.url = url
        bucket, key, _ = filesystem.split_path(url)
        self.address = {"Bucket": bucket, "Key": key}

    @override
    def read(self) -> Stored | None:
        found, code = self._call("get_object")
        if code == "NoSuchKey":
            return None
        self._raise_for(code)
        headers = found["ResponseMetadata"]["HTTPHeaders"]
        age = parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(headers["last-modified"])
        body = self._try(lambda: sync(self.filesystem.loop, found["Body"].read))
        return Stored(body, found["ETag"], age.total_seconds())

    @override
    def write(self, body: bytes, replaces: str | None) -> str:
        condition = {"IfMatch": replaces} if replaces else {"IfNoneMatch": "*"}
        written, code = self._call("put_object", Body=body, ContentType="application/json", **condition)
        if code in LOST_RACE:
            raise VersionConflict(code)
        self._raise_for(code)
        return str(written["ETag"])

    def _call(self, method: str, **arguments: Any) -> tuple[Any, str | None]:
        """Return the answer, or the code of S3's refusal."""
        try:
            return self._try(lambda: self.filesystem.call_s3(method, **self.address, **arguments)), None
        except OSError as error:
            response = getattr(error.__cause__, "response", None)
            if response is None:
                raise
            return None, response["Error"]["Code"]

    def _try(self, request: Any) -> Any:
        try:
            return request()
        except Exception as error:
            if not is_connection_lost(error) and not isinstance(error, (ConnectionError, TimeoutError)):
                raise
            raise LakeUnreachable(f"The lake at {self.url} does not answer ({type(error).__name__}).") from error

    def _raise_for(self, code: str | None) -> None:
        if code in ("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "500", "503"):
            raise LakeUnreachable(f"The lake at {self.url} is busy ({code}): run again later.")
        if code:
            raise PipelineError(
                f"The lake refuses the lease at {self.url} ({code}): `{hints.doctor()}` says what is missing."
            )


class FolderConditionalStore(ConditionalStore):
    """A file; its version is its content, and a write replaces it as a whole."""

    tolerance = 0.1
    patience = 5.0  # seconds to wait for the lock, which is held for milliseconds unless its process is paused

    def __init__(self, path: Path):
        self.path = path

    @override
    def read(self) -> Stored | None:
        try:
            with self.path.open("rb") as file:
                body = file.read()
                age = time.time() - os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return None
        return Stored(body, body.hex(), age)

    @override
    def write(self, body: bytes, replaces: str | None) -> str:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            found = self.read()
            if (found.version if found else None) != replaces:
                raise VersionConflict(str(self.path))
            write_atomically(self.path, body)
        return body.hex()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl  # not on Windows, where a lake on S3 still works

        deadline = time.monotonic() + self.patience
        with self.path.with_suffix(".lock").open("wb") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise LakeUnreachable(
                            f"{file.name} is locked by a paused process: end it, then run again."
                        ) from error
                    time.sleep(0.005)
            yield
