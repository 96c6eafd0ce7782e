"""One run at a time for each pipeline, warehouse and dataset: a lease in the lake, with expiry and a fencing token.

A lease has expired when it was not written for its ttl by the lake's own clock (see store.py). The owner gives up a
tenth earlier, by a clock that also counts while the machine sleeps. The times inside the object are for people. An
owner that died on this machine is replaced at once.
"""

import re
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

from fsspec import AbstractFileSystem

from exactly_once import hints
from exactly_once.errors import PipelineError
from exactly_once.lease.owner import this_process
from exactly_once.lease.record import LeaseRecord, isoformat_ms
from exactly_once.lease.store import Stored, VersionConflict, open_store
from exactly_once.process import interrupts

TTL = 60.0
ATTEMPTS = 5


class LeaseHeld(PipelineError):
    """Another run owns the lease. Not transient: that run may take long, and it does this run's work."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class LeaseLost(PipelineError):
    """This run may no longer write: it was paused or cut off for too long, or another run has taken over."""

    exit_code = 76


def lease_url(bucket_url: str, database: str, dataset: str) -> str:
    """Return the URL of a pipeline's lease.

    Args:
        bucket_url: the pipeline's own prefix of the lake.
        database: the warehouse's database; each has a lease of its own.
        dataset: likewise.
    """
    names = [re.sub(r"[^\w-]", "_", name) for name in (database, dataset)]
    return f"{bucket_url.rstrip('/')}/_lease/{'.'.join(names)}.json"


class DamagedLease(PipelineError):
    """The object at the lease's URL is no lease: `repair.repair` replaces it."""


class Lease:
    """The right to write, within one `with`.

    `token` grows with each owner and never falls, over releases and expiries too; `owner` is this process.

    Args:
        filesystem: of the lake.
        url: of the lease, see `lease_url`.
        ttl: seconds until it expires; a thread renews it after each third.
        name: of the lease in messages; None: the pipeline's, from the URL.

    Raises:
        LeaseHeld: on entry, another run holds it.
        LakeUnreachable: on entry, the lake does not answer.
    """

    def __init__(self, filesystem: AbstractFileSystem, url: str, ttl: float = TTL, name: str | None = None):
        self.store = open_store(filesystem, url)
        self.url = url
        self.ttl = ttl
        self.name = name or url.partition("/_lease/")[0].rpartition("/")[2]
        self.owner = this_process()
        self.token = 0
        self._version: str | None = None
        self._acquired_at = ""
        self._deadline = 0.0
        self._lost = ""
        self._last_error = ""
        self._ended = threading.Event()
        self._exit_stack = ExitStack()
        self._renewer = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> "Lease":
        self._exit_stack.enter_context(interrupts.at_last(self._release_at_exit))
        try:
            self._acquire()
        except BaseException:
            self._exit_stack.close()
            raise
        self._renewer.start()
        return self

    def __exit__(self, kind: object = None, error: BaseException | None = None, *_: object) -> None:
        """Release the lease.

        Raises:
            LeaseLost: the run failed after it had lost its lease, so that another run caused the failure.
        """
        self._ended.set()
        self._renewer.join(self.ttl)
        try:
            if not self._renewer.is_alive():
                self._release()
        except (PipelineError, OSError) as failure:
            # The run's own result counts, and the lease expires by itself.
            print(f"⚠ {self.url} was not released ({failure}): it expires in {self.ttl:.0f} s", file=sys.stderr)
        self._exit_stack.close()
        if isinstance(error, Exception) and not isinstance(error, LeaseLost):
            try:
                self.ensure_held()
            except LeaseLost as lost:
                raise lost from error

    def ensure_held(self) -> None:
        """Return while the lease is held; sends no request.

        Raises:
            LeaseLost: the run stops here and writes nothing more.
        """
        if not self._lost and _now() > self._deadline:
            self._lost = f"it was not renewed for {self.ttl:g} s ({self._last_error or 'this process was paused'})"
        if self._lost:
            raise LeaseLost(f"This run lost its lease {self.url}: {self._lost}. What it had not loaded yet: run again.")

    def advance_token(self, token: int) -> None:
        """Advance past the warehouse's fencing token if the lease object was deleted.

        Args:
            token: the newest that the warehouse has seen.

        Raises:
            LeaseLost: another run took over meanwhile.
        """
        if token < self.token:
            return
        self.token = token + 1
        for _ in range(ATTEMPTS):
            try:
                self._write()
            except VersionConflict:  # this run's own renewal, or another run
                self._read_back()
                self.ensure_held()
            else:
                return

    def _acquire(self) -> None:
        for attempt in range(ATTEMPTS):
            stored = self.store.read()
            found = self._parse(stored)
            is_ours = self._is_ours(found)  # this run wrote it, but the answer was lost
            if stored and found and not is_ours and self._is_held(stored, found):
                break
            self.token = (found.token if found else 0) + (0 if is_ours else 1)
            self._version = stored.version if stored else None
            self._acquired_at = isoformat_ms(datetime.now(UTC))
            try:
                self._write()
            except VersionConflict:
                time.sleep(0.01 * attempt)
            else:
                return
        raise LeaseHeld(self._held(found))

    def _is_held(self, stored: Stored, found: LeaseRecord) -> bool:
        is_expired = stored.age > found.ttl + self.store.tolerance
        return not (found.is_released or is_expired or found.owner.is_known_dead())

    def _is_ours(self, found: LeaseRecord | None) -> bool:
        return found is not None and found.owner == self.owner

    def _renew(self) -> None:
        while not self._ended.wait(self.ttl / 3) and not self._lost:
            try:
                self._write()
                self._last_error = ""
            except VersionConflict:
                self._read_back()
            except (PipelineError, OSError) as error:
                self._last_error = str(error)  # tried again until the deadline, which `ensure_held` checks

    def _release(self) -> None:
        for _ in range(2):
            try:
                self._write(is_released=True)
            except VersionConflict:
                self._read_back()
            else:
                return
            if self._lost:
                return

    def _release_at_exit(self) -> None:
        """Release the lease of a process that a signal ends."""
        self._ended.set()
        if self._version:
            self._release()

    def _write(self, is_released: bool = False) -> None:
        sent = _now()
        record = LeaseRecord.now(self.token, self.owner, self.ttl, self._acquired_at, is_released)
        self._version = self.store.write(record.text(), self._version)
        self._deadline = sent + self.ttl * 0.9  # counted from before the request left

    def _read_back(self) -> None:
        """Read the object after a conflict: a write of this run whose answer was lost, or another run's."""
        try:
            stored = self.store.read()
            found = self._parse(stored)
        except (PipelineError, OSError) as error:
            self._last_error = str(error)
            return
        if stored and self._is_ours(found):
            self._version = stored.version
        else:
            self._lost = f"{found.owner} took over" if found else "the object is gone"

    def _parse(self, stored: Stored | None) -> LeaseRecord | None:
        try:
            return LeaseRecord.parse(stored.body) if stored else None
        except ValueError as error:
            raise DamagedLease(
                f"{self.url} is no lease ({str(error) or type(error).__name__}): type "
                f"`{hints.repair_lease(self.name)}`, then run again."
            ) from error

    def _held(self, found: LeaseRecord | None) -> str:
        if found is None:
            return f"Another run is taking the lease {self.url}: wait until it ends, then run again."
        owner = found.owner
        ended = f"wait until it ends{hints.end_run(owner.pid, owner.host)}, then run again"
        return (
            f"Another run is at work ({owner}) since {found.acquired_at}: {ended}. Its lease {self.url} runs until "
            f"{found.expires_at} unless it is renewed."
        )


def _now() -> float:
    """Return seconds of a monotonic clock that, where the system has one, also counts while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
