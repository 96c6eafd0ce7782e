"""Replace an object that is not a valid lease by a released one.

The owner of a lease writes it after each third of its ttl, and stops when it cannot. So an object that is no lease, and
that nobody has written for one ttl, belongs to no run.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from exactly_once.errors import PipelineError
from exactly_once.lease.lease import Lease
from exactly_once.lease.owner import this_process
from exactly_once.lease.record import LeaseRecord, isoformat_ms
from exactly_once.lease.store import VersionConflict


def repair(lease: Lease, highest_token: Callable[[], int]) -> str:
    """Replace a damaged lease, and return what was done.

    Args:
        lease: not entered.
        highest_token: returns the highest token that the warehouse or the lake has seen: tokens never fall.

    Raises:
        PipelineError: the object is a lease, or was written so recently that a run may still own it.
    """
    stored = lease.store.read()
    if stored is None:
        return f"{lease.url} is not there: the next run makes it"
    if owner := _owner(stored.body):
        raise PipelineError(f"{lease.url} is a lease (of {owner}): there is nothing to repair.")
    wait = lease.ttl + lease.store.tolerance - stored.age
    if wait > 0:
        raise PipelineError(
            f"{lease.url} was written {stored.age:.0f} s ago: a run may own it; repair it again in {wait:.0f} s."
        )
    token = highest_token()
    _write(lease, token, stored.version)
    return f"{lease.url} is a lease again, released, with token {token}"


def _owner(body: bytes) -> str | None:
    """Return the owner of a lease, None where the body is none."""
    try:
        return str(LeaseRecord.parse(body).owner)
    except ValueError:
        return None


def _write(lease: Lease, token: int, version: str) -> None:
    record = LeaseRecord.now(token, this_process(), lease.ttl, isoformat_ms(datetime.now(UTC)), is_released=True)
    try:
        lease.store.write(record.text(), version)
    except VersionConflict as error:
        raise PipelineError(f"{lease.url} was written by another process just now: look again.") from error
