"""One run at a time for each pipeline, warehouse and dataset: a lease in the lake, with expiry and a fencing token.

Whose clock: a lease has expired when the lake's own clock says that it was not written for its ttl (see lease_store);
the holder gives up a tenth earlier, by a clock that also counts while the machine sleeps. The times inside the object
are for people. A holder that died on this very machine is replaced at once.
"""

import re
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

from fsspec import AbstractFileSystem

from exactly_once import interrupts
from exactly_once.errors import PipelineError
from exactly_once.lease.owner import this_process
from exactly_once.lease.record import LeaseRecord, isoformat_ms
from exactly_once.lease.store import Stored, VersionConflict, open_store

TTL = 60.0
ATTEMPTS = 5


class LeaseHeld(PipelineError):
    """Another run is at work. Not transient: it may take long, and it does this run's work."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class LeaseLost(PipelineError):
    """This run may no longer write: it was paused or cut off for too long, or another one has taken over."""

    exit_code = 76


def lease_url(bucket_url: str, database: str, dataset: str) -> str:
    """Return where the lease of one pipeline stands: in its own prefix, one for each warehouse database and dataset."""
    names = [re.sub(r"[^\w-]", "_", name) for name in (database, dataset)]
    return f"{bucket_url.rstrip('/')}/_lease/{'.'.join(names)}.json"


class DamagedLease(PipelineError):
    """The object at the lease's place is none: pipelines/lease_repair.py writes one that is released."""


class Lease:
    """The right to write, for the time of one `with`.

    `token` grows with each holder and never falls, over releases and expiries too; `holder` says who we are. `ttl` is
    in seconds; a thread renews after each third of it. `name` is lease_repair.py's word for it, the pipeline's if None.

    Raises:
        LeaseHeld: on entry, another run holds it.
        LakeUnreachable: on entry, the lake does not answer.
    """

    def __init__(self, filesystem: AbstractFileSystem, url: str, ttl: float = TTL, name: str | None = None):
        self.store = open_store(filesystem, url)
        self.url = url
        self.ttl = ttl
        self.name = name or url.partition("/_lease/")[0].rpartition("/")[2]
        self.holder = this_process()
        self.token = 0
        self._version: str | None = None
        self._acquired_at = ""
        self._deadline = 0.0
        self._lost = ""
        self._trouble = ""
        self._ended = threading.Event()
        self._at_last = ExitStack()
        self._renewer = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> "Lease":
        self._at_last.enter_context(interrupts.at_last(self._give_up))
        try:
            self._acquire()
        except BaseException:
            self._at_last.close()
            raise
        self._renewer.start()
        return self

    def __exit__(self, kind: object = None, error: BaseException | None = None, *_: object) -> None:
        """Release the lease.

        Raises:
            LeaseLost: the run failed, and had lost its lease: whatever failed was another run's work by then.
        """
        self._ended.set()
        self._renewer.join(self.ttl)
        try:
            if not self._renewer.is_alive():
                self._release()
        except (PipelineError, OSError) as trouble:
            # The run's own result counts, and the lease ends by itself.
            print(f"⚠ {self.url} was not released ({trouble}): it expires in {self.ttl:.0f} s", file=sys.stderr)
        self._at_last.close()
        if isinstance(error, Exception) and not isinstance(error, LeaseLost):
            try:
                self.ensure_held()
            except LeaseLost as lost:
                raise lost from error

    def ensure_held(self) -> None:
        """Let the run go on; ask no network.

        Raises:
            LeaseLost: stop here and write nothing more.
        """
        if not self._lost and _now() > self._deadline:
            self._lost = f"it was not renewed for {self.ttl:g} s ({self._trouble or 'this process was paused'})"
        if self._lost:
            raise LeaseLost(f"This run lost its lease {self.url}: {self._lost}. What it had not loaded yet: run again.")

    def advance_token(self, token: int) -> None:
        """Take a token past one that the warehouse has seen, where the lake has forgotten it (the object was deleted).

        Raises:
            LeaseLost: another run took over in between.
        """
        if token < self.token:
            return
        self.token = token + 1
        for _ in range(ATTEMPTS):
            try:
                return self._write()
            except VersionConflict:  # our own renewal, or another run
                self._look()
                self.ensure_held()

    def _acquire(self) -> None:
        for attempt in range(ATTEMPTS):
            stored = self.store.read()
            found = self._parse(stored)
            is_ours = self._is_ours(found)  # written by us, but the answer was lost
            if found and not is_ours and self._is_held(stored, found):
                break
            self.token = (found.token if found else 0) + (0 if is_ours else 1)
            self._version = stored.version if stored else None
            self._acquired_at = isoformat_ms(datetime.now(UTC))
            try:
                return self._write()
            except VersionConflict:
                time.sleep(0.01 * attempt)
        raise LeaseHeld(self._held(found))

    def _is_held(self, stored: Stored, found: LeaseRecord) -> bool:
        is_expired = stored.age > found.ttl + self.store.tolerance
        return not (found.is_released or is_expired or found.holder.is_known_dead())

    def _is_ours(self, found: LeaseRecord | None) -> bool:
        return found is not None and found.holder == self.holder

    def _keep(self) -> None:
        while not self._ended.wait(self.ttl / 3) and not self._lost:
            try:
                self._write()
                self._trouble = ""
            except VersionConflict:
                self._look()
            except (PipelineError, OSError) as error:
                self._trouble = str(error)  # tried again until the deadline; `ensure_held` looks at the deadline

    def _release(self) -> None:
        for _ in range(2):
            try:
                return self._write(is_released=True)
            except VersionConflict:
                self._look()
            if self._lost:
                return

    def _give_up(self) -> None:
        """Release the lease of a process that ends by force."""
        self._ended.set()
        if self._version:
            self._release()

    def _write(self, is_released: bool = False) -> None:
        sent = _now()
        record = LeaseRecord.now(self.token, self.holder, self.ttl, self._acquired_at, is_released)
        self._version = self.store.write(record.text(), self._version)
        self._deadline = sent + self.ttl * 0.9  # counted from before the request left

    def _look(self) -> None:
        """Tell a write of ours that arrived though its answer was lost from another run that took over."""
        try:
            stored = self.store.read()
            found = self._parse(stored)
        except (PipelineError, OSError) as error:
            self._trouble = str(error)
            return
        if self._is_ours(found):
            self._version = stored.version
        else:
            self._lost = f"{found.holder} took over" if found else "the object is gone"

    def _parse(self, stored: Stored | None) -> LeaseRecord | None:
        try:
            return LeaseRecord.parse(stored.body) if stored else None
        except ValueError as error:
            raise DamagedLease(
                f"{self.url} is no lease ({str(error) or type(error).__name__}): type "
                f"`python pipelines/lease_repair.py {self.name}`, then run again."
            ) from error

    def _held(self, found: LeaseRecord | None) -> str:
        if found is None:
            return f"Another run takes the lease {self.url} at this moment: wait until it ends, then run again."
        who = found.holder
        return (
            f"Another run is at work ({who}) since {found.acquired_at}: wait until it ends, or `kill {who.pid}` on "
            f"{who.host}, then run again. Its lease {self.url} runs until {found.expires_at} unless it is renewed."
        )


def _now() -> float:
    """Return seconds on a clock that only grows and, where the system has one, goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
