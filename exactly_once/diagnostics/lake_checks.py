"""Checks of the lake: each returns a detail or raises."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.storages.configuration import FilesystemConfiguration

from exactly_once.diagnostics.check import Check
from exactly_once.diagnostics.context import ROW, DoctorContext, assert_row_equal
from exactly_once.errors import PipelineError
from exactly_once.lease.lease import Lease, lease_url
from exactly_once.lease.store import VersionConflict, open_store
from exactly_once.storage.lake_objects import LakeUnreachable
from exactly_once.storage.lake_paths import lake_path


def checks(context: DoctorContext, pipeline: str, fix: str) -> list[Check]:
    """Return the checks of a pipeline's prefix: what is written is removed by `lake_remove`, the last of all."""
    write = f"lake {pipeline}/ write"
    return [
        Check(write, partial(lake_write, context, pipeline), ("environment",), fix),
        Check(f"lake {pipeline}/ read", partial(lake_read, context, pipeline), (write,), fix),
        Check(f"lake {pipeline}/ lease", partial(lake_lease, context, pipeline), (write,), fix),
    ]


def lake_write(context: DoctorContext, pipeline: str) -> str:
    """Write one small Parquet file below the pipeline's prefix."""
    lake, settings = context.lake(pipeline)
    url = lake_path(f"{settings.bucket_url.rstrip('/')}/_doctor/{context.name}.parquet")
    if settings.is_local_filesystem:  # an object store has no folders, and s3fs would make a bucket for one
        lake.makedirs(url.rpartition("/")[0], exist_ok=True)
    with (
        _lake_errors(context, settings, "s3:PutObject"),
        lake.open(url, "wb" if settings.is_local_filesystem else "xb") as file,
    ):
        pq.write_table(pa.table({"id": [ROW[0]], "word": [ROW[1]]}), file)
    context.files[pipeline] = url
    return url


def lake_read(context: DoctorContext, pipeline: str) -> str:
    """Read the file back."""
    lake, settings = context.lake(pipeline)
    with _lake_errors(context, settings, "s3:GetObject"), lake.open(context.files[pipeline], "rb") as file:
        return assert_row_equal([tuple(row.values()) for row in pq.read_table(file).to_pylist()])


def lake_lease(context: DoctorContext, pipeline: str) -> str:
    """Take a lease under the scratch name and release it: a lake that ignores conditions would give it to two runs."""
    lake, settings = context.lake(pipeline)
    url = lease_url(settings.bucket_url, context.name, context.dataset)
    try:
        with Lease(lake, url) as lease:
            token = lease.token
        open_store(lake, url).write(b"{}", None)
    except VersionConflict:
        return f"token {token} was taken and released, and a second writer refused"
    except LakeUnreachable:
        raise
    except PipelineError as error:
        rights = "s3:GetObject and s3:PutObject on _lease/, s3:ListBucket on the bucket"
        raise PipelineError(f"{url} refuses us; grant this role {rights}, or {context.provision(True)}") from error
    finally:
        with suppress(OSError):  # not there, or this role may not delete
            _remove(lake, settings, url)
    raise PipelineError(f"{url} was written over a condition; use a lake that judges If-None-Match, as S3 does")


def lake_remove(context: DoctorContext, pipeline: str) -> str:
    """Remove the file; a role that may not delete is fine, the lake is a record."""
    (lake, settings), url = context.lake(pipeline), context.files[pipeline]
    try:
        _remove(lake, settings, url)
    except PermissionError:
        return f"{url} stays: this role may not delete, which is fine"
    return "nothing is left"


def _remove(lake: Any, settings: FilesystemConfiguration, url: str) -> None:
    path = lake_path(url)
    lake.rm_file(path)
    if settings.is_local_filesystem:
        local = Path(path)
        local.with_suffix(".lock").unlink(missing_ok=True)  # of a lease
        with suppress(OSError):  # the first folder that holds something else ends it
            for empty in (local.parent, local.parent.parent, local.parent.parent.parent):
                empty.rmdir()


@contextmanager
def _lake_errors(context: DoctorContext, settings: FilesystemConfiguration, action: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if settings.is_local_filesystem:
            raise
        bucket = "/".join(settings.bucket_url.split("/")[:3])
        fix = f"`aws s3 mb {bucket}`" if context.is_local else context.provision(True)
        raise PipelineError(f"{bucket} is not there; {fix} makes it") from error
    except PermissionError as error:
        if settings.is_local_filesystem:
            raise
        grant = f"grant this role {action} on it, or {context.provision(True)}"
        raise PipelineError(f"{settings.bucket_url} refuses us; {grant}") from error
