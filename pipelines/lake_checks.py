"""What the doctor looks at in the lake: a check returns a detail, or raises."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.storages.configuration import FilesystemConfiguration

from pipelines.errors import Refusal
from pipelines.lake_paths import lake_path
from pipelines.lease import Lease, lease_url
from pipelines.lease_store import Conflict, LakeUnreachable, open_store
from pipelines.visit import ROW, Visit, equal, ground
from pipelines.warehouse import RAW, environment


def lake_write(visit: Visit, pipeline: str) -> str:
    """Write one small Parquet file below the pipeline's prefix."""
    lake, settings = visit.lake(pipeline)
    url = lake_path(f"{settings.bucket_url.rstrip('/')}/_doctor/{visit.name}.parquet")
    if settings.is_local_filesystem:  # an object store has no folders, and s3fs would make a bucket for one
        lake.makedirs(url.rpartition("/")[0], exist_ok=True)
    with _lake_errors(settings, "s3:PutObject"), lake.open(url, "wb" if settings.is_local_filesystem else "xb") as file:
        pq.write_table(pa.table({"id": [ROW[0]], "word": [ROW[1]]}), file)
    visit.files[pipeline] = url
    return url


def lake_read(visit: Visit, pipeline: str) -> str:
    """Read the file back."""
    lake, settings = visit.lake(pipeline)
    with _lake_errors(settings, "s3:GetObject"), lake.open(visit.files[pipeline], "rb") as file:
        return equal([tuple(row.values()) for row in pq.read_table(file).to_pylist()])


def lake_lease(visit: Visit, pipeline: str) -> str:
    """Take a lease under the scratch name and release it: a lake that ignores conditions would give it to two runs."""
    lake, settings = visit.lake(pipeline)
    url = lease_url(settings.bucket_url, visit.name, RAW)
    try:
        with Lease(lake, url) as lease:
            token = lease.token
        open_store(lake, url).write(b"{}", None)
    except Conflict:
        return f"token {token} was taken and released, and a second writer refused"
    except LakeUnreachable:
        raise
    except Refusal as error:
        rights = "s3:GetObject and s3:PutObject on _lease/, s3:ListBucket on the bucket"
        raise Refusal(f"{url} refuses us; grant this role {rights}, or {ground(of_lake=True)}") from error
    finally:
        with suppress(OSError):  # not there, or this role may not delete
            _remove(lake, settings, url)
    raise Refusal(f"{url} was written over a condition; use a lake that judges If-None-Match, as S3 does")


def lake_remove(visit: Visit, pipeline: str) -> str:
    """Remove the file; a role that may not delete is fine, the lake is a record."""
    (lake, settings), url = visit.lake(pipeline), visit.files[pipeline]
    try:
        _remove(lake, settings, url)
    except PermissionError:
        return f"{url} stays: this role may not delete, which is fine"
    return "nothing is left"


def _remove(lake: Any, settings: FilesystemConfiguration, url: str) -> None:
    path = lake_path(url)
    lake.rm_file(path)
    if settings.is_local_filesystem:
        path = Path(path)
        path.with_suffix(".lock").unlink(missing_ok=True)  # of a lease
        with suppress(OSError):  # the first folder that holds something else ends it
            for empty in (path.parent, path.parent.parent, path.parent.parent.parent):
                empty.rmdir()


@contextmanager
def _lake_errors(settings: FilesystemConfiguration, action: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if settings.is_local_filesystem:
            raise
        bucket = "/".join(settings.bucket_url.split("/")[:3])
        mend = f"`aws s3 mb {bucket}`" if environment().is_embedded else ground(of_lake=True)
        raise Refusal(f"{bucket} is not there; {mend} makes it") from error
    except PermissionError as error:
        if settings.is_local_filesystem:
            raise
        grant = f"grant this role {action} on it, or {ground(of_lake=True)}"
        raise Refusal(f"{settings.bucket_url} refuses us; {grant}") from error
