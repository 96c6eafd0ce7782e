"""One small object of the lake that is read with its version and age, and written only over the version just read.

S3 judges the condition itself (`If-None-Match: *`, `If-Match: <etag>`). On a folder, a lock on a side file stands
around look and rename: safe between the processes of one machine, containers over one volume too; not over NFS.
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

from exactly_once.errors import PipelineError, is_connection_lost
from exactly_once.lake_paths import adopt_encoded, lake_path

LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")  # what S3 answers to a stale If-Match


class VersionConflict(Exception):
    """The object is no longer the version that was to be replaced: read it again."""


class LakeUnreachable(PipelineError):
    """The lake neither read nor wrote the object; what was sent may have arrived or not."""

    is_transient = True


@dataclass(frozen=True)
class Stored:
    """The object as read; `age` is in seconds since it was written, by the clock of the machine that keeps it."""

    body: bytes
    version: str
    age: float


class ConditionalStore(Protocol):
    """A place for one object; ages are true to `tolerance` seconds."""

    tolerance: float

    def read(self) -> Stored | None:
        """Return the object, or None where there is none."""

    def write(self, body: bytes, replaces: str | None) -> str:
        """Write the object over version `replaces` (None: only where there is none) and return its new version.

        Raises:
            Conflict: somebody wrote in between. A write whose answer was lost is seen as a conflict with itself.
        """


def open_store(filesystem: AbstractFileSystem, url: str) -> ConditionalStore:
    """Return the store of the object at `url`; `filesystem` is what dlt's `fsspec_from_config` gives for the lake.

    Raises:
        PipelineError: it is neither S3 nor a local folder, and no other store is known to write on a condition.
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


class S3ConditionalStore:
    """Ages are the difference of two of the server's own times, `Date` and `Last-Modified`, both in whole seconds."""

    tolerance = 1.0

    def __init__(self, filesystem: Any, url: str):
        self.filesystem = filesystem
        self.url = url
        bucket, key, _ = filesystem.split_path(url)
        self.address = {"Bucket": bucket, "Key": key}

    def read(self) -> Stored | None:
        found, code = self._call("get_object")
        if code == "NoSuchKey":
            return None
        self._insist(code)
        headers = found["ResponseMetadata"]["HTTPHeaders"]
        age = parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(headers["last-modified"])
        body = self._try(lambda: sync(self.filesystem.loop, found["Body"].read))
        return Stored(body, found["ETag"], age.total_seconds())

    def write(self, body: bytes, replaces: str | None) -> str:
        condition = {"IfMatch": replaces} if replaces else {"IfNoneMatch": "*"}
        written, code = self._call("put_object", Body=body, ContentType="application/json", **condition)
        if code in LOST_RACE:
            raise VersionConflict(code)
        self._insist(code)
        return written["ETag"]

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

    def _insist(self, code: str | None) -> None:
        if code in ("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "500", "503"):
            raise LakeUnreachable(f"The lake at {self.url} is busy ({code}): run again later.")
        if code:
            raise PipelineError(
                f"The lake refuses the lease at {self.url} ({code}): `make doctor` looks at what is missing."
            )


class FolderConditionalStore:
    """Versions are contents; a write is a whole new file, on disk before it takes the place of the old one."""

    tolerance = 0.1
    patience = 5.0  # seconds for the lock, which is held for milliseconds unless its holder was paused in the act

    def __init__(self, path: Path):
        self.path = path

    def read(self) -> Stored | None:
        try:
            with self.path.open("rb") as file:
                body = file.read()
                age = time.time() - os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return None
        return Stored(body, body.hex(), age)

    def write(self, body: bytes, replaces: str | None) -> str:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            found = self.read()
            if (found.version if found else None) != replaces:
                raise VersionConflict(str(self.path))
            new = self.path.with_suffix(".new")  # what a killed writer left of it is written over
            with new.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
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
