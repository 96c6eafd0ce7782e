"""Reads and writes of lake objects: digests, writes that S3 refused, and reads that are cut off."""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from exactly_once.errors import PipelineError, is_connection_lost

BLOCK = 4 * 2**20


class LakeUnreachable(PipelineError):
    """The lake did not answer; a write may have arrived or not."""

    is_transient = True


def already_exists(error: OSError) -> bool:
    """Tell whether S3 refused a write because the object exists."""
    if isinstance(error, FileExistsError):
        return True
    response: Any = getattr(error.__cause__, "response", None)
    return bool(error.errno == errno.EINVAL and response and response["Error"].get("Code") == "PreconditionFailed")


@contextmanager
def reading_lake(place: str) -> Iterator[None]:
    """Turn a read of the lake that is cut off or gets no answer into one line.

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
